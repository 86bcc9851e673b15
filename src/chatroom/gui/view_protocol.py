"""What the presenter calls on a view, and the values it passes. No Tk: a test's fake view has the same methods."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from chatroom.client.settings import Server, Settings
from chatroom.gui.transcript import Splice


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A line of the left pane. `count` is "" or "12"; `alert` is a mention or a direct message."""

    name: str
    direct: bool
    count: str = ""
    alert: bool = False
    present: bool = True  # a person who can be seen in some room, and isn't away; a room that we are in


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A line of the right pane: a member, or a heading, which has no nick."""

    nick: str
    text: str
    colour: int = 0
    away: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    people: str
    topic: str


@dataclass(frozen=True, slots=True)
class Banner:
    """`role` is a colour of the palette; `button` "" when there is none."""

    text: str
    role: str = "warn"
    button: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The bottom line; the roles are colours of the palette."""

    text: str
    role: str
    security: str = ""
    security_role: str = "muted"


@dataclass(frozen=True, slots=True)
class Note:
    """What stands at the composer: above it with a button where it `can_end`, else in place of the hint below it."""

    text: str = ""
    can_end: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """The connect panel. `errors` are by field: name, server, port, password, server_password; a notice has none.

    `question` is about a certificate. A field for a password is shown where there is one, or an error of it.
    """

    server: Server
    recent: tuple[Server, ...] = ()
    ask_server: bool = True
    password: str = ""
    server_password: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    question: str = ""
    connecting: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What the card over the messages asks for. `other` is a second button, which calls `on_other`.

    With `times`, one of them stands before what is typed in the answer; each is as it is typed, and in words. Enter
    does nothing that `is_harmful` while nothing is typed. Without a label nothing is typed. What `stays` is on the
    screen after the answer, until there is another question or `View.end_question`; what `is_waiting` takes no answer.
    """

    title: str
    text: str
    label: str
    button: str = ""  # "OK"
    is_secret: bool = False  # never shown while it is typed
    may_be_empty: bool = False
    is_unasked: bool = False  # comes by itself, so it takes the keyboard only where nobody is writing
    typed: str = ""  # what stands in the field at first
    times: tuple[tuple[str, str], ...] = ()
    is_harmful: bool = False
    stays: bool = False
    is_waiting: bool = False
    other: str = ""
    on_other: Callable[[], None] = lambda: None


NewRow = Callable[[str], tuple[str, str]]  # what is typed into a list and is in no row, as a row of its own


class View(Protocol):
    """The window. Every method is called from the one thread that runs it."""

    def show_panel(self, panel: Panel) -> None: ...
    def show_chat(self) -> None: ...
    def translate(self) -> None: ...
    def show_rooms(self, rooms: list[RoomRow], current: str) -> None: ...
    def show_members(self, members: list[MemberRow]) -> None: ...
    def show_header(self, header: Header) -> None: ...
    def show_banner(self, banner: Banner | None) -> None: ...
    def show_status(self, status: Status) -> None: ...
    def show_title(self, title: str) -> None: ...
    def show_pill(self, text: str) -> None: ...
    def show_empty(self, text: str) -> None: ...
    def show_note(self, note: Note) -> None: ...
    def show_picker(
        self, title: str, rows: list[tuple[str, str]], new: NewRow | None, pick: Callable[[str], None]
    ) -> None: ...
    def ask(self, question: Question, answer: Callable[[str], None]) -> None: ...
    def end_question(self) -> None: ...
    def show_search(self, visible: bool, result: str = "", can_go_back: bool = False) -> None: ...
    def show_settings(self, settings: Settings) -> None: ...
    def splice(self, splices: list[Splice], pin: bool) -> None: ...
    def scroll_to_end(self) -> None: ...
    def scroll_to_row(self, row: int) -> None: ...
    def composer_text(self) -> str: ...
    def set_composer(self, text: str) -> None: ...
    def focus_composer(self) -> None: ...
    def confirm(self, question: str, verb: str) -> bool: ...
    def choose_file(self, suggested: str) -> str: ...
    def alert(self, title: str, text: str) -> None: ...
    def open_link(self, url: str) -> None: ...
    def copy_messages(self) -> None: ...
    def copy_text(self, text: str) -> None: ...
    def take_unopened(self) -> list[str]: ...
    def size(self) -> str: ...
    def close(self) -> None: ...
