"""The courier over real socket pairs: order, bounds, and nobody waits."""

import errno
import os
import selectors
import socket
import threading
from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from chatroom.common.language import Language
from chatroom.model.audience import Audience, Format
from chatroom.model.entities import User
from chatroom.model.events import Event, Said
from chatroom.model.limits import BACKLOG_EVENTS
from chatroom.model.replies import Goodbye, Raw
from chatroom.model.values import MessageKind, Person
from chatroom.net.batches import Item
from chatroom.net.connection import ClientSession
from chatroom.net.courier import Courier
from chatroom.net.outbox import Chunk, Outbox
from chatroom.net.slow_readers import OUTBOX_BYTES
from chatroom.protocols.plain import PLAIN, PlainDialect, PlainFormat
from tests.peers import DEADLINE, Ear, eventually

ALICE = Person("1", "alice", "u", "127.0.0.1")


def said(text: str) -> Said:
    return Said(ALICE, "#lobby", text, MessageKind.MESSAGE)


class CountingFormat:
    """Renders an event as its text in a line, and counts how often."""

    own_moves = False
    one_room = False
    follows_renames = True
    as_sentences = False

    def __init__(self, mark: str = "", same: str = "") -> None:
        self.mark = mark
        self.same = same  # with others that have it this is rendered once
        self.rendered: list[str] = []

    def render(self, event: Event) -> bytes:
        assert isinstance(event, Said)
        self.rendered.append(event.text)
        return f"{self.mark}{event.text}\n".encode()

    def render_all(self, events: list[Event]) -> bytes:
        return b"".join(map(self.render, events))

    def variant(self, kind: type[Event]) -> Hashable:
        return self.same if self.same else self

    def spoken(self, language: Language) -> "CountingFormat":
        return self


class Reader(Ear):
    """The client's end of a connection."""

    def __init__(self, session: ClientSession, sock: socket.socket) -> None:
        super().__init__(sock.fileno(), f"reader {session.uid}")
        self.session = session
        self.outbox = session.outbox
        self.sock = sock


class Office:
    """A running courier, and connections whose other ends are readers."""

    def __init__(self) -> None:
        self.courier = Courier()
        self.readers: list[Reader] = []
        self._uids = count(1)

    def reader(self, format_: Format = PLAIN, buffer: int = 0) -> Reader:
        ours, theirs = socket.socketpair()
        if buffer:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        session = ClientSession(str(next(self._uids)), "127.0.0.1", format_, Outbox(ours))
        session.dialect = PlainDialect(session)
        session.user = User(Person(session.uid, f"u{session.uid}", "u", "127.0.0.1"), session, 0)
        self.readers.append(Reader(session, theirs))
        return self.readers[-1]

    def publish(self, readers: list[Reader], *texts: str, skip: Reader | None = None) -> None:
        audience = Audience.of(reader.session for reader in readers)
        for text in texts:
            self.courier.broadcast(said(text), audience, skip.session if skip else None)
        self.courier.flush()

    def carried(self) -> None:
        """Waits until all that was handed over is sent, as far as sockets take it."""
        fence = self.courier.barrier()
        self.courier.flush()
        assert fence.wait(DEADLINE)

    def close(self) -> None:
        if self.courier.ident is None:
            self.courier.start()
        if self.courier.is_alive():
            self.courier.stop(0)
        self.courier.join(DEADLINE)
        assert not self.courier.is_alive()
        for reader in self.readers:
            reader.outbox.sock.close()
            reader.sock.close()


@pytest.fixture
def office() -> Iterator[Office]:
    """Not yet started: what is handed over before `courier.start()` is one batch."""
    office = Office()
    yield office
    office.close()


def test_everybody_gets_everything_in_the_order_in_which_it_was_handed_over(office: Office) -> None:
    """Events for all, events for some and what one alone is told, over many batches."""
    office.courier.start()
    readers = [office.reader() for _ in range(3)]
    expected: list[list[str]] = [[], [], []]
    for i in range(2000):
        if i % 7 == 0:
            office.courier.reply(readers[i % 3].session, Raw(f"personal {i}\n".encode()))
            expected[i % 3].append(f"personal {i}")
        elif i % 5 == 0:
            office.publish(readers[:2], f"some {i}")
            for lines in expected[:2]:
                lines.append(f"alice: some {i}")
        else:
            office.publish(readers, f"all {i}")
            for lines in expected:
                lines.append(f"alice: all {i}")
    office.publish(readers, "the end")
    assert [reader.until("the end")[:-1] for reader in readers] == expected


def test_a_message_is_rendered_once_per_format(office: Office) -> None:
    """However many read it: contract 5."""
    one, other = CountingFormat("1 "), CountingFormat("2 ")
    readers = [office.reader(format_) for format_ in (one, other) for _ in range(20)]
    office.courier.start()
    office.publish(readers, "a", "b")
    office.publish(readers, "c", skip=readers[0])
    for reader in readers[1:]:
        mark = "1" if reader.session.format is one else "2"
        assert reader.until("c$") == [f"{mark} a", f"{mark} b", f"{mark} c"]
    assert one.rendered == other.rendered == ["a", "b", "c"]


def test_formats_that_make_the_same_of_a_message_share_it(office: Office) -> None:
    """However many formats the readers of a room have, a message is rendered once for each that shows."""
    alike = [CountingFormat(same="a") for _ in range(20)]
    formats = [*alike, CountingFormat("other ")]
    readers = [office.reader(format_) for format_ in formats]
    audience = Audience.of([reader.session for reader in readers])
    for text, skip in (("one", None), ("two", readers[3].session), ("three", None)):
        office.courier.broadcast(said(text), audience, skip)
    office.courier.start()
    for number, reader in enumerate(readers):
        mark = "other " if reader is readers[-1] else ""
        expected = [f"{mark}{text}" for text in ("one", "two", "three") if (text, number) != ("two", 3)]
        assert reader.until("three") == expected
    assert sorted([text for format_ in alike for text in format_.rendered]) == ["one", "three", "two"]


def test_who_is_skipped_gets_the_rest(office: Office) -> None:
    """In a batch that all have said something in, each gets the others' words, in order."""
    readers = [office.reader() for _ in range(4)]
    for i in range(40):
        office.publish(readers, f"from {i % 4} no {i}", skip=readers[i % 4])
    office.publish(readers, "the end")
    office.courier.start()
    for number, reader in enumerate(readers):
        expected = [f"alice: from {i % 4} no {i}" for i in range(40) if i % 4 != number]
        assert reader.until("the end")[:-1] == expected


def test_who_is_skipped_need_not_be_in_the_audience(office: Office) -> None:
    """A sender that has left in the meantime."""
    reader, outsider = office.reader(), office.reader()
    office.courier.start()
    office.publish([reader], "hi", skip=outsider)
    office.publish([reader, outsider], "the end")
    assert reader.until("the end") == ["alice: hi", "alice: the end"]
    assert outsider.until("the end") == ["alice: the end"]


def test_an_audience_is_the_one_of_its_moment(office: Office) -> None:
    """Who comes later sees nothing from before, however late the courier is."""
    early, late = office.reader(), office.reader()
    audience = Audience.of([early.session])
    office.courier.broadcast(said("before"), audience)
    office.courier.broadcast(said("after"), audience.plus(late.session))
    office.courier.broadcast(said("without early"), audience.plus(late.session).minus(early.session))
    office.courier.reply(early.session, Raw(b"the end\n"))
    office.courier.start()
    assert early.until("the end")[:-1] == ["alice: before", "alice: after"]
    assert late.until("without") == ["alice: after", "alice: without early"]


def test_who_does_not_read_is_cut_and_delays_nobody(office: Office) -> None:
    """The others get everything while its outbox fills; over the bound it is closed, with a reason."""
    office.courier.start()
    stuck, reader = office.reader(buffer=4096), office.reader()
    text = "x" * 4000
    for i in range(3 * OUTBOX_BYTES // len(text)):
        office.publish([stuck, reader], f"{i} {text}")
        assert reader.wait(f"^alice: {i} x")
        office.carried()
        assert stuck.outbox.behind_bytes <= OUTBOX_BYTES
    eventually(lambda: stuck.outbox.close_reason, "the one that doesn't read is cut")
    assert stuck.outbox.close_reason == "too slow to read what was sent to it"
    assert stuck.outbox.behind_bytes == 0
    assert not stuck.outbox.chunks
    assert stuck.outbox.sock.recv(1) == b""  # its reader thread wakes up


def test_who_has_no_name_and_does_not_read_is_cut_early(office: Office) -> None:
    """Nobody's answers are kept for long: unread replies before the login exhausted Redis (CVE-2025-21605)."""
    office.courier.start()
    stranger = office.reader(buffer=4096)
    stranger.session.user = None
    for _ in range(100):
        office.courier.reply(stranger.session, Raw(b"x" * 1000 + b"\n"))
    office.courier.flush()
    eventually(lambda: stranger.outbox.close_reason, "the stranger is cut")
    assert sum(map(len, stranger.rest())) < 50_000


def test_what_many_wait_for_counts_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room full of slow readers holds its messages once: nobody is closed for what all of them share."""
    monkeypatch.setattr("chatroom.net.slow_readers.OUTBOXES_TOTAL_BYTES", 1_000_000)
    office.courier.start()
    slow = [office.reader(buffer=4096) for _ in range(20)]
    texts = [f"{i} {'x' * 1000}" for i in range(200)]
    office.publish(slow, *texts)
    eventually(lambda: office.courier.queue()[1] > 2_000_000, "much waits, were each counted alone")
    for reader in slow:
        assert reader.until("^alice: 199 ") == [f"alice: {text}" for text in texts]
    eventually(lambda: office.courier.queue()[1] == 0, "nothing waits")
    assert office.courier._slow.memory.bytes == 0


def test_when_too_much_is_held_the_one_furthest_behind_is_closed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever it was that took the last byte too much; the others get everything."""
    monkeypatch.setattr("chatroom.net.slow_readers.OUTBOXES_TOTAL_BYTES", 1_000_000)
    office.courier.start()
    worst, slow, other = (office.reader(buffer=4096) for _ in range(3))
    office.publish([worst], *[f"{i} {'x' * 1000}" for i in range(700)])
    eventually(lambda: worst.outbox.behind_bytes, "one is far behind")
    office.publish([slow], *[f"{i} {'x' * 1000}" for i in range(200)])
    office.publish([other], *[f"{i} {'x' * 1000}" for i in range(300)])
    eventually(lambda: worst.outbox.close_reason, "somebody is closed")
    assert worst.outbox.close_reason == "the slowest of too many slow readers"
    assert len(slow.until("^alice: 199 ")) == 200
    assert len(other.until("^alice: 299 ")) == 300
    assert not slow.outbox.close_reason and not other.outbox.close_reason
    eventually(lambda: office.courier._slow.memory.bytes == 0, "nothing is held")


def test_who_reads_slowly_gets_everything(office: Office) -> None:
    """What the socket doesn't take at once waits in the outbox and comes later, complete and in order."""
    office.courier.start()
    slow = office.reader(buffer=4096)
    texts = [f"{i} {'ł' * 100}" for i in range(OUTBOX_BYTES // 2 // 210)]
    office.publish([slow], *texts)
    eventually(lambda: slow.outbox.behind_bytes or len(slow.heard), "something waits in the outbox")
    assert slow.until(f"^alice: {len(texts) - 1} ") == [f"alice: {text}" for text in texts]
    eventually(lambda: slow.outbox.behind_bytes == 0, "the outbox is empty")


def test_a_batch_larger_than_an_outbox_cuts_nobody_who_reads(office: Office) -> None:
    """It is sent in parts, with time to read between them."""
    readers = [office.reader() for _ in range(3)]
    texts = [f"{i} {'x' * 4000}" for i in range(3 * OUTBOX_BYTES // 4000)]
    office.publish(readers, *texts)
    office.courier.start()
    with ThreadPoolExecutor() as pool:
        for got in pool.map(lambda reader: reader.until(f"^alice: {len(texts) - 1} "), readers):
            assert got == [f"alice: {text}" for text in texts]


def test_a_lost_connection_is_cut_and_the_others_are_served(office: Office) -> None:
    """A send that fails is nobody else's problem."""
    office.courier.start()
    lost, reader = office.reader(), office.reader()
    lost.sock.close()
    office.publish([lost, reader], "one")
    office.publish([lost, reader], "two")
    assert reader.until("two") == ["alice: one", "alice: two"]
    assert lost.outbox.close_reason == ""  # it was the client that left


def test_the_first_reason_to_end_a_connection_is_the_one_that_is_told(office: Office) -> None:
    """Several threads may have one at the same moment: each is told apart from "no reason", which changes nothing."""
    outbox = office.reader().outbox
    outbox.give_reason("")
    start = threading.Barrier(8)

    def give(reason: str) -> str:
        start.wait(DEADLINE)
        outbox.give_reason(reason)
        return outbox.close_reason

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(give, [str(number) for number in range(8)]))
    assert len(told) == 1


def test_a_goodbye_is_written_before_the_connection_ends(office: Office) -> None:
    """Even if much was waiting before it."""
    office.courier.start()
    slow = office.reader(buffer=4096)
    office.publish([slow], *[f"{i} {'x' * 1000}" for i in range(300)])
    office.courier.reply(slow.session, Goodbye("bye"))
    office.courier.flush()
    told = slow.rest()
    assert len(told) == 301
    assert told[-1] == "* Goodbye (bye)."
    assert not slow.outbox.close_reason


@pytest.mark.parametrize("waiting", [0, 300])
def test_a_released_socket_is_closed_when_all_is_written(office: Office, waiting: int) -> None:
    """The courier closes it, and nobody else does."""
    office.courier.start()
    reader = office.reader(buffer=4096)
    office.publish([reader], *[f"{i} {'x' * 1000}" for i in range(waiting)])
    office.courier.close(reader.session)
    assert len(reader.rest()) == waiting
    eventually(lambda: reader.outbox.sock.fileno() == -1, "the socket is closed")


def test_an_event_for_a_closed_connection_is_dropped(office: Office) -> None:
    """An audience may be older than the end of one of its members."""
    office.courier.start()
    gone, reader = office.reader(), office.reader()
    office.courier.close(gone.session)
    assert gone.rest() == []
    office.publish([gone, reader], "hi")
    assert reader.until("hi") == ["alice: hi"]


def test_a_format_that_renders_nothing_sends_nothing(office: Office) -> None:
    """Some clients aren't told of some events."""
    reader = office.reader()
    office.courier.start()
    audience = Audience.of([reader.session])
    office.courier.broadcast(said("\x01VERSION\x01"), audience)
    office.publish([reader], "hi")
    assert reader.until("hi") == ["alice: hi"]


def test_who_causes_too_much_waits_until_the_courier_has_caught_up(office: Office) -> None:
    """The backlog is bounded by the senders' own threads; a sender that causes little is not held."""
    reader = office.reader()
    office.courier.wait_for_backlog()  # nothing waits: returns at once
    office.publish([reader], *["x"] * (BACKLOG_EVENTS + 1))
    admitted = threading.Event()

    def sender() -> None:
        office.courier.wait_for_backlog()
        admitted.set()

    thread = threading.Thread(target=sender, daemon=True)
    thread.start()
    eventually(lambda: office.courier._blocked == 1, "the sender waits")
    assert not admitted.is_set()
    office.courier.start()
    assert len(reader.until("x") + [reader.wait("x") for _ in range(BACKLOG_EVENTS)]) == BACKLOG_EVENTS + 1
    assert admitted.wait(DEADLINE)
    thread.join(DEADLINE)


def test_a_stopping_courier_writes_what_is_left(office: Office) -> None:
    """And ends as soon as that is done."""
    reader = office.reader(buffer=4096)
    office.publish([reader], *[f"{i} {'x' * 1000}" for i in range(300)])
    office.courier.start()
    office.courier.stop(DEADLINE)
    reader.until("^alice: 299 ")
    office.courier.join(DEADLINE)
    assert not office.courier.is_alive()


def test_a_stopping_courier_gives_up_who_does_not_read(office: Office) -> None:
    """After the patience it is given."""
    stuck = office.reader(buffer=4096)
    office.publish([stuck], *[f"{i} {'x' * 1000}" for i in range(300)])
    office.courier.start()
    eventually(lambda: stuck.outbox.behind_bytes, "something waits in the outbox")
    office.courier.stop(0.05)
    office.courier.join(DEADLINE)
    assert not office.courier.is_alive()


# ---- what goes wrong ------------------------------------------------------------------------------------------------


def test_what_cannot_be_told_costs_nobody_the_rest(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake in the words for one event, in the midst of others for the same and for other people."""
    render = PlainFormat.render

    def fail(self: PlainFormat, event: Event) -> bytes:
        if isinstance(event, Said) and event.text == "untold":
            raise ZeroDivisionError
        return render(self, event)

    monkeypatch.setattr(PlainFormat, "render", fail)
    one, other = office.reader(), office.reader()
    office.publish([one], "first", "untold", "last")
    office.publish([other], "untold", "other")
    office.courier.start()
    assert one.until("last") == ["alice: first", "alice: last"]
    assert other.until("other") == ["alice: other"]
    assert caplog.text.count("an event could not be told: Said") == 2


def test_what_could_not_be_saved_is_seen_by_nobody(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Even if saving fails as it never should; whoever is to go goes, nobody waits in vain, and the chat goes on."""
    saved: list[str] = []

    def save(events: list[Event]) -> None:
        texts = [event.text for event in events if isinstance(event, Said)]
        if "unsaved" in texts:
            raise MemoryError
        saved.extend(texts)

    office.courier._save = save
    reader, leaving, gone = office.reader(), office.reader(), office.reader()
    office.publish([reader, leaving, gone], "unsaved")
    office.courier.reply(leaving.session, Goodbye("bye"))
    office.courier.close(gone.session)
    fence = office.courier.barrier()
    office.courier.start()
    assert fence.wait(DEADLINE)
    assert leaving.rest() == gone.rest() == []
    office.publish([reader], "saved")
    assert reader.until("saved") == ["alice: saved"]
    assert saved == ["saved"]
    assert "could not be saved" in caplog.text


def test_what_could_not_be_counted_is_delivered(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """The figures may be wrong; the chat is not."""

    def meter(batch: list[Item]) -> None:
        raise ZeroDivisionError

    office.courier.on_sent = meter
    office.courier.start()
    reader = office.reader()
    for text in ("one", "two"):
        office.publish([reader], text)
        assert reader.until(text) == [f"alice: {text}"]
    eventually(lambda: "could not be counted" in caplog.text, "it is logged")


def test_a_mistake_while_it_waits_does_not_end_the_chat(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was handed over meanwhile is delivered once it has passed."""
    select = office.courier._slow._selector.select
    left = 3

    def fail(timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        nonlocal left
        if left:
            left -= 1
            raise ZeroDivisionError
        return select(timeout)

    monkeypatch.setattr(office.courier._slow._selector, "select", fail)
    office.courier.start()
    reader = office.reader()
    eventually(lambda: left == 0, "it has failed")
    office.publish([reader], "hi")
    assert reader.until("hi") == ["alice: hi"]
    assert caplog.text.count("could not be looked through") == 3


def test_a_mistake_that_does_not_pass_does_not_keep_it_from_stopping(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or else the server would never end."""

    def fail(timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        raise ZeroDivisionError

    stuck = office.reader(buffer=4096)
    office.publish([stuck], *[f"{i} {'x' * 1000}" for i in range(300)])
    monkeypatch.setattr(office.courier._slow._selector, "select", fail)
    office.courier.start()
    eventually(lambda: stuck.outbox.behind_bytes, "something waits in the outbox")
    office.courier.stop(0.05)
    office.courier.join(DEADLINE)
    assert not office.courier.is_alive()


def test_an_outbox_that_cannot_be_written_holds_up_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake about one connection is the end of that one alone."""
    bad, slow = office.reader(buffer=4096), office.reader(buffer=4096)
    drain = office.courier._slow._drain

    def fail(outbox: Outbox) -> None:
        if outbox is bad.outbox:
            raise ZeroDivisionError
        drain(outbox)

    monkeypatch.setattr(office.courier._slow, "_drain", fail)
    office.courier.start()
    office.publish([bad, slow], *[f"{i} {'x' * 1000}" for i in range(300)])
    with ThreadPoolExecutor() as pool:
        pool.submit(bad.rest)
        assert len(slow.until("^alice: 299 ")) == 300
    assert bad.outbox.close_reason == "its outbox could not be written"


def test_who_cannot_be_waited_for_is_cut_and_what_it_missed_counts_no_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel watches only so many sockets; the others get everything, also those after it."""
    first, refused, last = (office.reader(buffer=4096) for _ in range(3))
    register = office.courier._slow._selector.register

    def fail(sock: socket.socket, events: int, data: object = None) -> selectors.SelectorKey:
        if sock is refused.outbox.sock:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return register(sock, events, data)

    monkeypatch.setattr(office.courier._slow._selector, "register", fail)
    readers = [first, refused, last]
    office.courier.start()
    office.publish(readers, *[f"{i} {'x' * 1000}" for i in range(300)])
    eventually(lambda: refused.outbox.close_reason, "the one that can't be waited for is cut")
    assert refused.outbox.close_reason == "no room to keep what was sent to it"
    assert len(refused.rest()) < 300
    for reader in (first, last):
        assert len(reader.until("^alice: 299 ")) == 300
    eventually(lambda: office.courier.queue()[1] == 0, "nothing waits")
    eventually(lambda: office.courier._slow.memory.bytes == 0, "nothing is held")


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.ETIMEDOUT, "connection timed out"), (errno.EHOSTUNREACH, "connection timed out"), (errno.EPIPE, "")],
)
def test_a_client_out_of_reach_is_called_so(office: Office, number: int, told: str) -> None:
    """It may have missed what was said before; who has closed the connection has not."""

    def send(data: Chunk, flags: int) -> int:
        raise OSError(number, os.strerror(number))

    outbox = office.reader().outbox
    outbox.send = send
    office.courier.start()
    office.publish(office.readers, "hello")
    office.carried()
    assert outbox.close_reason == told
