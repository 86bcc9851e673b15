"""What is shown of a message that another one answers."""

from chatroom.common.graphemes import beginning
from chatroom.common.text import CUT, FEED, plain
from chatroom.model.events import Said
from chatroom.model.values import Quote

QUOTE_CHARACTERS = 60  # enough to know a message again, and it fits a line with the answer


def quote_of(said: Said) -> Quote:
    text = plain(said.text.replace(CUT, "").replace(FEED, " "))
    return Quote(said.id, said.by.nick, beginning(text, QUOTE_CHARACTERS))
