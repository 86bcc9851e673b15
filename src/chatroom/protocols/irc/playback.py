"""Renders history for one IRC client: past events, targets, and failures of CHATHISTORY and SEARCH.

A client that negotiated `batch` gets them in one; one with `server-time` gets each with its own time; one with neither
gets the time in the text, where its user can read it.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from chatroom.common.errors import Code
from chatroom.common.text import zoned
from chatroom.model.audience import Format
from chatroom.model.events import Event, Said
from chatroom.model.replies import TargetsAre
from chatroom.protocols.irc.format import timestamp

CHATHISTORY = "draft/chathistory"
PLAYBACK = "draft/event-playback"
SEARCH = "soju.im/search"
FAILURES = {
    Code.NO_HISTORY: "Messages could not be retrieved",
    Code.HISTORY_FAILED: "The history can't be read at the moment",
    Code.NOTHING_KEPT: "No history is kept here",
}
_BATCH = "h"  # batches of a client never overlap, so one name will do


def events(past: Iterable[Event], batch: str, server: str, capabilities: Set[str], form: Format) -> Iterator[str]:
    """The lines for these events, in a batch of that type (with its parameters) where the client knows batches."""
    return batched(_lines(past, "server-time" in capabilities, form), batch, server, capabilities)


def targets(reply: TargetsAre, server: str, capabilities: Set[str]) -> Iterator[str]:
    lines = (f":{server} CHATHISTORY TARGETS {name} {timestamp(time)}\r\n" for name, time in reply.targets)
    return batched(lines, "draft/chathistory-targets", server, capabilities)


def batched(lines: Iterable[str], batch: str, server: str, capabilities: Set[str]) -> Iterator[str]:
    if "batch" not in capabilities:
        yield from lines
        return
    yield f":{server} BATCH +{_BATCH} {batch}\r\n"
    for line in lines:
        if line.startswith("@batch="):  # a line of a message of many, which is a batch in this one
            yield line
        else:
            yield f"@batch={_BATCH};{line[1:]}" if line.startswith("@") else f"@batch={_BATCH} {line}"
    yield f":{server} BATCH -{_BATCH}\r\n"


def _lines(events: Iterable[Event], timed: bool, form: Format) -> Iterator[str]:
    """The lines of these events in the client's format; with the time in the text if no tag tells it."""
    for event in events:
        if type(event) is Said and not timed:
            event = replace(event, text=f"[{zoned(event.time)}] {event.text}")  # noqa: PLW2901
        yield from [f"{line}\n" for line in form.render(event).decode().split("\n")[:-1]]


def failure(code: Code, command: str, target: str, server: str) -> str:
    """The line for one of `FAILURES`: `command` is CHATHISTORY's own, or SEARCH."""
    if command == "SEARCH":
        about = ["SEARCH", *(["INVALID_PARAMS", "in"] if code is Code.NO_HISTORY else ["INTERNAL_ERROR"])]
    else:
        about = ["CHATHISTORY", "INVALID_TARGET" if code is Code.NO_HISTORY else "MESSAGE_ERROR", command, target]
    return f":{server} FAIL {' '.join(filter(None, about))} :{FAILURES[code]}\r\n"
