"""Reads MARKREAD: IRCv3 draft/read-marker."""

from collections.abc import Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import mark
from chatroom.model.commands import AskMarker, MarkRead
from chatroom.model.outcomes import Command
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.event_lines import milliseconds
from chatroom.protocols.irc.params import echo

READ_MARKER = "draft/read-marker"


def markread(client: ClientState, params: list[str]) -> Iterator[Command]:
    if READ_MARKER not in client.capabilities:
        raise ChatError(Code.UNKNOWN_COMMAND, "MARKREAD")
    if not params:
        yield client.fail("MARKREAD", "NEED_MORE_PARAMS", text=mark("Missing parameters"))
    elif len(params) == 1:
        yield AskMarker(params[0])
    else:
        kind, _, moment = params[1].partition("=")
        try:
            if kind != "timestamp":
                raise ValueError
            yield MarkRead(params[0], milliseconds(moment))
        except ValueError:
            yield client.fail("MARKREAD", "INVALID_PARAMS", echo(params[1]), text=mark("That is no time"))
