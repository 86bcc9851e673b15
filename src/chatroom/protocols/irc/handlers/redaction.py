"""Reads REDACT: IRCv3 draft/message-redaction."""

from collections.abc import Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.model.commands import Redact
from chatroom.model.outcomes import Command
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.client_tags import MSGID

REDACTION = "draft/message-redaction"


def redact(client: ClientState, params: list[str]) -> Iterator[Command]:
    if REDACTION not in client.capabilities:
        raise ChatError(Code.UNKNOWN_COMMAND, "REDACT")
    target, msgid, reason = (*params, "")[:3]
    yield Redact(target, int(msgid, 16) if MSGID.fullmatch(msgid) else 0, reason, called=msgid)  # no event has id 0
