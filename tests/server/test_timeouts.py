"""Deadlines, on a real server. Instead of waiting, a test makes a connection's times older than they are."""

import contextlib
import errno
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatroom.core.event_log import LONG_ANSWERS_AT_ONCE
from chatroom.model.commands import Quit
from chatroom.model.deadlines import DROP_AFTER_SECONDS, WRITE_STALL_SECONDS
from chatroom.model.events import Departed, Said
from chatroom.net.batches import Item
from chatroom.net.connection import Connection
from chatroom.net.sockets import SEND_AHEAD_BYTES, SEND_BUFFER_BYTES, TCP_KEEPALIVE
from chatroom.server import timeouts
from chatroom.server.chat_server import ChatServer
from chatroom.server.client_threads import THREADS_KEPT
from chatroom.server.connection_limits import ACCEPT_PAUSE_SECONDS
from chatroom.server.flood_limit import FLOOD_BURST_LINES
from chatroom.server.timeouts import (
    ENDINGS_PER_STEP,
    PING_AFTER_SECONDS,
    REGISTRATION_SECONDS,
    TIMEOUT_CHECK_SECONDS,
    TLS_HANDSHAKE_SECONDS,
    UNREAD,
    Late,
    TimeoutMonitor,
)
from chatroom.storage.store import Store
from tests.chat import INFO
from tests.peers import DEADLINE, Guests, Irc, Peer, eventually


def connection_of(server: ChatServer, nick: str = "") -> Connection:
    found = [each for each in server.everybody() if each.session.nick == nick]
    assert len(found) == 1
    return found[0]


def make_older(server: ChatServer, connection: Connection, seconds: float, *names: str) -> None:
    """As if what these attributes tell had happened so much earlier."""
    for name in names:
        setattr(connection, name, getattr(connection, name) - seconds)
    server.timeouts.add(connection)


def test_who_chooses_no_name_in_time_is_told_and_closed(server: ChatServer, guests: Guests) -> None:
    """The deadline is for registration in all: bytes that drip in do not extend it."""
    slow = guests.stranger()
    slow.wait("^Username$")
    slow.send_bytes(b"a")
    make_older(server, connection_of(server), REGISTRATION_SECONDS + 1, "connected_at")
    assert slow.rest() == [f"* Goodbye (no name within {REGISTRATION_SECONDS} seconds)."]


def test_a_silent_irc_client_is_asked_for_a_sign_of_life(server: ChatServer, guests: Guests) -> None:
    """Once, and it stays when it gives one."""
    bob = guests.irc("bob")
    connection = connection_of(server, "bob")
    make_older(server, connection, PING_AFTER_SECONDS + 1, "last_received")
    bob.wait("^PING ")
    assert connection.ping_sent
    bob.send("PONG :x")
    bob.sync()
    server.timeouts.add(connection)
    eventually(lambda: not connection.ping_sent, "the sign of life is noticed")
    bob.sync()


def test_an_irc_client_that_gives_no_sign_of_life_is_gone(server: ChatServer, guests: Guests) -> None:
    """The room is told why."""
    alice, bob = guests.plain("alice"), guests.irc("bob")
    make_older(server, connection_of(server, "bob"), DROP_AFTER_SECONDS + 1, "last_received")
    assert "no sign of life" in bob.rest()[-1]
    alice.wait(rf"^\* bob left \(no sign of life for {DROP_AFTER_SECONDS} seconds\)$")


def test_a_crowd_whose_time_has_run_out_ends_to_the_last(server: ChatServer, guests: Guests) -> None:
    """However many groups they are ended in; each is told, and so is the room."""
    alice = guests.plain("alice")
    crowd = [guests.irc(f"c{number}") for number in range(2 * ENDINGS_PER_STEP + 5)]
    for number in range(len(crowd)):
        make_older(server, connection_of(server, f"c{number}"), DROP_AFTER_SECONDS + 1, "last_received")
    assert all("no sign of life" in each.rest()[-1] for each in crowd)
    left = {alice.wait(r"^\* c(\d+) left \(no sign of life")[1] for _ in crowd}
    assert len(left) == len(crowd)


def test_a_silent_person_with_netcat_may_stay(server: ChatServer, guests: Guests) -> None:
    """They can't answer a PING, but their machine acknowledges what comes: that is a sign of life, too."""
    alice = guests.plain("alice")
    connection = connection_of(server, "alice")
    make_older(server, connection, DROP_AFTER_SECONDS + 1, "last_received", "last_acked")
    bob = guests.irc("bob")
    make_older(server, connection_of(server, "bob"), PING_AFTER_SECONDS + 1, "last_received")
    bob.wait("^PING ")  # so the watch looks at both
    eventually(lambda: connection.last_acked > time.monotonic() - DROP_AFTER_SECONDS, "it has asked about alice")
    assert alice.sync() is not None
    assert not connection.session.closing


def test_a_clock_that_is_set_back_disconnects_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one that is set ahead: deadlines don't go by it. Ids rise all the same, and times go on."""
    clock = {"offset": 0}
    monkeypatch.setattr("chatroom.server.chat_server.now", lambda: time.time_ns() // 1_000_000 + clock["offset"])
    server = ChatServer("127.0.0.1", 0, INFO)
    looked = threading.Event()

    server.timeouts._every_second = looked.set
    server.start()
    guests = Guests(server.port)
    alice, bob = guests.irc("alice", "message-tags", "server-time"), guests.irc("bob")
    carol = guests.plain("carol")
    places = []
    for number, day in enumerate((0, -1, 2, 0)):
        clock["offset"] = day * 86_400_000
        looked.clear()
        assert looked.wait(DEADLINE)
        bob.send(f"PRIVMSG #lobby :{number}")
        place = alice.wait(rf"^@time=(\S+);msgid=(\S+) :bob!\S+ PRIVMSG #lobby :{number}$")
        places.append((place[1], int(place[2], 16)))
    assert places == sorted(places)
    assert len({id_ for _, id_ in places}) == len(places)
    assert not [line for peer in (alice, bob) for line in peer.sync() if " QUIT " in line]
    carol.sync()
    guests.close()
    server.stop()


def one_who_is_stuck(server: ChatServer, guests: Guests) -> tuple[Irc, Connection, Irc]:
    """A client that takes nothing, its connection, and somebody else in its room."""
    stuck, alice = guests.irc("stuck"), guests.irc("alice")
    connection = connection_of(server, "stuck")
    while not connection.outbox.behind_bytes:  # until the kernel's buffers are full
        alice.send(*[f"PRIVMSG #lobby :{'x' * 400}"] * 50)
        alice.sync()
    return stuck, connection, alice


def test_who_takes_nothing_of_what_waits_is_cut(server: ChatServer, guests: Guests) -> None:
    """Long before its outbox is full; the room is told why."""
    stuck, connection, alice = one_who_is_stuck(server, guests)
    connection.outbox.drained_at -= WRITE_STALL_SECONDS + 1
    alice.wait(f"QUIT :read nothing for {WRITE_STALL_SECONDS} seconds")
    stuck.close()


def test_who_takes_nothing_leaves_along_with_what_is_said(
    server: ChatServer, guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch for the departure alone would delay everybody. If nobody says anything, it does not wait for long."""
    stuck, connection, alice = one_who_is_stuck(server, guests)
    bob = guests.irc("bob")
    batches: list[list[Item]] = []
    carry = server.courier._deliver

    def noted(batch: list[Item]) -> None:
        batches.append(batch)
        carry(batch)

    monkeypatch.setattr(server.courier, "_deliver", noted)
    monkeypatch.setattr("chatroom.server.timeouts.ENDINGS_RIDE_SECONDS", DEADLINE)
    connection.outbox.drained_at -= WRITE_STALL_SECONDS + 1
    eventually(lambda: connection.session.closing, "it is to leave")
    bob.send("PRIVMSG #lobby :hello")
    alice.wait(" QUIT :read nothing")
    alice.wait(":hello$")
    shared = next(batch for batch in batches if any(isinstance(what, Departed) for what, _, _ in batch))
    assert any(isinstance(what, Said) for what, _, _ in shared)
    stuck.close()


def test_who_has_left_without_reading_keeps_its_place_and_has_its_time(server: ChatServer, guests: Guests) -> None:
    """Saying that nothing more will be sent is no way out of the limits."""
    stuck, connection, alice = one_who_is_stuck(server, guests)
    stuck.end_input()
    alice.wait(":stuck!.* QUIT ")
    eventually(lambda: connection.reader_done_at, "its reader is done")
    assert connection in server.everybody()
    connection.reader_done_at -= WRITE_STALL_SECONDS + 1
    eventually(lambda: connection not in server.everybody(), "its time is over")
    assert connection.sock.fileno() == -1
    assert server.refusals["left without reading"] == 1


def test_what_is_read_after_the_end_is_nothing_that_anybody_says(server: ChatServer, guests: Guests) -> None:
    """Neither a name, as if they had come anew, nor half a line as a whole one."""
    stuck, alice = guests.plain("stuck"), guests.irc("alice")
    connection = connection_of(server, "stuck")
    stuck.send_bytes(b"half")
    server.event_log.submit(connection.session, [Quit("read nothing", ask=False)])
    with contextlib.suppress(OSError):  # the end may be there first
        stuck.send_bytes(b" a name\nanother\nhalf")
        stuck.end_input()
    eventually(lambda: connection not in server.everybody(), "it is gone")
    assert [line.partition("!")[0] for line in alice.sync() if "stuck" not in line] == []


def test_half_a_line_of_one_who_is_cut_is_not_said(server: ChatServer, guests: Guests) -> None:
    """They may have been about to say something else."""
    stuck, alice = guests.plain("stuck"), guests.irc("alice")
    connection = connection_of(server, "stuck")
    stuck.send("whole")
    stuck.send_bytes(b"half")
    alice.wait(":whole$")
    server.courier.abort(connection.session, "read nothing")
    server.courier.flush()
    assert not [line for line in alice.until(":stuck!.* QUIT ") if "PRIVMSG" in line]


def test_nobody_was_silent_while_the_server_stood_still(server: ChatServer, guests: Guests) -> None:
    """Whoever stops the process, and lets it go on, throws nobody out. From then on silence counts again."""
    stuck, leaving, alice = one_who_is_stuck(server, guests)
    bob, stranger = guests.irc("bob"), guests.stranger()
    stranger.wait("^Username$")
    server.timeouts.stop()
    server.timeouts.join()
    leaving.reader_done_at = leaving.last_received  # as if it were still to read its last
    back = time.monotonic() + 2 * DROP_AFTER_SECONDS
    server.timeouts.check(back)
    server.timeouts.check(back + TIMEOUT_CHECK_SECONDS)
    assert not [each for each in server.everybody() if each.session.closing or each.outbox.close_reason]
    for peer in (alice, bob):
        assert not [line for line in peer.sync() if line.startswith("PING")]
    late = back + WRITE_STALL_SECONDS + 2 * TIMEOUT_CHECK_SECONDS
    server.timeouts._checked_at = late - TIMEOUT_CHECK_SECONDS  # it has not stood still
    server.timeouts.check(late)
    eventually(lambda: leaving.outbox.close_reason == UNREAD, "its time is over")
    assert stranger.rest()[-1] == f"* Goodbye (no name within {REGISTRATION_SECONDS} seconds)."
    stuck.close()


def test_nobody_is_looked_at_before_it_is_time(
    server: ChatServer, guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands who are silent would cost as much every second. Who has left is not held until then."""
    alice, bob, stranger = guests.plain("alice"), guests.irc("bob"), guests.stranger()
    stranger.wait("^Username$")
    server.timeouts.stop()
    server.timeouts.join()
    looked_at: list[str] = []
    look = server.timeouts._check_one

    def note(connection: Connection, now: float) -> Sequence[Late]:
        looked_at.append(connection.session.nick)
        return look(connection, now)

    def look_after(seconds: float) -> list[str]:
        """Who is looked at at a moment to come, or just before it."""
        looked_at.clear()
        server.timeouts._checked_at = start + seconds - TIMEOUT_CHECK_SECONDS  # it has not stood still
        server.timeouts.check(start + seconds)
        return sorted(looked_at)

    monkeypatch.setattr(server.timeouts, "_check_one", note)
    start = float(int(time.monotonic()))  # turns are whole seconds
    for connection in server.everybody():
        connection.connected_at = connection.last_received = connection.last_acked = start
        server.timeouts.add(connection)
    assert look_after(TIMEOUT_CHECK_SECONDS) == ["", "alice", "bob"]
    assert look_after(2) == []
    assert look_after(REGISTRATION_SECONDS / 2) == [""]  # it might have had a name by then
    assert look_after(PING_AFTER_SECONDS / 2) == [""]
    stranger.rest()
    eventually(lambda: len(server.everybody()) == 2, "it is gone")
    assert look_after(PING_AFTER_SECONDS - 3) == []
    assert look_after(PING_AFTER_SECONDS + 1) == ["bob"]
    bob.wait("^PING ")
    assert look_after(DROP_AFTER_SECONDS - 3) == []
    bob.close()
    alice.wait(r"^\* bob left")
    eventually(lambda: len(server.everybody()) == 1, "it is gone")
    assert look_after(DROP_AFTER_SECONDS + 1) == ["alice"]
    alice.close()
    eventually(lambda: not server.everybody(), "all are gone")
    assert not any(server.timeouts._scheduled.values())


def test_looks_at_deadlines_go_on_after_a_mistake(server: ChatServer, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next look is made."""
    looks: list[int] = []

    def besides() -> None:
        looks.append(len(looks))
        if len(looks) == 1:
            raise ValueError("a mistake")

    watch = TimeoutMonitor(server.everybody, server.event_log, server.courier, besides)
    watch.start()
    try:
        eventually(lambda: len(looks) > 1, "another look")
    finally:
        watch.stop()
        watch.join()
    (record,) = [record for record in caplog.records if record.name == "chatroom.server.timeouts"]
    assert record.exc_info
    caplog.clear()  # `server` takes any other error for a fault


def test_ends_of_lines_alone_are_not_collected(server: ChatServer, guests: Guests) -> None:
    """Somebody who sends nothing else is taken for a person, whose lines have a bound."""
    odd = guests.stranger()
    odd.send_bytes(b"\r" * 100)
    odd.wait("^Username$")
    odd.send_bytes(b"\r" * 5000 + b"\n")
    odd.wait("too long")


def test_the_operator_is_told_who_was_refused(server: ChatServer, guests: Guests) -> None:
    """Those too who were let in at first, but did not know the password, or were no chat clients."""
    server.hub.context.password = "secret"
    proxy, irc, person, encrypted = [guests.stranger() for _ in range(4)]
    proxy.send("PROXY UNKNOWN")
    encrypted.send_bytes(b"\x16\x03\x01")
    irc.send("NICK al\r\nUSER u 0 * :r\r")
    person.send("wrong", "wrong", "wrong")
    for each in (proxy, irc, person, encrypted):
        each.rest()
    reasons = ("a PROXY header", "this server has a password", "too many wrong passwords", "TLS, which is off here")
    eventually(lambda: all(server.refusals[reason] == 1 for reason in reasons), "all are counted")


@pytest.fixture
def limited() -> Iterator[ChatServer]:
    server = ChatServer("127.0.0.1", 0, INFO, max_clients=3)
    server.start()
    yield server
    server.stop()


def test_a_flood_is_slowed_down_and_loses_nothing(limited: ChatServer) -> None:
    """What goes over the burst waits in the sender's own thread."""
    guests = Guests(limited.port)
    alice, bob = guests.plain("alice"), guests.irc("bob")
    started = time.monotonic()
    alice.send(*[f"line {i}" for i in range(FLOOD_BURST_LINES + 2)])
    heard = [bob.wait(r"PRIVMSG #lobby :(line \d+)")[1] for _ in range(FLOOD_BURST_LINES + 2)]
    assert heard == [f"line {i}" for i in range(FLOOD_BURST_LINES + 2)]
    assert time.monotonic() - started > 0.25  # the flood itself proves nothing if it was not slowed down
    guests.close()


def test_who_is_slowed_down_does_not_count_as_silent(limited: ChatServer) -> None:
    """An answer would stand behind all that waits for its turn: meanwhile its machine is asked, as with netcat."""
    guests = Guests(limited.port)
    alice, bob = guests.irc("alice"), guests.irc("bob")
    connection = connection_of(limited, "alice")
    alice.send(*[f"PRIVMSG #lobby :line {i}" for i in range(FLOOD_BURST_LINES + 8)])
    bob.wait("line 0$")
    make_older(limited, connection, DROP_AFTER_SECONDS + 1, "last_received", "last_acked")
    eventually(lambda: connection.last_acked > time.monotonic() - DROP_AFTER_SECONDS, "its machine was asked")
    bob.wait(f"line {FLOOD_BURST_LINES + 7}$")
    alice.send("PRIVMSG #lobby :still here")
    bob.wait("still here$")
    eventually(lambda: not connection.session.paced, "it is asked itself again")
    guests.close()


def test_who_is_slowed_down_and_has_no_network_any_more_is_gone(
    limited: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that wait for their turn are no signs of life."""
    guests = Guests(limited.port)
    alice, bob = guests.irc("alice"), guests.irc("bob")
    monkeypatch.setattr(Connection, "unacknowledged_seconds", lambda connection: DROP_AFTER_SECONDS + 1)
    alice.send(*[f"PRIVMSG #lobby :line {i}" for i in range(200)])
    bob.wait("line 0$")
    make_older(limited, connection_of(limited, "alice"), DROP_AFTER_SECONDS + 1, "last_received", "last_acked")
    bob.wait(f"^:alice![^ ]+ QUIT :no sign of life for {DROP_AFTER_SECONDS} seconds$")
    guests.close()


def test_who_is_slowed_down_and_goes_is_gone_at_once(limited: ChatServer) -> None:
    """Thousands of lines that are still to have their turn keep nobody's name, place and thread for half an hour."""
    guests = Guests(limited.port)
    alice, bob = guests.plain("alice"), guests.irc("bob")
    alice.send(*[f"line {i}" for i in range(1000)])
    bob.wait("line 0$")
    alice.reset()
    bob.wait("^:alice![^ ]+ QUIT :connection closed$")
    guests.close()


def test_a_full_server_tells_the_newcomer(limited: ChatServer) -> None:
    """In what it speaks; and lets somebody in when there is room again."""
    guests = Guests(limited.port)
    first = guests.plain("a")
    guests.plain("b")
    guests.plain("c")
    for says, told in (
        ("", "* Goodbye (the server is full; try again later)."),
        ("dave", "* Goodbye (the server is full; try again later)."),
        ("NICK dave\r\nUSER u 0 * :r\r", "ERROR :Closing link: the server is full; try again later\r"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r", "The server is full; try again later."),
    ):
        refused = guests.stranger()
        if says:
            refused.send(says)
        assert refused.rest()[-1] == told
    first.close()
    eventually(lambda: len(limited.everybody()) == 2, "there is room")
    guests.plain("d")
    guests.close()


def test_a_full_server_tells_a_crowd_without_ado(limited: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds all places taken by others who are told, or don't listen, reads a line that both kinds understand."""
    guests = Guests(limited.port)
    for name in "abc":
        guests.plain(name)
    with monkeypatch.context() as patch:
        patch.setattr("chatroom.server.handler.SILENCE_SECONDS", DEADLINE)
        silent = [guests.stranger() for _ in range(limited.limiter.explained_max)]
        eventually(lambda: len(limited.everybody()) == 3 + len(silent), "all have a place")
        assert guests.stranger().rest() == ["ERROR :the server is full; try again later\r"]
        silent.pop().close()
        eventually(lambda: len(limited.everybody()) == 3 + len(silent), "there is one again")
        late = guests.stranger()
        late.send("hello")
        assert late.rest() == ["* Goodbye (the server is full; try again later)."]
    for connection in limited.everybody():
        make_older(limited, connection, TLS_HANDSHAKE_SECONDS + 1, "connected_at")
    for each in silent:
        assert each.rest() == ["* Goodbye (the server is full; try again later)."]
    eventually(lambda: len(limited.everybody()) == 3, "they are gone")
    guests.close()


def test_an_address_with_too_many_clients_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this machine were far away; a client that leaves makes room for one."""
    monkeypatch.setattr("chatroom.server.connection_limits.is_loopback", lambda host: False)
    server = ChatServer("127.0.0.1", 0, INFO, per_address=2)
    server.start()
    guests = Guests(server.port)
    first = guests.plain("a")
    guests.plain("b")
    refused = guests.stranger()
    assert refused.rest() == ["* Goodbye (your address has 2 connections already; close one first)."]
    assert server.refusals["your address has 2 connections already; close one first"] == 1
    first.close()
    eventually(lambda: len(server.everybody()) == 1, "there is room")
    guests.plain("c")
    guests.close()
    server.stop()


def test_a_clients_socket_is_told_what_to_bound(server: ChatServer, guests: Guests) -> None:
    """What the kernel buffers for it, and for how long it believes that a silent peer is there."""
    guests.plain("alice")
    sock = connection_of(server, "alice").sock
    assert (
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER_BYTES
    )  # the kernel doubles it: socket(7)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == TCP_KEEPALIVE[0]
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == DROP_AFTER_SECONDS * 1000
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == SEND_AHEAD_BYTES


def test_without_descriptors_it_waits_and_recovers(server: ChatServer, guests: Guests) -> None:
    """A newcomer is told, the log has one line about it, and with descriptors at hand again all goes on."""
    alice = guests.plain("alice")
    newcomer = Peer(server.port)  # its own descriptor is taken before there are none left
    newcomer.wait("^Username$")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 8, limits[1]))
    hoard: list[int] = []
    refused: list[Peer] = []
    try:
        while True:
            try:
                hoard.append(os.dup(1))
            except OSError:
                break
        while not (refused and refused[-1].heard[0].startswith("ERROR")):  # some threads have a descriptor ready
            os.close(hoard.pop())
            refused.append(Peer(server.port))  # which takes the only one; nobody else knocks meanwhile
            refused[-1].wait("^(Username|ERROR :the server is full; try again later\r)$")
        refused[-1].rest()
    finally:
        for descriptor in hoard:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    newcomer.send("newcomer")
    newcomer.wait(r"^\* Welcome, newcomer")
    alice.wait(r"^\* newcomer joined$")
    guests.plain("bob")
    assert server.refusals["no descriptors left"] == 1
    for peer in (newcomer, *refused):
        peer.close()


def test_after_a_failed_accept_it_waits_and_recovers(
    server: ChatServer, guests: Guests, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer each time, whatever it is that the kernel lacks; but not for a client that has left already."""
    failures = [errno.ENOMEM, errno.ENOMEM, errno.ENOBUFS, errno.ECONNABORTED, errno.ENOMEM]
    waits: list[float | None] = []
    wait, accept = server._stopping.wait, socket.socket.accept

    def count(timeout: float | None = None) -> bool:
        waits.append(timeout)
        return wait(timeout)

    def fail(sock: socket.socket) -> tuple[socket.socket, object]:
        if sock is server.socket and failures:
            number = failures.pop(0)
            raise OSError(number, os.strerror(number))
        return accept(sock)

    reserve = server._accept_failures.spare.number
    monkeypatch.setattr(server._stopping, "wait", count)
    monkeypatch.setattr(socket.socket, "accept", fail)
    guests.plain("alice")  # accepted by a thread that has asked for her before
    eventually(lambda: len(waits) == 4, "it has waited")
    guests.plain("bob")
    first = ACCEPT_PAUSE_SECONDS[0]
    assert waits == [first, 2 * first, 4 * first, 8 * first]
    assert server._accept_failures.pause == first
    assert server._accept_failures.spare.number == reserve
    assert caplog.messages.count("a client could not be accepted: Cannot allocate memory") == 3
    assert caplog.messages.count("a client could not be accepted: No buffer space available") == 1


def test_a_reserve_that_was_lost_closes_nobody_elses_descriptor(
    server: ChatServer, guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread may be faster in taking what the server has given up for a moment; its number is theirs then."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    knocking = [socket.socket() for _ in range(THREADS_KEPT)]  # some threads have a descriptor ready
    left = iter(knocking)
    number = server._accept_failures.spare.number
    release, releases = server._accept_failures.spare.release, [0]
    theirs = -1

    def count() -> None:
        release()
        releases[0] += 1

    monkeypatch.setattr(server._accept_failures.spare, "release", count)
    try:
        for turn in (1, 2):
            resource.setrlimit(resource.RLIMIT_NOFILE, (number, limits[1]))  # neither accept nor open gets any
            while releases[0] < turn:
                here = len(server.connections)
                next(left).connect(("127.0.0.1", server.port))
                eventually(
                    lambda here=here, turn=turn: releases[0] >= turn or len(server.connections) > here,  # type: ignore[misc]
                    "the client is accepted, or the reserve given up",
                )
            eventually(lambda: server._accept_failures.spare.number == -1, "there is no reserve")
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            if theirs == -1:
                theirs = os.open(os.devnull, os.O_RDONLY)
                assert theirs == number
            guests.stranger().wait("^Username$")  # so the pause is over, and the one before was accepted
            os.fstat(theirs)  # raises if somebody has closed it
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for knock in knocking:
            knock.close()
    os.close(theirs)


def test_who_waits_for_a_look_up_is_not_held_to_be_silent(data: Path) -> None:
    """Its answer to a ping can't be read meanwhile; who is silent is closed as ever. Its own turn comes at last."""
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(data), unlimited=True)
    turns = server.event_log.turns
    server.start()
    guests = Guests(server.port)
    try:
        alice, silent = guests.irc("alice", "batch", "draft/chathistory"), guests.irc("silent")
        alice.send("PRIVMSG #lobby :hello")
        alice.sync()
        with ExitStack() as others:
            for number in range(LONG_ANSWERS_AT_ONCE):
                others.enter_context(turns.slot(f"192.0.2.{number}"))
            alice.send("CHATHISTORY LATEST #lobby * 10")
            eventually(lambda: turns.waiting() == 1, "alice waits for her turn")
            connection = connection_of(server, "alice")
            connection.ping_sent = True
            make_older(server, connection, DROP_AFTER_SECONDS + 1, "last_received")
            make_older(server, connection_of(server, "silent"), DROP_AFTER_SECONDS + 1, "last_received")
            assert silent.rest()[-1].endswith(f"no sign of life for {DROP_AFTER_SECONDS} seconds")
            assert not connection.outbox.close_reason
        alice.wait("PRIVMSG #lobby :.*hello")
        alice.sync()
        assert not connection.session.paced
    finally:
        guests.close()
        server.stop()


def test_threads_wait_longer_for_each_other_as_soon_as_many_come(
    server: ChatServer, guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from the next look at the deadlines on: until then thousands may have come."""
    before = sys.getswitchinterval()
    monkeypatch.setattr(timeouts, "SWITCH_SECONDS_PER_THREAD", 0.002)
    server.timeouts.stop()
    server.timeouts.join(DEADLINE)
    try:
        for number in range(5):
            guests.plain(f"guest{number}")
        assert sys.getswitchinterval() == pytest.approx(0.01)
    finally:
        sys.setswitchinterval(before)
