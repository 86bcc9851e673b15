"""Times as people write and read them: `30s`, `2h`, "1h 59m", "14:05"."""

import re
from datetime import datetime

from chatroom.common.errors import ChatError, Code

TIME_DIGITS = 6  # of a time such as 90m: what is longer is a slip, and refused, and no ban for good

_UNITS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(f"([0-9]{{1,{TIME_DIGITS}}})([{''.join(_UNITS)}])")
_LIKE_A_SPAN = re.compile(r"[-+]?[0-9]+([.,:][0-9]+)?[a-zA-Z]?|([0-9]+[a-zA-Z]){2,}")


def seconds(text: str) -> int:
    """How long "30s", "10m", "2h", "1d" or "1w" is; 0 if it is no such thing."""
    found = _SPAN.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else 0


def ban_time(word: str) -> int:
    """How long somebody is banned by the word where a time may stand; 0, for good, if it is the first of the reason.

    Raises `ChatError` for what is meant as a time and is none: nobody is to be banned for good by a slip.
    """
    length = seconds(word)
    if not length and _LIKE_A_SPAN.fullmatch(word):
        raise ChatError(Code.TIME_BAD, word)
    return length


def span(length: int) -> str:
    """So many seconds in the two largest units that they have: "1h 59m"."""
    parts = []
    for unit, size in _UNITS.items():
        count, length = divmod(length, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def moment(milliseconds: int) -> str:
    """When something was, for a reader on this machine's time: "14:05", with the date if it wasn't today."""
    then = datetime.fromtimestamp(milliseconds / 1000)
    today = then.date() == datetime.now().date()
    return then.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
