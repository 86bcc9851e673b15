"""Search queries.

A word is found where it stands as a whole. A word without letters, or of a script that is written without spaces, is
found anywhere in a text, by a scan instead of the index.
"""

from chatroom.common.names import fold
from chatroom.storage.search_words import UNSPACED_LETTER, search_form, words

_POSITION_BITS = 20  # of a rowid, for the position in a segment, which has fewer events than that


class Query:
    """A parsed query: `whole` are words that a text must have, `parts` are strings that it must contain anywhere."""

    def __init__(self, typed: str) -> None:
        self.whole: list[str] = []
        self.parts: list[str] = []
        for word in search_form(typed).split() or typed.split():  # invisible characters alone find nothing
            found = words(word)
            if not found or UNSPACED_LETTER.search(word):
                self.parts.append(word)
            else:
                self.whole += found

    def may_match(self, texts: str) -> bool:
        """Whether any of these texts can match: a quick test. `texts` is the `search_form` of all of them together."""
        return all(word in texts for word in (*self.whole, *self.parts))

    def matches(self, text: str) -> bool:
        text = search_form(text)
        return self.may_match(text) and set(self.whole).issubset(words(text))


def fts5_expression(query: Query, places: list[int], by: str) -> str:
    """A query as an FTS5 expression (FTS5 §3). Of a client's text only letters, digits and marks get into it."""
    terms = [f"place : ({' OR '.join([place_word(place) for place in places])})"]
    terms += [f'text : "{word}"' for word in dict.fromkeys(query.whole)]
    if by:
        terms.append(f"nick : {nick_word(by)}")
    return " AND ".join(terms)


def place_word(place: int) -> str:
    """A place's number as a word of the index."""
    return f"p{place}"


def nick_word(nick: str) -> str:
    """A nickname as one word of the index, whatever characters it has."""
    return f"n{fold(nick).encode(errors='replace').hex()}"


def rowid_of(row: int, position: int) -> int:
    """The row number in the index of the event at a position of a segment, which is a row of `runs`."""
    return row << _POSITION_BITS | position


def row_and_position(rowid: int) -> tuple[int, int]:
    """The reverse of `rowid_of`."""
    return rowid >> _POSITION_BITS, rowid & ((1 << _POSITION_BITS) - 1)
