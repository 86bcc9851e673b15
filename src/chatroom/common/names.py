"""Names of users, rooms and servers: which are valid, and when two are the same or look alike.

- A nickname has 1–32 letters, digits and ``-_[]\\{}^|` ``, at most 64 bytes, in NFC. It may have letters of any script
  (Łukasz, Юлия, 太郎), but not of two. Letters that are variants of others (fullwidth, mathematical bold) are not
  allowed: with them one person can pass for another.
- A room name has `#` and 1–49 visible characters, at most 64 bytes in all, without a space or comma.
- A server's name has labels with dots between them, as in the domain name system.
- Two names are the same when their folds are equal: NFC, then Unicode case folding.
- Two names look alike when their skeletons are equal. A name that looks like one in use, or like the program itself, is
  refused.
"""

import re
import unicodedata
from enum import Enum
from functools import lru_cache
from string import ascii_letters, digits

from chatroom.common.confusables import DOTTED, LIKE, MODIFIERS, PAIRS, SCRIPTS, is_plain_mark, is_technical
from chatroom.common.errors import ChatError, Code
from chatroom.common.language import Language, mark

# An IRC line has 512 bytes, which must suffice for any event with the longest names.
NICK_CHARACTERS = 32  # IRC clients lay out columns by it
NICK_BYTES = 64  # 32 letters of Latin, Cyrillic or Arabic, 21 of Chinese; a line may have three names and a text
ROOM_CHARACTERS = 50  # with the #: the customary CHANNELLEN
ROOM_BYTES = 64
SERVER_BYTES = 63  # RFC 2812 §2.3.1

UNICODE = unicodedata.unidata_version  # the version of Unicode that decides which letters exist and are the same
NICK_SIGNS = "-_[]\\{}^|`"  # RFC 2812 §2.3.1 "special", and the hyphen
_PLAIN_LETTERS = frozenset(f"{ascii_letters}{digits}{NICK_SIGNS}")  # that a nickname in ASCII is made of
_WITHOUT_SIGNS = str.maketrans("", "", f"{NICK_SIGNS}.")
LOBBY = "#lobby"  # where plain and Tk clients start

# Scripts that are mixed in one language count as one.
_ONE_SCRIPT = dict.fromkeys(("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"), "CJK")
_SERVER = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
# Characters that can't be seen, of categories that otherwise can: joiners, fillers, blanks and selectors of a glyph.
_UNSEEN = frozenset(
    map(
        chr,
        (
            *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, 0xFFA0),
            *(*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
        ),
    )
)
# What makes a sign an emoji, where it has something to do: after a sign that is not ASCII (❤️), and in a keycap (1️⃣).
_EMOJI = re.compile(r"(?<=[^\w\s\x00-\x7f])\ufe0f|(?<=[0-9#*])\ufe0f(?=\u20e3)")
# Letters that Unicode does not decompose, and that people type without the stroke.
_STROKES = dict(zip("łøđħŧı", "lodhti", strict=True))
_DOTS = re.compile(f"([{DOTTED}])\u0307")
_CACHED_CHARACTERS = 256  # of a text whose fold is cached, at most: names and masks are not longer, junk is
_MARKS_IN_A_ROW = 2  # as many as languages use; higher towers of combining marks overlap the lines around them
# Names that would pass for the program itself, its prompts, or its operators.
SERVICE = "NickServ"  # the user that manages accounts on IRC: a part of the server, always online
_RESERVED = (
    *("server", "system", "chatroom", "service", "services", "console", "username", "password", "everyone"),
    *("admin", "administrator", "moderator", "operator", "root", "nickserv", "chanserv", "operserv", "memoserv"),
    *("saslserv", "botserv", "hostserv"),
)


class Fault(Enum):
    """What is wrong with a nickname."""

    EMPTY = "empty"
    LENGTH = "length"
    LETTER = "letter"
    SCRIPTS = "scripts"


_FAULTS = {
    Fault.EMPTY: mark("a name has at least one character"),
    Fault.LENGTH: mark("a name has at most {nick_characters} characters, and {nick_bytes} bytes"),
    Fault.LETTER: mark("a name is made of letters, digits and {nick_signs}"),
    Fault.SCRIPTS: mark("a name is written in one script"),
}


def describe_fault(fault: Fault, language: Language) -> str:
    """What is wrong, without a full stop."""
    characters, size = NICK_CHARACTERS, NICK_BYTES
    return language.tr(_FAULTS[fault], nick_characters=characters, nick_bytes=size, nick_signs=NICK_SIGNS)


def fold(name: str) -> str:
    """The form in which names are compared and looked up."""
    return _cached_fold(name) if len(name) <= _CACHED_CHARACTERS else _folded(name)


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


_cached_fold = lru_cache(maxsize=8192)(_folded)


def nickname(text: str) -> str:
    """A text as a nickname, in NFC; raises `ChatError(NICK_BAD, text, fault)` if it is not valid."""
    fault = nick_fault(text)
    if fault:
        raise ChatError(Code.NICK_BAD, text, fault.value)
    return unicodedata.normalize("NFC", text)


def is_nickname(text: str) -> bool:
    return nick_fault(text) is None


def without_spaces(text: str) -> str:
    """What somebody has typed for a name, with "_" in place of the spaces, which no name has: Frau_Keller."""
    return "_".join(text.split())


def nick_fault(text: str) -> Fault | None:
    """Why a text is no valid nickname; None if it is."""
    name = unicodedata.normalize("NFC", text)
    if not name:
        return Fault.EMPTY
    if len(name) > NICK_CHARACTERS or len(name.encode(errors="replace")) > NICK_BYTES:
        return Fault.LENGTH
    if name.isascii():
        if not _PLAIN_LETTERS.issuperset(name):
            return Fault.LETTER
    else:
        fault = Fault.LETTER if unicodedata.normalize("NFKC", name) != name else _letters_fault(name)
        if fault:
            return fault
    return None


def _letters_fault(name: str) -> Fault | None:
    scripts = set()
    marks = _MARKS_IN_A_ROW  # a name may not begin with a mark
    for c in name:
        if c in _UNSEEN:
            return Fault.LETTER
        category = unicodedata.category(c)
        is_mark = category in ("Mn", "Mc")
        marks = marks + 1 if is_mark else 0
        if marks > _MARKS_IN_A_ROW:
            return Fault.LETTER
        if category[0] == "L" or is_mark:
            if is_mark and is_plain_mark(c):
                continue
            script = unicodedata.name(c, "UNNAMED").split()[0]
            if script not in SCRIPTS or is_technical(c) or (category == "Lm" and c not in MODIFIERS):
                return Fault.LETTER
            scripts.add(_ONE_SCRIPT.get(script, script))
        elif not (c.isascii() and c.isdigit()) and c not in NICK_SIGNS:
            return Fault.LETTER
    return Fault.SCRIPTS if len(scripts) > 1 else None


@lru_cache(maxsize=8192)
def skeleton(name: str) -> str:
    """The form in which names are compared by their looks: UTS #39 §4, with case folded. It is never shown.

    What is only another form of a letter, as only rooms may have, is that letter: ⅼ and 𝐥 are l.
    """
    text = unicodedata.normalize("NFKD", name).translate(LIKE).casefold().translate(LIKE)
    for pair, letter in PAIRS:
        text = text.replace(pair, letter)
    return _DOTS.sub(r"\1", text)


def is_reserved(nick: str, server: str) -> bool:
    """Whether a nickname would pass for the program, its operators, or the server of that name.

    Signs do not tell it apart, nor a plural: `root_` and `Admins` are reserved, too.
    """
    looks = _letters_alone(nick)
    return not looks.isdisjoint(_reserved()) or not looks.isdisjoint(_letters_of_server(server))


def _letters_alone(name: str) -> frozenset[str]:
    """How a name looks without its signs: in small letters and in capitals, with and without a last s."""
    bare_name = name.translate(_WITHOUT_SIGNS)
    forms = [skeleton(form) for form in (bare_name, bare_name.upper()) if form]
    return frozenset([*forms, *(form[:-1] for form in forms if form.endswith("s") and len(form) > 1)])


_letters_of_server = lru_cache(maxsize=1)(_letters_alone)


@lru_cache(maxsize=1)
def _reserved() -> frozenset[str]:
    return frozenset(skeleton(form) for name in _RESERVED for form in (name, name.upper()))


def is_room(text: str) -> bool:
    """Whether a text names a room, and not a user, by its first character."""
    return text.startswith("#")


def room_name(text: str) -> str:
    """A text as a room name, in NFC; raises `ChatError(ROOM_BAD, text)` if it is not valid."""
    name = unicodedata.normalize("NFC", text)
    if not 2 <= len(name) <= ROOM_CHARACTERS or not is_room(name) or "," in name:
        raise ChatError(Code.ROOM_BAD, text)
    if name.isascii():
        if not name.isprintable() or " " in name:
            raise ChatError(Code.ROOM_BAD, text)
        return name
    if any(map(_is_invisible, _EMOJI.sub("", name))) or len(name.encode()) > ROOM_BYTES:
        raise ChatError(Code.ROOM_BAD, text)
    if not all(map(_is_usual, unicodedata.normalize("NFKC", name))):
        raise ChatError(Code.ROOM_BAD, text)
    return name


def is_server(text: str) -> bool:
    """Whether a text is valid as a server's name: RFC 2812 §2.3.1 servername."""
    return len(text) <= SERVER_BYTES and _SERVER.fullmatch(text) is not None


def bare(text: str) -> str:
    """`text` without case, diacritics and invisible characters, as a search compares it.

    A ligature becomes its letters, and a compatibility form the letter that it is a form of. This is Unicode §3.13
    D146, with marks left out and syllables composed again.
    """
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", "".join(map(_letter, letters)))


@lru_cache(maxsize=8192)
def _letter(c: str) -> str:
    """A character as `bare` has it; "" for one that only changes how others look. A vowel that is a mark stays."""
    if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Me") or c in _UNSEEN:
        return ""
    return _STROKES.get(c, c)


@lru_cache(maxsize=8192)
def in_word(c: str) -> bool:
    """Whether a character of a `bare` text is part of a word: a letter, a digit, or a vowel that is a mark."""
    return c.isalnum() or unicodedata.category(c)[0] == "M"


def names(text: str, name: str) -> bool:
    """Whether somebody is named in a text: their name stands there as a word, whatever its case."""
    text, name = fold(text), fold(name)
    start = text.find(name)
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(name) : start + len(name) + 1]
        if not (before and in_word(before)) and not (after and in_word(after)):
            return True
        start = text.find(name, start + 1)
    return False


def opaque(password: str) -> str:
    """A password in the form in which it is compared, however it was typed: RFC 8265 §4.2, OpaqueString."""
    return password if password.isascii() else unicodedata.normalize("NFC", password)


def conversation(one: str, other: str) -> str:
    """The key of the history of two accounts' messages to each other; it is never a room's key."""
    return " ".join(["@", *sorted((fold(one), fold(other)))])


def _is_usual(c: str) -> bool:
    """Whether it is a letter of those that nicknames may have, or no letter at all."""
    if unicodedata.category(c)[0] != "L":
        return True
    return unicodedata.name(c, "UNNAMED").split()[0] in SCRIPTS and not is_technical(c)


def _is_invisible(c: str) -> bool:
    return c in _UNSEEN or unicodedata.category(c)[0] in "CZ"
