"""The recipes of docs/operating.md for proxies, with the real programs: what stands there is what is run here."""

import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers import Irc, Served, eventually
from tests.ports import free_port
from tests.web.browsers import Browser

DOCUMENT = (Path(__file__).parent.parent / "docs" / "operating.md").read_text(encoding="utf-8")
Start = Callable[..., None]


def recipe(language: str, **instead: str) -> str:
    """The block of the document in that language, with other ports than those that stand there."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    for there, here in instead.items():
        assert there in blocks[0]
        blocks[0] = blocks[0].replace(there, here)
    return str(blocks[0])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a proxy, and ends it."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*command: str, **env: str) -> None:
        log = (tmp_path / "proxy.log").open("wb")
        started.append(subprocess.Popen(command, stdout=log, stderr=log, env={"PATH": "/usr/sbin:/usr/bin", **env}))
        log.close()

    yield run
    for each in started:
        each.terminate()
        each.wait(30)


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.mark.needs("haproxy")
def test_haproxy_names_its_clients(serve: Callable[..., Served], start: Start, tmp_path: Path) -> None:
    """By a PROXY header of version 2."""
    port, served = free_port(), serve("--trusted-proxy", "127.0.0.2")
    file = tmp_path / "haproxy.cfg"
    file.write_text(recipe("haproxy", **{":6697": f"127.0.0.1:{port}", ":9090": f":{served.port}"}))
    start("haproxy", "-db", "-f", str(file))
    names_its_clients(served, port)


@pytest.mark.needs("nginx")
def test_nginx_names_its_clients(serve: Callable[..., Served], start: Start, tmp_path: Path) -> None:
    """By a PROXY header of version 1."""
    module = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
    port, served = free_port(), serve("--trusted-proxy", "127.0.0.2")
    block = recipe("nginx", **{"6697": f"127.0.0.1:{port}", ":9090": f":{served.port}"})
    load = f"load_module {module};\n" if module.exists() else ""
    file = tmp_path / "nginx.conf"
    file.write_text(f"{load}daemon off; pid {tmp_path}/pid; error_log stderr;\nevents {{}}\n{block}")
    start("nginx", "-p", str(tmp_path), "-e", "stderr", "-c", str(file))
    names_its_clients(served, port)


def names_its_clients(served: Served, port: int) -> None:
    """Somebody who comes by the proxy from 127.0.0.7 is from there; who comes from this machine needs no proxy."""
    eventually(lambda: is_open(port), "the proxy listens")
    bob = Irc(port, "bob", source="127.0.0.7")
    served.err.wait(r"127\.0\.0\.7 by way of 127\.0\.0\.2 port \d+ is bob")
    alice = Irc(served.port, "alice")
    alice.send("PRIVMSG bob :hello")
    bob.wait("PRIVMSG bob :hello")
    alice.close()
    bob.close()


@pytest.mark.needs("caddy")
def test_caddy_passes_on_the_page(serve: Callable[..., Served], start: Start, tmp_path: Path) -> None:
    """And says whose request it is."""
    port = free_port()
    served = serve("--web-host", "chat.example.org", "--trusted-proxy", "127.0.0.1", "--log-level", "debug")
    block = recipe(
        "caddyfile", **{"chat.example.org {": f"http://chat.example.org:{port} {{", ":9090": f":{served.port}"}
    )
    file = tmp_path / "Caddyfile"
    file.write_text(f"{{\n admin off\n auto_https off\n}}\n{block}")
    start("caddy", "run", "--config", str(file), "--adapter", "caddyfile", HOME=str(tmp_path))
    eventually(lambda: is_open(port), "the proxy listens")
    with Browser(port) as browser:
        browser.here = f"chat.example.org:{port}"
        answer = browser.get("/robots.txt")
        assert (answer.status, b"User-agent" in answer.body) == (200, True)
    served.err.wait("127.0.0.1: GET /robots.txt: 200")
