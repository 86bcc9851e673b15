"""The things of the chat: sessions, users, rooms, accounts.

All of it is used under the event log's lock. Only `Hub.apply` changes it, and of sessions also their own commands.
"""

from collections import deque
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import own
from chatroom.common.names import fold
from chatroom.model.audience import Audience, Format, Listener
from chatroom.model.events import ModesSet, Said
from chatroom.model.limits import RECENT_CHARACTERS, RECENT_MESSAGES, RECENT_SHORT_CHARACTERS
from chatroom.model.masks import Form, MaskList
from chatroom.model.modes import (
    BAN,
    EXCEPTION,
    INVISIBLE,
    INVITED,
    MODERATED,
    OPERATOR,
    RANKS,
    ROOM_MODES,
    SLOW,
    ModeKind,
    of_new_room,
)
from chatroom.model.replies import RoomState
from chatroom.model.roll import Roll
from chatroom.model.values import Device, ListEntry, Member, ModeChange, Person, Topic

# people of whom a slow room remembers when they spoke, before it forgets those who may speak again
SLOW_MODE_SPEAKERS_KEPT = 1000


class Session:
    """A client that is connected here: what it reads, and, once it has a name, its user.

    All of it is written under the event log's lock, but for `paced`, which the client's own thread alone writes.
    Where it does no harm if a value is a moment old, it is read without the lock. So whoever leaves is `closing` first
    and without a `user` then: nobody who is to be told goodbye is taken for a stranger.
    """

    __slots__ = (
        "account",
        "admitted",
        "closing",
        "echo",
        "extended_monitor",
        "format",
        "goodbye",
        "has_asked_for_language",
        "has_chosen_language",
        "has_tried",
        "host",
        "language",
        "near",
        "paced",
        "place",
        "replay",
        "secure",
        "spent",
        "tries",
        "uid",
        "user",
        "watching",
    )

    def __init__(self, uid: str, host: str, format: Format) -> None:  # noqa: A002
        self.uid = uid
        self.host = host  # its address
        self.format = format
        self.echo = False  # whether it wants to see its own messages (IRCv3 echo-message)
        self.user: User | None = None
        self.extended_monitor = False  # whether it is told more of those it watches (IRCv3 extended-monitor)
        self.watching: dict[str, str] = {}  # nicknames by their folds: IRCv3 monitor
        self.admitted = True  # whether it has given the server's password, if there is one
        self.account = ""  # the name that it has proven to be its own, perhaps before it has one
        self.secure = False  # whether its connection is encrypted
        self.near = False  # whether it comes from this machine
        self.language = own()  # that it reads; at first the server's
        self.has_asked_for_language = False  # while it connected: what its account has chosen gives way
        self.has_chosen_language = False
        self.replay = True  # whether it is told what was said in a room before it joins
        # Processor seconds of look-ups for it that it has still to pay for; for its own thread alone.
        self.spent = 0.0
        self.tries = 0  # wrong passwords so far
        self.has_tried = False  # whether it has given a password for an account
        self.goodbye = ""  # why others ended it; "" if they did not
        self.paced = False  # whether its lines or look-ups wait for their turn, perhaps an answer to a ping among them
        self.closing = False  # goodbye was said; what the client sends now is not read any more
        # The folded name of the one room that it is in, of all those of its user, "" if it is in none; None: in all.
        self.place: str | None = None

    @property
    def nick(self) -> str:
        """The user's nickname, "" before registration."""
        user = self.user  # read once, here and below: without the lock it may be gone the next moment
        return user.person.nick if user else ""

    @property
    def confidential(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.secure or self.near

    @property
    def mask(self) -> str:
        """The user as the source of a line, "" before registration."""
        user = self.user
        return user.person.mask if user else ""

    @property
    def room(self) -> str:
        """The room that the client is in; the one joined last, if there are several; "" if there is none."""
        rooms = self.user.rooms if self.user else {}
        if self.place is not None:
            return rooms[self.place].name if self.place in rooms else ""
        return next(reversed(rooms.values())).name if rooms else ""

    def is_in(self, room: "Room") -> bool:
        """Whether the client is told what happens in a room that its user is in."""
        return self.place is None or self.place == fold(room.name)


class User:
    """Somebody with a name, by one connection or several: a guest has one *device*, who is logged in may have more.

    `devices` has all of them, `sessions` those that are connected to this server.
    """

    __slots__ = (
        "_member_info",
        "active",
        "away",
        "away_since",
        "devices",
        "granted",
        "invited",
        "metadata",
        "modes",
        "person",
        "rooms",
        "sessions",
        "since",
    )

    def __init__(self, person: Person, session: Session | None, now: int, kind: str = "", absent: bool = False) -> None:
        """`kind` and `absent` are those of the device by which they come."""
        self.person = person
        self.devices: tuple[Device, ...] = (Device(person, kind, now, absent=absent),)
        self.sessions: tuple[Session, ...] = (session,) if session else ()
        self.away = ""
        self.away_since = 0  # Unix milliseconds
        self.modes: set[str] = set()  # letters of `modes.USER_MODES`
        self.granted = ""  # how the account has made them an operator of the server; "" if it has not
        self.metadata: dict[str, str] = {}  # what they have set about themselves; kept by `chatroom.core.metadata`
        self.invited: dict[Room, None] = {}  # rooms into which an operator there has invited them
        self.rooms: dict[str, Room] = {}  # by folded name, in the order of joining
        self.since = now  # Unix milliseconds, like `active`
        self.active = now
        self.refresh()

    def refresh(self) -> None:
        """Makes the cached member info anew: when a crowd joins, it is asked for a thousand times."""
        self._member_info = Member(self.person, self.away, operator=OPERATOR in self.modes)
        for room in self.rooms.values():
            room.forget_roll()

    def become(self, person: Person) -> None:
        self.person = person
        self.refresh()

    def go_away(self, message: str, now: int) -> None:
        """With "", the user is back; `now` is in milliseconds."""
        self.away, self.away_since = message, now
        self.refresh()

    def member_info(self, ranks: str = "") -> Member:
        """The user as others may know them."""
        assert all(rank in RANKS for rank in ranks)
        info = self._member_info
        return Member(info.person, info.away, ranks, info.operator) if ranks else info

    def device(self, uid: str) -> Device | None:
        return next((device for device in self.devices if device.who.uid == uid), None)

    def session_of(self, uid: str) -> Session | None:
        """The session of the device with that uid, if it is connected here."""
        return next((session for session in self.sessions if session.uid == uid), None)

    def movers(self) -> tuple[Session, ...]:
        """Whom to spare when telling of this user's own coming or going."""
        return tuple([session for session in self.sessions if not session.format.own_moves])

    def room_names(self) -> tuple[str, ...]:
        return tuple([room.name for room in self.rooms.values()])

    @property
    def is_operator(self) -> bool:
        """Of the server."""
        return OPERATOR in self.modes

    def seen_by(self, other: "User") -> bool:
        """Whether `other` finds this user without knowing the nickname."""
        return INVISIBLE not in self.modes or self is other or not self.rooms.keys().isdisjoint(other.rooms)

    def peers(self) -> Audience:
        """All who share a room with this user, the user included: who is told of a new name or a departure."""
        if len(self.rooms) == 1:
            room = next(iter(self.rooms.values()))
            if all(session.is_in(room) for session in self.sessions):
                return room.audience
        groups = [group for room in self.rooms.values() for group in room.audience.groups.values()]
        sessions: dict[Listener, None] = dict.fromkeys(chain.from_iterable(groups))
        sessions.update(dict.fromkeys(self.sessions))
        return Audience.of(sessions)


class Account(NamedTuple):
    """A claimed name. `secret` is what its password is checked with; never shown."""

    name: str
    secret: str
    id: int  # of the event by which it was made
    time: int  # when that was, in milliseconds
    replay: bool = True  # whether its clients are told what was said in a room before they join
    # The addresses where it is at home, as limits count them, with blanks between: of the claim, then of late.
    home: str = ""
    used: int = 0  # when it was used last, in milliseconds; known to the day
    operator: bool = False  # whether it was made an operator of the server at the console
    warned: bool = False  # whether its owner, who has rooms, was told that it is freed when nobody uses it
    strangers: bool = True  # whether those who aren't logged in may write to its owner
    language: str = ""  # that its clients read, by its tag; "" if none was chosen
    stays: bool = False  # whether its owner stays in their rooms when their last device goes

    def __repr__(self) -> str:
        return f"Account({self.name!r})"

    def is_at_home(self, address: str) -> bool:
        """Whether it was claimed, or used of late, at an address, given as limits count it."""
        return address in self.home.split()


Lists = dict[str, MaskList]  # a room's lists by their letters


_LISTS = tuple([letter for letter, kind in ROOM_MODES.items() if kind is ModeKind.LIST])


def new_lists() -> Lists:
    return {letter: MaskList() for letter in _LISTS}


class Room:
    """A room lives as long as somebody is in it; its lists (`ChatState.lists`) stay."""

    __slots__ = (
        "_roll",
        "_verdicts",
        "audience",
        "created",
        "has_speech_restrictions",
        "lists",
        "members",
        "metadata",
        "modes",
        "name",
        "opened",
        "owner",
        "ranks",
        "recent",
        "renamed",
        "slow",
        "spoke",
        "topic",
    )

    def __init__(self, name: str, now: int, lists: "Lists | None" = None) -> None:
        self.name = name
        self.created = now
        self.opened = 0  # id of the event by which its first member came in
        self.topic: Topic | None = None
        self.metadata: dict[str, str] = {}  # likewise; it ends with the room
        self.renamed = 0  # when it got its name, in milliseconds; 0 if it always had it
        self.owner = ""  # the account whose room it is for good, folded; "" if it is nobody's
        self.members: dict[str, User] = {}  # by uid, in the order of joining
        self.recent: deque[Said] = deque(maxlen=RECENT_MESSAGES)  # what whoever joins is shown
        self.audience = Audience({})
        self.ranks: dict[str, str] = {}  # letters of `modes.RANKS`, by uid; of those who have any
        self.modes = of_new_room(fold(name))  # parameters by letter
        self.lists: Lists = new_lists() if lists is None else lists
        self.slow = 0  # milliseconds between two messages of a member
        self.spoke: dict[str, int] = {}  # when members last did, by uid; only of a slow room
        self.has_speech_restrictions = False  # whether there is anything to look up before a member may speak
        self._roll: Roll | None = None  # of its members, once somebody has asked for it
        self._verdicts: dict[str, tuple[Person, ListEntry | None, ListEntry | None]] = {}  # by uid: the ban, the mute
        self.refresh_speech_checks()

    def add(self, user: User) -> None:
        self.members[user.person.uid] = user
        if self._roll:
            self._roll = self._roll.plus(user.member_info(self.ranks.get(user.person.uid, "")))
        for session in user.sessions:
            if session.is_in(self):
                self.audience = self.audience.plus(session)

    def remove(self, user: User) -> None:
        del self.members[user.person.uid]
        self.ranks.pop(user.person.uid, None)
        self._verdicts.pop(user.person.uid, None)
        self.forget_roll()
        for session in user.sessions:
            self.audience = self.audience.minus(session)

    def remember(self, said: Said) -> None:
        """Keeps a message for those who join, without its tags; where long ones add up, those said first go."""
        self.recent.append(without_tags(said))
        if len(said.text) > RECENT_SHORT_CHARACTERS:
            left = sum([len(each.text) for each in self.recent]) - RECENT_CHARACTERS
            while left > 0 and len(self.recent) > 1:
                left -= len(self.recent.popleft().text)

    # ---- ranks and modes --------------------------------------------------------------------------------------------

    def operated_by(self, user: User) -> bool:
        """Operators of the server are those of every room, and its owner is one."""
        return user.is_operator or self.is_owned_by(user.person) or OPERATOR in self.ranks.get(user.person.uid, "")

    def is_owned_by(self, person: Person) -> bool:
        return self.owner != "" and fold(person.account) == self.owner

    def to_operator(self, person: Person) -> ModesSet:
        """The event by which somebody who is entitled to it, such as the owner, becomes an operator here."""
        return ModesSet(person, self.name, (ModeChange(True, OPERATOR, person.nick, person.uid),))

    def set_rank(self, uid: str, letter: str, on: bool) -> None:
        held = self.ranks.get(uid, "")
        ranks = "".join(r for r in RANKS if (r == letter and on) or (r != letter and r in held))
        if ranks:
            self.ranks[uid] = ranks
        else:
            self.ranks.pop(uid, None)
        self.forget_roll()

    def ranked(self, letter: str) -> list[Session]:
        """The members that have this rank or a higher one."""
        enough = list(RANKS)[: list(RANKS).index(letter) + 1]
        holders = (self.members[uid] for uid, ranks in self.ranks.items() if any(r in enough for r in ranks))
        return [session for user in holders for session in user.sessions if session.is_in(self)]

    def refresh_speech_checks(self) -> None:
        """To be called when modes or lists have changed."""
        self.slow = 1000 * int(self.modes.get(SLOW, 0))
        self.has_speech_restrictions = (
            bool(self.slow or self.lists[BAN]) or MODERATED in self.modes or "C" in self.modes
        )
        if not self.slow:
            self.spoke.clear()
        elif not self.spoke:  # who has flooded the room waits from the start
            self.spoke = {said.by.uid: said.time for said in self.recent if said.by.uid}
        self._verdicts.clear()

    def refresh(self) -> None:
        """Makes anew what is cached."""
        self._verdicts = {}
        self.forget_roll()
        self.refresh_speech_checks()

    def note_speaker(self, said: Said) -> None:
        """To be called with each message in a slow room."""
        self.spoke[said.by.uid] = said.time
        if len(self.spoke) > max(SLOW_MODE_SPEAKERS_KEPT, 2 * len(self.members)):
            self.spoke = {uid: time for uid, time in self.spoke.items() if said.time - time < self.slow}

    def wait_of(self, user: User, now: int) -> int:
        """How long slow mode lets this user wait, in milliseconds; nobody waits for a clock that was set back."""
        last = self.spoke.get(user.person.uid)
        left = last + self.slow - now if last is not None else 0
        return left if 0 < left <= self.slow else 0

    def invites(self, person: Person) -> bool:
        """Whether this person needs no invitation."""
        return self.lists[INVITED].find(Form(person)) is not None

    def excepts(self, person: Person) -> bool:
        """Whether no ban meets this person."""
        return self.lists[EXCEPTION].find(Form(person)) is not None

    def ban_on(self, person: Person) -> ListEntry | None:
        """The ban that keeps this person out, and silent."""
        return self._verdict(person)[1]

    def mute_on(self, person: Person) -> ListEntry | None:
        """The mute that keeps this person from speaking."""
        return self._verdict(person)[2]

    def has_verdict(self, person: Person) -> bool:
        """Whether it is known already which ban and which mute match a member."""
        known = self._verdicts.get(person.uid)
        return known is not None and (known[0] is person or _is_met_alike(known[0], person))

    def _verdict(self, person: Person) -> tuple[Person, ListEntry | None, ListEntry | None]:
        """The ban and the mute that match somebody. Cached for members, since each of their messages asks for it."""
        known = self._verdicts.get(person.uid)
        if known and (known[0] is person or _is_met_alike(known[0], person)):
            return known
        bans, exceptions, form = self.lists[BAN], self.lists[EXCEPTION], Form(person)
        excepted = exceptions.find(form)
        ban = None if excepted else bans.find(form)
        mute = None if excepted or exceptions.find(form, mutes=True) else bans.find(form, mutes=True)
        if person.uid in self.members:
            self._verdicts[person.uid] = person, ban, mute
        return person, ban, mute

    # ---- looking ----------------------------------------------------------------------------------------------------

    def seen_by(self, user: User) -> bool:
        return "s" not in self.modes or user.person.uid in self.members

    def known_to(self, user: User) -> bool:
        """Whether the user may be told that this room exists, when they ask for it by name."""
        return self.seen_by(user) or self.operated_by(user)

    def listing(self, viewer: User) -> tuple[Member, ...]:
        """The members that `viewer` may see here."""
        if viewer.person.uid in self.members:
            return self.roll().members
        return tuple(
            [user.member_info(self.ranks.get(uid, "")) for uid, user in self.members.items() if user.seen_by(viewer)]
        )

    def roll(self) -> Roll:
        """All members."""
        if self._roll is None:
            ranks = self.ranks
            self._roll = Roll(tuple([user.member_info(ranks.get(uid, "")) for uid, user in self.members.items()]))
        return self._roll

    def forget_roll(self) -> None:
        """To be called when one of the members is another than before, or has another rank."""
        self._roll = None

    def state(self, viewer: User) -> RoomState:
        """What `viewer`, who is in the room, needs to know of it."""
        return RoomState(self.name, self.topic, self.roll(), viewer.person.nick, "s" in self.modes)


class Server:
    """One of several servers that together are one chat. What is in it is the same on all of them."""

    __slots__ = ("heard", "id", "lag", "name", "seen")

    def __init__(self, id: str, name: str, now: int) -> None:  # noqa: A002
        self.id = id  # the part before the dot in its users' uids
        self.name = name
        self.heard = now  # when it last gave a sign of life, in the log's milliseconds
        self.seen = 0  # number of the last thing that it did
        self.lag = 0  # milliseconds that its own events needed to come back to it


def _is_met_alike(one: Person, other: Person) -> bool:
    """Whether every mask that matches one of them matches the other, too."""
    return one.mask == other.mask and one.account == other.account


def without_tags(said: Said) -> Said:
    """The message without the tags that its client put there, which nobody needs later; what it answers stays."""
    return replace(said, tags="") if said.tags else said


def user_of(session: Session) -> User:
    """The session's user; it must have a name."""
    if session.user is None:
        raise ChatError(Code.NOT_REGISTERED)
    return session.user
