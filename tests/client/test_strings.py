"""The client's sentences."""

import pytest

from chatroom.client import strings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("+o bob", "al made bob an operator."),
        ("+b bob!*@*", "al banned bob."),
        ("-b *!*@bad.host", "al lifted the ban on *!*@bad.host."),
        ("+b m:bob!*@*", "al muted bob."),
        ("-b ~m:bob!*@*", "al lets bob speak again."),
        ("+q bob!*@*", "al muted bob."),
        ("+im", "al set the mode +im"),
        ("+k s3cret", "al locked the room with a key."),
        ("-k *", "al unlocked the room: nobody needs a key any more."),
        ("+m", "al made the room quiet: only operators and those with a voice speak."),
        ("-W", "al took slow mode off."),
        ("+l 20", "al lets at most 20 people into the room."),
        ("+W", "al set the mode +W"),
        ("+oo bob eve", "al set the mode +oo bob eve"),
        ("+b jim:x!*@*", "al banned jim:x."),
    ],
)
def test_a_change_of_mode_is_told_in_words(change: str, said: str) -> None:
    """The usual ones; the rest as they are."""
    assert strings.mode("al", change) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c"), ("abcd", "a, b and 2 others")],
)
def test_names_are_folded(names: str, said: str) -> None:
    """carol, dave and 3 others."""
    assert strings.names(list(names)) == said
