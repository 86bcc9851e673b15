"""How the user goes from room to room: by the order of the list, or by a name out of one. No Tk."""

from collections.abc import Callable
from functools import partial

from chatroom.client import strings
from chatroom.client.room import Room
from chatroom.client.screen_events import ListedRoom
from chatroom.client.state import SessionState
from chatroom.common.language import tr
from chatroom.common.names import without_spaces
from chatroom.gui import view_models
from chatroom.gui.view_protocol import View


class RoomChooser:
    """`state` is None without a client; `command` carries out a line; `go_to` shows a room."""

    def __init__(
        self,
        view: View,
        state: Callable[[], SessionState | None],
        command: Callable[[str], bool],
        go_to: Callable[[Room], None],
    ) -> None:
        self._view = view
        self._state = state
        self._command = command
        self._go_to = go_to

    def select(self, name: str) -> None:
        """Goes to a room that is open."""
        state = self._state()
        if state and (room := state.find(name)) and room is not state.current:
            self._go_to(room)

    def step(self, step: int) -> None:
        """Goes to the room before (-1) or after (1) in the list: Ctrl+PgUp, Ctrl+PgDn."""
        names, state = self._names(), self._state()
        if state and names:
            self.select(names[(names.index(state.current.name) + step) % len(names)])

    def nth(self, number: int) -> None:
        """Goes to a room by its place in the list: Alt+1 to the first."""
        names = self._names()
        if number <= len(names):
            self.select(names[number - 1])

    def _names(self) -> list[str]:
        state = self._state()
        return [row.name for row in view_models.room_rows(state)] if state else []

    def offer_open(self) -> None:
        """Lets the user choose among the rooms that are open: Ctrl+K."""
        if state := self._state():
            rows = [(row.name, row.count) for row in view_models.room_rows(state)]
            self._view.show_picker(tr("Go to"), rows, partial(view_models.new_place, state), self.go)

    def ask_all(self) -> None:
        """Asks for the rooms of the server: Ctrl+J. The answer is offered by `offer_all`."""
        self._command("/rooms")

    def offer_all(self, rooms: tuple[ListedRoom, ...]) -> None:
        """Lets the user choose among the rooms of the server."""
        if state := self._state():
            rows = [(listed.name, strings.listed_room(listed)) for listed in rooms]
            title, new = tr("Rooms of this server; a new name makes a room"), partial(view_models.new_room, state)
            self._view.show_picker(title, rows, new, self.go)

    def go(self, name: str) -> None:
        """Goes to the room or the person that was chosen or typed."""
        state = self._state()
        if state and (room := state.find(name)):
            self._go_to(room)
        elif name and state:
            self._command(f"/join {name}" if state.is_room(name) else f"/msg {without_spaces(name)}")
