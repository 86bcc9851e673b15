"""The attacks, with a handful of clients: what does not depend on time must pass at every size."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.benchmarks.abuse.attack import Attack
from tests.benchmarks.abuse.attacks import ATTACKS

DEADLINES = {
    "slowloris",
    "slowloris-web",
    "tls",
}  # for which even a short one waits: tests/test_watch.py and test_tls.py don't

AS_ROOT = {"threads", "disk", "network"}


def named(attack: Attack) -> Any:
    """An attack as a test, under its name."""
    return pytest.param(attack, id=attack.name, marks=[pytest.mark.root] if attack.name in AS_ROOT else [])


@pytest.fixture(autouse=True)
def processors() -> Iterator[None]:
    """An attack gives itself and its server a processor each; the next test may have all again."""
    before = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.parametrize("attack", [named(attack) for attack in ATTACKS if attack.name not in DEADLINES])
def test_an_attack_does_no_harm(attack: Attack) -> None:
    """Nothing is lost, nobody sees what they should not, nothing stays behind, no traceback. Nothing is timed here."""
    failed = [check for check in attack.run(True) if not (check.passed or check.timed)]
    assert not failed
