"""What the user does in the composer besides writing a new message: edits or answers one, or just types. No Tk."""

from chatroom.client import strings, typists
from chatroom.client.room import Room
from chatroom.client.settings import Settings
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import TranscriptEntry
from chatroom.common.language import tr
from chatroom.gui.view_protocol import Note, View


class Writing:
    """What was being written before an older message was edited is set aside, and comes back."""

    def __init__(self, view: View, settings: Settings) -> None:
        self._view = view
        self._settings = settings

    def edit(self, room: Room, entry: TranscriptEntry) -> None:
        """Puts a message of ours into the composer, to be said anew."""
        if room.aside is None:
            room.aside = self._view.composer_text()
        room.editing, room.answered = entry, None
        self._view.set_composer(entry.as_typed())
        self._view.focus_composer()

    def reply(self, room: Room | None, entry: TranscriptEntry) -> None:
        """What is sent next answers a message. Where messages have no ids, the name of its author tells that."""
        if room:
            self.stop(room)
        if room and entry.msgid:
            room.answered = entry
        else:
            self._view.set_composer(f"{entry.nick}: {self._view.composer_text()}")
        self._view.focus_composer()

    def stop(self, room: Room) -> bool:
        """Leaves a message as it was, or unanswered; false if none was being edited or answered."""
        if room.answered:
            room.answered = None
            return True
        if room.editing is None or room.aside is None:  # it may have been taken back meanwhile
            return False
        self._view.set_composer(room.aside)
        room.editing = room.aside = None
        return True

    def is_unchanged(self, room: Room, text: str) -> bool:
        """Whether what was typed is the message that is being edited, as it was."""
        return room.editing is not None and text.strip() in (room.editing.text, f"/{room.editing.text}")

    def sent(self, room: Room) -> None:
        """Something was said or done in a room: what was set aside comes back once nothing is edited any more."""
        room.told_typing = 0.0  # what is said tells it
        if room.editing is None and room.aside is not None:
            self._view.set_composer(self._view.composer_text() or room.aside)
            room.aside = None

    def typed(self, state: SessionState, text: str) -> None:
        """The user has typed in the composer, which has this text now."""
        if self._settings.typing:
            typists.tell(state, state.current, bool(text.strip()) and not text.startswith("/"))

    def note(self, state: SessionState) -> Note:
        """What stands at the composer: above it what is edited or answered, else below it who types."""
        if state.current.editing:
            return Note(tr("Editing your message"), True)
        if answered := state.current.answered:
            text = answered.text.partition("\n")[0]
            return Note(tr("Reply to {nick}: {text}", nick=answered.nick, text=text), True)
        return Note(strings.typing(typists.typing_in(state, state.current)))
