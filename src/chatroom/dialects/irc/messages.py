"""What clients say: PRIVMSG, NOTICE, TAGMSG."""

from collections.abc import Iterator

from chatroom import events as ev
from chatroom.clusters import has_longer_word
from chatroom.dialects.irc.accounts import nickserv
from chatroom.dialects.irc.client import Client
from chatroom.dialects.irc.words import targets
from chatroom.errors import ChatError, Code
from chatroom.events import Command, Kind
from chatroom.ircwire import LINE_BYTES
from chatroom.limits import HOST_LENGTH, MESSAGE_BYTES, NICK_BYTES, TARGETS, USERNAME_LENGTH
from chatroom.names import SERVICE, fold
from chatroom.slips import refuse_slips
from chatroom.text import CTCP

# Bytes that what a client sends may grow by when others are told of it: its mask, a colon and a space. Every message
# that leaves room for the longest mask can be told to anybody in one line.
SHORT = LINE_BYTES - 2 - (NICK_BYTES + len("!@") + USERNAME_LENGTH + HOST_LENGTH + len(": "))

_SERVICE = fold(SERVICE)
_ACTION = f"{CTCP}ACTION "
VERBS = {Kind.MESSAGE: "PRIVMSG", Kind.ACTION: "PRIVMSG", Kind.NOTICE: "NOTICE"}
SAYING = frozenset(VERBS.values())  # the text of these may be longer than a line


def privmsg(client: Client, params: list[str]) -> Iterator[Command]:
    return _message(client, params, Kind.MESSAGE)


def notice(client: Client, params: list[str]) -> Iterator[Command]:
    return _message(client, params, Kind.NOTICE)


def _message(client: Client, params: list[str], kind: Kind) -> Iterator[Command]:
    if len(params) < 2 or not params[1]:
        raise ChatError(Code.NO_TEXT)
    text = params[1]
    size = len(text.encode())
    if size > MESSAGE_BYTES or size * (params[0].count(",") + 1) > TARGETS * LINE_BYTES:
        raise ChatError(Code.LINE_TOO_LONG)  # what one line causes is bounded: many targets get short messages
    if kind is Kind.MESSAGE and text.startswith(_ACTION):
        kind, text = Kind.ACTION, text.removeprefix(_ACTION).removesuffix(CTCP)
    if size + len(params[0].encode()) > SHORT - len("PRIVMSG  :"):
        _must_be_told(client, kind, params[0], text)
    for target in targets(params[0]):
        if fold(target) == _SERVICE:
            if kind is Kind.MESSAGE:  # notices are never answered: RFC 2812 §3.3.2
                yield from nickserv(client, [text])
        else:
            if kind is Kind.MESSAGE:
                refuse_slips(text)
            yield ev.Say(target, text, kind, client.tags)


def _must_be_told(client: Client, kind: Kind, target: str, text: str) -> None:
    """Raises `ChatError` if a text can't be told in lines that are cut between words (417).

    A word that is longer than a line is refused, not cut, and so is what is for programs, as they need all of it.
    """
    longest = max(len(name.encode()) for name in target.split(","))
    frame = f":{client.viewer.mask} {VERBS[kind]}  :{f'{_ACTION}{CTCP}' if kind is Kind.ACTION else ''}"
    room = LINE_BYTES - 2 - len(frame.encode()) - longest
    if len(text.encode()) <= room:
        return
    if CTCP in text and kind is not Kind.ACTION:
        raise ChatError(Code.LINE_TOO_LONG)
    if has_longer_word(text, room):
        raise ChatError(Code.WORD_TOO_LONG)


def is_for_service(param: str) -> bool:
    """Whether one of the targets is NickServ, who is told passwords."""
    return _SERVICE in fold(param).split(",")


def tagmsg(client: Client, params: list[str]) -> Iterator[Command]:
    """IRCv3 message-tags; without client-only tags there is nothing to pass on."""
    if "message-tags" not in client.capabilities:
        raise ChatError(Code.UNKNOWN_COMMAND, "TAGMSG")
    if client.tags:
        for target in targets(params[0]):
            yield ev.Say(target, "", Kind.TAGS, client.tags)
