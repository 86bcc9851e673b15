"""Letters that look like other letters, and letters that names must not have.

The source is Unicode Technical Standard #39, https://www.unicode.org/reports/tr39/. From it are the letters of scripts
in daily use that can be taken for letters of Latin or of each other, and the recommendation to leave out technical
letters and scripts of limited use.
"""

# What looks like the letter before it. Upper case is compared before case is folded: В looks like B, в does not.
_LIKE = {
    "a": "ɑαаΑА",
    "b": "ƅЬьΒВʙ",
    "c": "сϲСϹᴄ",
    "d": "ԁ",
    "e": "еҽΕЕ",
    "f": "ƒ",
    "g": "ɡցԌԍɢ",
    "h": "һհΗНʜ",
    "i": "ıɩɪιі",
    "j": "јϳյЈͿ",
    "k": "кκĸΚК",
    "l": "1I|ΙІӀӏƖΙוןا١۱∣⏐׀│ʟ",
    "m": "ΜМ",
    "n": "ոηΝɴ",
    "o": "0οоσօΟОՕסهہھەഠଠဝዐ٥०০੦૦୦௦౦೦൦๐໐၀〇",
    "p": "рρΡР",
    "q": "ԛզԚ",
    "r": "гɾʀ",
    "s": "ѕЅՏ",
    "t": "τΤТ",
    "u": "սυʋՍ",
    "v": "νѵѴỽỼ",
    "w": "ԝѡωԜա",
    "x": "хχΧХ",
    "y": "уүγʏУҮΥ",
    "z": "Ζ",
    "3": "ЗзƷʒȝҙӡ",
    "6": "б",
    "8": "Ȣȣ",
    "æ": "ӕӔ",
    "ə": "әӘǝƎƏ",
    "ε": "ɛƐєЄԑԐ",
    "ى": "یي",
    "ك": "ک",
    "ள": "ௗ",
    "日": "曰",
    "一": "ー",
    "二": "ニ",
    "八": "ハ",
    "力": "カ",
    "千": "チ",
    "卜": "ト",
    "厶": "ム",
    "口": "ロ",
    "夕": "タ",
    "工": "エ",
    "才": "オ",
    "へ": "ヘ",
    "り": "リ",
    "\u0326": "\u0327",  # a comma and a cedilla below
}
LIKE: dict[int, str] = {ord(c): letter for letter, likes in _LIKE.items() for c in likes}
# Vowels of India and Sri Lanka, each with what looks like it but should not be written: another vowel and a vowel sign.
# From the tables of these scripts in the Unicode Standard, chapters 12 and 13.
_VOWELS = """
    आअा ऑअॉ ऒअॊ ओअो औअौ ऐएे ऍएॅ ऎएॆ ऄअॆ আঅা ਆਅਾ ਐਅੈ ਔਅੌ ਇੲਿ ਈੲੀ ਏੲੇ ਉੳੁ ਊੳੂ આઅા ઑઅૉ ઓઅો ઔઅૌ એઅે ઐઅૈ ઍઅૅ ଆଅା
    ఔఒౌ ఓఒౕ ಔಒೌ ಓಒೕ ಊಉಾ ಊಉೂ ഔഒൗ ഈഇൗ ഊഉൗ ഐഎെ ഓഒാ ආඅා ඇඅැ ඈඅෑ
"""
# Two letters that look like one.
PAIRS = (("rn", "m"), ("vv", "w"), ("เเ", "แ"), *((pair[1:], pair[0]) for pair in _VOWELS.split()))
DOTTED = "ijl"  # letters on which a combining dot above is not seen, as they have one or look as if

# Scripts in daily use (Unicode Standard Annex #31, table 5), as the names of their letters begin.
SCRIPTS = frozenset(
    (
        *("ARABIC", "ARMENIAN", "BENGALI", "BOPOMOFO", "CJK", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN"),
        *("GREEK", "GUJARATI", "GURMUKHI", "HANGUL", "HEBREW", "HIRAGANA", "IDEOGRAPHIC", "KANNADA", "KATAKANA"),
        *("KATAKANA-HIRAGANA", "KHMER", "LAO", "LATIN", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "TAMIL", "TELUGU"),
        *("THAANA", "THAI", "TIBETAN"),
    )
)
MODIFIERS = frozenset("ー々ゝゞヽヾๆໆ")  # modifier letters that names are written with

# Blocks of technical letters, first and last: clicks, jamo (some are invisible), phonetics, letters for scholars.
_TECHNICAL = (
    (0x01C0, 0x01C3),
    (0x1100, 0x11FF),
    (0x17B4, 0x17B5),
    (0x1C80, 0x1C8F),
    (0x1D00, 0x1DBF),
    (0x2C60, 0x2C7F),
    (0xA640, 0xA69F),
    (0xA720, 0xA7FF),
    (0xA960, 0xA97F),
    (0xAB30, 0xAB6F),
    (0xD7B0, 0xD7FF),
    (0x10780, 0x107BF),
    (0x1DF00, 0x1DFFF),
    (0x1E030, 0x1E08F),
)
# Combining marks that names may have: those above or below a letter of Latin, Greek or Cyrillic, and the voice marks of
# kana. Marks through a letter, or over two, are left out: they make it look like another letter.
_MARKS = ((0x0300, 0x0333), (0x0339, 0x033C), (0x3099, 0x309A))


def is_technical(letter: str) -> bool:
    """Whether names must not have this letter, although its script is allowed."""
    return any(first <= ord(letter) <= last for first, last in _TECHNICAL)


def is_plain_mark(mark: str) -> bool:
    """Whether names may have this combining mark."""
    return any(first <= ord(mark) <= last for first, last in _MARKS)
