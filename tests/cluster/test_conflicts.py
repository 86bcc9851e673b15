"""What was decided at one moment, and has its place in the stream at a later one."""

import pytest

from chatroom.cluster.conflicts import settle
from chatroom.core.permissions import ROOMS_LOOKED_AT_ONCE
from chatroom.model.departure_reasons import TOO_SLOW
from chatroom.model.events import Departed
from chatroom.model.values import ListEntry
from tests.chat import Chat, Client

MASK = "*and?rer!*@*"


def muted(chat: Chat, rooms: int) -> Client:
    """Somebody who may speak in none of so many rooms."""
    client = chat.irc("wanderer")
    for number in range(rooms):
        client.send(f"JOIN #{number}")
        room = chat.hub.state.rooms[f"#{number}"]
        room.ranks.clear()
        room.lists["b"][f"m:{MASK}"] = ListEntry(f"m:{MASK}", "x!y@z", 1)
        room.refresh_speech_checks()
    return client


def gone(chat: Chat, client: Client, reason: str) -> Departed:
    """They leave, and it has been given its place."""
    assert client.user
    departed = Departed(client.user.person, reason, ())
    assert settle(chat.hub.state, departed) is None
    return departed


@pytest.mark.parametrize(("reason", "shown"), [("shame on you", ""), ("", ""), (TOO_SLOW, TOO_SLOW)])
def test_who_was_muted_meanwhile_has_no_last_word(reason: str, shown: str) -> None:
    """What the server itself says of them stays."""
    chat = Chat()
    departed = gone(chat, muted(chat, ROOMS_LOOKED_AT_ONCE), reason)
    assert departed.reason == shown
    assert len(departed.rooms) == ROOMS_LOOKED_AT_ONCE


def test_who_is_in_many_rooms_is_held_against_no_lists_when_they_leave() -> None:
    """It would take long on each server, and was looked at when it was decided."""
    chat = Chat()
    client = muted(chat, ROOMS_LOOKED_AT_ONCE + 1)
    assert client.user
    departed = gone(chat, client, "bye")
    assert departed.reason == "bye"
    assert not any(room.has_verdict(client.user.person) for room in client.user.rooms.values())
