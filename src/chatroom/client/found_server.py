"""A server that was found in the network. Its names prove nothing: whoever chooses one must see the addresses."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from chatroom.common.language import mark
from chatroom.common.names import skeleton

ALIKE = mark("Some of these names look alike, and anybody can use any: ask which address is right.")


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that was announced. What `name` and `about` say was said by nobody knows whom."""

    host: str
    port: int
    name: str
    about: str
    tls: bool


def are_alike(servers: Iterable[FoundServer]) -> bool:
    """Whether two of them have names that look the same."""
    looks = Counter(skeleton(server.name) for server in servers)
    return any(count > 1 for count in looks.values())
