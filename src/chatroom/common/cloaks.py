"""Cloaks: what others see instead of somebody's address.

- A cloak is made of the address by a keyed hash: who doesn't have the server's key can't tell the address from it.
- It has three parts before its `SUFFIX`: for the address, for its network, for the network's network. Two addresses of
  one network differ in the first part alone. So `*!*@*.2f1k0c8q.9b7d3m1t.ip` means a whole network.
- Of an IPv6 address, its /64 counts, which has one owner.
- Who is logged in when they come in is shown with the account's name instead: ``alice.users.chat.example``.

An address that is shown (`is_shown`) is still known by its cloak, too: bans of either kind hold.
"""

import re
from base64 import b32hexencode
from functools import lru_cache
from hashlib import blake2s

from chatroom.common.addresses import address_of
from chatroom.common.names import fold

SUFFIX = "ip"  # no cloak looks like an address, or like a name in the Internet
KEY_BYTES = 32
HOST_BYTES = 46  # of what is shown for a host: an address had at most as many, and lines are cut by it
_PART_BYTES = 5  # of the hash, in each part: 8 characters; among a million networks two are alike once in 10^6 or so
_BITS = {4: (32, 24, 16), 6: (64, 56, 48)}  # of an address that each part is made of, by its version
# IPv4 as far as whole parts of it are given: 192.0.2.*, 192.0.*.*, 192.0.*
_IPV4_START = re.compile(r"(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)(?:\.\*)+")
_IN_ADDRESSES = frozenset("0123456789abcdefABCDEF.:*?")
_DIGITS = frozenset("0123456789:")


class Cloaks:
    """Makes cloaks by a `key`. Servers of one chat have one key, so it may be replaced before anybody is here."""

    def __init__(self, key: bytes, is_shown: bool = False) -> None:
        self.key = key
        self.is_shown = is_shown  # whether everybody sees everybody's address

    def of_address(self, host: str) -> str:
        """The cloak of an address; any other text as it is."""
        return _cloak(self.key, host)

    def of_account(self, account: str, server: str, host: str) -> str:
        """What is shown of who is logged in: without the server's name, or without the account's, if it is too long."""
        names = (f"{account}.users.{server}", f"{account}.users")
        return next((name for name in names if len(name.encode()) <= HOST_BYTES), self.of_address(host))

    def shown(self, host: str) -> str:
        """What was kept as somebody's host, as it may be shown."""
        return host if self.is_shown else self.of_address(host)

    def mask(self, whole: str) -> str:
        """A mask or a source, nick!user@host, with a cloak for an address or the beginning of one.

        As it is where there is no such address, as in `192.0.?.7`.
        """
        head, at, host = whole.rpartition("@")
        if not at:
            return whole
        match = _IPV4_START.fullmatch(host)
        if not match:
            return f"{head}@{self.of_address(host)}"
        given = match[1].split(".")
        network = ".".join([*given, "0", "0"][:4])
        known = self.of_address(network).split(".")
        return f"{head}@*.{'.'.join(known[4 - len(given) :])}" if len(known) > 1 and known[-1] == SUFFIX else whole


def is_of_addresses(whole: str) -> bool:
    """Whether the host of a mask can only be meant for addresses, as no cloak is like it."""
    host = fold(whole.rpartition("@")[2])  # as it is compared: a ligature of two letters is these two
    return "@" in whole and not _DIGITS.isdisjoint(host) and _IN_ADDRESSES.issuperset(host)


@lru_cache(maxsize=4096)
def _cloak(key: bytes, host: str) -> str:
    address = address_of(host)
    if address is None:
        return host
    parts = []
    for bits in _BITS[address.version]:
        network = int(address) >> (address.max_prefixlen - bits)
        hashed = blake2s(f"{address.version} {bits} {network:x}".encode(), key=key, digest_size=_PART_BYTES)
        parts.append(b32hexencode(hashed.digest()).decode().lower())
    return ".".join((*parts, SUFFIX))
