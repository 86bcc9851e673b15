"""Reads METADATA: IRCv3 draft/metadata-3."""

from collections.abc import Callable, Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import mark
from chatroom.model.limits import METADATA_KEYS, METADATA_VALUE_BYTES
from chatroom.model.outcomes import Command
from chatroom.model.replies import MetadataIs
from chatroom.model.social_commands import AskMetadata, ClearMetadata, FollowKeys, SetMetadata
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.metadata_replies import METADATA
from chatroom.protocols.irc.params import echo


def metadata(client: ClientState, params: list[str]) -> Iterator[Command]:
    if METADATA not in client.capabilities:
        raise ChatError(Code.UNKNOWN_COMMAND, "METADATA")
    target, verb, *rest = params
    make = _SUBCOMMANDS.get(verb.upper())
    if make is None or (not rest and verb.upper() in _WITH_KEY):
        yield client.fail("METADATA", "SUBCOMMAND_INVALID", echo(verb), text=mark("That makes no sense"))
        return
    command = make(target, rest)
    if client.viewer.nick or isinstance(command, FollowKeys):
        yield command
    else:
        yield _kept(client, command)


def _kept(client: ClientState, command: Command) -> Command:
    """What somebody sets about themselves before they have a name, which follows when they have one."""
    if not isinstance(command, SetMetadata) or command.target != "*":
        raise ChatError(Code.NOT_REGISTERED)
    if command.key not in METADATA_KEYS:
        raise ChatError(Code.METADATA_KEY, command.key)
    if len((command.value or "").encode()) > METADATA_VALUE_BYTES:
        raise ChatError(Code.METADATA_VALUE, command.key)
    client.metadata[command.key] = command.value
    return MetadataIs("*", ((command.key, command.value),))


def set_before(client: ClientState) -> Iterator[Command]:
    """Sets that, and tells what is set; for who has just come in."""
    before, client.metadata = client.metadata, {}
    for key, value in before.items():
        if value is not None:
            yield SetMetadata("*", key, value)
    if before:
        yield AskMetadata("*")


_WITH_KEY = {"GET", "SET", "SUB", "UNSUB"}
_SUBCOMMANDS: dict[str, Callable[[str, list[str]], Command]] = {
    "GET": lambda target, keys: AskMetadata(target, tuple(keys)),
    "LIST": lambda target, rest: AskMetadata(target),
    "SYNC": lambda target, rest: AskMetadata(target, subscribed=True),
    "SET": lambda target, rest: SetMetadata(target, rest[0], rest[1] if len(rest) > 1 else None),
    "CLEAR": lambda target, rest: ClearMetadata(target),
    "SUB": lambda target, keys: FollowKeys(tuple(keys)),
    "UNSUB": lambda target, keys: FollowKeys(tuple(keys), on=False),
    "SUBS": lambda target, rest: FollowKeys(),
}
