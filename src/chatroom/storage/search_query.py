"""What somebody searches for, and what the full-text index holds: words, taken out of both in the same way.

Case and diacritics don't matter, and neither do formatting codes, nor where a sender had to cut a line. A word is found
where it stands as a whole; one without letters, or of a script that is written without spaces between words, is found
anywhere in a text, and not by the index.
"""

import re

from chatroom.common.names import bare, fold, in_word
from chatroom.common.text import CODES, CUT, UNSPACED

_POSITION_BITS = 20  # a run has fewer events than that many bits can count
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")


class Query:
    """`whole` are the words that must stand in a text, `parts` what must be anywhere in it."""

    def __init__(self, typed: str) -> None:
        self.whole: list[str] = []
        self.parts: list[str] = []
        for word in compared(typed).split() or typed.split():  # what can't be seen at all finds nothing
            found = words(word)
            if not found or _UNSPACED.search(word):
                self.parts.append(word)
            else:
                self.whole += found

    def maybe(self, texts: str) -> bool:
        """Whether it is worth looking at each of these texts; `texts` is `compared` all of them together."""
        return all(word in texts for word in (*self.whole, *self.parts))

    def matches(self, text: str) -> bool:
        text = compared(text)
        return self.maybe(text) and set(self.whole).issubset(words(text))


def compared(text: str) -> str:
    """The form of a text in which it is searched."""
    if not text.isprintable():
        text = CODES.sub("", text.replace(CUT, ""))
    return bare(text)


def words(text: str) -> list[str]:
    """The words of a text, or of a part of one, that is `compared`: letters, digits and the vowels that are marks."""
    if text.isascii():
        return _WORD.findall(text)
    apart = "".join([c if in_word(c) else " " for c in _UNSPACED.sub(" ", text)])
    return [word for word in apart.split() if _WORD.search(word)]


def expression(query: Query, places: list[int], by: str) -> str:
    """What the index is asked: FTS5 §3. Nothing but letters, digits and marks of a client's words comes into it."""
    terms = [f"place : ({' OR '.join([place_word(place) for place in places])})"]
    terms += [f'text : "{word}"' for word in dict.fromkeys(query.whole)]
    if by:
        terms.append(f"nick : {nick_word(by)}")
    return " AND ".join(terms)


def place_word(place: int) -> str:
    """A place's number as a word of the index."""
    return f"p{place}"


def nick_word(nick: str) -> str:
    """A nickname as one word of the index, whatever signs it is made of."""
    return f"n{fold(nick).encode(errors='replace').hex()}"


def address(row: int, position: int) -> int:
    """Where the event at a position of a run is, as a row number of the index."""
    return row << _POSITION_BITS | position


def found_at(rowid: int) -> tuple[int, int]:
    """The row of the run, and the position in it, that an address names."""
    return rowid >> _POSITION_BITS, rowid & ((1 << _POSITION_BITS) - 1)
