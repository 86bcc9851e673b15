"""What somebody searches for: words, taken apart once, for the full-text index and for a plain look at a text.

Case and diacritics don't matter. A word is found where it stands as a whole; one without letters, or of a script that
is written without spaces between words, is found anywhere in a text, and not by the index.
"""

import re

from chatroom.names import bare

_POSITION_BITS = 20  # a run has fewer events than that many bits can count
_WORD = re.compile(r"[^\W_]+")
# Thai to Khmer, kana, Chinese, Korean: what the index takes for one long word.
_UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)


class Query:
    """`whole` are the words that must stand in a text, `parts` what must be anywhere in it."""

    def __init__(self, words: str) -> None:
        self.whole: list[str] = []
        self.parts: list[str] = []
        for word in bare(words).split():
            found = _WORD.findall(word)
            if not found or _UNSPACED.search(word):
                self.parts.append(word)
            else:
                self.whole += found

    def maybe(self, texts: str) -> bool:
        """Whether it is worth looking at each of these texts; `texts` is `bare` all of them together."""
        return all(word in texts for word in (*self.whole, *self.parts))

    def matches(self, text: str) -> bool:
        text = bare(text)
        return self.maybe(text) and set(self.whole).issubset(_WORD.findall(text))


def expression(query: Query, places: list[int], by: str) -> str:
    """What the index is asked: FTS5 §3. Nothing but letters and digits of a client's words comes into it."""
    terms = [f"place : ({' OR '.join([place_word(place) for place in places])})"]
    terms += [f'text : "{word}"' for word in query.whole]
    terms += [f'nick : "{word}"' for word in _WORD.findall(by)]
    return " AND ".join(terms)


def place_word(place: int) -> str:
    """A place's number as a word of the index."""
    return f"p{place}"


def address(row: int, position: int) -> int:
    """Where the event at a position of a run is, as a row number of the index."""
    return row << _POSITION_BITS | position


def found_at(rowid: int) -> tuple[int, int]:
    """The row of the run, and the position in it, that an address names."""
    return rowid >> _POSITION_BITS, rowid & ((1 << _POSITION_BITS) - 1)
