"""What the server tells of itself."""

from dataclasses import dataclass

from chatroom.common.language import mark


@dataclass(frozen=True, slots=True)  # hashable: what everybody is told of it is made once
class ServerInfo:
    """What the server says of itself. `motd` is its message of the day, by lines."""

    name: str
    network: str
    version: str
    created: str
    motd: tuple[str, ...] = ()
    history: bool = True  # whether one is kept that can be asked for
    description: str = mark("A chatroom server")
    icon: str = ""  # the address of a picture that stands for it
    sts_port: int = 0  # where clients are to use TLS from now on (IRCv3 sts); 0 if that is not asked of them
