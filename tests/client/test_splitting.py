"""From what somebody wrote to lines for the wire."""

from hypothesis import given
from hypothesis import strategies as st

from chatroom.client import splitting


@given(st.text(), st.integers(8, 60))
def test_split_loses_nothing_but_the_spaces_it_cuts_at(text: str, size: int) -> None:
    """Each piece fits."""
    [line, *_] = [*splitting.lines(text), ""]
    pieces = splitting.split(line, size)
    assert all(len(piece.encode()) <= size for piece in pieces)
    assert "".join(pieces).replace(" ", "") == line.replace(" ", "")


def test_hostile_text_is_cleaned_before_it_goes_out() -> None:
    """Control characters, surrogates and line ends from a paste."""
    assert splitting.lines("a\x00b\x1b[0m\r\nc\ud800d\n\n\te") == ["ab[0m", "cd", "    e"]
