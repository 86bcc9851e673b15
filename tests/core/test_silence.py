"""Who may not speak in a room is heard in no way there: not by messages, and by no other words of theirs."""

import pytest

from chatroom.cluster.conflicts import settle
from chatroom.model.commands import Leave, Quit, SetTopic
from chatroom.model.departure_reasons import STALLED
from chatroom.model.events import Departed, Left, TopicSet
from chatroom.protocols.irc.dialect import IrcDialect
from tests.chat import Chat, Client
from tests.core.test_accounts import PASSWORD, claim

ALL = ("away-notify", "setname", "message-tags", "draft/message-redaction", "extended-join")
SPAM = "spam spam spam"


class Scene:
    """#r, without +t: op runs it, eve and carol read; bob may not speak."""

    def __init__(self, how: str, bob: str = "irc") -> None:
        self.chat = Chat()
        self.op = self.chat.irc("op", room="#r").send("MODE #r -t")
        self.eve = self.chat.irc("eve", *ALL, room="#r")
        self.carol = self.chat.plain("carol").send("/join #r")
        self.bob = self.chat.irc("bob", *ALL, room="#r") if bob == "irc" else self.chat.plain("bob").send("/join #r")
        self.bob.send("PRIVMSG #r :before" if bob == "irc" else "before")
        self.op.send(how)
        self.drain()

    def drain(self) -> None:
        for client in (self.op, self.eve, self.carol, self.bob):
            client.heard()

    def others_heard(self) -> str:
        return "\n".join([*self.eve.heard(), *self.carol.heard(), *self.op.heard()])


SILENCED = ["MUTE #r bob 1h", "MODE #r +b bob!*@*", "MODE #r +b m:bob!*@*", "MODE #r +m"]
WORDS = [
    f"PRIVMSG #r :{SPAM}",
    f"NOTICE #r :{SPAM}",
    f"PRIVMSG @#r :{SPAM}",
    f"@+draft/react={SPAM[:4]} TAGMSG #r",
    f"TOPIC #r :{SPAM}",
    f"PART #r :{SPAM}",
    f"QUIT :{SPAM}",
    f"AWAY :{SPAM}",
    f"SETNAME :{SPAM}",
]


@pytest.mark.parametrize("how", SILENCED)
@pytest.mark.parametrize("line", WORDS)
def test_whoever_may_not_speak_is_heard_in_no_way(how: str, line: str) -> None:
    """Over IRC; whatever it is that bars them."""
    scene = Scene(how)
    scene.bob.send(line)
    assert "spam" not in scene.others_heard()


@pytest.mark.parametrize("line", WORDS)
def test_whoever_may_speak_is_heard(line: str) -> None:
    """By the same words: what is left out is left out for a reason."""
    scene = Scene("MODE #r +b nobody!*@*")
    scene.bob.send(line)
    assert "spam" in scene.others_heard()


@pytest.mark.parametrize("line", [SPAM, f"/me {SPAM}", f"/topic {SPAM}", f"/away {SPAM}", f"/quit {SPAM}"])
@pytest.mark.parametrize("how", SILENCED)
def test_nor_with_netcat(how: str, line: str) -> None:
    """By no command that it has."""
    scene = Scene(how, bob="plain")
    scene.bob.send(line)
    assert "spam" not in scene.others_heard()


def test_a_message_is_taken_back_without_words() -> None:
    """The reason is left out; whoever has said something may take it back all the same."""
    scene = Scene("MUTE #r bob 1h")
    said = scene.chat.hub.state.rooms["#r"].recent[-1]
    scene.bob.send(f"REDACT #r {said.id:x} :{SPAM}")
    heard = scene.others_heard()
    assert f" REDACT #r {said.id:x}" in heard
    assert "spam" not in heard


def test_who_may_not_speak_goes_and_is_away_without_words() -> None:
    """What they do is told; only their words are not. Real names and topics are refused with a sentence."""
    scene = Scene("MUTE #r bob 1h")
    scene.bob.send(f"AWAY :{SPAM}")
    assert ":bob!u@127.0.0.1 AWAY :away" in "".join(scene.eve.heard())
    assert " FAIL SETNAME CANNOT_CHANGE_REALNAME :" in scene.bob.send(f"SETNAME :{SPAM}").heard()[-1]
    refused = ":chatroom.test 482 bob #r :You may not speak on that channel, nor set its topic; operators are: op"
    assert scene.bob.send(f"TOPIC #r :{SPAM}").heard() == [refused]  # not 404, which is about a message
    scene.bob.send(f"PART #r :{SPAM}")
    assert scene.carol.heard()[-1] == "* bob left"


def test_a_real_name_is_not_told_to_a_room_where_one_may_not_speak() -> None:
    """Neither is one that was taken elsewhere, by those who come in."""
    scene = Scene("MUTE #r bob 1h")
    scene.bob.send("PART #r", f"SETNAME :{SPAM}", "JOIN #r")
    assert scene.bob.user and scene.bob.user.person.realname == SPAM
    assert scene.eve.heard()[-1].endswith(":bob!u@127.0.0.1 JOIN #r * :bob")
    scene.op.send("UNMUTE #r bob")
    scene.bob.send("PART #r", "JOIN #r")
    assert scene.eve.heard()[-1].endswith(f":bob!u@127.0.0.1 JOIN #r * :{SPAM}")


def test_an_away_message_from_before_is_not_told_to_a_room_where_one_may_not_speak() -> None:
    """Whoever comes in is seen to be away, and no more."""
    chat = Chat()
    chat.irc("op", room="#r").send("MODE #r +b m:bob!*@*")
    eve = chat.irc("eve", *ALL, room="#r")
    bob = chat.irc("bob").send(f"AWAY :{SPAM}", "JOIN #r")
    assert bob.user and "#r" in bob.user.rooms
    [told] = [line for line in eve.heard() if " AWAY " in line]
    assert told.endswith(" AWAY :away")


@pytest.mark.parametrize("how", SILENCED)
def test_a_topic_that_comes_too_late_is_refused(how: str) -> None:
    """On several servers, a mute may have come first."""
    scene = Scene("MODE #r +b nobody!*@*")
    [topic] = scene.chat.hub.decide(scene.bob, SetTopic("#r", SPAM))
    assert isinstance(topic, TopicSet)
    assert settle(scene.chat.hub.state, topic) is None
    scene.op.send(how)
    assert settle(scene.chat.hub.state, topic)


@pytest.mark.parametrize("how", SILENCED)
def test_words_of_farewell_that_come_too_late_are_left_out(how: str) -> None:
    """Likewise: while the link between servers was down, say. What a server says of a connection stays."""
    scene = Scene("MODE #r +b nobody!*@*")
    hub = scene.chat.hub
    [left] = hub.decide(scene.bob, Leave("#r", SPAM))
    [departed] = hub.outcomes(scene.bob, Quit(SPAM, ask=False))
    [cut] = hub.outcomes(scene.bob, Quit(STALLED, ask=False))
    assert isinstance(left, Left) and isinstance(departed, Departed) and isinstance(cut, Departed)
    assert settle(hub.state, left) is settle(hub.state, departed) is None
    assert left.reason == departed.reason == SPAM
    scene.op.send(how)
    assert settle(hub.state, left) is settle(hub.state, departed) is settle(hub.state, cut) is None
    assert left.reason == departed.reason == ""
    assert cut.reason == STALLED


def test_those_above_are_heard() -> None:
    """With a voice, or against a mute with an exception. Slow mode silences nobody."""
    for silence, how in (
        ("MODE #r +m", "MODE #r +v bob"),
        ("MODE #r +b m:bob!*@*", "MODE #r +v bob"),
        ("MODE #r +b m:bob!*@*", "MODE #r +e bob!*@*"),
        ("MODE #r +b m:bob!*@*", "MODE #r -b+W m:bob!*@* 100"),
        ("MODE #r +b m:bob!*@*", "MODE #r +o bob"),
    ):
        scene = Scene(silence)
        scene.op.send(how)
        scene.bob.send(f"PART #r :{SPAM}")
        assert "spam" in scene.others_heard(), how


# ---- by another name -----------------------------------------------------------------------------------------------


def known_as_robert() -> Chat:
    """A chat in which robert's name is claimed."""
    chat = Chat()
    claim(chat, "robert").leave()
    return chat


def muted_bob(chat: Chat) -> tuple[Client, Client]:
    """Bob, who is muted in the lobby by name, and somebody there."""
    op = chat.irc("op", room="#lobby")
    chat.hub.context.operator_password = "sesame"
    op.send("OPER op sesame", "MODE #lobby +b m:bob!*@*").heard()
    bob = chat.plain("bob")
    assert "muted" in bob.send(SPAM).heard()[-1]
    op.heard()
    return bob, op


@pytest.mark.parametrize("line", ["/nick robert", f"/login robert {PASSWORD}"])
def test_nobody_slips_out_of_a_mute_by_a_name_of_theirs(line: str) -> None:
    """Neither by taking another name nor by logging in to one."""
    bob, op = muted_bob(known_as_robert())
    bob.send(line).heard()
    bob.send(SPAM)
    assert op.heard() == []
    assert bob.nick == "bob"


def test_nor_after_a_login_that_leaves_the_name_as_it_is() -> None:
    """An IRC client that identifies, and then takes the name that is its own."""
    chat = known_as_robert()
    _, op = muted_bob(chat)
    (bob,) = chat.hub.state.nicks.by_nick["bob"].sessions
    assert isinstance(bob, Client)
    bob.dialect = IrcDialect(bob, chat.info)
    bob.send(f"PRIVMSG NickServ :IDENTIFY robert {PASSWORD}", "NICK robert").heard()
    bob.send(f"PRIVMSG #lobby :{SPAM}")
    assert op.heard() == []


@pytest.mark.parametrize("line", ["LOGOUT", f"DROP robert {PASSWORD}"])
def test_nor_by_having_no_account_any_more(line: str) -> None:
    """Where it is the account that is muted."""
    chat = known_as_robert()
    op = chat.irc("op", room="#r").send("MODE #r +b m:a:robert")
    bob = chat.irc("bob", room="#r").send(f"PRIVMSG NickServ :IDENTIFY robert {PASSWORD}")
    bob.heard()
    assert (
        bob.send(f"PRIVMSG NickServ :{line}")
        .heard()[-1]
        .endswith(" banned or muted in #r; leave it, and then log out.")
    )
    bob.send(f"PRIVMSG #r :{SPAM}")
    assert "spam" not in "".join(op.heard())
    assert "logged out" in "".join(bob.send("PART #r", "PRIVMSG NickServ :LOGOUT").heard())


def test_an_owner_logs_in_whatever_their_guest_was_told() -> None:
    """Who is held as somebody is not, once it is known whose room it is."""
    chat = Chat()
    alice = claim(chat, "alice").send("/join #own")
    chat.hub.state.owners["#own"] = chat.hub.state.rooms["#own"].owner = "alice"
    alice.leave()
    op = chat.irc("op", room="#own")
    chat.hub.state.rooms["#own"].set_rank(op.uid, "o", on=True)
    guest = chat.plain("guest").send("/join #own")
    op.send("MODE #own +b m:guest!*@*")
    told = guest.send(f"/login alice {PASSWORD}").heard()
    assert guest.nick == "alice", told


@pytest.mark.parametrize("bob", ["irc", "plain"])
def test_who_is_muted_by_name_loses_their_voice(bob: str) -> None:
    """Which would lift the mute, as it does if it is given later."""
    scene = Scene("MODE #r +v bob", bob)
    scene.op.send("MUTE #r bob 1h")
    assert "-v" in "\n".join(scene.op.heard())
    scene.drain()
    say = "PRIVMSG #r :" if bob == "irc" else ""
    scene.bob.send(f"{say}{SPAM}")
    assert "op has" in "\n".join(scene.bob.heard()) and "spam" not in scene.others_heard()
    scene.op.send("MODE #r +v bob")
    scene.bob.send(f"{say}hello")
    assert "hello" in scene.others_heard()
