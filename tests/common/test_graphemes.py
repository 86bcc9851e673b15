"""Where a text is cut: `clusters`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.common.graphemes import GRAPHEME_CHARACTERS, between_clusters, place_to_cut

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
CLUSTERS = [
    "e\u0301",  # a letter and its accent
    "\u0e01\u0e33",  # Thai, whose AM is no mark
    "\u0928\u093f",  # Devanagari: a vowel drawn before the letter
    "\u0915\u094d\u0937",  # and two letters written as one
    "\uac01",
    "\u1112\u1161\u11ab",  # a Korean syllable in its parts
    FAMILY,
    "\U0001f44d\U0001f3fd",  # a thumb with the colour of its skin
    "\u2764\ufe0f\u200d\U0001f525",
    "1\ufe0f\u20e3",  # a keycap
    "\U0001f1f5\U0001f1f1",  # a flag is two letters
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland's
    "\uff76\uff9e",  # halfwidth katakana
    "\x0304,05",  # IRC's colours
    "\x04ff0000,00ff00",
]


@pytest.mark.parametrize("cluster", CLUSTERS, ids=ascii)
@pytest.mark.parametrize("before", ["", "x", "xy", "語", "\U0001f1e9\U0001f1ea"], ids=ascii)
def test_a_cluster_stays_whole(cluster: str, before: str) -> None:
    """Wherever the line ends in a row of them."""
    text = before + cluster * 9
    good = {len(before) + i * len(cluster) for i in range(10)} | {len(before) // 2 * i for i in range(3)}
    for most in range(len(before) + 1 + len(cluster), len(text)):
        place = between_clusters(text, most)
        assert place in good, most
        assert most - place < len(cluster)
        assert place_to_cut(text, most) in (place, 1)  # after the Chinese letter, too, a word begins


@pytest.mark.parametrize(
    ("text", "most", "first"),
    [
        ("one two three", 9, "one two "),
        ("one two three", 8, "one two "),
        ("one two three", 7, "one "),
        ("abcdefghijkl", 9, "abcdefghi"),  # a word as long as the line
        ("a bcdefghijkl", 9, "a "),
        ("a\tbcdefghijkl", 9, "a\t"),
        ("abcdefghi jkl", 9, "abcdefghi"),  # one that just fits
        ("abc語defghijk", 9, "abc語"),  # where a script without blanks begins or ends
        ("abc語defghijk", 3, "abc"),
        ("語\u0301abcdefghijk", 9, "語\u0301abcdefg"),
        ("ｶﾅabcdefghijk", 9, "ｶﾅ"),
        ("one \u0301two three", 5, "one \u0301"),  # a blank with an accent
        ("我們都是好朋友", 3, "我們都"),
    ],
)
def test_words_stay_whole_where_they_can(text: str, most: int, first: str) -> None:
    """The blank is the part's before the cut."""
    assert text[: place_to_cut(text, most)] == first


@given(st.text(st.sampled_from("".join(CLUSTERS) + " a"), min_size=2, max_size=200), st.data())
def test_a_cut_is_never_far_from_where_the_line_ends(text: str, data: st.DataObject) -> None:
    """Whatever is made of joiners, marks and half flags, something goes into each line."""
    most = data.draw(st.integers(1, len(text) - 1))
    assert max(0, most - GRAPHEME_CHARACTERS) < between_clusters(text, most) <= most
    assert 0 < place_to_cut(text, most) <= most


def test_what_never_ends_is_cut_where_the_line_ends() -> None:
    """A cluster of thousands of characters is nothing that anybody reads."""
    assert place_to_cut(f"{FAMILY}\u200d" * 100, 300) == 300
