"""The roll of a room, which is kept from one who joins to the next: they are told of everybody as they are now."""

from collections.abc import Callable

import pytest

from tests.chat import Chat, Client


def names_told(newcomer: Client, room: str) -> list[str]:
    """The names on the lines of RPL_NAMREPLY that this client is told when it joins."""
    newcomer.send(f"JOIN {room}")
    return [name for line in newcomer.heard() if " 353 " in line for name in line.rpartition(" :")[2].split()]


HAPPENINGS: dict[str, tuple[Callable[[Client, Client], object], list[str]]] = {
    "nothing": (lambda op, bob: None, ["@op", "bob"]),
    "a rename": (lambda op, bob: bob.send("NICK robert"), ["@op", "robert"]),
    "a voice": (lambda op, bob: op.send("MODE #a +v bob"), ["@op", "+bob"]),
    "an operator more": (lambda op, bob: op.send("MODE #a +vo bob bob"), ["@op", "@bob"]),
    "an operator less": (lambda op, bob: op.send("MODE #a -o op"), ["op", "bob"]),
    "a part": (lambda op, bob: bob.send("PART #a"), ["@op"]),
    "a kick": (lambda op, bob: op.send("KICK #a bob"), ["@op"]),
    "a departure": (lambda op, bob: bob.leave(), ["@op"]),
    "one who left and came back": (lambda op, bob: op.send("PART #a", "JOIN #a"), ["bob", "op"]),
}


@pytest.mark.parametrize("what", HAPPENINGS)
def test_who_joins_is_told_of_all_as_they_are_now(what: str) -> None:
    """The one before was told of them as they were."""
    happens, left = HAPPENINGS[what]
    chat = Chat()
    op, bob = chat.irc("op", room="#a"), chat.irc("bob", room="#a")
    assert names_told(chat.irc("first"), "#a") == ["@op", "bob", "first"]
    happens(op, bob)
    there = sorted([*left, "first"])
    assert sorted(names_told(chat.irc("second"), "#a")) == sorted([*there, "second"])
    assert sorted(names_told(chat.irc("third"), "#a")) == sorted([*there, "second", "third"])


def test_each_is_told_in_the_form_that_they_have_asked_for() -> None:
    """Who joins later, too: in each form the roll goes on."""
    chat = Chat()
    op = chat.irc("op", room="#a").send("MODE #a +v op")
    host = op.user.person.host if op.user else ""
    mask = f"op!u@{host}"
    told = {(): "@op", ("multi-prefix",): "@+op", ("userhost-in-names",): f"@{mask}"}
    told["multi-prefix", "userhost-in-names"] = f"@+{mask}"
    for turn in range(2):
        for number, (capabilities, name) in enumerate(told.items()):
            nick = f"guest{turn}{number}"
            names = names_told(chat.irc(nick, *capabilities), "#a")
            assert names[0] == name
            assert names[-1] == (f"{nick}!u@{host}" if "userhost-in-names" in capabilities else nick)
            assert len(names) == 2 + turn * len(told) + number
