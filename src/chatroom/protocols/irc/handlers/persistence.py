"""Reads PERSISTENCE, by which one stays in one's rooms without a device: IRCv3 draft/persistence."""

from collections.abc import Iterator

from chatroom.common.language import mark
from chatroom.model.outcomes import Command
from chatroom.model.preferences import AskStay, SetStay
from chatroom.protocols.irc.client_state import ClientState

_SETTINGS = {"ON": True, "OFF": False, "DEFAULT": False}  # nobody stays who has not asked for it


def persistence(client: ClientState, params: list[str]) -> Iterator[Command]:
    verb, setting = [word.upper() for word in (*params, "")[:2]]
    if not client.viewer.account:
        yield client.fail("PERSISTENCE", "ACCOUNT_REQUIRED", text=mark("Log in first."))
    elif verb == "GET":
        yield AskStay()
    elif verb == "SET" and setting in _SETTINGS:
        yield SetStay(_SETTINGS[setting])
    else:
        yield client.fail("PERSISTENCE", "INVALID_PARAMS", text=mark("Say GET, or SET with ON, OFF or DEFAULT."))
