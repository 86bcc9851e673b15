"""How a text is split into words, for a search and for the full-text index alike.

Case, diacritics, formatting codes and the places where a sender had to cut a line don't matter. When the words of a
text become others (here, in `names.bare` or in `names.in_word`), the mark in `search_index` must change: old indexes
are then made anew.
"""

import re

from chatroom.common.names import bare, in_word
from chatroom.common.text import CODES, CUT, UNSPACED

_WORD = re.compile(r"[^\W_]+")
UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")


def search_form(text: str) -> str:
    """A text as it is searched: without case, diacritics and formatting codes."""
    if not text.isprintable():
        text = CODES.sub("", text.replace(CUT, ""))
    return bare(text)


def words(text: str) -> list[str]:
    """The words of a text in its `search_form`. They have letters, digits and the vowels that are marks."""
    if text.isascii():
        return _WORD.findall(text)
    apart = "".join([c if in_word(c) else " " for c in UNSPACED_LETTER.sub(" ", text)])
    return [word for word in apart.split() if _WORD.search(word)]
