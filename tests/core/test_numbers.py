"""Every number that a client gives has a bound where it is read, however many digits it has."""

import pytest

from chatroom.common.text import number
from chatroom.core import restore
from chatroom.model.commands import AskHistory, AskRooms, AskSearch, AskWhowas
from chatroom.model.entities import Account
from chatroom.model.limits import HISTORY_EVENTS_PER_ANSWER, WHOWAS_KEPT
from chatroom.model.modes import MEMBER_LIMIT_MAX, SLOW_MODE_MAX_SECONDS, bounded
from chatroom.model.outcomes import Command
from tests.chat import Chat, Client
from tests.client.script import MODERN, Script

LONG = "9" * 5000  # digits: more than Python takes for a number


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *[("0", 0), ("7", 7), ("100", 100), ("101", 100), ("0000007", 7), ("0" * 5000 + "7", 7), (LONG, 100)],
        *[("", None), ("-1", None), ("+1", None), ("1.5", None), ("1_0", None), ("²", None), ("x", None), ("٧", 7)],
    ],
)
def test_a_number_is_bounded(text: str, found: int | None) -> None:
    """What is more than the bound is the bound; what is no number is none."""
    assert number(text, 100) == found


@pytest.fixture
def room() -> tuple[Chat, Client, Client]:
    """A chat with op and bob in #r."""
    chat = Chat()
    return chat, chat.irc("op", "batch", "draft/chathistory", "soju.im/search", room="#r"), chat.irc("bob", room="#r")


@pytest.mark.parametrize("letter", ["W", "l"])
@pytest.mark.parametrize("digits", ["0000003600" + "9" * 400, "9" * 450, "0", "00", "-5", "1.5", "²"])
def test_a_modes_number_beyond_its_bound_is_refused(
    room: tuple[Chat, Client, Client], letter: str, digits: str
) -> None:
    """696; nothing is set, and whoever speaks next is heard."""
    chat, op, bob = room
    op.heard()
    assert [line.split()[1] for line in op.send(f"MODE #r +{letter} {digits}").heard()] == ["696"]
    assert letter not in chat.hub.state.rooms["#r"].modes
    bob.send("PRIVMSG #r :one", "PRIVMSG #r :two")
    assert len(op.heard()) == 2


def test_a_modes_number_is_kept_as_it_is_read(room: tuple[Chat, Client, Client]) -> None:
    """Whatever stands before it; the most that may be is taken."""
    chat, op, bob = room
    op.send(f"MODE #r +Wl {SLOW_MODE_MAX_SECONDS:09d} {MEMBER_LIMIT_MAX:020d}")
    modes = chat.hub.state.rooms["#r"].modes
    assert (modes["W"], modes["l"]) == (str(SLOW_MODE_MAX_SECONDS), str(MEMBER_LIMIT_MAX))
    bob.heard()
    bob.send("PRIVMSG #r :one", "PRIVMSG #r :two")
    assert "one message every 1h, yours may follow in 1h" in bob.heard()[-1]


def commands(client: Client, line: str) -> list[Command]:
    return list(client.dialect.receive(f"{line}\r\n".encode()))


@pytest.mark.parametrize("digits", ["9" * 200, "0" * 20 + "9999999"])
def test_counts_are_as_much_as_there_may_be(room: tuple[Chat, Client, Client], digits: str) -> None:
    """Of history, searches, people that have gone; and in filters."""
    _, op, _ = room
    [asked] = commands(op, f"CHATHISTORY LATEST #r * {digits}")
    assert isinstance(asked, AskHistory) and asked.limit == HISTORY_EVENTS_PER_ANSWER
    [search] = commands(op, f"SEARCH limit={digits};text=tea")
    assert isinstance(search, AskSearch) and search.limit == HISTORY_EVENTS_PER_ANSWER
    [whowas] = commands(op, f"WHOWAS bob {digits}")
    assert whowas == AskWhowas("bob", WHOWAS_KEPT)
    [rooms] = commands(op, f"LIST <{digits},C>{digits}")
    assert isinstance(rooms, AskRooms) and not rooms.rooms  # they are filters, and no room's name
    assert max(*rooms.people[1:], *rooms.age[:1]) < 1 << 62
    [said_before] = Chat().plain("carol").dialect.receive(f"/history {digits}\n".encode())
    assert isinstance(said_before, AskHistory) and said_before.limit == HISTORY_EVENTS_PER_ANSWER


def test_zeros_in_front_count_for_nothing(room: tuple[Chat, Client, Client]) -> None:
    """However many they are."""
    [asked] = commands(room[1], f"CHATHISTORY LATEST #r * {'0' * 20}5")
    assert isinstance(asked, AskHistory) and asked.limit == 5


def test_old_files_are_bounded_when_they_are_loaded() -> None:
    """A version before this one took longer numbers."""
    chat = Chat()
    accounts = [Account("alice", "secret", 1, 1)]
    kept = {"#r": {"n": "", "W": "0000003600" + "9" * 400, "l": LONG, "t": ""}, "#s": {"W": "x", "k": "key"}}
    restore.accounts(chat.hub.state, accounts, {"#r": "alice", "#s": "alice"}, kept)
    assert list(chat.hub.state.kept["#r"].items()) == [
        ("n", ""),
        ("W", str(SLOW_MODE_MAX_SECONDS)),
        ("l", str(MEMBER_LIMIT_MAX)),
        ("t", ""),
    ]
    assert chat.hub.state.kept["#s"] == {"k": "key"}
    assert bounded({"W": "60", "n": ""}) == {"W": "60", "n": ""}


@pytest.mark.parametrize("digits", ["²", LONG, "", "-1", "x"])
def test_a_servers_numbers_trouble_no_client(digits: str) -> None:
    """Whatever it says how long its lines are, how much history it gives and how many people are in a room."""
    script = Script(capabilities=MODERN)
    script.session.connected(script.send)
    script.feed(f":irc CAP * LS :{MODERN}", f":irc CAP * ACK :{MODERN}", ":irc 001 me :Welcome")
    script.feed(f":irc 005 me CHATHISTORY={digits} LINELEN={digits} :are supported by this server")
    script.joined("#lobby")
    assert script.state.say(script.lobby, "hello")[0].text == "hello"
    script.feed(":irc 321 me Channel :Users  Name", f":irc 322 me #r {digits or 0} :tea", ":irc 323 me :End")
    assert [line for line in script.sent if line.startswith("CHATHISTORY")]
