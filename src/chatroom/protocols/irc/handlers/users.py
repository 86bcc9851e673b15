"""Reads questions about people, and AWAY: WHO, WHOIS, WHOWAS, USERHOST, ISON, MONITOR."""

from collections.abc import Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.common.text import number, shortened
from chatroom.model.commands import AskUsers, AskWatched, AskWho, AskWhois, AskWhowas, SetAway, Unwatch, Watch
from chatroom.model.limits import AWAY_BYTES, WHOWAS_KEPT
from chatroom.model.outcomes import Command
from chatroom.model.social_commands import AskIgnored, Ignore
from chatroom.protocols.irc.client_state import ABSENT, PRE_AWAY, ClientState
from chatroom.protocols.irc.replies import WHOX_FIELDS
from chatroom.protocols.irc.reply_writer import Whox


def who(client: ClientState, params: list[str]) -> Iterator[Command]:
    """WHO, and with fields after a % WHOX: `ircv3.net/specs/extensions/whox`."""
    flags, _, rest = params[1].partition("%") if len(params) > 1 else ("", "", "")
    fields, _, token = rest.partition(",")
    client.writer.whox = Whox(frozenset(fields) & WHOX_FIELDS, token[:3]) if rest else None
    yield AskWho(params[0] if params else "*", "o" in flags)


def whois(client: ClientState, params: list[str]) -> Iterator[Command]:
    """`WHOIS server nick` asks the same as `WHOIS nick`."""
    if len(params) > 1 and "." in params[0]:  # a nickname may stand for the server that its owner is on
        client.require_this_server(params[0])
    yield AskWhois(params[-1].split(",")[0])


def whowas(client: ClientState, params: list[str]) -> Iterator[Command]:
    if not params or not params[0]:
        raise ChatError(Code.NICK_MISSING)
    count = params[1] if len(params) > 1 else ""
    yield AskWhowas(params[0], number(count, WHOWAS_KEPT) or 0)


def userhost(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield AskUsers(tuple(params[:5]), "USERHOST")  # five at most: RFC 2812 §4.8


def ison(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield AskUsers(tuple(" ".join(params).split()), "ISON")


def silence(client: ClientState, params: list[str]) -> Iterator[Command]:
    """Who asks for the list of somebody else is told that of their own."""
    who = params[0] if params else ""
    if who in ("", "*") or fold(who) == fold(client.viewer.nick):
        yield AskIgnored()
    else:
        yield Ignore(who.lstrip("+-"), on=not who.startswith("-"))


def away(client: ClientState, params: list[str]) -> Iterator[Command]:
    """Also before registration, with draft/pre-away.

    ``*`` means that nobody is at this device, whether or not that was asked for: soju sends it where it is offered.
    """
    text = shortened(params[0], AWAY_BYTES) if params else ""
    if client.viewer.nick:
        yield SetAway("", absent=True) if text == ABSENT else SetAway(text)
    elif PRE_AWAY in client.capabilities:
        client.away = text
    else:
        raise ChatError(Code.NOT_REGISTERED)


def monitor(client: ClientState, params: list[str]) -> Iterator[Command]:
    """IRCv3 monitor."""
    verb = params[0].upper()
    if verb in ("+", "-"):
        if len(params) < 2:
            raise ChatError(Code.TOO_FEW_PARAMETERS, "MONITOR")
        yield Watch(tuple(name for name in params[1].split(",") if name), verb == "+")
    elif verb == "C":
        yield Unwatch()
    elif verb in ("L", "S"):
        yield AskWatched(verb == "S")
