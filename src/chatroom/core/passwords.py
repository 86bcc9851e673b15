"""Passwords: what is kept of them, and how they are checked.

- What is kept is a *secret*: ``scrypt$N$r$p$salt$hash``, with a salt of its own. The password itself is kept nowhere.
- To check a password takes as long for an account that doesn't exist as for a wrong password. One that was right before
  is known again at once: a keyed hash of it is held in memory until the server ends.
- `SCRYPT_CONCURRENCY` computations at a time, whoever asks: that bounds their memory, and leaves cores for the chat.
  Addresses take turns, so who asks without end, with right passwords too, holds up no other address. Of an address
  whoever asks last is next.
  hashlib releases the interpreter lock meanwhile.
"""

import base64
import hashlib
import logging
import os
from collections import OrderedDict
from hmac import compare_digest, digest
from math import prod

from chatroom.common.common_passwords import is_common, is_made_of
from chatroom.common.errors import ChatError, Code
from chatroom.common.fair_semaphore import FairSemaphore
from chatroom.common.names import fold, opaque
from chatroom.model.limits import PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARACTERS

SCRYPT_N_R_P = (1 << 15, 8, 1)  # N, r, p: 32 MiB and about 0.1 s for each guess
SCRYPT_CONCURRENCY = 2  # computations at a time: they take 32 MiB each, and cores that the chat needs
SCRYPT_WAIT_SECONDS = 10.0  # seconds that one waits for its turn: some hundred may log in at once
PROVEN_KEPT = 10_000  # passwords that were right before and are known at once: some 3 MB

log = logging.getLogger(__name__)

_SCHEME = "scrypt"
_SALT = 16  # bytes
_HASH = 32  # bytes


def acceptable(password: str, name: str) -> None:
    """Raises `ChatError` if this can't be, or should not be, the password for a name.

    No spaces: in the plain dialect they separate a name from a password.
    """
    if len(password.encode()) > PASSWORD_MAX_BYTES or any(c.isspace() or not c.isprintable() for c in password):
        raise ChatError(Code.PASSWORD_BAD)
    if len(password) < PASSWORD_MIN_CHARACTERS or is_made_of(fold(password), fold(name)):
        raise ChatError(Code.PASSWORD_WEAK)
    if is_common(password):
        raise ChatError(Code.PASSWORD_COMMON)


def is_secret(text: str) -> bool:
    """Whether a text is a secret rather than a password; raises `ValueError` if it is meant as one and is damaged."""
    if not text.startswith(f"{_SCHEME}$"):
        return False
    _read(text)
    return True


class Passwords:
    """Makes and checks secrets, each in the thread that asks. `scrypt` are N, r and p of those that are made.

    `owner` is the address that asks, as limits count it: each has its turn.
    """

    def __init__(self, scrypt: tuple[int, int, int] = SCRYPT_N_R_P) -> None:
        self.scrypt = scrypt
        self._turns = FairSemaphore(SCRYPT_CONCURRENCY, last_first=True)
        self._key = os.urandom(_HASH)  # of what is in `_proven`
        self._proven: OrderedDict[str, bytes] = OrderedDict()  # by secret, the keyed hash of the password that fits it

    def make(self, password: str, owner: str = "") -> str:
        """The secret for a password; "" if it could not be computed at the moment."""
        salt = os.urandom(_SALT)
        hashed = self._hash(password, salt, self.scrypt, owner)
        if not hashed:
            return ""
        secret = _written(self.scrypt, salt, hashed)
        self._remember(secret, self._mark(password, secret))
        return secret

    def check(self, password: str, secret: str, owner: str = "") -> bool | None:
        """Whether a password fits a secret, False after as long if that is ""; None if it can't be told now."""
        mark = self._mark(password, secret)
        if compare_digest(self._proven.get(secret, b""), mark):
            return True
        numbers = secret or _written(self.scrypt, os.urandom(_SALT), bytes(_HASH))
        scrypt, salt, expected = _read(numbers)
        hashed = self._hash(password, salt, scrypt, owner)
        if not hashed:
            return None
        fits = secret != "" and compare_digest(hashed, expected)
        if fits:
            self._remember(secret, mark)
        return fits

    def _mark(self, password: str, secret: str) -> bytes:
        return digest(self._key, f"{secret} {opaque(password)}".encode(), "sha256")

    def _remember(self, secret: str, mark: bytes) -> None:
        self._proven[secret] = mark
        while len(self._proven) > PROVEN_KEPT:
            self._proven.popitem(last=False)

    def compare(self, password: str, wanted: str, owner: str = "") -> bool | None:
        """Whether a password is the one that is wanted, which is given itself or as a secret."""
        if is_secret(wanted):
            return self.check(password, wanted, owner)
        return compare_digest(password.encode(), wanted.encode())

    def is_outdated(self, secret: str) -> bool:
        """Whether a secret was made at a lower cost than those that are made now."""
        return prod(_read(secret)[0]) < prod(self.scrypt)

    def _hash(self, password: str, salt: bytes, scrypt: tuple[int, int, int], owner: str) -> bytes:
        """b"" if one's turn did not come in time, or there was no memory for it."""
        with self._turns.slot(owner, SCRYPT_WAIT_SECONDS) as has_turn:
            if not has_turn:
                return b""
            try:
                n, r, p = scrypt
                room = 2 * 128 * n * r  # bytes: it needs 128·N·r and a little; OpenSSL refuses without being allowed to
                return hashlib.scrypt(opaque(password).encode(), salt=salt, n=n, r=r, p=p, maxmem=room, dklen=_HASH)
            except MemoryError:
                log.warning("there is no memory to check a password with")
                return b""


def _written(scrypt: tuple[int, int, int], salt: bytes, digest: bytes) -> str:
    return "$".join([_SCHEME, *map(str, scrypt), *(base64.b64encode(part).decode() for part in (salt, digest))])


def _read(secret: str) -> tuple[tuple[int, int, int], bytes, bytes]:
    _, n, r, p, salt, digest = secret.split("$")
    return (int(n), int(r), int(p)), base64.b64decode(salt), base64.b64decode(digest)
