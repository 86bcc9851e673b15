"""Whom we ignore: the server keeps from us what they say to us alone, by SILENCE, and remembers it with our account."""

import re

from chatroom.client.parameters import param, text_of
from chatroom.client.state import SessionState
from chatroom.common.irc_message import Message
from chatroom.common.language import tr
from chatroom.common.text import clean

_IGNORED_MAX = 1_000  # that are remembered; servers have 100
_ACCOUNT = re.compile(r"^\W?a:(?=.)")  # before the name of an account that is ignored


def can_ignore(state: SessionState) -> bool:
    return "SILENCE" in state.isupport


def is_ignored(state: SessionState, nick: str) -> bool:
    return state.fold(nick) in state.ignored


def ask(state: SessionState) -> None:
    """Asks once whom we ignore, so that menus offer what can be done. The answer is not shown."""
    if state.is_registered and can_ignore(state) and not state.has_asked_ignored:
        state.has_asked_ignored = state.awaits_ignored = True
        state.send(Message("SILENCE"))


def _named(mask: str) -> str:
    """Whom a mask means: bob of bob!*@*, and of the account a:bob."""
    return _ACCOUNT.sub("", mask.removesuffix("!*@*"))


def _note(state: SessionState, who: str, is_ignored: bool) -> None:
    if not is_ignored:
        state.ignored.discard(state.fold(who))
    elif len(state.ignored) < _IGNORED_MAX:
        state.ignored.add(state.fold(who))


def on_ignored(state: SessionState, message: Message) -> None:
    """SILENCE: whom we ignore from now on, or no more."""
    for index in range(len(message.params)):
        change = param(message, index)
        if change[:1] not in ("+", "-"):
            continue  # elsewhere the last one says what is not heard: "CciNnPpTt"
        who, is_ignored = _named(change[1:]), change[0] == "+"
        _note(state, who, is_ignored)
        if is_ignored:
            state.inform(tr("You hear nothing more of what {who} says to you alone.", who=who))
        else:
            state.inform(tr("You hear {who} again.", who=who))


def on_listed(state: SessionState, message: Message) -> None:
    """271: one of those whom we ignore. Elsewhere there is more behind the mask."""
    who = _named(next((clean(word) for word in message.params if "!" in word), text_of(message)))
    _note(state, who, True)
    if not state.awaits_ignored:
        state.inform(tr("You ignore {who}.", who=who))


def on_list_end(state: SessionState, message: Message) -> None:
    """272: there are no more."""
    if not state.awaits_ignored:
        state.inform(tr("These are all whom you ignore."))
    state.awaits_ignored = False
