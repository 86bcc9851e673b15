"""Fair turns: what waits is let in by owner, not by who came first."""

import threading

from chatroom.storage.fair_semaphore import FairSemaphore
from tests.peers import DEADLINE, eventually


def test_many_of_one_owner_hold_up_nobody_else() -> None:
    """One of each in turn, each owner's own in their order; and a place that nobody waits for is free again."""
    turns = FairSemaphore(1)
    served: list[str] = []

    def come(who: str) -> None:
        with turns.slot(who[0]):
            served.append(who)

    threads = []
    with turns.slot("z"):
        for number, who in enumerate(("a1", "a2", "a3", "b1", "a4", "c1", "b2"), 1):
            threads.append(threading.Thread(target=come, args=(who,)))
            threads[-1].start()
            eventually(lambda number=number: turns.waiting() == number, f"{who} waits")  # type: ignore[misc]
    for thread in threads:
        thread.join(DEADLINE)
    assert served == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]
    with turns.slot("a"):
        assert turns.waiting() == 0
