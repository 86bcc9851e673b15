"""Nothing that anybody has seen is lost, whenever the server is killed; `benchmarks/crash.py` does it 50 times."""

import random
from pathlib import Path

from tests.crash import audit, cycle, history


def test_what_anybody_has_heard_survives_kill_9(tmp_path: Path) -> None:
    """Killed three times in the middle of talk: each heard line is in the history exactly once, ids rise throughout."""
    heard = []
    before = 0
    for number, rate in enumerate((75, 75, 5000)):
        heard += cycle(tmp_path, number, random.uniform(0.3, 1.0), rate=rate)
        kept = history(tmp_path)
        new = [id for _, id, text in kept if text.startswith(f"{number}-")]  # noqa: A001
        assert min(new) > before
        before = max(new)
    assert audit(kept, heard) > 100
