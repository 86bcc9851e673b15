"""Shows what stands around the messages: the rooms, the members, the header, the banner, the status and the title."""

from collections.abc import Callable
from typing import TypeVar

from chatroom.client.client import Client
from chatroom.gui import view_models
from chatroom.gui.view_protocol import Header, Note, View

T = TypeVar("T")


class Surroundings:
    """Tells the view only what has changed since the last time."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._shown: dict[str, object] = {}

    def forget(self) -> None:
        """All is shown the next time."""
        self._shown.clear()

    def refresh(self, client: Client, header: Header | None, note: Note, now: float) -> None:
        """Shows what has changed. `header` stands in place of that of the room."""
        state, view, room = client.state, self._view, client.state.current
        self._show("rooms", (view_models.room_rows(state), room.name), lambda v: view.show_rooms(*v))
        self._show("header", header or view_models.header(room), view.show_header)
        members = (room.name, room.members_version)
        self._show("members", members, lambda _: view.show_members(view_models.member_rows(room)))
        self._show("banner", view_models.banner(client, now), view.show_banner)
        self._show("note", note, view.show_note)
        self._show("status", view_models.status(client), view.show_status)
        self._show("title", view_models.title(state), view.show_title)

    def _show(self, name: str, value: T, show: Callable[[T], None]) -> None:
        if name not in self._shown or self._shown[name] != value:
            self._shown[name] = value
            show(value)
