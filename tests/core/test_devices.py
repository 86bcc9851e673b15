"""Several devices of one person: one member everywhere, and each device hears everything."""

import pytest

from chatroom.core.devices import DEVICES_PER_PERSON
from chatroom.model.commands import Kill
from chatroom.model.entities import User
from chatroom.model.modes import OPERATOR
from tests.chat import Chat, Client

PASSWORD = "correct-horse"


@pytest.fixture
def chat() -> Chat:
    """With the claimed name bob, and nobody there."""
    chat = Chat()
    chat.plain("bob").send(f"/register {PASSWORD}").leave()
    return chat


def plain(chat: Chat, password: str = PASSWORD) -> Client:
    client = chat.plain().send("bob", password)
    assert client.account == "bob"
    return client


def irc(chat: Chat, *caps: str, nick: str = "b0b") -> Client:
    """An IRC client that logs in before it comes in, under whatever name it asks for."""
    client = chat.irc()
    asking = [f"CAP REQ :{' '.join(caps)}", "CAP END"] if caps else []
    client.send(*asking, f"PASS bob:{PASSWORD}", f"NICK {nick}", "USER u 0 * :Bob")
    return client


def bob_of(chat: Chat) -> User:
    (user,) = [user for user in chat.hub.state.users.values() if user.person.account == "bob"]
    return user


def numerics(lines: list[str]) -> list[str]:
    return [line.split()[1] for line in lines if line.startswith(":")]


# ---- coming ---------------------------------------------------------------------------------------------------------


def test_who_comes_in_again_is_one_member(chat: Chat) -> None:
    """Nothing ends, one joins, and nobody else notices the second."""
    eve = chat.plain("eve")
    first = plain(chat)
    assert eve.heard() == ["* bob joined"]
    second, third = plain(chat), irc(chat)
    assert not first.closing
    assert first.user is second.user is third.user is bob_of(chat)
    assert eve.heard() == []
    assert first.heard()[-1:] == ["* Welcome, bob. With you in #lobby: eve. Type /help for commands."]
    assert list(chat.hub.state.rooms["#lobby"].members) == [eve.uid, first.uid]


def test_an_irc_device_is_told_of_all_rooms_at_once(chat: Chat) -> None:
    """JOIN, topic and names, as by a bouncer; under the name that the person has."""
    first = irc(chat)
    first.send("JOIN #tea,#milk", "TOPIC #tea :green", "AWAY :out", "MODE b0b +i").heard()
    second = irc(chat, nick="whoever")
    told = second.heard()
    assert told[1].split()[1:3] == ["001", "b0b"]
    rooms = [line for line in told if " JOIN " in line or line.split()[1] in ("332", "353", "366")]
    assert rooms == [
        ":b0b!u@127.0.0.1 JOIN #tea",
        ":chatroom.test 332 b0b #tea :green",
        ":chatroom.test 353 b0b = #tea :@b0b",
        ":chatroom.test 366 b0b #tea :End of /NAMES list",
        ":b0b!u@127.0.0.1 JOIN #milk",
        ":chatroom.test 353 b0b = #milk :@b0b",
        ":chatroom.test 366 b0b #milk :End of /NAMES list",
    ]
    away = ":chatroom.test 306 b0b :You have been marked as being away"
    assert told[-2:] == [":b0b!u@127.0.0.1 MODE b0b +i", away]


def test_a_guest_who_logs_in_as_somebody_who_is_here_becomes_them(chat: Chat) -> None:
    """With the rooms and ranks that the guest has; to all others the guest leaves."""
    bob, eve = plain(chat), chat.irc("eve", room="#tea")
    guest = chat.irc("guest", room="#milk")
    guest.send("JOIN #tea,#lobby").heard()
    eve.heard(), bob.heard()
    told = guest.send(f"NICKSERV IDENTIFY bob {PASSWORD}").heard()
    assert guest.user is bob.user
    assert ":guest!u@127.0.0.1 NICK bob" in told
    assert set(bob_of(chat).rooms) == {"#lobby", "#tea", "#milk"}
    assert not [line for line in told if " JOIN " in line or " PART " in line]
    assert eve.heard() == [":bob!plain@127.0.0.1 JOIN #tea", ":guest!u@127.0.0.1 QUIT :is bob now"]
    assert bob.heard() == ["* guest left (is bob now)"]
    assert chat.hub.state.rooms["#milk"].operated_by(bob_of(chat))
    assert guest.room == "#tea"
    assert bob.room == "#lobby"
    assert "guest" not in chat.hub.state.nicks.by_nick


def test_a_guest_leaves_the_rooms_where_the_person_may_not_be(chat: Chat) -> None:
    """Which is told to that client."""
    bob, eve = plain(chat), chat.irc("eve", room="#tea")
    guest = chat.irc("guest", room="#tea")
    eve.send("MODE #tea +b bob!*@*")
    guest.heard()
    told = guest.send(f"NICKSERV IDENTIFY bob {PASSWORD}").heard()
    assert ":bob!plain@127.0.0.1 PART #tea" in told
    assert ":bob!plain@127.0.0.1 JOIN #lobby" in told
    assert list(bob_of(chat).rooms) == ["#lobby"]
    assert bob.user is guest.user
    assert eve.heard()[-1] == ":guest!u@127.0.0.1 QUIT :is bob now"


def test_who_is_muted_as_a_guest_does_not_slip_out_of_it(chat: Chat) -> None:
    """By becoming somebody who is here."""
    plain(chat)
    op, guest = chat.irc("op", room="#tea"), chat.irc("guest", room="#tea")
    op.send("MODE #tea +b m:guest!*@*")
    guest.send(f"NICKSERV IDENTIFY bob {PASSWORD}")
    assert guest.nick == "guest"
    assert not guest.account


def test_a_person_has_so_many_devices(chat: Chat) -> None:
    """Who comes after that is told why, and may come in as somebody else."""
    clients = [plain(chat) for _ in range(DEVICES_PER_PERSON)]
    late = chat.plain().send("bob", PASSWORD)
    assert "as many devices as may be" in late.heard()[-2]
    assert not late.nick
    guest = chat.irc("guest")
    assert "as many devices" in guest.send(f"NICKSERV IDENTIFY bob {PASSWORD}").heard()[-1]
    assert guest.nick == "guest"
    clients[0].leave()
    assert guest.send(f"NICKSERV IDENTIFY bob {PASSWORD}").nick == "bob"
    assert [device.number for device in bob_of(chat).devices][-1] == 1


def test_who_is_banned_by_address_does_not_come_by_another_device(chat: Chat) -> None:
    """A ban meets the device, from wherever its person came."""
    plain(chat)
    chat.hub.context.operator_password = "secret-secret"
    chat.irc("op").send("OPER op secret-secret", "KLINE 127.0.0.2 :no")
    late = chat.plain()
    late.host = "127.0.0.2"
    late.send("bob", PASSWORD)
    assert not late.nick


def test_a_ban_on_an_address_ends_the_devices_from_there(chat: Chat) -> None:
    """The person stays by others; who has none elsewhere goes."""
    here = plain(chat)
    there = chat.plain()
    there.host = "127.0.0.2"
    there.send("bob", PASSWORD)
    chat.hub.context.operator_password = "secret-secret"
    op = chat.irc("op").send("OPER op secret-secret", "KLINE 127.0.0.2 :no")
    assert there.closing
    assert there.heard()[-1] == "* Goodbye (you are banned from this server)."
    assert not here.closing
    assert bob_of(chat).sessions == (here,)
    op.send("KLINE bob!*@* :no")
    assert here.closing
    assert "bob" not in chat.hub.state.nicks.by_nick


# ---- what devices hear ----------------------------------------------------------------------------------------------


def test_each_device_hears_everything_and_what_the_others_say(chat: Chat) -> None:
    """But no device hears what it has said itself, unless it has asked for that."""
    eve = chat.plain("eve")
    netcat, other, phone = plain(chat), plain(chat), irc(chat)
    echoing = irc(chat, "echo-message", "message-tags")
    everybody = (eve, netcat, other, phone, echoing)
    for client in everybody:
        client.heard()
    netcat.send("hello")
    assert (eve.heard(), netcat.heard(), other.heard()) == (["bob: hello"], [], ["bob: hello"])
    assert phone.heard() == [":bob!plain@127.0.0.1 PRIVMSG #lobby :hello"]
    assert "msgid=" in echoing.heard()[0]
    phone.send("PRIVMSG #lobby :from the phone")
    assert [len(client.heard()) for client in everybody] == [1, 1, 1, 0, 1]
    echoing.send("PRIVMSG #lobby :from the browser")
    assert [len(client.heard()) for client in everybody] == [1, 1, 1, 1, 1]
    eve.send("/me waves")
    assert [len(client.heard()) for client in everybody] == [0, 1, 1, 1, 1]


def test_private_words_reach_all_devices_of_both(chat: Chat) -> None:
    """One's own say to whom."""
    eve = chat.irc("eve")
    netcat, phone, echoing = plain(chat), irc(chat), irc(chat, "echo-message")
    for client in (netcat, phone, echoing):
        client.heard()
    eve.send("PRIVMSG bob :psst")
    assert netcat.heard() == ["[private] eve: psst"]
    assert phone.heard() == echoing.heard() == [":eve!u@127.0.0.1 PRIVMSG bob :psst"]
    phone.send("PRIVMSG eve :what?")
    assert netcat.heard() == ["[to eve] bob: what?"]
    assert phone.heard() == []
    assert echoing.heard() == eve.heard() == [":bob!plain@127.0.0.1 PRIVMSG eve :what?"]
    netcat.send("/msg bob a note to myself")
    assert netcat.heard() == ["[private] bob: a note to myself"]
    assert phone.heard() == echoing.heard() == [":bob!plain@127.0.0.1 PRIVMSG bob :a note to myself"]


def test_rooms_are_shared_and_netcat_is_in_one_of_them(chat: Chat) -> None:
    """It goes from room to room alone: what the others are in is not left. They go along."""
    eve, phone = chat.irc("eve", room="#tea"), irc(chat)
    netcat = plain(chat)
    phone.send("JOIN #tea").heard()
    netcat.heard()
    eve.send("PRIVMSG #tea :hi")
    assert len(phone.heard()) == 1
    assert netcat.heard() == []
    assert netcat.room == "#lobby"
    eve.heard()
    assert netcat.send("/join tea").heard()[0] == "* You are in #tea now. With you in #tea: eve."
    assert eve.heard() == phone.heard() == []
    netcat.send("hello").heard()
    assert len(phone.heard()) == len(eve.heard()) == 1
    assert set(bob_of(chat).rooms) == {"#lobby", "#tea"}
    netcat.send("/join milk")
    assert ":b0b!u@127.0.0.1 JOIN #milk" in phone.heard()
    assert netcat.room == "#milk"
    eve.send("PRIVMSG #tea :still there?")
    assert len(phone.heard()) == 1
    phone.send("PART #milk").heard()
    assert netcat.heard()[-1] == "* b0b left"
    assert netcat.room == ""
    netcat.send("/join tea").heard()
    assert phone.heard() == []


def test_a_name_modes_and_being_away_hold_for_all(chat: Chat) -> None:
    """Whoever of them sets it."""
    netcat, phone = plain(chat), irc(chat)
    netcat.heard(), phone.heard()
    netcat.send("/nick robert")
    assert phone.heard() == [":bob!plain@127.0.0.1 NICK robert"]
    phone.send("MODE robert +i")
    assert netcat.heard()[-1] == "* Your modes: +i"
    netcat.send("/away tea")
    assert phone.heard()[-1].split()[1] == "306"
    phone.send("AWAY")
    assert netcat.heard()[-1] == "* You are back."
    assert bob_of(chat).away == ""


def test_who_sits_at_no_device_is_away(chat: Chat) -> None:
    """By AWAY *, of a device that comes by itself; back with the first where somebody is. A message holds for all."""
    eve = chat.irc("eve", "away-notify", room="#tea")
    sleeping = chat.irc()
    sleeping.send("CAP REQ draft/pre-away", "AWAY *", "CAP END", f"PASS bob:{PASSWORD}", "NICK bob", "USER u 0 * :Bob")
    sleeping.send("JOIN #tea")
    assert eve.heard() == [":bob!u@127.0.0.1 JOIN #tea", ":bob!u@127.0.0.1 AWAY :not at any device"]
    netcat = plain(chat)
    assert eve.heard() == [":bob!u@127.0.0.1 AWAY"]
    assert not bob_of(chat).away
    netcat.leave()
    assert eve.heard() == [":bob!u@127.0.0.1 AWAY :not at any device"]
    sleeping.send("AWAY")
    assert eve.heard() == [":bob!u@127.0.0.1 AWAY"]
    phone = irc(chat, "draft/pre-away")
    phone.heard()
    assert phone.send("AWAY *").heard() == [":chatroom.test 306 bob :You have been marked as being away"]
    sleeping.send("AWAY *")
    assert eve.heard() == [":bob!u@127.0.0.1 AWAY :not at any device"]
    phone.send("AWAY :lunch")
    assert eve.heard() == [":bob!u@127.0.0.1 AWAY", ":bob!u@127.0.0.1 AWAY :lunch"]
    plain(chat)
    assert bob_of(chat).away == "lunch"
    phone.send("AWAY")
    assert eve.heard() == [":bob!u@127.0.0.1 AWAY"]


def test_away_before_registration(chat: Chat) -> None:
    """IRCv3 draft/pre-away: with a message it is as if it was given right after."""
    al = chat.irc()
    assert al.send("AWAY :early").heard()[0].split()[1] == "451"
    al.send("CAP REQ draft/pre-away", "AWAY :early", "NICK al", "USER u 0 * :Al", "CAP END")
    assert al.heard()[-1].split()[1] == "306"
    assert chat.hub.state.nicks.by_nick["al"].away == "early"


def test_a_bouncer_is_no_person_at_a_device(chat: Chat) -> None:
    """soju says AWAY * where draft/pre-away is offered, without asking for it; who is at another device is here."""
    bouncer, phone = irc(chat), irc(chat)
    bouncer.send("AWAY *")
    assert bob_of(chat).away == ""
    phone.leave()
    assert bob_of(chat).away == "not at any device"
    bouncer.send("AWAY")
    assert bob_of(chat).away == ""


def test_a_label_answers_the_device_that_asked(chat: Chat) -> None:
    """The other hears of it as of anything."""
    caps = ("batch", "labeled-response", "message-tags", "echo-message")
    one, two = irc(chat, *caps), irc(chat, *caps)
    one.send("JOIN #tea").heard(), two.heard()
    one.send("@label=x PRIVMSG #tea :hi")
    assert "label=x" in one.heard()[0]
    assert "label" not in two.heard()[0]


# ---- going ----------------------------------------------------------------------------------------------------------


def test_a_person_leaves_with_the_last_device(chat: Chat) -> None:
    """One departure, whichever came first."""
    eve, first, second = chat.plain("eve"), plain(chat), plain(chat)
    eve.heard()
    first.leave()
    second.send("still here")
    assert eve.heard() == ["bob: still here"]
    assert not second.closing
    second.send("/quit bye")
    assert eve.heard() == ["* bob left (bye)"]
    assert chat.hub.state.presences == {}
    assert chat.hub.state.here == 1


def test_devices_are_listed_and_one_is_ended(chat: Chat) -> None:
    """By its number, from any of them."""
    netcat, phone = plain(chat), irc(chat)
    netcat.heard(), phone.heard()
    assert netcat.send("/devices").heard() == [
        "* Device 1, this one: netcat, since 2026-01-01 12:00, from 127.0.0.1",
        "* Device 2: IRC, since 2026-01-01 12:00, from 127.0.0.1",
        "* /logout DEVICE ends one of them.",
    ]
    assert netcat.send("/logout 3").heard() == ["* you have no device 3; /devices lists them"]
    assert netcat.send("/logout 2").heard() == ["* The connection of device 2, IRC, is closed."]
    assert phone.closing
    assert "you have ended this connection" in phone.heard()[-1]
    again = irc(chat)
    again.heard()
    assert "Device 2, this one: IRC" in again.send("NICKSERV DEVICES").heard()[1]
    again.send("NICKSERV LOGOUT 1")
    assert netcat.closing
    assert again.user is bob_of(chat)
    again.send("NICKSERV LOGOUT 2")
    assert again.closing
    assert chat.hub.state.users == {}


def test_the_window_and_text_say_of_themselves_what_they_are(chat: Chat) -> None:
    """So that one knows which to end; in the reader's language."""
    for program in ("window", "text", "*"):
        chat.irc().send(f"PASS bob:{PASSWORD}", "NICK bob", f"USER chatroom 0 {program} :Bob")
    netcat = plain(chat)
    netcat.heard()
    kinds = [line.rpartition(": ")[2].partition(",")[0] for line in netcat.send("/devices").heard()[:-1]]
    assert kinds == ["window", "--text", "IRC", "netcat"]
    netcat.send("/lang pl").heard()
    assert "okno" in netcat.send("/devices").heard()[0]


def test_programs_are_told_by_a_code_not_to_come_back(chat: Chat) -> None:
    """Else one that knows the password is here again in a moment. Others only read the sentence."""
    netcat, phone, old = plain(chat), irc(chat, "standard-replies"), irc(chat)
    phone.heard(), old.heard()
    netcat.send("/logout 2", "/logout 3")
    assert phone.heard()[-2].startswith(":chatroom.test FAIL * SESSION_ENDED :you have ended this connection")
    assert not any("FAIL" in line for line in old.heard())
    phone = irc(chat, "standard-replies")
    phone.heard()
    phone.send("NICKSERV LOGOUT")
    assert "FAIL * SESSION_ENDED" in phone.heard()[-2]
    boss = chat.plain("boss")
    assert boss.user
    chat.hub.state.set_user_mode(boss.user, OPERATOR, True)
    for why, told in (("a: break)", "a: break)"), ("", "no reason was given")):
        phone = irc(chat, "standard-replies")
        phone.heard()
        chat.submit(boss, Kill(phone.nick, why))
        assert phone.heard()[-2] == f":chatroom.test FAIL * SESSION_KILLED boss :{told}"


def test_logging_out_ends_the_device_where_there_are_others(chat: Chat) -> None:
    """It would have to give up its name; the others keep theirs."""
    netcat, phone = plain(chat), irc(chat)
    assert "* You are logged out." in netcat.send("/logout").heard()
    assert netcat.closing
    assert phone.send("NICKSERV LOGOUT").nick == "bob"
    assert not phone.closing
    assert not phone.account


def test_a_new_password_ends_the_other_devices(chat: Chat) -> None:
    """One of them may be whoever it was changed for."""
    eve, netcat, phone = chat.plain("eve"), plain(chat), irc(chat)
    eve.heard()
    phone.send(f"NICKSERV SET PASSWORD {PASSWORD} another-one")
    assert netcat.closing
    assert not phone.closing
    assert eve.heard() == []
    assert plain(chat, "another-one").user is phone.user


def test_who_is_thrown_off_goes_with_all_devices(chat: Chat) -> None:
    """An operator means the person."""
    eve, netcat, phone = chat.plain("eve"), plain(chat), irc(chat)
    chat.hub.context.operator_password = "secret-secret"
    eve.send("/oper secret-secret")
    op = chat.irc("op").send("OPER op secret-secret", "KILL bob :enough")
    assert netcat.closing
    assert phone.closing
    assert "bob" not in chat.hub.state.nicks.by_nick
    assert op.nick == "op"


def test_a_device_that_comes_back_is_shown_what_was_said_meanwhile(chat: Chat) -> None:
    """Whatever other devices have heard of it."""
    eve, phone, netcat = chat.plain("eve"), irc(chat), plain(chat)
    eve.send("one")
    netcat.leave()
    eve.send("two")
    again = plain(chat)
    assert [line for line in again.heard() if "eve: " in line and "private" not in line] == [
        f"[{line}" for line in ("2026-01-01 12:00] eve: two",)
    ]
    assert phone.user is again.user


def test_who_gives_a_name_up_keeps_one_connection(chat: Chat) -> None:
    """Nobody else who was logged in becomes an owner of the account that is made of the name next."""
    eve, netcat, phone = chat.plain("eve"), plain(chat), irc(chat)
    eve.heard()
    netcat.heard()
    phone.send(f"NICKSERV DROP bob {PASSWORD}", "NICKSERV REGISTER another-one")
    assert netcat.heard() == ["* You are logged out.", "* Goodbye (the name is nobody's any more)."]
    assert netcat.closing
    assert phone.account == "bob"
    assert [device.who.uid for device in bob_of(chat).devices] == [phone.uid]
    assert eve.heard() == ["* bob has logged out", "* bob has logged in"]


def test_when_an_operator_frees_a_name_its_first_device_stays(chat: Chat) -> None:
    op, netcat, phone = chat.irc("op"), plain(chat), irc(chat)
    chat.hub.context.operator_password = "secret-secret"
    op.send("OPER op secret-secret", "NICKSERV DROP bob")
    assert not netcat.closing
    assert netcat.account == ""
    assert phone.closing


def test_one_irc_device_too_many_is_told_so_before_it_is_in(chat: Chat) -> None:
    """It may try again when another has gone."""
    first, *_ = [irc(chat) for _ in range(DEVICES_PER_PERSON)]
    late = irc(chat)
    assert late.heard()[-1].startswith(":chatroom.test 437 * bob :You are here by as many devices as may be")
    first.leave()
    assert late.send("NICK bob").heard()[0].split()[1] == "001"
