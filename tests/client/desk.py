"""Somebody at a client without a screen."""

from collections.abc import Callable
from typing import Self

from chatroom.client import slash_commands
from chatroom.client.client import Client, Phase
from chatroom.client.misuse import Misuse
from chatroom.client.screen_events import ScreenEvent
from chatroom.client.server_connection import Target
from chatroom.client.session import Session
from tests.gui.people import wait_for


class Desk:
    """Somebody at a client without a screen, who types lines. `told` are the texts of all entries."""

    def __init__(self, port: int, nick: str) -> None:
        self.client = Client(Target("127.0.0.1", port), Session(nick, ("#lobby",)))
        self.state = self.client.state
        self.events: list[ScreenEvent] = []
        self.client.start()
        self.until(lambda: self.client.phase is Phase.ONLINE and self.state.current.is_listed, "in the room")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop()

    def until(self, condition: Callable[[], object], what: str) -> None:
        def look() -> object:
            self.events += self.client.pump(0.01)
            return condition()

        try:
            wait_for(look, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; told was {self.told[-8:]}") from None

    def type(self, line: str) -> None:
        """What is refused at once is told, as a screen would show it."""
        try:
            self.state.current = slash_commands.run(self.state, self.state.current, line) or self.state.current
        except Misuse as misuse:
            self.state.inform(str(misuse))

    def types(self, line: str, answer: str) -> None:
        """Types a line, and hears an answer that was not there before."""
        before = sum(answer in text for text in self.told)
        self.type(line)
        self.until(lambda: sum(answer in text for text in self.told) > before, f"{answer!r} behind {line!r}")

    @property
    def told(self) -> list[str]:
        return [entry.text for room in self.state.rooms.values() for entry in room.entries]

    def hears(self, text: str) -> None:
        self.until(lambda: any(text in each for each in self.told), text)
