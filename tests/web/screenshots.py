"""Takes the pictures of the page that the documentation shows: `python -m tests.web.screenshots docs`.

They need Chromium, ImageMagick, and fonts with letters and emoji. Look at them before you commit them.
"""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.peers import Guests, Irc, Served
from tests.web.visitors import Visitor

ROOM = "#class-3b"
EARLY = (
    "anna",
    "bob",
    "ewa",
    "filip",
    "gosia",
    "hania",
    "igor",
    "jan",
    "kasia",
    "leon",
    "max",
    "nina",
    "piotr",
    "Łukasz",
)
LATE = ("carol", "dave", "ola", "tomek", "ula")
CODE = ("is this right?", "```", "def area(r):", "    return 3.14159 * r ** 2", "```", "it prints 78.5 for r = 5")


def take(browser: Browser, directory: Path) -> None:
    served = Served("-p", "0", "--unlimited")
    guests = Guests(served.port)
    try:
        class_ = _Class(guests)
        nora = Visitor(browser, served.port, color_scheme="light").come("nora", ROOM, ROOM)
        class_.begin()
        nora.notes("carol, dave and 3 others joined")
        for room in ("lobby", "projects", "off-topic"):
            nora.say(f"/join {room}")
            nora.is_in(f"#{room}")
        for nick in ("Łukasz", "bob"):
            nora.say(f"/msg {nick}")
        class_.go_on()
        nora.room(ROOM).click()
        nora.is_in(ROOM)
        nora.sees("@nora use math.pi, then it is exact 🙂")
        nora.page.locator(".chip").first.click()
        class_.type()
        _save(nora, directory / "page-light.png")
        nora.page.set_viewport_size({"width": 390, "height": 700})
        class_.type()
        _save(nora, directory / "page-phone.png")
        nora.context.close()
    finally:
        guests.close()
        served.close()


def _save(visitor: Visitor, path: Path) -> None:
    visitor.page.mouse.move(0, 0)
    visitor.page.wait_for_timeout(500)  # whatever still moves has come to rest
    visitor.page.screenshot(path=path)
    few_colours = ["convert", str(path), "-strip", "+dither", "-colors", "160", f"PNG8:{path}"]  # README loads fast
    subprocess.run(few_colours, check=True, timeout=60)


class _Class:
    """A teacher and her pupils."""

    def __init__(self, guests: Guests) -> None:
        self.teacher = guests.irc("Mrs_Kowalska", room=ROOM)
        self.teacher.send(f"TOPIC {ROOM} :Homework for Wednesday: exercises 5 and 6")
        many_lines = ("draft/multiline", "batch", "message-tags", "echo-message")
        self.pupils = {nick: guests.irc(nick, *many_lines, room=ROOM if nick in EARLY else "") for nick in EARLY + LATE}
        for nick in ("ewa", "max"):
            self._let(self.pupils[nick], "AWAY :tea")
        self.other = guests.irc("zofia", room="#projects")
        self._let(self.other, "JOIN #off-topic")

    def begin(self) -> None:
        link = "https://school.example/3b/sheet-6.pdf"
        self._let(self.teacher, f"PRIVMSG {ROOM} :Good morning! The worksheet is here: {link}")
        greeting = self.pupils["anna"].wait(r"msgid=(\w+).*Good morning")[1]
        for emoji, count in (("👍", 14), ("🙏", 3)):
            for nick in EARLY[:count]:
                self._let(self.pupils[nick], f"@+draft/react={emoji};+reply={greeting} TAGMSG {ROOM}")
        lines = [f"@batch=x PRIVMSG {ROOM} :{line}" for line in CODE]
        self._let(self.pupils["bob"], f"BATCH +x draft/multiline {ROOM}", *lines, "BATCH -x")
        for nick in LATE:
            self._let(self.pupils[nick], f"JOIN {ROOM}")

    def go_on(self) -> None:
        question = self.pupils["filip"].wait(r"msgid=(\w+).*BATCH \+\w+ draft/multiline")[1]
        self._let(
            self.pupils["Łukasz"],
            f"@+reply={question} PRIVMSG {ROOM} :@nora use math.pi, then it is exact 🙂",
            *["PRIVMSG nora :are you there?"] * 2,
        )
        self._let(self.other, "PRIVMSG #projects :nora: your turn", *["PRIVMSG #off-topic :la la"] * 12)

    def type(self) -> None:
        for nick in ("carol", "dave"):
            self._let(self.pupils[nick], f"@+typing=active TAGMSG {ROOM}")

    def _let(self, who: Irc, *lines: str) -> None:
        """Lets somebody say something, and waits until the server has it."""
        who.send(*lines)
        who.sync()


def main(directory: Path) -> None:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        take(browser, directory)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
