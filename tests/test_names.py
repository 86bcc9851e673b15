"""What a nickname and a room name may be, and when two names are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom import names
from chatroom.errors import ChatError, Code
from chatroom.limits import NICK_LENGTH, ROOM_LENGTH
from chatroom.names import Fault


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
        "x" * NICK_LENGTH,
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
        ("x" * (NICK_LENGTH + 1), Fault.LENGTH),
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
        ("server", Fault.RESERVED),
        ("NickServ", Fault.RESERVED),
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


@pytest.mark.parametrize("name", ["#a", "#lobby", "#ŁÓDŹ", "#a:b", "#" + "x" * (ROOM_LENGTH - 1), "#😀", "##"])
def test_a_room_is_a_hash_and_what_can_be_seen(name: str) -> None:
    """Room names are freer than nicknames: nobody passes for somebody else with one."""
    assert names.room_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "#", "lobby", "&a", "#a b", "#a,b", "#a\x07", "#a\u202eb", "#" + "x" * ROOM_LENGTH]
)
def test_other_room_names_are_refused(name: str) -> None:
    """A space, a comma or a control character would break the lines that a room's name stands in."""
    with pytest.raises(ChatError) as refused:
        names.room_name(name)
    assert refused.value.code is Code.ROOM_BAD
    assert refused.value.about == (name,)


@given(st.text(max_size=40))
def test_a_nickname_is_refused_or_safe(text: str) -> None:
    """Whatever is asked for: a refusal, or a name in NFC without spaces, controls or IRC's own signs."""
    if fault(text):
        return
    name = names.nickname(text)
    assert 0 < len(name) <= NICK_LENGTH
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


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    """A fold is a fixed form: folding what is folded changes nothing."""
    assert names.fold(names.fold(text)) == names.fold(text)


@given(st.text(max_size=40))
def test_a_name_folds_as_its_composed_form_does(text: str) -> None:
    """How the letters were typed doesn't matter."""
    assert names.fold(unicodedata.normalize("NFD", text)) == names.fold(unicodedata.normalize("NFC", text))
