"""Renders history for one IRC client: past events, targets, and failures of CHATHISTORY and SEARCH.

A client that negotiated `batch` gets them in one; one with `server-time` gets each with its own time; one with neither
gets the time in the text, where its user can read it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from chatroom.common.clock import timestamp
from chatroom.common.errors import Code
from chatroom.common.language import mark
from chatroom.common.text import zoned
from chatroom.model.events import Event, Reacted, Said
from chatroom.model.replies import HistoryIs, TargetsAre
from chatroom.protocols.irc.reply_writer import ReplyWriter

CHATHISTORY = "draft/chathistory"
PLAYBACK = "draft/event-playback"
SEARCH = "soju.im/search"
FAILURES = {
    Code.NO_HISTORY: mark("Messages could not be retrieved"),
    Code.HISTORY_FAILED: mark("The history can't be read at the moment"),
    Code.NOTHING_KEPT: mark("No history is kept here"),
}
_BATCH = "h"


def history(to: ReplyWriter, reply: HistoryIs) -> Iterator[str]:
    """The lines for the answer to CHATHISTORY."""
    return _ending(to, events(to, reply.events, f"chathistory {reply.name}", reply.reactions), reply.is_end)


def _ending(to: ReplyWriter, lines: Iterator[str], is_end: bool) -> Iterator[str]:
    """Says at the start of a batch whether there is nothing more: IRCv3 draft/chathistory-end."""
    if is_end and to.capabilities >= {"batch", "message-tags"}:
        yield f"@draft/chathistory-end {next(lines)}"
    yield from lines


def events(to: ReplyWriter, past: Sequence[Event], batch: str, reactions: Iterable[Reacted] = ()) -> Iterator[str]:
    """The lines for past events, in a batch of that type (with its parameters) where the client knows batches.

    The reactions to them come last, with the time of the last event and without an id: whoever asks for what comes
    after the last line misses nothing.
    """
    last = past[-1].time if past else 0
    placed = [replace(reaction, id=0, time=last) for reaction in reactions]
    return to.batched(_BATCH, batch, _lines(to, [*past, *placed]))


def messages(to: ReplyWriter, said: Iterable[Said]) -> Iterator[str]:
    """The lines for messages that come late, each with its time; not in a batch, as they are news."""
    return _lines(to, said)


def targets(to: ReplyWriter, reply: TargetsAre) -> Iterator[str]:
    """The lines for CHATHISTORY TARGETS."""
    lines = (f":{to.server.name} CHATHISTORY TARGETS {name} {timestamp(time)}\r\n" for name, time in reply.targets)
    return _ending(to, to.batched(_BATCH, "draft/chathistory-targets", lines), reply.is_end)


def _lines(to: ReplyWriter, past: Iterable[Event]) -> Iterator[str]:
    """The lines for events in the client's format, with the time in the text if no tag tells it."""
    for event in past:
        if type(event) is Said and "server-time" not in to.capabilities:
            event = replace(event, text=f"[{zoned(event.time)}] {event.text}")  # noqa: PLW2901
        yield from [f"{line}\n" for line in to.format.render(event).decode().split("\n")[:-1]]


def failure(to: ReplyWriter, code: Code, command: str, target: str) -> str:
    """The line for one of `FAILURES`: `command` is CHATHISTORY's own, or SEARCH."""
    if command == "SEARCH":
        about = ["SEARCH", *(["INVALID_PARAMS", "in"] if code is Code.NO_HISTORY else ["INTERNAL_ERROR"])]
    else:
        about = ["CHATHISTORY", "INVALID_TARGET" if code is Code.NO_HISTORY else "MESSAGE_ERROR", command, target]
    return to.standard("FAIL", *filter(None, about), to.tr(FAILURES[code]))
