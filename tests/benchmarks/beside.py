"""Does all that may be done beside a busy server, and kills it after that, 20 times each: nothing heard may be lost.

python -m tests.benchmarks.beside [TIMES] [MESSAGES_A_SECOND]
"""

import random
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.crash import BESIDE, Heard, audit, beside, check, cycle, history

LIFE = (3.0, 5.0)  # seconds: the server empties its log into the file meanwhile, when it has grown by 4 MiB


def main(times: int = 20, rate: int = 400) -> None:
    senders = 4
    for name in BESIDE:
        heard: list[Heard] = []
        count = 0
        with tempfile.TemporaryDirectory() as directory:
            data = Path(directory) / "data"
            for number in range(times):
                meanwhile = partial(beside, data, name)
                heard += cycle(data, number, random.uniform(*LIFE), senders, rate / senders, meanwhile)
                check(data / "chatroom.db")
                kept = history(data)
                if name == "prune all":  # what was said until then is gone, as was asked for
                    first = min([id for _, id, _ in kept])  # noqa: A001
                    heard = [[line for line in one if line[1] >= first] for one in heard]
                count = audit(kept, heard)
        print(f"{name}: {times} times, {count} heard, all of them in the history; the file is whole", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
