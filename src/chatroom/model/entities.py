"""The nouns of the chat: sessions, users, rooms, and the audiences that are told what happens in them.

All of it is guarded by the log's lock; only `Hub.apply` changes it. An `Audience` alone is immutable, so that the
courier may use one long after the room has changed.
"""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from heapq import heapify, heappop, heappush
from typing import NamedTuple, Protocol

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import LOBBY, SERVICE, fold, skeleton
from chatroom.limits import DEEDS, EMPTY_ROOMS, ENDS, RECENT, SLOW_KEPT, TOLD, WHISPERS, WHOWAS
from chatroom.model.events import (
    CountsAre,
    Entry,
    Event,
    Format,
    Goodbye,
    Member,
    ModeChange,
    ModesSet,
    Person,
    Reply,
    RoomState,
    Said,
    Topic,
)
from chatroom.model.modes import (
    BAN,
    EXCEPTION,
    INVISIBLE,
    INVITED,
    MODERATED,
    MUTE,
    NEW_LOBBY,
    NEW_ROOM,
    OPERATOR,
    RANKS,
    ROOM_MODES,
    SLOW,
    ModeKind,
    bounded,
    meets,
)
from chatroom.model.network_index import Networks


class Session:
    """A client that is connected here: what it reads, and, once it has a name, its user."""

    __slots__ = (
        "account",
        "admitted",
        "closing",
        "echo",
        "extended_monitor",
        "format",
        "goodbye",
        "host",
        "near",
        "paced",
        "replay",
        "secure",
        "tries",
        "uid",
        "user",
        "watching",
    )

    def __init__(self, uid: str, host: str, format: Format) -> None:  # noqa: A002
        self.uid = uid
        self.host = host  # as others see it: an address
        self.format = format
        self.echo = False  # whether it wants to see its own messages (IRCv3 echo-message)
        self.user: User | None = None
        self.extended_monitor = False  # whether it is told more of those it watches (IRCv3 extended-monitor)
        self.watching: dict[str, str] = {}  # nicknames by their folds: IRCv3 monitor
        self.admitted = True  # whether it has given the server's password, where there is one
        self.account = ""  # the name that it has proven to be its own, perhaps before it has one
        self.secure = False  # whether its connection is encrypted
        self.near = False  # whether it comes from this machine
        self.replay = True  # whether it is told what was said in a room before it joins
        self.tries = 0  # wrong passwords so far
        self.goodbye = ""  # why others ended it; "" if they did not
        self.paced = False  # whether its lines or look-ups wait for their turn, an answer to a ping perhaps behind them
        self.closing = False  # goodbye was said; what the client sends now is not read any more

    @property
    def nick(self) -> str:
        """The user's nickname, "" before registration."""
        return self.user.person.nick if self.user else ""

    @property
    def confidential(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.secure or self.near

    @property
    def mask(self) -> str:
        """The user as the source of a line, "" before registration."""
        return self.user.person.mask if self.user else ""

    @property
    def room(self) -> str:
        """The room that the user is in; the one joined last, if there are several; "" if there is none."""
        return next(reversed(self.user.rooms.values())).name if self.user and self.user.rooms else ""


class Audience:
    """Who is told of an event, grouped by what they read. Never changed: a new one takes its place."""

    __slots__ = ("groups",)

    def __init__(self, groups: dict[Format, tuple[Session, ...]]) -> None:
        self.groups = groups

    @classmethod
    def of(cls, sessions: Iterable[Session]) -> "Audience":
        groups: dict[Format, list[Session]] = {}
        for session in sessions:
            groups.setdefault(session.format, []).append(session)
        return cls({format_: tuple(members) for format_, members in groups.items()})

    def plus(self, session: Session) -> "Audience":
        return Audience({**self.groups, session.format: (*self.groups.get(session.format, ()), session)})

    def minus(self, session: Session) -> "Audience":
        return self.without({session}) if any(session in members for members in self.groups.values()) else self

    def without(self, sessions: Set[Session]) -> "Audience":
        groups = {f: tuple([s for s in members if s not in sessions]) for f, members in self.groups.items()}
        return Audience({f: members for f, members in groups.items() if members})

    def __iter__(self) -> Iterator[Session]:
        return (session for members in self.groups.values() for session in members)


class Post(Protocol):
    """Where the hub hands over what is to be told, and to whom. Neither call blocks or fails."""

    def deliver(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        """Tell the audience of an event; not `skip`, if one is named."""

    def tell(self, session: Session, reply: Reply) -> None:
        """Tell one client alone."""

    def fence(self) -> threading.Event:
        """Is set once all that was handed over so far is saved."""

    def dispatch(self) -> None:
        """Nothing more comes at the moment: see to it that what was handed over is sent."""


class Capture:
    """A post that keeps to itself what one session is told, and hands on all the rest.

    Events of which everybody is told are kept for it, too; but what somebody says to themselves reaches them like any
    other message, and only its echo is an answer.
    """

    def __init__(self, post: Post, session: Session) -> None:
        self.told: list[Event | Reply] = []
        self._post = post
        self._session = session

    def deliver(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        session = self._session
        to_self = isinstance(event, Said) and event.target == session.nick
        if skip is None and session in audience and not to_self:
            self.told.append(event)
            skip = session
        self._post.deliver(event, audience, skip)

    def tell(self, session: Session, reply: Reply) -> None:
        if session is self._session and not isinstance(reply, Goodbye):
            self.told.append(reply)
        else:
            self._post.tell(session, reply)

    def fence(self) -> threading.Event:
        return self._post.fence()

    def dispatch(self) -> None:
        self._post.dispatch()


def movers(session: Session | None) -> Session | None:
    """Whom to skip when telling of that session's own coming or going."""
    return None if session is None or session.format.own_moves else session


class User:
    """Somebody with a name. A user of another server has no session here."""

    __slots__ = ("_card", "active", "away", "invitations", "modes", "person", "rooms", "session", "since")

    def __init__(self, person: Person, session: Session | None, now: int) -> None:
        self.person = person
        self.session = session
        self.away = ""
        self.modes: set[str] = set()  # letters of `modes.USER_MODES`
        self.invitations: dict[str, Room] = {}  # by an operator of the room; by folded name
        self.rooms: dict[str, Room] = {}  # by folded name, in the order of joining
        self.since = now  # Unix milliseconds, like `active`
        self.active = now
        self.refresh()

    def refresh(self) -> None:
        """Makes anew what is kept so that it need not be made for each: a crowd that joins asks a thousand times."""
        self._card = Member(self.person, self.away, operator=OPERATOR in self.modes)

    def become(self, person: Person) -> None:
        self.person = person
        self.refresh()

    def go_away(self, message: str) -> None:
        """With "", the user is back."""
        self.away = message
        self.refresh()

    def card(self, ranks: str = "") -> Member:
        """The user as others may know them."""
        assert all(rank in RANKS for rank in ranks)
        return replace(self._card, ranks=ranks) if ranks else self._card

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
            return next(iter(self.rooms.values())).audience
        sessions = {s: None for room in self.rooms.values() for s in room.audience}
        if self.session:
            sessions[self.session] = None
        return Audience.of(sessions)


class Account(NamedTuple):
    """A claimed name. `secret` is what its password is checked with; never shown."""

    name: str
    secret: str
    id: int  # of the event by which it was made
    time: int  # when that was, in milliseconds
    replay: bool = True  # whether its clients are told what was said in a room before they join

    def __repr__(self) -> str:
        return f"Account({self.name!r})"


Lists = dict[str, dict[str, Entry]]  # a room's lists by their letters; in each the entries by their folded masks


def new_lists() -> Lists:
    return {letter: {} for letter, kind in ROOM_MODES.items() if kind is ModeKind.LIST}


class Room:
    """A room lives as long as somebody is in it; its lists (`House.lists`) stay."""

    __slots__ = (
        "_verdicts",
        "audience",
        "created",
        "guarded",
        "lists",
        "members",
        "modes",
        "name",
        "opened",
        "owner",
        "ranks",
        "recent",
        "slow",
        "spoke",
        "topic",
    )

    def __init__(self, name: str, now: int, lists: "Lists | None" = None) -> None:
        self.name = name
        self.created = now
        self.opened = 0  # id of the event by which its first member came in
        self.topic: Topic | None = None
        self.owner = ""  # the account whose room it is for good, folded; "" if it is nobody's
        self.members: dict[str, User] = {}  # by uid, in the order of joining
        self.recent: deque[Said] = deque(maxlen=RECENT)  # what whoever joins is shown
        self.audience = Audience({})
        self.ranks: dict[str, str] = {}  # letters of `modes.RANKS`, by uid; of those who have any
        # Parameters by letter. In the lobby, which has no operators of its own, anybody sets the topic.
        self.modes = dict.fromkeys(NEW_LOBBY if fold(name) == LOBBY else NEW_ROOM, "")
        self.lists: Lists = new_lists() if lists is None else lists
        self.slow = 0  # milliseconds between two messages of a member
        self.spoke: dict[str, int] = {}  # when members last did, by uid; only of a slow room
        self.guarded = False  # whether there is anything to look up before a member may speak
        self._verdicts: dict[str, tuple[Person, Entry | None, Entry | None]] = {}  # by uid: the ban, the mute
        self.look_to_guard()

    def add(self, user: User) -> None:
        self.members[user.person.uid] = user
        if user.session:
            self.audience = self.audience.plus(user.session)

    def remove(self, user: User) -> None:
        del self.members[user.person.uid]
        self.ranks.pop(user.person.uid, None)
        self._verdicts.pop(user.person.uid, None)
        if user.session:
            self.audience = self.audience.minus(user.session)

    # ---- ranks and modes --------------------------------------------------------------------------------------------

    def operated_by(self, user: User) -> bool:
        """Operators of the server are those of every room, and its owner is one."""
        return user.is_operator or self.is_owned_by(user.person) or OPERATOR in self.ranks.get(user.person.uid, "")

    def is_owned_by(self, person: Person) -> bool:
        return self.owner != "" and fold(person.account) == self.owner

    def to_operator(self, person: Person) -> ModesSet:
        """The event by which somebody, above all the owner, becomes an operator here, done by themselves."""
        return ModesSet(person, self.name, (ModeChange(True, OPERATOR, person.nick, person.uid),))

    def set_rank(self, uid: str, letter: str, on: bool) -> None:
        held = self.ranks.get(uid, "")
        ranks = "".join(r for r in RANKS if (r == letter and on) or (r != letter and r in held))
        if ranks:
            self.ranks[uid] = ranks
        else:
            self.ranks.pop(uid, None)

    def ranked(self, letter: str) -> list[Session]:
        """The members that have this rank or a higher one."""
        enough = list(RANKS)[: list(RANKS).index(letter) + 1]
        holders = (self.members[uid] for uid, ranks in self.ranks.items() if any(r in enough for r in ranks))
        return [user.session for user in holders if user.session]

    def look_to_guard(self) -> None:
        """To be called when modes or lists have changed."""
        self.slow = 1000 * int(self.modes.get(SLOW, 0))
        self.guarded = bool(self.slow or self.lists[BAN]) or MODERATED in self.modes or "C" in self.modes
        if not self.slow:
            self.spoke.clear()
        elif not self.spoke:  # who has flooded the room waits from the start
            self.spoke = {said.by.uid: said.time for said in self.recent if said.by.uid}
        self._verdicts.clear()

    def refresh(self) -> None:
        """Makes anew what is only kept so that it need not be looked up again."""
        self._verdicts = {}
        self.look_to_guard()

    def note_speaker(self, said: Said) -> None:
        """To be called with each message in a slow room."""
        self.spoke[said.by.uid] = said.time
        if len(self.spoke) > max(SLOW_KEPT, 2 * len(self.members)):
            self.spoke = {uid: time for uid, time in self.spoke.items() if said.time - time < self.slow}

    def wait_of(self, user: User, now: int) -> int:
        """How long slow mode lets this user wait, in milliseconds; nobody waits for a clock that was set back."""
        last = self.spoke.get(user.person.uid)
        left = last + self.slow - now if last is not None else 0
        return left if 0 < left <= self.slow else 0

    def invites(self, person: Person) -> bool:
        """Whether this person needs no invitation."""
        return self._entry(INVITED, person, "") is not None

    def excepts(self, person: Person) -> bool:
        """Whether no ban meets this person."""
        return self._entry(EXCEPTION, person, "") is not None

    def ban_on(self, person: Person) -> Entry | None:
        """The ban that keeps this person out, and silent."""
        return self._verdict(person)[1]

    def mute_on(self, person: Person) -> Entry | None:
        """The mute that keeps this person from speaking."""
        return self._verdict(person)[2]

    def _verdict(self, person: Person) -> tuple[Person, Entry | None, Entry | None]:
        """What the lists hold against somebody. Of members it is remembered: they are asked about at each message."""
        known = self._verdicts.get(person.uid)
        if known and known[0] is person:
            return known
        excepted = self._entry(EXCEPTION, person, "")
        ban = None if excepted else self._entry(BAN, person, "")
        mute = None if excepted or self._entry(EXCEPTION, person, MUTE) else self._entry(BAN, person, MUTE)
        if person.uid in self.members:
            self._verdicts[person.uid] = person, ban, mute
        return person, ban, mute

    def _entry(self, letter: str, person: Person, mark: str) -> Entry | None:
        """The first entry of a list for this person; with a mark (`MUTE`), of those that bear it."""
        for entry in self.lists[letter].values():
            if entry.mask.startswith(MUTE) is bool(mark) and meets(entry.mask.removeprefix(MUTE), person):
                return entry
        return None

    # ---- looking ----------------------------------------------------------------------------------------------------

    def seen_by(self, user: User) -> bool:
        return "s" not in self.modes or user.person.uid in self.members

    def known_to(self, user: User) -> bool:
        """Whether the user may be told that this room exists, when they ask for it by name."""
        return self.seen_by(user) or self.operated_by(user)

    def listing(self, viewer: User) -> tuple[Member, ...]:
        """The members that `viewer` may see here."""
        ranks = self.ranks
        members = self.members.items()
        if viewer.person.uid not in self.members:
            members = {uid: user for uid, user in members if user.seen_by(viewer)}.items()
        # Without a call for each: in a crowd that joins, everybody is told of everybody.
        return tuple([user._card if uid not in ranks else user.card(ranks[uid]) for uid, user in members])

    def state(self, viewer: User) -> RoomState:
        return RoomState(self.name, self.topic, self.listing(viewer), viewer.person.nick, "s" in self.modes)


class Server:
    """One of several servers that together are one chat. What is in it is the same on all of them."""

    __slots__ = ("heard", "id", "lag", "name", "seen")

    def __init__(self, id: str, name: str, now: int) -> None:  # noqa: A002
        self.id = id  # the part before the dot in its users' uids
        self.name = name
        self.heard = now  # when it last gave a sign of life, in the log's milliseconds
        self.seen = 0  # number of the last thing that it did
        self.lag = 0  # milliseconds that its own events needed to come back to it


class _Deaf:
    """The format of who reads nothing."""

    own_moves = False

    def render(self, event: Event) -> bytes:
        return b""

    def render_all(self, events: list[Event]) -> bytes:
        return b""


class Itself(Session):
    """The server, as one who does things: at its console, or because it is time. An operator of its own, in no room.

    `told` is what comes of it.
    """

    __slots__ = ("told",)

    def __init__(self, name: str) -> None:
        super().__init__("", name, _Deaf())
        self.told: deque[Reply] = deque(maxlen=TOLD)
        self.user = User(Person("", name, "", ""), None, 0)
        self.user.modes.add(OPERATOR)
        self.user.refresh()


class House:
    """All that there is: people, rooms, connections."""

    # What all servers have in common; the rest follows from it (`reindex`), or is each one's own.
    SHARED = (
        *("users", "by_nick", "rooms", "lists", "bans", "accounts", "owners", "kept"),
        *("whispers", "gone", "holders", "most", "memories", "servers", "absent"),
    )

    def __init__(self, post: Post, name: str) -> None:
        self.post = post
        self.itself = Itself(name)
        self.service = Member(Person("", SERVICE, SERVICE, name, "looks after claimed names"), "")
        self.users: dict[str, User] = {}  # by uid
        self.by_nick: dict[str, User] = {}  # by folded nickname
        self.by_looks: dict[str, User] = {}  # by the skeleton of the nickname; of those who look alike the first
        self.rooms: dict[str, Room] = {}  # by folded name
        self.lists: dict[str, Lists] = {}  # of rooms, with somebody in them or not, by folded name
        self.bans: dict[str, Entry] = {}  # from the server, by folded mask
        self.networks = Networks()  # those of them that are addresses and networks
        # A heap of what ends by itself: when (milliseconds), which room's, of which list, which mask; "", "" and the
        # mask for a ban from the server. Its first is never one that has been lifted before.
        self.ends: list[tuple[int, str, str, str]] = []
        self._ends_most = ENDS  # as long as it may grow before what has been lifted is taken out of it
        self.deeds: deque[Event] = deque(maxlen=DEEDS)  # what operators did and the log has not been told yet
        self.accounts: dict[str, Account] = {}  # by folded name
        self.claimed: dict[str, str] = {}  # accounts' names by their skeletons; of those that look alike the first
        self.owners: dict[str, str] = {}  # folded accounts, by the folded names of the rooms that are theirs for good
        self.kept: dict[str, dict[str, str]] = {}  # modes of rooms that have an owner, and nobody in them; likewise
        self.password = ""  # everybody is let in if it is ""
        self.sessions: dict[str, Session] = {}  # by uid; clients connected here, with or without a name
        self.watchers: dict[str, dict[Session, None]] = {}  # of a folded nickname: IRCv3 monitor
        self.markers: dict[str, dict[str, int]] = {}  # how far people have read; kept by `chatroom.markers`
        self.marking: dict[Session, None] = {}  # those who are told of it: IRCv3 read-marker
        self.whispers: deque[tuple[Said, str]] = deque(maxlen=WHISPERS)  # said to one person alone; with their uid
        self.gone: deque[tuple[Person, int]] = deque(maxlen=WHOWAS)  # with when they went; the last first
        self.absent: dict[str, int] = {}  # what people saw last of rooms; kept by `chatroom.absence`
        self.holders = Counter[str]()  # how many users have a mode, by its letter
        self.most = 0  # users at once, so far
        self.here = 0  # users that are connected to this server
        self.servers: dict[str, Server] = {}  # by id; none if this is the only one

    def room_named(self, name: str, user: User) -> Room:
        """The room of that name; raises `ChatError` if there is none that this user may know of."""
        room = self.rooms.get(fold(name))
        if room is None or not room.known_to(user):
            raise ChatError(Code.NO_SUCH_ROOM, name)
        return room

    def room_of(self, session: Session, name: str) -> Room:
        """The room of that name; the user must be in it."""
        user = user_of(session)
        room = self.room_named(name, user)
        if user.person.uid not in room.members:
            raise ChatError(Code.NOT_IN_ROOM, room.name)
        return room

    def reindex(self) -> None:
        """Makes anew what follows from the rest, after that has been put in the place of what there was."""
        self.by_looks.clear()
        for user in self.users.values():
            self.by_looks.setdefault(skeleton(user.person.nick), user)
        self.claimed.clear()
        for account in self.accounts.values():
            self.claimed.setdefault(skeleton(account.name), account.name)
        self.networks.clear()
        for entry in self.bans.values():
            self.networks.put(entry)
        self.ends.clear()
        for key, entry in self.bans.items():
            self.note_end(entry.until, "", "", key)
        self.kept = {key: bounded(modes) for key, modes in self.kept.items()}
        for key, room in self.rooms.items():
            self.lists[key] = room.lists
            room.modes = bounded(room.modes)
            room.refresh()
        for key, lists in self.lists.items():
            for letter, entries in lists.items():
                for mask, entry in entries.items():
                    self.note_end(entry.until, key, letter, mask)

    def must_look_free(self, nick: str, by: Person) -> None:
        """Raises `ChatError` if this nickname looks like that of somebody else who is here, or like a claimed one."""
        looks = skeleton(nick)
        like = self.by_looks.get(looks)
        if like and like.person.uid != by.uid:
            raise ChatError(Code.NICK_LIKE, nick, like.person.nick)
        name = self.claimed.get(looks)
        if name and fold(name) not in (fold(nick), fold(by.account)):
            raise ChatError(Code.NICK_LIKE, nick, name)

    def call(self, user: User) -> None:
        """Notes a user's nickname."""
        self.by_nick[fold(user.person.nick)] = user
        self.by_looks.setdefault(skeleton(user.person.nick), user)

    def uncall(self, user: User) -> None:
        """Forgets a user's nickname."""
        del self.by_nick[fold(user.person.nick)]
        looks = skeleton(user.person.nick)
        if self.by_looks.get(looks) is user:
            del self.by_looks[looks]

    def entry_at(self, room: str, letter: str, key: str) -> Entry | None:
        """An entry of a room's list, or, without a room, of the server's bans."""
        return self.lists.get(room, {}).get(letter, {}).get(key) if room else self.bans.get(key)

    def note_end(self, until: int, room: str, letter: str, key: str) -> None:
        if until:
            heappush(self.ends, (until, room, letter, key))
            if len(self.ends) > self._ends_most:  # most have been lifted or renewed before their time
                self.ends = [end for end in self.ends if self._holds(*end)]
                heapify(self.ends)
                self._ends_most = ENDS + 2 * len(self.ends)
        while self.ends and not self._holds(*self.ends[0]):
            heappop(self.ends)

    def _holds(self, until: int, room: str, letter: str, key: str) -> bool:
        """Whether there still is something that ends then."""
        entry = self.entry_at(room, letter, key)
        return entry is not None and entry.until == until

    def leave_lists(self, key: str) -> None:
        """The last member of a room has left. Its lists stay; of the rooms left longest ago they are forgotten.

        Not of those that have an owner, which don't count; nor of the lobby.
        """
        lists = self.lists.pop(key)
        if not any(lists.values()):
            return
        self.lists[key] = lists
        if len(self.lists) - len(self.rooms) > EMPTY_ROOMS:
            left = [room for room in self.lists if room not in self.rooms and room not in self.owners]
            for forgotten in [room for room in left if room != LOBBY][:-EMPTY_ROOMS]:
                del self.lists[forgotten]

    def is_due(self, now: int) -> bool:
        """Whether anything has lasted its time."""
        return bool(self.ends) and self.ends[0][0] <= now

    def card_of(self, nick: str) -> Member | None:
        """Who is here by that name, the service for claimed names among them."""
        user = self.by_nick.get(fold(nick))
        return user.card() if user else self.service if fold(nick) == fold(SERVICE) else None

    def user_named(self, nick: str) -> User:
        user = self.by_nick.get(fold(nick))
        if user is None:
            raise ChatError(Code.NO_SUCH_NICK, nick)
        return user

    def tell_both(self, event: Event, uid: str) -> None:
        """Hands on what only its author and somebody else are to be told of."""
        users = (self.users.get(event.by.uid), self.users.get(uid))
        sessions = dict.fromkeys([user.session for user in users if user and user.session])
        self.post.deliver(event, Audience.of(sessions))

    def set_user_mode(self, user: User, letter: str, on: bool) -> None:
        if on is not (letter in user.modes):
            (user.modes.add if on else user.modes.remove)(letter)
            self.holders[letter] += 1 if on else -1
            user.refresh()

    def counts(self) -> CountsAre:
        unknown = max(0, len(self.sessions) - self.here)
        held = self.holders
        return CountsAre(
            len(self.users), held[INVISIBLE], held[OPERATOR], unknown, len(self.rooms), self.most, self.here
        )

    def server_of(self, uid: str) -> str:
        """The name of the server that somebody is connected to, "" if there is only one."""
        server = self.servers.get(uid.partition(".")[0])
        return server.name if server else ""


def user_of(session: Session) -> User:
    """The session's user; it must have a name."""
    if session.user is None:
        raise ChatError(Code.NOT_REGISTERED)
    return session.user
