"""What the lines of an IRC server mean for one user: a state machine and the rooms it keeps. No sockets, no screen.

It is fed lines (`feed`) and told about the connection (`connected`, `lost`); it answers through the `send` it was
given with the connection. All of it runs in one thread. What a screen shows it reads from `rooms`; what a screen must
do something about once (a notification, a refusal) waits in `events`.

A message of ours is `WAITING` without a connection, `SENT` with one, and `DONE` when the server has shown that it has
it: by its echo (echo-message), or by the answer to a PING behind it. When a connection dies with messages `SENT`, only
the server's history can tell: what is found there is `DONE`, what isn't is sent again, and without a history the user
is asked (`FAILED`).
"""

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from chatroom.client import splitting, strings
from chatroom.client.handshake import Registration
from chatroom.client.history_sync import History
from chatroom.client.message_handlers import CHECK, HANDLERS, on_other
from chatroom.client.room import Room
from chatroom.client.transcript_entry import SPOKEN, Delivery, Kind, TranscriptEntry
from chatroom.common.irc_message import Message, parse, render, render_tags
from chatroom.common.names import LOBBY, fold
from chatroom.common.text import CTCP, clean, number, plain

Send = Callable[[str], None]


class State(Enum):
    OFFLINE = auto()
    REGISTERING = auto()
    READY = auto()


@dataclass(frozen=True, slots=True)
class Welcome:
    """The server let us in; `again` when it is not the first time."""

    again: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The server won't have us, and trying again won't help. `reason` and `about` are for `words.refusal`."""

    reason: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that the user wants to know of at once: a mention, or a direct message."""

    room: Room
    entry: TranscriptEntry


@dataclass(frozen=True, slots=True)
class Listing:
    """The rooms of the server: name, people, topic."""

    rooms: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What the server's search brought, oldest first."""

    room: Room
    entries: tuple[TranscriptEntry, ...]


Event = Welcome | Refused | Alert | Listing | Found


class Session:
    """`rooms` are by folded name, in the order they came; `looked_at` is the room that somebody sees right now."""

    def __init__(
        self,
        nick: str,
        rooms: tuple[str, ...] = (LOBBY,),
        password: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.nick = nick
        self.state = State.OFFLINE
        self.rooms: dict[str, Room] = {}
        self.events: deque[Event] = deque()
        self.current: Room = self.room(rooms[0])
        self.looked_at: Room | None = None
        self.name_is_held = False  # after a reconnect, by the connection that was lost
        self.was_welcome = False  # registered at least once, with this name
        self.away = False
        self.account = ""  # the name that we are logged in to
        self.wanted_name = ""  # what we want to be called once we are logged in to it
        self.isupport: dict[str, str] = {}
        self.history = History(self)
        self.listing: list[tuple[str, int, str]] = []
        self.asked_who: set[str] = set()  # folded rooms whose WHO is for our own use
        self.batches: dict[str, tuple[str, tuple[str, ...], list[Message]]] = {}
        self.error = ""  # what the server said before it closed the connection
        self.motd_shown = False
        self.is_checked = False
        self._searched = self.current
        self.now = now
        self._password = password
        self._may_prove = False  # whether there is one more way to say whose the name is
        self._send: Send | None = None
        self._registration = Registration(nick, password, self.send)
        self._unsure: set[TranscriptEntry] = set()  # sent over a connection that died before the answer
        self._tokens: dict[str, tuple[Room, TranscriptEntry]] = {}  # labels and PING tokens that wait for their answer
        self._mention = _mention_pattern(nick)
        for name in rooms:
            self.room(name)

    # --- the connection -----------------------------------------------------------------------------------------------

    def connected(self, send: Send) -> None:
        self._send = send
        self.error = ""
        self.account = ""
        self._may_prove = bool(self._password)
        self.state = State.REGISTERING
        self._registration = Registration(self.nick, self._password, self.send)
        self._registration.start()

    def lost(self) -> None:
        self._send = None
        self.state = State.OFFLINE
        self.batches.clear()
        self._tokens.clear()
        self.history.reset()
        for room in self.rooms.values():
            self._unsure.update(entry for entry in room.pending() if entry.delivery is Delivery.SENT)
            room.is_here = room.is_direct  # who was there stays in sight until we know better

    def welcome(self, nick: str) -> None:
        """The server has registered us as `nick`; back to the rooms we were in."""
        again, self.was_welcome = self.was_welcome, True
        self.rename_self(nick)
        self.state = State.READY
        self.events.append(Welcome(again))
        if self._registration.login_failed:
            self.inform(strings.LOGIN_FAILED.format(nick), Kind.ERROR)
        if self.away:
            self.send(Message("AWAY", ("away",)))
        wanted = [room for room in self.rooms.values() if not room.is_direct and (room.joined or not again)]
        for room in wanted:
            room.joined = True
        if wanted:
            self.send(Message("JOIN", (",".join(room.name for room in wanted),)))
        for room in self.rooms.values():
            if room.is_direct:
                self.history.joined(room)

    def quit(self) -> None:
        self.send(Message("QUIT", ("Goodbye",)))

    def prove(self) -> bool:
        """The name is claimed, or held by our own ghost: gives our password with PASS, where SASL was not to be had."""
        if not self._may_prove or self.account:
            return False
        self._may_prove = False
        self.send(Message("PASS", (f"{self.nick}:{self._password}",)))
        self.send(Message("NICK", (self.nick,)))
        return True

    def logged_in(self, account: str) -> None:
        self.account = account
        wanted, self.wanted_name = self.wanted_name, ""
        if account and fold(account) == fold(wanted) != fold(self.nick):
            self.send(Message("NICK", (account,)))

    def refuse(self, reason: str, *about: str) -> None:
        self.events.append(Refused(reason, about))

    @property
    def gave_password(self) -> bool:
        return bool(self._password)

    @property
    def is_registered(self) -> bool:
        return self.state is State.READY

    def has(self, capability: str) -> bool:
        return self.state is not State.OFFLINE and capability in self._registration.enabled

    # --- lines in -----------------------------------------------------------------------------------------------------

    def feed(self, line: str) -> None:
        """One line from the server. A line that makes no sense is dropped: the server may know more than we do."""
        try:
            message = parse(_clean(line))
        except ValueError:
            return
        ref = message.tags.get("batch", "")
        if ref in self.batches:
            self.batches[ref][2].append(message)
        elif not self._registration.feed(message):
            self.handle(message)

    def handle(self, message: Message) -> None:
        HANDLERS.get(message.command, on_other)(self, message)

    def take(self, token: str) -> tuple[Room, TranscriptEntry] | None:
        """Our message that was sent with `token` and has no answer yet."""
        return self._tokens.pop(token, None)

    def answer(self, token: str, delivery: Delivery) -> TranscriptEntry | None:
        """The server answered what we sent with `token`; returns our message, if it was one."""
        taken = self.take(token)
        if taken is None:
            return None
        taken[0].settle(taken[1], delivery)
        return taken[1]

    def list_rooms(self, rooms: list[tuple[str, int, str]]) -> None:
        self.events.append(Listing(tuple(rooms)))

    def search(self, room: Room, text: str) -> bool:
        """Asks the server's history (soju.im/search); false when it has no search."""
        if not self.has("soju.im/search"):
            return False
        query = render_tags({"in": room.name, "text": text, "limit": "100"})
        self._searched = room
        self.send(Message("SEARCH", (query,)))
        return True

    def found(self, entries: list[TranscriptEntry]) -> None:
        self.events.append(Found(self._searched, tuple(entries)))

    def add(self, room: Room, entry: TranscriptEntry) -> None:
        """Something new in a room, and who has to hear of it."""
        if not room.add(entry) or entry.own or entry.kind not in SPOKEN:
            return
        if room is not self.looked_at:
            room.count_unread(entry)
            if entry.mention or room.is_direct:
                self.events.append(Alert(room, entry))

    def mentions_me(self, text: str) -> bool:
        return self._mention.search(text) is not None

    def is_me(self, nick: str) -> bool:
        return fold(nick) == fold(self.nick)

    def rename_self(self, nick: str) -> None:
        self.nick = nick
        self._mention = _mention_pattern(nick)

    # --- rooms --------------------------------------------------------------------------------------------------------

    def room(self, name: str) -> Room:
        """The room or the conversation of that name; a new one if there is none."""
        room = self.rooms.get(fold(name))
        if room is None:
            room = self.rooms[fold(name)] = Room(name)
        return room

    def join(self, name: str, key: str = "") -> Room:
        room = self.room(name)
        room.joined = True  # until the server refuses; without a connection, it is joined as soon as there is one
        if self.state is State.READY:
            self.send(Message("JOIN", (name, key) if key else (name,)))
        return room

    def close(self, room: Room) -> None:
        """Leaves a room, or puts away a conversation."""
        if not room.is_direct and room.joined and self.state is State.READY:
            self.send(Message("PART", (room.name,)))
        self.forget(room)

    def forget(self, room: Room) -> None:
        if len(self.rooms) > 1 and self.rooms.pop(fold(room.name), room) and self.current is room:
            self.current = next(iter(self.rooms.values()))

    def inform(self, text: str, kind: Kind = Kind.INFO, room: Room | None = None) -> None:
        """Tells the user something that nobody else is told, where they are looking."""
        (room or self.current).add(TranscriptEntry(kind, self.now(), "", text))

    # --- messages out -------------------------------------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """To the server, if there is one."""
        if self._send:
            self._send(render(message))

    def say(self, room: Room, text: str, kind: Kind = Kind.MESSAGE) -> list[TranscriptEntry]:
        """Sends a text, one message a line, or as many as it takes; they stand in the room at once."""
        room.unmark()
        size = splitting.room_for_text(self.nick, room.name, number(self.isupport.get("LINELEN", ""), 1 << 16) or 512)
        said = []
        for line in splitting.lines(text):
            for piece in splitting.split(line, size):
                entry = TranscriptEntry(kind, self.now(), self.nick, piece, own=True, delivery=Delivery.WAITING)
                room.add(entry)
                said.append(entry)
        self.flush(room)
        return said

    def check(self) -> None:
        """Asks whether the server has read everything up to here; `is_checked` then, and what it ignored has failed."""
        self.is_checked = False
        self.send(Message("PING", (CHECK,)))

    def checked(self) -> None:
        self.is_checked = True
        for room in self.rooms.values():
            for entry in room.pending():
                if entry.delivery is Delivery.SENT:
                    room.settle(entry, Delivery.FAILED)

    def retry(self, room: Room, entry: TranscriptEntry) -> None:
        """Sends a failed message once more."""
        room.remove(entry)
        entry.delivery, entry.time = Delivery.WAITING, self.now()
        room.add(entry)
        self.flush(room)

    def flush(self, room: Room) -> None:
        """Sends what waits in a room, once it is joined and its history tells what became of the rest."""
        if self.state is not State.READY or not room.is_here:
            return
        if self._unsure and self.history.is_catching_up(room) and not self._unsure.isdisjoint(room.pending()):
            return
        for entry in room.pending():
            if entry in self._unsure:
                self._unsure.discard(entry)
                if not self.has("draft/chathistory"):
                    room.settle(entry, Delivery.FAILED)
                    continue
            elif entry.delivery is Delivery.SENT:
                continue
            self._transmit(room, entry)

    def _transmit(self, room: Room, entry: TranscriptEntry) -> None:
        text = f"{CTCP}ACTION {entry.text}{CTCP}" if entry.kind is Kind.ACTION else entry.text
        command = "NOTICE" if entry.kind is Kind.NOTICE else "PRIVMSG"
        token = f"m{entry.serial}"
        labeled = self.has("labeled-response")
        entry.delivery = Delivery.SENT
        room.touch_entry(entry)
        self._tokens[token] = (room, entry)
        self.send(Message(command, (room.name, text), tags={"label": token} if labeled else {}))
        if not self.has("echo-message"):
            self.send(Message("PING", (token,)))


def _clean(line: str) -> str:
    """A line in which nothing moves a cursor, wherever it stands: not every server is friendly. The CTCP mark stays."""
    if line.isascii() and line.isprintable():
        return line
    return CTCP.join([clean(plain(part)) for part in line.split(CTCP)])


def _mention_pattern(nick: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(nick)}(?!\w)", re.IGNORECASE)
