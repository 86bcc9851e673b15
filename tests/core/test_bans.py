"""Bans, mutes and kicks for a time, slow mode, bans from the server; and that they outlive the server."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from chatroom.core.bans import ENDED_AT_ONCE, SERVER_BANS_MAX
from chatroom.model.commands import Ban, BanFromServer, Expire
from chatroom.model.dormant_rooms import DormantRooms
from chatroom.model.events import ModesSet, ServerUnbanned
from chatroom.model.expiries import LIFTED_EXPIRIES_KEPT
from chatroom.model.limits import DORMANT_ROOMS_MAX, MASKS_PER_LIST
from chatroom.model.modes import SLOW_MODE_MAX_SECONDS
from chatroom.model.replies import Refused
from chatroom.model.values import Person
from chatroom.server.chat_server import ChatServer
from chatroom.storage.store import Store
from tests.chat import INFO, Chat, Client
from tests.peers import Guests, Irc, Peer, Served

Room = tuple[Chat, Client, Client]
HOUR = 3_600_000  # milliseconds


@pytest.fixture
def room() -> Room:
    """A room #a with its operator op, on IRC, and a member bob with netcat."""
    chat = Chat()
    op, bob = chat.irc("op", room="#a"), chat.plain("bob")
    bob.send("/join #a")
    op.heard()
    bob.heard()
    return chat, op, bob


def pass_time(chat: Chat, milliseconds: int) -> None:
    """Lets time go by, and the server's clock look what is due."""
    chat.time += milliseconds
    if chat.hub.state.expiries.is_due(chat.time):
        chat.log.submit(chat.hub.state.server_session, [Expire()])


def numerics(client: Client, *lines: str) -> list[str]:
    return [line.split()[1] for line in client.send(*lines).heard()]


def from_elsewhere(client: Client, host: str) -> Client:
    """As if it came from another address."""
    assert client.user
    client.host = host
    client.user.person = Person(client.uid, client.nick, "plain", host)
    return client


# ---- in a room ------------------------------------------------------------------------------------------------------


def test_a_ban_throws_out_and_keeps_out_until_its_time_is_over(room: Room) -> None:
    """Everybody reads who, how long and why; the end is told, too, and by the server."""
    chat, op, bob = room
    assert op.send("BAN #a bob 2h :too loud").heard() == [
        ":op!u@127.0.0.1 MODE #a +b bob!*@*",
        ":op!u@127.0.0.1 KICK #a bob :too loud",
    ]
    assert bob.heard() == ["* op banned bob for 2h (too loud)", "* op threw bob out (too loud)"]
    pass_time(chat, HOUR)
    [refused] = bob.send("/join #a").heard()
    assert re.fullmatch(
        r"\* op has banned you from #a for \S.* more \(too loud\); its operators may lift it: op", refused
    )
    pass_time(chat, HOUR)
    assert op.heard() == [":chatroom.test MODE #a -b bob!*@*"]
    assert bob.send("/join #a").heard()[0].startswith("* You are in #a now.")


def test_a_mute_lets_read_but_not_speak_and_ends_by_itself(room: Room) -> None:
    """The room is told of both; nobody slips out of it by another name."""
    chat, op, bob = room
    op.send("MUTE #a bob 30s :spam")
    assert bob.heard() == ["* op muted bob for 30s (spam)"]
    op.heard()
    assert re.match(r"\* op has muted you in #a for .* \(spam\)", bob.send("hello").heard()[0])
    assert bob.send("/nick bobby").heard() == ["* you can't take another name while you are banned or muted in #a"]
    op.send("PRIVMSG #a :listen")
    assert bob.heard() == ["op: listen"]
    pass_time(chat, 30_000)
    assert bob.heard() == ["* The mute on bob has ended"]
    op.heard()
    bob.send("thanks")
    assert op.heard() == [":bob!plain@127.0.0.1 PRIVMSG #a :thanks"]


def test_a_kick_for_a_time_is_a_ban_as_well(room: Room) -> None:
    """KICK #a bob 10m :reason, and /kick bob 10m reason."""
    chat, op, bob = room
    op.send("KICK #a bob 10m :go for a walk")
    assert bob.heard() == ["* op banned bob for 10m (go for a walk)", "* op threw bob out (go for a walk)"]
    assert "has banned you" in bob.send("/join #a").heard()[0]
    pass_time(chat, 600_000)
    assert "You are in #a" in bob.send("/join #a").heard()[0]


def test_a_name_is_banned_with_its_address_unless_others_share_it(room: Room) -> None:
    """Else a class behind one address would be out with one of them."""
    chat, op, bob = room
    from_elsewhere(bob, "192.0.2.7")
    op.send("BAN #a bob")
    assert op.heard()[0] == ":op!u@127.0.0.1 MODE #a +bb bob!*@* *!*@192.0.2.7"
    assert bob.heard()[0] == "* op banned bob"
    back = chat.irc("bobby")
    from_elsewhere(back, "192.0.2.7")
    assert numerics(back, "JOIN #a") == ["474"]
    op.send("UNBAN #a BOB")
    assert op.heard()[-1] == ":op!u@127.0.0.1 MODE #a -bb bob!*@* *!*@192.0.2.7"
    assert numerics(back, "JOIN #a")[0] == "JOIN"


def test_a_name_that_has_proven_itself_is_banned_by_its_account(room: Room) -> None:
    """Whatever name they come back with; `a:` is IRCv3's account-extban."""
    chat, op, bob = room
    assert bob.user
    bob.user.person = Person(bob.uid, "bob", "plain", "127.0.0.1", account="bob")
    op.send("BAN #a bob")
    assert op.heard()[0] == ":op!u@127.0.0.1 MODE #a +bb bob!*@* a:bob"
    other = chat.irc("rob")
    assert other.user
    other.user.person = Person(other.uid, "rob", "u", "127.0.0.1", account="Bob")
    assert numerics(other, "JOIN #a") == ["474"]
    assert numerics(op, "MODE #a +b m:a:rob", "MODE #a -b m:a:rob") == ["MODE", "MODE"]


@pytest.mark.parametrize(("account", "more"), [("bob", "b"), ("", "")], ids=["logged in", "not logged in"])
def test_a_second_connection_of_the_same_account_is_nobody_else(room: Room, account: str, more: str) -> None:
    """So the address is banned, too. Without an account it may be anybody behind that address, who is spared."""
    chat, op, bob = room
    other = chat.irc("bobs-phone")
    for client, nick in ((bob, "bob"), (other, "bobs-phone")):
        assert client.user
        client.user.person = Person(client.uid, nick, "u", "192.0.2.7", account=account)
    op.send("BAN #a bob")
    masks = f"bb{more} bob!*@* a:bob *!*@192.0.2.7" if account else "b bob!*@*"
    assert op.heard()[0] == f":op!u@127.0.0.1 MODE #a +{masks}"


def test_who_has_just_left_can_still_be_banned_by_address(room: Room) -> None:
    """Whoever insults and runs."""
    _chat, op, bob = room
    from_elsewhere(bob, "192.0.2.7")
    bob.leave()
    op.heard()
    assert op.send("BAN #a bob").heard() == [":op!u@127.0.0.1 MODE #a +bb bob!*@* *!*@192.0.2.7"]


def test_a_mask_throws_out_all_that_it_meets_but_operators(room: Room) -> None:
    """And those whom an exception spares."""
    chat, op, _bob = room
    carol = chat.irc("carol", room="#a")
    op.send("MODE #a +e carol")
    op.heard()
    told = op.send("BAN #a *@127.0.0.1").heard()
    assert [line.split()[1:4] for line in told] == [["MODE", "#a", "+b"], ["KICK", "#a", "bob"]]
    assert carol.user and carol.user.rooms


def test_nobody_bans_themselves(room: Room) -> None:
    """By name; a mask that meets its maker spares them."""
    _, op, _ = room
    assert numerics(op, "BAN #a op", "MUTE #a OP") == ["485", "485"]


def test_bans_stay_when_the_room_is_empty(room: Room) -> None:
    """Who is banned does not open the room anew as its operator."""
    chat, op, bob = room
    op.send("BAN #a bob", "PART #a")
    bob.heard()
    assert "#a" not in chat.hub.state.rooms
    assert "has banned you" in bob.send("/join #a").heard()[0]
    pass_time(chat, HOUR)
    chat.irc("al").send("JOIN #a", "UNBAN #a bob")
    assert "You are in #a" in bob.send("/join #a").heard()[0]
    assert list(chat.hub.state.lists) == ["#a"]


def test_nobody_closes_a_room_for_all_by_leaving_it(room: Room) -> None:
    """A mask keeps nobody from opening a room that is nobody's and empty; it holds again when somebody is in it."""
    chat, op, bob = room
    op.send("MODE #a +b *!*@*", "PART #a")
    bob.send("/leave")
    carol = chat.irc("carol")
    assert numerics(carol, "JOIN #a")[0] == "JOIN"
    bob.heard()
    assert "has banned you" in bob.send("/join #a").heard()[0]
    carol.send("MODE #a -b *!*@*")
    assert "You are in #a" in bob.send("/join #a").heard()[0]


def test_what_is_remembered_of_empty_rooms_has_an_end(room: Room) -> None:
    """Rooms left longest ago are forgotten first; ends that were renewed are not held for ever."""
    chat, op, _ = room
    for i in range(DORMANT_ROOMS_MAX + 20):
        op.send(f"JOIN #r{i}", f"BAN #r{i} eve 1w", f"PART #r{i}")
    assert len(chat.hub.state.lists) - len(chat.hub.state.rooms) == DORMANT_ROOMS_MAX
    assert "#r19" not in chat.hub.state.lists and "#r20" in chat.hub.state.lists
    for _ in range(3 * LIFTED_EXPIRIES_KEPT):
        chat.time += 1
        op.send("BAN #a eve 1w")
    assert len(chat.hub.state.expiries.heap) <= 3 * (DORMANT_ROOMS_MAX + LIFTED_EXPIRIES_KEPT)


def test_rooms_that_are_made_up_fill_no_memory(room: Room) -> None:
    """Of one in which nothing was said, or that was closed, nothing is held, however many bans were lifted there."""
    chat, op, _ = room
    memories = chat.hub.state.dormant_rooms = DormantRooms()
    masks = " ".join([f"x{n}!*@*" for n in range(20)])
    for n in range(10):
        op.send(f"JOIN #r{n}", f"MODE #r{n} +{'b' * 20} {masks}", f"MODE #r{n} -{'b' * 20} {masks}", f"PART #r{n}")
        op.send(f"JOIN #k{n}", f"MODE #k{n} +k sesame", f"PRIVMSG #k{n} :hush", f"PART #k{n}")
    assert not memories.rooms and not memories.owned and not chat.hub.state.kept
    assert list(chat.hub.state.lists) == ["#a"]


def test_rooms_that_have_an_owner_push_out_no_others(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """They don't count among the rooms whose bans are held; of the others, those left longest ago are forgotten."""
    monkeypatch.setattr("chatroom.model.state.DORMANT_ROOMS_MAX", 4)
    chat, op, bob = room
    al = chat.irc("al")
    al.send("PRIVMSG NickServ :REGISTER open-sesame")
    op.send("BAN #a bob", "PART #a")
    for n in range(10):
        al.send(f"JOIN #own{n}", f"MODE #own{n} +b troll!*@*", f"PART #own{n}")
    bob.heard()
    assert "has banned you" in bob.send("/join #a").heard()[0]
    for n in range(4):
        op.send(f"JOIN #r{n}", f"BAN #r{n} eve", f"PART #r{n}")
    assert "You are in #a" in bob.send("/join #a").heard()[0]
    assert len(chat.hub.state.lists) == 15


def test_a_ban_can_be_lifted_by_its_end_in_an_empty_room(room: Room) -> None:
    """And nothing of it is left behind."""
    chat, op, bob = room
    op.send("BAN #a bob 1h", "PART #a")
    pass_time(chat, HOUR)
    assert not chat.hub.state.lists and not chat.hub.state.expiries.heap
    bob.heard()
    assert "You are in #a" in bob.send("/join #a").heard()[0]


def test_who_is_banned_is_listed_with_how_long_and_why(room: Room) -> None:
    """/bans; one line a name, with its masks."""
    _chat, op, bob = room
    from_elsewhere(bob, "192.0.2.7")
    op.send("MUTE #a bob 2h :noise", "MODE #a +b *!*@198.51.100.*")
    bob.heard()
    banned, muted = bob.send("/bans").heard()
    assert banned == "* Banned: *!*@198.51.100.* by op"
    assert re.fullmatch(r"\* Muted: bob \(bob!\*@\*, \*!\*@192\.0\.2\.7\) by op for .* more \(noise\)", muted)


def test_a_new_time_takes_the_place_of_the_old_one(room: Room) -> None:
    """The longer as the shorter; an end that was forgotten does not end it."""
    chat, op, _ = room
    op.send("BAN #a eve 1h", "BAN #a eve 3h")
    pass_time(chat, HOUR)
    op.heard()
    assert numerics(op, "MODE #a b") == ["367", "368"]
    pass_time(chat, 2 * HOUR)
    assert op.heard() == [":chatroom.test MODE #a -b eve!*@*"]
    op.send("BAN #a eve 1h", "UNBAN #a eve", "BAN #a eve")
    op.heard()
    pass_time(chat, 2 * HOUR)
    assert op.heard() == []


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("UNBAN #a nobody", "696"),
        ("UNMUTE #a bob", "696"),
        ("BAN #none bob", "403"),
        ("BAN #a", "461"),
        ("KICK #a nobody 2h :x", "401"),
    ],
)
def test_what_can_not_be_is_refused(room: Room, line: str, answer: str) -> None:
    """Each with its numeric."""
    assert numerics(room[1], line) == [answer]


@pytest.mark.parametrize(
    "slip", ["1.5h", "1h30m", "0s", "-5m", "5", "2x", "99999999w", "10min", "2hours", "3rd", ".5h"]
)
def test_nobody_is_banned_for_good_by_a_slip(room: Room, slip: str) -> None:
    """What is meant as a time, and is none, is refused: not taken for a reason."""
    chat, op, _ = room
    teacher = chat.plain("teacher").send("/join #b")
    teacher.heard()
    told = f"* {slip} is no time, so nothing was done; 30s, 10m, 2h, 1d, 1w are times; no reason begins with a digit"
    assert teacher.send(f"/ban bob {slip} insults", f"/mute bob {slip}", f"/kick teacher {slip}").heard() == [told] * 3
    slips = (f"BAN #a bob {slip} :insults", f"MUTE #a bob {slip}", f"KICK #a bob {slip} :out")
    for line in (*slips, f"BAN #a bob :{slip} insults", f"MUTE #a bob :{slip} insults"):
        assert op.send(line).heard()[-1].startswith(f":chatroom.test NOTICE {op.nick} :{slip}: ")
    assert op.send("MODE #a b").heard()[0].split()[1] == "368"
    assert teacher.send("/ban bob third time").heard() == ["* teacher banned bob (third time)"]


def test_a_time_counts_where_it_stands_with_the_reason(room: Room) -> None:
    """Clients that know no times send both as one parameter."""
    op = room[1]
    op.send("MUTE #a bob :10m insults", "BAN #a eve :2h insults, 3 of them")
    listed = room[0].plain("teacher").send("/bans #a").heard()
    assert re.fullmatch(r"\* Banned: eve \(eve!\*@\*\) by op for .* more \(insults, 3 of them\)", listed[0])
    assert re.fullmatch(r"\* Muted: bob \(bob!\*@\*\) by op for .* more \(insults\)", listed[1])


def test_a_server_ban_needs_a_time_where_one_stands(room: Room) -> None:
    """KLINE with a wrong one must not ban somebody called like it."""
    chat, _, _ = room
    chat.hub.context.operator_password = "sesame"
    oper = chat.irc("oper").send("OPER oper sesame")
    oper.heard()
    assert "oper :5x: That is no time" in oper.send("KLINE 5x eve :y").heard()[-1]
    assert not chat.hub.state.bans
    oper.send("KLINE eve has been warned", "KLINE 10.9.8.7 has been warned")
    assert [entry.reason for entry in chat.hub.state.bans.values()] == ["has been warned"] * 2


def test_a_list_of_bans_has_a_longest_length(room: Room) -> None:
    """478."""
    _, op, _ = room
    for i in range(MASKS_PER_LIST):
        op.send(f"BAN #a x{i}")
    op.heard()
    assert numerics(op, "BAN #a more") == ["478"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/op bob", "* op made bob an operator"),
        ("/voice bob", "* op gave bob a voice"),
        ("/mute bob 10m noise", "* op muted bob for 10m (noise)"),
        ("/ban eve!*@* rude", "* op banned eve!*@* (rude)"),
        ("/kick bob be gone", "* op threw bob out (be gone)"),
        ("/slow 10", "* op slowed the room down: one message every 10 seconds"),
        ("/slow 2m", "* op slowed the room down: one message every 120 seconds"),
        ("/key sesame", "* op locked the room with a key"),
        ("/mode +m", "* op made the room quiet: only operators and those with a voice speak"),
        ("/topic Tea", "* op set the topic: Tea"),
    ],
)
def test_a_teacher_with_netcat_keeps_order_in_sentences(line: str, sentence: str) -> None:
    """What an IRC client does by MODE, a plain one does by words; the room reads them."""
    chat = Chat()
    op, bob = chat.plain("op"), chat.plain("bob")
    op.send("/join #a")
    bob.send("/join #a")
    bob.heard()
    op.heard()
    assert op.send(line).heard() == [sentence]
    assert bob.heard() == [sentence]


def test_what_was_done_can_be_undone_in_words() -> None:
    """/deop, /devoice, /unmute, /unban, /slow off, /key off, /invite."""
    chat = Chat()
    op, bob = chat.plain("op"), chat.plain("bob")
    op.send("/join #a")
    bob.send("/join #a")
    op.send("/mute bob", "/op bob", "/voice bob", "/ban eve", "/slow 5", "/key x")
    op.heard()
    assert op.send(
        "/deop bob", "/devoice bob", "/unmute bob", "/unban eve", "/slow off", "/key off", "/mode", "/bans"
    ).heard() == [
        "* op decided that bob is no longer an operator",
        "* op took bob's voice",
        "* op lets bob speak again",
        "* op lifted the ban on eve",
        "* op ended slow mode",
        "* op unlocked the room: nobody needs a key any more",
        "* Modes of #a: only those speak who are in it (+n); only operators set the topic (+t).",
        "* Nobody is banned or muted in #a.",
    ]
    chat.plain("carol")
    op.heard()
    assert op.send("/invite carol").heard() == ["* carol is invited to #a"]
    assert op.send("/key a b").heard() == ["* that can't be a key; a key has no spaces and no commas"]
    assert op.send("/mode +l x").heard() == ["* x is no number of people"]


def test_a_room_in_the_place_of_a_name_is_refused() -> None:
    """A mask made of it would ban nobody."""
    op = Chat().irc("op", room="#a")
    for command in ("MUTE", "BAN"):
        assert op.send(f"{command} #a #lobby :bob 3m").heard()[-1].split()[1:4] == ["401", "op", "#lobby"]
    assert "367" not in "".join(op.send("MODE #a b").heard())


def test_modes_are_told_in_words_with_their_letters() -> None:
    """What comes with a mode is told to those alone who are in the room."""
    chat = Chat()
    op, bob = chat.plain("op"), chat.plain("bob")
    op.send("/join #a").heard()
    assert op.send("/mode -nt", "/mode").heard()[-1] == "* #a has no modes."
    op.send("/slow 5", "/key x").heard()
    assert op.send("/mode").heard() == ["* Modes of #a: one message every 5 seconds (+W 5); it has a key (+k x)."]
    assert bob.send("/mode #a").heard()[-1] == "* Modes of #a: +W; it has a key (+k)."


def test_what_has_ended_ends_once(room: Room) -> None:
    """Of several servers each may say that it is time; and a ban that was renewed meanwhile stays."""
    chat, op, _ = room
    op.send("BAN #a eve 1h", "BAN #a adam 1h")
    chat.time += HOUR
    itself = chat.hub.state.server_session
    [ended] = chat.hub.decide(itself, Expire())
    assert isinstance(ended, ModesSet)
    op.send("BAN #a adam 2h")
    op.heard()
    for _ in range(3):
        chat.hub.apply(ended, chat.post)
    assert op.heard() == [":chatroom.test MODE #a -b eve!*@*"]
    assert list(chat.hub.state.lists["#a"]["b"]) == ["adam!*@*"]
    chat.log.submit(itself, [BanFromServer("192.0.2.1", 3600)])
    chat.time += HOUR
    [lifted] = chat.hub.decide(itself, Expire())
    assert isinstance(lifted, ServerUnbanned)
    entries = len(chat.hub.state.audit_log)
    for _ in range(3):
        chat.hub.apply(lifted, chat.post)
    assert len(chat.hub.state.audit_log) == entries + 1 and not chat.hub.state.bans


def test_what_follows_from_the_rest_can_be_made_anew(room: Room) -> None:
    """As when all that there is was taken over from another server."""
    chat, op, _ = room
    op.send("BAN #a eve 1h", "MODE #a +Wb 5 m:x")
    chat.log.submit(chat.hub.state.server_session, [BanFromServer("192.0.2.0/24", 60), BanFromServer("mallory")])
    hub = chat.hub
    before = (
        sorted(hub.state.expiries.heap),
        dict(hub.state.nicks.by_looks),
        dict(hub.state.claimed),
        hub.state.networks.find("192.0.2.9"),
        set(hub.state.lists),
    )
    hub.state.reindex()
    after = (
        sorted(hub.state.expiries.heap),
        dict(hub.state.nicks.by_looks),
        dict(hub.state.claimed),
        hub.state.networks.find("192.0.2.9"),
        set(hub.state.lists),
    )
    assert after == before and before[3]
    assert hub.state.rooms["#a"].slow == 5000 and hub.state.rooms["#a"].lists is hub.state.lists["#a"]


# ---- slow mode ------------------------------------------------------------------------------------------------------


def test_in_a_slow_room_each_member_waits_between_messages(room: Room) -> None:
    """+W, in seconds; operators and those with a voice don't; typing is no message."""
    chat, op, bob = room
    op.send("MODE #a +W 10")
    assert bob.heard() == ["* op slowed the room down: one message every 10 seconds"]
    assert bob.send("one").heard() == []
    assert bob.send("two").heard()[0].startswith("* #a is in slow mode: one message every 10s; yours may follow in ")
    op.heard()
    assert op.send("PRIVMSG #a :a", "PRIVMSG #a :b").heard() == []
    pass_time(chat, 10_000)
    bob.heard()
    assert bob.send("three").heard() == []
    op.send("MODE #a +v bob")
    bob.heard()
    assert bob.send("four", "five").heard() == []


def test_who_has_just_spoken_waits_from_the_start(room: Room) -> None:
    """A flood ends with the change, not with one message more."""
    _, op, bob = room
    bob.send("one")
    op.send("MODE #a +W 10")
    bob.heard()
    assert "slow mode" in bob.send("two").heard()[0]


def test_leaving_a_slow_room_and_coming_back_is_no_way_around_it(room: Room) -> None:
    """The room remembers who spoke when."""
    _, op, bob = room
    op.send("MODE #a +W 60")
    bob.send("one", "/leave", "/join #a")
    bob.heard()
    assert "slow mode" in bob.send("two").heard()[0]


@pytest.mark.parametrize("pause", ["0", "-1", "x", str(SLOW_MODE_MAX_SECONDS + 1)])
def test_a_pause_is_a_number_of_seconds(room: Room, pause: str) -> None:
    """696 for any other."""
    assert numerics(room[1], f"MODE #a +W {pause}") == ["696"]


def test_a_room_that_is_not_slow_remembers_no_speakers(room: Room) -> None:
    """It pays nothing for what others use."""
    chat, op, bob = room
    bob.send("one")
    a = chat.hub.state.rooms["#a"]
    assert not a.spoke and not a.has_speech_restrictions
    op.send("MODE #a +W 5")
    bob.send("two")
    assert list(a.spoke) == [bob.uid]
    op.send("MODE #a -W")
    assert not a.spoke and not a.has_speech_restrictions


# ---- from the server ------------------------------------------------------------------------------------------------


@pytest.fixture
def rita(room: Room) -> Client:
    """An operator of the server."""
    chat, op, bob = room
    chat.hub.context.operator_password = "sesame"
    rita = chat.irc("rita")
    rita.send("OPER rita sesame").heard()
    for client in (op, bob):
        client.heard()
    return from_elsewhere(rita, "192.0.2.1")


@pytest.mark.parametrize("line", ["KLINE bob", "UNKLINE bob", "DLINE 192.0.2.1", "UNDLINE 192.0.2.1", "STATS k"])
def test_bans_from_the_server_are_for_its_operators(room: Room, line: str) -> None:
    """481."""
    assert "481" in numerics(room[1], line)


def test_a_ban_from_the_server_throws_off_and_keeps_off(room: Room, rita: Client) -> None:
    """By name, for a time; who comes is told why, and closed."""
    chat, op, bob = room
    assert rita.send("KLINE 2h bob :spam").heard() == [
        ":rita!plain@192.0.2.1 WALLOPS :rita banned bob!*@* from the server for 2h (spam)"
    ]
    assert bob.heard()[1:] == ["* Goodbye: rita threw you off the server (spam)."]
    assert op.heard() == [":bob!plain@127.0.0.1 QUIT :Killed (rita: spam)"]
    again = chat.irc()
    told = again.send("NICK Bob", "USER u 0 * :x").heard()
    assert re.fullmatch(r":chatroom\.test 465 \* :You are banned from this server for .* more \(spam\)", told[0])
    assert told[1] == "ERROR :Closing link: banned from this server"
    assert again.closing
    assert numerics(chat.irc("al"), "NICK BOB") == ["432"]
    pass_time(chat, 2 * HOUR)
    assert chat.irc("bob").nick == "bob"


def test_addresses_and_networks_are_barred(room: Room, rita: Client) -> None:
    """DLINE; listed by STATS d, lifted by UNDLINE."""
    chat, _op, bob = room
    assert numerics(rita, "DLINE 60 bob") == ["696"]
    from_elsewhere(bob, "198.51.100.7")
    rita.send("DLINE 60 198.51.100.99/24 :proxies")
    assert bob.heard()[1:] == ["* Goodbye: rita threw you off the server (proxies)."]
    assert chat.hub.state.networks.find("198.51.100.1") and chat.hub.state.networks.find("::ffff:198.51.100.1")
    assert not chat.hub.state.networks.find("198.51.101.1")
    rita.heard()
    first, end = rita.send("STATS d").heard()
    assert re.fullmatch(r":chatroom\.test 225 rita D 198\.51\.100\.0/24 :proxies for .* more \(by rita\)", first)
    assert end.split()[1] == "219"
    rita.send("UNDLINE 198.51.100.0/24")
    assert (
        not chat.hub.state.bans
        and not chat.hub.state.networks.find("198.51.100.1")
        and not chat.hub.state.expiries.heap
    )


def test_accounts_and_users_at_hosts_are_barred(room: Room, rita: Client) -> None:
    """KLINE a:account, KLINE user@host; STATS k shows both."""
    _, _, bob = room
    assert bob.user
    bob.user.person = Person(bob.uid, "bob", "plain", "127.0.0.1", account="rob")
    rita.send("KLINE 10 a:rob", "KLINE sp?m@198.51.100.*")
    assert bob.closing
    rita.heard()
    told = [line.split(" ", 3)[3] for line in rita.send("STATS k").heard()]
    assert told[0].startswith("K * a:rob * :for ") and told[1] == "K 198.51.100.* * sp?m :(by rita)"


def test_an_operator_does_not_bar_themselves_or_everybody(room: Room, rita: Client) -> None:
    """485; and a mask that leaves all open is none."""
    chat, _, _ = room
    assert numerics(rita, "KLINE *@192.0.2.1", "DLINE 192.0.2.0/24", "KLINE *@*", "KLINE *") == [
        "485",
        "485",
        "696",
        "696",
    ]
    assert not chat.hub.state.bans


def test_there_is_an_end_to_bans_from_the_server(room: Room) -> None:
    """Each newcomer is held against them."""
    chat, _, _ = room
    chat.log.submit(chat.hub.state.server_session, [BanFromServer(f"x{i}") for i in range(SERVER_BANS_MAX)])
    chat.log.submit(chat.hub.state.server_session, [BanFromServer("more")])
    assert isinstance(chat.post.replies[-1][1], Refused)


# ---- over restarts, on real servers ---------------------------------------------------------------------------------


def served(serve: Callable[..., Served], data: Path) -> tuple[Served, Guests]:
    server = serve("--data", str(data))
    return server, Guests(server.port)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_bans_mutes_and_topics_outlive_the_server(
    serve: Callable[..., Served], data: Path, end: signal.Signals
) -> None:
    """Whether it was told to end or killed: what everybody has seen done stays done."""
    server, guests = served(serve, data)
    op = guests.irc("op", room="#tea")
    guests.irc("bob", room="#tea")
    op.send("TOPIC #tea :Earl Grey", "BAN #tea bob 1h :rude", "MUTE #tea carol", "MODE #tea +be *!*@*.example al")
    op.send("BAN #tea dave", "UNBAN #tea dave")
    op.sync()
    server.process.send_signal(end)
    server.ends()
    guests.close()
    server, guests = served(serve, data)
    bob, carol = guests.irc("bob", room=""), guests.plain("carol")
    bob.send("JOIN #tea")
    assert re.search(r" 474 bob #tea :.* op has banned you for \S.* more \(rude\)", bob.sync()[-1])
    carol.send("/join #tea")
    assert "* Topic: Earl Grey" in carol.sync()
    al = guests.irc("al", room="#tea")
    al.send("MODE #tea b")
    masks = {line.split()[4] for line in al.sync() if " 367 " in line}
    assert masks == {"bob!*@*", "m:carol!*@*", "*!*@*.example"}
    guests.close()


def test_what_ends_while_the_server_is_down_is_lifted_when_it_is_up(serve: Callable[..., Served], data: Path) -> None:
    """And what ends while it runs, by itself; the room is told."""
    server, guests = served(serve, data)
    op = guests.irc("op", room="#tea")
    op.send("BAN #tea bob 1s", "BAN #tea eve 1h")
    op.sync()
    server.process.kill()
    server.ends()
    guests.close()
    server, guests = served(serve, data)
    al = guests.irc("al", room="#tea")
    if not any("-b bob!*@*" in line for line in al.heard):
        al.send("MODE #tea b")
        if any(" 367 " in line and "bob!" in line for line in al.sync()):
            al.wait(r"^:\S+ MODE #tea -b bob!\*@\*$")
    al.send("MUTE #tea carol 1s")
    al.wait(r"^:chatroom\.local MODE #tea -b m:carol!\*@\*$")
    al.send("MODE #tea b")
    assert [line.split()[4] for line in al.sync() if " 367 " in line] == ["eve!*@*"]
    guests.close()


def test_bans_from_the_server_outlive_it_and_are_met_at_the_door(
    serve: Callable[..., Served], data: Path, tmp_path: Path
) -> None:
    """An address hears why, and is asked nothing."""
    password = tmp_path / "password"
    password.write_text("sesame-of-ops\n")
    server = serve("--data", str(data), "--operator-password-file", str(password))
    guests = Guests(server.port)
    rita = guests.irc("rita")
    rita.send("OPER rita sesame-of-ops", f"DLINE 1h 127.0.0.9 :{'go ' * 80}away", "KLINE eve")
    rita.sync()
    server.process.kill()
    server.ends()
    guests.close()
    server, guests = served(serve, data)
    barred = Peer(server.port, source="127.0.0.9")
    [line] = barred.rest()
    assert re.fullmatch(r"\* Goodbye \(you are banned from this server for \S.* more \((go ){80}away\)\)\.", line)
    barred.close()
    eve = guests.stranger()
    eve.send("eve")
    assert eve.rest()[-2:] == ["* you are banned from this server", "* Goodbye (banned from this server)."]
    guests.plain("adam")
    guests.close()


def test_who_is_banned_from_the_lobby_is_let_in_to_no_room(server: ChatServer, guests: Guests) -> None:
    """A plain client starts there; it is told why, and may go elsewhere."""
    server.event_log.submit(server.hub.state.server_session, [Ban("#lobby", "bob", 3600, "rude")])
    guests.irc("al")
    bob = guests.plain("bob")
    assert re.match(r"\* chatroom\.test has banned you from #lobby for .* \(rude\)", bob.sync()[0])
    bob.send("hello")
    assert "* you can't write to #lobby" in bob.sync()[0]
    bob.send("/leave")
    assert "has banned you from #lobby" in bob.sync()[0]
    bob.send("/join #tea")
    assert "You are in #tea now" in bob.sync()[0]


def test_what_an_operator_did_is_in_the_rooms_history(data: Path) -> None:
    """Who, whom, when, and why; a key is not."""
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(data), unlimited=True, show_addresses=True)
    server.start()
    guests = Guests(server.port)
    op = guests.irc("op", room="#tea")
    guests.irc("bob", room="#tea")
    op.send("BAN #tea bob 1h :rude", "MODE #tea +mk sesame", "PRIVMSG #tea :so")
    al = Irc(server.port, "al", "batch", "draft/chathistory", "draft/event-playback", "server-time", room="")
    op.send("MODE #tea -k x")
    op.sync()
    al.send("JOIN #tea", "CHATHISTORY LATEST #tea * 50")
    told = [line.partition(" ")[2] for line in al.sync() if line.startswith("@batch=")]
    assert [line.split(" ", 1)[1] for line in told if "MODE" in line or "KICK" in line] == [
        "MODE #tea +b bob!*@*",
        "KICK #tea bob :rude",
        "MODE #tea +mk *",
        "MODE #tea -k *",
    ]
    al.close()
    guests.close()
    server.stop()


def test_what_an_operator_did_is_one_line_in_the_log(serve: Callable[..., Served]) -> None:
    """Without a key."""
    server = serve()
    guests = Guests(server.port)
    op = guests.irc("op", room="#tea")
    guests.irc("bob", room="#tea")
    op.send("BAN #tea bob 1h :rude", "MODE #tea +k sesame")
    server.err.wait(r" INFO #tea: op banned bob for 1h \(rude\) \(by op!u@127\.0\.0\.1\)$")
    server.err.wait(r" INFO #tea: op threw bob out \(rude\) \(by op!u@127\.0\.0\.1\)$")
    server.err.wait(r" INFO #tea: op locked the room with a key \(by op!u@127\.0\.0\.1\)$")
    assert not any("sesame" in line for line in server.err.heard)
    guests.close()


def test_who_logs_in_to_a_banned_account_is_refused(server: ChatServer, guests: Guests) -> None:
    """From the server by `a:account`: before coming in, and later."""
    bob = guests.plain("bob")
    bob.send("/register open-sesame")
    bob.wait("^\\* bob is yours now")
    server.event_log.submit(server.hub.state.server_session, [BanFromServer("a:bob", 3600, "spam")])
    assert bob.rest()[-1] == "* Goodbye: chatroom.test threw you off the server (spam)."
    eve = guests.plain("eve")
    eve.send("/login bob open-sesame")
    eve.wait(r"^\* the name bob is banned here for .* more \(spam\)$")
    back = guests.stranger()
    back.send("bob", "open-sesame")
    back.wait(r"^\* you are banned from this server for .* more \(spam\)$")


def test_an_owner_is_let_into_the_own_room_whatever_its_bans(guests: Guests) -> None:
    """Other operators come and go."""
    alice = guests.plain("alice")
    alice.send("/register open-sesame", "/join #tea")
    alice.wait("You are in #tea now")
    op = guests.irc("op", room="#tea")
    alice.send("/op op", "/leave")
    alice.sync()
    op.send("BAN #tea alice", "PART #tea")
    op.sync()
    alice.send("/join #tea")
    alice.wait("You are in #tea now")
    alice.send("/unban alice")
    alice.wait(r"^\* alice lifted the ban on alice$")


def test_many_bans_end_a_few_at_a_time(room: Room) -> None:
    """What ended first first, each once; the rest by the next command."""
    chat, op, _ = room
    for n in range(3 * ENDED_AT_ONCE):
        op.send(f"BAN #a x{n}!*@* 1h")
        chat.time += 1
    op.send("BAN #a x5!*@* 1h")  # anew: it ends later
    op.heard()
    chat.time += 3_600_000 - 10
    lifted: list[str] = []
    for _ in range(2):
        chat.submit(chat.hub.state.server_session, Expire())
        lifted += [line for line in op.heard() if "MODE #a -" in line]
    ended = [word for line in lifted for word in line.split()[4:]]
    wanted = [f"x{n}!*@*" for n in range(2 * ENDED_AT_ONCE + 1) if n != 5]
    assert ended == wanted


def test_who_is_banned_from_the_server_reads_that_before_anything_else(room: Room, rita: Client) -> None:
    """And how long, and why: at their goodbye, and when they come back, though they know their password."""
    chat, op, bob = room
    bob.send("/register open-sesame")
    bob.heard()
    rita.send("KLINE 2h bob :spam", "KLINE op")
    banned, goodbye = bob.heard()[-2:]
    assert re.fullmatch(r"\* you are banned from this server for .* more \(spam\)", banned)
    assert goodbye == "* Goodbye: rita threw you off the server (spam)."
    assert [line.split()[1] for line in op.heard()[-2:]] == ["465", ":Closing"]
    again = chat.plain()
    again.send("bob")
    again.heard()
    banned, goodbye = again.send("open-sesame").heard()
    assert re.fullmatch(r"\* you are banned from this server for .* more \(spam\)", banned)
    assert goodbye == "* Goodbye (banned from this server)."
    assert again.account == ""
