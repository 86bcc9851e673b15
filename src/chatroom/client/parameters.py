"""Reads the parameters of a message from a server, however many there are."""

from chatroom.common.irc_message import Message
from chatroom.common.text import clean, plain


def param(message: Message, index: int) -> str:
    """A parameter that is looked up or shown, without CTCP's mark, which is for texts alone."""
    return clean(message.params[index]) if index < len(message.params) else ""


def text_of(message: Message, index: int = -1) -> str:
    """A text for people, mostly the last parameter, without colours and control characters."""
    return clean(plain(message.params[index])) if message.params else ""


def text_of_all(message: Message) -> str:
    """A numeric's parameters without our own name: `#dev: Cannot send to channel`."""
    *about, text = message.params[1:] or ("",)
    return clean(plain(f"{' '.join(about)}: {text}" if about else text))
