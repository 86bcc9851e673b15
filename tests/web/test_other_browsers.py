"""The page in Firefox and in Safari's engine: what every visit needs, with a server that is killed and comes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the fixtures beside it need it")

from tests.peers import Served
from tests.programs import Netcat
from tests.web.other_browsers import Engine, Firefox, Guest, Safari

WORDS = "zażółć gęślą jaźń 😀"
AT_THE_END = """const { scrollTop, scrollHeight, clientHeight } = document.querySelector(".messages");
    return scrollHeight - scrollTop - clientHeight < 2;"""


@pytest.fixture(
    params=[
        pytest.param(Firefox, marks=pytest.mark.needs("firefox-esr")),
        pytest.param(Safari, marks=pytest.mark.needs("WebKitWebDriver")),
    ]
)
def engine(request: pytest.FixtureRequest, display: str, tmp_path: Path) -> Iterator[Engine]:
    home = tmp_path / "browser"
    home.mkdir()
    browser: Engine = request.param(display, home)
    yield browser
    browser.close()


@pytest.mark.needs("nc", "Xvfb")
def test_a_visit_with_another_browser(engine: Engine, serve: Callable[..., Served], tmp_path: Path) -> None:
    """Coming in, talking with netcat, many lines, another size, another visit, and a server that is killed."""
    data = ("--data", str(tmp_path / "kept"))
    served = serve(*data)
    nora = Guest(engine, served.port).come("nora")
    nathan = Netcat(served.port, "nathan")
    try:
        nora.say(WORDS)
        nathan.wait(f"nora: {WORDS}")
        nathan.send(f"from netcat: {WORDS}")
        nora.sees(f"from netcat: {WORDS}")
        nora.say("\n".join(f"line {i}" for i in range(15)))
        nathan.wait("line 14")
        nora.say("/me waves")
        nathan.wait("nora waves")
        nora.until(AT_THE_END, "the end is in sight")
        for width, height in ((500, 450), (900, 700), (1100, 500)):
            engine.resize(width, height)
            nora.until(f"return Math.abs(innerWidth - {width}) < 60", "the page has another size")
            nora.until(AT_THE_END, "the end is in sight, in another size")
        engine.open(nora.address)
        nora.is_in()
        nora.sees(WORDS)
    finally:
        nathan.close()
    served.process.kill()
    served.process.wait()
    nora.until("return !document.querySelector('.status').hidden", "the loss is told")
    nora.say("meanwhile 1")
    nora.say("meanwhile 2")
    serve("-p", str(served.port), *data)
    nora.sees("meanwhile 2")
    assert nora.texts()[-2:] == ["meanwhile 1", "meanwhile 2"]
