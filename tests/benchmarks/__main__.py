"""`python -m tests.benchmarks`: runs shapes of load against servers, and shows the medians of all rounds."""

import argparse
import gc
import json
import signal
import sys
from collections import Counter
from statistics import median
from typing import Any

from tests.benchmarks.load import RoundError, raise_limits
from tests.benchmarks.servers import COMMAND, OURS, Kind, Pins, Server, installed_peers, ours, pins
from tests.benchmarks.shapes import SHAPES, Cycles, Idle, Round, Shape

_SPARE = 256  # descriptors that a server needs for other things than clients
_EXAMPLES = """\
examples:
  python -m tests.benchmarks --shape mid --shape paced --peers
  python -m tests.benchmarks --rounds 5 --json > figures.json
  python -m tests.benchmarks --shape big --command '/other/python -m chatroom serve -p {port} --unlimited --data {data}'

Server and load generator get a processor each. Machines differ, and are noisy: compare figures of one run only.
"""


def main() -> None:
    options = _options()
    chosen = [shape.scaled(options.scale) for shape in SHAPES if not options.shape or shape.name in options.shape]
    descriptors = raise_limits()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that no server is left behind
    gc.disable()  # the load generator makes no cycles, and must not pause
    where = pins(not options.no_pin)
    report = []
    for wanted in chosen:
        shape = _within(wanted, descriptors)
        kinds = [ours(options.command + (shape.options if isinstance(shape, Cycles) else ""))]
        if options.peers:
            kinds += [peer for peer in installed_peers() if peer.name in shape.peers]
        rounds = _measure(shape, kinds, where, options.rounds)
        report.append(_summary(shape, rounds))
        if not options.json:
            print(_table(shape, rounds), flush=True)
    if options.json:
        json.dump(report, sys.stdout, indent=2)
        print()


def _options() -> argparse.Namespace:
    listed = "\n".join(f"  {shape.name:<8}{shape.about}" for shape in SHAPES)
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=f"Measures chatroom serve under load, on this machine alone.\n\nshapes:\n{listed}",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [shape.name for shape in SHAPES]
    parser.add_argument("--shape", action="append", choices=names, metavar="NAME", help="one of these (default: all)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="the figures are medians of N (default: 3)")
    parser.add_argument("--scale", type=float, default=1.0, metavar="F", help="F times as many clients (default: 1)")
    parser.add_argument("--command", default=COMMAND, help="how chatroom is started (default: %(default)s)")
    parser.add_argument("--peers", action="store_true", help="measure the other servers that are installed, too")
    parser.add_argument("--no-pin", action="store_true", help="let server and load generator use every processor")
    parser.add_argument("--json", action="store_true", help="JSON with the figures of each round instead of tables")
    return parser.parse_args()


def _within(shape: Shape, descriptors: int) -> Shape:
    """The same shape, with fewer clients if so many descriptors are too few for it."""
    if not isinstance(shape, Idle) or shape.clients <= descriptors - _SPARE:
        return shape
    _say(f"idle: only {descriptors:,} descriptors are allowed (ulimit -Hn), so there are fewer clients")
    return shape.scaled((descriptors - _SPARE) / shape.clients)


def _measure(shape: Shape, kinds: list[Kind], where: Pins, count: int) -> dict[str, list[Round]]:
    """The rounds of each server by its name. In turns, so that a noisy moment meets all alike."""
    rounds: dict[str, list[Round]] = {kind.name: [] for kind in kinds}
    for number in range(count):
        for kind in kinds:
            _say(f"{shape.name}: {kind.name}, round {number + 1} of {count}")
            try:
                with Server(kind, where) as server:
                    rounds[kind.name].append(shape.run(server))
            except RoundError as failure:
                rounds[kind.name].append(Round({}, [f"failed: {failure}"]))
            gc.collect()
    return rounds


def _medians(rounds: list[Round]) -> dict[str, float]:
    good = [r.figures for r in rounds if r.figures]
    return {name: median(figures[name] for figures in good) for name in good[0]} if good else {}


def _summary(shape: Shape, rounds: dict[str, list[Round]]) -> dict[str, Any]:
    servers = {
        name: {"median": _medians(of), "rounds": [r.figures for r in of], "notes": [n for r in of for n in r.notes]}
        for name, of in rounds.items()
    }
    return {"shape": shape.name, "about": shape.about, "servers": servers}


def _table(shape: Shape, rounds: dict[str, list[Round]]) -> str:
    """A row for each server, and for each other one how our figures compare with its."""
    medians = {name: _medians(of) for name, of in rounds.items()}
    names = list(medians[OURS])
    rows = [["", *names]]
    rows += [[name, *(_number(figures[n]) for n in names)] for name, figures in medians.items() if figures]
    for name, figures in medians.items():
        if name != OURS and figures and medians[OURS]:
            rows.append([f"{OURS} ÷ {name}", *(_ratio(medians[OURS][n], figures[n]) for n in names)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    noted = Counter((name, note) for name, of in rounds.items() for r in of for note in r.notes)
    notes = [f"  {name}: {note} ({times} of {len(rounds[name])} rounds)" for (name, note), times in noted.items()]
    return "\n".join([f"\n{shape.name}: {shape.about}", *lines, *notes])


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 1000 or figure == int(figure) else f"{figure:.3g}"


def _ratio(ours: float, theirs: float) -> str:
    return f"× {ours / theirs:.2f}" if theirs else "–"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
