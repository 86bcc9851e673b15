"""Reads CHATHISTORY (IRCv3 draft/chathistory) and SEARCH (soju.im/search)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from chatroom.common.errors import ChatError, Code
from chatroom.common.irc_message import parse_tags
from chatroom.common.language import mark
from chatroom.common.text import number
from chatroom.model.commands import AskHistory, AskSearch, AskTargets
from chatroom.model.limits import HISTORY_EVENTS_PER_ANSWER
from chatroom.model.outcomes import Command
from chatroom.model.social_commands import AskMentions
from chatroom.model.values import HistoryPoint
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.client_tags import MSGID
from chatroom.protocols.irc.event_lines import milliseconds
from chatroom.protocols.irc.history_replies import CHATHISTORY, PLAYBACK, SEARCH
from chatroom.protocols.irc.params import echo


class BadParameters(Exception):  # noqa: N818  # the client's error, not the program's
    """Parameters that make no sense. `args` are the parameters of the FAIL, its text last."""


class Subcommand(NamedTuple):
    """How many points in the history it takes, and the command that it becomes."""

    points: int
    ask: Callable[[str, list[HistoryPoint | None], int], AskHistory | AskTargets]


def chathistory(client: ClientState, params: list[str]) -> Iterator[Command]:
    if CHATHISTORY not in client.capabilities:
        raise ChatError(Code.UNKNOWN_COMMAND, "CHATHISTORY")
    verb = params[0].upper()
    try:
        ask = _ask(verb, params[1:])
    except BadParameters as error:
        *about, text = error.args
        yield client.fail("CHATHISTORY", "INVALID_PARAMS", echo(verb), *map(echo, about), text=text)
        return
    if isinstance(ask, AskHistory):
        ask = replace(ask, everything=PLAYBACK in client.capabilities)
    yield ask


def _ask(verb: str, params: list[str]) -> AskHistory | AskTargets:
    subcommand = _SUBCOMMANDS.get(verb)
    if subcommand is None:
        raise BadParameters(mark("Unknown command"))
    least = subcommand.points + (1 if verb == "TARGETS" else 2)
    if len(params) < least:
        raise BadParameters(mark("Insufficient parameters"))
    if len(params) > least:
        raise BadParameters(mark("Too many parameters"))
    target = "" if verb == "TARGETS" else params.pop(0)
    *points, limit = params
    count = number(limit, HISTORY_EVENTS_PER_ANSWER)
    if not count:
        raise BadParameters(limit, mark("Invalid limit"))
    found = [_point(point, verb) for point in points]
    return subcommand.ask(target, found, count)


def _point(text: str, verb: str) -> HistoryPoint | None:
    """The point that a parameter means; None for `*`."""
    kind, _, value = text.partition("=")
    if text == "*" and verb == "LATEST":
        return None
    if kind == "timestamp":
        return HistoryPoint(time=_time(value, text))
    if kind == "msgid" and verb != "TARGETS" and MSGID.fullmatch(value):
        return HistoryPoint(id=int(value, 16))
    raise BadParameters(text, mark("Invalid point in the history"))


def _time(value: str, text: str) -> int:
    """Milliseconds; raises `BadParameters` if it is no time as server-time has them."""
    try:
        return milliseconds(value)
    except ValueError:
        raise BadParameters(text, mark("Invalid timestamp")) from None


def _between(target: str, points: list[HistoryPoint | None], limit: int) -> AskHistory:
    """From the first point towards the second, which may be the earlier one: the history finds out."""
    return AskHistory(target, limit, after=points[0], before=points[1], newest=False, verb="BETWEEN")


def _targets(target: str, points: list[HistoryPoint | None], limit: int) -> AskTargets:
    first, second = points
    assert first and second
    ahead = first.time <= second.time
    return AskTargets(first if ahead else second, second if ahead else first, limit, newest=not ahead)


_SUBCOMMANDS: dict[str, Subcommand] = {
    "LATEST": Subcommand(1, lambda to, p, n: AskHistory(to, n, after=p[0], verb="LATEST")),
    "BEFORE": Subcommand(1, lambda to, p, n: AskHistory(to, n, before=p[0], verb="BEFORE")),
    "AFTER": Subcommand(1, lambda to, p, n: AskHistory(to, n, after=p[0], newest=False, verb="AFTER")),
    "AROUND": Subcommand(1, lambda to, p, n: AskHistory(to, n, around=p[0], verb="AROUND")),
    "BETWEEN": Subcommand(2, _between),
    "TARGETS": Subcommand(2, _targets),
}


def search(client: ClientState, params: list[str]) -> Iterator[Command]:
    """The attributes are written like message tags: soju.im/search."""
    if SEARCH not in client.capabilities:
        raise ChatError(Code.UNKNOWN_COMMAND, "SEARCH")
    wanted = parse_tags(params[0])
    limit = wanted.get("limit", str(HISTORY_EVENTS_PER_ANSWER))
    try:
        count = number(limit, HISTORY_EVENTS_PER_ANSWER)
        if count is None:
            raise BadParameters("limit", "")
        yield AskSearch(
            wanted.get("text", ""),
            count,
            newest="after" not in wanted,
            target=wanted.get("in", ""),
            by=wanted.get("from", ""),
            after=HistoryPoint(time=_time(wanted["after"], "after") - 1) if "after" in wanted else None,
            before=HistoryPoint(time=_time(wanted["before"], "before") + 1) if "before" in wanted else None,
        )
    except BadParameters as error:
        yield client.fail("SEARCH", "INVALID_PARAMS", echo(str(error.args[0])), text=mark("Invalid parameters"))


def mentions(client: ClientState, params: list[str]) -> Iterator[Command]:
    """Our own: it is answered like SEARCH."""
    yield AskMentions(HISTORY_EVENTS_PER_ANSWER)
