"""A view without a screen, and a connection without a network, for the presenter."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatroom.client import server_connection as wire
from chatroom.client.client import Client, Phase
from chatroom.client.server_connection import Security, Target
from chatroom.client.session import Session
from chatroom.client.settings import Server, Settings
from chatroom.client.state import COMMAND_LABEL
from chatroom.gui.presenter import Presenter
from chatroom.gui.transcript import Splice, TranscriptRow
from chatroom.gui.view_protocol import Banner, Header, MemberRow, NewRow, Note, Panel, Question, RoomRow, Status


class FakeView:
    """Keeps what it is shown, under the name of the method without `show_`; `rows` as a widget would hold them."""

    def __init__(self) -> None:
        self.rows: list[TranscriptRow] = []
        self.shown: dict[str, Any] = {}
        self.composer = ""
        self.alerts: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.unopened: list[str] = []
        self.questions: list[str] = []
        self.file = ""  # that the user chooses
        self.copied = ""
        self.answer: Callable[[str], None] = lambda text: None
        self.consents = True
        self.in_chat = False
        self.closed = False
        self.new_row: NewRow = lambda typed: (typed, "")

    def show_panel(self, panel: Panel) -> None:
        self.in_chat = False
        self.shown["panel"] = panel

    def show_chat(self) -> None:
        self.in_chat = True

    def translate(self) -> None:
        self.rows, self.composer, self.shown = [], "", {}

    def show_rooms(self, rooms: list[RoomRow], current: str) -> None:
        self.shown["rooms"] = rooms

    def show_members(self, members: list[MemberRow]) -> None:
        self.shown["members"] = members

    def show_header(self, header: Header) -> None:
        self.shown["header"] = header

    def show_banner(self, banner: Banner | None) -> None:
        self.shown["banner"] = banner

    def show_status(self, status: Status) -> None:
        self.shown["status"] = status

    def show_title(self, title: str) -> None:
        self.shown["title"] = title

    def show_pill(self, text: str) -> None:
        self.shown["pill"] = text

    def show_empty(self, text: str) -> None:
        self.shown["empty"] = text

    def show_note(self, note: Note) -> None:
        self.shown["note"] = note

    def show_picker(
        self, title: str, rows: list[tuple[str, str]], new: NewRow | None, pick: Callable[[str], None]
    ) -> None:
        self.shown["picker"] = rows
        self.new_row, self.pick = new or (lambda typed: (typed, "")), pick

    def ask(self, question: Question, answer: Callable[[str], None]) -> None:
        self.shown["question"] = question
        self.answer = answer

    def end_question(self) -> None:
        self.shown["question"] = None

    def show_search(self, visible: bool, result: str = "", can_go_back: bool = False) -> None:
        self.shown["search"] = result if visible else None
        self.shown["back"] = can_go_back

    def show_settings(self, settings: Settings) -> None:
        self.shown["settings"] = settings

    def splice(self, splices: list[Splice], pin: bool) -> None:
        for splice in splices:
            self.rows[splice.start : splice.start + splice.deleted] = splice.rows

    def scroll_to_end(self) -> None: ...

    def scroll_to_row(self, row: int) -> None:
        self.shown["row"] = row

    def composer_text(self) -> str:
        return self.composer

    def set_composer(self, text: str) -> None:
        self.composer = text

    def focus_composer(self) -> None: ...

    def confirm(self, question: str, verb: str) -> bool:
        self.questions.append(question)
        return self.consents

    def choose_file(self, suggested: str) -> str:
        return self.file

    def alert(self, title: str, text: str) -> None:
        self.alerts.append((title, text))

    def copy_messages(self) -> None: ...
    def copy_text(self, text: str) -> None:
        self.copied = text

    def take_unopened(self) -> list[str]:
        unopened, self.unopened = self.unopened, []
        return unopened

    def size(self) -> str:
        return "800x500"

    def open_link(self, url: str) -> None:
        self.links.append(url)

    def close(self) -> None:
        self.closed = True

    @property
    def texts(self) -> list[str]:
        """The rows without their times."""
        return [row.text.rpartition("\t")[2] for row in self.rows]


class FakeConnection:
    """Records what is sent; the test puts events into `queue` itself."""

    def __init__(self, target: Target, queue: Any) -> None:
        self.target = target
        self.queue = queue
        self.sent: list[str] = []
        self.closed = False

    def start(self) -> None:
        self.queue.put(wire.Connecting())

    def send(self, number: int, line: str) -> None:
        if line != f"PING {COMMAND_LABEL}":  # behind what was typed, where a server has no labels
            self.sent.append(line)

    def drop(self, number: int, reason: str) -> None:
        self.sent.append(f"(drop {number})")

    def settled(self) -> None: ...

    def retry_now(self) -> None:
        self.sent.append("(retry)")

    def close(self) -> None:
        self.closed = True


class Stage:
    """A presenter with everything around it under the test's control. `clock` is everybody's time."""

    def __init__(self, directory: Path, server: Server, capabilities: str = "") -> None:
        self.clock = 1_700_000_000.0
        self.capabilities = capabilities
        self.view = FakeView()
        self.connections: list[FakeConnection] = []
        self.path = directory / "client.json"
        self.presenter = Presenter(
            self.view, server, Settings(theme="light"), self.path, ("#lobby",), self._client, lambda: self.clock
        )

    def _client(self, target: Target, session: Session) -> Client:
        make: Callable[..., Any] = self._connection
        return Client(target, session, make, lambda: self.clock)

    def _connection(self, target: Target, queue: Any) -> FakeConnection:
        self.connections.append(FakeConnection(target, queue))
        return self.connections[-1]

    @property
    def client(self) -> Client:
        assert self.presenter.client
        return self.presenter.client

    @property
    def phase(self) -> str:
        return self.client.phase.name

    def tick(self, *lines: str) -> None:
        """The server's lines, and time for the presenter until all is taken in."""
        if lines:
            self.connections[-1].queue.put(wire.Received(lines))
        self.presenter.tick()
        while self.presenter.client and self.presenter.client.is_behind:
            self.presenter.tick()
        self.presenter.tick()

    def connect(self, number: int = 1) -> None:
        """Up to being in the lobby with bob."""
        connection, me = self.connections[-1], self.client.state.nick
        connection.queue.put(wire.Connected(number, Security.NONE))
        self.tick(f":irc CAP * LS :{self.capabilities}")
        if self.capabilities:
            self.tick(f":irc CAP * ACK :{self.capabilities}")
        self.tick(
            f":irc 001 {me} :Welcome",
            f":{me}!u@h JOIN #lobby",
            f":irc 353 {me} = #lobby :{me} @bob",
            f":irc 366 {me} #lobby :End",
        )
        assert self.client.phase is Phase.ONLINE
        connection.sent.clear()

    def lose(self, delay: float = 4.0) -> None:
        self.connections[-1].queue.put(wire.Lost("The server closed the connection.", delay, True))
        self.tick()

    def said(self, nick: str, *texts: str) -> None:
        self.tick(*(f":{nick}!u@h PRIVMSG #lobby :{text}" for text in texts))
