"""A conversation in lines: what the user types goes to the server, what the server sends is printed."""

import math
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable
from itertools import groupby
from typing import TextIO

from chatroom.client import mode_handlers, mode_sentences, multiline, plaintext, slash_commands, splitting, strings
from chatroom.client.client import GOODBYE_SECONDS, Client, Phase
from chatroom.client.misuse import EndProgram, Misuse, Unconfirmed
from chatroom.client.room import REDRAW_NOTHING, Room
from chatroom.client.screen_events import (
    Edited,
    HistoryShown,
    KeyWanted,
    LanguageChosen,
    Reacted,
    Rejected,
    RoomList,
    ScreenEvent,
    SearchResults,
    TakenBack,
)
from chatroom.client.transcript_entry import DeliveryState, TranscriptEntry
from chatroom.common.addresses import is_this_machine
from chatroom.common.graphemes import beginning
from chatroom.common.language import mark, own, tr
from chatroom.common.names import describe_fault, nick_fault
from chatroom.common.streams import Unwritable, readable, refusal

TICK_SECONDS = 0.05
_ANSWER_SECONDS = 30.0  # without any answer, then what was said counts as not delivered
_EDIT_SECONDS = 1.0  # after a message was taken back: until then another one may come in its place
_WIDTH_LEAST = 40  # columns: what the program says is in no narrower lines
_INDENT = "      "  # before further lines of a message, as wide as the time
# Translators: what may be typed for yes, in small letters, with blanks between; keep the English ones, too.
YES = mark("y yes")
# Translators: what may be typed for no, likewise.
_NO = mark("n no")
_COLOURS = (31, 33, 32, 36, 34, 35, 91, 94)  # ANSI, one for each of the palette's nick colours


class Trouble(Exception):  # noqa: N818 (mostly the network's)
    """The conversation can't go on; the text says why and what to do."""


class UntrustedCertificate(Trouble):
    """No authority vouches for the server's certificate."""

    def __init__(self, text: str, fingerprint: str) -> None:
        super().__init__(text)
        self.fingerprint = fingerprint


class Conversation:
    """One client, and a terminal or two pipes.

    `interactive`: a person is at the keyboard, so a lost connection is waited for. A script is told at once. `out` may
    be replaced while it runs.
    """

    def __init__(self, client: Client, interactive: bool) -> None:
        self.client = client
        self.state = client.state
        self.interactive = interactive
        self.out: TextIO = sys.stdout
        self.language = ""  # that the user has chosen here
        self._colours = interactive and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._said: list[TranscriptEntry] = []
        self._printed: set[int] = set()
        self._taken_back: dict[int, tuple[float, TakenBack]] = {}  # not told yet, by the serial; and when it is
        self._first: dict[Room, int] = {}  # the position of each room's oldest entry
        self._phase = Phase.CONNECTING
        self._waiting: list[str] = []  # typed before we were in the room
        self._place: Room | None = None  # where lines go, as the user was told last
        self._room = self.state.current  # the last place that was a room
        self._modes_asked: Room | None = None  # whose modes are told once they are known
        self._warned = False  # that a password can be read on the way
        self._asked = ""  # what the server wants from the user before it lets them in, of `strings.ANSWERS`
        self._has_asked = False  # since it let them in last: what waits may be an answer that was typed too early
        self._confirms = False  # whether the user is asked if that is to be sent
        self._locked: Room | None = None  # wants a key, which the user is asked for
        self._told_to_wait = False  # what was typed while there was no connection

    # --- lines in -----------------------------------------------------------------------------------------------------

    def typed(self, line: str, is_meant: bool = False) -> None:
        """Handles a line from the user: says it, carries out the command, or takes it for the answer to a question.

        `is_meant`: the user was asked about it already. A pasted text is one line, with line breaks in it.
        """
        if self._asked:
            self._answer(line.strip())
            return
        if self._confirms and self._confirmed(line.strip().lower()):
            return
        if self._locked and self._unlocked(self._locked, line.strip()):
            return
        if not line.strip():
            return
        if self.client.is_answering:  # it may be a password once more, of somebody who saw that the first was wrong
            if line.strip() == "/quit":
                raise EndProgram
            self.show(tr("Not sent: the server is still looking at your answer. Wait a moment."))
            return
        if not readable(line):
            self.show(refusal())
            return
        room = self.state.current
        if self.interactive and not self.state.is_registered:
            self._wait_with(line)
            return
        if self.interactive and not is_meant and len(splitting.lines(line)) > multiline.LINES_UNASKED:
            self._waiting.append(line)
            self._confirms = True
            return
        # Where a script is not let in it ends; a person is told, and can go to another room.
        comes = not room.is_here and (room.joined or not self.interactive)
        behind = self._waiting and not self.interactive
        if not self.state.was_registered or behind or (comes and not line.startswith("/join")):
            self._waiting.append(line)
            return
        before = {entry.serial for entry in self.state.current.pending()}
        try:
            room = slash_commands.run(self.state, self.state.current, line) or self.state.current
        except Misuse as misuse:
            if isinstance(misuse, Unconfirmed) and not self.interactive:
                raise Trouble(tr("Not sent, because there is nobody to ask. {why}", why=misuse)) from None
            if line.startswith("/join") and not self.interactive:
                raise Trouble(str(misuse)) from None  # what follows was meant for there
            self.show(str(misuse))
            return
        self.state.current = room
        self._said += [entry for entry in room.pending() if entry.serial not in before]

    def _wait_with(self, line: str) -> None:
        """Keeps a person's line until the server has let them in."""
        if line.strip() == "/quit":
            raise EndProgram
        self._waiting.append(line)
        self._told_to_wait = True
        self.show(tr("Waits for the connection: {text}", text=line))

    def _send_waiting(self) -> None:
        """Says what waited. Where a password was asked for meanwhile, it may be that, so a person is asked first."""
        if self._has_asked and self.interactive:
            self._confirms = True
            for line in self._waiting:
                self.show(tr("Typed before you were let in, and not sent yet: {text}", text=line))
            return
        self._has_asked = False
        waiting, self._waiting = self._waiting, []
        told, self._told_to_wait = self._told_to_wait, False
        for line in waiting:
            if told:
                self.show(tr("Sent now: {text}", text=line))
            self.typed(line)

    def _confirmed(self, answer: str) -> bool:
        """Takes the answer to whether what waits is to be sent; false for a line that is none, which counts as no."""
        self._confirms = self._has_asked = self._told_to_wait = False
        waiting, self._waiting = self._waiting, []
        is_yes = answer in tr(YES).split()
        for line in waiting:
            if is_yes:
                self.typed(line, is_meant=True)
            else:
                self.show(tr("Not sent: {text}", text=line))
        return is_yes or answer in ["", *tr(_NO).split()]

    def _unlocked(self, room: Room, key: str) -> bool:
        """Goes to a room with its key, or back to the room before; false for a command, which ends the question."""
        if " " in key and not key.startswith("/"):
            self.show(tr("Not sent: {text}", text=key))
            self.show(tr("That can't be a key. A key has no spaces and no commas."))
            return True
        self._locked = None
        if key.startswith("/"):
            return False
        if key:
            self.state.join(room.name, key)
        elif self._room.joined:
            self.state.current = self._room
        else:
            self.show(strings.not_in(room.name))
        return True

    def give_up_waiting(self) -> None:
        """Tells what waits that it is not sent."""
        self._confirms = False
        waiting, self._waiting = self._waiting, []
        for line in waiting:
            self.show(tr("Not sent: {text}", text=line))

    def deliver(self) -> None:
        """Waits until the server has everything; raises `Trouble` when it hasn't."""
        if self._asked or self._confirms:  # nobody is there to answer any more
            self.give_up_waiting()
        if self._asked:
            return
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
            if time.monotonic() - heard > _ANSWER_SECONDS:
                raise Trouble(tr("The server doesn't answer; it is not known whether it has your message."))
            time.sleep(TICK_SECONDS / 5)
        failed = [entry for entry in self._said if entry.delivery is not DeliveryState.DONE]
        if failed:
            raise Trouble(tr("Not delivered: {text}", text=failed[0].text))

    @property
    def question(self) -> str:
        """What the next line answers, as a prompt; "" while nothing is asked for."""
        if self._confirms and len(self._waiting) == 1 and not self._has_asked:
            return " ".join([strings.many_lines(len(splitting.lines(self._waiting[0]))), tr("[y/N]"), ""])
        if self._confirms:
            return " ".join([tr("Send that to {place}?", place=self.state.current.name), tr("[y/N]"), ""])
        if self._locked and not self._asked:
            return tr("Key of {room} (empty: go back)", room=self._locked.name) + ": "
        name = self.state.login_name or self.state.nick
        return f"{tr(strings.LABELS[self._asked], name=name)}: " if self._asked else ""

    @property
    def prompt(self) -> str:
        """What stands before the line that is typed: the question, or where the line goes."""
        place = self.state.current.name if self.state.is_registered else tr("(not connected)")
        return self.question or f"{place}> "

    @property
    def asks_secret(self) -> bool:
        """Whether the next line is a password, which must not be seen, or may be one."""
        return "password" in self._asked or self.client.is_answering

    def _answer(self, text: str) -> None:
        """Connects again with the answer; everything that was typed before stays."""
        if text == "/quit":
            raise EndProgram
        if self._asked == "password" and text.startswith("/nick "):
            self._asked, text = "nick", text.removeprefix("/nick ").strip()
        fault = nick_fault(text) if self._asked == "nick" else None
        if fault:
            self.show(strings.no_name(text, describe_fault(fault, own())))
        elif "password" in self._asked and text and self._in_clear and not self._warned:
            self._warned = True
            self.show(tr(plaintext.LINE_IN_CLEAR))
        elif text:
            kind, self._asked = self._asked, ""
            self.client.answer(kind, text)

    @property
    def _in_clear(self) -> bool:
        target = self.client.target
        return not target.tls and not is_this_machine(target.host)

    # --- lines out ----------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Handles and prints what came; raises `Trouble` when the conversation can't go on."""
        for event in self.client.pump(TICK_SECONDS):
            self._on_event(event)
        self._tell_taken_back(time.monotonic())
        self._on_phase()
        if self.interactive:
            self.state.looked_at = self.state.current
        for room in list(self.state.rooms.values()):
            self._print_news(room)
        if self.interactive and self.state.was_registered:
            self._tell_place()
            self._tell_modes()
        if self._locked and (self._locked.joined or self.state.current is not self._locked):
            self._locked = None  # we came in, or went elsewhere
        if not self._waiting and self.state.is_registered:
            self._has_asked = False
        if self._waiting and self.state.is_registered and self.state.current.is_here and not self._confirms:
            self._send_waiting()
        if self._waiting and self.state.was_registered and not self.state.current.joined:
            if not self.interactive:
                raise Trouble(tr("{room} doesn't let you in.", room=self.state.current.name))
            self.give_up_waiting()

    def _on_event(self, event: ScreenEvent) -> None:
        match event:
            case Rejected("certificate-unknown" | "certificate-name" as reason, about):
                raise UntrustedCertificate(strings.refusal(reason, *about), about[1].replace(":", "").lower())
            case Rejected(reason, about) if self.interactive and reason in strings.ANSWERS:
                self._asked = strings.ANSWERS[reason]
                self._has_asked, self._confirms = True, False
                more = [tr("/nick NAME chooses another name.")] if self._asked == "password" else []
                self.show("\n".join([strings.refusal(reason, *about), *more, tr("/quit ends the program.")]))
            case KeyWanted(room) if self.interactive and room is self.state.current:
                self._locked = room
            case Rejected(reason, about):
                raise Trouble(strings.refusal(reason, *about))
            case SearchResults(room, entries):
                self._show_dated(room, entries)
                if not entries:
                    self.show(tr("Nothing was found."))
            case LanguageChosen(tag):
                self.language = tag
            case RoomList(rooms):
                for listed in rooms:
                    self.show(f"{listed.name}  {strings.listed_room(listed)}")
            case HistoryShown(room, entries):
                self._show_dated(room, entries)
                if not entries:
                    self.show(tr("Nothing was said here yet."))
            case TakenBack():
                self._taken_back[event.entry.serial] = (time.monotonic() + _EDIT_SECONDS, event)
            case Edited(room, gone, entry):
                is_shown = self._taken_back.pop(gone.serial, None) and self._is_shown(gone)
                if is_shown and entry.own:
                    places = {"time": strings.clock(gone.time), "room": room.name}
                    self.show(tr("Your message of {time} in {room} is edited.", **places))
            case Reacted():
                self._tell_reaction(event)

    def _show_dated(self, room: Room | None, entries: Iterable[TranscriptEntry]) -> None:
        """Messages of any time, each day's below its name; without a room, each says where it was said."""
        for day, those in groupby(entries, key=lambda entry: strings.day(entry.time)):
            rows = [self._render(room or self.state.find(entry.place) or Room(entry.place), entry) for entry in those]
            self.show("\n".join([f"{day}:", *rows]))

    def _tell_taken_back(self, now: float) -> None:
        """What is on the screen stays there, so this says what does not count any more. An edit tells it by itself."""
        for serial, (due, event) in list(self._taken_back.items()):
            if due <= now:
                del self._taken_back[serial]
                self._tell_one_taken_back(event)

    def _tell_one_taken_back(self, event: TakenBack) -> None:
        room, entry, nick = event.room, event.entry, event.nick
        if self._is_shown(entry):
            places = {"nick": nick, "author": entry.nick, "time": strings.clock(entry.time), "room": room.name}
            if self.state.is_me(nick) and entry.own:
                self.show(tr("Your message of {time} in {room} is taken back.", **places))
            elif room.fold(nick) == room.fold(entry.nick):
                self.show(tr("{nick} took back their message of {time} in {room}.", **places))
            else:
                self.show(tr("{nick} took back what {author} said at {time} in {room}.", **places))

    def _tell_reaction(self, event: Reacted) -> None:
        """Of who reacts to what is on the screen; of what is taken back, only our own is told."""
        room, entry = event.room, event.entry
        places = {"reaction": event.reaction, "author": entry.nick, "text": beginning(entry.text, 60)}
        place = "" if room is self.state.current else f"[{room.name}] "
        if event.on and self._is_shown(entry):
            self.show(place + tr('{reaction} by {nick} on {author}: "{text}"', nick=event.nick, **places))
        elif not event.on and self.state.is_me(event.nick):
            self.show(place + tr('{reaction} on {author} is taken back: "{text}"', **places))

    def _is_shown(self, entry: TranscriptEntry) -> bool:
        return entry.serial in self._printed or entry in self._said

    def _on_phase(self) -> None:
        phase = self.client.phase
        if phase is self._phase:
            return
        self._phase = phase
        if phase is Phase.LOST:
            if not self.interactive or not self.state.was_registered:
                raise Trouble(self.client.error)
            self.show(" ".join([self.client.error, tr("Trying again…")]))
        elif phase is Phase.ONLINE and self.client.lost_at:
            self.show(tr("Connected again."))

    def _tell_place(self) -> None:
        """Tells the user where their lines go, once a change of that is certain.

        In a room that doesn't let us in, each line is refused: what was meant for a few must not go to another room.
        """
        room = self.state.current
        if room is self._place:
            self._place = room if room.joined else None  # thrown out: coming back is news
        elif not room.joined:
            self._place = None
        elif room.is_listed or (room.is_direct and not _is_undecided(room)):
            self._place = room
            if room.is_direct:
                self.show(strings.goes_to(room.name, self._room.name))
            else:
                self._room = room
                others = [member.nick for member in room.members.values() if not self.state.is_me(member.nick)]
                self.show(strings.place(room.name, others, room.topic))
                room.modes = None  # they may have changed while we were elsewhere
                mode_handlers.ask_modes(self.state, room)
                self._modes_asked = room

    def _tell_modes(self) -> None:
        """What keeps people from coming or writing in the room that the user has come to."""
        room = self._modes_asked
        if room and room.modes is not None:
            self._modes_asked = None
            if words := mode_sentences.in_force(room):
                self.show(" · ".join([room.name, *words]))

    def _print_news(self, room: Room) -> None:
        dirty = room.take_dirty()
        if room.first < self._first.get(room, 0):
            dirty = room.first  # history has come in before everything else, which moves nothing on a screen
        self._first[room] = room.first
        if dirty == REDRAW_NOTHING:
            return
        for entry in room.entries[max(0, dirty - room.first) :]:
            if entry.serial in self._printed or entry.pending:
                continue
            self._printed.add(entry.serial)
            if entry.delivery is DeliveryState.FAILED:
                self.show(tr("Not sent: {text}", text=entry.text))
            elif entry not in self._said:
                self.show(self._render(room, entry))

    def _render(self, room: Room, entry: TranscriptEntry) -> str:
        place = "" if room is self.state.current else f"[{_named(room, entry)}] "
        said = f"{strings.clock(entry.time)} {place}{self._said_by(room, entry)}"
        first, *more = _in_width(said) if self.interactive else said.split("\n")
        return "\n".join([first, *(f"{_INDENT}{line}" for line in more)])  # one message, whoever has a name in it

    def _said_by(self, room: Room, entry: TranscriptEntry) -> str:
        answered = room.find(entry.reply_to)
        nick = self._coloured(room, entry)
        said = strings.said(entry, f"{nick} → {answered.nick}" if answered else nick)
        return " ".join([said, tr("(edited)")]) if entry.edited else said

    def _coloured(self, room: Room, entry: TranscriptEntry) -> str:
        return f"\x1b[{_COLOURS[room.colour(entry.nick)]}m{entry.nick}\x1b[0m" if self._colours else entry.nick

    def show(self, line: str) -> None:
        """Prints a line for the user."""
        try:
            self.out.write(line + "\n")
            self.out.flush()
        except Unwritable as error:
            raise Trouble(tr("Nobody reads the output any more.") if error.gone else str(error)) from None

    def close(self) -> None:
        """Says goodbye to the server."""
        self._tell_taken_back(math.inf)
        self.state.quit()
        self.client.stop()
        self.client.wait(GOODBYE_SECONDS)


def _is_undecided(room: Room) -> bool:
    """Whether a message of ours there has no answer yet."""
    return any(entry.delivery is DeliveryState.SENT for entry in room.pending())


def _named(room: Room, entry: TranscriptEntry) -> str:
    """What a room is called before a line of it, while the user is elsewhere. The line itself names who speaks."""
    if not room.is_direct:
        return room.name
    return tr("private to {nick}", nick=room.name) if entry.own else tr("private")


def _in_width(text: str) -> list[str]:
    """A text in lines that end between words where the terminal ends. A line that fits stays as it is."""
    width = max(_WIDTH_LEAST, shutil.get_terminal_size().columns) - len(_INDENT)
    parts = []
    for line in text.split("\n"):
        fits = len(line) <= width
        parts += [line] if fits else textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
    return parts
