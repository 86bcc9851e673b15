"""The client's sentences."""

import pytest

from chatroom.client import strings
from tests.client.script import Script, texts


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("+o bob", ["al made bob an operator."]),
        ("+o al", ["al is an operator here."]),
        ("+b bob!*@*", ["al banned bob."]),
        ("-b *!*@bad.host", ["al lifted the ban on *!*@bad.host."]),
        ("+b m:bob!*@*", ["al muted bob."]),
        ("-b ~m:bob!*@*", ["al lets bob speak again."]),
        ("+q bob!*@*", ["al muted bob."]),
        ("-q bob", ["al lets bob speak again."]),
        (
            "+im-W",
            [
                "al closed the room: only who is invited comes in.",
                "al made the room quiet: only operators and those with a voice speak.",
                "al ended slow mode.",
            ],
        ),
        ("+k s3cret", ["al locked the room with a key."]),
        ("-k *", ["al unlocked the room: nobody needs a key any more."]),
        ("+m", ["al made the room quiet: only operators and those with a voice speak."]),
        ("+l 20", ["al lets at most 20 people into the room."]),
        ("+W", ["al set the mode +W."]),
        ("+Y", ["al set the mode +Y."]),
        ("+oo bob eve", ["al made bob an operator.", "al made eve an operator."]),
        ("+b jim:x!*@*", ["al banned jim:x."]),
    ],
)
def test_a_change_of_mode_is_told_in_words(change: str, said: list[str]) -> None:
    """Each change by what it means; one that is not known as it is."""
    script = Script()
    script.connect()
    script.feed(":irc 005 me CHANMODES=beIq,k,lW,imnst :are supported", f":al!u@h MODE #lobby {change}")
    assert texts(script.lobby.entries)[-len(said) :] == said


@pytest.mark.parametrize(
    ("names", "said"),
    [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c"), ("abcd", "a, b and 2 others")],
)
def test_names_are_folded(names: str, said: str) -> None:
    """carol, dave and 3 others."""
    assert strings.names(list(names)) == said


def test_a_fingerprint_can_be_compared_by_the_eye() -> None:
    """Four lines of eight pairs, which are narrow enough for the window; nothing of it is lost."""
    fingerprint = ":".join([f"{number:02X}" for number in range(32)])
    _, *lines, _ = strings.refusal("certificate-unknown", "here:1", fingerprint).split("\n")
    assert [len(line) for line in lines] == [23] * 4
    assert ":".join(lines) == fingerprint
