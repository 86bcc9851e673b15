"""One person by all programs at once, while devices come and go and a server is killed; for some seconds."""

from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="needs playwright, which pip install '.[dev]' brings")

from tests.everywhere.devices import add_rows
from tests.everywhere.walk import NEEDS, Walk, all_kinds

SECONDS = 20  # of steps at random, besides the coming and the leaving of all


@pytest.mark.needs(*NEEDS)
@pytest.mark.timeout(600)
def test_one_person_by_every_program_on_three_servers(tmp_path: Path) -> None:
    """One member everywhere; each line once on each device, in one order; the servers agree at the end."""
    with all_kinds() as kinds, Walk(tmp_path, 1, kinds) as walk:
        walk.run(SECONDS, kills=1)
        assert walk.check()


@pytest.mark.parametrize(
    ("looks", "shown"),
    [
        (["abc", "abcd"], ["abcd"]),
        (["abc", "bcd", "", "de"], ["abcde"]),  # the oldest scroll away
        (["cd", "abcde"], ["abcde"]),  # what is above is drawn later
        (["ab", "ef", "abcdef"], ["abcdef"]),  # so is what came while the connection was down
        (["ab", "ef"], ["abef"]),  # the gap stays, and is a fault
        (["abc", "acb", "abc"], ["abc", "acb", "abc"]),  # a row has changed its place for a moment
        (["abc", "bac"], ["abc", "bac"]),
        (["c", "cabc", "abc"], ["c", "cabc", "abc"]),  # a row was there twice for a moment
        (["", "aa"], ["aa"]),
    ],
)
def test_what_the_page_shows_is_gathered_with_its_faults(looks: list[str], shown: list[str]) -> None:
    gathered: list[list[str]] = [[]]
    for look in looks:
        add_rows(gathered, list(look))
    assert ["".join(marks) for marks in gathered] == shown
