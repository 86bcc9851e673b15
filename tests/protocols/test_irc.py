"""The IRC dialect, without sockets."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatroom.common.errors import ChatError, Code
from chatroom.common.irc_message import LINE_BYTES, parse
from chatroom.common.language import ENGLISH
from chatroom.model.commands import (
    AskModes,
    AskNames,
    AskRooms,
    AskTopic,
    AskUsers,
    AskWho,
    AskWhois,
    Burst,
    Join,
    Leave,
    Quit,
    Register,
    Rename,
    Say,
    SetAway,
    SetTopic,
)
from chatroom.model.events import Departed, Event, Joined, Left, Renamed, Said, TopicSet
from chatroom.model.outcomes import Command, Labelled
from chatroom.model.replies import PersonalNotice, Raw, Refused, Reply
from chatroom.model.values import MessageKind, Person, Via
from chatroom.protocols.irc import account_replies, replies
from chatroom.protocols.irc import event_lines as irc_lines
from chatroom.protocols.irc.command_table import COMMANDS
from chatroom.protocols.irc.dialect import IrcDialect
from chatroom.protocols.irc.event_lines import RENDERED, irc_format
from chatroom.protocols.irc.handlers.capabilities import CAPABILITIES
from chatroom.protocols.irc.numerics import REFUSALS
from chatroom.protocols.limits import MESSAGE_BYTES
from tests.chat import INFO, LONG_INFO, NOON, TOLD_AS_OTHERS, TOLD_NOBODY, Chat, kinds, place

AL = Person("1", "al", "u", "127.0.0.1")
BOB = Person("2", "Łukasz", "b", "127.0.0.1")
PLAIN_FORMAT = irc_format(frozenset())


class Somebody:
    """A viewer that stays as it is."""

    def __init__(self, nick: str = "al") -> None:
        self.nick = nick
        self.language = ENGLISH
        self.admitted = True
        self.account = ""
        self.secure = True
        self.confidential = True
        self.mask = f"{nick}!u@127.0.0.1" if nick else ""
        self.room = "#lobby"


def read(*lines: str, nick: str = "al") -> list[Command]:
    dialect = IrcDialect(Somebody(nick), INFO)
    return list(dialect.receive("".join([f"{line}\r\n" for line in lines]).encode()))


def read_in_pieces(data: bytes, size: int, nick: str) -> list[str]:
    """The commands, as text, when `data` comes `size` bytes at a time."""
    dialect = IrcDialect(Somebody(nick), INFO)
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    commands = [command for piece in pieces for command in dialect.receive(piece)]
    singly = [c.singly() if isinstance(c, Burst) else (c,) for c in commands]
    return [repr(command) for group in singly for command in group]


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("PRIVMSG #a :hi", [Say("#a", "hi")]),
        ("privmsg #a hi", [Say("#a", "hi")]),
        (":al!u@h PRIVMSG #a :hi", [Say("#a", "hi")]),
        ("@x=y PRIVMSG #a :hi", [Say("#a", "hi")]),
        ("PRIVMSG #ł :zażółć 😀", [Say("#ł", "zażółć 😀")]),
        ("PRIVMSG a,b,a,,c :hi", [Say("a", "hi"), Say("b", "hi"), Say("c", "hi")]),
        ("PRIVMSG #a :\x01ACTION waves\x01", [Say("#a", "waves", MessageKind.ACTION)]),
        ("PRIVMSG #a :\x01ACTION waves", [Say("#a", "waves", MessageKind.ACTION)]),
        ("NOTICE #a :hi", [Say("#a", "hi", MessageKind.NOTICE)]),
        ("JOIN #a,#b", [Join("#a"), Join("#b")]),
        ("PART #a,#b :bye", [Leave("#a", "bye"), Leave("#b", "bye")]),
        ("TOPIC #a", [AskTopic("#a")]),
        ("TOPIC #a :", [SetTopic("#a", "")]),
        ("NICK bob", [Rename("bob")]),
        ("AWAY", [SetAway("")]),
        ("AWAY :out", [SetAway("out")]),
        ("QUIT", [Quit("Quit")]),
        ("QUIT :bye", [Quit("Quit: bye", own=True)]),
        ("WHO #a", [AskWho("#a")]),
        ("WHOIS srv bob", [AskWhois("bob")]),
        ("MODE #a", [AskModes("#a")]),
        ("NAMES #a,#b", [AskNames("#a"), AskNames("#b")]),
        ("LIST", [AskRooms()]),
        ("ISON :a b", [AskUsers(("a", "b"), "ISON")]),
        ("USERHOST a b c d e f", [AskUsers(("a", "b", "c", "d", "e"), "USERHOST")]),
        ("PONG x", []),
        ("", []),
        (":only.a.source", []),
    ],
)
def test_a_line_becomes_commands(line: str, commands: list[Command]) -> None:
    """By one table."""
    assert read(line) == commands


def test_registration_waits_for_nick_and_user_and_the_end_of_negotiation() -> None:
    """In any order; CAP LS or REQ puts it off until CAP END: IRCv3 capability-negotiation."""
    register = Register("al", "a", "Al", kind="IRC")
    assert read("NICK al", "USER a 0 * :Al", nick="")[-1] == register
    assert read("USER a 0 * :Al", "NICK al", nick="")[-1] == register
    assert not [c for c in read("CAP LS", "NICK al", "USER a 0 * :Al", nick="") if isinstance(c, Register)]
    assert read("CAP LS", "NICK al", "USER a 0 * :Al", "CAP END", nick="")[-1] == register


@pytest.mark.parametrize(("given_", "kept"), [("a!b@c d", "abc"), ("łł", "user"), ("x" * 20, "x" * 10), ("~me", "me")])
def test_a_username_is_made_safe(given_: str, kept: str) -> None:
    """It stands in every source that others read."""
    [register] = read("NICK al", f"USER :{given_}" if " " in given_ else f"USER {given_} 0 * :Al", nick="")[-1:]
    if isinstance(register, Register):
        assert register.username == kept
    else:
        assert " " in given_  # then it is the only parameter, which is too few


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_with_too_few_parameters_is_refused(command: str) -> None:
    """By its row in the table, before its handler is called."""
    row = COMMANDS[command]
    if row.least:
        [refused] = read(command)
        assert isinstance(refused, Refused)
        assert refused.error.code is row.missing


@pytest.mark.parametrize("command", [name for name, row in COMMANDS.items() if row.registered])
def test_before_registration_nearly_everything_is_451(command: str) -> None:
    """Whatever its parameters."""
    [refused] = read(f"{command} a b c d", nick="")
    assert isinstance(refused, Refused)
    assert refused.error.code is Code.NOT_REGISTERED


@pytest.mark.parametrize("code", Code)
def test_a_refusal_is_one_line(code: Code) -> None:
    """A numeric, a FAIL or a notice, and nothing that a client sent can break it."""
    if code in (Code.STAYS_IN_LOBBY, Code.NO_SUCH_SETTING, Code.COUNT_BAD):
        return  # only the plain dialect refuses so
    about = ["7"] if code is Code.BANNED_HERE else [":a b\r\nQUIT", "7", "7", "7"]
    way = Via.SASL if code in account_replies._REFUSALS and code not in REFUSALS else None
    answer = IrcDialect(Somebody(), INFO).answer(Refused(ChatError(code, *about, "z\r\nQUIT"), way)).decode()
    assert re.fullmatch(r":chatroom\.test (\d{3} al|FAIL \S+ [A-Z_0-9]+|NOTICE al) [^\r\n]*:[^\r\n]+\r\n", answer)
    assert "a_bQUIT" in answer or "zQUIT" in answer or "{" not in REFUSALS.get(code, ("", ""))[1]


@pytest.mark.parametrize("code", account_replies._REFUSALS)
@pytest.mark.parametrize(
    ("way", "form"),
    [
        (Via.SASL, r":chatroom\.test 90[47] al :\S.*"),
        (Via.REGISTER, r":chatroom\.test FAIL REGISTER [A-Z_]+ \S+ :\S.*"),
        (Via.SERVICE, r":NickServ!NickServ@chatroom\.test NOTICE al :\S.*"),
        (Via.PASS, r":NickServ!NickServ@chatroom\.test NOTICE al :\S.*"),
    ],
)
def test_what_is_refused_about_accounts_is_told_the_way_that_was_asked(code: Code, way: Via, form: str) -> None:
    """A SASL client waits for a 9xx, one that sent REGISTER for a FAIL; who wrote to NickServ reads its notice."""
    answer = IrcDialect(Somebody(), INFO).answer(Refused(ChatError(code, ":a b\r\nQUIT"), way)).decode()
    assert re.fullmatch(rf"{form}\r\n", answer)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Said(AL, "#a", "hi", MessageKind.MESSAGE), "PRIVMSG #a :hi"),
        (Said(AL, "#a", "hi", MessageKind.NOTICE), "NOTICE #a :hi"),
        (Said(AL, "#a", "waves", MessageKind.ACTION), "PRIVMSG #a :\x01ACTION waves\x01"),
        (Joined(AL, "#a"), "JOIN #a"),
        (Left(AL, "#a", ""), "PART #a"),
        (Left(AL, "#a", "bye now"), "PART #a :bye now"),
        (Departed(AL, "bye"), "QUIT :bye"),
        (Renamed(AL, "bob"), "NICK bob"),
        (TopicSet(AL, "#a", ""), "TOPIC #a :"),
    ],
)
@pytest.mark.parametrize("capabilities", [(), ("server-time",), ("message-tags",), ("message-tags", "server-time")])
def test_an_event_is_a_line_with_its_tags(event: Event, line: str, capabilities: tuple[str, ...]) -> None:
    """Time and id where they were asked for: IRCv3 server-time and message-ids."""
    place(event, 0xABC, NOON)
    tags = {"server-time": "time=2026-01-01T12:00:00.123Z", "message-tags": "msgid=abc"}
    asked = ";".join(tags[name] for name in ("server-time", "message-tags") if name in capabilities)
    expected = f"{f'@{asked} ' if asked else ''}:al!u@127.0.0.1 {line}\r\n"
    assert irc_format(frozenset(capabilities)).render(event) == expected.encode()


def test_every_event_and_every_reply_has_its_lines() -> None:
    """Whatever happens, the courier can tell of it."""
    assert set(irc_lines._LINES) | set(irc_lines._IN_WORDS) == kinds(Event) - TOLD_AS_OTHERS - TOLD_NOBODY
    assert set(replies._RENDERERS) == kinds(Reply) - {Raw, PersonalNotice, Labelled}  # made of others


def test_who_shares_capabilities_shares_a_format() -> None:
    """An audience is grouped by it."""
    assert irc_format(frozenset({"server-time"})) is irc_format(frozenset({"server-time"}))
    assert set(CAPABILITIES) >= RENDERED


_SPOKEN = [kind for kind in MessageKind if kind is not MessageKind.TAGS]


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1, max_size=2000), st.sampled_from(_SPOKEN))
@example("ł" * 1000, MessageKind.ACTION)
@example("😀" * 300 + " " + "x" * 600, MessageKind.MESSAGE)
def test_a_long_text_is_cut_between_characters_and_nothing_is_lost(text: str, kind: MessageKind) -> None:
    """Every line has at most 512 bytes, and together they say what was said."""
    lines = PLAIN_FORMAT.render(Said(AL, "#a", text, kind)).decode().split("\r\n")
    assert lines.pop() == ""
    assert all(len(line.encode()) <= LINE_BYTES - 2 for line in lines)
    parts = [line.split(" :", 1)[1] for line in lines]
    if kind is MessageKind.ACTION:
        parts = [part.removeprefix("\x01ACTION ").removesuffix("\x01") for part in parts]
    assert "".join(parts) == text


@pytest.mark.parametrize("people", [1, 40, 41, 500])
def test_a_long_list_takes_as_many_lines_as_it_needs(people: int) -> None:
    """Every name once, in order, and no line over 512 bytes."""
    chat = Chat()
    nicks = [f"ż{'x' * (i % 20)}{i}" for i in range(people)]
    for nick in nicks:
        chat.irc(nick, room="#a")
    al = chat.irc("al").send("NAMES #a")
    lines = al.heard()
    assert all(len(line.encode()) <= LINE_BYTES - 2 for line in lines)
    assert [nick for line in lines[:-1] for nick in parse(line).params[-1].split()] == [f"@{nicks[0]}", *nicks[1:]]


# ---- what holds whatever comes in ------------------------------------------------------------------------------------

WIDE = "\U00020000"  # a letter of four bytes

_WORDS = st.one_of(
    st.sampled_from(
        [*COMMANDS, "LS", "REQ", "END", ":server-time", ":message-tags echo-message", "#a", "#lobby", "al", "@#a", "0"]
    ),
    st.sampled_from(
        [":hi there", "\x01ACTION x\x01", "😀", "ł", ":", "@a=b", "@time=1", "bob", ",", "#a,bob", "", "*"]
    ),
    st.sampled_from(
        [
            "@label=x",
            "@label=y;+z=w",
            "+ovbeIkliC",
            "-ok+b",
            "b",
            "+b",
            "m:*",
            "*!*@*",
            "%tcuihsnfdlaor,1",
            "+",
            "-",
            "S",
            ">1",
            "timestamp=2026-01-01T00:00:00.000Z",
            f"{WIDE * 16}",
            f"#{WIDE * 15}",
            f"{'ж' * 32}!*@*",
            "x" * 400,
            f":{WIDE * 110}",
        ]
    ),
    st.text(max_size=10),
)
_LINES = st.lists(_WORDS, max_size=6).map(" ".join)
_COMMAND_LINES = st.tuples(st.sampled_from(list(COMMANDS)), _LINES).map(" ".join)
_BYTES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(_LINES, _COMMAND_LINES), max_size=12).map("\r\n".join).map(lambda s: s.encode(errors="replace")),
)


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"PRIVMSG #a :one\r\nPRIVMSG #a :two three\r\n", ["one", "two three"]),
        (b"PRIVMSG #a :one\nPRIVMSG #a :PRIVMSG #a :\nPRIVMSG #a ::\n", ["one", "PRIVMSG #a :", ":"]),
        (b"PRIVMSG #a :one\r\nPRIVMSG #a :two\n", None),
        (b"PRIVMSG #a :one\r\nPRIVMSG #b :two\r\n", None),
        (b"PRIVMSG #a :one\r\nPRIVMSG #A :two\r\n", None),
        (b"PRIVMSG #a :one\r\nPRIVMSG #a :\r\n", None),
        (b"PRIVMSG #a :one\r\nPRIVMSG #a :\xc5\x82\r\n", None),
        (b"PRIVMSG #a :one\r\nPRIVMSG #a :\x01ACTION\r\n", None),
        (b"PRIVMSG #a :one\rx\nPRIVMSG #a :two\r\n", None),
        (b"PRIVMSG #a :one\r\nPRIVMSG #a :" + b"x" * 400 + b"\r\n", None),
        (b"PRIVMSG #a :/one\r\nPRIVMSG #a :two\r\n", None),
        (b"PRIVMSG #a :one\r\nPRIVMSG #a : /two\r\n", None),
        (b"PRIVMSG #a :one/two\r\nPRIVMSG #a :three\r\n", ["one/two", "three"]),
        (b"PRIVMSG #a,#b :one\r\nPRIVMSG #a,#b :two\r\n", None),
        (b"PRIVMSG #a :one\r\n", None),
    ],
)
def test_simple_messages_that_come_together_are_one_burst(data: bytes, texts: list[str] | None) -> None:
    """All to one room, with nothing in them to clean or to refuse; anything else is read line by line."""
    commands = list(IrcDialect(Somebody("al"), INFO).receive(data))
    assert (commands == [Burst("#a", texts)]) if texts else not any(isinstance(c, Burst) for c in commands)


_SAID = st.builds(
    Said,
    st.sampled_from([AL, BOB]),
    st.sampled_from(["#a", "#b"]),
    st.one_of(st.sampled_from(["hi", "two\u2028lines", "cut\u2029here", "x" * 500]), st.text("xł😀", max_size=300)),
    st.sampled_from(
        [MessageKind.MESSAGE, MessageKind.MESSAGE, MessageKind.MESSAGE, MessageKind.ACTION, MessageKind.TAGS]
    ),
)


@given(st.lists(st.one_of(_SAID, st.just(Joined(BOB, "#a"))), min_size=1), st.booleans())
def test_events_in_a_row_are_rendered_as_each_for_itself(events: list[Event], tagged: bool) -> None:
    """However many of them are by one person."""
    format_ = irc_format(frozenset({"server-time"} if tagged else ()))
    assert format_.render_all(events) == b"".join(map(format_.render, events))


@given(_BYTES, st.sampled_from(["", "al"]))
@example(b"PRIVMSG #a :hi\r\nPRIVMSG #a :hi\nPRIVMSG #a :h\ri\r\nPRIVMSG #a  :hi\r\n", "al")
@example(b"PRIVMSG #a :hi\r\nPRIVMSG #a :\r\nPRIVMSG #a :ho", "al")
@example(b"PRIVMSG #a :hi\nPRIVMSG #a :ho\nPRIVMSG #b :h\r", "al")
@example(b"NICK al\r\nUSER a 0 * :x\r\n", "")
def test_however_bytes_are_cut_they_are_the_same_commands(data: bytes, nick: str) -> None:
    """A packet's end means nothing: split at every byte, or not at all."""
    data = data.replace(b"TIME", b"EMIT") + b"\r\n"  # what time it is is another answer each time
    assert read_in_pieces(data, 1, nick) == read_in_pieces(data, len(data), nick) == read_in_pieces(data, 7, nick)


_ALIKE = tuple([name for name in CAPABILITIES if name != "labeled-response"])  # batches are numbered over all chats


@given(_BYTES)
@example(b"PRIVMSG #a :one\r\nPRIVMSG #a :two\r\nPRIVMSG #a :\xf0\x9f\x98\x80\r\nPRIVMSG #a :three")
@example(b"PRIVMSG #a :one\nPRIVMSG #A :two\nPRIVMSG bob :three\nPRIVMSG #a :\xc5\x82")
def test_what_comes_in_pieces_arrives_the_same(data: bytes) -> None:
    """Byte by byte or all at once, with other clients in the room: each of them is told exactly the same."""
    data = data.replace(b"TIME", b"EMIT").replace(b"time", b"emit") + b"\r\n"

    def told(pieces: list[bytes]) -> list[bytes]:
        chat = Chat()
        al, bob = chat.irc("al", *_ALIKE, room="#a"), chat.irc("bob", *_ALIKE, room="#a")
        clients = [al, bob, chat.irc("carol", room="#a"), chat.plain("pat").send("/join #a")]
        for piece in pieces:
            if not al.closing:
                al.send_bytes(piece)
        return [client.wire for client in clients]

    whole = told([data])
    assert told([data[i : i + 1] for i in range(len(data))]) == whole
    assert told([data[i : i + 11] for i in range(0, len(data), 11)]) == whole


@pytest.mark.parametrize("size", [300, 494, 495, 509, 510, 511, 512, 4096, 4108, 4109, 4608, 4609, 8703, 8704, 9999])
@pytest.mark.parametrize("tags", [b"", b"@x=y ", b"@x=" + b"y" * 4091 + b" ", b"@x=" + b"y" * 4092 + b" "])
def test_a_long_line_is_refused_the_same_however_it_is_cut(size: int, tags: bytes) -> None:
    """4,096 bytes of text, besides 4,096 of tags."""
    line = b"PRIVMSG #a :"
    data = tags + line + (b"xyz " * 3000)[: size - len(line)] + b"\r\nPING x\r\n"
    first, ping = read_in_pieces(data, 1, "al")
    assert [first, ping] == read_in_pieces(data, len(data), "al")
    fits = size - len(line) <= MESSAGE_BYTES and len(tags) <= 4096
    assert first.startswith("Say(") == fits
    assert ("LINE_TOO_LONG" in first) != fits


@given(st.lists(_BYTES, max_size=6))
def test_no_input_does_worse_than_be_refused(pieces: list[bytes]) -> None:
    """Whatever comes in: no exception, and whole lines that can be parsed go out, to the sender and to the others."""
    chat = Chat(LONG_INFO)
    chat.hub.context.operator_password = "al"
    bob = chat.irc("bob", *CAPABILITIES, room="#lobby")
    wide = chat.irc(WIDE * 16, *CAPABILITIES, room=f"#{WIDE * 15}")
    clients = [chat.irc("watcher", room="#a"), chat.irc(), bob, wide, chat.irc("carol", *CAPABILITIES, room="#b")]
    chat.plain("alice")
    for piece in pieces:
        for client in clients[1:]:
            if not client.closing:
                client.send_bytes(piece + b"\r\n")
    for client in clients:
        assert client.wire.endswith(b"\r\n") or not client.wire
        for line in client.wire.decode().split("\r\n")[:-1]:
            assert not set(line) & set("\r\n\0"), line
            message = parse(line)
            assert message.source or message.command == "ERROR"
            untagged = line.partition(" ")[2] if line.startswith("@") else line
            assert len(untagged.encode()) <= LINE_BYTES - 2
