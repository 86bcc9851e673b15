"""Kills a server 50 times in the middle of talk, on one file, and checks after each that nothing heard is lost.

python -m tests.benchmarks.crash [CYCLES] [MESSAGES_A_SECOND]
"""

import random
import sys
import tempfile
from pathlib import Path

from tests.crash import audit, cycle, history


def main(cycles: int = 50, rate: int = 300) -> None:
    senders = 4
    heard = []
    last = 0
    with tempfile.TemporaryDirectory() as data:
        for number in range(cycles):
            heard += cycle(Path(data), number, random.uniform(0.2, 1.5), senders, rate / senders)
            kept = history(Path(data))
            new = [id for _, id, text in kept if text.startswith(f"{number}-")]  # noqa: A001
            assert not new or min(new) > last, "ids went back"
            last = max([last, *new])
            count = audit(kept, heard)
            print(f"cycle {number + 1}: {count} heard, all of them in the history, which has {len(kept)}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
