"""The window as tests start it: `python -m tests.gui.probe FILE ARGUMENT…` runs `chatroom ARGUMENT…`.

After each tick that changed what the window shows, FILE is replaced with that, as JSON. What the user does and the
server says is noted beside it, in FILE with the ending .journal, line by line.
"""

import json
import os
import re
import sys
import time
from pathlib import Path
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

from chatroom.cli.main import main
from chatroom.client import session
from chatroom.client import state as client_state
from chatroom.client.room import Room
from chatroom.client.server_connection import Target
from chatroom.client.state import SendLine, SessionState
from chatroom.client.transcript_entry import DeliveryState, TranscriptEntry
from chatroom.common.irc_message import Message, render
from chatroom.gui import app, presenter
from chatroom.gui import view as tk_view
from chatroom.gui.connect_panel_w import ConnectPanel
from chatroom.gui.message_pane import MessagePane
from chatroom.gui.picker_w import Picker
from chatroom.gui.view import TkView
from tests.gui.window import ENTER, IN_PLACE_OF

_ROWS = int(os.environ.get("PROBE_ROWS", "120"))  # the last ones
_HEADING = re.compile(r" [—–] \d+$")  # of a group of people, in English or in Polish


class ProbedApp(app.App):
    """Writes what its window shows to `file`."""

    file = Path()
    _written = ""

    def tick(self) -> None:
        super().tick()
        shown = json.dumps({**state(self.view), **kept(self._presenter.state), "given_up": given_up})
        if shown != self._written:
            self._written = shown
            fresh = self.file.with_suffix(".new")
            fresh.write_text(shown, "utf-8")
            fresh.replace(self.file)


given_up: list[str] = []  # what was said, and then taken back, edited, or left alone with its room


def note(what: str) -> None:
    """Writes a line into the journal."""
    with ProbedApp.file.with_suffix(".journal").open("a", encoding="utf-8") as journal:
        journal.write(f"{time.time():.3f} {what!r}\n")


class ProbedState(SessionState):
    def start_connection(self, send_line: SendLine) -> None:
        note("window: has a connection")
        super().start_connection(send_line)

    def end_connection(self) -> None:
        note("window: has lost the connection")
        super().end_connection()

    def send(self, message: Message) -> None:
        super().send(message)  # first: it refuses what no line can say
        note(f"{'>' if self.is_connected else 'not sent:'} {render(message)}")

    def redact(self, room: Room, entry: TranscriptEntry) -> None:
        given_up.append(entry.text)
        super().redact(room, entry)

    def retry(self, room: Room, entry: TranscriptEntry) -> None:
        note(f"{ENTER}{entry.text!r}")
        super().retry(room, entry)

    def close(self, room: Room) -> None:
        note(f"window: closes {room.name}: {undone(room)}")
        given_up.extend(entry.text for entry in room.entries if entry.delivery is not DeliveryState.DONE)
        super().close(room)


def undone(room: Room) -> list[tuple[str, str]]:
    return [(entry.text, entry.delivery.name) for entry in room.entries if entry.delivery is not DeliveryState.DONE]


class ProbedRoom(Room):
    def remove(self, entry: TranscriptEntry) -> None:
        note(f"window: {entry.text!r} goes from {self.name}, {entry.delivery.name}")
        super().remove(entry)

    def settle(self, entry: TranscriptEntry, delivery: DeliveryState) -> None:
        note(f"window: {entry.text!r} in {self.name}, {entry.delivery.name}, is {delivery.name}")
        super().settle(entry, delivery)


class ProbedSession(session.Session):
    def feed(self, line: str) -> None:
        note(f"< {line}")
        super().feed(line)


class ProbedPresenter(presenter.Presenter):
    def send(self, text: str) -> None:
        note(f"{ENTER}{text!r}")
        super().send(text)

    def command(self, text: str) -> bool:
        done = super().command(text)
        note(f"window: did {text!r}: {done}")
        return done

    def go_to(self, room: Room) -> None:
        note(f"window: goes to {room.name}")
        super().go_to(room)

    def _start(self, target: Target) -> None:
        note(f"window: connects to {target} as {self.server.nick}")
        super()._start(target)

    def _stop(self) -> None:
        rooms = list(self.state.rooms.values()) if self.state else []
        note(f"window: gives the connection up; {[(room.name, undone(room)) for room in rooms]}")
        super()._stop()


class ProbedView(tk_view.TkView):
    def set_composer(self, text: str) -> None:
        note(f"window: {text!r}{IN_PLACE_OF}{self.composer_text()!r}")
        super().set_composer(text)


class ProbedPane(MessagePane):
    def clicked(self, row: int, tag: str, text: str) -> None:
        entry = self._entry(row)
        if tag == "delete" and entry:
            given_up.append(entry.text)
        super().clicked(row, tag, text)


def kept(state: SessionState | None) -> dict[str, Any]:
    """What the server does not have: what waits for it, what it has refused, and drafts."""
    rooms = list(state.rooms.values()) if state else []
    said = [entry for room in rooms for entry in room.entries if entry.own]
    return {
        "nick": state.nick if state else "",
        "account": state.account if state else "",
        "waiting": [entry.text for entry in said if entry.pending],
        "failed": [entry.text for entry in said if entry.delivery is DeliveryState.FAILED],
        "drafts": [f"{room.aside or ''}\n{room.draft}" for room in rooms],
        "entries": sum([len(room.entries) for room in rooms]),
        "open": len(rooms),
    }


def state(view: TkView) -> dict[str, Any]:
    """What the window shows, read back from its widgets: plain values, ready for JSON."""
    text, root = view.messages.text, view.root
    count = int(text.index("end-1c").partition(".")[0]) - 1
    focus = str(root.tk.call("focus", "-displayof", root))
    return {
        "title": root.title(),
        "panel": bool(view.panel.winfo_ismapped()),
        "errors": [shown for label in _errors(view.panel) if (shown := str(label["text"]))],
        "rows": text.get(f"{max(1, count - _ROWS + 1)}.0", "end-1c").replace("\u00a0", " ").splitlines(),
        "row_count": count,
        "top": text.get("@0,0 linestart", "@0,0 lineend"),
        "at_bottom": view.messages.at_bottom,
        "pill": _label(view.messages.pill),
        "empty": _label(view.messages.empty),
        "banner": str(view._banner_text["text"]) if view.banner.winfo_manager() else "",
        "header": [str(view._name["text"]), str(view._people["text"]), view._topic.whole],
        "status": [view._status.whole, str(view._security["text"])],
        "rooms": _labels(view.rooms.tree, "rooms", "direct"),
        "members": [label for label in _labels(view.members.tree, "") if not _HEADING.search(label)],
        "member": str(view.members.tree.item(view.members.tree.focus(), "text")) if view.members.tree.focus() else "",
        "rooms_shown": bool(view.rooms.winfo_ismapped()),
        "members_shown": bool(view.members.winfo_ismapped()),
        "composer": view.composer.get(),
        "note": view.composer._note.text,
        "picker": _choices(view.picker) if view.picker.winfo_ismapped() else None,
        "picker_cut": _cut(view.picker),
        "picker_told": [str(view.picker._list.set(item, "about")) for item in view.picker._list.get_children()],
        "headings": [label for label in _labels(view.members.tree, "") if _HEADING.search(label)],
        "question": str(view.question._title["text"]) if view.question.winfo_ismapped() else None,
        "asked": str(view.question._text["text"]) if view.question.winfo_ismapped() else "",
        "search_cut": [str(each["text"]) for each in view.search._steps if each.winfo_width() < each.winfo_reqwidth()],
        "search": str(view.search._result["text"]) if view.search.winfo_ismapped() else None,
        "focus": focus.rpartition(".")[2],
        "focused": bool(focus),
        "size": [root.winfo_width(), root.winfo_height()],
        "send_at": _middle(view.composer.send_button, root),
        "hint": str(view.composer.hint["text"]),
        "composer_width": view.composer.text.winfo_width(),
        "composer_at": _middle(view.composer.text, root),
        "question_at": _middle(view.question.entry, root),
        "rooms_at": _middle(view.rooms.tree, root),
        "members_at": _middle(view.members.tree, root),
        "member_at": _member(view, root),
        "room_at": _room(view, root),
        "header_at": _middle(view._topic, root),
        "choosing": any(
            "__tk_filedialog" in str(name) for name in root.tk.splitlist(root.tk.call("winfo", "children", "."))
        ),
        "dialog": any(
            "__tk__messagebox" in str(name) for name in root.tk.splitlist(root.tk.call("winfo", "children", "."))
        ),
        "messages_at": _middle(text, root),
        "last_at": _at(text, "end-2c", root),
        "menu_at": _middle(view._menu_button, root),
        "tip": _label(view.messages.tip),
        "panel_words": [str(view.panel._go["text"])],
        "pill_at": _middle(view.messages.pill, root),
        **{
            f"{tag}_at": _first(text, tag, root) for tag in ("link", "retry", "delete", "more", "copy", "place", "chip")
        },
    }


def _room(view: TkView, root: Any) -> list[int] | None:
    """Where the current room stands in the list."""
    tree = view.rooms.tree
    box = tree.bbox(tree.selection()[0]) if tree.selection() and tree.winfo_ismapped() else ""
    if not box:
        return None
    return [tree.winfo_rootx() - root.winfo_rootx() + 60, tree.winfo_rooty() - root.winfo_rooty() + box[1] + 9]


def _member(view: TkView, root: Any) -> list[int] | None:
    """Where the first member stands in the list who is not under the first heading; None if there is none."""
    tree = view.members.tree
    headings = [i for i, item in enumerate(tree.get_children()) if _HEADING.search(str(tree.item(item, "text")))]
    box = tree.bbox(tree.get_children()[headings[1] + 1]) if len(headings) > 1 and tree.winfo_ismapped() else ""
    if not box:
        return None
    return [tree.winfo_rootx() - root.winfo_rootx() + 9, tree.winfo_rooty() - root.winfo_rooty() + box[1] + 9]


def _errors(panel: ConnectPanel) -> list[ttk.Label]:
    return [*panel._errors.values(), panel._question, panel._progress]


def _labels(tree: ttk.Treeview, *parents: str) -> list[str]:
    return [str(tree.item(item, "text")) for parent in parents for item in tree.get_children(parent)]


def _choices(picker: Picker) -> list[str]:
    rows = picker._list.get_children()
    return [str(picker._list.set(item, "name")) for item in rows]


def _cut(picker: Picker) -> list[str]:
    """What is told of rows, where it has too little room."""
    font = tkfont.nametofont(str(ttk.Style(picker).lookup("Treeview", "font")))
    about = [str(picker._list.set(item, "about")) for item in picker._list.get_children()]
    room = picker._list.winfo_width() - int(picker._list.column("name", "width"))
    return [text for text in about if font.measure(text) > room]


def _first(text: Any, tag: str, root: Any) -> list[int] | None:
    """Where the first words with this tag stand; None when there are none in sight."""
    ranges = text.tag_ranges(tag)
    return _at(text, ranges[0], root) if ranges else None


def _at(text: Any, index: str, root: Any) -> list[int] | None:
    """Where a character stands; None when it is out of sight."""
    box = text.bbox(index)
    if not box:
        return None
    return [text.winfo_rootx() - root.winfo_rootx() + box[0] + 2, text.winfo_rooty() - root.winfo_rooty() + box[1] + 2]


def _label(widget: Any) -> str:
    return str(widget["text"]) if widget.winfo_manager() else ""


def _middle(widget: Any, root: Any) -> list[int] | None:
    """Where to point the mouse, from the window's corner; None when the widget can't be seen."""
    if not widget.winfo_ismapped():
        return None
    x, y = widget.winfo_rootx() + widget.winfo_width() // 2, widget.winfo_rooty() + widget.winfo_height() // 2
    return [x - root.winfo_rootx(), y - root.winfo_rooty()]


if __name__ == "__main__":
    ProbedApp.file = Path(sys.argv.pop(1))
    app.App = ProbedApp  # type: ignore[misc]
    app.Presenter = ProbedPresenter  # type: ignore[attr-defined]
    tk_view.TkView = ProbedView  # type: ignore[misc]
    session.SessionState = ProbedState  # type: ignore[attr-defined]
    client_state.Room = ProbedRoom  # type: ignore[attr-defined]
    presenter.MessagePane = ProbedPane  # type: ignore[attr-defined]
    presenter.Session = ProbedSession  # type: ignore[attr-defined]
    main()
