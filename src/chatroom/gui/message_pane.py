"""Decides what the message pane shows: which rows, whether it follows the latest message, which history. No Tk.

Only the user's scrolling changes `following`. While it is true, each change ends at the latest message; otherwise the
text stays where it is, and the pill counts what came.
"""

from collections.abc import Callable

from chatroom.client import history_sync, strings
from chatroom.client.client import Client
from chatroom.client.room import Room
from chatroom.client.settings import Settings
from chatroom.client.transcript_entry import SPOKEN, DeliveryState, Kind, TranscriptEntry
from chatroom.common.language import tr
from chatroom.gui import menus, view_models
from chatroom.gui.transcript import Splice, Transcript
from chatroom.gui.view_protocol import View

QUICK_REACTIONS = ("👍", "❤", "😂", "🎉", "🤔", "👀")  # offered in the menu; /react takes any
_QUOTED_CHARACTERS = 90  # of a message, where a question is about it
_NAMED_PEOPLE = 12  # of those who have reacted alike; the others are counted
_OURS_ALONE = (DeliveryState.WAITING, DeliveryState.FAILED)  # the server does not have it


class MessagePane:
    """`client` has the rooms that are shown; `transcript` is None until a room is shown."""

    def __init__(self, view: View, settings: Settings) -> None:
        self.client: Client | None = None
        self.transcript: Transcript | None = None
        self.following = True
        self._view = view
        self._settings = settings
        self._shown = ("", "")  # what stands where there are no messages, and the pill
        self.on_edit: Callable[[Room, TranscriptEntry], None] = lambda room, entry: None
        self.on_reply: Callable[[Room | None, TranscriptEntry], None] = lambda room, entry: None
        self.on_place: Callable[[TranscriptEntry], None] = lambda entry: None  # the user wants to see its place
        self._read_to = 0  # position behind the last entry that was on the screen when the user scrolled up

    def forget(self) -> None:
        """The view shows nothing any more, and has everything to be shown again."""
        self.transcript, self._shown = None, ("", "")

    def show(self, room: Room, words: tuple[str, ...] = (), has_places: bool = False) -> None:
        """Shows the latest messages of a room, with `words` marked; with `has_places`, each leads to its place."""
        old = len(self.transcript.rows) if self.transcript else 0
        me = self.client.state.nick if self.client else ""
        self.transcript = Transcript(room, self._settings.timestamps, self._settings.moves, words, has_places, me)
        self.following = True
        self._view.splice([Splice(0, old, tuple(self.transcript.rows))], True)

    def refresh(self) -> None:
        """Shows what has changed in the room."""
        assert self.transcript and self.client
        self.transcript.me = self.client.state.nick
        splices = self.transcript.update(self.following)
        if splices:
            self._view.splice(splices, self.following)
        empty = "" if self.transcript.rows else view_models.empty(self.transcript.room, self.client)
        pill = "" if self.following else view_models.pill(self._new_count())
        if (empty, pill) != self._shown:
            self._shown = (empty, pill)
            self._view.show_empty(empty)
            self._view.show_pill(pill)

    def _new_count(self) -> int:
        assert self.transcript
        room = self.transcript.room
        new = room.entries[max(0, self._read_to - room.first) :]
        return sum(entry.kind in SPOKEN and not entry.own for entry in new)

    def restyle(self) -> None:
        """Makes the rows again, after a preference has changed."""
        if self.transcript:
            self.transcript.timestamps = self._settings.timestamps
            self.transcript.moves = self._settings.moves
            self._view.splice(self.transcript.rebuild(), self.following)
            if self.following:
                self._view.scroll_to_end()

    def scrolled(self, at_top: bool, at_bottom: bool) -> None:
        """The user has scrolled. The arguments say whether the first and the last row can be seen now."""
        if not self.transcript or not self.client:
            return
        if at_bottom and not self.transcript.is_at_end:
            self._view.splice(self.transcript.page_down(), False)
        elif at_bottom:
            self.following = True
        else:
            self.hold()
        if at_top and not self.transcript.is_at_start:
            self._view.splice(self.transcript.page_up(), False)
        elif at_top:
            history_sync.fetch_older(self.client.state, self.transcript.room)
        self.refresh()

    def hold(self) -> None:
        """Stops following, because the user looks at something else."""
        if self.following and self.transcript:
            self.following = False
            self._read_to = self.transcript.room.first + len(self.transcript.room.entries)

    def mark_words(self, words: tuple[str, ...]) -> None:
        """Marks words in what is said."""
        if self.transcript and self.transcript.words != words:
            self.transcript.words = words
            self._view.splice(self.transcript.rebuild(), self.following)

    def reveal(self, entry: TranscriptEntry) -> None:
        """Scrolls to an entry and highlights it, if the room still has it."""
        if self.transcript is None or entry not in self.transcript.room.entries:
            return
        self.transcript.highlight = entry
        self.hold()
        self._view.splice(self.transcript.include(entry), False)
        self._view.scroll_to_row(self.transcript.row_of(entry))

    def jump_to_latest(self) -> None:
        """Goes to the latest message and follows again: at the pill, Ctrl+End, Esc, and sending."""
        if self.transcript:
            self.following = True
            self._view.splice(self.transcript.latest(), True)
            self._view.scroll_to_end()
            self.refresh()

    def actions(self, row: int) -> list[tuple[str, str]]:
        """What the menu of a row offers besides copying: the name of each action, and its words."""
        entry = self._entry(row)
        if not entry or entry.kind not in SPOKEN or not self.client:
            return []
        acts = [] if entry.own else [("reply", tr("Reply to {nick}", nick=entry.nick))]
        if entry.own and entry.kind is Kind.MESSAGE and self._may_redact(entry):
            acts.append(("edit", tr("Edit…")))
        if entry.delivery in _OURS_ALONE or self._may_redact(entry):
            acts.append(("take back", tr("Take back")))
        return acts

    def _may_redact(self, entry: TranscriptEntry) -> bool:
        """Whether the user may take back a message that the server has: their own, and any where they keep order."""
        room = self._room()
        if not self.client or not room or not entry.msgid or entry.is_gone:
            return False
        state = self.client.state
        keeps = not room.is_direct and menus.keeps_order(state, room)
        return state.has("draft/message-redaction") and (entry.own or keeps)

    def reactions(self, row: int) -> list[tuple[str, str]]:
        """Likewise, what one can react with, and what the menu says of it: who has, with a tick if one has oneself."""
        entry = self._entry(row)
        if not entry or not entry.msgid or entry.kind not in SPOKEN or entry.is_gone or not self.client:
            return []
        state = self.client.state
        if not state.has("message-tags") or not self._room():
            return []
        there = [
            (f"react {each}", f"{each}{' ✓' * state.has_reacted(entry, each)}  {strings.names(nicks, _NAMED_PEOPLE)}")
            for each, nicks in entry.reactions.items()
        ]
        return there + [(f"react {each}", each) for each in QUICK_REACTIONS if each not in entry.reactions]

    def reaction(self, row: int, number: int) -> tuple[str, list[str]]:
        """What a chip of a row stands for, and who has reacted so; "" for none."""
        entry = self._entry(row)
        found = list(entry.reactions.items())[number : number + 1] if entry else []
        return found[0] if found else ("", [])

    def told_of_chip(self, row: int, number: int) -> str:
        """What is shown where the pointer is over a chip: who has reacted so."""
        reaction, nicks = self.reaction(row, number)
        return f"{reaction}  {strings.names(nicks, _NAMED_PEOPLE)}" if reaction else ""

    def _room(self) -> Room | None:
        """The room whose messages are shown, or were found."""
        return self.client.state.find(self.transcript.room.name) if self.client and self.transcript else None

    def act(self, row: int, action: str) -> None:
        """Does what was chosen in the menu of a row."""
        entry = self._entry(row)
        if not entry or not self.client or not self.transcript:
            return
        if action == "reply":
            self.on_reply(self._room(), entry)
        elif action == "edit" and (room := self._room()):
            self.on_edit(room, entry)
        elif action.startswith("react ") and (room := self._room()):
            self.client.state.react(room, entry, action.removeprefix("react "))
        elif entry.delivery in _OURS_ALONE:
            self.clicked(row, "delete", "")
        elif entry.msgid and (entry.own or self._view.confirm(_question(entry), tr("Take back"))):
            self.client.state.redact(self.transcript.room, entry)

    def rows_of_message(self, row: int) -> tuple[int, int]:
        """The first and the last row of the message that a row is of; a row of no message is alone."""
        entry, first, last = self._entry(row), row, row
        while entry and self._entry(first - 1) is entry:
            first -= 1
        while entry and self._entry(last + 1) is entry:
            last += 1
        return first, last

    def _entry(self, row: int) -> TranscriptEntry | None:
        rows = self.transcript.rows if self.transcript else []
        return rows[row].entry if 0 <= row < len(rows) and rows[row].tag != "separator" else None

    def clicked(self, row: int, tag: str, text: str) -> None:
        """The user clicked on a row, on words that can be clicked, which have this tag."""
        if not self.transcript or not self.client or row >= len(self.transcript.rows):
            return
        entry, room = self.transcript.rows[row].entry, self.transcript.room
        if tag == "link":
            self._view.open_link(text)
        elif tag.startswith("chip") and entry and (there := self._room()):
            reaction, _ = self.reaction(row, int(tag.removeprefix("chip")))
            if reaction and self.client.state.has("message-tags"):
                self.client.state.react(there, entry, reaction)
        elif tag == "retry" and entry:
            self.client.state.retry(room, entry)
        elif tag == "delete" and entry and entry.delivery in _OURS_ALONE:
            room.remove(entry)
            if not self._view.composer_text():
                self._view.set_composer(entry.as_typed())
        elif tag == "copy":
            self._view.copy_text(self.transcript.rows[row].code)
        elif tag == "place" and entry:
            self.on_place(entry)
            return
        elif tag == "more" and entry:
            self.transcript.expanded.add(entry.serial)
            room.touch_entry(entry)
        self.refresh()


def _question(entry: TranscriptEntry) -> str:
    """Whether a message of somebody else is to go."""
    beginning = entry.text.partition("\n")[0][:_QUOTED_CHARACTERS]
    return tr("Take back what {nick} said? Nobody can bring it back.", nick=entry.nick) + f"\n\n{beginning}"
