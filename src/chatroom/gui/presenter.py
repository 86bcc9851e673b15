"""Decides everything that the window does. No Tk.

The view calls a method for each thing the user does, and `tick` often; the presenter calls the view only with what has
changed since the last time. Nothing here waits.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from chatroom.client import (
    history_sync,
    ignoring,
    links,
    mode_handlers,
    multiline,
    plaintext,
    presence_handlers,
    slash_commands,
    splitting,
    strings,
)
from chatroom.client import settings as storage
from chatroom.client.client import Client, Phase
from chatroom.client.completion import Completion, SentMessages
from chatroom.client.misuse import EndProgram, Misuse
from chatroom.client.room import Room
from chatroom.client.screen_events import (
    Alerted,
    Answered,
    HistoryShown,
    KeyWanted,
    LanguageChosen,
    Registered,
    Rejected,
    RoomList,
    ScreenEvent,
    SearchResults,
)
from chatroom.client.server_connection import Target
from chatroom.client.session import Session
from chatroom.client.settings import Server, Settings
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import Kind
from chatroom.common.language import find, own, speak, tr
from chatroom.common.names import describe_fault, nick_fault, without_spaces
from chatroom.gui import export
from chatroom.gui.alerts import Alerts
from chatroom.gui.command_questions import CommandQuestions
from chatroom.gui.drafts import Drafts
from chatroom.gui.login_question import LoginQuestion
from chatroom.gui.message_pane import MessagePane
from chatroom.gui.room_chooser import RoomChooser
from chatroom.gui.search import Search
from chatroom.gui.surroundings import Surroundings
from chatroom.gui.view_protocol import Panel, View
from chatroom.gui.writing import Writing

TICK_SECONDS = 0.006  # of handling lines at once, so that a key pressed meanwhile shows within 20 ms
REFRESH_SECONDS = 0.1  # between two redraws while more waits: drawing costs more than handling lines
_FIELDS = {  # of the panel, by the reason of a refusal; any other is no fault of what was typed
    **dict.fromkeys(("nick-taken", "nick-bad"), "name"),
    **dict.fromkeys(("nick-claimed", "login-refused", "password-changed", "ended"), "password"),
    "certificate-changed": "server",
    **dict.fromkeys(("server-password", "server-password-wrong"), "server_password"),
}
MakeClient = Callable[[Target, Session], Client]


class Presenter:
    """`first` is the server that the connect panel shows at first; `rooms` are joined after connecting."""

    def __init__(
        self,
        view: View,
        first: Server,
        settings: Settings,
        path: Path,
        rooms: tuple[str, ...],
        make_client: MakeClient = Client,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.view = view
        self.settings = settings
        self.server = first
        self.client: Client | None = None
        self.focused = True
        self.pane = MessagePane(view, settings)
        self.search = Search(view, self.pane)
        self.ask_server = True
        self.now = now
        self._path = path
        self._rooms = rooms
        self._make_client = make_client
        self._password = ""
        self._server_password = ""
        self._in_chat = False
        self._surroundings = Surroundings(view)
        self._panel_shown: str | None = None  # what the panel says of the connection, since the chat was last shown
        self._alerts = Alerts(view, settings, now)
        self._drafts = Drafts(view, settings, now)
        self.questions = CommandQuestions(view, lambda: self.state, self.command, lambda: self.server)
        self.rooms = RoomChooser(view, lambda: self.state, self.command, self.go_to)
        self.writing = Writing(view, settings)
        self.pane.on_edit, self.pane.on_reply = self.writing.edit, self.writing.reply
        self._login: LoginQuestion | None = None  # of `client`
        self.sent, self._completion = SentMessages(), Completion()
        self._refreshed_at = 0.0
        self._fingerprint = ""

    # --- connecting ---------------------------------------------------------------------------------------------------

    def begin(self, connect: bool, ask_server: bool = True, notice: str = "") -> None:
        """Shows the connect panel; connects at once if `connect`."""
        self.ask_server = ask_server
        self.view.show_settings(self.settings)
        self._show_panel(errors={"notice": notice} if notice else {})
        if connect:
            self.connect(self.server, self._password)

    def use_password(self, password: str) -> None:
        self._password = password

    def connect(self, server: Server, password: str, server_password: str = "") -> None:
        """Connects to a server, with the name's password, or shows what is wrong with what was typed in the panel."""
        self._password, self._server_password = password, server_password
        server = replace(server, nick=without_spaces(server.nick))
        try:
            server, room = follow(server)
        except ValueError as error:
            self._show_panel({"server": str(error)})
            return
        self._rooms = (room,) if room else self._rooms
        errors = check(server)
        self.server = server
        if errors:
            self._show_panel(errors)
            return
        danger = plaintext.danger(server, self.settings, password or server_password)
        question = "\n\n".join([danger, tr("Connect without TLS?")])
        if danger and not self.view.confirm(question, tr("Connect")):
            self._show_panel({"server": tr("Not connected. Choose Encrypted (TLS), if the server has it.")})
            return
        self._start(Target(server.host, server.port, server.tls, self.settings.trusted.get(server.place, "")))

    def _start(self, target: Target) -> None:
        self._stop()
        rooms = tuple(dict.fromkeys((*self._rooms, *self.settings.rooms.get(self.server.place, ()))))
        session = Session(self.server.nick, rooms, self._password, self.now, self._server_password, "window")
        self.client = self.pane.client = self._make_client(target, session)
        self._login = LoginQuestion(self.view, self.settings, self.server, self.client, self.refresh)
        self._drafts.bring_back(session.state, self.server.place)
        self.client.start()
        self._show_panel(connecting=tr("Connecting to {server}…", server=target))

    def cancel(self) -> None:
        self._stop()
        self._show_panel()

    def trust(self, once: bool) -> None:
        """The user trusts the certificate that they were asked about."""
        if not once:
            self.settings.trusted[self.server.place] = self._fingerprint
            self._save()
        self._start(Target(self.server.host, self.server.port, True, self._fingerprint, once))

    def retry_now(self) -> None:
        """Connects again at once, or ends being away: the banner's button."""
        if self.client and self.client.phase is Phase.ONLINE:
            self.command("/back")
        elif self._login and self.client and self.client.phase is Phase.ASKING:
            self._login.ask_again()
        elif self.client:
            self.client.retry_now()

    def disconnect(self) -> None:
        """Goes back to the panel, where the user can choose another server."""
        self.ask_server = True
        self.cancel()

    def close(self) -> None:
        try:
            self.settings.size = self.view.size() or self.settings.size
            self._save()
            self.keep_place()
        finally:  # whatever goes wrong, the window can be closed
            if self.client:
                self.client.state.quit()
                self.client.stop()
            self.view.close()

    def keep_place(self) -> None:
        """Remembers the rooms and the drafts of this server for the next run."""
        if self.client and self._drafts.keep(self.client.state, self.server.place):
            self._save()

    def _stop(self) -> None:
        self.keep_place()
        self._drafts.leave()
        if self.client:
            self.client.state.quit()
            self.client.stop()
            self.client = self.pane.client = self._login = None
        self._in_chat = False

    def _show_panel(self, errors: dict[str, str] | None = None, question: str = "", connecting: str = "") -> None:
        self._in_chat = False
        panel = Panel(
            self.server, tuple(self.settings.recent), self.ask_server, self._password, self._server_password,
            errors or {}, question, connecting,
        )  # fmt: skip
        self.view.show_panel(panel)

    # --- time passes --------------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Handles what came and shows it; true when more waits, and the next tick should be soon."""
        if self.client is None:
            return False
        for event in self.client.pump(TICK_SECONDS):
            self._on_event(event)
        if self.client is None:
            return False
        behind = self.client.is_behind
        for url in self.view.take_unopened():
            self.client.state.inform(tr("Nothing on this computer opens links. Copy it: {url}", url=url), Kind.ERROR)
        if self._in_chat and self._drafts.is_due():
            self.keep_place()
        if self._in_chat:
            if not behind or time.monotonic() - self._refreshed_at > REFRESH_SECONDS:
                self.refresh()
        elif self.client.phase is Phase.LOST:
            seconds = max(0, round(self.client.retry_at - self.now()))
            again = tr("Trying again in {seconds} s…", seconds=seconds)
            self._show_trying(f"{self.client.error} {again}")
        elif self.client.phase is Phase.CONNECTING:
            self._show_trying()
        return behind

    def _show_trying(self, trouble: str = "") -> None:
        """Shows in the panel that we connect, and what went wrong the last time."""
        assert self.client
        if trouble != self._panel_shown:
            self._panel_shown = trouble
            errors = {"server": trouble} if trouble else {}
            self._show_panel(errors, connecting=tr("Connecting to {server}…", server=self.client.target))

    def _on_event(self, event: ScreenEvent) -> None:
        match event:
            case Registered(again):
                self._on_welcome(again)
            case Rejected(reason, about):
                self._on_refused(reason, about)
            case Alerted(room, entry) if not self.focused:
                self._alerts.alert(room, entry)
            case RoomList(rooms):
                self.rooms.offer_all(rooms)
            case HistoryShown(room, entries, msgid):
                self.search.shown(room, entries, msgid)
            case LanguageChosen(tag):
                self._speak(tag)
            case KeyWanted(room, about):
                self.questions.want_key(room, about)
            case Answered():
                self.questions.answered(event)
            case SearchResults(room, entries):
                self.search.found(room, entries)

    def _on_welcome(self, again: bool) -> None:
        assert self.client and self._login
        self._login.let_in()
        self.questions.ask_once_more()
        if not again:
            self.settings.remember(replace(self.server, nick=self.client.state.nick))
            self._save()
            self._in_chat = True
            history_sync.ask_whom_we_know(self.client.state)
            self._surroundings.forget()
            self._panel_shown = None
            self.view.show_chat()
            self.go_to(self.client.state.current)
            self._drafts.show()

    def _on_refused(self, reason: str, about: tuple[str, ...]) -> None:
        text = strings.refusal(reason, *about)
        if self._in_chat and self._login and reason in strings.ANSWERS:
            self._login.ask(reason, about)
            return
        self._stop()
        if reason == "ended":
            self._password = ""  # the device may be in other hands now
        if reason in ("certificate-unknown", "certificate-name"):
            self._fingerprint = about[1].replace(":", "").lower()
            self._show_panel(question=text)
        else:
            self._show_panel({_FIELDS.get(reason, "notice"): text})

    # --- what the window shows ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Shows what has changed."""
        assert self.client
        self._refreshed_at = time.monotonic()
        state = self.client.state
        transcript = self.pane.transcript
        if self.search.results is None and (transcript is None or transcript.room is not state.current):
            self.go_to(state.current)
        state.looked_at = state.current if self.focused else None
        mode_handlers.ask(state, state.current)
        ignoring.ask(state)
        self._surroundings.refresh(self.client, self.search.header(), self.writing.note(state), self.now())
        self.pane.refresh()

    # --- rooms --------------------------------------------------------------------------------------------------------

    def go_to(self, room: Room) -> None:
        """Shows a room: its messages, its draft."""
        assert self.client
        state = self.client.state
        self.search.close()
        self._drafts.go_to(state, room)
        state.current = room
        if self.focused:
            room.seen()
        self.pane.show(room)
        presence_handlers.ask_who(state, room)
        if self.client.phase is not Phase.ASKING:  # that question is about all rooms
            self.questions.came_to(room)
        self.refresh()

    @property
    def state(self) -> SessionState | None:
        """What is known of the server and the rooms; None without a client."""
        return self.client.state if self.client else None

    def save_conversation(self) -> None:
        """Writes the messages of the current room to a file that the user chooses."""
        if self.client and (path := self.view.choose_file(export.file_name(self.client.state.current))):
            self.client.state.inform(*export.save(self.client.state.current, Path(path)))

    # --- writing ------------------------------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Sends what was typed: Enter, or the Send button. What can't be done stays in the composer."""
        if not self.client or not text.strip():
            return
        room = self.client.state.current
        if self.writing.is_unchanged(room, text) and self.stop_editing():
            return
        if not _is_meant(self.view, text) or self.state is None or self.state.current is not room:
            return  # in another room by now, where the server has moved us; what was typed is the draft of this one
        if self.search.results:
            self.go_to(room)  # where one sees what one says
        # Empty it first: a command may go to another room, and what is in the composer then is kept as a draft.
        self.view.set_composer("")
        done = False
        try:
            done = self.command(text)
        finally:
            if not done:
                self.view.set_composer(text)
        if done:
            remember = self.questions.note_secret if slash_commands.is_secret(text) else self.sent.add
            remember(text)
            self.writing.sent(room)
            self.pane.jump_to_latest()

    def typed(self, text: str) -> None:
        """The user has typed in the composer, which has this text now."""
        if self.client:
            self.writing.typed(self.client.state, text)

    def stop_editing(self) -> bool:
        """Leaves the message as it was that is being edited; false if there is none."""
        if not self.client or not self.writing.stop(self.client.state.current):
            return False
        self.refresh()
        return True

    def command(self, text: str) -> bool:
        """Carries out what was typed; false, after saying why, if that can't be done."""
        if not self.client:
            return False
        state = self.client.state
        rooms = set(state.rooms.values())
        if text.startswith("/search ") and state.is_registered:
            self.search.open()
            self.search.find(text.removeprefix("/search "))
            return True
        try:
            room = slash_commands.run(state, state.current, text)
        except EndProgram:
            self.close()
            return True
        except Misuse as misuse:
            state.inform(str(misuse), Kind.ERROR)
            self.pane.jump_to_latest()
            return False
        self._drafts.keep_left(state, rooms)
        if room is not None and room is not state.current:
            self.go_to(room)
        self.refresh()
        return True

    def complete(self, text: str) -> str | None:
        """Completes the text before the cursor (Tab); None if there is nothing to complete."""
        return self._completion.next(self.client.state, self.client.state.current, text) if self.client else None

    # --- reading ------------------------------------------------------------------------------------------------------

    def escape(self) -> None:
        """Goes back to what was found, ends editing, closes the search, or goes to the latest message."""
        if self.search.back() or self.stop_editing():
            return
        if not self.search.close():
            self.pane.jump_to_latest()
        elif self.client and self.pane.transcript:
            self.go_to(self.client.state.current)

    def focus(self, focused: bool) -> None:
        """The window got the keyboard, or lost it."""
        self.focused = focused
        if self.client and self._in_chat:
            self.client.state.looked_at = self.client.state.current if focused else None
            if focused:
                self.client.state.current.seen()
                presence_handlers.ask_who(self.client.state, self.client.state.current)
            self.refresh()

    # --- preferences --------------------------------------------------------------------------------------------------

    def prefer(self, **changes: str | int) -> None:
        """Changes preferences: shows the change at once and saves it."""
        for name, value in changes.items():
            setattr(self.settings, name, value)
        self.settings.zoom = max(storage.ZOOM_LEAST_POINTS, min(self.settings.zoom, storage.ZOOM_MOST_POINTS))
        self._save()
        self.view.show_settings(self.settings)
        if self._in_chat:
            self.pane.restyle()
            self._surroundings.forget()  # what has a colour there gets that of another theme

    def choose_language(self, tag: str, server: Server, password: str, server_password: str) -> None:
        """The user has chosen a language in the panel, where this is typed."""
        self.server, self._password, self._server_password = server, password, server_password
        if language := find(tag):
            speak(language)
            self._speak(tag)

    def _speak(self, tag: str) -> None:
        """Shows everything in the language that is spoken from now on."""
        self.settings.language = tag
        self._save()
        written = self.view.composer_text()
        self.view.translate()
        self.view.show_settings(self.settings)
        if not self._in_chat or not self.client:
            self._show_panel()
            return
        self.view.show_chat()
        self.view.set_composer(written)
        self._surroundings.forget()
        self.pane.forget()
        self.go_to(self.client.state.current)

    def _save(self) -> None:
        trouble = storage.save(self.settings, self._path)
        if trouble and self.client:
            self.client.state.inform(trouble, Kind.ERROR)


def follow(server: Server) -> tuple[Server, str]:
    """The server that was typed, and the room, if it was a link to one. A link that is none is a ValueError."""
    if not links.is_link(server.host):
        return server, ""
    link = links.parse(server.host)
    return replace(server, host=link.host, port=link.port, tls=link.tls or server.tls), link.room


def _is_meant(view: View, text: str) -> bool:
    """Whether the user means to send a text; asks about one of many lines."""
    count = len(splitting.lines(text))
    return count <= multiline.LINES_UNASKED or view.confirm(strings.many_lines(count), tr("Send"))


def check(server: Server) -> dict[str, str]:
    """What is wrong with what was typed into the panel, by field."""
    errors = {}
    if not server.nick:
        errors["name"] = tr("What should the others call you?")
    elif fault := nick_fault(server.nick):
        errors["name"] = strings.no_name("", describe_fault(fault, own()))
    if not server.host or any(c.isspace() for c in server.host):
        errors["server"] = tr("The name or the address of a server.")
    if not 1 <= server.port <= 65_535:
        errors["port"] = tr("1 to 65535.")
    return errors
