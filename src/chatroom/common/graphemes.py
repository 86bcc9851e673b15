"""Grapheme clusters: what people read as one character, and inside which a text must not be cut.

A letter and its marks are a cluster. So are an emoji of several parts, a flag, a Korean syllable, and Indic letters
that are written as one. The rules are those of UAX #29, without its tables: in doubt nothing is cut. IRC's formatting
codes are not cut either.
"""

import re
import unicodedata

from chatroom.common.text import CODES, UNSPACED

GRAPHEME_CHARACTERS = 32  # characters of a cluster, at most; no language and no emoji needs half as many

_EXTEND_LAST = "\u200c\u200d\u0e33\u0eb3\uff9e\uff9f"  # not marks, but part of the cluster before them
_EXTEND_NEXT = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\u200d"  # part of the cluster after them
_VIRAMA = 9  # the combining class of what joins an Indic letter to the next
# A text is cut after a blank, and before and after a character of a script that has none. What is between is a word.
_WORD = re.compile(f"[^ \t{UNSPACED}]+")
_UP_TO_ITS_START = re.compile(f".*[ \t{UNSPACED}]", re.DOTALL)
_UNSPACED = re.compile(f"[{UNSPACED}]")
_CODE_CHARACTERS = 14  # characters of the longest formatting code: two colours in hex


def place_to_cut(text: str, most: int) -> int:
    """How many characters of a longer text, at most so many, to put in one part: whole words.

    A blank at the end belongs to the part. Scripts that have none are cut between any two clusters, and so is a word
    that is longer than a part.
    """
    place = most
    for _ in range(GRAPHEME_CHARACTERS):
        if not _UNSPACED.match(text, place):
            found = _UP_TO_ITS_START.match(text, 0, place)
            place = found.end() if found else 0
        if place == 0:
            break
        if not _is_inside(text, place):
            return place
        place -= 1
    return between_clusters(text, most)


def beginning(text: str, characters: int) -> str:
    """The text if it is that short, else its beginning with "…"; no combined letter or emoji is cut in two."""
    if len(text) <= characters:
        return text
    return f"{text[: place_to_cut(text, characters - 1)].rstrip()}…"


def has_longer_word(text: str, size: int) -> bool:
    """Whether there is a run of more than so many bytes with no place between words in it."""
    return any(4 * len(word) > size and len(word.encode()) > size for word in _WORD.findall(text))


def between_clusters(text: str, most: int) -> int:
    """The last place up to `most` that is not inside a cluster; `most` itself if there is none near it."""
    places = range(most, max(0, most - GRAPHEME_CHARACTERS), -1)
    return next((place for place in places if not _is_inside(text, place)), most)


def _is_inside(text: str, place: int) -> bool:
    """Whether a place in a text is inside a cluster or a formatting code."""
    before, after = text[place - 1], text[place]
    if before < "\u0300" and after < "\u0300":
        return _is_inside_code(text, place)
    return (
        unicodedata.category(after)[0] == "M"
        or after in _EXTEND_LAST
        or before in _EXTEND_NEXT
        or unicodedata.combining(before) == _VIRAMA
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= after <= "\U000e007f"  # tags that say which region's flag it is
        or _is_inside_syllable(before, after)
        or (_is_half_a_flag(before) and _is_half_a_flag(after) and _halves_before(text, place) % 2 == 1)
    )


def _is_inside_syllable(before: str, after: str) -> bool:
    """Whether two characters are one syllable in Hangul: vowels and finals extend the last, initials the next."""
    if "\u1160" <= after <= "\u11ff" or "\ud7b0" <= after <= "\ud7ff":
        return True
    initial = "\u1100" <= before <= "\u115f" or "\ua960" <= before <= "\ua97f"
    return initial and ("\u1100" <= after <= "\u115f" or "\ua960" <= after <= "\ua97f" or "\uac00" <= after <= "\ud7a3")


def _is_half_a_flag(c: str) -> bool:
    """Whether this is a regional indicator: two of these are a country's flag."""
    return "\U0001f1e6" <= c <= "\U0001f1ff"


def _halves_before(text: str, place: int) -> int:
    start = place
    while start and _is_half_a_flag(text[start - 1]):
        start -= 1
    return place - start


def _is_inside_code(text: str, place: int) -> bool:
    start = max(0, place - _CODE_CHARACTERS)
    around = text[start : place + _CODE_CHARACTERS]
    return not around.isprintable() and any(
        found.start() < place - start < found.end() for found in CODES.finditer(around)
    )
