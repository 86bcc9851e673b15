"""Who is banned or muted in a room: by whom, until when and why.

MODE and the list of bans have no place for most of that. A server of ours tells it by tags; of others a mask is known.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chatroom.client.parameters import time_in
from chatroom.common.text import clean, plain

_WHOM, _UNTIL, _REASON = "chatroom/whom", "chatroom/until", "chatroom/reason"  # tags


class Ban(NamedTuple):
    """`who` is a name, or a mask where it is for nobody by name. `until` is 0 for good, else when it ends."""

    who: str
    is_mute: bool
    by: str = ""
    until: float = 0.0
    reason: str = ""

    @property
    def kind(self) -> str:
        return "mute" if self.is_mute else "ban"


def ban_of(mask: str) -> tuple[bool, str]:
    """Whether a mask mutes (else it bans), and whom: a name where it is for one."""
    start, colon, muted = mask.rpartition("m:")
    is_mute = bool(colon) and len(start) <= 1
    return is_mute, (muted if is_mute else mask).removesuffix("!*@*")


def read(mask: str, by: str, tags: Mapping[str, str], mutes: bool = False) -> Ban:
    """A ban as a server tells it. `mutes` is for masks in a list of those who are muted."""
    is_mute, who = ban_of(mask)
    whom, reason = clean(plain(tags.get(_WHOM, ""))), clean(plain(tags.get(_REASON, "")))
    return Ban(whom or who, is_mute or mutes, by, time_in(tags.get(_UNTIL, "")), reason)


def people(bans: Iterable[Ban]) -> list[Ban]:
    """One for each person and kind: somebody may be kept out by several masks."""
    return list({(ban.is_mute, ban.who): ban for ban in bans}.values())
