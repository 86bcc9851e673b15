"""Somebody with a real browser: Chromium without a window, driven by Playwright."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, expect

from tests.peers import DEADLINE

DESK = (1120, 700)  # pixels
PHONE = (360, 640)
MILLISECONDS = DEADLINE * 1000
# What a browser says about what the tests do on purpose: the server is gone, or closes a connection.
_EXPECTED = re.compile(r"WebSocket connection|Autofocus|ERR_CONNECTION|Failed to load resource")

expect.set_options(timeout=MILLISECONDS)


class Visitor:
    """A browser of its own, with its own memory. What the page complains of is in `complaints`."""

    def __init__(
        self,
        browser: Browser,
        port: int,
        size: tuple[int, int] = DESK,
        touch: bool = False,
        tls: bool = False,
        **more: Any,
    ) -> None:
        width, height = size
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, ignore_https_errors=tls, **more
        )
        self.context.set_default_timeout(MILLISECONDS)
        self.address = f"http{'s' if tls else ''}://127.0.0.1:{port}/"
        self.complaints: list[str] = []
        self.page = self.tab()

    def tab(self) -> Page:
        """One more tab of this browser."""
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._asked)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _EXPECTED.search(message.text):
            self.complaints.append(message.text)

    def _asked(self, dialog: Dialog) -> None:
        """No page of ours opens a dialog of the browser's."""
        self.complaints.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    def come(self, nick: str, room: str = "#lobby", where: str = "") -> "Visitor":
        """Opens the page for the first time, and comes in; waits until the room is there."""
        self.page.goto(self.address + where)
        self.page.get_by_label("Your name").fill(nick)
        self.page.keyboard.press("Enter")
        self.is_in(room)
        return self

    def log_in(self, nick: str, password: str) -> "Visitor":
        """Opens the page for the first time, and comes in under a name that has a password."""
        self.page.goto(self.address)
        self.page.get_by_label("Your name").fill(nick)
        self.page.keyboard.press("Enter")
        self.page.get_by_label("Password of this name").fill(password)
        self.page.keyboard.press("Enter")
        self.is_in("#lobby")
        return self

    def is_in(self, room: str) -> None:
        """Waits until the page shows a room that the server has let us into."""
        expect(self.page.locator("header h1")).to_have_text(room)
        expect(self.page.locator(".self .account small")).to_have_text(re.compile("guest|logged in"))

    @property
    def composer(self) -> Locator:
        return self.page.locator(".composer textarea")

    def say(self, text: str) -> None:
        self.composer.fill(text)
        self.composer.press("Enter")

    def sees(self, text: str, count: int = 1) -> None:
        """Waits until so many messages have exactly this text."""
        expect(self.message(text)).to_have_count(count)

    def message(self, text: str) -> Locator:
        return self.page.locator(".message:not(.is-waiting, .is-sent, .is-failed) .text").filter(
            has_text=_exactly(text)
        )

    def texts(self) -> list[str]:
        return self.page.locator(".message .text").all_inner_texts()

    def notes(self, pattern: str) -> None:
        """Waits for a line that is no message."""
        expect(self.page.locator(".note").filter(has_text=re.compile(pattern)).first).to_be_visible()

    def pick(self, opener: Locator, item: str) -> None:
        """Opens a menu and chooses from it."""
        opener.click()
        self.page.locator("dialog").get_by_role("button", name=item, exact=True).click()

    def member(self, nick: str) -> Locator:
        name = self.page.locator(".name", has_text=_exactly(nick))
        return self.page.locator(".members .member").filter(has=name)

    def room(self, name: str) -> Locator:
        return self.page.locator(".rooms .room").filter(has=self.page.locator(".name", has_text=_exactly(name)))

    def run(self, script: str) -> Any:
        return self.page.evaluate(script)


def _exactly(text: str) -> re.Pattern[str]:
    return re.compile(f"^{re.escape(text)}$")


Visit = Callable[..., Visitor]
