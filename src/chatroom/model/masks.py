"""Masks: patterns such as `*!*@192.0.2.*` that say who is banned, excepted or invited."""

import re
from fnmatch import translate
from functools import lru_cache

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
        return bool(person.account) and glob(mask_.removeprefix(ACCOUNT)).fullmatch(fold(person.account)) is not None
    return glob(mask_).fullmatch(fold(person.mask)) is not None


_NOTHING = re.compile("(?!)")


def glob(pattern: str) -> re.Pattern[str]:
    """A pattern with `*` and `?`, to be matched against folded text in time that grows with the text alone.

    One that is longer than `MASK_BYTES` characters matches nothing: compiling it would hold up everybody.
    """
    return _glob(pattern) if len(pattern) <= MASK_BYTES else _NOTHING


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(fold(pattern).replace("[", "[[]")))
