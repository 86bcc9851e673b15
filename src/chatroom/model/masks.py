"""Masks: patterns such as `*!*@192.0.2.*` that say who is banned, excepted or invited."""

from chatroom.common.names import fold
from chatroom.model.values import Person

MASK_BYTES = 160  # a mask, its room and who set it fit one line

MUTE = "m:"  # a ban that begins so meets speaking only
ACCOUNT = "a:"  # a mask that begins so means an account: IRCv3 account-extban


def mask(text: str) -> str:
    """`text` as a whole mask, nick!user@host, with `*` for what it leaves open; a:account as it is."""
    mute = MUTE if text.startswith(MUTE) else ""
    text = text.removeprefix(mute)
    if text.startswith(ACCOUNT):
        return f"{mute}{text}"
    nick, bang, rest = text.partition("!")
    user, at, host = rest.partition("@")
    if not bang:
        nick, at, host = text.partition("@")
        if at:  # user@host
            nick, user = "*", nick
        elif "." in text or ":" in text:  # a host: no nickname has these
            nick, host = "*", text
    return f"{mute}{nick or '*'}!{user or '*'}@{host or '*'}"


def matches(mask_: str, person: Person) -> bool:
    """Whether a whole mask (without `MUTE`) is one for this person."""
    if mask_.startswith(ACCOUNT):
        return bool(person.account) and Glob(mask_.removeprefix(ACCOUNT)).fullmatch(fold(person.account))
    return Glob(mask_).fullmatch(fold(person.mask))


class Glob:
    """A pattern with `*` and `?`, held against folded text piece by piece: nothing is compiled or cached.

    One that is longer than `MASK_BYTES` characters matches nothing.
    """

    __slots__ = ("_pieces",)

    def __init__(self, pattern: str) -> None:
        self._pieces = fold(pattern).split("*") if len(pattern) <= MASK_BYTES else None

    def fullmatch(self, text: str) -> bool:
        """Whether the whole text is as the pattern says."""
        if self._pieces is None:
            return False
        first, *middle = self._pieces
        if not middle:
            return len(text) == len(first) and _find(text, first, 0, len(text)) == 0
        last = middle.pop()
        start, end = len(first), len(text) - len(last)
        if start > end or _find(text, first, 0, start) != 0 or _find(text, last, end, len(text)) != end:
            return False
        for piece in middle:  # the leftmost place leaves the most room for those that follow
            place = _find(text, piece, start, end)
            if place < 0:
                return False
            start = place + len(piece)
        return True


def _find(text: str, piece: str, start: int, end: int) -> int:
    """The first place between `start` and `end` where a piece is, in which `?` stands for any character; -1 if none."""
    if "?" not in piece:
        return text.find(piece, start, end)
    for place in range(start, end - len(piece) + 1):
        if all(c in ("?", text[place + i]) for i, c in enumerate(piece)):
            return place
    return -1
