"""The session: lines in, rooms and lines out. No network, no screen."""

import base64

import pytest

from chatroom.client import history_sync, mode_handlers, searching, slash_commands, strings
from chatroom.client.screen_events import Alerted, Registered, Rejected, RoomList, SearchResults
from chatroom.client.transcript_entry import DeliveryState, Kind
from chatroom.common.language import choose, speak
from tests.client.script import MODERN, Script, texts


@pytest.fixture
def old() -> Script:
    """Connected to a server that knows no capability."""
    script = Script()
    script.connect()
    return script


@pytest.fixture
def modern() -> Script:
    script = Script(capabilities=MODERN)
    script.connect()
    script.history("#lobby")
    script.take()
    return script


# --- registration -----------------------------------------------------------------------------------------------------


def test_registers_and_joins_its_rooms() -> None:
    """CAP LS, NICK and USER go out at once; the rooms are joined when the server says welcome."""
    script = Script(rooms=("#lobby", "#dev"))
    script.session.connected(script.send)
    assert script.take() == ["CAP LS 302", "NICK me", "USER chatroom 0 * me"]
    script.feed(":irc 001 me :Welcome")
    assert script.take() == ["JOIN #lobby,#dev"]
    assert list(script.state.events) == [Registered(False)]


def test_nothing_that_a_server_sends_moves_a_cursor() -> None:
    """Not even in names: of ourselves, of rooms, of others."""
    script = Script()
    script.session.connected(script.send)
    script.feed(
        ":irc 001 m\x1b[2Je :Welcome",
        ":m[2Je!u@h JOIN #a\x01\x0e\u202eb",
        ":irc 353 me = #ab :m[2Je b\x07o\x02b",
        ":irc 366 me #ab :",
    )
    assert script.state.nick == "m[2Je"
    assert "#ab" in script.state.rooms
    assert script.state.rooms["#ab"].member("bob")


def test_what_can_be_no_name_is_no_room() -> None:
    """There is nothing that could be sent to it."""
    script = Script()
    script.session.connected(script.send)
    script.feed("JOIN", "JOIN :", "JOIN :a b", ":bob!u@h PRIVMSG", "::x!u@h PRIVMSG me :hi", ":irc 001 me :Welcome")
    assert set(script.state.rooms) == {"#lobby"}
    assert script.take()[-1] == "JOIN #lobby"
    script.feed(":bob!u@h PRIVMSG me :hi", ":bob!u@h NICK", ":bob!u@h NICK ::x")
    assert set(script.state.rooms) == {"#lobby", "bob"}


def test_asks_for_the_capabilities_it_knows_and_no_others() -> None:
    """A capability list over several lines is waited for; what is not known is not requested."""
    script = Script()
    script.session.connected(script.send)
    script.take()
    script.feed(":irc CAP * LS * :server-time unheard/of")
    assert script.take() == []
    script.feed(":irc CAP * LS :echo-message sasl=PLAIN")
    assert script.take() == ["CAP REQ :echo-message server-time"]
    script.feed(":irc CAP * ACK :echo-message server-time")
    assert script.take() == ["CAP END"]
    assert script.state.has("echo-message") and not script.state.has("batch")


def test_a_refused_request_ends_the_negotiation() -> None:
    """NAK: on without capabilities, rather than never."""
    script = Script()
    script.session.connected(script.send)
    script.feed(":irc CAP * LS :batch")
    script.take()
    script.feed(":irc CAP * NAK :batch")
    assert script.take() == ["CAP END"]


def test_a_password_goes_out_as_pass_and_as_sasl_where_there_is_sasl() -> None:
    """SASL PLAIN with the nickname as the account; refused, the session goes on and says so."""
    script = Script(password="secret")
    script.session.connected(script.send)
    assert "PASS secret" in script.take()
    script.feed(":irc CAP * LS :sasl=PLAIN", ":irc CAP * ACK :sasl")
    assert script.take() == ["CAP REQ sasl", "AUTHENTICATE PLAIN"]
    script.feed("AUTHENTICATE +")
    assert script.take() == ["AUTHENTICATE " + base64.b64encode(b"me\0me\0secret").decode()]
    script.feed(":irc 904 me :SASL authentication failed")
    assert script.take() == ["CAP END"]
    script.feed(":irc 001 me :Welcome")
    assert "without it" in script.lobby.entries[0].text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (":irc 433 * me :Nickname is already in use", "nick-taken"),
        (":irc 432 * me :Erroneous nickname", "nick-bad"),
        (":irc 465 * :You are banned", "banned"),
        (":irc 464 * :Password incorrect", "server-password"),
    ],
)
def test_refusals_that_no_retry_helps_are_reported(line: str, reason: str) -> None:
    """Name taken or bad, banned, wrong password."""
    script = Script()
    script.session.connected(script.send)
    script.feed(line)
    [event] = script.state.events
    assert isinstance(event, Rejected) and event.reason == reason


def test_the_code_before_a_refusal_tells_why_it_came() -> None:
    """Whatever its words are; the code is used up by the line behind it, and is not shown by itself."""
    for password, reason in (("", "nick-claimed"), ("guess!", "login-refused")):
        script = Script(password=password)
        script.session.connected(script.send)
        for _ in range(2 if password else 1):  # once more after PASS, where there is a password
            script.feed(":irc FAIL NICK NICKNAME_RESERVED me :zajęte", ":irc 433 * me :zajęte")
        assert script.state.events.pop() == Rejected(reason, ("me",))
        assert not script.lobby.entries
    script = Script()
    script.connect()
    script.state.events.clear()
    script.feed(":irc FAIL * SESSION_REPLACED :cześć", "ERROR :cześć")
    assert script.state.events.pop() == Rejected("elsewhere")
    for fail, rejected in (
        ("SESSION_ENDED :you have ended it", Rejected("ended")),
        ("SESSION_KILLED olga :a break", Rejected("killed", ("olga", "a break"))),
        ("PASSWORD_CHANGED :it was changed", Rejected("password-changed", ("me",))),
    ):
        script = Script()
        script.connect()
        script.state.events.clear()
        script.feed(f":irc FAIL * {fail}", "ERROR :bye")
        assert script.state.events.pop() == rejected


def test_who_guessed_too_often_tries_again_after_a_break() -> None:
    """Only who was let in before; a password that is wrong at first ends it."""
    script = Script(password="secret")
    script.connect()
    script.state.events.clear()
    script.lose()
    script.session.connected(script.send)
    script.feed(":irc FAIL PASS TEMPORARILY_UNAVAILABLE :za często", ":irc 464 * :za często")
    assert not script.state.events
    script.feed(":irc 464 * :źle")
    assert script.state.events.pop() == Rejected("server-password-wrong", ("źle",))


def test_a_wrong_operators_password_ends_nothing() -> None:
    """464 once one is in is the answer to OPER: a line in the room, and the session goes on."""
    script = Script()
    script.connect()
    script.state.events.clear()
    script.feed(":irc 464 me :Password incorrect")
    assert not [event for event in script.state.events if isinstance(event, Rejected)]
    assert script.lobby.entries[-1].text == "That is not the password."


def test_our_own_ghost_is_waited_for() -> None:
    """After a reconnect the old connection may still hold our name: that is no refusal, the link tries again."""
    script = Script()
    script.connect()
    script.state.events.clear()
    script.lose()
    script.session.connected(script.send)
    script.feed(":irc 433 * me :Nickname is already in use")
    assert not script.state.events and script.state.name_is_held


# --- rooms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("numeric", ["403", "473", "476"])
def test_a_room_is_wanted_until_the_server_refuses(old: Script, numeric: str) -> None:
    """No such channel, by invitation only, a bad name."""
    room = old.state.join("#dev")
    assert room.joined and not room.is_here
    old.feed(f":irc {numeric} me #dev :It can't be")
    assert not room.joined


def test_members_follow_join_part_quit_nick_and_kick(old: Script) -> None:
    """The list of members is what the server's lines make of it."""
    lobby = old.lobby
    old.feed(":irc 353 me = #lobby :@alice +bob me", ":irc 366 me #lobby :End")
    assert {m.nick: m.prefix for m in lobby.members.values()} == {"alice": "@", "bob": "+", "me": ""}
    old.feed(":carol!u@h JOIN #lobby", ":bob!u@h PART #lobby :bye", ":alice!u@h NICK Ala", ":dave!u@h QUIT :gone")
    assert sorted(m.nick for m in lobby.members.values()) == ["Ala", "carol", "me"]
    assert lobby.member("ALA") is not None and lobby.member("ala").prefix == "@"  # type: ignore[union-attr]
    old.feed(":Ala!u@h KICK #lobby carol :out")
    assert sorted(m.nick for m in lobby.members.values()) == ["Ala", "me"]
    kinds = [entry.kind for entry in lobby.entries]
    assert kinds == [Kind.JOIN, Kind.LEAVE, Kind.RENAME, Kind.INFO]


def test_modes_change_the_prefix_and_skip_other_arguments(old: Script) -> None:
    """+o takes an argument of its own, behind the one of +k."""
    old.joined("#lobby", "bob")
    old.feed(":irc 005 me PREFIX=(ov)@+ CHANMODES=b,k,l,imnpst :are supported")
    old.feed(":alice!u@h MODE #lobby +kno key bob")
    assert old.lobby.member("bob").prefix == "@"  # type: ignore[union-attr]
    old.feed(":alice!u@h MODE #lobby -o bob")
    assert old.lobby.member("bob").prefix == ""  # type: ignore[union-attr]


def test_being_removed_from_a_room_is_final(old: Script) -> None:
    """A kick is told, and a reconnect doesn't go back in."""
    old.feed(":alice!u@h KICK #lobby me :enough")
    assert not old.lobby.is_here and "alice removed you" in old.lobby.entries[-1].text
    old.lose()
    old.session.connected(old.send)
    old.take()
    old.feed(":irc 001 me :Welcome")
    assert old.take() == []


def test_topic_is_kept_and_its_change_told(old: Script) -> None:
    """332 on joining, TOPIC later."""
    old.feed(":irc 332 me #lobby :first")
    assert old.lobby.topic == "first"
    old.feed(":bob!u@h TOPIC #lobby :second")
    assert old.lobby.topic == "second" and "bob set the topic: second" in texts(old.lobby.entries)


def test_away_is_asked_for_once_and_then_followed(modern: Script) -> None:
    """WHO tells who is away now, away-notify what changes; our WHO is not shown."""
    modern.joined("#dev", "bob")
    assert "WHO #dev" in modern.take()
    modern.feed(":irc 352 me #dev u h irc bob G :0 Bob", ":irc 315 me #dev :End")
    dev = modern.state.rooms["#dev"]
    assert dev.member("bob").away  # type: ignore[union-attr]
    modern.feed(":bob!u@h AWAY")
    assert not dev.member("bob").away  # type: ignore[union-attr]
    assert not modern.lobby.entries


def test_whois_is_told_in_words(old: Script) -> None:
    """And where a server leaves something out, in the server's words."""
    old.feed(":irc 311 me bob b host.example * :Bob B.", ":irc 317 me bob", ":irc 319 me bob :@#lobby #dev")
    old.feed(":irc 317 me bob 125 0 :seconds idle, signon time")
    assert texts(old.lobby.entries) == [
        "bob is b@host.example (Bob B.)", "bob", "bob is in @#lobby #dev", "bob has said nothing for 2 minutes",
    ]  # fmt: skip


def test_the_list_of_rooms_comes_biggest_first(old: Script) -> None:
    """322 lines become one event."""
    old.state.events.clear()
    old.feed(":irc 321 me Channel :Users", ":irc 322 me #a 2 :small", ":irc 322 me #b 9 :big", ":irc 323 me :End")
    (listing,) = old.state.events
    assert isinstance(listing, RoomList) and listing.rooms == (("#b", 9, "big", ""), ("#a", 2, "small", ""))


def test_the_list_of_rooms_tells_which_are_closed(old: Script) -> None:
    """In brackets before the topic; a topic that looks the same has empty brackets before it."""
    old.state.events.clear()
    old.feed(":irc 322 me #a 3 :[+ik] class", ":irc 322 me #b 2 :[+] [+k] is a mode", ":irc 322 me #c 1 :[x]")
    old.feed(":irc 323 me :End")
    (listing,) = old.state.events
    assert isinstance(listing, RoomList)
    assert [strings.listed_room(room) for room in listing.rooms] == [
        "3 people · needs a key · by invitation · class", "2 people · [+k] is a mode", "1 person · [x]",
    ]  # fmt: skip


def test_a_list_of_rooms_that_broke_off_is_not_shown_with_the_next(old: Script) -> None:
    """The connection is lost in the middle of it."""
    old.feed(":irc 321 me Channel :Users", ":irc 322 me #old 2 :small")
    old.lose()
    old.connect()
    old.state.events.clear()
    old.feed(":irc 322 me #new 2 :small", ":irc 323 me :End")
    (listing,) = old.state.events
    assert isinstance(listing, RoomList) and [room.name for room in listing.rooms] == ["#new"]


# --- messages in ------------------------------------------------------------------------------------------------------


def test_messages_go_to_their_room_and_count_as_unread(old: Script) -> None:
    """Unless somebody looks at the room; a direct message makes a conversation."""
    old.state.events.clear()
    old.state.looked_at = old.lobby
    old.feed(":bob!u@h PRIVMSG #lobby :hi", ":bob!u@h PRIVMSG me :psst", ":bob!u@h PRIVMSG me :\x01ACTION waves\x01")
    direct = old.state.rooms["bob"]
    assert (old.lobby.unread, direct.unread, direct.is_direct) == (0, 2, True)
    assert [entry.kind for entry in direct.entries] == [Kind.MESSAGE, Kind.ACTION]
    assert [type(event) for event in old.state.events] == [Alerted, Alerted]
    assert direct.mark is direct.entries[0]


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("me: look", True),
        ("hey @ME!", True),
        ("hello me", True),
        ("same here", False),
        ("me2 too", False),
        ("żme", False),
    ],
)
def test_a_mention_is_our_name_as_a_word(old: Script, text: str, mentioned: bool) -> None:
    """Whatever its case, with signs around it, never inside another word."""
    old.feed(f":bob!u@h PRIVMSG #lobby :{text}")
    assert old.lobby.entries[-1].mention is mentioned
    assert old.lobby.mentions == mentioned


def test_a_new_name_is_the_one_to_be_mentioned_by(old: Script) -> None:
    """NICK of our own changes what a mention is, and whose messages are our own."""
    old.feed(":me!u@h NICK newme", ":bob!u@h PRIVMSG #lobby :newme?")
    assert old.state.nick == "newme" and old.lobby.entries[-1].mention


def test_formatting_and_control_characters_are_not_shown(old: Script) -> None:
    """Bold, colour, an escape sequence, bidi overrides."""
    old.feed(":bob!u@h PRIVMSG #lobby :\x02bold\x02 \x0304,01red\x03 \x1b[31m\x07 a\u202eb")
    assert old.lobby.entries[-1].text == "bold red [31m ab"


def test_requests_to_the_program_are_ignored(old: Script) -> None:
    """CTCP VERSION is not for the user."""
    old.feed(":bob!u@h PRIVMSG me :\x01VERSION\x01")
    assert "bob" not in old.state.rooms


def test_why_one_is_away_is_said_again_after_a_reconnect(old: Script) -> None:
    """The server has forgotten it with the connection; who is back is not away any more."""
    for command, numeric, told in (("/away at lunch", "306", ["AWAY :at lunch"]), ("/back", "305", [])):
        slash_commands.run(old.state, old.lobby, command)
        old.feed(f":irc {numeric} me :It is so")
        old.lose()
        old.session.connected(old.send)
        old.take()
        old.feed(":irc 001 me :Welcome")
        assert [line for line in old.take() if line.startswith("AWAY")] == told


def test_a_line_without_sense_is_dropped(old: Script) -> None:
    """Nothing that a server sends ends the session."""
    for line in (
        "",
        ":",
        "@a=b",
        ":x PRIVMSG",
        "JOIN",
        ":a 353",
        "MODE",
        "BATCH",
        "CAP",
        "005",
        "322 a b c",
        "FAIL",
        "KICK",
    ):
        old.feed(line)


def test_the_time_is_the_servers(modern: Script) -> None:
    """server-time."""
    modern.feed("@time=2023-11-14T22:13:20.500Z :bob!u@h PRIVMSG #lobby :hi")
    assert modern.lobby.entries[-1].time == 1_700_000_000.5


# --- messages out -----------------------------------------------------------------------------------------------------


def test_a_message_waits_for_its_labelled_echo(modern: Script) -> None:
    """labeled-response: the echo with the label confirms, even if the server changed the text."""
    [entry] = modern.state.say(modern.lobby, "hello")
    assert modern.take() == [f"@label=m{entry.serial} PRIVMSG #lobby hello"]
    assert entry.delivery is DeliveryState.SENT
    modern.feed(f"@label=m{entry.serial};msgid=x1 :me!u@h PRIVMSG #lobby :hello!")
    assert (entry.delivery, entry.msgid, entry.text) == (DeliveryState.DONE, "x1", "hello!")
    assert modern.lobby.entries == [entry]


def test_without_labels_the_echo_is_known_by_its_text() -> None:
    """echo-message alone: two equal messages are confirmed one after the other."""
    script = Script(capabilities="echo-message message-tags")
    script.connect()
    first, second = [script.state.say(script.lobby, "again")[0] for _ in range(2)]
    script.feed("@msgid=1 :me!u@h PRIVMSG #lobby :again")
    assert (first.delivery, second.delivery) == (DeliveryState.DONE, DeliveryState.SENT)
    script.feed("@msgid=2 :me!u@h PRIVMSG #lobby :again")
    assert [entry.msgid for entry in script.lobby.entries] == ["1", "2"]


def test_without_echoes_the_answer_to_a_ping_confirms(old: Script) -> None:
    """A server that answers what came after the message has read the message."""
    [entry] = old.state.say(old.lobby, "hello there")
    assert old.take() == ["PRIVMSG #lobby :hello there", f"PING m{entry.serial}"]
    old.feed(f":irc PONG irc :m{entry.serial}")
    assert entry.delivery is DeliveryState.DONE


def test_a_refused_message_has_failed(old: Script) -> None:
    """404 for the room; a later PONG doesn't make it sent."""
    [entry] = old.state.say(old.lobby, "hello")
    old.feed(":irc 404 me #lobby :Cannot send to channel", f":irc PONG irc m{entry.serial}")
    assert entry.delivery is DeliveryState.FAILED
    assert "You may not speak" in old.lobby.entries[-1].text
    old.take()
    old.state.retry(old.lobby, entry)
    assert old.take()[0] == "PRIVMSG #lobby hello" and entry.pending


def test_what_others_say_stands_before_what_the_server_has_not_confirmed(old: Script) -> None:
    """The transcript is in the server's order, so a confirmation moves nothing."""
    old.state.say(old.lobby, "mine")
    old.feed(":bob!u@h PRIVMSG #lobby :his")
    assert texts(old.lobby.entries) == ["his", "mine"]


def test_a_long_text_goes_out_in_pieces_that_fit(old: Script) -> None:
    """No line over 512 bytes with the source that the server adds; nothing is lost; lines stay lines."""
    text = "żółć " * 300 + "\n" + "x" * 900
    entries = old.state.say(old.lobby, text)
    assert all(len(line.encode()) + len(":me!1234567890@") + 63 + 2 <= 512 for line in old.take())
    assert "".join(texts(entries)).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_without_a_connection_messages_wait(old: Script) -> None:
    """They stand in the room at once and go out in order when the room is joined again."""
    old.lose()
    old.state.say(old.lobby, "one")
    old.state.say(old.lobby, "two")
    assert [entry.delivery for entry in old.lobby.entries] == [DeliveryState.WAITING] * 2
    old.session.connected(old.send)
    old.feed(":irc 001 me :Welcome")
    old.take()
    old.joined("#lobby")
    assert [line for line in old.take() if line.startswith("PRIVMSG")] == ["PRIVMSG #lobby one", "PRIVMSG #lobby two"]


# --- history ----------------------------------------------------------------------------------------------------------


def test_joining_fetches_the_latest_history_once() -> None:
    """What was said before stands before what was said since, and is not unread."""
    script = Script(capabilities=MODERN)
    script.session.connected(script.send)
    script.feed(f":irc CAP * LS :{MODERN}", f":irc CAP * ACK :{MODERN}", ":irc 001 me :Welcome")
    script.take()
    script.joined("#lobby")
    assert "CHATHISTORY LATEST #lobby * 100" in script.take()
    script.feed("@msgid=3 :bob!u@h PRIVMSG #lobby :live")
    script.lobby.seen()
    script.history("#lobby", "1 bob first", "2 carol second", "3 bob live")
    assert texts(script.lobby.entries) == ["first", "second", "live"]
    assert script.lobby.unread == 0


def test_scrolling_up_fetches_what_is_older(modern: Script) -> None:
    """One request at a time, from the oldest message that is known; a short page is the beginning."""
    lobby = modern.lobby
    modern.feed(":irc 005 me CHATHISTORY=2 :are supported")
    modern.feed("@msgid=9;time=2023-11-14T23:00:00Z :bob!u@h PRIVMSG #lobby :nine")
    lobby.has_older = True
    history_sync.fetch_older(modern.state, lobby)
    history_sync.fetch_older(modern.state, lobby)
    assert modern.take() == ["CHATHISTORY BEFORE #lobby msgid=9 2"]
    modern.history("#lobby", "7 a seven", "8 a eight")
    assert texts(lobby.entries) == ["seven", "eight", "nine"] and lobby.has_older
    history_sync.fetch_older(modern.state, lobby)
    modern.history("#lobby", "6 a six")
    assert texts(lobby.entries) == ["six", "seven", "eight", "nine"] and not lobby.has_older


def test_a_gap_is_closed_page_by_page(modern: Script) -> None:
    """After a reconnect the requests go on from the last message of each full page; what was missed is unread."""
    modern.feed(":irc 005 me CHATHISTORY=2 :are supported")
    modern.feed("@msgid=1;time=2023-11-14T21:00:00Z :bob!u@h PRIVMSG #lobby :one")
    modern.lobby.seen()
    modern.lobby.unmark()
    modern.lose()
    modern.connect()
    modern.history("#lobby", "2 bob two", "3 bob three")
    assert modern.take() == ["CHATHISTORY AFTER #lobby msgid=3 2"]
    modern.history("#lobby", "4 bob four")
    assert texts(modern.lobby.entries) == ["one", "two", "three", "four"]
    assert modern.lobby.unread == 3 and modern.lobby.mark is modern.lobby.entries[1]


def test_a_message_cut_off_by_the_connection_is_sent_exactly_once(modern: Script) -> None:
    """What the history shows is confirmed by it; what it doesn't show is sent again, before what waited behind it."""
    modern.feed("@msgid=1;time=2023-11-14T22:00:01Z :bob!u@h PRIVMSG #lobby :one")
    state, lobby = modern.state, modern.lobby
    arrived = state.say(lobby, "arrived")[0]
    cut_off = state.say(lobby, "cut off")[0]
    modern.lose()
    state.say(lobby, "said offline")
    modern.connect()
    assert modern.take() == []
    modern.history("#lobby", "2 me arrived", "3 bob answer")
    assert (arrived.delivery, arrived.msgid) == (DeliveryState.DONE, "2")
    assert [line.partition(" ")[2] for line in modern.take()] == [
        "PRIVMSG #lobby :cut off",
        "PRIVMSG #lobby :said offline",
    ]
    assert cut_off.delivery is DeliveryState.SENT
    assert texts(lobby.entries) == ["one", "arrived", "answer", "cut off", "said offline"]


def test_without_history_the_user_decides_about_a_message_cut_off(old: Script) -> None:
    """Nobody can know whether it arrived: not sent again by itself."""
    entry = old.state.say(old.lobby, "maybe")[0]
    old.lose()
    old.connect()
    assert entry.delivery is DeliveryState.FAILED


def test_history_that_can_not_be_had_does_not_hold_up_messages(modern: Script) -> None:
    """FAIL CHATHISTORY: once more from the end, then on without; the user decides what may have arrived."""
    modern.feed("@msgid=1 :bob!u@h PRIVMSG #lobby :one")
    modern.state.say(modern.lobby, "cut off")
    modern.lose()
    modern.state.say(modern.lobby, "waits")
    modern.connect()
    fail = "FAIL CHATHISTORY INVALID_MSGREFTYPE #lobby :no such message"
    modern.feed(fail)
    assert modern.take() == ["CHATHISTORY LATEST #lobby * 100"]
    modern.feed(fail)
    assert [line.partition("PRIVMSG")[2] for line in modern.take() if "PRIVMSG" in line] == [" #lobby waits"]
    assert [said.text for said in modern.lobby.entries if said.delivery is DeliveryState.FAILED] == ["cut off"]


def test_a_server_that_promised_history_and_has_none_is_not_waited_for(modern: Script) -> None:
    """421 CHATHISTORY: the user isn't told of a command they never typed, and what waited goes out."""
    modern.feed("@msgid=1 :bob!u@h PRIVMSG #lobby :one")
    modern.state.say(modern.lobby, "cut off")
    modern.lose()
    modern.state.say(modern.lobby, "waits")
    modern.connect()
    modern.feed(":irc 421 me CHATHISTORY :Unknown command")
    assert [line.partition("PRIVMSG")[2] for line in modern.take() if "PRIVMSG" in line] == [" #lobby waits"]
    assert [said.text for said in modern.lobby.entries if said.delivery is DeliveryState.FAILED] == ["cut off"]
    assert texts(modern.lobby.entries) == ["one", "cut off", "waits"]


def test_the_servers_search_is_used_where_there_is_one(modern: Script, old: Script) -> None:
    """soju.im/search: the answer is an event, not part of the room."""
    assert not searching.search(old.state, old.lobby, "x")
    assert searching.search(modern.state, modern.lobby, "two words; and")
    assert modern.take() == [r"SEARCH in=#lobby;text=two\swords\:\sand;limit=100"]
    modern.state.events.clear()
    modern.feed(":irc BATCH +s soju.im/search", "@batch=s;msgid=1 :bob!u@h PRIVMSG #lobby :two words", ":irc BATCH -s")
    [event] = modern.state.events
    assert isinstance(event, SearchResults) and texts(list(event.entries)) == ["two words"]
    assert not modern.lobby.entries


def test_other_batches_are_what_they_contain(modern: Script) -> None:
    """A batch of a kind that we don't know is read like its lines."""
    modern.feed(":irc BATCH +n netjoin a b", "@batch=n :bob!u@h JOIN #lobby", ":irc BATCH -n")
    assert modern.lobby.member("bob")


def test_state_is_offline_until_connected() -> None:
    """And again after a loss; the room is not ours then."""
    script = Script()
    assert not script.state.is_connected
    script.connect()
    script.lose()
    assert not script.state.is_connected and not script.lobby.is_here


def test_a_gap_is_fetched_after_two_losses_in_a_row(modern: Script) -> None:
    """What was heard between the two is newer than the gap, so it is not where the next request begins."""
    modern.feed("@msgid=1;time=2023-11-14T22:00:01.000Z :bob!u@h PRIVMSG #lobby :one")
    modern.lose()
    modern.session.connected(modern.send)
    modern.feed(":irc CAP * LS :" + MODERN, ":irc CAP * ACK :" + MODERN, ":irc 001 me :Welcome")
    modern.joined("#lobby")
    assert "CHATHISTORY AFTER #lobby msgid=1 100" in modern.take()
    modern.feed("@msgid=9;time=2023-11-14T22:00:09.000Z :bob!u@h PRIVMSG #lobby :nine")
    modern.lose()
    modern.session.connected(modern.send)
    modern.feed(":irc CAP * LS :" + MODERN, ":irc CAP * ACK :" + MODERN, ":irc 001 me :Welcome")
    modern.joined("#lobby")
    assert "CHATHISTORY AFTER #lobby msgid=1 100" in modern.take()
    modern.history("#lobby", "2 bob two", "9 bob nine")
    assert texts(modern.lobby.entries) == ["one", "two", "nine"]
    modern.lose()
    modern.connect()
    assert modern.lobby.gap_from == "9"


def test_an_empty_history_of_a_conversation_says_nothing_of_what_arrived(modern: Script) -> None:
    """It is empty where none is kept: the message may have arrived, so the user is asked."""
    direct = modern.state.room("bob")
    [said] = modern.state.say(direct, "the code is 4711")
    modern.lose()
    modern.connect()
    modern.history("bob")
    assert not [line for line in modern.take() if "4711" in line]
    assert said.delivery is DeliveryState.FAILED


def test_a_list_of_rooms_that_breaks_off_shows_no_old_rows_afterwards(modern: Script) -> None:
    """Nor does a list of servers."""
    modern.feed(":irc 322 me #old 2 :gone", ":irc 364 me old.test irc.test :1 gone")
    modern.lose()
    modern.connect()
    modern.state.events.clear()
    modern.feed(
        ":irc 322 me #new 1 :here", ":irc 323 me :End", ":irc 364 me irc.test irc.test :0 x", ":irc 365 me * :End"
    )
    (listing,) = [event for event in modern.state.events if isinstance(event, RoomList)]
    assert [room.name for room in listing.rooms] == ["#new"]
    assert modern.state.current.entries[-1].text == "irc.test is the only server of this chat."


def test_a_direct_message_without_a_history_is_not_sent_twice(modern: Script) -> None:
    """The connection died before the answer, and the server keeps nothing of that conversation: the user decides."""
    modern.state.say(modern.state.room("bob"), "once")
    modern.lose()
    modern.connect()
    modern.feed("FAIL CHATHISTORY INVALID_TARGET LATEST bob :no history")
    modern.feed("FAIL CHATHISTORY INVALID_TARGET LATEST bob :no history")
    assert not [line for line in modern.take() if "PRIVMSG" in line]
    assert [said.delivery for said in modern.state.room("bob").entries] == [DeliveryState.FAILED]


def test_a_conversation_without_messages_asks_for_none_after_a_reconnect(modern: Script) -> None:
    """Else what was told long ago would come as if it were new."""
    modern.state.room("bob")
    modern.state.say(modern.state.room("carol"), "hi")
    modern.feed(":irc 401 me carol :Nobody")
    modern.lose()
    modern.take()
    modern.session.connected(modern.send)
    modern.feed(f":irc CAP * LS :{modern.capabilities}", f":irc CAP * ACK :{modern.capabilities}")
    modern.feed(":irc 001 me :Welcome")
    assert [line for line in modern.take() if line.startswith("CHATHISTORY")] == []
    modern.feed("@msgid=7 :bob!u@h PRIVMSG me :new")
    modern.lose()
    modern.connect()
    assert modern.state.room("bob").gap_from == "7"


def test_a_list_of_rooms_that_breaks_off_leaves_no_rows() -> None:
    """The next list has only what the next connection tells."""
    script = Script()
    script.connect()
    script.feed(":irc 322 me #old 3 :gone")
    script.lose()
    script.connect()
    script.state.events.clear()
    script.feed(":irc 322 me #new 1 :here", ":irc 323 me :End")
    [listed] = script.state.events
    assert isinstance(listed, RoomList) and [row[0] for row in listed.rooms] == ["#new"]


def test_a_room_that_is_refused_something_is_still_ours() -> None:
    """Some servers say 477 when somebody isn't banned; it is no reason to have left."""
    script = Script()
    script.connect()
    script.feed(":irc 477 me #lobby :bob is not banned")
    assert script.lobby.joined


def test_a_key_for_a_new_room_is_set_and_one_that_nobody_needed_is_said() -> None:
    """`/join NEW KEY`: whoever types that wants the room locked. After a break the keys go along."""
    script = Script()
    script.connect()
    script.state.join("#new", "s3cret")
    script.joined("#new")
    script.take()
    script.state.join("#mine", "s3cret")
    script.feed(":me!u@h JOIN #mine", ":irc 353 me = #mine :@me", ":irc 366 me #mine :End")
    assert script.take() == ["JOIN #mine s3cret", "MODE #mine +k s3cret"]
    script.state.join("#open", "s3cret")
    script.joined("#open", "@bob")
    assert "MODE #open" in script.take()
    script.feed(":irc 324 me #open +nt")
    assert "has no key" in script.state.rooms["#open"].entries[-1].text
    script.lose()
    script.session.connected(script.send)
    script.feed(":irc 001 me :Welcome")
    assert "JOIN #new,#mine,#lobby,#open s3cret,s3cret" in script.take()


def test_a_room_that_begins_anew_gets_its_key_again_and_that_is_said() -> None:
    """Who comes back alone keeps order there now. Where others are, a key that is gone is told, and not asked for."""
    script = Script()
    script.connect()
    room = script.state.join("#tea", "s3cret")
    script.joined("#tea", "@bob")
    script.feed(":irc 324 me #tea +ntk s3cret")
    anew = [
        "Nobody was left in #tea: it begins anew, and you keep order there.",
        "#tea had lost its key; it is set again.",
    ]
    gone = ["#tea has no key any more."]
    for people, told, sends in (("@me", anew, ["MODE #tea +k s3cret"]), ("me @bob", gone, [])):
        before = len(room.entries)
        script.lose()
        script.session.connected(script.send)
        script.feed(
            ":irc 001 me :Welcome", ":me!u@h JOIN #tea", f":irc 353 me = #tea :{people}", ":irc 366 me #tea :End"
        )
        assert "MODE #tea" in script.take()
        script.feed(":irc 324 me #tea +nt")
        news = [entry.text for entry in room.entries[before:]]
        assert news == told and script.take() == sends
    assert room.key == ""
    script.feed(":irc 353 me = #tea :@me", ":irc 366 me #tea :End")
    assert [entry.text for entry in room.entries[before:]] == news, "who is there is asked again, and nothing is told"


def test_modes_that_nobody_asked_for_are_not_shown() -> None:
    """The key and the menus of a window need them: both send one question. Its answer may come when one has left."""
    script = Script()
    script.connect()
    room = script.state.join("#k", "s3cret")
    script.joined("#k", "@bob")
    mode_handlers.ask(script.state, room)
    assert [line for line in script.take() if line.startswith("MODE")] == ["MODE #k", "MODE #k b"]
    shown = len(room.entries)
    script.feed(":irc 324 me #k +k s3cret", ":irc 368 me #k :End")
    assert room.modes == {"k"} and len(room.entries) == shown
    script.state.join("#gone")
    script.joined("#gone")
    mode_handlers.ask(script.state, script.state.rooms["#gone"])
    script.state.close(script.state.rooms["#gone"])
    shown = len(script.state.current.entries)
    script.feed(":me!u@h PART #gone", ":irc 324 me #gone +n")
    assert len(script.state.current.entries) == shown
    script.state.join("#gone")
    script.take()
    script.joined("#gone")
    mode_handlers.ask(script.state, script.state.rooms["#gone"])
    assert "MODE #gone" in script.take()


def test_the_server_is_asked_for_the_language_of_the_user() -> None:
    """Where it has it: English, too, since a server may speak another by itself."""
    for tag, offered, asked in (("pl", "3,en,de,pl", ["pl"]), ("pl", "2,en,de", []), ("en", "2,en,pl", ["en"])):
        speak(choose([tag]))
        try:
            script = Script()
            script.session.connected(script.send)
            script.feed(f":irc CAP * LS :draft/languages={offered} server-time", ":irc CAP * ACK :server-time")
        finally:
            speak(choose(["en"]))
        assert [line.split()[1] for line in script.take() if line.startswith("LANGUAGE")] == asked


def test_the_topic_is_told_on_demand(old: Script) -> None:
    """Or that there is none."""
    slash_commands.run(old.state, old.lobby, "/topic")
    old.feed(":irc 332 me #lobby :tea at five")
    slash_commands.run(old.state, old.lobby, "/topic")
    assert texts(old.lobby.entries) == ["#lobby has no topic.", "Topic: tea at five"]
