"""A client's thread sends itself what it has handed over, if that is little and the courier sleeps."""

import threading
from collections.abc import Callable, Iterator

import pytest

from chatroom.model.audience import Audience
from chatroom.model.events import Event
from chatroom.net.courier import CLIENTS_SENT_AT_ONCE, ITEMS_SENT_AT_ONCE
from tests.net.test_courier import Office, said
from tests.peers import DEADLINE, eventually

SENDERS = 8
MESSAGES = 300  # of each sender


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    yield office
    office.close()


def in_client_thread(office: Office, work: Callable[[], object]) -> threading.Thread:
    """A thread that the courier takes for a client's."""

    def run() -> None:
        office.courier.client_threads.add(threading.get_ident())
        work()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


class SlowDisk:
    """A disk that takes its time to save, until `is_back` is set."""

    def __init__(self, office: Office) -> None:
        self.hangs, self.is_back = threading.Event(), threading.Event()
        self.threads: list[str] = []  # that have saved something, by name
        office.courier._save = self._save

    def _save(self, events: list[Event]) -> None:
        if events:
            self.threads.append(threading.current_thread().name)
            self.hangs.set()
            assert self.is_back.wait(DEADLINE)


def asleep(office: Office) -> None:
    """Waits until the courier has nothing to do. Nothing that can be asked of it from outside tells."""
    office.carried()
    eventually(lambda: office.courier._asleep, "the courier sleeps")


def test_little_is_sent_by_the_thread_that_hands_it_over(office: Office) -> None:
    """Only by a client's: any other may have to end soon, whatever the disk does."""
    saved: list[str] = []
    office.courier._save = lambda events: saved.append(threading.current_thread().name) if events else None
    office.courier.start()
    reader = office.reader()
    asleep(office)
    thread = in_client_thread(office, lambda: office.publish([reader], "by a client"))
    reader.wait("by a client")
    asleep(office)
    office.publish([reader], "by the console")
    reader.wait("by the console")
    asleep(office)
    texts = [f"{number} of many" for number in range(ITEMS_SENT_AT_ONCE + 1)]
    in_client_thread(office, lambda: office.publish([reader], *texts))
    reader.wait(texts[-1])
    asleep(office)
    crowd = [office.reader() for _ in range(CLIENTS_SENT_AT_ONCE + 1)]
    in_client_thread(office, lambda: office.publish(crowd, "to many"))
    crowd[-1].wait("to many")
    assert saved == [thread.name, "courier", "courier", "courier"]


def test_who_sends_takes_along_what_other_clients_hand_over_meanwhile(office: Office) -> None:
    """So that the courier is not woken when two clients come or go at the same moment."""
    disk = SlowDisk(office)
    office.courier.start()
    reader = office.reader()
    asleep(office)
    first = in_client_thread(office, lambda: office.publish([reader], "first"))
    assert disk.hangs.wait(DEADLINE)
    in_client_thread(office, lambda: office.publish([reader], "second")).join(DEADLINE)
    disk.is_back.set()
    reader.wait("second")
    assert disk.threads == [first.name, first.name]


def test_all_that_many_hand_over_comes_in_order_and_once(office: Office) -> None:
    """Whoever sends, and however often a thread finds that another does: nothing is left lying."""
    office.courier.start()
    readers = [office.reader() for _ in range(3)]
    order = threading.Lock()  # as the event log's: what is handed over is in order
    handed_over: list[str] = []

    def talk(sender: int) -> None:
        audience = Audience.of(reader.session for reader in readers)
        for number in range(MESSAGES):
            with order:
                text = f"{sender} says {number}"
                handed_over.append(text)
                office.courier.broadcast(said(text), audience)
            office.courier.flush()

    threads = [in_client_thread(office, lambda sender=sender: talk(sender)) for sender in range(SENDERS)]  # type: ignore[misc]
    for thread in threads:
        thread.join(DEADLINE)
    for reader in readers:
        assert [reader.wait(r"alice: (.*)$")[1] for _ in handed_over] == handed_over


def test_a_disk_that_hangs_holds_up_one_client_and_no_other_thread(office: Office) -> None:
    """The others go on; what they hand over is sent when the disk is back."""
    disk = SlowDisk(office)
    office.courier.start()
    reader = office.reader()
    asleep(office)
    first = in_client_thread(office, lambda: office.publish([reader], "first"))
    assert disk.hangs.wait(DEADLINE)
    second = in_client_thread(office, lambda: office.publish([reader], "second"))
    second.join(DEADLINE)
    office.publish([reader], "third")
    assert first.is_alive()
    assert not second.is_alive()
    disk.is_back.set()
    assert [reader.wait(r"alice: (.*)$")[1] for _ in range(3)] == ["first", "second", "third"]


def test_who_does_not_read_is_served_by_the_courier(office: Office) -> None:
    """What a client's thread could not send comes as soon as its reader takes it."""
    office.courier.start()
    slow = office.reader(buffer=1)
    asleep(office)
    text = "x" * 100_000
    in_client_thread(office, lambda: office.publish([slow], text)).join(DEADLINE)
    assert office.courier.slow_readers() == {slow.outbox}
    slow.wait(f"{text}$")
    eventually(lambda: not office.courier.slow_readers(), "nothing is left for it")
