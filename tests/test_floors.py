"""The rooms of the house: who may import whom, and which library lives where.

A module imports only from floors below its own, siblings inside one package aside.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatroom

SOURCE = Path(chatroom.__file__).parent

FLOORS = [
    {
        "clock",
        "errors",
        "events",
        "held",
        "modes",
        "names",
        "ircwire",
        "limits",
        "lockfile",
        "logs",
        "lookalikes",
        "networks",
        "text",
    },
    {
        "absence",
        "accounts",
        "asking",
        "bans",
        "dialects",
        "hub",
        "log",
        "markers",
        "memory",
        "monitor",
        "order",
        "passwords",
        "past",
        "redaction",
        "rights",
        "rooms",
        "store",
    },
    {"cluster", "connection", "courier", "client", "door", "logwriter", "parcels", "streams", "tls", "tuning", "watch"},
    {"handler", "server", "console", "gui", "metrics", "service", "signals", "terminal"},
    {"backup_cli", "cli", "config", "history_cli"},
]
# Which parts lean on which others of their own floor: the one way round that is meant.
SAME_FLOOR = {
    "clock": set(),
    "errors": set(),
    "events": {"errors"},
    "names": {"errors", "limits", "lookalikes"},
    "ircwire": set(),
    "limits": set(),
    "held": {"limits"},
    "lockfile": set(),
    "text": {"errors", "limits"},
    "rooms": set(),
    "modes": {"events", "limits", "names", "text"},
    "asking": {"rooms"},
    "networks": {"events"},
    "bans": {"rights", "rooms"},
    "order": {"bans", "rights", "rooms"},
    "rights": {"rooms"},
    "memory": {"rooms"},
    "markers": {"rooms"},
    "monitor": {"rooms"},
    "redaction": {"rights", "rooms"},
    "past": {"rooms"},
    "passwords": set(),
    "absence": {"rooms"},
    "accounts": {"bans", "monitor", "passwords", "rights", "rooms"},
    "hub": {
        *("absence", "accounts", "asking", "bans", "markers", "memory", "monitor", "order", "passwords", "past"),
        *("redaction", "rights", "rooms"),
    },
    "log": {"hub", "rooms"},
    "connection": set(),
    "parcels": set(),
    "courier": {"connection", "parcels"},
    "watch": {"connection", "courier"},
    "server": {"handler"},
    "console": {"server"},
    "metrics": {"server"},
    "history_cli": set(),
    "backup_cli": {"history_cli"},
    "config": set(),
    "logs": {"limits"},
    "streams": set(),
    "cli": {"backup_cli", "config", "history_cli"},
}
HOMES = {
    "unicodedata": {"names", "text"},
    "sqlite3": {"store"},
    "redis": {"cluster"},
    "prometheus_client": {"metrics"},
    "selectors": {"courier", "client"},
    "ctypes": {"tuning"},
    "socketserver": {"handler", "metrics", "server"},
    "ssl": {"tls", "client", "handler", "server"},
    "tkinter": {"gui"},
    "click": {"backup_cli", "cli", "config", "history_cli"},
    "socket": {"connection", "courier", "metrics", "server", "service", "client", "cli"},
}
MODULES = sorted(SOURCE.rglob("*.py"))
ENTRANCES = {"__init__", "__main__"}  # of the package: its version, and the way to the command line


def part(path: Path) -> str:
    """The module or package directly under `chatroom` that a file belongs to."""
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def floor(name: str) -> int:
    """The floor of a part of `chatroom`; every part must have one."""
    return next(number for number, parts in enumerate(FLOORS) if name in parts)


def imported(path: Path) -> Iterator[str]:
    """The dotted names of all that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its floor"
            assert node.module
            if node.module == "chatroom":
                yield from (f"chatroom.{alias.name}" for alias in node.names)
            else:
                yield node.module


def parts_used(path: Path) -> set[str]:
    """The other parts of `chatroom` that a file imports."""
    names = {name.split(".")[1] for name in imported(path) if name.startswith("chatroom.")}
    return names - {part(path), "__version__"}


def named(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", [p for p in MODULES if part(p) not in ENTRANCES], ids=named)
def test_a_module_imports_only_from_floors_below(path: Path) -> None:
    """So that the rules know no sockets, and a dialect no server."""
    own = part(path)
    siblings = SAME_FLOOR.get(own, set())
    too_high = {used for used in parts_used(path) if used not in siblings and floor(used) >= floor(own)}
    assert not too_high


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_library_lives_in_one_place(path: Path) -> None:
    """What only one part knows can be changed in one part."""
    libraries = {name.split(".")[0] for name in imported(path)}
    strangers = {library for library in libraries & set(HOMES) if part(path) not in HOMES[library]}
    assert not strangers


def test_only_the_views_of_the_window_know_tkinter() -> None:
    """The window's logic can be tested without a display."""
    with_tk = {path.name for path in MODULES if any(name.split(".")[0] == "tkinter" for name in imported(path))}
    views = {"app.py", "style.py", "view.py"}
    assert all(name in views or name.endswith("_w.py") for name in with_tk), with_tk


def test_floor_0_stands_on_the_standard_library_alone() -> None:
    """The same holds for floor 1: no socket, no thread's life, no third party."""
    for path in (p for p in MODULES if part(p) in FLOORS[0] | FLOORS[1] - {"store"}):
        assert not {"socket", "select", "selectors", "click"} & {name.split(".")[0] for name in imported(path)}, path
