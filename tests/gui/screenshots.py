"""Takes the pictures of the window that README and docs show: `python -m tests.gui.screenshots [DIRECTORY=docs]`.

A real window, a real server, real people on sockets. With a second argument `all`, every state is photographed.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.gui.people import Irc, Server
from tests.gui.window import Window


def lively(server: Server, window: Window, people: dict[str, Irc]) -> None:
    """A morning in the lobby."""
    for name, text in (
        ("alice", "Good morning! The new build is on the staging machine since 8, please have a look when you can."),
        ("bob", "Looks good here. Scrolling is much smoother than before, even with the whole of yesterday loaded."),
        ("Łukasz", "Zażółć gęślą jaźń – letters arrive intact 😀"),
        ("carol", "The notes are at https://example.org/notes/2026-11 as always"),
        ("dave", "me: can you check the numbers in the second table?"),
    ):
        people[name].send(f"PRIVMSG #lobby :{text}")
        window.wait_row(text[:30])
    window.type("On it. The second table is from last week, I will replace it")
    window.key("Return")
    window.wait_row("On it.")
    people["alice"].send("PRIVMSG #lobby :Thanks! Then we can ship after lunch.")
    window.wait_row("ship after lunch")


def take(window: Window, path: Path) -> None:
    """The picture, in few colours: a README should load fast."""
    window.screenshot(path)
    subprocess.run(
        ["convert", str(path), "-strip", "+dither", "-colors", "128", f"PNG8:{path}"], check=True, timeout=60
    )


def session(display: str, theme: str, out: Path, every: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "chatroom").mkdir()
        (directory / "chatroom" / "client.json").write_text(json.dumps({"theme": theme}), "utf-8")
        with Server(directory) as server:
            people = {name: Irc(server.port, name) for name in ("alice", "bob", "Łukasz", "carol", "dave")}
            with Window(display, directory, "127.0.0.1", "-p", str(server.port)) as window:
                if every:
                    take(window, out / f"first-run-{theme}.png")
                window.type("me")
                window.key("Return")
                window.wait_online()
                lively(server, window, people)
                rooms(window, people)
                take(window, out / f"window-{theme}.png")
                if every:
                    states(window, server, people, out, theme)
            for person in people.values():
                person.__exit__(None, None, None)


def rooms(window: Window, people: dict[str, Irc]) -> None:
    """Other rooms with something new in them, and a conversation."""
    for room in ("#dev", "#ops"):
        window.type(f"/join {room}")
        window.key("Return")
        window.wait(lambda state, room=room: state["header"][0] == room and state["members"], f"in {room}")  # type: ignore[misc]
        for person in ("alice", "dave"):
            people[person].send(f"JOIN {room}")
        window.wait(lambda state: len(state["members"]) == 3, "the others are in the room")
    window.key("alt+1")
    window.wait(lambda state: state["header"][0] == "#lobby", "back in the lobby")
    for number in range(12):
        people["alice"].send(f"PRIVMSG #dev :change {number} is in")
    people["dave"].send("PRIVMSG #ops :me: the disk of the old machine is nearly full")
    people["bob"].send("PRIVMSG me :lunch?", "PRIVMSG me :at one, as always")
    people["carol"].send("TOPIC #lobby :Release 2.0 on Thursday")
    window.wait(lambda state: "● bob   2" in state["rooms"] and "#dev   12" in state["rooms"], "all of it is there")
    window.type("Good idea, ")


def states(window: Window, server: Server, people: dict[str, Irc], out: Path, theme: str) -> None:
    """Scrolled up with the pill, search, keys, narrow, small, lost."""
    for number in range(40):
        people["bob"].send(
            f"PRIVMSG #lobby :line {number} of a long story, which goes on and on until it fills the window"
        )
    window.wait_row("line 39")
    window.wheel(-12)
    window.wait(lambda state: not state["at_bottom"], "scrolled up")
    people["alice"].send("PRIVMSG #lobby :one", "PRIVMSG #lobby :two", "PRIVMSG #lobby :three")
    window.wait(lambda state: "3 new" in state["pill"], "the pill")
    take(window, out / f"pill-{theme}.png")
    window.key("ctrl+f")
    window.wait(lambda state: state["search"] is not None, "the search bar")
    window.type("build")
    window.key("Return")
    window.wait(lambda state: state["search"], "a result")
    take(window, out / f"search-{theme}.png")
    window.key("Escape")
    window.key("F1")
    window.wait(lambda state: state["picker"], "the keys")
    take(window, out / f"keys-{theme}.png")
    window.key("Escape")
    window.wait(lambda state: state["picker"] is None, "the keys go")
    window.key("ctrl+j")
    window.wait(lambda state: state["picker"], "the rooms")
    take(window, out / f"rooms-{theme}.png")
    window.key("Escape")
    window.resize(640, 480)
    take(window, out / f"narrow-{theme}.png")
    window.resize(480, 320)
    take(window, out / f"small-{theme}.png")
    window.resize(960, 600)
    server.kill()
    window.wait(lambda state: "lost" in state["banner"], "the loss")
    window.key("Return")
    window.wait_row("(waiting for the connection…)")
    take(window, out / f"lost-{theme}.png")


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    out.mkdir(exist_ok=True)
    reading, writing = os.pipe()
    xvfb = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    try:
        display = f":{os.read(reading, 16).decode().strip()}"
        for theme in ("light", "dark"):
            session(display, theme, out, "all" in sys.argv)
    finally:
        xvfb.terminate()
        xvfb.wait()


if __name__ == "__main__":
    main()
