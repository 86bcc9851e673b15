"""Reads what clients say: PRIVMSG, NOTICE, TAGMSG."""

from collections.abc import Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.common.graphemes import has_longer_word
from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.names import NICK_BYTES, SERVICE, fold
from chatroom.common.text import CTCP
from chatroom.model.commands import Say
from chatroom.model.outcomes import Command
from chatroom.model.values import MessageKind
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.client_tags import answered, of_tagmsg
from chatroom.protocols.irc.event_lines import VERBS
from chatroom.protocols.irc.handlers.nickserv import nickserv
from chatroom.protocols.irc.limits import HOST_CHARACTERS, TARGETS_PER_COMMAND, USERNAME_CHARACTERS
from chatroom.protocols.irc.params import targets
from chatroom.protocols.limits import MESSAGE_BYTES
from chatroom.protocols.password_slips import refuse_slips

# Bytes that what a client sends may grow by when others are told of it: its mask, a colon and a space. Every message
# that leaves room for the longest mask can be told to anybody in one line.
SHORT = LINE_BYTES - 2 - (NICK_BYTES + len("!@") + USERNAME_CHARACTERS + HOST_CHARACTERS + len(": "))

_SERVICE = fold(SERVICE)
_ACTION = f"{CTCP}ACTION "
SAYING = frozenset({"PRIVMSG", "NOTICE"})  # the text of these may be longer than a line


def privmsg(client: ClientState, params: list[str]) -> Iterator[Command]:
    return _message(client, params, MessageKind.MESSAGE)


def notice(client: ClientState, params: list[str]) -> Iterator[Command]:
    return _message(client, params, MessageKind.NOTICE)


def _message(client: ClientState, params: list[str], kind: MessageKind) -> Iterator[Command]:
    if len(params) < 2 or not params[1]:
        raise ChatError(Code.NO_TEXT)
    text = params[1]
    size = len(text.encode())
    if size > MESSAGE_BYTES or size * (params[0].count(",") + 1) > TARGETS_PER_COMMAND * LINE_BYTES:
        raise ChatError(Code.LINE_TOO_LONG)  # what one line causes is bounded: many targets get short messages
    if kind is MessageKind.MESSAGE and text.startswith(_ACTION):
        kind, text = MessageKind.ACTION, text.removeprefix(_ACTION).removesuffix(CTCP)
    if size + len(params[0].encode()) > SHORT - len("PRIVMSG  :"):
        _require_can_be_told(client, kind, params[0], text)
    answers = answered(client.tags) if client.tags else 0
    for target in targets(params[0]):
        if fold(target) == _SERVICE:
            if kind is MessageKind.MESSAGE:  # notices are never answered: RFC 2812 §3.3.2
                yield from nickserv(client, [text])
        else:
            if kind is MessageKind.MESSAGE:
                refuse_slips(text)
            yield Say(target, text, kind, client.tags, answers)


def _require_can_be_told(client: ClientState, kind: MessageKind, target: str, text: str) -> None:
    """Raises `ChatError` if a text can't be told in lines that are cut between words (417).

    A word that is longer than a line is refused, not cut, and so is what is for programs, as they need all of it.
    """
    longest = max(len(name.encode()) for name in target.split(","))
    frame = f":{client.viewer.mask} {VERBS[kind]}  :{f'{_ACTION}{CTCP}' if kind is MessageKind.ACTION else ''}"
    room = LINE_BYTES - 2 - len(frame.encode()) - longest
    if len(text.encode()) <= room:
        return
    if CTCP in text and kind is not MessageKind.ACTION:
        raise ChatError(Code.LINE_TOO_LONG)
    if has_longer_word(text, room):
        raise ChatError(Code.WORD_TOO_LONG)


def is_for_service(param: str) -> bool:
    """Whether one of the targets is NickServ, who is told passwords."""
    return _SERVICE in fold(param).split(",")


def tagmsg(client: ClientState, params: list[str]) -> Iterator[Command]:
    """IRCv3 message-tags; without client-only tags there is nothing to pass on."""
    if "message-tags" not in client.capabilities:
        raise ChatError(Code.UNKNOWN_COMMAND, "TAGMSG")
    if client.tags:
        for target in targets(params[0]):
            yield of_tagmsg(target, client.tags)
