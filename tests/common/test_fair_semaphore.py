"""The fair semaphore: slots go round-robin to owners, not to who came first."""

import threading

import pytest

from chatroom.common.fair_semaphore import FairSemaphore
from tests.peers import DEADLINE, eventually


@pytest.mark.parametrize(
    ("last_first", "order"),
    [(False, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]), (True, ["a4", "b2", "c1", "a3", "b1", "a2", "a1"])],
)
def test_many_of_one_owner_hold_up_nobody_else(last_first: bool, order: list[str]) -> None:
    """One of each in turn, each owner's own as they came, or the last first. What nobody waits for is free again."""
    semaphore = FairSemaphore(1, last_first=last_first)
    served: list[str] = []

    def come(who: str) -> None:
        with semaphore.slot(who[0]):
            served.append(who)

    threads = []
    with semaphore.slot("z"):
        for number, who in enumerate(("a1", "a2", "a3", "b1", "a4", "c1", "b2"), 1):
            threads.append(threading.Thread(target=come, args=(who,)))
            threads[-1].start()
            eventually(lambda number=number: semaphore.waiting() == number, f"{who} waits")  # type: ignore[misc]
    for thread in threads:
        thread.join(DEADLINE)
    assert served == order
    with semaphore.slot("a"):
        assert semaphore.waiting() == 0


def test_who_waits_too_long_gets_no_slot_and_leaves_the_queue() -> None:
    """Nobody hands a slot to a thread that has gone."""
    semaphore = FairSemaphore(1)
    with semaphore.slot("a"):
        with semaphore.slot("b", 0.01) as has_slot:
            assert not has_slot
        assert semaphore.waiting() == 0
    with semaphore.slot("b", 0.01) as has_slot:
        assert has_slot


def test_one_owner_has_no_more_slots_than_each_may_have() -> None:
    """Others still get those that are free, and the owner the next one of its own."""
    semaphore = FairSemaphore(2, each=1)
    with semaphore.slot("b"):
        with semaphore.slot("a"):
            pass
        with semaphore.slot("b", 0.01) as has_slot:
            assert not has_slot
        with semaphore.slot("c"):
            pass
    with semaphore.slot("b", 0.01) as has_slot:
        assert has_slot


def test_who_seldom_asks_is_before_those_who_ask_without_end() -> None:
    """A slot goes to whoever has had none for the longest time, however many wait already."""
    semaphore = FairSemaphore(1)
    served: list[str] = []

    def come(who: str) -> None:
        with semaphore.slot(who):
            served.append(who)

    for who in ("seldom", *"abcde"):
        come(who)
    threads = []
    with semaphore.slot("z"):
        for number, who in enumerate((*"abcde", "seldom", "new"), 1):
            threads.append(threading.Thread(target=come, args=(who,)))
            threads[-1].start()
            eventually(lambda number=number: semaphore.waiting() == number, f"{who} waits")  # type: ignore[misc]
    for thread in threads:
        thread.join(DEADLINE)
    assert served[6:] == ["new", "seldom", *"abcde"]
