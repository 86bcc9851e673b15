"""Texts of messages: which characters they may have, and how they are shown without IRC formatting.

A text from one client must not move another's cursor, ring its bell, end its line or reverse its writing. So each text
is cleaned once, where it comes in. IRC's formatting codes (bold, colour) stay in for IRC clients, and `plain` takes
them out for the others.
"""

import re
import unicodedata
from datetime import datetime

from chatroom.common.durations import moment

COMBINING_MARKS_MAX = 8  # on one character: no language has as many, and towers overlap the lines around them

# Line ends inside a multiline message. No client can send these characters: `clean` takes them out.
FEED = "\u2028"  # a line ends
CUT = "\u2029"  # the line goes on: its sender had to cut it (IRCv3 multiline-concat)

# The reason for closing a connection whose owner has logged in from elsewhere. Such a client must not reconnect by
# itself: two of them would throw each other out for ever.
GHOST = "you have come in again from elsewhere"

# Scripts that are written without spaces between words, for a class of a regular expression: Thai to Khmer, kana,
# Chinese and Korean, half-width and full-width forms included.
UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)

CTCP = "\x01"  # encloses a message for the client program, not for its user: modern.ircdocs.horse/ctcp

_BIDI = "\u202a-\u202e\u2066-\u2069"  # overrides, embeddings, isolates: they reverse the writing of what follows
_UNWANTED = re.compile(f"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]")
_UNWANTED_IRC = re.compile(f"[\x00\x05-\x08\x0a-\x0e\x10\x12-\x15\x17-\x1c\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]")
# Bold, colour, hex colour, reset, monospace, reverse, italic, strikethrough, underline: modern.ircdocs.horse/formatting
CODES = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x01\x02\x0f\x11\x16\x1d\x1e\x1f]"
)

_NARROW = "\u1160-\u11ff\ud7b0-\ud7ff"  # Hangul's vowels and finals, which are drawn into the letter before, like marks
# Finds where a tower of combining marks may be: a row of characters beyond ASCII that are no letter, digit or space;
# emoji and punctuation match, too. Formatting codes in between are invisible and don't end a tower.
_TOWER = re.compile(rf"(?:(?:[^\w\s\x00-\x7f]|[{_NARROW}])(?:{CODES.pattern})*){{{COMBINING_MARKS_MAX + 1},}}")
_PIECE = re.compile(f"{CODES.pattern}|.", re.DOTALL)
_MARK = ("Mn", "Me")  # Unicode's categories of marks that are drawn over the character before
_NO_BASE = ("Cf", "Cc", "Mc")  # no base for a new tower: joiners and the like, formatting codes, vowels beside a letter
_IGNORABLE = re.compile("[\u2065\ufff0-\ufff8\U000e0000-\U000e0fff]")  # nor are unassigned invisible characters


def clean(text: str) -> str:
    """The text of a plain client without control characters but tabs, bidi controls, surrogates and towers."""
    if not text.isprintable():
        text = _UNWANTED.sub("", text)
    return _without_towers(text)


def clean_irc(text: str) -> str:
    """The text of an IRC client, cleaned like by `clean`, but formatting codes and the CTCP mark stay."""
    if not text.isprintable():
        text = _UNWANTED_IRC.sub("", text)
    return _without_towers(text)


def _without_towers(text: str) -> str:
    return text if text.isascii() else _TOWER.sub(_lowered, text)


def _lowered(found: re.Match[str]) -> str:
    """The text found, with at most `COMBINING_MARKS_MAX` combining marks on one character."""
    kept: list[str] = []
    height = 0
    for c in _PIECE.findall(found[0]):
        category = unicodedata.category(c[0])
        if category in _MARK or "\u1160" <= c <= "\u11ff" or "\ud7b0" <= c <= "\ud7ff":
            height += 1
        elif category not in _NO_BASE and not _IGNORABLE.match(c):
            height = 0
        if height <= COMBINING_MARKS_MAX or category in ("Cc", "Mc"):
            kept.append(c)
    return "".join(kept)


def plain(text: str) -> str:
    """The text without formatting codes, for clients that don't know them."""
    return text if text.isprintable() else _without_towers(CODES.sub("", text))


def is_visible(text: str) -> bool:
    """Whether there is more in a text than controls, spaces and marks."""
    return any(unicodedata.category(c)[0] not in "CZM" for c in text)


def shortened(text: str, size: int) -> str:
    """The text in at most `size` bytes, cut between characters."""
    return text.encode()[:size].decode(errors="ignore")


def number(text: str, most: int) -> int | None:
    """A text as a whole number, or `most` if it is more than that; None if it is no number.

    A number with more digits than `most` is not converted: that takes long in Python, and fails for very long ones.
    """
    if not text.isdecimal():
        return None
    digits = text.lstrip("0") or "0"
    return most if len(digits) > len(str(most)) else min(int(digits), most)


def zoned(milliseconds: int) -> str:
    """A `moment` for readers in other time zones: "14:05 UTC+02:00"."""
    offset = datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%z")
    zone = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{moment(milliseconds)} {zone}"
