"""Who may import whom: one table, for every file, imports in functions and for type checkers included.

How large a class and a file may be is held here, too.
"""

import ast
import socketserver
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import chatroom
from chatroom.server.chat_server import ChatServer
from chatroom.server.handler import ChatHandler

SOURCE = Path(chatroom.__file__).parent
FILES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))

# What each package may import of chatroom, besides itself. `protocols.base` is the one file that `net` needs.
MAY_IMPORT: dict[str, set[str]] = {
    "common": set(),
    "model": {"common"},
    "core": {"model", "common"},
    "protocols": {"model", "common"},
    "storage": {"model", "common"},
    "net": {"model", "common", "protocols.base"},
    "cluster": {"core", "model", "common"},
    "web": {"common", "model", "protocols"},
    "server": {"common", "model", "core", "protocols", "storage", "net", "cluster", "web"},
    "client": {"common"},
    "gui": {"client", "common"},
    "tui": {"client", "common"},
    "cli": {
        "common",
        "model",
        "core",
        "protocols",
        "storage",
        "net",
        "cluster",
        "web",
        "server",
        "client",
        "gui",
        "tui",
    },
    "__main__": {"cli"},
    "__init__": set(),
}
# Where a library may be imported, and nowhere else: packages, or single files.
HOMES: dict[str, set[str]] = {
    "click": {"cli"},
    "ctypes": {"server.process_tuning"},
    "ifaddr": {"common.lan"},
    "prometheus_client": {"server.metrics"},
    "prompt_toolkit": {"tui.prompt"},
    "redis": {"cluster"},
    "segno": {"common.qr"},
    "selectors": {"net.slow_readers", "client"},
    "socket": {"net", "server", "client", "cli", "cluster.redis_stream", "web.origins"},
    "socketserver": {"server"},
    "sqlite3": {"storage"},
    "ssl": {"net", "server", "client"},
    "tkinter": {"gui"},
    "unicodedata": {"common"},
    "websockets": {"web.websocket"},
    "zeroconf": {"client.lan", "server.announcement"},
}
# Lines at most, so that each can be read at one sitting: what grows further has a part that can stand by itself.
CLASS_LINES_MAX = 400
FILE_LINES_MAX = 600


def name_of(path: Path) -> str:
    """A file's name as it is imported, without `chatroom.`; `__init__` for the package itself."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


NAMES = {name_of(path) for path in FILES}


@cache
def imports(path: Path) -> frozenset[str]:
    """All that a file imports: files of chatroom as `chatroom.…`, libraries by their first name."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((SOURCE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield each.name if each.name.startswith("chatroom") else each.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{path} imports relatively"
            if node.module.partition(".")[0] != "chatroom":
                yield node.module.partition(".")[0]
                continue
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                yield whole if whole.removeprefix("chatroom.") in NAMES else node.module


def own(path: Path) -> set[str]:
    """What a file imports of chatroom, without `chatroom.`."""
    return {each.removeprefix("chatroom.") for each in imports(path) if each.startswith("chatroom.")}


def lies_in(name: str, place: str) -> bool:
    """Whether a file is this one, or in this package."""
    return name == place or name.startswith(f"{place}.")


def test_every_package_has_a_row() -> None:
    """A new one must say what it may import."""
    assert {name.partition(".")[0] for name in NAMES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_imports_only_what_its_package_may(path: Path) -> None:
    """The table has no exceptions."""
    package = name_of(path).partition(".")[0]
    allowed = {package, *MAY_IMPORT[package]}
    assert not [name for name in own(path) if not any(lies_in(name, place) for place in allowed)]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_library_is_imported_only_where_it_lives(path: Path) -> None:
    """So that each can be replaced in one place."""
    name = name_of(path)
    strangers = [lib for lib in imports(path) if lib in HOMES and not any(lies_in(name, home) for home in HOMES[lib])]
    assert not strangers


def test_nothing_imports_in_a_circle() -> None:
    """Between files, wherever in a file the import stands."""
    graph = {name_of(path): own(path) & NAMES - {name_of(path)} for path in FILES}
    while free := {name for name, needed in graph.items() if not needed & graph.keys()}:
        graph = {name: needed for name, needed in graph.items() if name not in free}
    assert not {name: needed & graph.keys() for name, needed in graph.items() if _is_in_circle(graph, name)}


def _is_in_circle(graph: dict[str, set[str]], start: str) -> bool:
    seen: set[str] = set()
    ahead = list(graph[start] & graph.keys())
    while ahead:
        name = ahead.pop()
        if name == start:
            return True
        if name not in seen:
            seen.add(name)
            ahead += graph[name] & graph.keys()
    return False


def test_the_chat_is_carried_by_socketserver() -> None:
    """The program's shape, which its documents promise."""
    assert issubclass(ChatServer, socketserver.ThreadingTCPServer)
    assert issubclass(ChatHandler, socketserver.StreamRequestHandler)


def test_a_widget_alone_knows_tkinter() -> None:
    """In the window, what can be tested without a screen imports no Tk."""
    for path in FILES:
        name = name_of(path)
        if lies_in(name, "gui") and "tkinter" in imports(path):
            assert name in ("gui.app", "gui.view", "gui.style") or name.endswith("_w"), name


@pytest.mark.parametrize("path", FILES, ids=str)
def test_nothing_is_too_large_to_be_read(path: Path) -> None:
    """A class counts from `class` to its last line."""
    source = (SOURCE / path).read_text(encoding="utf-8")
    nodes = ast.walk(ast.parse(source))
    classes = {each.name: _lines(each) for each in nodes if isinstance(each, ast.ClassDef)}
    assert not {name: lines for name, lines in classes.items() if lines > CLASS_LINES_MAX}
    assert len(source.splitlines()) <= FILE_LINES_MAX


def _lines(node: ast.ClassDef) -> int:
    assert node.end_lineno
    return node.end_lineno - node.lineno + 1
