"""Passwords: what is kept of them, how they are checked, and how often one may guess.

- What is kept is a *secret*: ``scrypt$N$r$p$salt$hash``, with a salt of its own. The password itself is kept nowhere.
- To check a password takes as long for an account that doesn't exist as for a wrong password.
- `SCRYPTS` computations at a time, whoever asks: that bounds their memory, and leaves the chat its cores. hashlib lets
  go of the interpreter meanwhile.
- Guesses are counted by account and by address, wrong ones only; what is remembered for that is bounded.
"""

import base64
import hashlib
import logging
import os
import threading
from collections import OrderedDict
from hmac import compare_digest

from chatroom.common.addresses import counted
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, opaque
from chatroom.limits import (
    LOGIN_REMEMBERED,
    LOGIN_SPAN,
    LOGIN_TRIES,
    PASSWORD_BYTES,
    PASSWORD_LEAST,
    SCRYPT,
    SCRYPT_WAIT,
    SCRYPTS,
)

log = logging.getLogger(__name__)

_SALT = 16  # bytes
_HASH = 32  # bytes


def acceptable(password: str, name: str) -> None:
    """Raises `ChatError` if this can't be, or should not be, the password for a name.

    No spaces: in the plain dialect they separate a name from a password.
    """
    if len(password.encode()) > PASSWORD_BYTES or any(c.isspace() or not c.isprintable() for c in password):
        raise ChatError(Code.PASSWORD_BAD)
    if len(password) < PASSWORD_LEAST or fold(password) == fold(name):
        raise ChatError(Code.PASSWORD_WEAK)


class Passwords:
    """Makes and checks secrets, each in the thread that asks. `scrypt` are N, r and p of those that are made."""

    def __init__(self, scrypt: tuple[int, int, int] = SCRYPT) -> None:
        self.scrypt = scrypt
        self._turns = threading.Semaphore(SCRYPTS)

    def make(self, password: str) -> str:
        """The secret for a password; "" if it could not be computed at the moment."""
        salt = os.urandom(_SALT)
        digest = self._hash(password, salt, self.scrypt)
        return _written(self.scrypt, salt, digest) if digest else ""

    def check(self, password: str, secret: str) -> bool | None:
        """Whether a password fits a secret, False after as long if that is ""; None if it can't be told now."""
        numbers = secret or _written(self.scrypt, os.urandom(_SALT), bytes(_HASH))
        scrypt, salt, expected = _read(numbers)
        digest = self._hash(password, salt, scrypt)
        return compare_digest(digest, expected) and secret != "" if digest else None

    def _hash(self, password: str, salt: bytes, scrypt: tuple[int, int, int]) -> bytes:
        """b"" if one's turn did not come in time, or there was no memory for it."""
        if not self._turns.acquire(timeout=SCRYPT_WAIT):
            return b""
        try:
            n, r, p = scrypt
            room = 2 * 128 * n * r  # bytes: it needs 128·N·r and a little; OpenSSL refuses without being allowed to
            return hashlib.scrypt(opaque(password).encode(), salt=salt, n=n, r=r, p=p, maxmem=room, dklen=_HASH)
        except MemoryError:
            log.warning("there is no memory to check a password with")
            return b""
        finally:
            self._turns.release()


def _written(scrypt: tuple[int, int, int], salt: bytes, digest: bytes) -> str:
    return "$".join(["scrypt", *map(str, scrypt), *(base64.b64encode(part).decode() for part in (salt, digest))])


def _read(secret: str) -> tuple[tuple[int, int, int], bytes, bytes]:
    _, n, r, p, salt, digest = secret.split("$")
    return (int(n), int(r), int(p)), base64.b64decode(salt), base64.b64decode(digest)


class Window:
    """Counts what happened of late, by key: within `span` milliseconds, for `LOGIN_REMEMBERED` keys at most.

    What is still to come was noted before the clock was set back, and counts no more.
    """

    def __init__(self, most: int, span: int) -> None:
        self._most = most
        self._span = span
        self._times: OrderedDict[str, list[int]] = OrderedDict()  # those that happened last come last

    def __len__(self) -> int:
        return len(self._times)

    def is_full(self, key: str, now: int) -> bool:
        """Whether it happened as often as it may."""
        return len([t for t in self._times.get(key, ()) if now - self._span < t <= now]) >= self._most

    def add(self, key: str, now: int) -> None:
        times = [t for t in self._times.pop(key, ()) if now - self._span < t <= now]
        self._times[key] = [*times, now]
        while len(self._times) > LOGIN_REMEMBERED or next(iter(self._times.values()))[-1] <= now - self._span:
            self._times.popitem(last=False)

    def take_back(self, key: str) -> None:
        """One of them is not to be counted."""
        times = self._times.get(key)
        if times:
            times.pop()
            if not times:
                del self._times[key]


class Guesses:
    """How often somebody may be wrong. A guess counts from when it is begun: many at once are many.

    An account that somebody else guesses at stays open to the address from which it was last logged in to.
    """

    def __init__(self) -> None:
        self.unlimited = False
        self._accounts = Window(LOGIN_TRIES, LOGIN_SPAN)
        self._addresses = Window(LOGIN_TRIES, LOGIN_SPAN)
        self._known: OrderedDict[str, str] = OrderedDict()  # from where an account was last logged in to

    def begin(self, account: str, host: str, now: int) -> None:
        """Raises `ChatError` if there were too many."""
        account, network = fold(account), counted(host)
        if self.unlimited:
            return
        at_home = self._known.get(account) == network
        if self._addresses.is_full(network, now) or (self._accounts.is_full(account, now) and not at_home):
            raise ChatError(Code.LOGIN_TOO_OFTEN)
        self._accounts.add(account, now)
        self._addresses.add(network, now)

    def end(self, account: str, host: str, fits: bool | None) -> None:
        """What came of it: a right one, or one that was not looked at, is no guess."""
        account, network = fold(account), counted(host)
        if self.unlimited:
            return
        if fits is not False:
            self._accounts.take_back(account)
            self._addresses.take_back(network)
        if fits:
            self._known.pop(account, None)
            self._known[account] = network
            if len(self._known) > LOGIN_REMEMBERED:
                self._known.popitem(last=False)
