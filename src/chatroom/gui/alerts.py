"""Notifies the user of a mention or a direct message while nobody looks at the window."""

from collections.abc import Callable

from chatroom.client.room import Room
from chatroom.client.settings import Settings
from chatroom.client.transcript_entry import TranscriptEntry
from chatroom.common.language import tr
from chatroom.gui.view_protocol import View

ALERT_SECONDS = 5.0  # between two notifications


class Alerts:
    def __init__(self, view: View, settings: Settings, now: Callable[[], float]) -> None:
        self._view = view
        self._settings = settings
        self._now = now
        self._alerted_at = 0.0

    def alert(self, room: Room, entry: TranscriptEntry) -> None:
        """Shows a notification, unless the user wants none or there was one just now."""
        if not self._settings.notify or self._now() - self._alerted_at < ALERT_SECONDS:
            return
        self._alerted_at = self._now()
        title = entry.nick if room.is_direct else tr("{nick} in {room}", nick=entry.nick, room=room.name)
        self._view.alert(title, entry.text[:200])
