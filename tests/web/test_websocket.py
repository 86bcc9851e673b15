"""IRC over WebSocket: good clients with a library of their own, bad ones with raw sockets (RFC 6455)."""

import re
import ssl
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from struct import pack

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from chatroom.server.chat_server import ChatServer
from chatroom.server.flood_limit import FLOOD_BURST_LINES
from chatroom.server.timeouts import REGISTRATION_SECONDS
from chatroom.web.requests import Request
from chatroom.web.websocket import MESSAGE_BYTES, open_websocket
from tests.chat import INFO
from tests.peers import DEADLINE, Guests, Served, eventually
from tests.server.test_timeouts import make_older
from tests.web.browsers import ACCEPT, BINARY, CLOSE, CONT, KEY, PING, PONG, TEXT, Browser, Frames, frame


def register(client: ClientConnection, nick: str, room: str = "#lobby") -> None:
    for line in (f"NICK {nick}", "USER u 0 * :r", f"JOIN {room}"):
        client.send(line)
    heard(client, " 366 ")


def heard(client: ClientConnection, text: str) -> str:
    """The first message with this in it."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        message = client.recv(timeout=DEADLINE)
        line = message if isinstance(message, str) else message.decode()
        if text in line:
            return line
    raise AssertionError(f"no message with {text!r}")


def url(server: ChatServer, path: str = "/") -> str:
    return f"ws://127.0.0.1:{server.port}{path}"


# ---- what works -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/irc"])
def test_browsers_talk_with_netcat_and_irc_in_one_room(server: ChatServer, guests: Guests, path: str) -> None:
    """In all directions, and every letter arrives."""
    nora, irina = guests.plain("nora"), guests.irc("irina")
    with connect(url(server, path), subprotocols=[Subprotocol("text.ircv3.net")]) as wanda:
        register(wanda, "wanda")
        nora.wait("wanda joined")
        wanda.send("PRIVMSG #lobby :zażółć 😀")
        assert nora.wait("^wanda: (.*)$")[1] == "zażółć 😀"
        assert irina.wait("^:wanda![^ ]+ PRIVMSG #lobby :(.*)$")[1] == "zażółć 😀"
        nora.send("łódź 😀")
        assert heard(wanda, "łódź").endswith(" PRIVMSG #lobby :łódź 😀")
        irina.send("PRIVMSG wanda :psst")
        assert heard(wanda, "psst").endswith(" PRIVMSG wanda :psst")
    nora.wait(r"^\* wanda left")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["text.ircv3.net"], "text.ircv3.net"),
        (["binary.ircv3.net"], "binary.ircv3.net"),
        (["binary.ircv3.net", "text.ircv3.net"], "binary.ircv3.net"),
        (["text.ircv3.net", "binary.ircv3.net"], "text.ircv3.net"),
        (["chat", "text.ircv3.net"], "text.ircv3.net"),
        (["chat"], None),
        ([], None),
    ],
)
def test_the_client_chooses_how_lines_are_sent(server: ChatServer, offered: list[str], chosen: str | None) -> None:
    """A line is a message of the kind that was chosen, without its line end; what comes may be of either kind."""
    with connect(url(server), subprotocols=[Subprotocol(each) for each in offered] or None) as client:
        assert client.subprotocol == chosen
        client.send(b"NICK al")
        client.send("USER u 0 * :r")
        first = client.recv(timeout=DEADLINE)
        assert isinstance(first, bytes) is (chosen == "binary.ircv3.net")
        text = first if isinstance(first, str) else first.decode()
        assert text.split()[1:3] == ["001", "al"]
        assert text == text.strip()


def test_an_opening_is_answered_as_the_rfc_says(server: ChatServer) -> None:
    """§1.3; and nothing is compressed, whatever the browser offers."""
    with Frames(server.port) as browser:
        told = browser.open(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
        assert (told.status, told.headers["sec-websocket-accept"]) == (101, ACCEPT)
        assert not {"sec-websocket-extensions", "sec-websocket-protocol"} & told.headers.keys()


def test_capabilities_and_labels_work(server: ChatServer, guests: Guests) -> None:
    """Each client reads what it has negotiated, before and after it is in rooms."""
    nora = guests.plain("nora")
    with Frames(server.port) as browser:
        browser.register("wanda")
        browser.say("CAP REQ :server-time echo-message message-tags batch labeled-response", "PRIVMSG #lobby :one")
        assert browser.wait("one").startswith("@time=")
        browser.say("@label=x PRIVMSG #lobby :two")
        assert "label=x" in browser.wait("two")
        nora.send("three")
        assert "msgid=" in browser.wait("three")
        browser.say("@label=y CAP REQ :-server-time -message-tags", "PRIVMSG #lobby :four")
        assert browser.wait("four").startswith(":wanda!")


def test_an_answer_that_takes_long_is_framed_once(serve: Callable[..., Served], tmp_path: Path) -> None:
    """History is rendered before its turn comes to be sent; its lines are messages like any other, with a label too."""
    served = serve("--data", str(tmp_path / "kept"))
    with Frames(served.port) as browser:
        browser.register("wanda")
        browser.say(
            "CAP REQ :draft/chathistory batch labeled-response server-time message-tags echo-message",
            "PRIVMSG #lobby :kept",
        )
        browser.wait(" PRIVMSG #lobby :kept")
        browser.say("CHATHISTORY LATEST #lobby * 10")
        assert browser.wait("BATCH").endswith("BATCH +h chathistory #lobby")
        assert browser.wait(" PRIVMSG #lobby :kept").startswith("@batch=h;")
        browser.say("@label=x CHATHISTORY LATEST #lobby * 10")
        assert re.match("@label=x[ ;]", browser.wait("BATCH +"))


def test_an_event_is_framed_once_for_all_who_read_the_same(server: ChatServer, guests: Guests) -> None:
    """Browsers with the same capabilities share a format; those with others, or without frames, have another one."""
    guests.irc("irina")
    with Frames(server.port) as one, Frames(server.port) as two, Frames(server.port) as three:
        for browser, nick in ((one, "a"), (two, "b"), (three, "c")):
            browser.register(nick)
        three.say("CAP REQ :server-time", "PING x")
        three.wait("PONG")
        users = {user.person.nick: user for user in server.hub.state.users.values()}
        formats = [session.format for nick in ("a", "b", "c", "irina") for session in users[nick].sessions]
        assert formats[0] is formats[1]
        assert len(set(map(id, formats))) == 3


def test_long_and_short_lines_are_framed(server: ChatServer, guests: Guests) -> None:
    """On both sides of 126 bytes, where the length is written otherwise."""
    irina = guests.irc("irina")
    with Frames(server.port) as browser:
        browser.register("wanda")
        for size in (*range(60, 100), 300, 400):
            irina.send(f"PRIVMSG wanda :{'x' * size}")
            assert browser.wait("PRIVMSG").endswith(f" :{'x' * size}")


def test_many_messages_at_once_keep_their_order(server: ChatServer, guests: Guests) -> None:
    irina = guests.irc("irina")
    with Frames(server.port) as browser:
        browser.register("wanda")
        irina.send(*[f"PRIVMSG #lobby :{i}" for i in range(500)])
        assert [browser.wait("PRIVMSG").rpartition(":")[2] for _ in range(500)] == [str(i) for i in range(500)]
        browser.say(*[f"PRIVMSG #lobby :{i}" for i in range(500)])
        assert [irina.wait(r"PRIVMSG #lobby :(\d+)$")[1] for _ in range(500)] == [str(i) for i in range(500)]


def test_line_ends_in_a_message_are_tolerated(server: ChatServer, guests: Guests) -> None:
    """Some programs send them; a message of several lines is these lines."""
    nora = guests.plain("nora")
    with Frames(server.port) as browser:
        browser.register("wanda")
        browser.say("PRIVMSG #lobby :one\r\n", "PRIVMSG #lobby :two\r\nPRIVMSG #lobby :three", "", "\r\n")
        assert [nora.wait("^wanda: (.*)$")[1] for _ in range(3)] == ["one", "two", "three"]


def test_a_line_that_is_too_long_is_refused_as_ever(server: ChatServer) -> None:
    """With IRC's own numeric, up to a size that no line has."""
    with Frames(server.port) as browser:
        browser.register("wanda")
        browser.say(f"PRIVMSG #lobby :{'x' * 10_000}")
        browser.wait(" 417 ")
        browser.say("PING x")
        browser.wait("PONG")


def test_what_follows_the_opening_at_once_is_read(server: ChatServer) -> None:
    """In the same packet, or byte by byte."""
    lines = frame(TEXT, "NICK al") + frame(TEXT, "USER u 0 * :r")
    opening = (
        f"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    for pieces in ([opening + lines], [bytes([byte]) for byte in opening + lines]):
        with Frames(server.port) as browser:
            for piece in pieces:
                browser.send(piece)
            assert browser.answer().status == 101
            browser.wait(" 001 al ")
            browser.say("QUIT")
            assert browser.closed() == 1000


def test_files_first_and_then_a_websocket_on_one_connection(server: ChatServer) -> None:
    with Frames(server.port) as browser:
        assert browser.get("/robots.txt").status == 200
        browser.register("wanda")


@pytest.mark.needs("openssl")
def test_tls_gives_wss(encrypted: ChatServer, trust: ssl.SSLContext) -> None:
    """Encrypted as everything else is on this port."""
    with connect(f"wss://localhost:{encrypted.port}", ssl=trust, origin=None) as client:
        register(client, "wanda")
        client.send("WHOIS wanda")
        heard(client, " 671 ")


# ---- the end --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"", pack("!H", 1000), pack("!H", 1001) + "bis später".encode(), pack("!H", 4000)])
def test_a_close_is_answered_by_the_same(server: ChatServer, guests: Guests, payload: bytes) -> None:
    """Then the server ends the connection: §5.5.1, §7.1.1. What came before is said, what comes after is not."""
    nora = guests.plain("nora")
    with Frames(server.port) as browser:
        browser.register("wanda")
        browser.send(
            frame(TEXT, "PRIVMSG #lobby :before") + frame(CLOSE, payload) + frame(TEXT, "PRIVMSG #lobby :after")
        )
        while (got := browser.frame())[0] != CLOSE:
            pass
        assert got[1] == payload
        assert browser.rest() == b""
    nora.wait("^wanda: before$")
    assert nora.wait(r"^(wanda: after|\* wanda left \(connection closed\))$")[1].startswith("*")


def test_who_quits_or_is_thrown_out_is_told_and_closed(server: ChatServer) -> None:
    """An ERROR, as every IRC client gets, then a close that the browser takes for clean."""
    with connect(url(server)) as client:
        register(client, "wanda")
        client.send("QUIT :bye")
        assert heard(client, "ERROR") == "ERROR :Closing link: Quit: bye"
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=DEADLINE)
        assert client.close_code == 1000


def test_a_server_that_stops_says_goodbye() -> None:
    server = ChatServer("127.0.0.1", 0, INFO)
    server.start()
    with connect(url(server)) as client:
        register(client, "wanda")
        server.stop()
        assert "the server is shutting down" in heard(client, "ERROR")
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=DEADLINE)
        assert client.close_code == 1000


def test_a_browser_that_vanishes_is_gone(server: ChatServer, guests: Guests) -> None:
    """With or without a close, in the middle of a frame too."""
    nora = guests.plain("nora")
    with Frames(server.port) as browser:
        browser.register("wanda")
        browser.send(frame(TEXT, "PRIVMSG #lobby :never said")[:-3])
    nora.wait(r"^\* wanda left \(connection closed\)$")
    assert not [line for line in nora.heard if "never said" in line]


def test_who_never_chooses_a_name_is_closed(server: ChatServer) -> None:
    """Within the same time as everybody, and told why."""
    with Frames(server.port) as browser:
        assert browser.open().status == 101
        [connection] = server.everybody()
        make_older(server, connection, REGISTRATION_SECONDS + 1, "connected_at")
        assert f"no name within {REGISTRATION_SECONDS} seconds" in browser.wait("ERROR")
        assert browser.closed() == 1000


def test_strangers_may_not_be_sent_much(server: ChatServer) -> None:
    """The bound before registration is that of all, once the files are there."""
    with Frames(server.port) as browser:
        assert browser.open().status == 101
        eventually(lambda: [each.outbox.downloads for each in server.everybody()] == [False], "it gets no more files")


# ---- openings that are none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"Sec_WebSocket_Key": ""}, 400),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Key": "dGhlIHNhbXBsZQ=="}, 400),
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Version": ""}, 400),
        ({"Connection": "close"}, 426),
        ({"Sec_WebSocket_Protocol": "a b, /"}, 400),
        ({"Upgrade": "websocket, h2c"}, 426),
    ],
)
def test_a_wrong_opening_is_refused(server: ChatServer, fields: dict[str, str], status: int) -> None:
    """§4.2.1; with the version that is spoken, if it was that."""
    with Frames(server.port) as browser:
        told = browser.open(**fields)
        assert told.status == status
        if "Sec_WebSocket_Version" in fields and status == 426:
            assert told.headers["sec-websocket-version"] == "13"
        assert browser.rest() == b""


def test_a_websocket_is_where_it_is(server: ChatServer) -> None:
    """And nowhere else; other upgrades are ignored."""
    with Frames(server.port) as browser:
        assert browser.open("/other").status == 404
        assert browser.get("/robots.txt", Upgrade="h2c", Connection="Upgrade, HTTP2-Settings").status == 200
    with Frames(server.port) as browser:
        browser.ask("POST", "/", Upgrade="websocket", Connection="Upgrade")
        assert browser.answer().status == 405


# ---- frames that break the rules ------------------------------------------------------------------------------------

BROKEN = {
    "an unmasked frame": (frame(TEXT, "PRIVMSG #lobby :x", masked=False), 1002),
    "a reserved bit": (frame(TEXT, "PRIVMSG #lobby :x", reserved=4), 1002),
    "an unknown kind": (frame(3, "PRIVMSG #lobby :x"), 1002),
    "an unknown control": (frame(11), 1002),
    "a ping in parts": (frame(PING, "x", final=False), 1002),
    "a long ping": (frame(PING, "x" * 126), 1002),
    "an end without a beginning": (frame(CONT, "PRIVMSG #lobby :x"), 1002),
    "a beginning within a message": (frame(TEXT, "PRIVMSG", final=False) + frame(TEXT, " #lobby :x"), 1002),
    "a close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "a close with a code that is none": (frame(CLOSE, pack("!H", 1005)), 1002),
    "a close that is not UTF-8": (frame(CLOSE, pack("!H", 1000) + b"\xff"), 1007),
    "a text that is not UTF-8": (frame(TEXT, b"PRIVMSG #lobby :caf\xe9"), 1007),
    "a text that is not UTF-8, in parts": (frame(TEXT, b"PRIVMSG #lobby :\xc5", final=False) + frame(CONT, "x"), 1007),
    "a message that is too long": (frame(TEXT, b"x" * (MESSAGE_BYTES + 1)), 1009),
    "parts that are too long": (
        frame(TEXT, b"x" * MESSAGE_BYTES, final=False) + frame(CONT, b"x"),
        1009,
    ),
    "a length of many gigabytes": (b"\x81\xff" + pack("!Q", 1 << 40) + b"mask", 1009),
    "a length in too many bytes": (b"\x81\xff" + pack("!Q", 5) + b"\0\0\0\0hello", 1009),
    "a length with its sign": (b"\x81\xff" + pack("!Q", (1 << 63) + 1) + b"mask", 1009),
}


@pytest.mark.parametrize("name", BROKEN)
def test_who_breaks_the_rules_is_closed(server: ChatServer, guests: Guests, name: str) -> None:
    """With the code that says why (§7.4.1); nothing is said of what was wrong, or comes behind it."""
    nora = guests.plain("nora")
    data, code = BROKEN[name]
    with Frames(server.port) as browser:
        browser.register("wanda")
        browser.send(frame(TEXT, "PRIVMSG #lobby :before") + data + frame(TEXT, "PRIVMSG #lobby :after"))
        assert browser.closed() == code
    assert nora.until(r"wanda left \(not WebSocket\)")[-2:-1] == ["wanda: before"]
    eventually(lambda: server.refusals["not WebSocket"] == 1, "the operator can count them")


def test_a_message_in_parts_is_one(server: ChatServer, guests: Guests) -> None:
    """Cut anywhere, inside a letter too, with control frames in between, which are answered at once: §5.4."""
    nora = guests.plain("nora")
    line = "PRIVMSG #lobby :zażółć 😀".encode()
    with Frames(server.port) as browser:
        browser.register("wanda")
        browser.send(frame(TEXT, line[:1], final=False))
        for i in range(1, len(line) - 1):
            browser.send(frame(PONG, "unasked") if i % 2 else frame(PING, str(i)))
            browser.send(frame(CONT, line[i : i + 1], final=False))
            if not i % 2:
                assert browser.frame() == (PONG, str(i).encode())
        browser.send(frame(CONT, b"", final=False) + frame(CONT, line[-1:]))
        assert nora.wait("^wanda: (.*)$")[1] == "zażółć 😀"


def test_empty_parts_take_no_memory() -> None:
    """A message may have any number of them, so they are not kept."""
    opening = (
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
    _, browser = open_websocket(Request("GET", "/", "/", (1, 1), {}, "localhost"), opening.encode())
    browser.receive(frame(TEXT, "NI", final=False))
    empty = frame(CONT, final=False) * 1_000
    tracemalloc.start()
    try:
        for _ in range(20):
            assert not browser.receive(empty).lines
        assert tracemalloc.get_traced_memory()[0] < 50_000  # bytes
    finally:
        tracemalloc.stop()
    assert browser.receive(frame(CONT, "CK nora")).lines == b"NICK nora\n"


def test_bytes_that_are_not_utf8_are_refused_as_ever(server: ChatServer) -> None:
    """In a binary message any bytes may come; IRC's own answer says what is wrong with them."""
    with Frames(server.port) as browser:
        browser.register("wanda")
        browser.send(frame(BINARY, b"PRIVMSG #lobby :\xff\xfa\xe9 x"))
        browser.wait("INVALID_UTF8")


def test_pings_are_answered_with_their_own_bytes(server: ChatServer) -> None:
    """§5.5.3; before there is a name, too."""
    with Frames(server.port) as browser:
        assert browser.open().status == 101
        for payload in (b"", bytes(range(125))):
            browser.send(frame(PING, payload))
            assert browser.frame() == (PONG, payload)


@pytest.mark.parametrize("kind", [PING, PONG, CONT])
def test_frames_without_lines_cost_what_lines_cost(kind: int) -> None:
    """Beyond a burst they wait for their turn: no flood of pings or of empty parts is answered faster than lines."""
    server = ChatServer("127.0.0.1", 0, INFO)
    server.start()
    try:
        with Frames(server.port) as browser:
            assert browser.open().status == 101  # the first of the burst
            start = time.monotonic()
            if kind == CONT:
                browser.send(frame(TEXT, "", final=False))
            browser.send(frame(kind, final=kind != CONT) * (FLOOD_BURST_LINES + 1))
            if kind == CONT:
                browser.send(frame(CONT))
            browser.say("JOIN #x")
            browser.wait(" 451 ")
            assert time.monotonic() - start > 0.25
    finally:
        server.stop()


def test_a_flood_is_held_up_and_nothing_of_it_lost(guests: Guests) -> None:
    """As from every other client: its own thread waits."""
    server = ChatServer("127.0.0.1", 0, INFO)
    server.start()
    nora = Guests(server.port).plain("nora")
    try:
        with Frames(server.port) as browser:
            browser.register("wanda")
            start = time.monotonic()
            browser.say(*[f"PRIVMSG #lobby :{i}" for i in range(FLOOD_BURST_LINES)])
            assert [nora.wait(r"^wanda: (\d+)$")[1] for _ in range(FLOOD_BURST_LINES)] == [
                str(i) for i in range(FLOOD_BURST_LINES)
            ]
            assert time.monotonic() - start > 0.25
    finally:
        nora.close()
        server.stop()


def test_who_does_not_read_is_no_burden_to_others(server: ChatServer, guests: Guests) -> None:
    """A browser whose tab hangs is closed; who reads loses nothing."""
    irina = guests.irc("irina", room="#busy")
    with Frames(server.port, receive_buffer=4096) as stuck, Frames(server.port) as reader:
        stuck.register("stuck", "#busy")
        reader.register("reader", "#busy")
        for i in range(40):
            irina.send(*[f"PRIVMSG #busy :{i}-{j} {'x' * 400}" for j in range(100)])
            irina.sync()
            for j in range(100):
                reader.wait(f":{i}-{j} ")
        assert [line for line in irina.heard if line.startswith(":stuck!") and "QUIT :too slow" in line]


def test_netcat_and_irc_are_what_they_were(server: ChatServer, guests: Guests) -> None:
    """A line that begins like a request is told from one by its verb alone, and a name may be such a verb."""
    nora = guests.stranger()
    nora.send("Get")
    nora.wait("Welcome, Get")
    with Browser(server.port) as browser:
        browser.send(b"\r\n\r\nGET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert browser.answer().status == 200
