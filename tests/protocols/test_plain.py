"""The dialect of a person with netcat, without sockets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import ENGLISH
from chatroom.common.names import Fault, describe_fault
from chatroom.common.text import clean
from chatroom.model.commands import (
    AskRooms,
    AskTopic,
    AskWho,
    AskWhois,
    Join,
    Quit,
    Register,
    Rename,
    Say,
    SetAway,
    SetTopic,
)
from chatroom.model.events import AwaySet, Departed, Event, Joined, Left, ModesSet, Renamed, Said, TopicSet
from chatroom.model.outcomes import Command
from chatroom.model.replies import Raw, Refused
from chatroom.model.values import MessageKind, ModeChange, Person
from chatroom.protocols import plain
from chatroom.protocols.limits import PLAIN_LINE_BYTES
from chatroom.protocols.plain import COMMANDS, PLAIN, PlainDialect
from tests.chat import Chat

ALICE = Person("1", "alice", "plain", "127.0.0.1")


class Somebody:
    """A viewer that stays as it is."""

    def __init__(self, nick: str = "alice", room: str = "#lobby") -> None:
        self.nick = nick
        self.language = ENGLISH
        self.admitted = True
        self.account = ""
        self.secure = True
        self.confidential = True
        self.mask = f"{nick}!plain@127.0.0.1" if nick else ""
        self.room = room


def read(data: bytes, viewer: Somebody | None = None) -> list[Command]:
    return list(PlainDialect(viewer or Somebody()).receive(data))


def read_in_pieces(data: bytes, size: int, nick: str) -> list[str]:
    """The commands, as text, when `data` comes `size` bytes at a time."""
    dialect = PlainDialect(Somebody(nick))
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    return [repr(command) for piece in pieces for command in dialect.receive(piece)] + list(map(repr, dialect.end()))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("hello there", Say("#tea", "hello there")),
        ("  indented", Say("#tea", "  indented")),
        ("//x", Say("#tea", "/x")),
        ("///x", Say("#tea", "//x")),
        ("/me waves", Say("#tea", "waves", MessageKind.ACTION)),
        ("/msg bob hi  there", Say("bob", "hi  there")),
        ("/nick Bob", Rename("Bob")),
        ("/join #tea", Join("#tea", move=True)),
        ("/join tea", Join("#tea", move=True)),
        ("/leave", Join("#lobby", move=True)),
        ("/rooms", AskRooms()),
        ("/who", AskWho("#tea")),
        ("/who bob", AskWhois("bob")),
        ("/whois bob", AskWhois("bob")),
        ("/back", SetAway("")),
        ("/who b*", AskWho("b*")),
        ("/topic", AskTopic("#tea")),
        ("/topic Earl Grey", SetTopic("#tea", "Earl Grey")),
        ("/away", SetAway("")),
        ("/away out", SetAway("out")),
        ("/quit", Quit("", own=True)),
        ("/QUIT  bye ", Quit("bye", own=True)),
    ],
)
def test_a_line_becomes_a_command(line: str, command: Command) -> None:
    """A line is a message, a line that begins with a slash is a command."""
    assert read(f"{line}\n".encode(), Somebody(room="#tea")) == [command]


def test_every_line_is_a_name_until_one_is_accepted() -> None:
    """Even one with a slash; blanks around it don't count."""
    assert read(b" alice \n", Somebody("", "")) == [Register("alice", "plain", "alice", "#lobby", "netcat")]
    assert read(b"/help\n", Somebody("", "")) == [Register("/help", "plain", "/help", "#lobby", "netcat")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"/foo", Code.UNKNOWN_COMMAND),
        (b"/ hi", Code.UNKNOWN_COMMAND),
        (b"/nick", Code.TOO_FEW_PARAMETERS),
        (b"/msg bob", Code.TOO_FEW_PARAMETERS),
        (b"/me   ", Code.TOO_FEW_PARAMETERS),
        (b"caf\xe9", Code.LINE_NOT_UTF8),
        (b"\xed\xa0\x80", Code.LINE_NOT_UTF8),  # a surrogate
        (b"x" * (PLAIN_LINE_BYTES + 1), Code.LINE_TOO_LONG),
    ],
)
def test_a_line_that_cannot_be_is_refused(line: bytes, code: Code) -> None:
    """With the reason, and without touching the lines around it."""
    first, refused, last = read(b"before\n" + line + b"\nafter\n")
    assert (first, last) == (Say("#lobby", "before"), Say("#lobby", "after"))
    assert isinstance(refused, Refused)
    assert refused.error.code is code


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("name", ["alice", ""])
def test_every_refusal_has_a_sentence(code: Code, name: str) -> None:
    """A reader is told in words, and, as long as there is no name, asked again."""
    about = ["7", "empty" if code is Code.NICK_BAD else "7", "7", "7", "w"]
    lines = PlainDialect(Somebody(name)).answer(Refused(ChatError(code, *about))).decode().splitlines()
    assert re.fullmatch(r"\* .*[a-z].*", lines[0])
    closed = code is Code.BANNED_HERE  # who is closed is not asked again
    asked = "Password" if code is Code.NICK_CLAIMED else "Username"
    assert lines[1:] == ([] if name or closed else [asked])


def test_every_fault_of_a_name_has_a_sentence() -> None:
    """So that the next try can be better."""
    assert len({describe_fault(fault, ENGLISH) for fault in Fault}) == len(Fault)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_help_tells_of_every_command(command: plain.PlainCommand) -> None:
    """What it takes and what it does."""
    [raw] = read(b"/help\n")
    assert isinstance(raw, Raw)
    does = command.does.format(**plain._PLACES)
    assert re.search(rf"^\* {re.escape(command.usage)} +{re.escape(does)}$", raw.data.decode(), re.MULTILINE)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Said(ALICE, "#lobby", "hi", MessageKind.MESSAGE), "alice: hi"),
        (Said(ALICE, "#lobby", "hi", MessageKind.NOTICE), "alice: hi"),
        (Said(ALICE, "#lobby", "waves", MessageKind.ACTION), "** alice waves"),
        (Said(ALICE, "bob", "hi", MessageKind.MESSAGE), "[private] alice: hi"),
        (Said(ALICE, "bob", "waves", MessageKind.ACTION), "** [private] alice waves"),
        (Said(ALICE, "#lobby", "\x02\x0304,12bold\x0f", MessageKind.MESSAGE), "alice: bold"),
        (Joined(ALICE, "#lobby"), "* alice joined"),
        (Left(ALICE, "#lobby", ""), "* alice left"),
        (Left(ALICE, "#lobby", "bye"), "* alice left (bye)"),
        (Departed(ALICE, "connection closed"), "* alice left (connection closed)"),
        (Renamed(ALICE, "alicja"), "* alice is now known as alicja"),
        (TopicSet(ALICE, "#lobby", "tea"), "* alice set the topic: tea"),
        (TopicSet(ALICE, "#lobby", ""), "* alice removed the topic"),
        (AwaySet(ALICE, "tea"), "* alice is away: tea"),
        (AwaySet(ALICE, ""), "* alice is back"),
        (ModesSet(ALICE, "#lobby", (ModeChange(True, "e", "{9}{x}!*@*"),)), "* alice set mode +e {9}{x}!*@*"),
        (ModesSet(ALICE, "#lobby", (ModeChange(False, "I", "\x02{0:9}!*@*"),)), "* alice set mode -I {0:9}!*@*"),
        (ModesSet(ALICE, "#lobby", (ModeChange(True, "b", "{0}\x0304!*@*"),)), "* alice banned {0}!*@*"),
    ],
)
def test_an_event_is_one_sentence(event: Event, line: str) -> None:
    """The server's lines begin with a star, which no name can."""
    assert PLAIN.render(event) == f"{line}\n".encode()


@pytest.mark.parametrize("line", ["/mode o", "/mode #lobby +ov-l", "/mode +k", "/mode {", "/mode o {}"])
def test_a_mode_without_its_parameter_is_refused_with_a_sentence(line: str) -> None:
    """Where IRC clients read no more than that it is missing."""
    told = Chat().plain("al").send(line).heard()
    assert told
    assert all(each.startswith("* ") for each in told)


def test_what_is_for_programs_is_not_shown() -> None:
    """A CTCP question means nothing to a person."""
    assert PLAIN.render(Said(ALICE, "#lobby", "\x01VERSION\x01", MessageKind.MESSAGE)) == b""


_BYTES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(["alice", "/nick b", "/join #a", "hi ł", "//", "/", " ", "/msg a b", "\r", "\n", "😀"]))
    .map("\n".join)
    .map(str.encode),
)


@given(_BYTES, st.sampled_from(["", "alice"]))
def test_however_bytes_are_cut_they_are_the_same_commands(data: bytes, nick: str) -> None:
    """A packet's end means nothing: split at every byte, or not at all."""
    assert read_in_pieces(data, 1, nick) == read_in_pieces(data, len(data) or 1, nick) == read_in_pieces(data, 3, nick)


def test_a_place_that_stays_empty_is_empty_in_every_language() -> None:
    """`/kick #ROOM` wants more, which takes one line."""
    ola = Chat().plain("ola").send("/lang pl")
    ola.heard()
    assert ola.send("/kick #lobby").heard() == ["* po nazwie pokoju podaj, kogo lub co"]


def test_a_long_line_is_refused_the_same_however_it_is_cut() -> None:
    """At the limit, over it and far over it."""
    for size in (PLAIN_LINE_BYTES, PLAIN_LINE_BYTES + 1, 3 * PLAIN_LINE_BYTES):
        data = b"x" * size + b"\nafter\n"
        assert read_in_pieces(data, 1, "alice") == read_in_pieces(data, len(data), "alice")
        assert ("LINE_TOO_LONG" in read_in_pieces(data, 1000, "alice")[0]) == (size > PLAIN_LINE_BYTES)


@given(st.lists(_BYTES, max_size=8))
def test_no_input_does_worse_than_be_refused(pieces: list[bytes]) -> None:
    """Whatever comes in: no exception, and whole lines of clean text go out, to the sender and to the others."""
    chat = Chat()
    clients = [chat.plain("watcher"), chat.plain(), chat.irc("ircwatcher", room="#lobby")]
    for piece in pieces:
        clients[1].send_bytes(piece)
    for client in clients[:2]:
        assert client.wire.endswith(b"\n") or not client.wire
        assert all(clean(line) == line for line in client.wire.decode().split("\n"))


def test_who_tells_about_one_person() -> None:
    """Where they are, as far as one may know, and whether they are logged in and away."""
    chat = Chat()
    al, bob = chat.plain("al"), chat.plain("bob").send("/join #tea", "/register tea-and-cakes", "/away lunch")
    assert al.send("/who BOB").heard()[-1] == "* bob is in #tea; logged in as bob; away: lunch"
    bob.send("/mode +s", "/away", "/logout")
    al.heard()
    assert al.send("/who bob").heard()[-1] == "* bob is in no room that you can see; not logged in"
    assert al.send("/who eve").heard() == ["* there is nobody called eve; /who lists who is here"]
    chat.hub.context.operator_password = "sesame"
    bob.send("/oper sesame")
    assert al.send("/whois bob").heard()[-1].endswith("; not logged in; an operator of the server")
