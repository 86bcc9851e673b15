"""What may stand in a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.common import text
from chatroom.common.text import COMBINING_MARKS_MAX

CONTROLS = [chr(c) for c in (*range(0x20), *range(0x7F, 0xA0)) if chr(c) != "\t"]
TURNING = list("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
FORMATTING = "\x01\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f"


@pytest.mark.parametrize("c", [*CONTROLS, *TURNING, "\u2028", "\u2029", "\ud800"])
def test_control_characters_do_not_come_in(c: str) -> None:
    """Nothing that moves a cursor, rings a bell, ends a line or turns the writing around."""
    assert text.clean(f"a{c}b") == "ab"


@pytest.mark.parametrize("c", [c for c in [*CONTROLS, *TURNING] if c not in FORMATTING])
def test_an_irc_client_may_not_send_them_either(c: str) -> None:
    """All but the formatting codes and the CTCP mark is taken out."""
    assert text.clean_irc(f"a{c}b") == "ab"


@pytest.mark.parametrize("c", FORMATTING)
def test_an_irc_client_may_send_formatting(c: str) -> None:
    """Bold and colours are for other IRC readers; `plain` takes them out for the others."""
    assert text.clean_irc(f"a{c}b") == f"a{c}b"
    assert text.plain(f"a{c}x") == "ax"


@pytest.mark.parametrize(
    ("formatted", "shown"),
    [
        ("\x02bold\x02", "bold"),
        ("\x0304red\x03", "red"),
        ("\x0304,12red on blue\x0f", "red on blue"),
        ("\x03,5", ",5"),
        ("\x034567", "67"),  # no more than two digits belong to a colour
        ("\x04ff0000red", "red"),
        ("\x04ff0000,00ff00red", "red"),
        ("\x02\x0304\x1d\x1fall of it\x0f", "all of it"),
    ],
)
def test_a_reader_without_formatting_sees_the_words_alone(formatted: str, shown: str) -> None:
    """A colour's number goes with its code: modern.ircdocs.horse/formatting."""
    assert text.plain(formatted) == shown


@pytest.mark.parametrize(
    "words",
    [
        *("zażółć gęślą jaźń", "😀 👩‍👩‍👧 🇵🇱", "עברית", "tab\there", "e\u0301", "क्षत्रिय"),
        f"ह{'ा' * 12}ँ",  # a long vowel
        "\U0001fae9\ufe0f" * 12,  # newer than some tables
        "\u1112\u119e\u11ab" * 9,  # Hangul without composed forms
    ],
)
def test_words_of_all_languages_come_in_as_they_are(words: str) -> None:
    """Letters, joined emoji, right-to-left scripts and the tab."""
    assert text.clean(words) == words
    assert text.clean_irc(words) == words
    assert text.plain(words) == words


@pytest.mark.parametrize("mark", ["\u0301", "\u0e49", "\u0489", "\u20dd", "\ufe0f"])
def test_marks_do_not_tower(mark: str) -> None:
    """On one character there are only so many, in both dialects; a control character in between makes no new one."""
    tower = f"a{mark * COMBINING_MARKS_MAX}b"
    assert text.clean(tower) == text.clean_irc(tower) == tower
    assert text.clean(f"a{mark * 400}b{mark}") == text.clean_irc(f"a{mark * 400}b{mark}") == f"{tower}{mark}"
    assert text.clean(f"a{mark * 6}\x08{mark * 6}b") == text.clean_irc(f"a{mark * 6}\x08{mark * 6}b") == tower
    assert text.plain(text.clean_irc(f"a{mark * 6}\x02{mark * 6}b")) == tower
    for code in ("\x02", "\x0304", "\x0304,12", "\x04ff00ff"):  # which no IRC client shows
        assert text.clean_irc(f"a{f'{mark * 3}{code}' * 9}b").count(mark) == COMBINING_MARKS_MAX
    assert text.clean(f"a{mark * 6}\u200d{mark * 6}b") == f"a{mark * 6}\u200d{mark * 2}b"
    for narrow in "\u1160\u11a8\ud7b0\u0903\u2065\u093e":  # what takes no place of its own is no new ground
        assert text.clean(f"a{f'{mark * 8}{narrow}' * 99}b").count(mark) <= COMBINING_MARKS_MAX


def test_a_row_of_signs_is_no_tower() -> None:
    """Emoji and punctuation stand side by side."""
    signs = "«»…—" * 5 + "😀🎉❤️" * 20
    assert text.clean(signs) == text.clean_irc(signs) == signs


_STONES = st.characters(categories=["Mn", "Mc", "Me", "Cc", "Cf", "Cn", "Lo", "So"]) | st.sampled_from("\u1160\ud7b0")
TOWERS = st.text(_STONES, max_size=60)


@given(TOWERS)
def test_what_was_cleaned_is_clean(words: str) -> None:
    """A second time nothing more is taken out."""
    for clean in (text.clean, text.clean_irc):
        assert clean(clean(words)) == clean(words)


@given(st.text() | TOWERS)
def test_no_text_from_irc_shows_a_control_character_to_others(words: str) -> None:
    """`plain` after `clean_irc` is as strict as `clean`."""
    shown = text.plain(text.clean_irc(words))
    assert text.clean(shown) == shown
