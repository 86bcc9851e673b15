"""What a nickname and a room name may be, and when two names are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.common import names
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import NICK_CHARACTERS, ROOM_CHARACTERS, Fault


def fault(name: str) -> str:
    """Why `name` can't be a nickname; "" if it can."""
    try:
        names.nickname(name)
    except ChatError as error:
        assert error.code is Code.NICK_BAD
        assert error.about[0] == name
        return error.about[1]
    return ""


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "alice",
        "Łukasz",
        "Юлия",
        "太郎",
        "しんじ太郎",
        "ZażółćGęśląJaźń",
        "a-b_c",
        "[x]\\{y}^|`",
        "1",
        "x" * NICK_CHARACTERS,
    ],
)
def test_letters_of_any_one_script_digits_and_signs_make_a_nickname(name: str) -> None:
    """Łukasz, Юлия and 太郎 are welcome."""
    assert names.nickname(name) == name
    assert names.is_nickname(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", Fault.EMPTY),
        ("x" * (NICK_CHARACTERS + 1), Fault.LENGTH),
        ("a b", Fault.LETTER),
        ("a,b", Fault.LETTER),
        ("#a", Fault.LETTER),
        ("a!b@c", Fault.LETTER),
        (":a", Fault.LETTER),
        ("*", Fault.LETTER),
        ("/x", Fault.LETTER),
        ("a\x07", Fault.LETTER),
        ("a\u202eb", Fault.LETTER),  # turns the writing around
        ("a\u200db", Fault.LETTER),  # can't be seen
        ("😀", Fault.LETTER),
        ("\u0301a", Fault.LETTER),  # a mark without a letter
        ("q\u0301\u0302\u0303", Fault.LETTER),  # a tower of marks
        ("a١", Fault.LETTER),  # a digit of another script
        ("ａｌｉｃｅ", Fault.LETTER),  # fullwidth: looks like alice
        ("𝐚𝐥𝐢𝐜𝐞", Fault.LETTER),  # mathematical bold: looks like alice
        ("аlice", Fault.SCRIPTS),  # begins with a Cyrillic а
    ],
)
def test_anything_else_is_refused_with_the_reason(name: str, why: Fault) -> None:
    """What could pass for another name, break a line or hide itself is no nickname."""
    assert fault(name) == why.value
    assert not names.is_nickname(name)


def test_a_nickname_is_kept_in_nfc() -> None:
    """The same letters typed in two ways are one name."""
    assert names.nickname("Zoe\u0308") == "Zoë"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Alice", "aLICE"), ("ŁUKASZ", "łukasz"), ("STRASSE", "straße"), ("Zoë", "zoe\u0308"), ("ΣΑΣ", "σας")],
)
def test_names_are_the_same_when_their_folds_are(one: str, other: str) -> None:
    """Names are compared by Unicode case folding, not by ASCII alone."""
    assert names.fold(one) == names.fold(other)


@pytest.mark.parametrize(
    "name", ["#a", "#lobby", "#ŁÓDŹ", "#a:b", "#" + "x" * (ROOM_CHARACTERS - 1), "#😀", "##", "#日本語chat"]
)
def test_a_room_is_a_hash_and_what_can_be_seen(name: str) -> None:
    """Room names are freer than nicknames: they may mix scripts."""
    assert names.room_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "#", "lobby", "&a", "#a b", "#a,b", "#a\x07", "#a\u202eb", "#" + "x" * ROOM_CHARACTERS, "#lᴏbby", "#ꓡobby"],
)
def test_other_room_names_are_refused(name: str) -> None:
    """A space, a comma or a control character would break the lines that a room's name stands in.

    A letter that is in no name of a person may look like any other.
    """
    with pytest.raises(ChatError) as refused:
        names.room_name(name)
    assert refused.value.code is Code.ROOM_BAD
    assert refused.value.about == (name,)


UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u2800\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef"


@pytest.mark.parametrize("c", UNSEEN, ids=ascii)
def test_what_can_not_be_seen_is_in_no_name(c: str) -> None:
    """A room called #lobby and a filler would pass for the lobby."""
    for name in (f"#lo{c}bby", f"#lobby{c}", f"#{c}"):
        with pytest.raises(ChatError):
            names.room_name(name)
    assert fault(f"al{c}ice") == fault(f"ក{c}") == Fault.LETTER.value


@pytest.mark.parametrize("name", ["#\u2764\ufe0f", "#a\u2764\ufe0fb", "#1\ufe0f\u20e3"])
def test_a_room_name_may_have_emoji_that_need_a_selector(name: str) -> None:
    """A heart, and a keycap."""
    assert names.room_name(name) == name


@given(st.text(max_size=40))
def test_a_nickname_is_refused_or_safe(text: str) -> None:
    """Whatever is asked for: a refusal, or a name in NFC without spaces, controls or IRC's own signs."""
    if fault(text):
        return
    name = names.nickname(text)
    assert 0 < len(name) <= NICK_CHARACTERS
    assert unicodedata.is_normalized("NFC", name)
    assert not set(name) & set(" ,!@#:*/+&~%\r\n")
    assert name.isprintable()
    assert names.nickname(name) == name


@given(st.text(max_size=60))
def test_a_room_name_is_refused_or_safe(text: str) -> None:
    """Whatever is asked for: a refusal, or a name that fits one parameter of a line."""
    try:
        name = names.room_name(text)
    except ChatError:
        return
    assert names.is_room(name)
    assert not set(name) & set(" ,\r\n\0\x07")
    assert names.room_name(name) == name


def test_what_is_longer_than_any_name_folds_the_same_and_is_not_remembered() -> None:
    """Strangers ask for it, as often as they like and each time for another."""
    remembered = names._cached_fold.cache_info().currsize
    assert names.fold("ÄB" * 200) == "äb" * 200
    assert names._cached_fold.cache_info().currsize == remembered


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    """A fold is a fixed form: folding what is folded changes nothing."""
    assert names.fold(names.fold(text)) == names.fold(text)


@given(st.text(max_size=40))
def test_a_name_folds_as_its_composed_form_does(text: str) -> None:
    """How the letters were typed doesn't matter."""
    assert names.fold(unicodedata.normalize("NFD", text)) == names.fold(unicodedata.normalize("NFC", text))


# ---- names that would deceive ----------------------------------------------------------------------------------------

# Somebody's name, and what an impostor tries: refused while they are here, or altogether.
IMPOSTORS = [
    ("alice", "a1ice"),
    ("alice", "aIice"),
    ("alice", "a|ice"),
    ("alice", "Alice"),
    ("alice", "ALICE"),
    ("alice", "al\u0131ce"),  # dotless i
    ("alice", "al\u0131\u0307ce"),  # and a dot above it
    ("alice", "ali\u0307ce"),  # a dot above an i
    ("alice", "\u0251lice"),  # alpha of phonetics
    ("alice", "аliсе"),  # some letters are Cyrillic
    ("alice", "ａｌｉｃｅ"),  # fullwidth
    ("alice", "𝒶𝓁𝒾𝒸ℯ"),  # mathematical
    ("alice", "ⓐⓛⓘⓒⓔ"),
    ("alice", "alice\u200b"),  # no width
    ("alice", "al\u200dice"),
    ("alice", "alice\u2060"),
    ("alice", "alice\ufeff"),
    ("alice", "alice\u00ad"),
    ("alice", "alice\u034f"),  # joins graphemes, and is not seen
    ("alice", "alice\ufe0f"),  # chooses a glyph, and is not seen
    ("alice", "alice\U000e0101"),
    ("alice", "alice\u180b"),
    ("alice", "alice\u115f"),  # fillers of Hangul
    ("alice", "alice\u3164"),
    ("alice", "alice\u202e"),  # turns the writing around
    ("alice", "\u2066alice\u2069"),
    ("ecila", "\u202ealice"),
    ("alice", "alice\u00a0"),
    ("alice", "alice."),
    ("alice", "alice\u2024"),  # a leader of one dot
    ("alice", "alice\ua4f8"),  # a letter that is a dot
    ("alice", "alice\u02d1"),
    ("alice", "alice\u00b7"),
    ("alice", "ali\u0335ce"),  # a stroke through a letter
    ("alice", "al\u035cice"),  # a bow over two
    ("alice", "a\u0640lice"),
    ("alice!u@h", "alice\u01c3u"),  # a click that looks like !
    ("Zoë", "Zoe\u0308"),
    ("Zoë", "Zoё"),
    ("Zoë", "ZOË"),
    ("modern", "modem"),
    ("warner", "wamer"),
    ("wow", "vvow"),
    ("bob", "b0b"),
    ("BOB", "ВОВ"),  # all Cyrillic
    ("cocoa", "сосоа"),
    ("paypa1", "раураӏ"),
    ("ANNA", "ΑΝΝΑ"),  # all Greek
    ("Łukasz", "łukasz"),
    ("straße", "STRASSE"),
    ("カナ", "力ナ"),  # an ideograph for a syllable
    ("ロロ", "口口"),
    ("へのへの", "ヘのヘの"),  # katakana for hiragana
    ("ёлка", "ëлка"),
    ("ş", "ș"),
    ("आलोक", "अालोक"),  # vowels, and what looks like them: a vowel and a sign
    ("আলি", "অালি"),
    ("આશા", "અાશા"),
    ("ਆਸ਼ਾ", "ਅਾਸ਼ਾ"),
    ("ಊರ", "ಉೂರ"),
    ("ഔര", "ഒൗര"),
    ("ආශා", "අාශා"),
    ("ஔவை", "ஒளவை"),
    ("يوسف", "یوسف"),
    ("日本", "曰本"),
    ("Luke", "ʟuke"),
    ("vera", "ỽera"),
]
# What nobody may be called: it would pass for the program, its prompts, or whoever runs it.
PRETENDERS = [
    *("NickServ", "nIckserv", "n1ckserv".replace("1", "i"), "NlCKSERV", "ChanServ", "chan5erv".replace("5", "s")),
    *("server", "SERVER", "ѕегvег".replace("v", "ѵ"), "admin", "Admin", "adrnin", "ADMlN", "system", "Username"),
    *("Password", "passvvord", "m0derator", "everyone", "services", "chatroom", "c0nsole"),
    *("root", "Operator", "_root_", "0perators", "ad-min", "ADMINS", "Nick_Serv"),
]


@pytest.mark.parametrize(("name", "impostor"), IMPOSTORS)
def test_an_impostor_is_no_name_or_looks_like_the_one_who_is_here(name: str, impostor: str) -> None:
    """Homoglyphs, combining marks, bidi, width, case, what can't be seen: refused one way or the other."""
    assert (
        fault(impostor) or names.fold(impostor) == names.fold(name) or names.skeleton(impostor) == names.skeleton(name)
    )


@pytest.mark.parametrize("name", [*PRETENDERS, "chat-example-org", "ChatExampleOrg"])
def test_nobody_is_called_like_the_program_or_whoever_runs_it(name: str) -> None:
    """As it is written, or as it looks; signs and a plural make no other name of it."""
    assert fault(name) or names.is_reserved(name, "chat.example.org")


@pytest.mark.parametrize("name", ["roots_2", "Adam", "chat", "example", "operatorka", "x", "s", "__", "serve"])
def test_a_name_with_more_letters_is_not_reserved(name: str) -> None:
    """Nor one that is nothing but signs."""
    assert not names.is_reserved(name, "chat.example.org") and not names.is_reserved(name, "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "alice_"),  # what IRC clients take when a name is in use
        ("alice", "alice2"),
        ("alice", "alicia"),
        ("Zoe", "Zoë"),
        ("Lukasz", "Łukasz"),
        ("анна", "anna"),
        ("佐々木", "佐木"),
        ("bob", "rob"),
        ("c1", "c2"),
        ("mia", "mila"),
    ],
)
def test_names_that_can_be_told_apart_are_two_names(one: str, other: str) -> None:
    """Nobody is kept out for a name that only resembles another."""
    assert not fault(one) and not fault(other)
    assert names.skeleton(one) != names.skeleton(other)


@given(st.text(max_size=40))
def test_a_skeleton_is_the_same_however_a_name_was_typed(text: str) -> None:
    """Composed or not."""
    assert names.skeleton(unicodedata.normalize("NFD", text)) == names.skeleton(unicodedata.normalize("NFC", text))


@given(st.text(max_size=40))
def test_a_nickname_has_nothing_that_can_not_be_seen(text: str) -> None:
    """No formatting, no fillers, no selectors: only letters, their marks, digits and signs."""
    if not fault(text):
        unseen = {c for c in names.nickname(text) if unicodedata.category(c) in ("Cf", "Cc", "Zs")}
        assert not unseen and not set("\u115f\u1160\u034f\ufe0f\u17b4\u17b5") & set(text)
