"""Durations and times of day as people write and read them: `30s`, `2h`, "1h 59m", "14:05"."""

import re
from datetime import datetime

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import ENGLISH, Language, mark

DURATION_DIGITS = 6  # of a duration such as 90m: a longer one is a typing error, and refused

_UNITS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(f"([0-9]{{1,{DURATION_DIGITS}}})([{''.join(_UNITS)}])")
# Translators: numbers of weeks, days, hours, minutes and seconds, as short as they can be: "1h 59m".
_WRITTEN = {
    "w": mark("{count}w"),
    "d": mark("{count}d"),
    "h": mark("{count}h"),
    "m": mark("{count}m"),
    "s": mark("{count}s"),
}
_BEFORE_DIGITS = "+-.,"  # of what is meant as a duration: -5m, .5h


def seconds(text: str) -> int:
    """The seconds of "30s", "10m", "2h", "1d" or "1w"; 0 for any other text."""
    found = _SPAN.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else 0


def ban_time(word: str) -> int:
    """The seconds of a ban, from the word where a duration may stand; 0, for good, if that begins the reason.

    Raises `ChatError` for any other word that begins with a digit, such as 1.5h or 10min: nobody must be banned
    for good by a typing error.
    """
    length = seconds(word)
    if not length and word.lstrip(_BEFORE_DIGITS)[:1].isdigit():
        raise ChatError(Code.TIME_BAD, word)
    return length


def split_time(rest: str) -> tuple[int, str]:
    """For how many seconds (0: for good), and the reason, of a text that may begin with a duration.

    Raises `ChatError` like `ban_time`.
    """
    first, _, more = rest.strip().partition(" ")
    length = ban_time(first)
    return length, more.strip() if length else rest.strip()


def span(length: int, language: Language = ENGLISH) -> str:
    """A number of seconds in its two largest units: "1h 59m"."""
    parts = []
    for unit, size in _UNITS.items():
        count, length = divmod(length, size)
        if count:
            parts.append(language.tr(_WRITTEN[unit], count=count))
    return " ".join(parts[:2]) or language.tr(_WRITTEN["s"], count=0)


def moment(milliseconds: int) -> str:
    """A time in this machine's time zone: "14:05", with the date if it isn't today."""
    then = datetime.fromtimestamp(milliseconds / 1000)
    today = then.date() == datetime.now().date()
    return then.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
