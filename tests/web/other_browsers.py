"""Firefox and Safari's engine for tests, each driven by the standard protocol that it has itself.

Both are asked the same: to `run` a script in the page, to press Enter, to change its size. A script writes into the
fields of the page, since WebKit's driver loses letters outside the first plane of Unicode.
"""

import itertools
import json
import os
import subprocess
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from websockets.sync.client import connect

from tests.peers import DEADLINE, eventually
from tests.ports import free_port, listens

ENTER = "\ue007"  # WebDriver §17.4.2
_START_SECONDS = 60  # of a browser, on a busy machine


class Engine(Protocol):
    def open(self, address: str) -> None: ...
    def run(self, script: str, *arguments: Any) -> Any:
        """What a function with this body returns for the arguments."""

    def enter(self) -> None:
        """Presses Enter where the cursor is."""

    def resize(self, width: int, height: int) -> None:
        """In pixels, as far as its window can be as small."""

    def close(self) -> None: ...


class Safari:
    """WebKitGTK, by WebDriver over HTTP."""

    def __init__(self, display: str, home: Path) -> None:
        port = free_port()
        environment = {**os.environ, "DISPLAY": display, "XDG_DATA_HOME": str(home), "XDG_CACHE_HOME": str(home)}
        command = ["WebKitWebDriver", f"--port={port}"]
        self._driver = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._session = f"http://127.0.0.1:{port}/session"
        try:
            eventually(lambda: listens(port), "the driver listens", _START_SECONDS)
            answer = self._ask("POST", "", {"capabilities": {}})
        except BaseException:
            self._driver.kill()
            self._driver.wait(DEADLINE)
            raise
        self._session += f"/{answer['sessionId']}"

    def open(self, address: str) -> None:
        self._ask("POST", "/url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def enter(self) -> None:
        (element,) = self._ask("GET", "/element/active").values()
        self._ask("POST", f"/element/{element}/value", {"text": ENTER})

    def resize(self, width: int, height: int) -> None:
        self._ask("POST", "/window/rect", {"width": width, "height": height})

    def close(self) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait(DEADLINE)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._session + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_START_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None


class Firefox:
    """Firefox without a window, by WebDriver BiDi."""

    def __init__(self, display: str, home: Path) -> None:
        port = free_port()
        command = [
            "firefox-esr",
            "--headless",
            "--no-remote",
            "--profile",
            str(home),
            f"--remote-debugging-port={port}",
        ]
        environment = {**os.environ, "HOME": str(home)}
        self._browser = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._ids = itertools.count(1)
        self._open = ExitStack()
        try:
            eventually(lambda: listens(port), "Firefox listens", _START_SECONDS)
            self._socket = self._open.enter_context(connect(f"ws://127.0.0.1:{port}/session", max_size=None))
            self._ask("session.new", capabilities={})
            self._tab = {"context": self._ask("browsingContext.getTree")["contexts"][0]["context"]}
        except BaseException:
            self._end()
            raise

    def open(self, address: str) -> None:
        self._ask("browsingContext.navigate", **self._tab, url=address, wait="complete")

    def run(self, script: str, *arguments: Any) -> Any:
        function = f"(texts) => JSON.stringify((function () {{ {script} }}).apply(null, JSON.parse(texts)) ?? null)"
        texts = {"type": "string", "value": json.dumps(arguments)}
        answer = self._ask(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[texts],
            awaitPromise=False,
            target=self._tab,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def enter(self) -> None:
        keys = [{"type": "keyDown", "value": ENTER}, {"type": "keyUp", "value": ENTER}]
        self._ask("input.performActions", **self._tab, actions=[{"type": "key", "id": "keys", "actions": keys}])

    def resize(self, width: int, height: int) -> None:
        self._ask("browsingContext.setViewport", **self._tab, viewport={"width": width, "height": height})

    def close(self) -> None:
        try:
            self._ask("browser.close")
        finally:
            self._open.close()
            self._end()

    def _end(self) -> None:
        self._browser.terminate()
        self._browser.wait(DEADLINE)

    def _ask(self, method: str, **parameters: Any) -> Any:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv(_START_SECONDS))).get("id") != number:
            pass  # events
        assert answer["type"] == "success", answer
        return answer["result"]


class Guest:
    """Somebody on the page in one of these browsers."""

    def __init__(self, engine: Engine, port: int) -> None:
        self.engine = engine
        self.address = f"http://127.0.0.1:{port}/"

    def come(self, nick: str) -> "Guest":
        self.engine.open(self.address)
        self.until("return Boolean(document.querySelector('form input'))", "the form is there")
        self.write("form input", nick)
        self.is_in()
        return self

    def is_in(self) -> None:
        self.until(
            "return /guest|logged in/.test(document.querySelector('.self small')?.textContent)", "they are in the room"
        )

    def write(self, field: str, text: str) -> None:
        """Puts a text into a field, and presses Enter there."""
        self.engine.run(
            """const field = document.querySelector(arguments[0]);
            field.focus();
            field.value = arguments[1];
            field.dispatchEvent(new InputEvent("input", { bubbles: true }));""",
            field,
            text,
        )
        self.engine.enter()

    def say(self, text: str) -> None:
        self.write(".composer textarea", text)

    def texts(self) -> list[str]:
        """What the server has, as it is shown."""
        shown: list[str] = self.engine.run(
            """const rows = document.querySelectorAll(".message:not(.is-waiting, .is-sent, .is-failed) .text");
            return [...rows].map((row) => row.innerText);"""
        )
        return shown

    def sees(self, text: str) -> None:
        eventually(lambda: self.texts().count(text) == 1, f"{text!r} is shown once", _START_SECONDS)

    def until(self, script: str, what: str) -> None:
        eventually(lambda: self.engine.run(script), what, _START_SECONDS)
