"""One person by all programs at once, while devices come and go and a server is killed; for some seconds."""

from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="needs playwright, which pip install '.[dev]' brings")

from tests.everywhere.walk import NEEDS, Walk, all_kinds

SECONDS = 20  # of steps at random, besides the coming and the leaving of all


@pytest.mark.needs(*NEEDS)
@pytest.mark.timeout(600)
def test_one_person_by_every_program_on_three_servers(tmp_path: Path) -> None:
    """One member everywhere; each line once on each device, in one order; the servers agree at the end."""
    with all_kinds() as kinds, Walk(tmp_path, 1, kinds) as walk:
        walk.run(SECONDS, kills=1)
        assert walk.check()
