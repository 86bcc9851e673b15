"""Reads messages of many lines, which a client sends as a batch: `ircv3.net/specs/extensions/multiline`.

    BATCH +1 draft/multiline #room
    @batch=1 PRIVMSG #room :one
    @batch=1;draft/multiline-concat PRIVMSG #room : line, cut by the client
    BATCH -1

The batch is one message, which is said when it ends. After a mistake, which is told once, the rest of it is ignored.
"""

from collections.abc import Iterator

from chatroom.common.errors import ChatError
from chatroom.common.irc_message import Message
from chatroom.common.language import mark
from chatroom.common.text import CTCP, CUT, FEED
from chatroom.model.commands import Say
from chatroom.model.outcomes import Command, Labelled
from chatroom.model.replies import Refused
from chatroom.model.values import MessageKind
from chatroom.protocols.irc.batch import Batch
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.client_tags import answered
from chatroom.protocols.irc.params import echo
from chatroom.protocols.password_slips import refuse_slips

MULTILINE_LINES = 32  # in a message of many lines: as much as a screen shows
MULTILINE_BYTES = 4096  # in it, likewise

MULTILINE = "draft/multiline"
LIMITS = f"max-bytes={MULTILINE_BYTES},max-lines={MULTILINE_LINES}"
_CONCAT = "draft/multiline-concat"
_KINDS = {"PRIVMSG": MessageKind.MESSAGE, "NOTICE": MessageKind.NOTICE}


def batch(client: ClientState, params: list[str]) -> Iterator[Command]:
    """BATCH opens or ends a batch; a client has one open at a time."""
    name = params[0][1:]
    if params[0].startswith("+") and len(params) == 3 and params[1] == MULTILINE and not client.batch:
        client.batch = Batch(name, params[2], client.label, client.tags)
    elif params[0].startswith("-") and client.batch and client.batch.name == name:
        ended, client.batch = client.batch, None
        if not ended.failed:
            yield from _say(client, ended)
    else:
        yield _labelled(
            client.label, client.fail("BATCH", "MULTILINE_INVALID", text=mark("That batch makes no sense here"))
        )


def line(client: ClientState, message: Message) -> Iterator[Command]:
    """One line of a batch."""
    open_ = client.batch
    if open_ is None or open_.name != message.tags["batch"]:
        yield client.fail("BATCH", "MULTILINE_INVALID", text=mark("There is no such batch"))
    elif not open_.failed:
        fault = _fault(client, open_, message)
        if fault:
            open_.failed = True
            yield _labelled(open_.label, client.fail("BATCH", *fault, text=mark("That message was not sent")))


def _fault(client: ClientState, batch: Batch, message: Message) -> tuple[str, ...]:
    """Adds a line to the batch; or returns the code and parameters of a FAIL, if something is wrong with it."""
    kind = _KINDS.get(message.command)
    if kind is None or len(message.params) != 2 or batch.kind not in (None, kind):
        return ("MULTILINE_INVALID",)
    target, text = message.params
    concat = _CONCAT in message.tags
    if target != batch.target:
        return "MULTILINE_INVALID_TARGET", echo(batch.target), echo(target)
    if CTCP in text or (concat and not text):
        return ("MULTILINE_INVALID",)
    batch.text += text if not batch.lines else (CUT if concat else FEED) + text
    batch.kind = kind
    batch.lines += 1
    if batch.lines > MULTILINE_LINES:
        return "MULTILINE_MAX_LINES", str(MULTILINE_LINES)
    if batch.size() > MULTILINE_BYTES:
        return "MULTILINE_MAX_BYTES", str(MULTILINE_BYTES)
    return ()


def fail(client: ClientState, name: str) -> None:
    """Drops the batch, of which a line could not be read: no message is said with a hole in it."""
    if client.batch and client.batch.name == name:
        client.batch.failed = True


def _say(client: ClientState, batch: Batch) -> Iterator[Command]:
    if batch.kind is None or not batch.text.strip(FEED + CUT + " "):
        yield _labelled(batch.label, client.fail("BATCH", "MULTILINE_INVALID", text=mark("There is nothing to send")))
        return
    try:
        refuse_slips(batch.text)
        said: Command = Say(batch.target, batch.text, batch.kind, batch.tags, answered(batch.tags))
    except ChatError as error:
        said = Refused(error)
    yield _labelled(batch.label, said)


def _labelled(label: str, command: Command) -> Command:
    return Labelled(label, iter([command])) if label else command
