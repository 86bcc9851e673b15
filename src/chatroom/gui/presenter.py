"""Decides everything that the window does. No Tk.

The view calls a method for each thing the user does, and `tick` often; the presenter calls the view only with what has
changed since the last time. Nothing here waits.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from chatroom.client import links, plaintext, slash_commands, splitting, strings
from chatroom.client import settings as storage
from chatroom.client.client import Client, Phase
from chatroom.client.completion import Completion, SentMessages
from chatroom.client.room import Room
from chatroom.client.screen_events import Alerted, KeyWanted, Registered, Rejected, RoomList, ScreenEvent, SearchResults
from chatroom.client.server_connection import Target
from chatroom.client.session import Session
from chatroom.client.settings import Server, Settings
from chatroom.client.slash_commands import EndProgram, Misuse
from chatroom.client.transcript_entry import Kind, TranscriptEntry
from chatroom.common.names import FAULTS, fold, is_room, nick_fault
from chatroom.gui import view_models
from chatroom.gui.message_pane import MessagePane
from chatroom.gui.search import Search
from chatroom.gui.view_protocol import Panel, Question, View

TICK_SECONDS = 0.006  # of handling lines at once, so that a key pressed meanwhile shows within 20 ms
REFRESH_SECONDS = 0.1  # between two redraws while more waits: drawing costs more than handling lines
KEEP_SECONDS = 30.0  # after which rooms and drafts are saved again, if they have changed
LINES_UNASKED = 20  # sent at once without a question: more is mostly pasted by mistake
ALERT_SECONDS = 5.0  # between two notifications
_FIELDS = {  # of the panel, by the reason of a refusal
    **dict.fromkeys(("nick-taken", "nick-bad"), "name"),
    **dict.fromkeys(("nick-claimed", "login-refused"), "password"),
    **dict.fromkeys(("server-password", "server-password-wrong"), "server_password"),
}
T = TypeVar("T")
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
        self._shown: dict[str, object] = {}
        self._writing_in: Room | None = None  # whose draft is in the composer
        self._sent = SentMessages()
        self._completion = Completion()
        self._alerted_at = 0.0
        self._kept_at = now()
        self._refreshed_at = 0.0
        self._fingerprint = ""
        self._asked: tuple[str, tuple[str, ...]] = ("nick-taken", ())  # what keeps us out, while the client is ASKING

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
        """Connects to a server, or shows what is wrong with what was typed: the panel's button.

        `password` is that of the name.
        """
        self._password, self._server_password = password, server_password
        if links.is_link(server.host):
            try:
                link = links.parse(server.host)
            except ValueError as error:
                self._show_panel({"server": str(error)})
                return
            server = replace(server, host=link.host, port=link.port, tls=link.tls or server.tls)
            self._rooms = (link.room,) if link.room else self._rooms
        errors = check(server)
        self.server = server
        if errors:
            self._show_panel(errors)
            return
        danger = plaintext.danger(server, self.settings, password or server_password)
        if danger and not self.view.confirm(f"{danger}\n\nConnect without TLS?", "Connect"):
            self._show_panel({"server": "Not connected. Choose Encrypted (TLS), if the server has it."})
            return
        self._start(
            Target(server.host, server.port, server.tls, self.settings.trusted.get(f"{server.host}:{server.port}", ""))
        )

    def _start(self, target: Target) -> None:
        self._stop()
        rooms = tuple(dict.fromkeys((*self._rooms, *self.settings.rooms.get(self._place, ()))))
        session = Session(self.server.nick, rooms, self._password, self.now, self._server_password)
        self.client = self.pane.client = self._make_client(target, session)
        for name, draft in self.settings.drafts.get(self._place, {}).items():
            session.state.room(name).draft = draft
        self.client.start()
        self._show_panel(connecting=f"Connecting to {target}…")

    def cancel(self) -> None:
        self._stop()
        self._show_panel()

    def trust(self, once: bool) -> None:
        """The user trusts the certificate that they were asked about."""
        if not once:
            self.settings.trusted[self._place] = self._fingerprint
            self._save()
        self._start(Target(self.server.host, self.server.port, True, self._fingerprint, once))

    def retry_now(self) -> None:
        """Connects again at once, or ends being away: the banner's button."""
        if self.client and self.client.phase is Phase.ONLINE:
            self.command("/back")
        elif self.client and self.client.phase is Phase.ASKING:
            self._ask_again()
        elif self.client:
            self.client.retry_now()

    def disconnect(self) -> None:
        """Goes back to the panel, where the user can choose another server."""
        self.ask_server = True
        self.cancel()

    def close(self) -> None:
        self.settings.size = self.view.size() or self.settings.size
        self._save()
        self._keep_place()
        if self.client:
            self.client.state.quit()
            self.client.stop()
        self.view.close()

    @property
    def _place(self) -> str:
        return f"{self.server.host}:{self.server.port}"

    def _keep_place(self) -> None:
        """Remembers the rooms and the drafts of this server for the next run."""
        if not self.client or not self.client.state.was_registered:
            return
        state = self.client.state
        if self._writing_in:
            self._writing_in.draft = self.view.composer_text()
        rooms = [room.name for room in state.rooms.values() if not room.is_direct and room.joined]
        drafts = {room.name: room.draft for room in state.rooms.values() if room.draft.strip()}
        drafts = {name: text for name, text in drafts.items() if not slash_commands.is_secret(text)}
        self._kept_at = self.now()
        if (rooms, drafts) != (self.settings.rooms.get(self._place), self.settings.drafts.get(self._place)):
            self.settings.rooms[self._place], self.settings.drafts[self._place] = rooms, drafts
            self._save()

    def _stop(self) -> None:
        self._keep_place()
        self._writing_in = None
        if self.client:
            self.client.state.quit()
            self.client.stop()
            self.client = self.pane.client = None
        self._in_chat = False

    def _show_panel(self, errors: dict[str, str] | None = None, question: str = "", connecting: str = "") -> None:
        self._in_chat = False
        recent = tuple(self.settings.recent)
        self.view.show_panel(
            Panel(
                self.server, recent, self.ask_server, self._password, self._server_password,
                errors or {}, question, connecting,
            )
        )  # fmt: skip

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
            self.client.state.inform(f"Nothing on this computer opens links. Copy it: {url}", Kind.ERROR)
        if self._in_chat and self.now() - self._kept_at > KEEP_SECONDS:
            self._keep_place()
        if self._in_chat:
            if not behind or time.monotonic() - self._refreshed_at > REFRESH_SECONDS:
                self.refresh()
        elif self.client.phase is Phase.LOST:
            seconds = max(0, round(self.client.retry_at - self.now()))
            self._show("panel", f"{self.client.error} Trying again in {seconds} s…", self._show_trouble)
        elif self.client.phase is Phase.CONNECTING:
            self._show("panel", "", lambda _: self._show_panel(connecting=f"Connecting to {self.client_target()}…"))
        return behind

    def client_target(self) -> str:
        return str(self.client.target) if self.client else ""

    def _show_trouble(self, error: str) -> None:
        self._show_panel({"server": error}, connecting=f"Connecting to {self.client_target()}…")

    def _on_event(self, event: ScreenEvent) -> None:
        match event:
            case Registered(again):
                self._on_welcome(again)
            case Rejected(reason, about):
                self._on_refused(reason, about)
            case Alerted(room, entry):
                self._on_alert(room, entry)
            case RoomList(rooms):
                rows = [(name, f"{strings.people(people)}   {topic}".rstrip()) for name, people, topic in rooms]
                self.view.show_picker("Rooms of this server; a new name makes a room", rows, True)
            case KeyWanted(room):
                self._ask_key(room)
            case SearchResults(room, entries):
                self.search.found(room, entries)

    def _on_welcome(self, again: bool) -> None:
        assert self.client
        if not again:
            self.settings.remember(replace(self.server, nick=self.client.state.nick))
            self._save()
            self._in_chat = True
            self._shown.clear()
            self.view.show_chat()
            self.go_to(self.client.state.current)
            if self._writing_in and not self.view.composer_text():
                self.view.set_composer(self._writing_in.draft)

    def _on_refused(self, reason: str, about: tuple[str, ...]) -> None:
        text = strings.refusal(reason, *about)
        if self._in_chat and reason in strings.ANSWERS:
            self._asked = (reason, about)
            self._ask_again()
            return
        self._stop()
        if reason in ("certificate-unknown", "certificate-name"):
            self._fingerprint = about[1].replace(":", "").lower()
            self._show_panel(question=text)
        else:
            self._show_panel({_FIELDS.get(reason, "server"): text})

    def _ask_again(self) -> None:
        """Asks over the messages for what lets us in again; drafts and what waits to be sent stay."""
        assert self.client
        reason, about = self._asked
        kind = strings.ANSWERS[reason]
        name = self.client.state.login_name or self.client.state.nick
        self.view.ask(
            Question(
                "The server asks who you are" if kind != "nick" else "That name is taken",
                strings.refusal(reason, *about),
                strings.LABELS[kind].format(name),
                "Connect",
                is_secret=kind != "nick",
                is_unasked=True,
                other="Another name…" if kind == "password" else "",
                on_other=self._ask_name,
            ),
            partial(self._answer, kind),
        )

    def _ask_name(self) -> None:
        self._asked = ("nick-taken", self._asked[1])
        self._ask_again()

    def _answer(self, kind: str, text: str) -> None:
        """The user has answered what lets us in again."""
        if not self.client or self.client.phase is not Phase.ASKING:
            return
        fault = nick_fault(text) if kind == "nick" else None
        if fault:
            self._asked = ("nick-bad", (text, FAULTS[fault]))
            self._ask_again()
            return
        danger = "" if kind == "nick" else plaintext.danger(self.server, self.settings, text)
        if danger and not self.view.confirm(f"{danger}\n\nSend it without TLS?", "Send"):
            return
        self.client.answer(kind, text)
        self.refresh()

    def _on_alert(self, room: Room, entry: TranscriptEntry) -> None:
        """Notifies the user of a mention or a direct message while nobody looks at the window."""
        if self.focused or not self.settings.notify or self.now() - self._alerted_at < ALERT_SECONDS:
            return
        self._alerted_at = self.now()
        place = "" if room.is_direct else f" in {room.name}"
        self.view.alert(f"{entry.nick}{place}", entry.text[:200])

    # --- what the window shows ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Shows what has changed."""
        assert self.client
        self._refreshed_at = time.monotonic()
        state, view = self.client.state, self.view
        transcript = self.pane.transcript
        if self.search.results is None and (transcript is None or transcript.room is not state.current):
            self.go_to(state.current)
        state.looked_at = state.current if self.focused else None
        self._show("rooms", (view_models.room_rows(state), state.current.name), lambda v: view.show_rooms(*v))
        self._show("header", self.search.header() or view_models.header(state.current), view.show_header)
        room = state.current
        if self._shown.get("members") != (room.name, room.members_version):
            self._shown["members"] = (room.name, room.members_version)
            view.show_members(view_models.member_rows(room))
        self._show("banner", view_models.banner(self.client, self.now()), view.show_banner)
        self._show("status", view_models.status(self.client), view.show_status)
        self._show("title", view_models.title(state), view.show_title)
        self.pane.refresh()

    def _show(self, name: str, value: T, show: Callable[[T], None]) -> None:
        if name not in self._shown or self._shown[name] != value:
            self._shown[name] = value
            show(value)

    # --- rooms --------------------------------------------------------------------------------------------------------

    def go_to(self, room: Room) -> None:
        """Shows a room: its messages, its draft."""
        assert self.client
        state = self.client.state
        self.search.close()
        if self._writing_in and self._writing_in is not room:
            self._writing_in.draft = self.view.composer_text()
            self._writing_in.unmark()
            self.view.set_composer(room.draft)
        self._writing_in = room
        state.current = room
        if self.focused:
            room.seen()
        self.pane.show(room)
        self.refresh()

    def select_room(self, name: str) -> None:
        if self.client and (room := self.client.state.rooms.get(fold(name))) and room is not self.client.state.current:
            self.go_to(room)

    def step_room(self, step: int) -> None:
        """Goes to the room before (-1) or after (1) in the list: Ctrl+PgUp, Ctrl+PgDn."""
        names = self._room_names()
        if self.client and names:
            self.select_room(names[(names.index(self.client.state.current.name) + step) % len(names)])

    def nth_room(self, number: int) -> None:
        """Goes to a room by its place in the list: Alt+1 to the first."""
        names = self._room_names()
        if number <= len(names):
            self.select_room(names[number - 1])

    def _room_names(self) -> list[str]:
        return [row.name for row in view_models.room_rows(self.client.state)] if self.client else []

    def pick_room(self) -> None:
        """Lets the user choose among the rooms that are open: Ctrl+K."""
        if self.client:
            rows = [(row.name, row.count) for row in view_models.room_rows(self.client.state)]
            self.view.show_picker("Go to", rows, True)

    def list_rooms(self) -> None:
        """Asks for the rooms of the server, and the answer opens the picker: Ctrl+J."""
        self.command("/rooms")

    def picked(self, name: str) -> None:
        """Goes to the room or the person that was chosen or typed in the picker."""
        if self.client and (room := self.client.state.rooms.get(fold(name))):
            self.go_to(room)
        elif name:
            self.command(f"/join {name}" if is_room(name) else f"/msg {name}")

    def member_action(self, nick: str, action: str, length: str = "") -> None:
        """Does what was chosen in a member's menu: msg, whois, kick, ban, mute, op. Asks first where it does harm.

        `length` is how long, as it is typed ("10m"); "" is for good.
        """
        assert self.client
        state = self.client.state
        verb, place = view_models.HARM.get(action, ("", ""))
        question = f"{verb} {nick} {place} {state.current.name}{f' for {length}' if length else ''}?"
        if verb and not self.view.confirm(question, verb):
            return
        self.command(f"/{action} {nick} {length}".rstrip())
        if action == "ban" and not state.knows_times("BAN"):  # there it throws out as well
            self.command(f"/kick {nick}")

    def member_actions(self, nick: str) -> tuple[str, ...]:
        """What the menu of a member offers."""
        state = self.client.state if self.client else None
        return view_models.member_actions(state.current, state.nick, nick) if state else ()

    def act(self, act: view_models.Act) -> None:
        """Does what was chosen in a menu, after asking for what it needs."""
        if not act.label:
            self.command(act.command)
            return
        question = Question(
            act.name.removesuffix("…"), act.text, act.label, is_secret=act.is_secret, may_be_empty=act.may_be_empty
        )
        self.view.ask(question, lambda text: self._act_with(act, text))

    def _act_with(self, act: view_models.Act, text: str) -> None:
        line = act.command.format(text).rstrip()
        if not self.command(line) and not act.is_secret:
            self.view.set_composer(self.view.composer_text() or line)

    def _ask_key(self, room: Room) -> None:
        self.view.ask(
            Question(
                f"{room.name} is locked", "Whoever runs the room knows the key.", "Key", "Go there", is_unasked=True
            ),
            lambda key: self._join_with(room.name, key),
        )

    def _join_with(self, name: str, key: str) -> None:
        self.command(f"/join {name} {key}")

    def ban_times(self) -> tuple[str, ...]:
        """How long somebody can be banned or muted for here, besides for good."""
        known = self.client and self.client.state.knows_times("BAN")
        return view_models.BAN_TIMES if known else ()

    # --- writing ------------------------------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Sends what was typed: Enter, or the Send button. What can't be done stays in the composer."""
        if not self.client or not text.strip():
            return
        lines = len(splitting.lines(text))
        if lines > LINES_UNASKED and not self.view.confirm(f"Send these {lines} lines to everybody here?", "Send"):
            return
        # Empty it first: a command may go to another room, and what is in the composer then is kept as a draft.
        self.view.set_composer("")
        if self.command(text):
            if not slash_commands.is_secret(text):
                self._sent.add(text)
            self.pane.jump_to_latest()
        else:
            self.view.set_composer(text)

    def command(self, text: str) -> bool:
        """Carries out what was typed; false, after saying why, if that can't be done."""
        if not self.client:
            return False
        state = self.client.state
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
        if room is not None and room is not state.current:
            self.go_to(room)
        self.refresh()
        return True

    def complete(self, text: str) -> str | None:
        """Completes the text before the cursor (Tab); None if there is nothing to complete."""
        return self._completion.next(self.client.state, self.client.state.current, text) if self.client else None

    def older_sent(self, text: str) -> str | None:
        return self._sent.older(text)

    def newer_sent(self, text: str) -> str | None:
        return self._sent.newer(text)

    # --- reading ------------------------------------------------------------------------------------------------------

    def escape(self) -> None:
        """Closes the search, or goes to the latest message."""
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

    def _save(self) -> None:
        trouble = storage.save(self.settings, self._path)
        if trouble and self.client:
            self.client.state.inform(trouble, Kind.ERROR)


def check(server: Server) -> dict[str, str]:
    """What is wrong with what was typed into the panel, by field."""
    errors = {}
    if not server.nick:
        errors["name"] = "What should the others call you?"
    elif fault := nick_fault(server.nick):
        errors["name"] = f"That can't be a name: {FAULTS[fault]}."
    if not server.host or any(c.isspace() for c in server.host):
        errors["server"] = "The name or the address of a server."
    if not 1 <= server.port <= 65_535:
        errors["port"] = "1 to 65535."
    return errors
