"""The client without a window: lines in, lines out.

On a terminal, with prompt_toolkit (the extra `terminal`), there is a prompt that arriving lines don't break, and
completion. Everywhere else stdin is read and stdout written as they are. When stdin ends, the program stays until the
server has everything that was said, and its exit code tells: 0 when all of it arrived.
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TextIO

from chatroom.client import settings as storage
from chatroom.client import slash_commands, strings
from chatroom.client.client import GOODBYE_SECONDS, Client, Phase
from chatroom.client.completion import candidates
from chatroom.client.room import REDRAW_NOTHING, Room
from chatroom.client.screen_events import Rejected, RoomList, ScreenEvent
from chatroom.client.server_connection import Target
from chatroom.client.session import Session
from chatroom.client.settings import Server
from chatroom.client.slash_commands import Leave, Misuse
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import Delivery, Kind, TranscriptEntry, nick_colour
from chatroom.common.names import FAULTS, nick_fault
from chatroom.common.streams import Unwritable, decoded, readable, refusal

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completion as Choice

_TICK = 0.05  # s
_PATIENCE = 30.0  # s without any answer before what was said counts as not delivered
_COLOURS = (31, 33, 32, 36, 34, 35, 91, 94)  # ANSI, one for each of the palette's nick colours


class Trouble(Exception):  # noqa: N818 (mostly the network's)
    """It can't go on; the text says why and what to do."""


def converse(server: Server, room: str, password: str) -> None:
    """Talks until stdin ends or the user leaves; raises `Trouble` when that is not possible, or not delivered."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    nick = server.nick or (_ask_name() if interactive else "")
    if not nick and not interactive:
        raise Trouble("Without a terminal, --nick NAME has to say who you are.")
    if fault := nick_fault(nick):
        raise Trouble(f"{nick or 'That'} can't be a name: {FAULTS[fault]}.")
    path = storage.default_path()
    settings, trouble = storage.load(path)
    place = f"{server.host}:{server.port}"
    while True:
        target = Target(server.host, server.port, server.tls, settings.trusted.get(place, ""))
        conversation = Conversation(Client(target, Session(nick, (room,), password)), interactive)
        if trouble:
            conversation.say(trouble)
        try:
            conversation.run()
            return
        except Unknown as unknown:
            if not interactive or not _ask_trust(str(unknown)):
                raise Trouble(f"{unknown}\nConnect once from a terminal or the window to trust it.") from None
            settings.trusted[place] = unknown.fingerprint
            trouble = storage.save(settings, path)


class Unknown(Trouble):
    """Nobody vouches for the server's certificate."""

    def __init__(self, text: str, fingerprint: str) -> None:
        super().__init__(text)
        self.fingerprint = fingerprint


class Conversation:
    """One client, and a terminal or two pipes. `interactive`: a person is at the keyboard, so a lost connection is
    waited for; a script is told at once."""

    def __init__(self, client: Client, interactive: bool, out: TextIO | None = None) -> None:
        self.client = client
        self.state = client.state
        self._interactive = interactive
        self._out = out or sys.stdout
        self._colours = interactive and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._said: list[TranscriptEntry] = []
        self._printed: set[int] = set()
        self._phase = Phase.CONNECTING
        self._waiting: list[str] = []  # typed before we were in the room
        self._place: Room | None = None  # where lines go, as the user was told last
        self._room = self.state.current  # the last place that was a room
        self._unreadable = False  # whether a script gave us what the locale can't read

    def run(self) -> None:
        self.client.start()
        try:
            if self._interactive and _has_prompt_toolkit():
                asyncio.run(self._run_prompt())
            else:
                self._run_plain()
            self._deliver()
            if self._unreadable:
                raise Trouble(f"A line was not sent, nor what follows it. {refusal()}")
        except Leave:
            pass
        finally:
            self.state.quit()
            self.client.stop()
            self.client.wait(GOODBYE_SECONDS)

    # --- lines in -----------------------------------------------------------------------------------------------------

    def _run_plain(self) -> None:
        """Until stdin ends."""
        lines: SimpleQueue[str | None] = SimpleQueue()
        threading.Thread(target=_read_lines, args=(lines,), daemon=True).start()
        while True:
            self.pump()
            try:
                line = lines.get(timeout=_TICK)
            except Empty:
                continue
            if line is None:
                return
            if not (self._interactive or readable(line)):
                self._unreadable = True  # what came before is to be delivered, and nothing after
                return
            self.typed(line)

    async def _run_prompt(self) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.patch_stdout import patch_stdout

        prompt: PromptSession[str] = PromptSession(
            completer=_completer(self.state), complete_while_typing=False, erase_when_done=False
        )
        with patch_stdout(raw=True):
            self._out = sys.stdout
            pumping = asyncio.create_task(self._keep_pumping(prompt))
            try:
                while True:
                    try:
                        self.typed(await prompt.prompt_async(lambda: f"{self.state.current.name}> "))
                    except KeyboardInterrupt:
                        continue
                    except EOFError:
                        break
                    if pumping.done():
                        pumping.result()  # raises what ended it
            finally:
                pumping.cancel()

    async def _keep_pumping(self, prompt: Any) -> None:
        try:
            while True:
                self.pump()
                await asyncio.sleep(_TICK)
        except Trouble:
            if prompt.app.is_running:
                prompt.app.exit(result="")
            raise

    def typed(self, line: str) -> None:
        """A line from the user: said, or done."""
        if not line.strip():
            return
        if not readable(line):
            self.say(refusal())
            return
        room = self.state.current
        comes = not room.is_here and (room.joined or not self._interactive)  # a person is told, and can go elsewhere
        behind = self._waiting and not self._interactive
        if not self.state.was_registered or behind or (comes and not line.startswith("/join")):
            self._waiting.append(line)
            return
        before = {entry.serial for entry in self.state.current.pending()}
        try:
            room = slash_commands.run(self.state, self.state.current, line) or self.state.current
        except Misuse as misuse:
            if line.startswith("/join") and not self._interactive:
                raise Trouble(str(misuse)) from None  # what follows was meant for there
            self.say(str(misuse))
            return
        self.state.current = room
        self._said += [entry for entry in room.pending() if entry.serial not in before]

    def _deliver(self) -> None:
        """Waits until the server has everything; raises `Trouble` when it hasn't."""
        heard, known = time.monotonic(), -1
        asked = False
        while self._waiting or not self.state.is_checked:
            self.pump()
            undone = len(self._waiting) + sum(entry.pending for entry in self._said)
            if undone != known:
                heard, known = time.monotonic(), undone
            if not self._waiting and self.client.phase is Phase.ONLINE and not asked:
                asked = True
                self.state.check()
            if time.monotonic() - heard > _PATIENCE:
                raise Trouble("The server doesn't answer; it is not known whether it has your message.")
            time.sleep(_TICK / 5)
        failed = [entry for entry in self._said if entry.delivery is not Delivery.DONE]
        if failed:
            raise Trouble(f"Not delivered: {failed[0].text}")

    # --- lines out ----------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Takes in what came, prints it; raises `Trouble` when there is no going on."""
        for event in self.client.pump(_TICK):
            self._on_event(event)
        self._on_phase()
        for room in list(self.state.rooms.values()):
            self._print_news(room)
        if self._interactive and self.state.was_registered:
            self._tell_place()
        if self._waiting and self.state.current.is_here:
            waiting, self._waiting = self._waiting, []
            for line in waiting:
                self.typed(line)
        if self._waiting and self.state.was_registered and not self.state.current.joined:
            if not self._interactive:
                raise Trouble(f"{self.state.current.name} doesn't let you in.")
            waiting, self._waiting = self._waiting, []
            for line in waiting:
                self.say(f"Not sent: {line}")

    def _on_event(self, event: ScreenEvent) -> None:
        match event:
            case Rejected("certificate-unknown" as reason, about):
                raise Unknown(strings.refusal(reason, *about), about[1].replace(":", "").lower())
            case Rejected(reason, about):
                raise Trouble(strings.refusal(reason, *about))
            case RoomList(rooms):
                for name, people, topic in rooms:
                    self.say(f"{name}  {strings.people(people)}  {topic}".rstrip())

    def _on_phase(self) -> None:
        phase = self.client.phase
        if phase is self._phase:
            return
        self._phase = phase
        if phase is Phase.LOST:
            if not self._interactive or not self.state.was_registered:
                raise Trouble(self.client.error)
            self.say(f"{self.client.error} Trying again…")
        elif phase is Phase.ONLINE and self.client.lost_at:
            self.say("Connected again.")

    def _tell_place(self) -> None:
        """Says where lines go, when that has changed for sure.

        Where we are not let in, they are refused one by one: what was meant for few must not be said to many.
        """
        room = self.state.current
        if room is self._place:
            self._place = room if room.joined else None  # thrown out: coming back is news
        elif not room.joined:
            self._place = None
        elif room.is_listed or (room.is_direct and not _is_undecided(room)):
            self._place = room
            if room.is_direct:
                self.say(strings.goes_to(room.name, self._room.name))
            else:
                self._room = room
                self.say(strings.place(room.name, len(room.members) - 1, room.topic))

    def _print_news(self, room: Room) -> None:
        dirty = room.take_dirty()
        if dirty == REDRAW_NOTHING:
            return
        for entry in room.entries[max(0, dirty - room.first) :]:
            if entry.serial in self._printed or entry.pending:
                continue
            self._printed.add(entry.serial)
            if entry.delivery is Delivery.FAILED:
                self.say(f"Not sent: {entry.text}")
            elif entry not in self._said:
                self.say(self._render(room, entry))

    def _render(self, room: Room, entry: TranscriptEntry) -> str:
        place = "" if room is self.state.current else f"[{_named(room, entry)}] "
        return f"{strings.clock(entry.time)} {place}{self._said_by(entry)}"

    def _said_by(self, entry: TranscriptEntry) -> str:
        nick = self._coloured(entry)
        match entry.kind:
            case Kind.MESSAGE:
                return f"{nick}: {entry.text}"
            case Kind.NOTICE:
                return f"{nick} (notice): {entry.text}"
            case Kind.ACTION:
                return f"* {nick} {entry.text}"
            case Kind.JOIN:
                return f"→ {nick} joined"
            case Kind.LEAVE:
                return f"← {nick} left" + (f" ({entry.text})" if entry.text else "")
            case Kind.RENAME:
                return f"{nick} is now called {entry.text}"
            case _:
                return entry.text

    def _coloured(self, entry: TranscriptEntry) -> str:
        return f"\x1b[{_COLOURS[nick_colour(entry.nick)]}m{entry.nick}\x1b[0m" if self._colours else entry.nick

    def say(self, line: str) -> None:
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except Unwritable as error:
            raise Trouble("Nobody reads the output any more." if error.gone else str(error)) from None


def _is_undecided(room: Room) -> bool:
    """Whether something that was said there has no answer yet."""
    return any(entry.delivery is Delivery.SENT for entry in room.pending())


def _named(room: Room, entry: TranscriptEntry) -> str:
    """A place, for a line of it that is read elsewhere; who speaks in private stands in the line."""
    if not room.is_direct:
        return room.name
    return f"private to {room.name}" if entry.own else "private"


def _read_lines(lines: "SimpleQueue[str | None]") -> None:
    """Stdin, line by line, then None. Reads the descriptor itself: `sys.stdin` can't be left in a reading thread."""
    rest = b""
    while data := os.read(sys.stdin.fileno(), 65_536):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            lines.put(decoded(line).rstrip("\r"))
    if rest.strip():
        lines.put(decoded(rest))
    lines.put(None)


def _has_prompt_toolkit() -> bool:
    try:
        import prompt_toolkit  # noqa: F401 (only whether it is there)
    except ModuleNotFoundError:
        return False
    return True


def _completer(state: SessionState) -> Any:
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    class Names(Completer):
        def get_completions(self, document: Document, event: CompleteEvent) -> Iterator["Choice"]:
            text = document.text_before_cursor
            start = -len(text.rsplit(None, 1)[-1]) if text.strip() else 0
            return (Completion(choice, start) for choice in candidates(state, state.current, text))

    return Names()


def _ask_name() -> str:
    try:
        return input("Your name: ").strip()
    except (EOFError, KeyboardInterrupt):
        raise Trouble("No name, no chat.") from None


def _ask_trust(text: str) -> bool:
    print(text, file=sys.stderr)
    try:
        return input("Trust it from now on? [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        return False
