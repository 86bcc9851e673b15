"""The lesson of `test_lesson` on servers that are not ours, as far as they have what it takes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.foreign import HAS_ERGO, Foreign
from tests.gui.people import Irc
from tests.gui.test_lesson import enter
from tests.gui.window import Window

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


@pytest.fixture(
    params=[
        pytest.param("ngircd", marks=pytest.mark.needs("ngircd")),
        pytest.param("inspircd", marks=pytest.mark.needs("inspircd")),
        pytest.param("ergo", marks=pytest.mark.skipif(not HAS_ERGO, reason="Ergo is not installed")),
    ]
)
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Foreign]:
    tmp_path.chmod(0o777)
    with Foreign(request.param, tmp_path) as server:
        yield server


def test_a_lesson_elsewhere(display: str, elsewhere: Foreign, tmp_path: Path) -> None:
    """What the server has is done by keys and menus; what it has not is told; nothing that is typed is lost."""
    arguments = ("127.0.0.1", "-p", str(elsewhere.port), "--nick", "teacher", "--room", "#lobby")
    with Window(display, tmp_path, *arguments) as window:
        window.wait_online()
        enter(window, "/register open-sesame")
        has_names = elsewhere.name == "ergo"
        window.wait_row("logged in as teacher" if has_names else "There is no NickServ on this server")
        enter(window, "/join #3b s3cret")
        window.wait_row("teacher locked the room with a key.")
        with elsewhere.person("ola") as ola:
            ola.send("JOIN #3b wrong")
            ola.wait(" 475 ")
            ola.send("JOIN #3b s3cret")
            ola.wait(" 366 ola #3b ")
            window.wait(lambda state: "ola" in state["members"], "ola is in")
            ola.send("PRIVMSG #3b :noise, noise")
            window.wait_row("noise, noise")
            if elsewhere.name != "ngircd":
                window.open_menu("member_at")
                window.key(*["Down"] * 5, "Return")
                window.wait(lambda state: state["question"] == "Mute ola in #3b?", "asked")
                window.key("Escape")  # the server takes no reason and no time, so the first button is to go back
                window.wait(lambda state: state["question"] is None, "and not done")
                enter(window, "/mute ola")
                window.wait(lambda state: "ola (muted)" in state["members"], "ola is muted")
                ola.send("PRIVMSG #3b :can you hear me?")
                ola.wait(" 404 ")
                enter(window, "/unmute ola")
                window.wait(lambda state: "ola" in state["members"], "and may speak again")
            else:
                enter(window, "/mute ola")
                window.wait_row("Nobody can be muted on this server.")
                window.key("ctrl+a", "BackSpace")
            enter(window, "/slow 30")
            window.wait_row("This server has no slow mode.")
            window.key("ctrl+a", "BackSpace")
            enter(window, "/quiet")
            window.wait_row("teacher made the room quiet")
            ola.send("PRIVMSG #3b :hello?")
            ola.wait(" 404 ola #3b ")
            enter(window, "/quiet off")
            window.wait_row("teacher lets everybody speak again.")
            window.key("ctrl+f")
            window.wait(lambda state: state["search"] is not None, "the search bar")
            enter(window, "noise")
            window.wait(lambda state: state["search"] == "1 of 1", "found among what is loaded")
            window.key("Escape", "Escape")
            window.wait(lambda state: state["search"] is None, "and back")
        elsewhere.kill()
        window.wait(lambda state: "lost" in state["banner"], "the loss")
        enter(window, "is anybody here?")
        window.wait_row("(waiting for the connection…)")
        elsewhere.start()
        window.wait(lambda state: not state["banner"], "in again")
        window.wait(lambda state: not any("…)" in row for row in state["rows"]), "it came through")
        with Irc(elsewhere.port, "jan", "#lobby") as jan:
            jan.send("JOIN #3b s3cret")
            jan.wait(" 366 jan #3b ")
            window.wait(lambda state: "jan" in state["members"], "jan is in")
            enter(window, "/kick jan go to bed")
            jan.wait("KICK #3b jan :go to bed")
        text = window.save_conversation(tmp_path / "lesson.txt")
        assert "ola: noise, noise\n" in text and "teacher: is anybody here?\n" in text
