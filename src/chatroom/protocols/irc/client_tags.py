"""The tags by which clients answer a message, and react to it: IRCv3 client-tags/reply and client-tags/react.

The name of the first was a draft once. Clients write either name, so both are read; and what the server writes itself
has both. What a client has written is passed on as it is.
"""

import re
from collections.abc import Mapping

from chatroom.common.irc_message import parse_tags, render_tags
from chatroom.model.commands import Say
from chatroom.model.events import Reacted
from chatroom.model.social_commands import React
from chatroom.model.values import MessageKind, Quote
from chatroom.protocols.reaction_texts import require_reaction

MSGID = re.compile("[0-9a-f]{1,15}")  # of events
_REPLY = ("+reply", "+draft/reply")
_REACT, _UNREACT = "+draft/react", "+draft/unreact"


def answered(tags: str) -> int:
    """The id of the message that these tags answer; 0 if there is none, or it can't be one of this server's."""
    return _answered(parse_tags(tags)) if "reply=" in tags else 0


def _answered(tags: Mapping[str, str]) -> int:
    msgid = next((tags[name] for name in _REPLY if name in tags), "")
    return int(msgid, 16) if MSGID.fullmatch(msgid) else 0


def of_tagmsg(target: str, tags: str) -> React | Say:
    """What a TAGMSG means. A reaction to no message of this server's is passed on like any other tag.

    Raises `ChatError` for a reaction that can't be shown.
    """
    found = parse_tags(tags)
    to, name = _answered(found), next((name for name in (_REACT, _UNREACT) if name in found), "")
    if not (to and name):
        return Say(target, "", MessageKind.TAGS, tags)
    return React(target, to, require_reaction(target, found[name]), on=name == _REACT, tags=tags)


def reply_tags(quote: Quote) -> str:
    return render_tags(dict.fromkeys(_REPLY, f"{quote.id:x}"))


def reaction_tags(event: Reacted) -> str:
    to = dict.fromkeys(_REPLY, f"{event.quote.id:x}")
    return render_tags({_REACT if event.on else _UNREACT: event.reaction, **to})
