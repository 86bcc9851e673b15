"""What an attack is: a function that starts a server, does its worst, and returns what it found as `Check`s."""

import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.benchmarks.servers import Server, ours, pins

MODULE = ("-m", "chatroom")


@dataclass(frozen=True)
class Check:
    """One line of a report: what was measured, beside what passes."""

    what: str
    measured: float | str
    goal: str
    passed: bool
    timed: bool = False  # whether it depends on how fast the machine is, and what else it does


class Attack(NamedTuple):
    name: str
    about: str
    run: Callable[[bool], list[Check]]  # whether it is to be short: seconds, with a handful of clients


def start(*options: str, port: int = 0, python: Sequence[str] = MODULE) -> Server:
    """A server of its own; without `--unlimited` it has all its limits. `python` is what Python is told to run."""
    command = [sys.executable, *python, "serve", "-p", "{port}", "--data", "{data}", *options]
    return Server(
        ours(shlex.join(command).replace("'{data}'", "{data}").replace("'{port}'", "{port}")), pins(True), port
    )


def at_most(what: str, measured: float, bound: float, unit: str, timed: bool = False) -> Check:
    return Check(what, measured, f"at most {bound:g} {unit}", measured <= bound, timed)


def exactly(what: str, measured: float, wanted: float) -> Check:
    return Check(what, measured, f"{wanted:g}", measured == wanted)


def not_here(needs: str) -> list[Check]:
    return [Check("carried out", f"no: that needs {needs}", "told only", True)]


def allowed(*command: str) -> bool:
    """Whether this machine has such a command, and lets us."""
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
