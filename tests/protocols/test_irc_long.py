"""Messages that are longer than a line, and those that their program has cut.

RFC 2812 §2.3 grants a client 512 bytes, which are more once its name stands before them; and many programs send more.
"""

from collections.abc import Callable

import pytest

from chatroom.common.irc_message import LINE_BYTES, parse
from chatroom.model.events import Said
from chatroom.model.replies import MentionsAre
from chatroom.model.values import MessageKind
from chatroom.protocols.limits import MESSAGE_BYTES
from tests.chat import Chat, Client

MULTILINE = ("batch", "message-tags", "draft/multiline")
# EPIC5 sends 506, catgirl 490, irc3 498, eggdrop 512; ircII, Twisted, node-irc and others 513 to 1,600.
SIZES = [480, 486, 487, 490, 498, 506, 510, 511, 512, 513, 600, 1024, 1600, 2048, 4000, 4096]
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def words(size: int) -> str:
    return ("the quick brown fox jumps over the lazy dog " * 100)[:size]


TEXTS: dict[str, Callable[[int], str]] = {
    "words": words,
    "Chinese": lambda size: "語" * (size // 3) + "x" * (size % 3),
    "Thai": lambda size: "\u0e01\u0e33" * (size // 6) + "x" * (size % 6),
}


def spoken(client: Client, command: str = "PRIVMSG") -> list[str]:
    """The texts that came; every line fits."""
    lines = client.heard()
    for line in lines:
        untagged = line.partition(" ")[2] if line.startswith("@") else line
        assert len(untagged.encode()) <= LINE_BYTES - 2
    return [m.params[-1] for m in map(parse, lines) if m.command == command]


def kept(chat: Chat) -> list[Said]:
    return [event for event, _ in chat.post.events if isinstance(event, Said)]


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_a_long_message_is_told_whole(chat: Chat, command: str, kind: str, size: int) -> None:
    """In several lines; as one to those who know that, with netcat and in the history."""
    al, old = chat.irc("al", room="#a"), chat.irc("old", room="#a")
    modern, pat = chat.irc("modern", *MULTILINE, room="#a"), chat.plain("pat").send("/join #a")
    for client in (al, old, modern, pat):
        client.heard()
    text = TEXTS[kind](size)
    assert len(text.encode()) == size
    assert al.send(f"{command} #a :{text}").heard() == []
    parts = spoken(old, command)
    assert "".join(parts) == text
    assert all(part.endswith(" ") for part in parts[:-1]) or kind != "words"
    assert not any(part.startswith("\u0e33") for part in parts)  # which is drawn into the letter before it
    assert pat.heard() == [f"al: {text}"]
    assert [said.text for said in kept(chat)] == [text]
    first, *inside = [parse(line) for line in modern.heard()]
    if len(parts) == 1:
        assert (first.command, first.params) == (command, ("#a", text))
    else:
        assert (first.command, inside.pop().command) == ("BATCH", "BATCH")
        assert "".join(m.params[-1] for m in inside) == text
        assert ["draft/multiline-concat" in m.tags for m in inside] == [False] + [True] * (len(inside) - 1)


LONG_WORDS: dict[str, Callable[[int], str]] = {
    "one word": lambda size: "x" * size,
    "among others": lambda size: f"one {'x' * size} three",
    "accents": lambda size: "ł" * (size // 2) + "x" * (size % 2),
    "emoji": lambda size: FAMILY * (size // 18) + "x" * (size % 18),
    "beside Chinese": lambda size: f"語{'x' * size}語",
}


FRAMES = ["PRIVMSG #a :{}", "NOTICE #a :{}", "PRIVMSG #a :\x01ACTION {}\x01", "PRIVMSG #a,al :{}"]


@pytest.mark.parametrize("kind", LONG_WORDS)
@pytest.mark.parametrize("frame", FRAMES)
def test_a_word_that_no_line_can_hold_is_refused(chat: Chat, frame: str, kind: str) -> None:
    """It is not cut: who wrote it is told why, and others nothing."""
    al, bob = chat.irc("al", room="#a"), chat.irc("bob", room="#a")
    for client in (al, bob):
        client.heard()
    room = LINE_BYTES - 2 - len(f":al!u@127.0.0.1 {frame.replace(',al', '').format('')}")
    for size in (room + 1, 510, 1600, 3900):
        refusal = "Not sent: a word in that is longer than a line; send it in parts"
        assert al.send(frame.format(LONG_WORDS[kind](size))).heard() == [f":chatroom.test 417 al :{refusal}"]
    assert bob.heard() == []


@pytest.mark.parametrize("frame", FRAMES)
def test_a_word_that_just_fits_a_line_is_told(chat: Chat, frame: str) -> None:
    """To the byte, and in a line of its own."""
    al, bob = chat.irc("al", room="#a"), chat.irc("bob", room="#a")
    bob.heard()
    word = "x" * (LINE_BYTES - 2 - len(f":al!u@127.0.0.1 {frame.replace(',al', '').format('')}"))
    al.send(frame.format(f"one {word} 三"))
    told = [part.removeprefix("\x01ACTION ").removesuffix("\x01") for part in spoken(bob, frame.split()[0])]
    assert told == ["one ", word, " 三"]


def test_a_word_that_a_line_can_hold_is_never_cut(chat: Chat) -> None:
    """A long address, say, with little before it."""
    al, bob = chat.irc("al", room="#a"), chat.irc("bob", room="#a")
    bob.heard()
    address = f"https://example.org/{'x' * 460}"
    al.send(f"PRIVMSG #a :look: {address} and more")
    assert spoken(bob) == ["look: ", f"{address} ", "and more"]


def test_a_long_word_of_netcat_is_cut(chat: Chat) -> None:
    """A terminal's line may hold it, so that nothing is refused."""
    pat, bob = chat.plain("pat").send("/join #a"), chat.irc("bob", room="#a")
    bob.heard()
    pat.send(f"look: {FAMILY * 100} here")
    parts = spoken(bob)
    assert "".join(parts) == f"look: {FAMILY * 100} here"
    assert not any(part.startswith("\u200d") or part.endswith("\u200d") for part in parts)


@pytest.mark.parametrize("size", SIZES)
def test_a_line_of_so_many_bytes_is_taken(chat: Chat, size: int) -> None:
    """With its command and target, to a room or a person, alone or in a packet with others."""
    al, bob = chat.irc("al", room="#a"), chat.irc("bob", room="#a")
    for client in (al, bob):
        client.heard()
    for target in ("#a", "bob"):
        head = f"PRIVMSG {target} :"
        text = words(size - len(f"{head}\r\n"))
        al.send(f"{head}{text}", f"{head}short", f"{head}{text}")
        assert "".join(spoken(bob)) == f"{text}short{text}"
    assert al.heard() == []


def test_a_long_action_is_told_as_several(chat: Chat) -> None:
    """Each is an action; with netcat and in the history it is one."""
    al, bob = chat.irc("al", room="#a"), chat.irc("bob", *MULTILINE, room="#a")
    pat = chat.plain("pat").send("/join #a")
    for client in (bob, pat):
        client.heard()
    al.send(f"PRIVMSG #a :\x01ACTION {words(1500)}\x01")
    parts = spoken(bob)
    assert all(part.startswith("\x01ACTION ") and part.endswith("\x01") for part in parts)
    assert "".join(part[8:-1] for part in parts) == words(1500)
    assert pat.heard() == [f"** al {words(1500)}"]
    assert [(said.kind, said.text) for said in kept(chat)] == [(MessageKind.ACTION, words(1500))]


def test_ones_own_long_message_comes_back_whole(chat: Chat) -> None:
    """As an echo, with a label or without."""
    al = chat.irc("al", *MULTILINE, "echo-message", "labeled-response", room="#a")
    old = chat.irc("old", "echo-message", room="#a")
    al.heard()
    assert "".join(spoken(old.send(f"PRIVMSG #a :{words(2000)}"))) == words(2000)
    al.heard()
    lines = al.send(f"@label=x PRIVMSG #a :{words(2000)}").heard()
    assert ["label" in parse(line).tags for line in lines] == [True] + [False] * (len(lines) - 1)
    assert "".join(m.params[-1] for m in map(parse, lines) if m.command == "PRIVMSG") == words(2000)


@pytest.mark.parametrize(
    "line",
    [
        f"PRIVMSG #a :{'x' * (MESSAGE_BYTES + 1)}",
        f"NOTICE #a :{'x' * (MESSAGE_BYTES + 1)}",
        f"PRIVMSG #a :\x01PING {'x' * 500}\x01",  # programs read it whole or not at all
        f"NOTICE #a :\x01PING {'x' * 500}\x01",
        f"PRIVMSG #a,#b,#c :{words(4000)}",
        f"PRIVMSG #{'a' * 600} :x",
        f"PRIVMSG {','.join(f'person-with-a-name-{i}' for i in range(30))} :x",
        f"TOPIC #a :{'x' * 600}",
        f"AWAY :{'x' * 600}",
        f"PING {'x' * 506}",
        f"MODE #a +b {'x' * 600}",
        f"{'X' * 600}",
    ],
    ids=lambda line: line[:20],
)
def test_what_is_still_too_long_is_refused(chat: Chat, line: str) -> None:
    """417, and nobody is told anything."""
    al, bob = chat.irc("al", room="#a"), chat.irc("bob", room="#a")
    al.send("JOIN #b,#c").heard()
    bob.heard()
    assert [parse(told).command for told in al.send(line).heard()] == ["417"]
    assert bob.heard() == []


def test_many_targets_get_as_much_as_before(chat: Chat) -> None:
    """20 get a line each, and two a message of 4,096 bytes."""
    al, bob = chat.irc("al", room="#a"), chat.irc("bob")
    for targets, text in (("bob,#a", words(MESSAGE_BYTES)), (",".join(["bob", *map(str, range(19))]), words(400))):
        al.send(f"PRIVMSG {targets} :{text}")
        assert "".join(spoken(bob)) == text


def test_lines_of_a_batch_may_be_as_long_as_others(chat: Chat) -> None:
    """A client that fills its lines is not refused in a batch either."""
    al, bob = chat.irc("al", *MULTILINE, room="#a"), chat.irc("bob", room="#a")
    bob.heard()
    line = words(LINE_BYTES - 2 - len("PRIVMSG #a :"))
    al.send("BATCH +1 draft/multiline #a", *[f"@batch=1;draft/multiline-concat PRIVMSG #a :{line}"] * 3, "BATCH -1")
    assert "".join(spoken(bob)) == line * 3


def test_a_batch_with_a_line_that_can_not_be_read_is_not_said(chat: Chat) -> None:
    """Nothing is said with a hole in it; the line is refused, and the batch after it is as good as any."""
    al, bob = chat.irc("al", *MULTILINE, "standard-replies", room="#a"), chat.irc("bob", room="#a")
    for client in (al, bob):
        client.heard()
    for bad, refusal in ((b"caf\xe9 x", "FAIL"), (b"x" * 9000, "417")):
        al.send("BATCH +1 draft/multiline #a", "@batch=1 PRIVMSG #a :one")
        al.send_bytes(b"@batch=1 PRIVMSG #a :" + bad + b"\r\n")
        al.send("@batch=1 PRIVMSG #a :three", "BATCH -1")
        assert [parse(line).command for line in al.heard()] == [refusal]
    al.send("BATCH +1 draft/multiline #a", "@batch=1 PRIVMSG #a :one", "BATCH -1")
    assert spoken(bob) == ["one"]


# ---- what is not UTF-8 -----------------------------------------------------------------------------------------------

FAIL = "FAIL * INVALID_UTF8"
LONG = "Zażółć gęślą jaźń " * 25
CUT = [
    ("ż".encode()[:1], LONG.encode()),
    ("語".encode()[:1], LONG.encode()),
    ("語".encode()[:2], b"a short text "),
    ("😀".encode()[:1], b"x" * 450),
    ("😀".encode()[:2], LONG.encode()),
    ("😀".encode()[:3], b"a short text "),
    (b"\xc3", b"caf"),
]


def test_a_command_that_knows_fail_is_answered_by_one(chat: Chat) -> None:
    """Nothing comes behind it; one that does not know it also gets what people read."""
    al = chat.irc("al", "draft/metadata-3", "batch")
    for line in (b"METADATA * SET status :caf\xc3!", b"@label=1 metadata * SET status :caf\xc3!"):
        al.send_bytes(line + b"\r\n")
        [told] = al.heard()
        assert told.startswith(":chatroom.test FAIL METADATA INVALID_UTF8 :")
    al.send_bytes(b"TOPIC #a :caf\xc3!\r\n")
    assert [parse(line).command for line in al.heard()] == ["FAIL", "NOTICE"]


@pytest.mark.parametrize(("half", "text"), CUT)
@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_a_letter_that_was_cut_in_two_is_left_out(chat: Chat, command: str, half: bytes, text: bytes) -> None:
    """The rest is said, and its sender warned: IRCv3 utf8-only. A client without standard replies reads a notice."""
    old, new = chat.irc("old", room="#a"), chat.irc("new", "standard-replies", room="#a")
    bob = chat.irc("bob", room="#a")
    for al, warning in ((old, ":chatroom.test NOTICE old :"), (new, f":chatroom.test WARN {command} INVALID_UTF8 :")):
        for client in (al, bob):
            client.heard()
        al.send_bytes(f"{command} #a :".encode() + text + half + b"\r\n")
        assert "".join(spoken(bob, command)) == text.decode()
        [told] = al.heard()
        assert told.startswith(f"{warning}Your program cut")


@pytest.mark.parametrize(
    "line",
    [
        b"PRIVMSG #a :caf\xe9",  # Latin-1
        b"PRIVMSG #a :gro\xdf",
        b"PRIVMSG #a :caf\xe9 au lait",
        b"PRIVMSG #a :\x82 the rest of a letter",
        b"PRIVMSG #a :\xff",
        b"PRIVMSG #a :\xc3",  # nothing is left
        b"PRIVMSG #caf\xc3",
        b"PRIVMSG NickServ :IDENTIFY passw\xc3",  # another password
        b"PRIVMSG bob,nickserv :IDENTIFY passw\xc3",
        b"JOIN #caf\xc3",
        b"NICK caf\xc3",
        b"TOPIC #a :\xc5\x82\xc3",
    ],
)
def test_any_other_line_that_is_not_utf8_is_refused(chat: Chat, line: bytes) -> None:
    """With a FAIL, as IRCv3 utf8-only has it; those who may not know it are told by a notice too, which they show."""
    old, new = chat.irc("old", room="#a"), chat.irc("new", "standard-replies", room="#a")
    bob = chat.irc("bob", room="#a")
    for al, also in ((old, ["NOTICE old"]), (new, [])):
        for client in (al, bob):
            client.heard()
        al.send_bytes(line + b"\r\n")
        told = [f":chatroom.test {kind} :Messages must be UTF-8; this one was not sent" for kind in [FAIL, *also]]
        assert al.heard() == told
        assert bob.heard() == []


def test_a_labelled_line_that_is_not_utf8_is_refused_once(chat: Chat) -> None:
    """Who labels lines reads what answers them."""
    al = chat.irc("al", "batch", "labeled-response")
    al.send_bytes(b"@label=x PRIVMSG al :caf\xe9\r\n")
    assert al.heard() == [f"@label=x :chatroom.test {FAIL} :Messages must be UTF-8; this one was not sent"]


def test_what_is_not_utf8_before_registration_is_refused_too(chat: Chat) -> None:
    """To a client that has no name yet: with a notice, or the number that belongs to USER, after the FAIL."""
    guest = chat.irc()
    guest.send_bytes(b"NICK caf\xe9\r\nUSER u 0 * :Ren\xe9\r\n")
    assert guest.heard() == [
        f":chatroom.test {FAIL} :Messages must be UTF-8; this one was not sent",
        ":chatroom.test NOTICE * :Messages must be UTF-8; this one was not sent",
        f":chatroom.test {FAIL} :Messages must be UTF-8; this one was not sent",
        ":chatroom.test 468 * :Your user name and real name must be UTF-8",
    ]


@pytest.mark.parametrize(
    ("line", "notice", "fail"),
    [
        (f"TOPIC #a :{'x' * 400}", "That topic is too long", "TOPIC INVALID_PARAMS"),
        (
            "BAN #a bob 1h30m",
            "1h30m: That is no time; 30s, 10m, 2h, 1d and 1w are; no reason begins with a digit",
            "* INVALID_PARAMS 1h30m",
        ),
    ],
)
def test_refusals_without_a_number_are_shown_by_every_client(chat: Chat, line: str, notice: str, fail: str) -> None:
    """Those that know no standard replies would drop a FAIL."""
    old, new = chat.irc("old", room="#a"), chat.irc("new", "standard-replies", room="#b")
    assert old.send(line).heard()[-1] == f":chatroom.test NOTICE old :{notice}"
    told = new.send(line.replace("#a", "#b")).heard()[-1]
    assert told == f":chatroom.test FAIL {fail} :{notice.removeprefix('1h30m: ')}"


def test_mentions_in_many_rooms_take_several_lines(chat: Chat) -> None:
    """No room is left out."""
    al = chat.irc("al")
    rooms = [f"#{'room' * 8}-{number}" for number in range(40)]
    al.heard()
    chat.post.reply(al, MentionsAre(tuple([(room, 1) for room in rooms]), 100))
    told = "".join(spoken(al, "NOTICE"))
    assert all(f"mention in {room}" in told for room in rooms)
    assert told.endswith("/mentions shows them.")
