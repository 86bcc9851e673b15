"""What this client knows about the server, the rooms it is in and its own messages; and what the user can do there.

A message of ours is `WAITING` without a connection, `SENT` with one, and `DONE` when the server has shown that it has
it: by its echo (echo-message), or by the answer to a PING behind it. When a connection dies with messages `SENT`, only
the server's history can tell whether they arrived. A message found there is `DONE`, any other is sent again. Without a
history it is `FAILED`, and the user decides.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from chatroom.client import multiline, splitting, strings
from chatroom.client.misuse import Misuse
from chatroom.client.parameters import time_in
from chatroom.client.room import Room
from chatroom.client.screen_events import Alerted, ListedRoom, Rejected, ScreenEvent
from chatroom.client.transcript_entry import SPOKEN, DeliveryState, Kind, TranscriptEntry
from chatroom.common.irc_message import LINE_BYTES, Message, needs_colon, render
from chatroom.common.names import LOBBY, fold
from chatroom.common.text import CTCP, clean, number

SendLine = Callable[[str], None]

REACT, UNREACT = "+draft/react", "+draft/unreact"
REPLY = "+draft/reply"  # the tag of an answer: the msgid of what is answered (IRCv3 reply)
PERSISTENCE = "draft/persistence"  # the capability by which one stays in one's rooms without a device
SERVICE = "nickserv"  # folded; where claimed names are managed, here and on many IRC networks
COMMAND_LABEL = "command"  # of what the user typed, so that a server says at least that it has done it
CHECK_TOKEN = "is-that-all"  # of the PING that `check` sends behind everything else
ROOMS_MAX = 500  # rooms and conversations that a server can open; the user can always open more
NAME_CHARACTERS_MAX = 200  # of a room or a person; no server has longer ones
BATCHES_MAX = 16  # open at once; lines of any further one are handled as they come
BATCH_LINES_MAX = 5_000  # kept of a batch; a page of history is 100
BATCH_CHARACTERS_MAX = 1_000_000  # kept of a batch
_MSGID_CHARACTERS_MAX = 200
_DEFAULT_PREFIX = "(qaohv)~&@%+"  # until the server's ISUPPORT says otherwise
_DEFAULT_CHANTYPES = "#&"
# Where some signs are the small letters of others, as they were on Finnish keyboards (RFC 1459 §2.2).
_CASEMAPPINGS = {"rfc1459": str.maketrans("[]\\^", "{}|~"), "strict-rfc1459": str.maketrans("[]\\", "{}|")}
_DEFAULT_CHANMODES = "b,k,l,imnpst"


@dataclass(slots=True)
class Batch:
    """The lines of an IRCv3 batch that has begun and not ended."""

    kind: str = ""
    about: tuple[str, ...] = ()
    messages: list[Message] = field(default_factory=list)
    characters: int = 0  # of the lines
    first: Message = field(default_factory=lambda: Message("BATCH"))  # which opened it

    def keep(self, message: Message, characters: int) -> None:
        """Keeps a line until the batch ends. Drops it where the batch is longer than any that we asked for."""
        self.characters += characters
        if len(self.messages) < BATCH_LINES_MAX and self.characters <= BATCH_CHARACTERS_MAX:
            self.messages.append(message)


@dataclass(slots=True)
class Awaited:
    """What the server has still to answer, or to answer to the end. None of it outlives the connection."""

    batches: dict[str, Batch] = field(default_factory=dict)
    listing: list[ListedRoom] = field(default_factory=list)
    servers: list[tuple[str, str]] = field(default_factory=list)  # their names, and what is told of them
    shown: dict[str, str] = field(default_factory=dict)  # labels of history that is to be shown, and a msgid in it
    asked_who: set[str] = field(default_factory=set)  # folded rooms whose WHO is for our own use
    asked_modes: set[str] = field(default_factory=set)  # likewise, whose modes
    asked_bans: set[str] = field(default_factory=set)  # likewise, who is banned
    settings: set[str] = field(default_factory=set)  # that the user has just set: "strangers", "stay"
    has_no_answer: bool = False  # a command of the user's, from a server without labels
    asked_in: Room | None = None  # where the last command was typed


def answered_by(message: Message) -> str:
    """The msgid of what a message answers, by either name of the tag; "" if it answers none."""
    return message.tags.get(REPLY) or message.tags.get("+reply", "")


class SessionState:
    """`rooms` are by folded name, in the order they came; `looked_at` is the room that somebody sees right now."""

    def __init__(
        self,
        nick: str,
        rooms: tuple[str, ...] = (LOBBY,),
        password: str = "",
        now: Callable[[], float] = time.time,
        server_password: str = "",
        program: str = "*",
    ) -> None:
        self.nick = nick
        self.program = program  # what the list of the user's devices calls it: "window" or "text"
        # Kept in memory alone. A password that was given once may be either of the two.
        self.password = password  # of the name
        self.server_password = server_password or password
        self.login_name = ""  # whose account the password opens; "" is our nickname's
        self.old_password = ""  # of the name, before it was changed: whether that worked, no code tells
        self._offered = ("", "")  # the name and the password of a login that has no answer yet
        self.was_right = False  # the password, earlier: if it is wrong now, it was changed elsewhere
        self.now = now
        self.events: deque[ScreenEvent] = deque()
        self.isupport: dict[str, str] = {}  # of this connection, or the last
        # the rooms
        self.rooms: dict[str, Room] = {}
        self.current: Room = self.room(rooms[0])
        self.looked_at: Room | None = None
        self.marked_at = 0.0  # when we told last how far the user has read
        # the connection
        self.is_registered = False
        self.was_registered = False  # at least once, with this name
        self.login_failed = False  # SASL was refused
        self.name_is_held = False  # after a reconnect, by the connection that was lost
        self.capabilities: set[str] = set()  # IRCv3 capabilities in force
        self.multiline: multiline.Limits | None = None  # of one message with many lines, where the server has them
        self.asks_before_secrets = False  # others can read along, and the user has not agreed to that yet
        self.reason = ""  # the code of a FAIL, for the line that comes behind it
        self.killed: tuple[str, ...] = ()  # who has thrown us off the server, and why, or our name; likewise
        self.error = ""  # what the server said before it closed the connection
        self.languages: tuple[str, ...] = ()  # that the server speaks
        # the user
        self.account = ""  # the name that we are logged in to
        self.wanted_name = ""  # what we want to be called once we are logged in to it
        self.away = ""  # what others are told of where we are; "" if we are here
        self.is_operator = False  # of the server
        self.was_operator = False  # over the connection before
        self.ignored: set[str] = set()  # folded names of whom we ignore, as far as the server has told them
        self.has_asked_ignored = self.awaits_ignored = False  # likewise, for our own use, over this connection
        # Whether only people who are logged in may write to us alone, and whether we stay in our rooms when our last
        # device goes; None until the server has told it.
        self.refuses_strangers: bool | None = None
        self.stays: bool | None = None
        self.goodbye = "Goodbye"  # what others are told when we go
        # what we have asked
        self.awaited = Awaited()
        self.missed_since = 0.0  # the time of the last message that we had when the connection was lost
        self.motd_shown = False
        self.is_checked = False
        self.labels_next = False  # whether what is sent next was typed by the user, who waits for an answer
        self.searched = self.current  # whose history was searched last
        self._send_line: SendLine | None = None
        self._may_send_password = False  # with PASS, once a connection
        self.unsure: set[TranscriptEntry] = set()  # sent over a connection that died before the answer
        self._tokens: dict[str, tuple[Room, TranscriptEntry]] = {}  # labels and PING tokens that wait for their answer
        self._mention = _mention_pattern(nick)
        for name in rooms:
            self.room(name)

    # --- the connection -----------------------------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection; the server may not have let us in yet."""
        return self._send_line is not None

    def start_connection(self, send_line: SendLine) -> None:
        self._send_line = send_line
        self.reason = ""
        self.error = ""
        self.account = ""
        self.was_operator, self.is_operator = self.was_operator or self.is_operator, False
        self.has_asked_ignored = self.awaits_ignored = False
        self.ignored.clear()
        self.refuses_strangers = self.stays = None
        self.login_failed = False
        self._offered = ("", "")
        self._may_send_password = bool(self.password)

    def end_connection(self) -> None:
        self._send_line = None
        self.is_registered = False
        self.capabilities.clear()
        self.awaited = Awaited()
        self._tokens.clear()
        for room in self.rooms.values():
            room.history_request = None
            room.gap_from = room.gap_from or room.last_id()
            self.unsure.update(entry for entry in room.pending() if entry.delivery is DeliveryState.SENT)
            room.is_here = room.is_direct  # who was there stays in sight until we know better

    def has(self, capability: str) -> bool:
        return capability in self.capabilities

    def send(self, message: Message) -> None:
        """Sends a message to the server, if there is a connection. Raises `Misuse` for one that no line can say."""
        for param in message.params[:-1]:
            if needs_colon(param):
                raise Misuse(strings.no_place(param))
        is_labelled, self.labels_next = self.labels_next, False
        if is_labelled and self.has("labeled-response"):
            message = replace(message, tags={**message.tags, "label": COMMAND_LABEL})
        if self._send_line:
            self._send_line(render(message))

    def quit(self) -> None:
        self.send(Message("QUIT", (self.goodbye,)))

    def send_password(self) -> bool:
        """Logs in with PASS for a name that is claimed, where SASL was not to be had. False when that was tried."""
        if not self._may_send_password or self.account or self.login_failed:
            return False
        self._may_send_password = False
        self.send(Message("PASS", (f"{self.login_name or self.nick}:{self.password}",)))
        self.send(Message("NICK", (self.nick,)))
        return True

    def offer_password(self, name: str, password: str) -> None:
        """The user claims a name or logs in to it; the password is kept once that has worked."""
        self._offered = (name, password)

    def change_password(self, password: str) -> None:
        """The user has the password of the name changed: the next connection tries the new one, then the old one."""
        if self.account:
            self.login_name = self.account
            self.old_password, self.password = self.password, password

    def try_old_password(self) -> bool:
        """Goes back to the password from before a change, which seems to have been refused; false if there is none."""
        if not self.old_password:
            return False
        self.password, self.old_password = self.old_password, ""
        return True

    def logged_in(self, account: str) -> None:
        """The server says which account we are logged in to; "" is none."""
        self.account = account
        self.refuses_strangers = None  # each account has its own, which the server tells next
        self.was_right = self.was_right or bool(account and self.password)
        name, password = self._offered
        if account and password and self.fold(name or self.nick) == self.fold(account):
            self.login_name, self.password, self.old_password, self.was_right = account, password, "", True
            self._offered = ("", "")
        wanted, self.wanted_name = self.wanted_name, ""
        if account and self.fold(account) == self.fold(wanted) != self.fold(self.nick):
            self.send(Message("NICK", (account,)))

    def reject(self, reason: str, *about: str) -> None:
        """The server doesn't let us in; the client stops trying."""
        self.events.append(Rejected(reason, about))

    # --- what the server is like --------------------------------------------------------------------------------------

    def prefixes(self) -> dict[str, str]:
        """Mode letter → sign of a member's rank, highest first (ISUPPORT PREFIX)."""
        letters, _, signs = self.isupport.get("PREFIX", _DEFAULT_PREFIX).removeprefix("(").partition(")")
        return dict(zip(letters, signs, strict=False))

    def mode_kinds(self) -> tuple[str, str, str]:
        """The letters of modes that are lists, that always have a parameter, and that have one when set (CHANMODES)."""
        lists, always, when_set, *_ = [*self.isupport.get("CHANMODES", _DEFAULT_CHANMODES).split(","), "", ""]
        return lists, always, when_set

    def fold(self, name: str) -> str:
        """The form in which this server compares names (ISUPPORT CASEMAPPING)."""
        table = _CASEMAPPINGS.get(self.isupport.get("CASEMAPPING", ""))
        return fold(name).translate(table) if table else fold(name)

    def is_room(self, name: str) -> bool:
        """Whether a name is a room's here (ISUPPORT CHANTYPES)."""
        return name[:1] in tuple(self.isupport.get("CHANTYPES", _DEFAULT_CHANTYPES))

    def learn(self, key: str, value: str) -> None:
        """The server says what it is like (ISUPPORT)."""
        self.isupport[key] = value
        if key == "CASEMAPPING":
            self.rooms = {self.fold(room.name): room for room in self.rooms.values()}

    def knows_times(self, command: str) -> bool:
        """Whether this server's command of that name takes a time and a reason, as chatroom's do (TIMEDBANS)."""
        return command in self.isupport.get("TIMEDBANS", "").split(",")

    # --- the user -----------------------------------------------------------------------------------------------------

    def is_me(self, nick: str) -> bool:
        return self.fold(nick) == self.fold(self.nick)

    def mentions_me(self, text: str) -> bool:
        return self._mention.search(text) is not None

    def note_operator(self, on: bool) -> None:
        """We have become an operator of the server, or are none any more."""
        self.is_operator = on
        for room in self.rooms.values():
            if me := room.member(self.nick):
                me.is_server_operator = on
                room.members_version += 1

    def rename_self(self, nick: str) -> None:
        self.nick = nick
        self._mention = _mention_pattern(nick)

    # --- rooms --------------------------------------------------------------------------------------------------------

    def room(self, name: str) -> Room:
        """The room or the conversation of that name; a new one if there is none."""
        room = self.find(name)
        if room is None:
            room = Room(name, not self.is_room(name), self.fold)
            if there := next((each for each in self.rooms.values() if room.is_direct and each.member(name)), None):
                room.share_colours(there)
            self.rooms[self.fold(name)] = room
        return room

    def find(self, name: str) -> Room | None:
        """The room or the conversation of that name, if there is one."""
        return self.rooms.get(self.fold(name))

    def room_of_server(self, name: str) -> Room | None:
        """The room or conversation that a server speaks of; None for what can be no name, or is one too many."""
        room = self.find(name)
        if room is None and not needs_colon(name) and len(name) <= NAME_CHARACTERS_MAX and len(self.rooms) < ROOMS_MAX:
            room = self.room(name)
        return room

    def join(self, name: str, key: str = "") -> Room:
        room = self.room(name)
        room.joined = True  # until the server refuses; without a connection, it is joined as soon as there is one
        room.key, room.wants_key = key or room.key, bool(key)
        if self.is_registered:
            self.send(Message("JOIN", (name, key) if key else (name,)))
        return room

    def close(self, room: Room) -> None:
        """Leaves a room, or puts away a conversation. One always remains."""
        if not room.is_direct and room.joined and self.is_registered:
            self.send(Message("PART", (room.name,)))
        if len(self.rooms) > 1 and self.rooms.pop(self.fold(room.name), room) and self.current is room:
            self.current = next(iter(self.rooms.values()))

    def entry(self, message: Message, kind: Kind, text: str = "") -> TranscriptEntry:
        """An entry for something that a message tells, with its author, time and msgid."""
        nick = clean(message.nick)
        msgid, reply_to = _msgid(message.tags.get("msgid", "")), _msgid(answered_by(message))
        time = time_in(message.tags.get("time", "")) or self.now()
        return TranscriptEntry(kind, time, nick, text, msgid, own=self.is_me(nick), reply_to=reply_to)

    def add(self, room: Room, entry: TranscriptEntry) -> None:
        """Adds a new entry to a room, counts it as unread and alerts the user where that is due."""
        if not room.add(entry) or entry.own or entry.kind not in SPOKEN:
            return
        if room is not self.looked_at:
            room.count_unread(entry)
            if entry.mention or room.is_direct:
                self.events.append(Alerted(room, entry))

    def distrust(self, room: Room, why: str) -> None:
        """A private conversation may have changed hands: says so there, and asks before the next line."""
        if room.doubt != why:
            room.doubt = why
            self.inform(why, room=room)

    def inform(self, text: str, kind: Kind = Kind.INFO, room: Room | None = None) -> None:
        """Tells this user alone something, in a room or where they are looking."""
        (room or self.current).add(TranscriptEntry(kind, self.now(), "", text))

    # --- messages out -------------------------------------------------------------------------------------------------

    def say(self, room: Room, text: str, kind: Kind = Kind.MESSAGE) -> list[TranscriptEntry]:
        """Sends a text, as one message where the server allows it, else one a line. It stands in the room at once."""
        room.unmark()
        answered, room.answered = room.answered, None
        reply_to = answered.msgid if answered else ""
        before, room.editing = room.editing, None
        if before:
            self.redact(room, before)
            reply_to = before.reply_to
        size = self._text_bytes(room)
        if self.multiline and kind is Kind.MESSAGE:
            texts = multiline.messages(text, self.multiline, size)
        else:
            texts = splitting.pieces(text, size)
        said = []
        for each in texts:
            entry = TranscriptEntry(
                kind, self.now(), self.nick, each, own=True, delivery=DeliveryState.WAITING, reply_to=reply_to,
                edited=before is not None,
            )  # fmt: skip
            room.add(entry)
            said.append(entry)
        self.flush(room)
        return said

    def _text_bytes(self, room: Room) -> int:
        """Of text in one line to a room."""
        line_bytes = max(number(self.isupport.get("LINELEN", ""), 1 << 16) or 0, LINE_BYTES)  # none is shorter in IRC
        return splitting.room_for_text(self.nick, room.name, line_bytes)

    def retry(self, room: Room, entry: TranscriptEntry) -> None:
        """Sends a failed message once more; in a room where we are not, it stays as it is."""
        if self.is_registered and not room.is_here:
            self.inform(strings.not_in(room.name), Kind.ERROR, room)
            return
        room.remove(entry)
        self.unsure.discard(entry)
        entry.delivery, entry.time = DeliveryState.WAITING, self.now()
        room.add(entry)
        self.flush(room)

    def flush(self, room: Room, has_history: bool = True) -> None:
        """Sends what waits in a room, once we are in it and its history tells what became of the rest.

        `has_history` is false where the server keeps none of this room: then nothing tells.
        """
        if not self.is_registered or not room.is_here:
            return
        if self.unsure and room.is_catching_up and not self.unsure.isdisjoint(room.pending()):
            return
        for entry in room.pending():
            if entry in self.unsure:
                self.unsure.discard(entry)
                if not (has_history and self.has("draft/chathistory")):
                    room.settle(entry, DeliveryState.FAILED)
                    continue
            elif entry.delivery is DeliveryState.SENT:
                continue
            self._transmit(room, entry)

    def _transmit(self, room: Room, entry: TranscriptEntry) -> None:
        token = f"m{entry.serial}"
        entry.delivery = DeliveryState.SENT
        room.touch_entry(entry)
        self._tokens[token] = (room, entry)
        for line in self._lines_of(room, entry, token):
            self.send(line)
        if not self.has("echo-message"):
            self.send(Message("PING", (token,)))

    def _lines_of(self, room: Room, entry: TranscriptEntry, token: str) -> Iterable[Message]:
        """What says a message, with the token where the server has labels."""
        text, size, has_labels = entry.text, self._text_bytes(room), self.has("labeled-response")
        tags = {"label": token} if has_labels else {}
        if entry.reply_to and self.has("message-tags"):
            tags[REPLY] = entry.reply_to
        if entry.kind is Kind.ACTION:
            return [Message("PRIVMSG", (room.name, f"{CTCP}ACTION {text}{CTCP}"), tags=tags)]
        if "\n" not in text and len(text.encode()) <= size:
            return [Message("PRIVMSG", (room.name, text), tags=tags)]
        if self.multiline:
            return multiline.lines(room.name, text, token, size, tags)
        pieces = splitting.pieces(text, size)
        return [Message("PRIVMSG", (room.name, piece)) for piece in pieces]  # the server had them, and has them no more

    def take(self, token: str) -> tuple[Room, TranscriptEntry] | None:
        """Our message that was sent with `token` and has no answer yet."""
        return self._tokens.pop(token, None)

    def answer(self, token: str, delivery: DeliveryState) -> TranscriptEntry | None:
        """The server answered what we sent with `token`; returns our message, if it was one."""
        taken = self.take(token)
        if taken is None:
            return None
        taken[0].settle(taken[1], delivery)
        return taken[1]

    def check(self) -> None:
        """Asks whether the server has read everything so far; the answer sets `is_checked`."""
        self.is_checked = False
        self.send(Message("PING", (CHECK_TOKEN,)))

    def checked(self) -> None:
        """The server has read everything; a message that it did not answer has failed."""
        self.is_checked = True
        for room in self.rooms.values():
            for entry in room.pending():
                if entry.delivery is DeliveryState.SENT:
                    room.settle(entry, DeliveryState.FAILED)

    def has_reacted(self, entry: TranscriptEntry, reaction: str) -> bool:
        """Whether one of those who have reacted so to a message is us."""
        return any(self.is_me(nick) for nick in entry.reactions.get(reaction, ()))

    def react(self, room: Room, entry: TranscriptEntry, reaction: str) -> None:
        """Reacts to a message (IRCv3 react), or takes it back if we have reacted so; the server tells of it."""
        verb = UNREACT if self.has_reacted(entry, reaction) else REACT
        self.send(Message("TAGMSG", (room.name,), tags={verb: reaction, REPLY: entry.msgid, "+reply": entry.msgid}))

    def redact(self, room: Room, entry: TranscriptEntry) -> None:
        """Takes a message back that the server has (IRCv3 draft/message-redaction); its answer changes the room."""
        self.send(Message("REDACT", (room.name, entry.msgid)))


def _mention_pattern(nick: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(nick)}(?!\w)", re.IGNORECASE)


def _msgid(text: str) -> str:
    """The id of a message, "" for what could not be asked for."""
    usable = len(text) <= _MSGID_CHARACTERS_MAX and text.isprintable() and not needs_colon(text)
    return text if usable else ""
