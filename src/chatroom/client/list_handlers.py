"""Handles lists that a server sends because the user has asked: rooms and servers."""

import re

from chatroom.client.parameters import param, text_of
from chatroom.client.screen_events import ListedRoom, RoomList
from chatroom.client.state import NAME_CHARACTERS_MAX, SessionState
from chatroom.common.irc_message import Message
from chatroom.common.language import tr
from chatroom.common.text import clean, number

_LISTED_ROOMS_MAX = 10_000  # of an answer to LIST; nobody reads more
_LISTED_TOPIC_CHARACTERS = 400
_LISTED_SERVERS_MAX = 1_000  # of an answer to LINKS
_HOPS = re.compile(r"^\d+ ?")  # before what a server says of itself
_LISTED_MODES = re.compile(r"\[\+(\w*)[^\]]*\] ?")  # before the topic: "[+k] topic"; empty where there are none


def on_list(state: SessionState, message: Message) -> None:
    people = param(message, 2)
    if len(state.awaited.listing) < _LISTED_ROOMS_MAX and len(param(message, 1)) <= NAME_CHARACTERS_MAX:
        topic = text_of(message)[:_LISTED_TOPIC_CHARACTERS]
        modes = _LISTED_MODES.match(topic)
        topic = topic[modes.end() :] if modes else topic
        people_here = number(people, 1_000_000) or 0
        state.awaited.listing.append(ListedRoom(param(message, 1), people_here, topic, modes[1] if modes else ""))


def on_list_end(state: SessionState, message: Message) -> None:
    rooms, state.awaited.listing = state.awaited.listing, []
    state.events.append(RoomList(tuple(sorted(rooms, key=lambda room: (-room.people, room.name)))))


def on_server_listed(state: SessionState, message: Message) -> None:
    """364: a server of the chat, its hops from ours (which nobody needs to know) and what it says of itself."""
    if len(state.awaited.servers) < _LISTED_SERVERS_MAX:
        about = _HOPS.sub("", text_of(message))[:_LISTED_TOPIC_CHARACTERS]
        state.awaited.servers.append((clean(param(message, 1))[:NAME_CHARACTERS_MAX], about))


def on_servers_end(state: SessionState, message: Message) -> None:
    servers, state.awaited.servers = state.awaited.servers, []
    if len(servers) == 1:
        state.inform(tr("{server} is the only server of this chat.", server=servers[0][0]))
    for name, about in servers if len(servers) > 1 else ():
        state.inform(tr("{server}: {about}", server=name, about=about))
