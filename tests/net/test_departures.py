"""That somebody has left is told along with what comes next; who leaves waits for nothing."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest

from chatroom.model.audience import Audience
from chatroom.model.events import Departed, Event
from chatroom.model.replies import Goodbye, Raw
from chatroom.model.values import Person
from chatroom.net.courier import CLIENTS_SENT_AT_ONCE
from chatroom.net.sockets import is_readable
from chatroom.storage.reader import Reader as HistoryReader
from chatroom.storage.schema import FILE
from tests.net.test_courier import Office, Reader
from tests.net.test_sending_at_once import asleep, in_client_thread
from tests.peers import DEADLINE, Irc, Served, eventually


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    yield office
    office.close()


@pytest.fixture
def batches(office: Office) -> list[list[str]]:
    """What is saved, batch by batch: the kinds of its events. The courier sleeps already."""
    saved: list[list[str]] = []
    office.courier._save = lambda events: saved.append([type(e).__name__ for e in events]) if events else None
    office.courier.start()
    asleep(office)
    return saved


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Departures wait as long as a test does."""
    monkeypatch.setattr("chatroom.net.courier.DEPARTURE_SECONDS", 3 * DEADLINE)


def rests(office: Office) -> bool:
    """Whether the courier sleeps, and nothing has woken it."""
    return not is_readable(office.courier._slow._woken, 0) and office.courier._asleep


def leave(office: Office, who: Reader, *told: Reader) -> None:
    """As a client's thread does it that is done with its client."""

    def end() -> None:
        person = Person(who.session.uid, f"u{who.session.uid}", "u", "127.0.0.1")
        office.courier.broadcast(Departed(person, "bye", ("#lobby",)), Audience.of(r.session for r in told))
        who.session.closing = True
        office.courier.reply(who.session, Goodbye("bye"))
        office.courier.close(who.session)

    in_client_thread(office, end).join(DEADLINE)
    eventually(lambda: rests(office), "the courier sleeps again")


def do(office: Office, work: Callable[[], object]) -> None:
    """Work of a client's thread, which then sends what it has handed over."""

    def run() -> None:
        work()
        office.courier.flush()

    in_client_thread(office, run).join(DEADLINE)
    eventually(lambda: rests(office), "the courier sleeps again")


def test_a_departure_comes_along_with_what_is_said_next(
    patient: None, office: Office, batches: list[list[str]]
) -> None:
    """One batch is saved for both, in their order."""
    anna, ben, cleo = office.reader(), office.reader(), office.reader()
    leave(office, anna, ben, cleo)
    leave(office, ben, cleo)
    in_client_thread(office, lambda: office.publish([cleo], "hello")).join(DEADLINE)
    lines = cleo.until("hello$")
    assert [word for line in lines for word in ("u1", "u2", "hello") if word in line] == ["u1", "u2", "hello"]
    assert batches == [["Departed", "Departed", "Said"]]


def test_a_departure_is_told_even_if_nothing_follows(office: Office, batches: list[list[str]]) -> None:
    """Whether the courier slept for long, or has just waited for others."""
    readers = [office.reader() for _ in range(4)]
    for gone in readers[:3]:
        leave(office, gone, readers[3])
        readers[3].wait(f"u{gone.session.uid}.*bye")
    asleep(office)
    assert list(chain(*batches)) == ["Departed"] * 3


def test_who_leaves_is_told_so_and_closed_at_once(patient: None, office: Office, batches: list[list[str]]) -> None:
    """Although others hear of it later."""
    anna, ben = office.reader(), office.reader()
    leave(office, anna, ben)
    assert anna.rest(), "it is told that it has left"
    assert anna.outbox.sock.fileno() == -1
    leave(office, ben)
    ben.rest()
    assert batches == []


def test_an_answer_overtakes_a_departure_only_for_others(
    patient: None, office: Office, batches: list[list[str]]
) -> None:
    """Who is told of the departure hears of it before what comes later."""
    anna, ben, cleo = office.reader(), office.reader(), office.reader()
    leave(office, anna, ben)
    do(office, lambda: office.courier.reply(cleo.session, Raw(b"for cleo\n")))
    cleo.wait("^for cleo$")
    assert batches == []
    do(office, lambda: office.courier.reply(ben.session, Raw(b"for ben\n")))
    assert "u1" in ben.until("^for ben$")[0]
    assert batches == [["Departed"]]


def test_of_a_departure_from_a_large_room_many_are_told_at_once(
    patient: None, office: Office, batches: list[list[str]]
) -> None:
    """By the courier. To save it along with something else would be no gain."""
    crowd = [office.reader() for _ in range(CLIENTS_SENT_AT_ONCE + 1)]
    leave(office, office.reader(), *crowd)
    for reader in crowd:
        reader.wait("bye")
    assert batches == [["Departed"]]


def test_what_is_looked_up_finds_the_departures_before_it(
    patient: None, office: Office, batches: list[list[str]]
) -> None:
    """Who waits until all is saved does not wait for what comes next."""
    leave(office, office.reader(), office.reader())
    passed: list[threading.Event] = []
    do(office, lambda: passed.append(office.courier.barrier()))
    assert passed[0].wait(DEADLINE)
    assert batches == [["Departed"]]


def test_a_stop_saves_and_tells_what_waits(patient: None, office: Office, batches: list[list[str]]) -> None:
    """Nothing more comes then."""
    anna, ben = office.reader(), office.reader()
    leave(office, anna, ben)
    office.courier.stop(DEADLINE)
    office.courier.join(DEADLINE)
    ben.wait("u1.*bye")
    assert batches == [["Departed"]]


def test_many_who_leave_together_are_told_of(office: Office, batches: list[list[str]]) -> None:
    """More than fit into a batch that a client's thread sends, and while others talk."""
    ear, talker = office.reader(), office.reader()
    goers = [office.reader() for _ in range(100)]
    for number, gone in enumerate(goers):
        leave(office, gone, ear)
        if number % 10 == 0:
            in_client_thread(office, lambda: office.publish([ear, talker], "hello")).join(DEADLINE)
    heard = [ear.wait(r"\bu(\d+)\b.*bye")[1] for _ in goers]
    assert heard == [gone.session.uid for gone in goers]
    assert list(chain(*batches)).count("Departed") == len(goers)


def test_a_departure_that_was_heard_of_survives_kill_9(tmp_path: Path) -> None:
    """And a name is free as soon as it was given up."""
    data = tmp_path / "data"
    for number in range(3):
        served = Served("-p", "0", "--data", str(data))
        bob = Irc(served.port, "bob")
        for _ in range(5):
            alice = Irc(served.port, "alice")
            alice.send(f"QUIT :gone {number}")
            bob.wait(f"^:alice!.* QUIT :.*gone {number}")
            alice.close()
        os.kill(served.process.pid, signal.SIGKILL)
        bob.close()
        served.close()
    reader = HistoryReader(data / FILE)
    events: list[Event] = reader.history("#lobby", limit=1000, everything=True)
    reader.close()
    assert [e.reason.split()[-1] for e in events if isinstance(e, Departed) and "gone" in e.reason] == [
        *(["0"] * 5),
        *(["1"] * 5),
        *(["2"] * 5),
    ]
