"""A room (or a conversation with one person) as this client knows it. No wire, no screen.

Laws of the transcript:

- `entries` is in the server's order. Our own messages that the server has not confirmed stand together at its end, so
  that a confirmation never has to move anything.
- Nothing with a known msgid is added twice.
- The entry `entries[i]` has the position `first + i`. Older history takes positions below `first`, and forgetting
  the oldest raises `first`: the positions of the others stay. `dirty` is the lowest position whose entry has changed,
  so a screen redraws from there.
- At most `KEPT_ENTRIES` entries are remembered; the server's history has the rest.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from chatroom.client.bans import Ban
from chatroom.client.transcript_entry import NICK_COLOURS, SPOKEN, DeliveryState, Kind, TranscriptEntry, nick_colour
from chatroom.common.names import fold, is_room

KEPT_ENTRIES = 20_000  # about 8 MB
KEPT_CHARACTERS = 8_000_000  # of their texts: those of a server that sends only long ones
_TRIM_ENTRIES = 2_000  # forgotten at once, so that forgetting costs little per message
_CLAIM_AMONG_ENTRIES = 200  # before those that wait: a message that failed longer ago is not looked for
MEMBERS_MAX = 100_000  # of a room; about 20 MB
BANS_MAX = 10_000  # of a room, and as many mutes; servers have 100
_REFUSALS_MAX = 20  # to be let in, of which the words go when we are
_COLOURED_MAX = 10_000  # people of whom the colour is remembered
KEPT_SPEAKERS = 50  # who spoke last, for completing names
REDRAW_NOTHING = 1 << 62
_OPERATOR_SIGNS = frozenset("~&@%")

# kinds of reactions to one message, and people of each, that are kept: what a server sends must not fill the memory
REACTIONS_MAX = 50


class HistoryRequest(Enum):
    """Which part of a room's history was asked for (the subcommands of CHATHISTORY)."""

    LATEST = auto()
    AFTER = auto()
    BEFORE = auto()


@dataclass(slots=True)
class Member:
    """`prefix` is the highest of the server's status signs (`@`, `+`) or ""."""

    nick: str
    prefix: str = ""
    away: bool = False
    is_server_operator: bool = False
    account: str = ""  # that they are logged in to, where the server tells that

    @property
    def keeps_order(self) -> bool:
        """Whether they have an operator's rights in the room."""
        return self.prefix in _OPERATOR_SIGNS


class Room:
    """`name` is a room's with its #, or a person's. `joined` is always true for a person."""

    def __init__(self, name: str, is_direct: bool | None = None, fold: Callable[[str], str] = fold) -> None:
        """`fold` gives the form in which the server compares names."""
        self.name = name
        self.fold = fold
        self.is_direct = not is_room(name) if is_direct is None else is_direct
        self.joined = self.is_direct  # wanted: stays true while the connection is down
        self.is_here = self.is_direct  # the server says that we are in it
        self.is_listed = False  # the server has told who is in it
        self.topic = ""
        self.key = ""  # that the room was joined with, for the next connection
        self.rank_before: str | None = None  # our sign here before a break in the connection, until we know who is here
        self.wants_key = False  # the user has just given a key, and the room may have none
        self.misses_key = False  # the room had one before a break in the connection, and may have none now
        self.members: dict[str, Member] = {}
        self.members_version = 0  # grows with each change of `members`, `bans` and `owner`
        self.modes: set[str] | None = None  # letters of those in force; None until the server has told them
        self.bans: dict[str, Ban] = {}  # and mutes, by their masks; all of them once that was asked
        self.owner = ""  # the account whose room it is, where the server tells that
        self.listed_bans: set[Ban] = set()  # that the user has been told of, of a list that has not ended
        self.slow_seconds = 0  # between two messages of one person, where the room is in slow mode
        self.has_asked_modes = False
        self.asked_who_at = 0.0  # when we asked last who is away
        self.entries: list[TranscriptEntry] = []
        self.first = 0
        self.dirty = REDRAW_NOTHING
        self.unread = 0
        self.mentions = 0
        self.read = 0.0  # the time of the last message that the user has read, here or with another client
        self.mark: TranscriptEntry | None = None  # the first entry nobody has looked at: "new since"
        self.doubt = ""  # why this conversation may be with somebody else now; asked about before the next line
        self.source = ""  # user@host of this person, as the server told it last
        self.draft = ""
        self.answered: TranscriptEntry | None = None  # what the user is about to answer
        self.editing: TranscriptEntry | None = None  # what the user is about to say anew
        self.aside: str | None = None  # what they were writing before that
        self.typing: dict[str, float] = {}  # who types, and until when we believe it
        self.told_typing = 0.0  # when we told last that we type; 0 if we have told that we don't
        self.taken_back: tuple[TranscriptEntry, float] | None = None  # the last one, by its author, and when
        self.speakers: list[str] = []  # last first
        self.has_older = False  # the server may have history from before `first`
        self.history_request: HistoryRequest | None = None  # asked for and not arrived
        self.history_pages = 0  # that have arrived since we came here
        self.gap_from = ""  # msgid of the last message before a gap that is not closed yet
        self._colours: dict[str, int] = {}  # of people, by the folded name
        self._refusals: deque[TranscriptEntry] = deque(maxlen=_REFUSALS_MAX)  # why we were not let in
        self._by_id: dict[str, TranscriptEntry] = {}
        self._characters = 0  # of the texts of `entries`
        self._pending = 0  # how many entries at the end wait for the server

    @property
    def is_catching_up(self) -> bool:
        """Whether the history that tells what we missed is still to come."""
        return self.history_request in (HistoryRequest.LATEST, HistoryRequest.AFTER)

    # --- the transcript -------------------------------------------------------------------------------------------

    def add(self, entry: TranscriptEntry) -> bool:
        """Adds a new entry where it belongs; false when it is known already."""
        if entry.msgid and entry.msgid in self._by_id:
            return False
        if entry.pending:
            self._pending += 1
            index = len(self.entries)
        else:
            index = len(self.entries) - self._pending
        self._insert(index, entry)
        if entry.kind in SPOKEN and not entry.own:
            self._spoke(entry.nick)
        self._trim()
        return True

    def merge(self, history: Iterable[TranscriptEntry], older: bool = False) -> list[TranscriptEntry]:
        """Adds history, oldest first, where its times say. Returns what was not known yet, oldest first.

        `older`: all of it is older than the oldest entry that the server knows as well.
        """
        fresh = []
        end = len(self.entries) - self._pending
        if older:
            end = next((i for i, entry in enumerate(self.entries) if entry.msgid), end)
        # Newest first: what goes before everything else then moves no position. `end` is the place of the one before,
        # because many things are said in the same millisecond and only their order tells which was first.
        for entry in reversed(list(history)):
            if entry.msgid and entry.msgid in self._by_id:
                end = next((i for i in range(end - 1, -1, -1) if self.entries[i].msgid == entry.msgid), end)
                continue
            settled = len(self.entries) - self._pending
            mine = self._claim(entry) if entry.own and not older else None
            end -= settled - (len(self.entries) - self._pending)  # by one, if it was taken from among the failed
            if mine is None:
                fresh.append(entry)
            end = bisect_right(self.entries, entry.time, 0, end, key=lambda known: known.time)
            self._insert(end, mine or entry)
        if not older:  # older history comes when the user asks for it
            self._trim()
        return fresh[::-1]

    def _claim(self, remembered: TranscriptEntry) -> TranscriptEntry | None:
        """Finds the message of ours that the server's history shows to have arrived, and takes it out of `entries`.

        It is looked for among those that wait or have failed: the answer may have been lost with a connection.
        """
        start = max(0, len(self.entries) - self._pending - _CLAIM_AMONG_ENTRIES)
        for entry in self.entries[start:]:
            undecided = entry.delivery in (DeliveryState.SENT, DeliveryState.FAILED)
            if undecided and _is_same(entry.text, remembered.text) and entry.kind is remembered.kind:
                self.remove(entry)
                entry.delivery, entry.msgid, entry.time = DeliveryState.DONE, remembered.msgid, remembered.time
                return entry
        return None

    def confirm(self, text: str, kind: Kind, msgid: str, time: float) -> TranscriptEntry | None:
        """The server has our message: marks the one that waits as done and returns it, or None."""
        if msgid and msgid in self._by_id:
            return None
        start = len(self.entries) - self._pending
        for index in range(start, len(self.entries)):
            entry = self.entries[index]
            if entry.delivery is DeliveryState.SENT and _is_same(entry.text, text) and entry.kind is kind:
                self._settle(index, DeliveryState.DONE, msgid, time)
                return entry
        return None

    def settle(self, entry: TranscriptEntry, delivery: DeliveryState) -> None:
        """A waiting message of ours was taken (`DONE`) or refused (`FAILED`)."""
        if entry.pending:
            self._settle(self._index(entry), delivery, entry.msgid, entry.time)

    def give_up_waiting(self) -> None:
        """What waits to be sent is not sent: we are not let in. The user decides about it."""
        for entry in list(self.pending()):
            self.settle(entry, DeliveryState.FAILED)

    def take_over(self, other: "Room") -> None:
        """Takes what was written in another room, and has not arrived, before that one ends."""
        for entry in [each for each in other.entries if each.delivery is not DeliveryState.DONE]:
            other.settle(entry, DeliveryState.FAILED)
            self.add(entry)
        self.draft = "\n".join(text for text in (other.written(), self.draft) if text)

    def written(self) -> str:
        """What the user is writing here, behind what they have set aside for it."""
        return "\n".join(text for text in (self.aside, self.draft) if text)

    def remove(self, entry: TranscriptEntry) -> None:
        """Removes a message of ours that was not sent."""
        index = self._index(entry)
        self._pending -= entry.pending
        del self.entries[index]
        self._characters -= len(entry.text)
        self._by_id.pop(entry.msgid, None)
        self.touch(index)

    def refuse(self, entry: TranscriptEntry) -> None:
        """We are not let in: `entry` tells why, until we are."""
        self.joined = False
        self.add(entry)
        self._refusals.append(entry)
        self.give_up_waiting()

    def let_in(self) -> None:
        """We are in: what was told of earlier tries is of no use any more."""
        for entry in self._refusals:
            if entry in self.entries:
                self.remove(entry)
        self._refusals.clear()

    def redact(self, entry: TranscriptEntry, text: str) -> None:
        """A message was taken back: `text` stands in its place."""
        self._characters += len(text) - len(entry.text)
        entry.text, entry.mention, entry.is_gone = text, False, True
        entry.reactions.clear()
        self.touch_entry(entry)

    def react(self, entry: TranscriptEntry, reaction: str, nick: str, on: bool) -> None:
        """Somebody has reacted to a message, or has taken that back; more kinds than `REACTIONS_MAX` are not kept."""
        nicks = entry.reactions.get(reaction, [])
        if on and nick not in nicks and (nicks or len(entry.reactions) < REACTIONS_MAX):
            entry.reactions[reaction] = [*nicks, nick][-REACTIONS_MAX:]
        elif not on and nick in nicks:
            entry.reactions[reaction] = [each for each in nicks if each != nick]
            if not entry.reactions[reaction]:
                del entry.reactions[reaction]
        self.touch_entry(entry)

    def last_by(self, nick: str) -> TranscriptEntry | None:
        """The last message of somebody that the server knows by an id."""
        who, said = self.fold(nick), self.said_backwards()
        return next((entry for entry in said if self.fold(entry.nick) == who and not entry.is_gone), None)

    def said_backwards(self) -> Iterator[TranscriptEntry]:
        """What was said and the server knows by an id, newest first."""
        return (entry for entry in reversed(self.entries) if entry.msgid and entry.kind in SPOKEN)

    def find(self, msgid: str) -> TranscriptEntry | None:
        """The message with that id, if it is remembered."""
        return self._by_id.get(msgid)

    def pending(self) -> list[TranscriptEntry]:
        """Our messages that wait for the server, oldest first."""
        return self.entries[len(self.entries) - self._pending :]

    def last_id(self) -> str:
        """The msgid of the newest entry that has one, or ""."""
        return next((entry.msgid for entry in reversed(self.entries) if entry.msgid), "")

    def first_id(self) -> str:
        """The msgid of the oldest entry that has one, or ""."""
        return next((entry.msgid for entry in self.entries if entry.msgid), "")

    def touch(self, index: int) -> None:
        """The entry at `index`, or the place where it was, has to be drawn again."""
        self.dirty = min(self.dirty, self.first + max(index, 0))

    def touch_entry(self, entry: TranscriptEntry) -> None:
        """The entry has to be drawn again, if it is still remembered."""
        try:
            self.touch(self._index(entry))
        except ValueError:
            pass

    def take_dirty(self) -> int:
        """The lowest position to draw again; nothing is dirty any more after the call."""
        dirty, self.dirty = self.dirty, REDRAW_NOTHING
        return dirty

    def _insert(self, index: int, entry: TranscriptEntry) -> None:
        if index == 0 and self.entries:
            self.first -= 1
        else:
            self.touch(index)
        self.entries.insert(index, entry)
        self._characters += len(entry.text)
        if entry.msgid:
            self._by_id[entry.msgid] = entry

    def _settle(self, index: int, delivery: DeliveryState, msgid: str, time: float) -> None:
        """Moves the entry to the end of what is settled, and marks it."""
        entry = self.entries.pop(index)
        self._pending -= 1
        entry.delivery, entry.msgid, entry.time = delivery, msgid, time
        target = len(self.entries) - self._pending
        self.entries.insert(target, entry)
        if msgid:
            self._by_id[msgid] = entry
        self.touch(min(index, target))

    def _index(self, entry: TranscriptEntry) -> int:
        # What is looked for is nearly always one of the last.
        for index in range(len(self.entries) - 1, -1, -1):
            if self.entries[index] is entry:
                return index
        raise ValueError("not in this room")

    def _trim(self) -> None:
        """Forgets the oldest where there are too many, or too long ones; never our own messages that wait."""
        if len(self.entries) > KEPT_ENTRIES + _TRIM_ENTRIES:
            self._forget(len(self.entries) - KEPT_ENTRIES)
        if self._characters > KEPT_CHARACTERS:
            self._forget(min(len(self.entries) // 2 + 1, len(self.entries) - self._pending))

    def _forget(self, count: int) -> None:
        self._characters -= sum([len(entry.text) for entry in self.entries[:count]])
        for entry in self.entries[:count]:
            self._by_id.pop(entry.msgid, None)
        del self.entries[:count]
        self.first += count

    def _spoke(self, nick: str) -> None:
        if self.speakers and self.speakers[0] == nick:
            return
        if nick in self.speakers:
            self.speakers.remove(nick)
        self.speakers.insert(0, nick)
        del self.speakers[KEPT_SPEAKERS:]

    # --- reading ----------------------------------------------------------------------------------------------------

    def count_unread(self, entry: TranscriptEntry) -> None:
        """`entry` came while nobody was looking at the room."""
        if self.mark is None:
            self.mark = entry
            self.touch_entry(entry)
        self.unread += 1
        self.mentions += entry.mention or self.is_direct

    def seen(self) -> None:
        """Somebody looks at the room: nothing is unread. The mark stays until they look away."""
        self.unread = self.mentions = 0

    def unmark(self) -> None:
        if self.mark is not None:
            mark, self.mark = self.mark, None
            self.touch_entry(mark)

    def twin(self) -> "Room":
        """An empty room of the same name, where people have the same colours: for what a search found."""
        twin = Room(self.name, self.is_direct, self.fold)
        twin.share_colours(self)
        return twin

    def share_colours(self, room: "Room") -> None:
        """People have the same colours here as there."""
        self._colours = room._colours

    def colour(self, nick: str) -> int:
        """Which of the eight colours is a person's here: their own, or another one while somebody else has that.

        So up to eight people differ. What they get depends on who is here, and not on chance.
        """
        key = self.fold(nick)
        if key not in self._colours:
            if len(self._colours) >= _COLOURED_MAX:
                self._colours.clear()
            own = nick_colour(nick)
            # The first eight people have all the colours; from then on only those who are here keep others from theirs.
            taken = set(self._colours.values())
            if len(self._colours) >= NICK_COLOURS:
                here = self.members if len(self.members) <= NICK_COLOURS else ()
                taken = {self._colours[member] for member in here if member in self._colours}
            numbers = ((own + step) % NICK_COLOURS for step in range(NICK_COLOURS))
            self._colours[key] = next((number for number in numbers if number not in taken), own)
        return self._colours[key]

    # --- members ----------------------------------------------------------------------------------------------------

    def member(self, nick: str) -> Member | None:
        return self.members.get(self.fold(nick))

    def enter(self, member: Member) -> None:
        if len(self.members) < MEMBERS_MAX or self.fold(member.nick) in self.members:
            self.members[self.fold(member.nick)] = member
        self.members_version += 1

    def leave(self, nick: str) -> Member | None:
        self.members_version += 1
        return self.members.pop(self.fold(nick), None)

    def rename(self, old: str, new: str) -> bool:
        """False when `old` is not here."""
        member = self.leave(old)
        if member is None:
            return False
        member.nick = new
        self.enter(member)
        return True

    def banned(self) -> dict[str, Ban]:
        """Who is banned, by the folded name or mask."""
        return {self.fold(ban.who): ban for ban in self.bans.values() if not ban.is_mute}

    def muted(self) -> dict[str, Ban]:
        """Who is muted, likewise."""
        return {self.fold(ban.who): ban for ban in self.bans.values() if ban.is_mute}

    def is_kept_by_alone(self, nick: str) -> bool:
        """Whether somebody is here alone, with an operator's rights."""
        member = self.member(nick)
        return bool(member and member.keeps_order and len(self.members) == 1)

    def is_owner(self, member: Member) -> bool:
        return bool(self.owner) and self.fold(member.account) == self.fold(self.owner)

    def forget_modes(self) -> None:
        """Forgets modes, bans and mutes, which may change while we are not in the room."""
        self.modes, self.has_asked_modes, self.asked_who_at = None, False, 0.0
        self.bans.clear()
        self.listed_bans.clear()
        self.owner = ""

    def empty(self) -> None:
        """Forgets the members, because we are not in the room any more."""
        self.is_here = self.is_direct
        self.is_listed = False
        self.members.clear()
        self.forget_modes()
        self.members_version += 1


def _is_same(one: str, other: str) -> bool:
    """Whether two texts are one message: blank lines and blanks at the ends may get lost on the way."""
    return one == other or one.split() == other.split()
