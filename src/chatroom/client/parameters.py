"""Reads the parameters of a message from a server, however many there are."""

from datetime import UTC, datetime

from chatroom.common.irc_message import Message
from chatroom.common.text import clean, plain

_TIME_CHARACTERS_MAX = 40  # of a time: 2026-11-29T12:00:00.000Z has 24
# Times that every time zone and every platform can show; a server may send any.
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC).timestamp()
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


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


def time_in(stamp: str) -> float:
    """The time that a tag tells (IRCv3 server-time), in seconds since the epoch; 0 for what is none."""
    if 0 < len(stamp) <= _TIME_CHARACTERS_MAX:
        try:
            return min(max(datetime.fromisoformat(stamp).timestamp(), _EARLIEST), _LATEST)
        except (ValueError, OverflowError, OSError):
            pass
    return 0.0
