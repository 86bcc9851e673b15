"""Clients that speak telnet: RFC 854 and 860."""

import os
import pty
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatroom.protocols.telnet import Telnet
from chatroom.server.chat_server import ChatServer
from chatroom.server.flood_limit import FLOOD_BURST_LINES, FLOOD_LINES_PER_SECOND
from tests.peers import Ear, Guests, Served

IAC, SE, IP, DM, SB = b"\xff", b"\xf0", b"\xf4", b"\xf2", b"\xfa"
WILL, WONT, DO, DONT = b"\xfb", b"\xfc", b"\xfd", b"\xfe"
TIMING_MARK = b"\x06"
PUTTY = b"".join(IAC + WILL + option for option in (b"\x1f", b"\x20", b"\x18", b"\x27")) + IAC + DO + b"\x01"


@pytest.mark.parametrize(
    ("data", "text", "answer"),
    [
        (b"hello\n", b"hello\n", b""),
        (b"he" + IAC + DO + b"\x01llo\n", b"hello\n", IAC + WONT + b"\x01"),
        (IAC + WILL + b"\n" + b"hello\n", b"hello\n", IAC + DONT + b"\n"),  # an option whose number is a line feed
        (IAC + WONT + b"\x01" + IAC + DONT + b"\x03hello\n", b"hello\n", b""),  # answers are not answered
        ((IAC + DO + b"\x01") * 100, b"", IAC + WONT + b"\x01"),
        (IAC + SB + b"\x18\0xterm\n" + IAC + SE + b"hello\n", b"hello\n", b""),
        (IAC + IP + IAC + DM + IAC + DO + TIMING_MARK + b"hello\n", b"hello\n", IAC + WONT + TIMING_MARK),
        (b"a" + IAC + IAC + DO + b"b\n", b"a" + IAC + DO + b"b\n", b""),  # a byte 255 that is meant
        ("l'Haÿ-les-Roses\n".encode("latin-1"), "l'Haÿ-les-Roses\n".encode("latin-1"), b""),  # no telnet at all
        ("hi\n".encode("utf-16"), "hi\n".encode("utf-16"), b""),
        (IAC + SB + b"x" * 100 + b"\n", IAC + SB + b"x" * 100 + b"\n", b""),  # nor this
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_commands_are_taken_out_and_options_refused(data: bytes, text: bytes, answer: bytes, size: int) -> None:
    """However they come in; what was not asked for as an option is not touched."""
    telnet = Telnet()
    got = [telnet.receive(data[i : i + size]) for i in range(0, len(data), size)]
    assert b"".join(piece for piece, _ in got) == text
    assert answer in b"".join(said for _, said in got)
    assert bool(answer) == any(said for _, said in got)


@given(st.text(), st.binary(max_size=100))
@example("é", IAC)
def test_utf8_is_never_touched(text: str, junk: bytes) -> None:
    """Its bytes come out as they went in, once what was open before them is over; nothing waits for ever."""
    telnet = Telnet()
    assert telnet.receive(text.encode()) == (text.encode(), b"")
    telnet.receive(junk)
    telnet.receive(b"x" * 100)
    assert not telnet.is_open
    assert telnet.receive(text.encode()) == (text.encode(), b"")


def test_options_before_the_name_are_refused_and_are_not_part_of_it(guests: Guests) -> None:
    """As PuTTY offers them before the first key."""
    bob = guests.stranger()
    bob.send_bytes(PUTTY)
    refusal = bob.sock.recv(1000)
    while refusal.count(IAC) < 5:
        refusal += bob.sock.recv(1000)
    answers = b"".join(IAC + DONT + option for option in (b"\x1f", b"\x20", b"\x18", b"\x27")) + IAC + WONT + b"\x01"
    assert refusal.replace(b"Username\n", b"") == answers
    bob.send_bytes(b"bob\r\n")
    bob.wait(r"^\* Welcome, bob\.")


@pytest.mark.parametrize("urgent", [False, True])
def test_ctrl_c_loses_no_line_and_holds_nothing_up(guests: Guests, urgent: bool) -> None:
    """`telnet` sends IAC IP, IAC DO TIMING-MARK, and waits for an answer; some send IAC DM as urgent data."""
    alice, dave = guests.plain("alice"), guests.plain("dave")
    alice.wait("dave joined")
    dave.send_bytes(b"half a li" + IAC + IP)
    if urgent:
        dave.sock.send(IAC + DM, socket.MSG_OOB)
    dave.send_bytes(IAC + DO + TIMING_MARK)
    answer = b""
    while not answer.endswith(IAC + WONT + TIMING_MARK):
        answer += dave.sock.recv(1000)
    dave.send_bytes(b"ne\r\nagain\r\n")
    assert alice.until("again") == ["dave: half a line", "dave: again"]
    alice.send("are you there")
    dave.wait("^alice: are you there$")


def test_an_irc_client_typed_with_telnet_is_understood(guests: Guests) -> None:
    """Its options are no part of a line either."""
    alice, al = guests.plain("alice"), guests.irc("al")
    al.send_bytes(b"PRIVMSG #lobby :on" + IAC + WONT + b"\x01e\r\n")
    alice.wait("^al: one$")


def test_refusing_options_costs_as_much_as_lines_do(serve: Callable[..., Served]) -> None:
    """Who sends nothing but commands, each in a packet, is read no faster than one who talks."""
    eve = Guests(serve().port).stranger()
    try:
        start, got = time.monotonic(), b""
        for number in range(FLOOD_BURST_LINES + 4):
            eve.send_bytes(IAC + DO + bytes([number]))
            while got.count(IAC) <= number:
                got += eve.sock.recv(1000)
        assert time.monotonic() - start > 3 / FLOOD_LINES_PER_SECOND
    finally:
        eve.close()


@pytest.mark.needs("telnet", "plink", "setsid")
@pytest.mark.parametrize("program", ["telnet 127.0.0.1", "plink -telnet 127.0.0.1 -P"])
def test_real_ones(guests: Guests, server: ChatServer, tmp_path: Path, program: str) -> None:
    """At a terminal of their own: a name at the first try, Ctrl+C where it is telnet's, and talk in both directions."""
    alice = guests.plain("alice")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "-c", *program.split(), str(server.port)],
        env={**os.environ, "TERM": "xterm", "HOME": str(tmp_path)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    try:
        os.close(theirs)
        screen = Ear(ours, program)
        screen.wait("Username")
        os.write(ours, b"dave\n" if "plink" not in program else b"dave\r")
        screen.wait("Welcome, dave")
        alice.wait("dave joined")
        if program.startswith("telnet"):
            os.write(ours, b"\x03")
        os.write(ours, b"again\n" if "plink" not in program else b"again\r")
        assert alice.until("again") == ["dave: again"]
        alice.send("are you there")
        screen.wait("alice: are you there")
    finally:
        process.kill()
        process.wait()
        os.close(ours)
