"""`python -m tests.everywhere [--seconds 600] [--seed 1] [--kills 5]`: see `walk`. Takes the screen of nobody."""

import argparse
import secrets
import tempfile
from pathlib import Path

from tests.everywhere.walk import Walk, all_kinds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.everywhere", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--kills", type=int, default=5, help="how often a server is killed")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        all_kinds() as kinds,
        Walk(Path(directory), options.seed, kinds, say=True) as walk,
    ):
        walk.run(options.seconds, options.kills)
        order = walk.check()
    print(f"{walk.arrivals} devices came, {walk.kills} servers were killed, {len(order)} lines are in the history.")


if __name__ == "__main__":
    main()
