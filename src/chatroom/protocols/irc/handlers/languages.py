"""Reads LANGUAGE, by which a client chooses the language that its user reads: draft/languages, as Ergo has it."""

from collections.abc import Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import tags
from chatroom.model.outcomes import Command
from chatroom.model.preferences import SetLanguage
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.client_state import ClientState

LANGUAGES = "draft/languages"


def offered() -> str:
    """The value of the capability: how many there are, and which."""
    return ",".join([str(len(tags())), *tags()])


def language(client: ClientState, params: list[str]) -> Iterator[Command]:
    """The first counts. A ~, by which a client shows that one is not translated wholly, is ignored."""
    if len(params) > len(tags()):
        yield client.say(numerics.ERR_TOOMANYLANGUAGES, len(tags()))
        return
    asked = [param.removeprefix("~") for param in params]
    wanted = tuple(dict.fromkeys(tag for tag in asked if tag and " " not in tag))
    if not wanted:
        raise ChatError(Code.TOO_FEW_PARAMETERS, "LANGUAGE")
    yield SetLanguage(wanted)
