"""The attacks, with a handful of clients: what does not depend on time must pass at every size."""

import os
from collections.abc import Iterator

import pytest

from tests.benchmarks.abuse.attack import Attack
from tests.benchmarks.abuse.attacks import ATTACKS

DEADLINES = {"slowloris", "tls"}  # for which even a short one waits: tests/test_watch.py and test_tls.py don't


@pytest.fixture(autouse=True)
def processors() -> Iterator[None]:
    """An attack gives itself and its server a processor each; the next test may have all again."""
    before = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.name not in DEADLINES], ids=lambda attack: attack.name)
def test_an_attack_does_no_harm(attack: Attack) -> None:
    """Nothing is lost, nobody sees what they should not, nothing stays behind, no traceback. Nothing is timed here."""
    failed = [check for check in attack.run(True) if not (check.passed or check.timed)]
    assert not failed
