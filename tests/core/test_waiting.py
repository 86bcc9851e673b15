"""What is said to people who are not here, and whom people do not want to hear."""

import pytest

from chatroom.core import waiting
from chatroom.model.limits import IGNORED_MAX
from chatroom.model.social_commands import NoteReceived
from tests.chat import Chat, Client

CAPS = ("message-tags", "server-time", "echo-message", "standard-replies")


@pytest.fixture
def chat() -> Chat:
    return Chat()


def note(chat: Chat) -> None:
    """What the server does once a second."""
    chat.submit(chat.hub.state.server_session, NoteReceived())


def claim(chat: Chat, name: str, leave: bool = True) -> Client:
    client = chat.irc(name, *CAPS)
    client.send(f"PRIVMSG NickServ :REGISTER horse-{name}")
    assert client.account == name
    if leave:
        client.leave()
    client.heard()
    return client


def come(chat: Chat, name: str, *caps: str) -> Client:
    """Logs in by PASS, and keeps all that the client was told."""
    client = chat.irc("", *caps)
    client.send(*([f"CAP REQ :{' '.join(caps)}", "CAP END"] if caps else []))
    client.send(f"PASS {name}:horse-{name}", f"NICK {name}", "USER u 0 * :r")
    assert client.account == name
    return client


def test_a_message_for_who_is_not_here_comes_at_the_next_login_with_its_time(chat: Chat) -> None:
    claim(chat, "alice")
    bob = chat.irc("bob", *CAPS)
    bob.send("PRIVMSG alice :are you there?")
    echo, told = bob.heard()
    assert echo.endswith(":bob!u@127.0.0.1 PRIVMSG alice :are you there?")
    assert told == ":chatroom.test 301 bob alice :is not here; your message is kept for them"
    chat.time += 3_600_000
    alice = come(chat, "alice", *CAPS)
    assert alice.heard()[-1].startswith("@time=2026-01-01T12:00:00.123Z;msgid=")
    note(chat)
    alice.leave()
    assert not any("are you there" in line for line in come(chat, "alice", *CAPS).heard())


def test_who_leaves_before_it_counts_as_received_is_told_again(chat: Chat) -> None:
    """A server that is killed right after a login has not lost it."""
    claim(chat, "alice")
    chat.irc("bob").send("PRIVMSG alice :hi")
    first = come(chat, "alice")
    assert first.heard()[-1].endswith("hi")
    first.leave()
    assert come(chat, "alice").heard()[-1].endswith("hi")


def test_what_comes_after_a_login_is_told_once(chat: Chat) -> None:
    """A message that comes while the owner is here waits for nobody."""
    claim(chat, "alice")
    bob = chat.irc("bob")
    bob.send("PRIVMSG alice :one")
    alice = come(chat, "alice", *CAPS)
    bob.send("PRIVMSG alice :two")
    assert [line.rpartition(":")[2] for line in alice.heard()[-2:]] == ["one", "two"]
    note(chat)
    alice.leave()
    bob.send("PRIVMSG alice :three")
    assert [line.rpartition(":")[2] for line in come(chat, "alice", *CAPS).heard() if " PRIVMSG alice :" in line] == [
        "three"
    ]


def test_people_with_netcat_send_and_get_it(chat: Chat) -> None:
    claim(chat, "alice")
    dave = chat.plain("dave")
    dave.heard()
    dave.send("/msg alice one", "/msg Alice two")
    assert dave.heard() == ["* alice is not here; your message is kept until they log in."] * 2
    alice = chat.plain()
    alice.send("alice", "horse-alice")
    first, one, two = alice.heard()[-3:]
    assert first == "* 2 messages came for you while you were not here:"
    assert one.endswith("] [private] dave: one")
    assert two.endswith("] [private] dave: two")


def test_the_owner_who_is_here_under_another_name_gets_it_at_once(chat: Chat) -> None:
    alice = claim(chat, "alice", leave=False)
    alice.send("NICK phone")
    alice.heard()
    chat.irc("bob").send("PRIVMSG alice :hi")
    assert alice.heard()[-1].endswith(":bob!u@127.0.0.1 PRIVMSG phone :hi")


@pytest.mark.parametrize("line", ["NOTICE alice :hi", "@+typing=active TAGMSG alice"])
def test_what_is_for_the_moment_does_not_wait(chat: Chat, line: str) -> None:
    claim(chat, "alice")
    bob = chat.irc("bob", *CAPS)
    bob.send(line)
    assert bob.heard() == []
    assert not any("bob" in line for line in come(chat, "alice", *CAPS).heard())


def test_a_name_that_is_not_claimed_gets_nothing(chat: Chat) -> None:
    bob = chat.irc("bob")
    bob.send("PRIVMSG nobody :hi", "PRIVMSG alice :\x01VERSION\x01")
    assert [line.split()[1] for line in bob.heard()] == ["401", "401"]


def test_one_sender_fills_only_their_share(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new name is not a new sender."""
    monkeypatch.setattr(waiting, "WAITING_PER_SENDER", 2)
    claim(chat, "alice")
    bob = chat.irc("bob")
    bob.send("PRIVMSG alice :1", "PRIVMSG alice :2", "NICK rob", "PRIVMSG alice :3")
    assert bob.heard()[-1] == ":chatroom.test 531 rob alice :Not sent: too much waits for them already"
    carol = claim(chat, "carol", leave=False)
    carol.send("PRIVMSG alice :4")
    assert " 301 " in carol.heard()[-1]


def test_one_sender_fills_only_a_share_of_all_that_waits(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is received, taken back or given up with its account counts no more."""
    monkeypatch.setattr(waiting, "WAITING_OF_SENDER", 2)
    names = ("alice", "dora", "emil", "fred")
    for name in names:
        claim(chat, name)
    bob = chat.irc("bob", *CAPS, "draft/message-redaction")
    said = [bob.send(f"PRIVMSG {name} :hi").heard() for name in names[:3]]
    assert [" 531 " in lines[-1] for lines in said] == [False, False, True]
    come(chat, "alice").leave()
    note(chat)
    assert " 301 " in bob.send("PRIVMSG emil :hi").heard()[-1]
    assert " 531 " in bob.send("PRIVMSG fred :hi").heard()[-1]
    bob.send(f"REDACT dora {said[1][0].partition('msgid=')[2].partition(' ')[0]}").heard()
    assert " 301 " in bob.send("PRIVMSG fred :hi").heard()[-1]
    bob.send("PRIVMSG NickServ :DROP fred horse-fred").heard()
    assert " 301 " in bob.send("PRIVMSG dora :hi").heard()[-1]
    chat.hub.state.reindex()
    assert " 531 " in bob.send("PRIVMSG dora :hi").heard()[-1]


def test_a_full_box_has_a_place_for_who_has_said_less(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes of whoever has said most; they themselves are refused."""
    monkeypatch.setattr(waiting, "WAITING_PER_PERSON", 5)
    claim(chat, "alice")
    bob, carol, dan = chat.irc("bob"), claim(chat, "carol", leave=False), claim(chat, "dan", leave=False)
    bob.send("PRIVMSG alice :b1", "PRIVMSG alice :b2", "PRIVMSG alice :b3")
    carol.send("PRIVMSG alice :c1", "PRIVMSG alice :c2")
    assert " 301 " in dan.send("PRIVMSG alice :d1").heard()[-1]
    assert " 531 " in bob.send("PRIVMSG alice :b4").heard()[-1]
    assert " 301 " in dan.send("PRIVMSG alice :d2").heard()[-1]
    assert [said.text for said in chat.hub.state.waiting["alice"]] == ["b3", "c1", "c2", "d1", "d2"]
    senders = dict(chat.hub.state.waiting_senders)
    chat.hub.state.reindex()
    assert chat.hub.state.waiting_senders == senders


def test_what_has_waited_can_be_reacted_to_and_taken_back(chat: Chat) -> None:
    """As what was said to somebody who was there."""
    claim(chat, "alice")
    bob = chat.irc("bob", *CAPS, "draft/message-redaction")
    msgid = bob.send("PRIVMSG alice :hi").heard()[0].partition("msgid=")[2].partition(" ")[0]
    alice = come(chat, "alice", *CAPS, "draft/message-redaction")
    alice.heard()
    alice.send(f"@+reply={msgid};+draft/react=👍 TAGMSG bob")
    assert "react=👍" in alice.heard()[-1]
    assert "react=👍" in bob.heard()[-1]
    bob.send(f"REDACT alice {msgid}")
    assert alice.heard()[-1].endswith(f" REDACT alice {msgid}")


def test_what_is_taken_back_comes_no_more(chat: Chat) -> None:
    claim(chat, "alice")
    bob = chat.irc("bob", *CAPS, "draft/message-redaction")
    bob.send("PRIVMSG alice :oops")
    msgid = bob.heard()[0].partition("msgid=")[2].partition(" ")[0]
    bob.send(f"REDACT alice {msgid}")
    assert not any("oops" in line for line in come(chat, "alice").heard())


def test_who_gives_a_name_up_leaves_nothing_for_its_next_owner(chat: Chat) -> None:
    claim(chat, "alice")
    bob = chat.irc("bob")
    bob.send("PRIVMSG alice :secret", "PRIVMSG NickServ :DROP alice horse-alice")
    assert not any("secret" in line for line in claim(chat, "alice").heard())


# ---- strangers ------------------------------------------------------------------------------------------------------


def test_who_wants_to_hear_from_no_strangers_is_written_to_by_those_who_are_logged_in(chat: Chat) -> None:
    """Here or not, and at each login anew."""
    alice = claim(chat, "alice", leave=False)
    bob, carol = chat.irc("bob"), claim(chat, "carol", leave=False)
    alice.send("MODE alice +R")
    assert alice.heard()[-1].endswith("MODE alice +R")
    for _ in range(2):
        bob.send("PRIVMSG alice :psst")
        assert " 531 bob alice :Only people who are logged in" in bob.heard()[-1]
        carol.send("PRIVMSG alice :hi")
        assert " 531 " not in "".join(carol.heard())
        alice.leave()
    again = come(chat, "alice")
    assert any(line.endswith("MODE alice +R") for line in again.heard())
    bob.send("PRIVMSG alice :psst")
    assert " 531 " in bob.heard()[-1]
    again.send("MODE alice -R")
    bob.send("PRIVMSG alice :psst")
    assert again.heard()[-1].endswith("psst")


def test_a_person_with_netcat_sets_it(chat: Chat) -> None:
    dave, bob = chat.plain("dave"), chat.irc("bob")
    dave.heard()
    for _ in "12":  # also if it is so already
        dave.send("/set strangers off")
        assert dave.heard() == ["* Only people who are logged in can write to you alone now."]
    bob.send("PRIVMSG dave :psst")
    assert dave.heard() == []
    for _ in "12":
        dave.send("/set strangers on")
        assert dave.heard() == ["* Strangers, too, can write to you alone now."]


# ---- ignoring -------------------------------------------------------------------------------------------------------


def test_who_is_ignored_is_not_heard_and_does_not_know(chat: Chat) -> None:
    dave, bob = chat.plain("dave"), chat.irc("bob", *CAPS, room="#lobby")
    dave.heard()
    dave.send("/ignore bob")
    assert dave.heard() == ["* You are ignoring bob now; /unignore bob ends that."]
    bob.heard()
    bob.send("PRIVMSG dave :psst", "NOTICE dave :psst", "@+typing=active TAGMSG dave")
    assert [line.partition(" ")[2] for line in bob.heard()] == [
        ":bob!u@127.0.0.1 PRIVMSG dave :psst",
        ":bob!u@127.0.0.1 NOTICE dave :psst",
        ":bob!u@127.0.0.1 TAGMSG dave",
    ]
    assert dave.heard() == []
    dave.send("/ignore", "/unignore BOB", "/ignore", "/unignore bob")
    assert dave.heard() == [
        "* You are ignoring: bob.",
        "* You are no longer ignoring BOB.",
        "* You are ignoring nobody; /ignore NAME ignores somebody.",
        "* you are not ignoring bob; /ignore lists whom you do",
    ]
    bob.send("PRIVMSG dave :psst")
    assert dave.heard() == ["[private] bob: psst"]


def test_who_is_ignored_by_somebody_who_is_not_here_does_not_know_either(chat: Chat) -> None:
    alice = claim(chat, "alice", leave=False)
    alice.send("SILENCE +bob").leave()
    bob, carol = chat.irc("bob", *CAPS), chat.irc("carol", *CAPS)
    told = [client.send("PRIVMSG alice :psst").heard() for client in (bob, carol)]
    for name, (echo, answer) in zip(("bob", "carol"), told, strict=True):
        assert echo.endswith(f" :{name}!u@127.0.0.1 PRIVMSG alice :psst")
        assert answer.endswith(" :is not here; your message is kept for them")
    heard = come(chat, "alice", *CAPS).heard()
    assert [" :carol!" in line for line in heard if line.endswith(":psst")] == [True]


def test_an_account_is_ignored_under_any_name_and_by_an_account_wherever_it_logs_in(chat: Chat) -> None:
    alice, bob = claim(chat, "alice", leave=False), claim(chat, "bob", leave=False)
    alice.send("SILENCE +bob")
    assert alice.heard() == [":alice!u@127.0.0.1 SILENCE +a:bob"]
    bob.send("NICK rob", "PRIVMSG alice :psst")
    assert alice.heard() == []
    alice.leave()
    bob.heard()
    bob.send("PRIVMSG alice :psst")
    assert bob.heard()[-1].endswith("your message is kept for them")  # as for anybody else
    alice = come(chat, "alice")
    assert not any("psst" in line for line in alice.heard())
    bob.send("PRIVMSG alice :psst")
    alice.send("SILENCE")
    assert alice.heard() == [
        ":chatroom.test 271 alice alice a:bob",
        ":chatroom.test 272 alice :End of silence list",
    ]


def test_silence_takes_masks(chat: Chat) -> None:
    alice, bob = chat.irc("alice"), chat.irc("bob")
    alice.send("SILENCE b*!*@*")
    bob.send("PRIVMSG alice :psst", "NICK rob", "PRIVMSG alice :hi")
    assert [line.rpartition(" ")[2] for line in alice.heard()] == ["+b*!*@*", ":hi"]
    alice.send("SILENCE -b*!*@*")
    assert alice.heard() == [":alice!u@127.0.0.1 SILENCE -b*!*@*"]


def test_the_list_is_bounded(chat: Chat) -> None:
    alice = chat.irc("alice")
    alice.send(*[f"SILENCE n{n}" for n in range(IGNORED_MAX)])
    alice.heard()
    alice.send("SILENCE more")
    assert alice.heard() == [":chatroom.test 511 alice more!*@* :Your silence list is full"]


def test_a_guest_who_leaves_ignores_nobody_any_more(chat: Chat) -> None:
    alice = chat.irc("alice")
    alice.send("SILENCE bob")
    alice.leave()
    assert chat.hub.state.ignored == {}
