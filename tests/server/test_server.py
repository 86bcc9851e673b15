"""What a client can observe, against a real server over real sockets."""

import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chatroom.protocols.limits import PLAIN_LINE_BYTES
from chatroom.server.chat_server import ChatServer
from tests.chat import INFO
from tests.hosting import watch_lock
from tests.peers import DEADLINE, Guests, Irc, Peer, Plain, eventually

ZAZOLC = "zażółć gęślą jaźń ŁÓDŹ 😀 👩‍👩‍👧"
CONTROL = bytes(b for b in range(32) if b not in b"\t\n\r") + b"\x7f"

# ---- coming in with netcat -------------------------------------------------------------------------------------------


def test_the_server_asks_for_a_name_and_takes_it(guests: Guests) -> None:
    """As the original server did: it asks first, and then says where one is."""
    guest = guests.stranger()
    guest.wait("^Username$")
    guest.send("alice")
    guest.wait(r"^\* Welcome, alice\. Nobody else is in #lobby yet\. Type /help for commands\.$")


def test_a_name_sent_before_the_prompt_is_taken_too(guests: Guests) -> None:
    """Who pipes into netcat doesn't wait; prompt and welcome come all the same."""
    guest = guests.stranger()
    guest.send("alice", "hello")
    assert guest.until("Welcome, alice")[0] == "Username"


def test_a_newcomer_is_told_who_is_there(guests: Guests) -> None:
    """In the order in which they came."""
    guests.plain("alice")
    guests.irc("bob")
    assert "With you in #lobby: alice, bob." in guests.plain("carol").heard[-1]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("alice", "alice is taken; choose another name"),
        ("ALICE", "ALICE is taken; choose another name"),
        ("two words", "that can't be a name: a name is made of letters, digits and"),
        ("", "that can't be a name: a name has at least one character"),
        ("x" * 33, "that can't be a name: a name has at most 32 characters"),
        ("аlice", "that can't be a name: a name is written in one script"),
        ("server", "that can't be a name: that name would pass for the server"),
        ("/quit", "that can't be a name: a name is made of letters"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason_and_asked_for_again(
    guests: Guests, name: str, reason: str
) -> None:
    """The reason, the prompt, and another chance."""
    guests.plain("alice")
    guest = guests.stranger()
    guest.wait("^Username$")
    guest.send(name)
    told = guest.until("^Username$")
    assert told[0].startswith(f"* {reason}")
    guest.send("bob")
    guest.wait("Welcome, bob")


def test_a_name_is_unique_by_case_folding_over_both_dialects(guests: Guests) -> None:
    """ŁUKASZ on IRC is łukasz at netcat."""
    guests.irc("ŁUKASZ")
    guest = guests.stranger()
    guest.send("łukasz")
    guest.wait("łukasz is taken")


def test_of_many_who_ask_for_one_name_at_once_one_gets_it(guests: Guests) -> None:
    """The others are refused, however close behind they are."""
    strangers = [guests.stranger() for _ in range(20)]
    for i, stranger in enumerate(strangers):
        stranger.send("łukasz" if i % 2 else "ŁUKASZ")
    answers = [stranger.wait(r"Welcome|is taken")[0] for stranger in strangers]
    assert sorted(answers) == ["Welcome"] + ["is taken"] * 19


def test_a_name_is_free_when_its_owner_has_gone(guests: Guests) -> None:
    """However the owner went."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    alice.reset()
    bob.wait(r"^\* alice left")
    guests.plain("Alice")


def test_a_name_with_a_carriage_return_is_taken_without_it(guests: Guests) -> None:
    """A telnet ends its lines with CR LF."""
    guest = guests.stranger()
    guest.send_bytes(b"alice\r\n")
    guest.wait(r"Welcome, alice\.")


# ---- the lobby -------------------------------------------------------------------------------------------------------


def test_everybody_in_the_room_is_told_who_joins_and_who_leaves(guests: Guests) -> None:
    """Plain and IRC clients alike, with the reason of a departure."""
    alice, bob = guests.plain("alice"), guests.irc("bob")
    alice.wait(r"^\* bob joined$")
    carol = guests.plain("carol")
    alice.wait(r"^\* carol joined$")
    bob.wait(r"^:carol!plain@127\.0\.0\.1 JOIN #lobby$")
    carol.close()
    alice.wait(r"^\* carol left \(connection closed\)$")
    bob.wait(r"^:carol!plain@127\.0\.0\.1 QUIT :connection closed$")


def test_who_joins_is_not_told_of_joining(guests: Guests) -> None:
    """A person with netcat has been welcomed; an IRC client is told once, by its own JOIN."""
    alice = guests.plain("alice")
    assert not [line for line in alice.sync() if "joined" in line]
    bob = guests.irc("bob")
    assert len([line for line in bob.heard if " JOIN " in line]) == 1


def test_a_line_goes_to_all_in_the_room_but_its_sender(guests: Guests) -> None:
    """Not back to who typed it, and not to other rooms."""
    alice, bob, carol = guests.plain("alice"), guests.plain("bob"), guests.irc("carol")
    dave = guests.plain("dave")
    dave.send("/join #elsewhere")
    dave.sync()
    alice.send("hello everyone")
    assert "alice: hello everyone" in bob.until("hello everyone")
    carol.wait(r"^:alice!plain@127\.0\.0\.1 PRIVMSG #lobby :hello everyone$")
    assert not [line for line in alice.sync() if "hello" in line]
    assert not [line for line in dave.sync() if "hello" in line]


def test_an_empty_line_is_nothing(guests: Guests) -> None:
    """Nor is one of blanks."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    alice.send("", "   ", "\t")
    assert alice.sync() == ["* bob joined"]
    assert bob.sync() == []


def test_many_lines_in_one_packet_keep_their_order(guests: Guests) -> None:
    """And lines in pieces are put together."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    lines = [f"line {i}" for i in range(500)]
    alice.send(*lines)
    assert bob.until("line 499") == [f"alice: {line}" for line in lines]
    for byte in "zażółć\n".encode():
        alice.send_bytes(bytes([byte]))
    assert bob.until("zażółć") == ["alice: zażółć"]


def test_the_last_line_counts_without_a_line_end(guests: Guests) -> None:
    """`printf 'bob\\nbye' | nc` says bye."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    bob.send_bytes(b"bye")
    bob.end_input()
    alice.wait("^bob: bye$")
    alice.wait(r"^\* bob left \(connection closed\)$")
    bob.rest()


def test_half_a_line_is_no_irc_command(guests: Guests) -> None:
    """A connection that breaks in the middle of a word says nothing: "PRIVMSG #lobby :I don't hate you"."""
    alice, al = guests.plain("alice"), guests.irc("al")
    al.send_bytes(b"PRIVMSG #lobby :half")
    al.end_input()
    al.rest()
    alice.wait(r"^\* al left")
    assert not [line for line in alice.heard if "half" in line]


# ---- slash commands --------------------------------------------------------------------------------------------------


def test_help_lists_the_commands(guests: Guests) -> None:
    """Each with what it does."""
    alice = guests.plain("alice")
    alice.send("/help")
    told = alice.sync()
    listed = {line.split()[1]: line for line in told if line.startswith("* /")}
    commands = [
        "/help",
        "/nick",
        "/join",
        "/leave",
        "/rooms",
        "/who",
        "/whois",
        "/msg",
        "/me",
        "/reply",
        "/react",
        "/unreact",
        "/topic",
    ]
    order = [
        "/rename",
        "/invite",
        "/kick",
        "/ban",
        "/unban",
        "/mute",
        "/unmute",
        "/bans",
        "/op",
        "/deop",
        "/voice",
        "/devoice",
    ]
    more = ["/slow", "/key", "/mode", "/oper", "/away", "/back"]
    looking = ["/history", "/search", "/mentions", "/ignore", "/unignore", "/set", "/lang", "/servers"]
    accounts = ["/register", "/login", "/devices", "/logout", "/password"]
    assert list(listed) == [*commands, *order, *more, *looking, *accounts, "/quit"]
    assert all(len(line.split()) > 2 for line in listed.values())


def test_an_unknown_command_is_told_and_not_sent(guests: Guests) -> None:
    """A mistyped command is not for the room to read."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    alice.send("/foo bar")
    alice.wait(r"^\* unknown command /foo; /help lists them$")
    assert bob.sync() == []


def test_two_slashes_say_one(guests: Guests) -> None:
    """So that a line may begin with a slash."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    alice.send("//shrug")
    bob.wait("^alice: /shrug$")


def test_nick_changes_the_name(guests: Guests) -> None:
    """Everybody is told, the bearer too; a bad or taken name is refused with the reason."""
    alice, bob, carol = guests.plain("alice"), guests.plain("bob"), guests.irc("carol")
    alice.send("/nick alicja")
    for peer in (alice, bob):
        peer.wait(r"^\* alice is now known as alicja$")
    carol.wait(r"^:alice!plain@127\.0\.0\.1 NICK :?alicja$")
    alice.send("/nick BOB", "/nick a,b", "/nick", "hi")
    alice.wait(r"^\* BOB is taken")
    alice.wait(r"^\* that can't be a name: ")
    alice.wait(r"^\* /nick needs more: /nick NAME$")
    bob.wait("^alicja: hi$")


def test_join_goes_to_another_room_and_leave_comes_back(guests: Guests) -> None:
    """A person with netcat is in one room at a time; both rooms are told."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    alice.send("/join #tea")
    alice.wait(r"^\* You are in #tea now\. Nobody else is in #tea yet\.$")
    bob.wait(r"^\* alice left$")
    carol = guests.irc("carol", room="#TEA")
    alice.wait(r"^\* carol joined$")
    alice.send("warm")
    carol.wait("PRIVMSG #tea :warm")
    assert bob.sync() == []
    alice.send("/leave")
    alice.wait(r"^\* You are in #lobby now\. With you in #lobby: bob\.$")
    carol.wait("^:alice!.* PART #tea")
    bob.wait(r"^\* alice joined$")
    alice.send("/leave", "/join no,room")
    alice.wait(r"^\* you are in #lobby already")
    alice.wait(r"^\* #no,room can't be a room; ")


def test_rooms_lists_the_rooms(guests: Guests) -> None:
    """With their people and their topics."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    bob.send("/join tea", "/topic Earl Grey")
    bob.sync()
    alice.send("/rooms")
    assert alice.sync()[-2:] == ["* #lobby (1)", "* #tea (1): Earl Grey"]


def test_who_lists_the_people(guests: Guests) -> None:
    """Here, in a room, everywhere, or one of them; with who is away."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    bob.send("/join #tea", "/away tea")
    bob.sync()
    alice.sync()
    alice.send("/who", "/who #tea", "/who *", "/who BOB", "/who nobody", "/who no*", "/who #no")
    assert alice.sync() == [
        "* 1 in #lobby: alice",
        "* 1 in #tea: bob (away: tea)",
        "* Here: alice, bob (away: tea)",
        "* bob is in #tea; not logged in; away: tea",
        "* there is nobody called nobody; /who lists who is here",
        "* There is nobody called no*.",
        "* there is no room #no; /rooms lists them",
    ]


def test_msg_is_for_one_alone(guests: Guests) -> None:
    """Marked as private; between both dialects, in both directions; over rooms."""
    alice, bob, carol = guests.plain("alice"), guests.irc("bob", room="#b"), guests.plain("carol")
    alice.send(f"/msg BOB {ZAZOLC}")
    bob.wait(rf"^:alice!plain@127\.0\.0\.1 PRIVMSG bob :{ZAZOLC}$")
    bob.send(f"PRIVMSG alice :{ZAZOLC}")
    alice.wait(rf"^\[private\] bob: {ZAZOLC}$")
    assert carol.sync() == []
    alice.send("/msg nobody hi", "/msg bob")
    alice.wait(r"^\* there is nobody called nobody; /who lists who is here$")
    alice.wait(r"^\* /msg needs more: /msg NAME TEXT$")


def test_me_says_what_one_does(guests: Guests) -> None:
    """A CTCP ACTION to IRC clients, two stars to the others; in both directions."""
    alice, bob, carol = guests.plain("alice"), guests.irc("bob"), guests.plain("carol")
    alice.send("/me waves")
    bob.wait("^:alice!.* PRIVMSG #lobby :\x01ACTION waves\x01$")
    carol.wait(r"^\*\* alice waves$")
    bob.send("PRIVMSG #lobby :\x01ACTION waves back\x01")
    carol.wait(r"^\*\* bob waves back$")


def test_topic_shows_and_sets_the_topic(guests: Guests) -> None:
    """The room is told; who comes later, too; what is too long is refused."""
    alice, bob = guests.plain("alice"), guests.irc("bob")
    alice.send("/topic")
    alice.wait(r"^\* #lobby has no topic$")
    alice.send(f"/topic {ZAZOLC}")
    alice.wait(rf"^\* alice set the topic: {ZAZOLC}$")
    bob.wait(rf"^:alice!\S+ TOPIC #lobby :{ZAZOLC}$")
    carol = guests.plain("carol")
    carol.wait(rf"^\* Topic: {ZAZOLC}$")
    carol.send("/topic", f"/topic {'ł' * 200}")
    carol.wait(rf"^\* Topic: {ZAZOLC}$")
    carol.wait(r"^\* that topic is too long")
    bob.send("TOPIC #lobby :")
    carol.wait(r"^\* bob removed the topic$")


def test_away_is_told_to_the_room_and_to_who_writes(guests: Guests) -> None:
    """Until one is back."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    alice.send("/away making tea")
    alice.wait(r"^\* You are away; ")
    bob.wait(r"^\* alice is away: making tea$")
    bob.send("/msg alice hi")
    bob.wait(r"^\* alice is away: making tea$")
    alice.send("/away")
    alice.wait(r"^\* You are back\.$")
    bob.wait(r"^\* alice is back$")


def test_quit_says_goodbye_and_closes(guests: Guests) -> None:
    """What was typed behind it is not read any more; the room is told the reason."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    alice.send("/quit good night", "never said")
    assert alice.rest()[-1] == "* Goodbye (good night)."
    assert bob.until(r"^\* alice left \(good night\)$")[-1:] == bob.heard[-1:]
    assert bob.sync() == []


def test_who_quits_is_sent_all_that_was_left_and_a_goodbye(guests: Guests) -> None:
    """However far behind in reading."""
    slow, sender = guests.irc("slow"), guests.irc("sender")
    for i in range(1000):
        sender.send(f"PRIVMSG #lobby :{i} {'x' * 400}")
    sender.sync()
    slow.send("QUIT :enough")
    told = slow.rest()
    assert [line.split()[3] for line in told if "PRIVMSG" in line] == [f":{i}" for i in range(1000)]
    assert told[-1] == "ERROR :Closing link: Quit: enough"


def test_commands_are_known_in_any_case(guests: Guests) -> None:
    """A phone begins each line with a capital."""
    alice = guests.plain("alice")
    alice.send("/WHO", "/Quit")
    assert alice.rest() == ["* 1 in #lobby: alice", "* Goodbye."]


# ---- what may stand in a line ----------------------------------------------------------------------------------------


def test_a_line_that_is_not_utf8_is_refused_and_the_connection_stays(guests: Guests) -> None:
    """With a sentence to the sender; the room gets nothing of it."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    alice.send_bytes(b"caf\xe9\nstill here\n")
    alice.wait(r"^\* that line is not UTF-8 and was not sent$")
    assert bob.until("still here") == ["alice: still here"]


def test_a_name_that_is_not_utf8_is_refused_and_asked_for_again(guests: Guests) -> None:
    """Also before one has a name."""
    guest = guests.stranger()
    guest.wait("^Username$")
    guest.send_bytes(b"caf\xe9\n")
    guest.wait("not UTF-8")
    guest.wait("^Username$")
    guest.send("alice")
    guest.wait("Welcome, alice")


def test_a_line_of_4096_bytes_is_sent_and_a_longer_one_refused(guests: Guests) -> None:
    """Counted in bytes, without the line end; refused whole, never cut; the connection stays."""
    alice, bob = guests.plain("alice"), guests.plain("bob")
    longest = "ł" * (PLAIN_LINE_BYTES // 2)
    alice.send(longest, longest + "x", "x" * 100_000, "after")
    assert alice.until("too long")[-1] == "* that line is too long and was not sent; a line has at most 4096 bytes"
    alice.wait("too long")
    assert bob.until("after") == [f"alice: {longest}", "alice: after"]


def test_control_characters_never_reach_another_client(guests: Guests) -> None:
    """By no way there is: a message, a name, a topic, a reason, a real name, from either dialect."""
    alice, bob = guests.plain("alice"), guests.irc("bob")
    watchers: list[Plain | Irc] = [guests.plain("watcher"), guests.irc("ircwatcher")]
    evil = CONTROL.decode() + "\x9b31m\u202eevil\u2028"
    for line in (evil, f"/me {evil}", f"/topic {evil}", f"/away {evil}", f"/nick ali{evil}"):
        alice.send_bytes(f"{line}\n".encode())
    irc_evil = evil.replace("\x00", "")
    for line in (
        f"PRIVMSG #lobby :{irc_evil}",
        f"NOTICE #lobby :{irc_evil}",
        f"TOPIC #lobby :{irc_evil}",
        f"AWAY :{irc_evil}",
        f"NICK b{irc_evil}",
        f"USER {irc_evil} 0 * :x",
        f"PART #lobby :{irc_evil}",
    ):
        bob.send(line)
    bob.sync()
    alice.send_bytes(f"/join #{evil}\n/leave\n/quit {evil}\n".encode())
    formatting = set("\x01\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f")  # codes for IRC readers: they know them
    for watcher, allowed in zip(watchers, [set[str](), formatting], strict=True):
        watcher.until(r"left \(|QUIT")
        heard = set("".join(watcher.heard + watcher.sync()))
        assert not {c for c in heard if not c.isprintable()} - allowed - {"\t"}


@pytest.mark.parametrize("first", ["plain", "irc"])
@pytest.mark.parametrize("second", ["plain", "irc"])
def test_letters_of_all_languages_arrive_as_they_were_sent(guests: Guests, first: str, second: str) -> None:
    """ł and 😀, between any two dialects, in names, rooms' talk and private."""
    makers: dict[str, Callable[[str], Plain | Irc]] = {"plain": guests.plain, "irc": guests.irc}
    say = {"plain": ["{}", "/msg Żaneta {}"], "irc": ["PRIVMSG #lobby :{}", "PRIVMSG Żaneta :{}"]}
    sender, receiver = makers[first]("Łukasz"), makers[second]("Żaneta")
    for template in say[first]:
        sender.send(template.format(ZAZOLC))
        line = receiver.wait(f"{ZAZOLC}$").string
        assert "Łukasz" in line


# ---- which dialect ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "opening",
    [
        ["CAP LS 302", "NICK al", "USER a 0 * :A", "CAP END"],
        ["PASS secret", "NICK al", "USER a 0 * :A"],
        ["NICK al", "USER a 0 * :A"],
        ["USER a 0 * :A", "NICK al"],
        ["nick al", "user a 0 * :A"],
    ],
    ids=lambda lines: lines[0].split()[0],
)
def test_an_irc_client_is_known_by_its_first_line(guests: Guests, opening: list[str]) -> None:
    """And is never asked for a user name in words."""
    guest = guests.stranger()
    guest.send(*opening)
    assert "Username" not in guest.until(" 001 al ")


def test_an_irc_client_may_be_slow(guests: Guests) -> None:
    """After 0.3 s of silence it meets the prompt, and is known all the same; in pieces, too."""
    guest = guests.stranger()
    guest.wait("^Username$")
    for piece in (b"NI", b"CK al\r", b"\nUSER a 0 * :A\r\n"):
        guest.send_bytes(piece)
    guest.wait(" 001 al ")


def test_a_name_that_begins_like_irc_is_a_name(guests: Guests) -> None:
    """A person may be called Nick, User or Pass."""
    for name in ("Nick", "USER", "pass", "Get"):
        guest = guests.stranger()
        guest.send(name)
        guest.wait(f"Welcome, {name}")


@pytest.mark.parametrize("method", ["GET / HTTP/1.1", "POST /x HTTP/1.0", "OPTIONS * HTTP/1.1", "get / http/1.1"])
def test_without_the_page_a_browser_is_told_off_and_closed(server: ChatServer, guests: Guests, method: str) -> None:
    """So that no web page can speak in the room through its visitor's browser."""
    server.site = None
    alice = guests.plain("alice")
    browser = guests.stranger()
    browser.send(method, "Host: x", "", "NICK evil", "USER evil 0 * :x", "JOIN #lobby", "PRIVMSG #lobby :spam")
    told = browser.rest()
    assert told[0].startswith("HTTP/1.1 400 ")
    assert told[-1] == "This is a chat server."
    assert alice.sync() == []


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 9090\r\n",
        b"PROXY TCP6 2001:db8::7 2001:db8::1 5000 9090\r\n",
        b"PROXY UNKNOWN\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x01\x13\x88\x23\x82",
        b"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00",
    ],
)
def test_a_proxy_header_is_refused_and_nothing_behind_it_is_said(guests: Guests, header: bytes) -> None:
    """It was taken for a name, and what the client behind the proxy sent, its password too, was said in the room."""
    alice = guests.plain("alice")
    proxy = guests.stranger()
    proxy.sock.sendall(header + b"PASS secret\r\nNICK bob\r\nUSER bob 0 * :x\r\nJOIN #lobby\r\n")
    assert proxy.rest()[-1].startswith("ERROR :This server takes no PROXY header")
    assert alice.sync() == []


def test_a_proxy_header_in_two_pieces_is_known_too(guests: Guests) -> None:
    proxy = guests.stranger()
    proxy.sock.sendall(b"\r\n\r\n\x00\r\nQU")
    proxy.sock.sendall(b"IT\n\x21\x11\x00\x00PASS secret\r\n")
    assert proxy.rest()[-1].startswith("ERROR :This server takes no PROXY header")


@pytest.mark.parametrize("name", ["Proxy", "PROXYTCP4"])
def test_a_person_may_be_called_like_a_proxys_header(guests: Guests, name: str) -> None:
    guest = guests.stranger()
    guest.send(name)
    guest.wait(f"Welcome, {name}")


def test_a_client_that_says_nothing_and_goes_leaves_no_trace(guests: Guests, server: ChatServer) -> None:
    """Nor does one that goes after the prompt."""
    alice = guests.plain("alice")
    for _ in range(3):
        guests.stranger().close()
        guest = guests.stranger()
        guest.wait("^Username$")
        guest.reset()
    assert alice.sync() == []


# ---- IRC -------------------------------------------------------------------------------------------------------------


def test_registration_is_answered_with_001_to_005_and_the_motd(guests: Guests) -> None:
    """001–005, LUSERS, and 422 without a message of the day."""
    guest = guests.irc("al", room="")
    numerics = [line.split()[1] for line in guest.heard if line.startswith(":chatroom.test ")]
    assert numerics[:5] == ["001", "002", "003", "004", "005"]
    assert "422" in numerics
    assert ":chatroom.test 001 al :Welcome to the test Network, al" in guest.heard
    features = " ".join(line for line in guest.heard if " 005 " in line)
    for token in ("NICKLEN=32", "CHANTYPES=#", "TOPICLEN=300", "NETWORK=test", "UTF8ONLY"):
        assert token in features


def test_nothing_is_answered_before_registration_but_what_leads_to_it(guests: Guests) -> None:
    """451; PING and CAP work; USER or PASS again is 462."""
    guest = guests.stranger()
    guest.send("CAP LIST", "JOIN #lobby", "PRIVMSG #lobby :hi", "WHATEVER", "PING x")
    told = guest.until("PONG")
    assert [line.split()[1] for line in told] == ["CAP", "451", "451", "451", "PONG"]
    guest.send("NICK", "USER a", "NICK al", "USER a 0 * :A", "CAP END")
    told = guest.until(" 422 ")
    assert [line.split()[1] for line in told[:3]] == ["431", "461", "001"]
    guest.send("USER a 0 * :A", "PASS x")
    guest.wait(" 462 al ")
    guest.wait(" 462 al ")


def test_a_taken_or_bad_nickname_is_433_or_432(guests: Guests) -> None:
    """Before and after registration; another can be tried."""
    guests.plain("alice")
    guest = guests.stranger()
    guest.send("NICK Alice", "USER a 0 * :A")
    guest.wait(r" 433 \* Alice :")
    guest.send("NICK a!b")
    guest.wait(r" 432 \* a!b :")
    guest.send("NICK bob")
    guest.wait(" 001 bob ")
    guest.send("NICK alice", "NICK :two words", "NICK carol")
    guest.wait(" 433 bob alice :")
    guest.wait(" 432 bob two_words :")
    guest.wait(r"^:bob!a@127\.0\.0\.1 NICK :?carol")


def test_capabilities_are_listed_requested_and_ended(guests: Guests) -> None:
    """CAP LS 302, REQ, LIST, END; registration waits for END; a REQ is granted whole or not at all."""
    guest = guests.stranger()
    guest.send("CAP LS 302", "NICK al", "USER a 0 * :A")
    listed = guest.wait(r" CAP \* LS \* :(.*)$")[1].split()  # they fill more than a line
    listed += guest.wait(r" CAP \* LS :(.*)$")[1].split()
    assert {"server-time", "message-tags", "echo-message"} <= set(listed)
    guest.send("CAP REQ :server-time nonsense")
    guest.wait(r" CAP \* NAK :server-time nonsense\r?$")
    guest.send("CAP REQ :server-time echo-message", "CAP LIST", "CAP WHAT")
    guest.wait(r" CAP \* ACK :server-time echo-message\r?$")
    guest.wait(r" CAP \* LIST :cap-notify echo-message server-time\r?$")
    guest.wait(r" 410 \* WHAT :")
    guest.send("PING x")
    assert not [line for line in guest.until("PONG") if " 001 " in line]
    guest.send("CAP END")
    guest.wait(" 001 al ")
    guest.send("CAP REQ :-server-time")
    guest.wait(r" CAP al ACK :-server-time")


def test_server_time_and_msgid_are_sent_to_who_asked_for_them(guests: Guests) -> None:
    """Each capability alone and both together; equal ids for equal messages; none for who did not ask."""
    alice = guests.irc("alice")
    timed, tagged = guests.irc("timed", "server-time"), guests.irc("tagged", "message-tags")
    both = guests.irc("both", "server-time", "message-tags")
    plain = guests.irc("plain")
    alice.send("PRIVMSG #lobby :one", "PRIVMSG #lobby :two")
    time = r"time=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"
    source = ":alice!u@127.0.0.1 PRIVMSG #lobby"
    stamp = timed.wait(rf"^@{time} {source} :one$")[1]
    first, second = tagged.wait(rf"^@msgid=(\w+) {source} :one$")[1], tagged.wait(rf"^@msgid=(\w+) {source} :two$")[1]
    assert first != second
    both.wait(rf"^@time={stamp};msgid={first} {source} :one$")
    plain.wait(rf"^{source} :one$")


def test_echo_message_shows_a_client_its_own_words(guests: Guests) -> None:
    """As the others see them; in rooms and in private; what one says to oneself is heard, and echoed."""
    al, bob = guests.irc("al", "echo-message"), guests.irc("bob")
    al.send("PRIVMSG #lobby :room", "PRIVMSG bob :private", "PRIVMSG al :self")
    assert [line for line in al.sync() if "PRIVMSG" in line] == [
        ":al!u@127.0.0.1 PRIVMSG #lobby :room",
        ":al!u@127.0.0.1 PRIVMSG bob :private",
        *2 * [":al!u@127.0.0.1 PRIVMSG al :self"],
    ]
    bob.send("PRIVMSG #lobby :mine")
    assert not [line for line in bob.sync() if "mine" in line]


def test_ping_is_answered_with_its_own_word(guests: Guests) -> None:
    """PONG carries back what came; a PONG is taken without a word; PING alone is 461."""
    al = guests.irc("al")
    al.send("PING :two words", "PONG x", "PING")
    al.wait(r"^:chatroom\.test PONG chatroom\.test :two words$")
    al.wait(" 461 al PING :")


def test_join_is_answered_with_the_join_the_topic_and_the_names(guests: Guests) -> None:
    """JOIN to all in the room; 332, 333, 353, 366 to who came. Several rooms at once, each once."""
    alice = guests.irc("alice")
    alice.send("TOPIC #lobby :tea")
    alice.sync()
    bob = guests.irc("bob", room="")
    bob.send("JOIN #lobby,#two,#LOBBY", "JOIN nope", "JOIN")
    told = bob.sync()
    assert told[0] == ":bob!u@127.0.0.1 JOIN #lobby"
    assert told[1] == ":chatroom.test 332 bob #lobby :tea"
    assert told[2].startswith(":chatroom.test 333 bob #lobby alice!u@127.0.0.1 ")
    assert told[3:] == [
        ":chatroom.test 353 bob = #lobby :alice bob",
        ":chatroom.test 366 bob #lobby :End of /NAMES list",
        ":bob!u@127.0.0.1 JOIN #two",
        ":chatroom.test 353 bob = #two :@bob",
        ":chatroom.test 366 bob #two :End of /NAMES list",
        ":chatroom.test 476 bob nope :Bad channel name",
        ":chatroom.test 461 bob JOIN :Not enough parameters",
    ]
    alice.wait(r"^:bob!u@127\.0\.0\.1 JOIN #lobby$")


def test_part_leaves_with_a_reason(guests: Guests) -> None:
    """All in the room are told, who leaves as well; 442 and 403 where there is nothing to leave."""
    alice, bob = guests.irc("alice"), guests.irc("bob")
    carol = guests.plain("carol")
    bob.send("PART #lobby :so long", "PART #lobby", "PART #none")
    for peer in (alice, bob):
        peer.wait(r"^:bob!u@127\.0\.0\.1 PART #lobby :so long$")
    carol.wait(r"^\* bob left \(so long\)$")
    bob.wait(" 442 bob #lobby :")
    bob.wait(" 403 bob #none :")
    alice.send("PRIVMSG #lobby :secret")
    alice.sync()
    assert bob.sync() == []


def test_messages_that_cannot_be_are_refused_by_number(guests: Guests) -> None:
    """401, 403, 404, 411, 412; a notice is never answered."""
    guests.irc("bob", room="#other")
    al = guests.irc("al")
    al.send("PRIVMSG nobody :x", "PRIVMSG #none :x", "PRIVMSG #other :x", "PRIVMSG", "PRIVMSG #lobby", "PRIVMSG bob :")
    assert [line.split()[1] for line in al.sync()] == ["401", "403", "404", "411", "412", "412"]
    al.send("NOTICE nobody :x", "NOTICE #none :x", "NOTICE #other :x")
    assert al.sync() == []


def test_a_notice_arrives_as_a_notice(guests: Guests) -> None:
    """And a CTCP question is for programs: netcat is not bothered with it."""
    al, bob, carol = guests.irc("al"), guests.irc("bob"), guests.plain("carol")
    al.send("PRIVMSG #lobby :\x01VERSION\x01", "NOTICE #lobby :beware")
    bob.wait("PRIVMSG #lobby :\x01VERSION\x01$")
    bob.wait("^:al!.* NOTICE #lobby :beware$")
    assert carol.sync() == ["al: beware"]


def test_one_message_may_go_to_several(guests: Guests) -> None:
    """Targets are parted by commas; each gets it once."""
    al, bob, carol = guests.irc("al"), guests.irc("bob", room=""), guests.plain("carol")
    al.send("PRIVMSG bob,#lobby,bob :hi")
    al.sync()
    assert bob.sync() == [":al!u@127.0.0.1 PRIVMSG bob :hi"]
    assert carol.sync() == ["al: hi"]


def test_names_and_list(guests: Guests) -> None:
    """353 and 366; 321, 322, 323; of rooms that are not there, the end alone."""
    guests.irc("bob", room="#tea")
    al = guests.irc("al")
    al.send("TOPIC #lobby :hi", "NAMES #tea", "NAMES #none", "NAMES", "LIST", "LIST #TEA")
    assert al.sync()[1:] == [
        ":chatroom.test 353 al = #tea :@bob",
        ":chatroom.test 366 al #tea :End of /NAMES list",
        ":chatroom.test 366 al #none :End of /NAMES list",
        ":chatroom.test 353 al = #tea :@bob",
        ":chatroom.test 353 al = #lobby :al",
        ":chatroom.test 366 al * :End of /NAMES list",
        ":chatroom.test 321 al Channel :Users  Name",
        ":chatroom.test 322 al #tea 1 :",
        ":chatroom.test 322 al #lobby 1 :hi",
        ":chatroom.test 323 al :End of /LIST",
        ":chatroom.test 321 al Channel :Users  Name",
        ":chatroom.test 322 al #tea 1 :",
        ":chatroom.test 323 al :End of /LIST",
    ]


def test_who_and_whois(guests: Guests) -> None:
    """352 and 315; 311, 319, 312, 301 when away, 317, 318; 401 and 318 of nobody."""
    bob = guests.irc("bob")
    bob.send("AWAY :tea")
    bob.wait(" 306 ")
    al = guests.irc("al")
    al.send("WHO #lobby", "WHO nobody", "WHOIS BOB", "WHOIS nobody")
    told = al.sync()
    assert told[:4] == [
        ":chatroom.test 352 al #lobby u 127.0.0.1 chatroom.test bob G :0 bob the client",
        ":chatroom.test 352 al #lobby u 127.0.0.1 chatroom.test al H :0 al the client",
        ":chatroom.test 315 al #lobby :End of WHO list",
        ":chatroom.test 315 al nobody :End of WHO list",
    ]
    assert [line.split()[1] for line in told[4:]] == ["311", "319", "312", "301", "317", "318", "401", "318"]
    assert told[4] == ":chatroom.test 311 al bob u 127.0.0.1 * :bob the client"


def test_a_plain_user_is_seen_by_irc_as_anybody_else(guests: Guests) -> None:
    """WHO and WHOIS know people with netcat, too."""
    guests.plain("Łukasz")
    al = guests.irc("al")
    al.send("WHOIS łukasz")
    al.wait(r" 311 al Łukasz plain 127\.0\.0\.1 \* :Łukasz$")


def test_topic_is_asked_and_set(guests: Guests) -> None:
    """331 or 332 and 333; TOPIC to the room; 442 from outside; too long is a FAIL."""
    al, bob = guests.irc("al", "standard-replies"), guests.irc("bob", room="")
    al.send("TOPIC #lobby", "TOPIC #lobby :tea", "TOPIC #lobby", f"TOPIC #lobby :{'x' * 391}")
    told = al.sync()
    assert told[:3] == [
        ":bob!u@127.0.0.1 JOIN #lobby" if "JOIN" in told[0] else ":chatroom.test 331 al #lobby :No topic is set",
        ":al!u@127.0.0.1 TOPIC #lobby :tea",
        ":chatroom.test 332 al #lobby :tea",
    ]
    assert told[-1].startswith(":chatroom.test FAIL TOPIC INVALID_PARAMS :")
    bob.send("TOPIC #lobby :mine")
    bob.wait(" 442 bob #lobby :")


def test_mode_queries_are_answered(guests: Guests) -> None:
    """324 and 329 of a room, 368 of its bans, 221 of oneself, 502 of others, 403 and 401 of nobody."""
    al = guests.irc("al")
    guests.plain("bob")
    al.send("MODE #lobby", "MODE #lobby b", "MODE #lobby +b", "MODE al", "MODE bob", "MODE #none", "MODE nobody")
    numerics = [line.split()[1] for line in al.sync() if line.startswith(":chatroom.test")]
    assert numerics == ["324", "329", "368", "368", "221", "502", "403", "401"]


def test_away_is_told_to_who_writes(guests: Guests) -> None:
    """306 and 305 to who goes and comes; 301 to who writes."""
    al, bob = guests.irc("al"), guests.irc("bob")
    al.send("AWAY :making tea")
    al.wait(" 306 al :")
    bob.send("PRIVMSG al :hi")
    bob.wait(" 301 bob al :making tea$")
    al.send("AWAY")
    al.wait(" 305 al :")
    bob.sync()
    bob.send("PRIVMSG al :hi")
    assert bob.sync() == []


def test_userhost_and_ison(guests: Guests) -> None:
    """302 with + or - for here or away; 303 with those who are here."""
    al = guests.irc("al")
    guests.plain("bob").send("/away")
    al.send("USERHOST BOB al x", "ISON bob nobody AL", "ISON :bob al")
    told = [line for line in al.sync() if line.startswith(":chatroom.test")]
    assert told == [
        ":chatroom.test 302 al :bob=+plain@127.0.0.1 al=+u@127.0.0.1",
        ":chatroom.test 303 al :bob al",
        ":chatroom.test 303 al :bob al",
    ]


def test_quit_is_told_with_its_reason(guests: Guests) -> None:
    """ERROR and the end to who quits; QUIT to the others."""
    al, bob, carol = guests.irc("al"), guests.irc("bob"), guests.plain("carol")
    al.send("QUIT :good night", "PRIVMSG #lobby :never said")
    assert al.rest()[-1] == "ERROR :Closing link: Quit: good night"
    bob.wait(r"^:al!u@127\.0\.0\.1 QUIT :Quit: good night$")
    carol.wait(r"^\* al left \(Quit: good night\)$")
    assert carol.sync() == []


def test_an_unknown_irc_command_is_421(guests: Guests) -> None:
    """With its name, whatever it is; the room hears nothing."""
    al, bob = guests.irc("al"), guests.plain("bob")
    al.send("FOO bar", "ĄĘ x", "handle x", "_read x")
    told = [line for line in al.sync() if " 421 " in line]
    assert [line.split()[3] for line in told] == ["FOO", "ĄĘ", "HANDLE", "_READ"]
    assert bob.sync() == []


def test_an_irc_line_that_is_too_long_or_not_utf8_is_refused(guests: Guests) -> None:
    """417 for more than 4,096 bytes of text; FAIL INVALID_UTF8, and a notice. The room gets nothing."""
    al, bob = guests.irc("al"), guests.plain("bob")
    al.send("PRIVMSG #lobby :" + "x " * 2048, "PRIVMSG #lobby :" + "x " * 2048 + "x", "X" * 9000)
    al.send_bytes(b"PRIVMSG #lobby :caf\xe9\r\n")
    al.send("CAP REQ standard-replies")
    al.send_bytes(b"PRIVMSG #lobby :caf\xe9\r\n")
    al.send("PRIVMSG #lobby :after")
    told = [line for line in al.sync() if "JOIN" not in line]
    assert [line.split()[1] for line in told] == ["417", "417", "FAIL", "NOTICE", "CAP", "FAIL"]
    assert bob.until("after") == ["al: " + "x " * 2048, "al: after"]


def test_a_tagged_line_may_be_longer(guests: Guests) -> None:
    """512 bytes and 4,096 of tags: IRCv3 message-tags."""
    al, bob = guests.irc("al"), guests.plain("bob")
    al.send(f"@+x={'y' * 4000} PRIVMSG #lobby :tagged", f"@+x={'y' * 4100} PRIVMSG #lobby :too long")
    al.wait(" 417 al ")
    assert bob.sync() == ["al: tagged"]


def test_a_long_plain_line_reaches_irc_whole(guests: Guests) -> None:
    """In as many lines of 512 bytes as it takes, cut between characters; nothing is lost."""
    alice, al = guests.plain("alice"), guests.irc("al")
    text = " ".join(f"zażółć{i}😀" for i in range(200))[:1500]
    alice.send(text, "end")
    *parts, _ = [line.partition(" :")[2] for line in al.until("PRIVMSG #lobby :end$")]
    assert len(parts) > 1
    assert "".join(parts) == text
    assert all(len(line.encode()) <= 510 for line in al.heard)


def test_a_message_of_the_day_is_shown() -> None:
    """375, 372, 376."""
    from dataclasses import replace

    server = ChatServer("127.0.0.1", 0, replace(INFO, motd=("Zażółć", "😀")))
    server.start()
    guest = Irc(server.port, "al")
    guest.send("MOTD")
    told = guest.sync()
    guest.close()
    server.stop()
    assert told == [
        ":chatroom.test 375 al :- chatroom.test Message of the day -",
        ":chatroom.test 372 al :- Zażółć",
        ":chatroom.test 372 al :- 😀",
        ":chatroom.test 376 al :End of /MOTD command",
    ]


# ---- the server itself -----------------------------------------------------------------------------------------------


def test_a_stopping_server_tells_everybody_and_closes_every_connection() -> None:
    """Those without a name as well. Nobody is told that all the others leave: in a large room that takes minutes."""
    server = ChatServer("127.0.0.1", 0, INFO)
    server.start()
    guests = Guests(server.port)
    peers = [guests.plain("alice"), guests.irc("bob"), guests.stranger()]
    peers[2].wait("^Username$")
    peers[0].wait("bob joined")
    server.stop("the server is shutting down")
    assert peers[0].rest() == ["* Goodbye (the server is shutting down)."]
    assert [line for line in peers[1].rest() if "QUIT" in line or "ERROR" in line] == [
        "ERROR :Closing link: the server is shutting down"
    ]
    assert peers[2].rest() == ["* Goodbye (the server is shutting down)."]
    guests.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def _are_in(server: ChatServer, count: int) -> bool:
    return len(server.everybody()) == count


def test_a_stopping_server_closes_the_sockets_of_those_who_leave_meanwhile() -> None:
    """Not one is left to the garbage collector."""
    for _ in range(20):
        server = ChatServer("127.0.0.1", 0, INFO)
        server.start()
        peers = [Peer(server.port) for _ in range(20)]
        eventually(partial(_are_in, server, 20), "all are in")
        connections = server.everybody()
        for peer in peers:
            peer.close()
        server.stop()
        assert all(connection.sock.fileno() == -1 for connection in connections)


def test_who_comes_as_the_server_stops_is_told_so_and_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread has accepted them already, and the server has looked who is here before they are."""
    server = ChatServer("127.0.0.1", 0, INFO)
    accepted, goes_on = threading.Event(), threading.Event()
    place_for = server._place_for

    def place(address: str) -> tuple[str, Callable[[], None] | None]:
        accepted.set()
        goes_on.wait(DEADLINE)
        return place_for(address)

    monkeypatch.setattr(server, "_place_for", place)
    submit_all = server.event_log.submit_all

    def say_goodbye(*args: Any, **named: Any) -> None:
        goes_on.set()
        submit_all(*args, **named)

    monkeypatch.setattr(server.event_log, "submit_all", say_goodbye)
    server.start()
    late = Peer(server.port)
    assert accepted.wait(DEADLINE)
    server.stop("closing time")
    assert late.rest() == ["ERROR :closing time\r"]
    late.close()


def test_a_server_that_stops_says_why_and_keeps_to_its_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """To all who are there, whether they have a name or not."""
    server = ChatServer("127.0.0.1", 0, INFO)
    unlocked = watch_lock(server, monkeypatch)
    server.start()
    guests = Guests(server.port)
    alice, bob, stranger = guests.plain("alice"), guests.irc("bob"), guests.stranger()
    stranger.wait("^Username$")
    server.stop("closing time")
    assert [peer.rest()[-1].rstrip("\r") for peer in (alice, bob, stranger)] == [
        "* Goodbye (closing time).",
        "ERROR :Closing link: closing time",
        "* Goodbye (closing time).",
    ]
    guests.close()
    assert not unlocked


def test_an_announcement_reaches_everybody(server: ChatServer, guests: Guests) -> None:
    """In every room and dialect."""
    alice, bob = guests.plain("alice"), guests.irc("bob", room="#b")
    server.announce("back in five minutes")
    alice.wait(r"^\* back in five minutes$")
    bob.wait(r"^:chatroom\.test NOTICE \S+ :back in five minutes$")


@pytest.mark.parametrize("host", ["::1", "::"])
def test_a_server_can_listen_on_ipv6(host: str) -> None:
    """`::` takes IPv4 as well; addresses are shown so that they can stand in an IRC line."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    server = ChatServer(host, 0, INFO, show_addresses=True)
    server.start()
    six = Guests(server.port, "::1")
    al = six.irc("al")
    al.send("WHOIS al")
    al.wait(r" 311 al al u 0::1 \* :")
    if host == "::":
        four = Guests(server.port, "127.0.0.1")
        four.plain("bob")
        al.wait(r"^:bob!plain@127\.0\.0\.1 JOIN #lobby$")
        four.close()
    six.close()
    server.stop()
