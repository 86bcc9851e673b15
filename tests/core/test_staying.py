"""Staying in one's rooms without a device, for who has asked for that."""

import re

import pytest

from chatroom.core import staying
from chatroom.model.commands import FreeAccounts
from chatroom.model.entities import user_of
from chatroom.model.modes import OPERATOR
from chatroom.model.state import ChatState
from chatroom.model.values import Standing
from tests.chat import Chat, Client

CAPS = ("message-tags", "standard-replies", "draft/persistence")
PASSWORD = "correct-horse"


@pytest.fixture
def chat() -> Chat:
    return Chat()


def claim(chat: Chat, name: str = "alice", room: str = "#a") -> Client:
    """Somebody who stays, with an IRC client in a room."""
    client = chat.irc(name, *CAPS, room=room)
    client.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    assert client.send("PERSISTENCE SET ON").heard()[-1] == ":chatroom.test PERSISTENCE STATUS ON ON"
    return client


def come(chat: Chat, name: str = "alice", *caps: str) -> Client:
    client = chat.irc()
    client.send(*([f"CAP REQ :{' '.join(caps)}", "CAP END"] if caps else []))
    client.send(f"PASS {name}:{PASSWORD}", f"NICK {name}", "USER u 0 * :r")
    assert client.account == name
    return client


def state_of(chat: Chat) -> ChatState:
    return chat.hub.state


def test_who_stays_is_away_in_their_rooms_and_back_with_the_next_device(chat: Chat) -> None:
    """Nobody is told that they leave or join; what was said meanwhile they are shown."""
    bob = chat.irc("bob", "away-notify", room="#a")
    claim(chat).leave()
    heard = bob.heard()
    assert not any(" QUIT " in line or " PART " in line for line in heard)
    assert heard[-1] == ":alice!u@127.0.0.1 AWAY :not at any device"
    assert "alice" in bob.send("NAMES #a").heard()[0]
    bob.send("PRIVMSG #a :where is she?")
    alice = come(chat)
    lines = alice.heard()
    assert ":alice!u@127.0.0.1 JOIN #a" in lines
    assert any(line.endswith("where is she?") for line in lines)
    assert bob.heard()[-1] == ":alice!u@127.0.0.1 AWAY"
    alice.send("PRIVMSG #a :hello")
    assert bob.heard() == [":alice!u@127.0.0.1 PRIVMSG #a :hello"]


def test_nobody_stays_who_has_not_asked_for_it(chat: Chat) -> None:
    bob = chat.irc("bob", room="#a")
    alice = chat.irc("alice", room="#a")
    alice.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    bob.heard()
    alice.leave()
    assert bob.heard() == [":alice!u@127.0.0.1 QUIT :connection closed"]


def test_it_costs_nothing_that_is_told(chat: Chat) -> None:
    """The room's audience has those alone who have a device."""
    claim(chat).leave()
    bob = chat.irc("bob", room="#a")
    assert list(state_of(chat).rooms["#a"].audience) == [bob]
    (alice,) = [user for user in state_of(chat).users.values() if user.person.nick == "alice"]
    assert (alice.devices, alice.sessions, state_of(chat).here) == ((), (), 1)
    assert list(state_of(chat).sessions.values()) == [bob]


def test_what_is_said_to_them_alone_waits(chat: Chat) -> None:
    """As for who is not here; and the sender is told."""
    claim(chat).leave()
    bob = chat.irc("bob")
    assert bob.send("PRIVMSG alice :psst").heard()[0].endswith("is not here; your message is kept for them")
    alice = come(chat)
    assert alice.heard()[-1].endswith("PRIVMSG alice :[2026-01-01 12:00 UTC] psst")


def test_a_login_by_slash_makes_a_guest_one_who_stayed(chat: Chat) -> None:
    """They come back by it, with what waited."""
    claim(chat).leave()
    chat.irc("bob").send("PRIVMSG alice :psst")
    guest = chat.plain("guest")
    heard = guest.send(f"/login alice {PASSWORD}").heard()
    assert guest.nick == "alice"
    assert any("psst" in line for line in heard)
    assert not state_of(chat).staying


def test_netcat_goes_from_room_to_room_and_leaves_the_others_alone(chat: Chat) -> None:
    """It leaves the one where it is; where its person stays, they stay."""
    claim(chat).send("JOIN #b").leave()
    plain = chat.plain()
    plain.send("alice", PASSWORD, "/join #c")
    assert set(state_of(chat).presences["alice"].rooms) == {"#a", "#b", "#c"}
    plain.leave()
    assert set(state_of(chat).presences["alice"].rooms) == {"#a", "#b", "#c"}


def test_the_setting_is_told_and_set_in_each_way(chat: Chat) -> None:
    """PERSISTENCE, NickServ and netcat; other devices are told, too, and STATUS comes with the greeting."""
    alice = claim(chat)
    plain = chat.plain()
    plain.send("alice", PASSWORD).heard()
    alice.heard()
    assert alice.send("PERSISTENCE GET").heard() == [":chatroom.test PERSISTENCE STATUS ON ON"]
    off = "You leave your rooms when your last device has gone (kept for alice)."
    assert alice.send("PRIVMSG NickServ :SET STAY off").heard()[-1].endswith(off)
    assert plain.heard() == [f"* {off}"]
    on = "You stay in your rooms, away, when your last device has gone (kept for alice)."
    assert plain.send("/set stay on").heard() == [f"* {on}"]
    assert alice.heard() == [":chatroom.test PERSISTENCE STATUS ON ON"]
    assert alice.send("PERSISTENCE SET DEFAULT").heard() == [":chatroom.test PERSISTENCE STATUS OFF OFF"]
    lines = come(chat, "alice", *CAPS).heard()
    assert lines.index(":chatroom.test PERSISTENCE STATUS OFF OFF") < next(
        number for number, line in enumerate(lines) if " 422 " in line or " 376 " in line
    )


@pytest.mark.parametrize("line", ["SET", "SET maybe", "DANCE"])
def test_what_is_wrong_about_it_is_said(chat: Chat, line: str) -> None:
    (answer,) = claim(chat).send(f"PERSISTENCE {line}").heard()
    assert answer == ":chatroom.test FAIL PERSISTENCE INVALID_PARAMS :Say GET, or SET with ON, OFF or DEFAULT."


def test_a_guest_can_not_stay(chat: Chat) -> None:
    guest = chat.irc("guest", "standard-replies")
    assert guest.send("PERSISTENCE SET ON").heard() == [
        ":chatroom.test FAIL PERSISTENCE ACCOUNT_REQUIRED :Log in first."
    ]
    assert "not logged in" in chat.plain("other").send("/set stay on").heard()[0]


def test_kill_kick_ban_and_the_end_of_the_account_end_it(chat: Chat) -> None:
    """Each as it does where somebody has a device; and a ban of others ends nothing."""
    operator = chat.irc("op")
    for name in ("ann", "ben", "cid", "dan"):
        claim(chat, name).leave()
    state_of(chat).set_user_mode(operator.user or pytest.fail(), OPERATOR, True)
    operator.send("JOIN #a", "KICK #a ann", "KILL ben", "KLINE cid!*@*", "NICKSERV DROP dan")
    assert {user.person.nick for user in state_of(chat).users.values()} == {"ann", "op"}
    assert "#a" not in next(user for user in state_of(chat).users.values() if user.person.nick == "ann").rooms
    assert list(state_of(chat).staying) == [state_of(chat).presences["ann"].person.uid]
    assert "ben" in come(chat, "ben").send("WHOIS ben").heard()[-2]


def test_a_logout_ends_it_and_a_new_password_does_not(chat: Chat) -> None:
    """A logout says that one is not that person here any more; a password has to do with devices alone."""
    alice = claim(chat)
    alice.send(f"NICKSERV SET PASSWORD {PASSWORD} another-horse").leave()
    assert list(state_of(chat).presences) == ["alice"]
    ben = claim(chat, "ben")
    ben.send("NICKSERV LOGOUT").leave()
    assert list(state_of(chat).presences) == ["alice"]


def test_an_account_that_nobody_uses_is_freed_though_its_owner_stays(chat: Chat) -> None:
    claim(chat).leave()
    chat.hub.context.account_days = 30
    chat.time += 100 * 86_400_000
    chat.submit(state_of(chat).server_session, FreeAccounts(("alice",)))
    assert (state_of(chat).users, state_of(chat).accounts, state_of(chat).staying) == ({}, {}, {})


def test_an_operator_is_none_without_a_device(chat: Chat) -> None:
    """Whoever comes next has given the account's password, not the operators'."""
    alice = claim(chat)
    state_of(chat).set_user_mode(alice.user or pytest.fail(), OPERATOR, True)
    alice.leave()
    assert not state_of(chat).holders[OPERATOR]
    assert not any(" 381 " in line for line in come(chat).heard())


def test_over_the_limits_somebody_leaves(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many people who has been without a device for longest; of too many rooms, who is in most."""
    monkeypatch.setattr(staying, "STAYING_MAX", 2)
    monkeypatch.setattr(staying, "STAYING_ROOMS_MAX", 5)
    monkeypatch.setattr(staying, "ROOMS_PER_USER", 5)
    for name in ("ann", "ben", "cid"):
        claim(chat, name).leave()
    assert list(state_of(chat).presences) == ["ben", "cid"]
    come(chat, "ben").send("JOIN #b,#c,#d,#e").leave()
    assert list(state_of(chat).presences) == ["cid"]


def test_one_address_pushes_out_nobody_else(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many accounts were made there."""
    monkeypatch.setattr(staying, "STAYING_MAX", 3)
    ann, accounts = claim(chat, "ann"), state_of(chat).accounts
    accounts["ann"] = accounts["ann"]._replace(home="192.0.2.1")
    ann.leave()
    for name in ("eve", "eva", "evi", "evo"):
        claim(chat, name).leave()
    assert list(state_of(chat).presences) == ["ann", "evi", "evo"]


def test_at_a_start_as_many_stay_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who had a device last: who was there when the server ended may be many more than stay without one."""
    monkeypatch.setattr(staying, "STAYING_MAX", 3)
    monkeypatch.setattr(staying, "STAYING_ROOMS_MAX", 5)
    one, two, four = (Standing("n", "u", "h", "", "r", "", "", (("#a", ""),) * rooms, 1) for rooms in (1, 2, 4))
    assert staying.that_fit([one, one, one, one]) == 3
    assert staying.that_fit([one, four, two]) == 1
    assert staying.that_fit([one, two]) == 2
    assert staying.that_fit([]) == 0


def test_who_was_thrown_out_while_nobody_was_at_a_device_is_told_at_the_next_login(chat: Chat) -> None:
    """Once, with who did it and why, in the language of the account; who is here reads it at once, and no notice."""
    oper = chat.irc("oper", room="#a")
    alice = claim(chat)
    alice.send("JOIN #b", "LANGUAGE pl")
    state_of(chat).set_user_mode(user_of(oper), OPERATOR, True)
    oper.send("KICK #a alice :too loud")
    alice.heard()
    alice.leave()
    oper.send("KICK #b alice :still too loud", "KILL alice")
    assert "alice" not in state_of(chat).presences
    again = come(chat)
    notices = [line for line in again.heard() if line.startswith(":chatroom.test NOTICE alice :")]
    assert [re.sub(r".*\] ", "", line) for line in notices] == [
        "oper wyrzuca cię z pokoju #b pod twoją nieobecność (still too loud).",
        "oper wyrzuca cię z serwera pod twoją nieobecność.",
    ]
    again.leave()
