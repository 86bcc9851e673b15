"""What may stand in a message, and what a reader without IRC formatting is shown of it.

Text from one client must not be able to move another's cursor, ring its bell, end its line or turn its writing around.
Every text is cleaned once, where it comes in; the codes that IRC clients use for bold and colour stay in, for IRC
readers, and `plain` takes them out for everybody else.
"""

import re
import unicodedata
from datetime import datetime

from chatroom.common.durations import moment

# combining marks on one character: no language stacks as many, and towers deface the lines around them
COMBINING_MARKS_MAX = 8

# Inside a message of many lines; no client can send them, as `clean` takes them out.
FEED = "\u2028"  # ends a line
CUT = "\u2029"  # the line goes on: its sender had to cut it

# Why a connection is closed whose name its owner has asked for anew. A client that is told so must not come back by
# itself: two of them would throw each other out for ever.
GHOST = "you have come in again from elsewhere"

# Scripts that are written without spaces between words, for a class of a regular expression: Thai to Khmer, kana,
# Chinese and Korean, half-width and full-width forms included.
UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)

CTCP = "\x01"  # a message wrapped in it is for the client program, not for its user: modern.ircdocs.horse/ctcp

_BIDI = "\u202a-\u202e\u2066-\u2069"  # overrides, embeddings, isolates: they turn the writing of what follows
_UNWANTED = re.compile(f"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]")
_UNWANTED_IRC = re.compile(f"[\x00\x05-\x08\x0a-\x0e\x10\x12-\x15\x17-\x1c\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]")
# Bold, colour, hex colour, reset, monospace, reverse, italic, strikethrough, underline: modern.ircdocs.horse/formatting
CODES = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x01\x02\x0f\x11\x16\x1d\x1e\x1f]"
)

_NARROW = "\u1160-\u11ff\ud7b0-\ud7ff"  # Hangul's vowels and finals: drawn into the letter before, as marks are
# Where a tower of combining marks may be: no letter, no digit, no space, beyond ASCII. Emoji and punctuation, too. What
# formats it is not seen, and no ground to build on.
_TOWER = re.compile(rf"(?:(?:[^\w\s\x00-\x7f]|[{_NARROW}])(?:{CODES.pattern})*){{{COMBINING_MARKS_MAX + 1},}}")
_PIECE = re.compile(f"{CODES.pattern}|.", re.DOTALL)
_MARK = ("Mn", "Me")  # Unicode's categories of what is drawn over the character before it
_NO_GROUND = ("Cf", "Cc", "Mc")  # to build on: joiners and the like, formatting codes, vowels beside a letter;
_IGNORABLE = re.compile("[\u2065\ufff0-\ufff8\U000e0000-\U000e0fff]")  # and what is nothing yet, and never to be seen


def clean(text: str) -> str:
    """`text` without control characters (the tab aside), bidi controls, surrogates and towers: from a plain client."""
    if not text.isprintable():
        text = _UNWANTED.sub("", text)
    return _without_towers(text)


def clean_irc(text: str) -> str:
    """`text` as an IRC client may send it: like `clean`, but formatting codes and the CTCP mark stay."""
    if not text.isprintable():
        text = _UNWANTED_IRC.sub("", text)
    return _without_towers(text)


def _without_towers(text: str) -> str:
    return text if text.isascii() else _TOWER.sub(_lowered, text)


def _lowered(found: re.Match[str]) -> str:
    """At most `COMBINING_MARKS_MAX` combining marks in a row: higher towers overlap the lines above and below."""
    kept: list[str] = []
    height = 0
    for c in _PIECE.findall(found[0]):
        category = unicodedata.category(c[0])
        if category in _MARK or "\u1160" <= c <= "\u11ff" or "\ud7b0" <= c <= "\ud7ff":
            height += 1
        elif category not in _NO_GROUND and not _IGNORABLE.match(c):
            height = 0
        if height <= COMBINING_MARKS_MAX or category in ("Cc", "Mc"):
            kept.append(c)
    return "".join(kept)


def plain(text: str) -> str:
    """`text` for a reader that knows no formatting codes."""
    return text if text.isprintable() else _without_towers(CODES.sub("", text))


def shortened(text: str, size: int) -> str:
    """`text` in at most `size` bytes, cut between characters."""
    return text.encode()[:size].decode(errors="ignore")


def number(text: str, most: int) -> int | None:
    """The whole number that `text` is, or `most` where it is more than that; None if it is no number.

    However long it is, no more of it is looked at than `most` has digits: Python takes its time over long ones, and
    refuses the longest.
    """
    if not text.isdecimal():
        return None
    digits = text.lstrip("0") or "0"
    return most if len(digits) > len(str(most)) else min(int(digits), most)


def zoned(milliseconds: int) -> str:
    """The same for a reader elsewhere: "14:05 UTC+02:00"."""
    offset = datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%z")
    zone = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{moment(milliseconds)} {zone}"
