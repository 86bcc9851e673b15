"""How others are let in: the addresses that are told, and QR codes, read back as a camera reads them."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from chatroom.cli import firewall
from chatroom.cli.messages import how_to_join
from chatroom.client import links
from chatroom.common import qr
from chatroom.server import invitations
from chatroom.server.chat_server import ChatServer
from chatroom.server.invitations import is_from_elsewhere, link, reachable_authority
from tests.chat import INFO
from tests.peers import Guests, eventually, own_address
from tests.programs import Terminal
from tests.web.browsers import Browser

pytest.importorskip("segno")
zxingcpp = pytest.importorskip("zxingcpp")

ADDRESS = "http://192.168.1.20:9090/#tea"
PIXELS = 4  # a square's side
LINE = re.compile("\x1b\\[40;37;1m([ ▀▄█]+)\x1b\\[0m")


def read(rows: list[list[bool]]) -> str:
    """The text of a code, given by whether each square is dark."""
    pixels = bytes(0 if dark else 255 for row in rows for _ in range(PIXELS) for dark in row for _ in range(PIXELS))
    size = (len(rows) * PIXELS, len(rows[0]) * PIXELS)
    [code] = zxingcpp.read_barcodes(memoryview(pixels).cast("B", size))
    return str(code.text)


def on_screen(text: str) -> str:
    """The text of the code that stands on a terminal."""
    lines = LINE.findall(text)
    rows = [[square not in (half, "█") for square in line] for line in lines for half in "▀▄"]
    return read(rows)


def drawn(size: int, path: str) -> str:
    """The text of the code that a path draws."""
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}
    return read([[(x, y) in dark for x in range(size)] for y in range(size)])


@pytest.fixture
def open_server() -> Iterator[ChatServer]:
    """One that listens for other machines, too."""
    server = ChatServer("0.0.0.0", 0, INFO, unlimited=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def outside_of_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the tests run."""
    monkeypatch.setattr(invitations, "_CONTAINER", ())


# ---- on a terminal --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_the_start_and_the_console_show_a_code_where_the_terminal_can(locale: str) -> None:
    """It is the address beside it. Without UTF-8 there is the address alone."""
    command = [sys.executable, "-m", "chatroom", "serve", "--host", "0.0.0.0", "-p", "0", "--ephemeral"]
    env = {"LC_ALL": locale, "TERM": "xterm", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with closing(Terminal(*command, "--no-announce", **env)) as terminal:
        banner = terminal.shows("what else you can type here")
        address = re.search(r"a browser +(\S+)", banner)
        assert address
        terminal.type("invite #tea")
        terminal.type("invite tea")
        told = terminal.shows("tea is no room; invite #lobby")
        assert f"{address[1]}/#tea\n" in told
        if locale == "C":
            assert not LINE.search(banner + told)
        else:
            assert on_screen(banner) == address[1]
            assert on_screen(told) == f"{address[1]}/#tea"
        terminal.type("q")
        terminal.process.wait(30)


def test_a_server_for_one_machine_shows_no_code() -> None:
    """Nobody else could follow it. Where it is no terminal, there is none either."""
    assert "█" not in how_to_join("127.0.0.1", 9090)
    assert "█" not in how_to_join("192.0.2.7", 9090)  # the tests' output is no terminal
    assert qr.for_terminal(ADDRESS) == ""


def test_an_address_that_is_too_long_has_no_code() -> None:
    """It would not fit, and take long to make."""
    assert qr.drawing("x" * (qr.TEXT_BYTES_MAX + 1)) is None
    assert drawn(*(qr.drawing("x" * qr.TEXT_BYTES_MAX) or (0, ""))) == "x" * qr.TEXT_BYTES_MAX


# ---- links ----------------------------------------------------------------------------------------------------------


def test_links_name_the_room() -> None:
    """In any script. Without the page they are for `chatroom connect`."""
    place = ("192.0.2.7", 9090)
    assert link(*place, page=True, tls=False) == "http://192.0.2.7:9090/"
    room = "#herbata/ą"
    assert link("::1", 9090, room, page=True, tls=True) == "https://[::1]:9090/#herbata%2F%C4%85"
    for tls, scheme in ((False, "chatroom"), (True, "ircs")):
        told = link(*place, room, page=False, tls=tls)
        assert told.startswith(f"{scheme}://192.0.2.7:9090/#")
        assert links.parse(told) == links.Link(*place, tls, room)


def test_the_address_for_others_is_told_by_who_listens_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """And by no other."""
    assert reachable_authority("127.0.0.1", 9090) == ""
    assert reachable_authority("192.0.2.7", 9090) == "192.0.2.7:9090"
    assert reachable_authority("0.0.0.0", 9090) == (f"{own_address()}:9090" if own_address() else "")
    with monkeypatch.context() as patch:
        patch.setattr(invitations, "_CONTAINER", (Path("/"),))
        assert reachable_authority("0.0.0.0", 9090) == ""


# ---- the page -------------------------------------------------------------------------------------------------------


def invitation(browser: Browser, at: str) -> dict[str, object]:
    answer = browser.get(f"/invitation?at={quote(at, safe='')}")
    assert answer.status == 200, answer.body
    told: dict[str, object] = json.loads(answer.body)
    return told


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "localhost."])
def test_the_page_is_told_the_address_for_others(open_server: ChatServer, host: str) -> None:
    """Instead of one that works on the server's machine alone; and a code of it."""
    with Browser(open_server.port) as browser:
        browser.here = f"{host}:{open_server.port}"
        told = invitation(browser, f"http://{browser.here}/#herbata%C4%85")
    place = reachable_authority("0.0.0.0", open_server.port) or browser.here
    assert told["address"] == f"http://{place}/#herbata%C4%85"
    assert told["near"] is not bool(own_address())
    assert drawn(int(str(told["size"])), str(told["path"])) == told["address"]


def test_a_page_that_nobody_else_reaches_is_told_so(server: ChatServer) -> None:
    """The address stays as it is."""
    at = f"http://127.0.0.1:{server.port}/#tea"
    with Browser(server.port) as browser:
        told = invitation(browser, at)
    assert (told["address"], told["near"]) == (at, True)


@pytest.mark.parametrize(
    "at", ["", "http://evil.example/#tea", "javascript:alert(1)", "http://[", "https://127.0.0.1@evil.example/", "tea"]
)
def test_no_other_addresses_are_drawn(server: ChatServer, at: str) -> None:
    """The server is no maker of codes for anybody."""
    with Browser(server.port) as browser:
        answer = browser.get(f"/invitation?at={quote(at, safe='')}")
    assert (answer.status, answer.body) == (400, b"Only addresses of this page are drawn.\n")


# ---- nobody comes ---------------------------------------------------------------------------------------------------


def test_the_firewall_is_named_if_nobody_comes(open_server: ChatServer) -> None:
    """Somebody on this machine is nobody from elsewhere."""
    guests = Guests(open_server.port)
    guests.plain("alice")
    said: list[str] = []
    watch = firewall.watch(open_server, said.append, 0.01)
    assert watch
    eventually(lambda: said, "the firewall is named")
    watch.join()
    guests.close()
    assert len(said) == 1
    assert said[0].startswith("Nobody from another machine has come in yet.")
    assert said[0].endswith("then use another network.")


def test_nothing_is_said_of_a_firewall_if_somebody_came_or_could_not(
    server: ChatServer, open_server: ChatServer
) -> None:
    """A server for its own machine alone waits for nobody."""
    said: list[str] = []
    assert firewall.watch(server, said.append, 0.0) is None
    open_server.was_reached = True
    watch = firewall.watch(open_server, said.append, 0.0)
    assert watch
    watch.join()
    assert said == []


def test_who_comes_from_another_machine_is_known(server: ChatServer, guests: Guests) -> None:
    """Not by this machine's own addresses."""
    client = guests.stranger().sock
    assert is_from_elsewhere(client, "192.0.2.7")
    assert not is_from_elsewhere(client, "127.0.0.1")
    assert not is_from_elsewhere(client, "::ffff:127.0.0.5")
    assert not is_from_elsewhere(client, client.getsockname()[0])


def test_the_right_firewall_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By what the machine has."""
    kernel, ufw = tmp_path / "osrelease", tmp_path / "ufw.conf"
    monkeypatch.setattr(firewall, "_KERNEL", kernel)
    monkeypatch.setattr(firewall, "_UFW", ufw)
    monkeypatch.setattr(firewall, "_SYSTEM_PATH", str(tmp_path))
    assert firewall.firewall("darwin") == "macos"
    assert firewall.firewall("win32") == "windows"
    assert firewall.firewall("linux") == "other"
    (tmp_path / "firewall-cmd").write_text("#!/bin/sh\n")
    (tmp_path / "firewall-cmd").chmod(0o755)
    assert firewall.firewall("linux") == "firewalld"
    ufw.write_text("LOGLEVEL=low\nENABLED=no\n")
    assert firewall.firewall("linux") == "firewalld"
    ufw.write_text("LOGLEVEL=low\nENABLED=yes\n")
    assert firewall.firewall("linux") == "ufw"
    kernel.write_text("5.15.153.1-microsoft-standard-WSL2\n")
    assert firewall.firewall("linux") == "wsl"
