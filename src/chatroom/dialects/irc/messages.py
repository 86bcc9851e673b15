"""What clients say: PRIVMSG, NOTICE, TAGMSG."""

from collections.abc import Iterator

from chatroom import events as ev
from chatroom.dialects.irc.client import Client
from chatroom.dialects.irc.words import targets
from chatroom.errors import ChatError, Code
from chatroom.events import Command, Kind
from chatroom.text import CTCP

_ACTION = f"{CTCP}ACTION "


def privmsg(client: Client, params: list[str]) -> Iterator[Command]:
    return _message(client, params, Kind.MESSAGE)


def notice(client: Client, params: list[str]) -> Iterator[Command]:
    return _message(client, params, Kind.NOTICE)


def _message(client: Client, params: list[str], kind: Kind) -> Iterator[Command]:
    if len(params) < 2 or not params[1]:
        raise ChatError(Code.NO_TEXT)
    text = params[1]
    if kind is Kind.MESSAGE and text.startswith(_ACTION):
        kind, text = Kind.ACTION, text.removeprefix(_ACTION).removesuffix(CTCP)
    for target in targets(params[0]):
        yield ev.Say(target, text, kind, client.tags)


def tagmsg(client: Client, params: list[str]) -> Iterator[Command]:
    """IRCv3 message-tags; without client-only tags there is nothing to pass on."""
    if "message-tags" not in client.capabilities:
        raise ChatError(Code.UNKNOWN_COMMAND, "TAGMSG")
    if client.tags:
        for target in targets(params[0]):
            yield ev.Say(target, "", Kind.TAGS, client.tags)
