"""The state of the whole chat: who is there, which rooms there are, what is banned, who owns what."""

from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import Language
from chatroom.common.names import LOBBY, SERVICE, fold, is_reserved, skeleton
from chatroom.model.absences import Absences
from chatroom.model.dormant_rooms import DormantRooms
from chatroom.model.entities import Account, Lists, Room, Server, Session, User, user_of
from chatroom.model.events import Event, Said
from chatroom.model.expiries import Expiries
from chatroom.model.limits import DORMANT_ROOMS_MAX, WHOWAS_KEPT
from chatroom.model.looks import Looks
from chatroom.model.markers import Markers
from chatroom.model.mask_counts import MaskCounts
from chatroom.model.masks import MaskList
from chatroom.model.modes import INVISIBLE, OPERATOR, bounded
from chatroom.model.network_index import NetworkIndex
from chatroom.model.nick_index import NickIndex
from chatroom.model.reactions import Reactions
from chatroom.model.redirects import REDIRECT_MS, Redirects
from chatroom.model.replies import CountsAre, Reply
from chatroom.model.values import ListEntry, Member, Person

CONSOLE_REPLIES_KEPT = 1000  # answers that wait for the console to show them
LISTS_FORGOTTEN_AT_ONCE = 10  # lists of rooms left long ago, when another room is left: it holds the event log's lock
DIRECT_MESSAGES_KEPT = 1000  # private messages held so that they can be taken back; their memory is a few hundred KiB


class _Deaf:
    """The format of who reads nothing."""

    own_moves = False
    one_room = False
    follows_renames = True
    as_sentences = False

    def render(self, event: Event) -> bytes:
        return b""

    def render_all(self, events: list[Event]) -> bytes:
        return b""

    def variant(self, kind: type[Event]) -> Hashable:
        return self

    def spoken(self, language: Language) -> "_Deaf":
        return self


def server_id(uid: str) -> str:
    """The id of the server that a connection is to, by its uid."""
    return uid.partition(".")[0]


def sender(person: Person) -> str:
    """Who somebody is whose messages wait: an account, or a guest from somewhere. No account's name has a space."""
    return fold(person.account) if person.account else f" {person.place}"


class AuditEntry(NamedTuple):
    """What an operator has done. `of_server` says whether as an operator of the server, not of a room alone."""

    event: Event
    of_server: bool


class ServerSession(Session):
    """The session of the server itself, for commands from its console and for bans that end. It is an operator.

    `replies` are what it was told and the console has not shown yet.
    """

    __slots__ = ("replies",)

    def __init__(self, name: str) -> None:
        super().__init__("", name, _Deaf())
        self.replies: deque[Reply] = deque(maxlen=CONSOLE_REPLIES_KEPT)
        self.user = User(Person("", name, "", ""), None, 0)
        self.user.modes.add(OPERATOR)
        self.user.refresh()


class ChatState:
    """The whole chat: people, rooms, accounts, bans, and the connections to this server."""

    # What all servers have in common. The rest follows from it (`reindex`), or is each server's own.
    SHARED = (
        *("users", "rooms", "lists", "bans", "accounts", "owners", "kept"),
        *("direct_messages", "gone", "holders", "most", "dormant_rooms", "servers", "absences", "markers", "reactions"),
        *("waiting", "ignored", "staying", "renamed", "profiles"),
    )

    def __init__(self, name: str, lasting: bool) -> None:
        """`name` is the server's; `lasting` says whether anything of a room outlives its last member."""
        self.server_session = ServerSession(name)
        self.service = Member(Person("", SERVICE, SERVICE, name, "looks after claimed names"), "")
        self.users: dict[str, User] = {}  # by uid
        self.nicks = NickIndex()
        self.presences: dict[str, User] = {}  # those who are logged in, by folded account; one user an account at most
        self.rooms: dict[str, Room] = {}  # by folded name
        self.lists: dict[str, Lists] = {}  # of rooms, with somebody in them or not, by folded name
        # Those of them that are forgotten some day, the next first: nobody is in their rooms, which are nobody's.
        self.left_lists: dict[str, None] = {}
        self.mask_counts = MaskCounts()  # of these lists
        # Rooms whose lists were forgotten, with when that was, in milliseconds; the store is still to be told.
        self.forgotten: list[tuple[str, int]] = []
        self.bans = MaskList()  # from the server, by folded mask
        self.networks = NetworkIndex()  # those of them that are addresses and networks
        self.expiries = Expiries(self.entry_at)
        # What operators did and the audit log has not been told yet.
        self.audit_log: list[AuditEntry] = []  # not bounded: it is written once a second, and nothing of it may be lost
        self.accounts: dict[str, Account] = {}  # by folded name
        self.claimed: dict[str, str] = {}  # accounts' names by their skeletons; of those that look alike the first
        self.room_looks = Looks()  # of the lobby, of rooms with somebody in them, and of those that have an owner
        self.room_looks.add(LOBBY)
        # New names of rooms by the folds of old ones, with when they got them (ms); kept by `chatroom.core.renaming`.
        self.renamed: Redirects = {}
        self.owners: dict[str, str] = {}  # folded accounts, by the folded names of the rooms that are theirs for good
        self.owned: dict[str, dict[str, None]] = {}  # the same the other way: rooms' keys by their owners
        self.kept: dict[str, dict[str, str]] = {}  # modes of rooms that have an owner, and nobody in them; likewise
        self.dormant_rooms = DormantRooms() if lasting else None
        self.sessions: dict[str, Session] = {}  # by uid; clients connected here, with or without a name
        self.watchers: dict[str, dict[Session, None]] = {}  # of a folded nickname: IRCv3 monitor
        # How far people have read, kept by `chatroom.core.read_markers`: of accounts, by key, and of guests, by uid.
        self.markers = Markers()
        self.guest_markers = Markers()
        self.profiles: dict[str, dict[str, str]] = {}  # what people have set about themselves, by their folded accounts
        self.following: dict[Session, dict[str, None]] = {}  # the keys of whose changes they are told: IRCv3 metadata
        self.marking: dict[Session, None] = {}  # those who are told of it: IRCv3 read-marker
        # What was said to one person alone, with their uid.
        self.direct_messages: deque[tuple[Said, str]] = deque(maxlen=DIRECT_MESSAGES_KEPT)
        self.waiting: dict[str, list[Said]] = {}  # for people who are not here, by folded account, oldest first
        self.waiting_senders = Counter[str]()  # how many of these each `sender` has said
        # Of these, what was told to clients of this server since they have come: up to which id; by account, likewise.
        self.received: dict[str, int] = {}
        # Users without a device, by uid, the first to have none first, with where their accounts were made.
        self.staying: dict[str, str] = {}
        self.ignored: dict[str, MaskList] = {}  # whom people ignore; kept by `chatroom.core.ignoring`
        self.reactions = Reactions()  # to messages of rooms and to private ones
        self.gone: deque[tuple[Person, int]] = deque(maxlen=WHOWAS_KEPT)  # with when they went; the last first
        self.absences = Absences()  # what people saw last of rooms; kept by `chatroom.core.replay`
        self.holders = Counter[str]()  # how many users have a mode, by its letter
        self.most = 0  # users at once, so far
        self.here = 0  # clients that are connected to this server and have a name
        self.servers: dict[str, Server] = {}  # by id; none if this is the only one

    def room_called(self, name: str) -> Room | None:
        """The room of that name, or that was called so lately; None if nobody is in one."""
        return self.rooms.get(fold(name)) or self.rooms.get(fold(self.name_now(name)))

    def room_named(self, name: str, user: User) -> Room:
        """The room of that name; raises `ChatError` if nobody is in one that this user may know of."""
        room = self.room_called(name)
        if room is None or not room.known_to(user):
            kept = self.dormant_rooms.owned.get(fold(name)) if room is None and self.dormant_rooms else None
            is_theirs = kept is not None and kept.is_owned_by(user.person)
            raise ChatError(Code.ROOM_EMPTY if is_theirs else Code.NO_SUCH_ROOM, name)
        return room

    def room_of(self, session: Session, name: str) -> Room:
        """The room of that name; the user must be in it."""
        user = user_of(session)
        room = self.room_named(name, user)
        if user.person.uid not in room.members:
            raise ChatError(Code.NOT_IN_ROOM, room.name)
        return room

    def name_now(self, name: str, now: int = 0) -> str:
        """What a room is called that was called so lately; else `name` itself. `now` is in milliseconds.

        A name leads nowhere else once another room has it, with somebody in it or not.
        """
        key = fold(name)
        if key not in self.renamed or self._has_room(key):
            return name
        new, time = self.renamed[key]
        return new if self._has_room(fold(new)) and now - time < REDIRECT_MS else name

    def _has_room(self, key: str) -> bool:
        """Whether somebody is in a room of this folded name, or it is owned, or remembered."""
        return key in self.rooms or key in self.owners or bool(self.dormant_rooms and key in self.dormant_rooms.rooms)

    def reindex(self) -> None:
        """Makes the indexes anew after what is `SHARED` was replaced."""
        self.nicks.rebuild(self.users.values())
        self.presences = {fold(user.person.account): user for user in self.users.values() if user.person.account}
        self.claimed.clear()
        for account in self.accounts.values():
            self.claimed.setdefault(skeleton(account.name), account.name)
        self.networks.clear()
        for entry in self.bans.values():
            self.networks.put(entry)
        self.expiries.clear()
        for key, entry in self.bans.items():
            self.expiries.add(entry.until, "", "", key)
        self.owned.clear()
        for key, owner in self.owners.items():
            self.owned.setdefault(owner, {})[key] = None
        self.left_lists.clear()
        for key in self.lists:
            self.note_lists(key)
        self.room_looks = Looks()
        for name in (LOBBY, *self.owners, *(room.name for room in self.rooms.values())):
            self.room_looks.add(name)
        self.kept = {key: bounded(modes) for key, modes in self.kept.items()}
        for key, room in self.rooms.items():
            self.lists[key] = room.lists
            room.modes = bounded(room.modes)
            room.refresh()
        self.waiting_senders = Counter(sender(said.by) for every in self.waiting.values() for said in every)
        self.markers.index()
        self.mask_counts.clear()
        for key, lists in self.lists.items():
            for letter, entries in lists.items():
                for mask, entry in entries.items():
                    self.mask_counts.add(entry)
                    self.expiries.add(entry.until, key, letter, mask)

    def must_look_free(self, nick: str, by: Person) -> None:
        """Raises `ChatError` if this nickname looks like somebody else's, here or claimed, or is reserved.

        Whoever has claimed a name that is reserved by now keeps it.
        """
        if fold(nick) not in self.accounts and is_reserved(nick, self.server_session.nick):
            raise ChatError(Code.NICK_RESERVED, nick)
        like = self.nicks.lookalike(nick)
        if like and like.person.uid != by.uid:
            raise ChatError(Code.NICK_LIKE, nick, like.person.nick)
        name = self.claimed.get(skeleton(nick))
        if name and fold(name) not in (fold(nick), fold(by.account)):
            raise ChatError(Code.NICK_LIKE, nick, name)

    def room_looks_new(self, name: str, but: str = "") -> bool:
        """Whether no room that there is, has an owner or is remembered looks like this name; `but` is left out."""
        remembered = self.dormant_rooms is not None and self.dormant_rooms.has_like(name)
        return not remembered and not self.room_looks.has_like(name, but)

    def forget_looks(self, name: str) -> None:
        """To be called when a room has ended, or has no owner any more: neither may be so."""
        if fold(name) not in self.rooms and fold(name) not in self.owners and fold(name) != LOBBY:
            self.room_looks.remove(name)

    def entry_at(self, room: str, letter: str, key: str) -> ListEntry | None:
        """An entry of a room's list, or, without a room, of the server's bans."""
        if not room:
            return self.bans.get(key)
        entries = self.lists.get(room, {}).get(letter)
        return entries.get(key) if entries is not None else None

    def leave_lists(self, key: str, now: int) -> None:
        """The last member of a room has left. Its lists stay; of the rooms left longest ago they are forgotten.

        Not of those that have an owner, which don't count; nor of the lobby. `now` is in milliseconds.
        """
        lists = self.lists.pop(key)
        if not any(lists.values()):
            return
        self.lists[key] = lists
        self.note_lists(key)
        for forgotten in list(islice(self.left_lists, min(LISTS_FORGOTTEN_AT_ONCE, self._too_many_lists()))):
            for entry in [entry for entries in self.lists.pop(forgotten).values() for entry in entries.values()]:
                self.mask_counts.drop(entry)
            del self.left_lists[forgotten]
            self.forgotten.append((forgotten, now))

    def _too_many_lists(self) -> int:
        return max(0, len(self.left_lists) - DORMANT_ROOMS_MAX)

    def note_lists(self, key: str) -> None:
        """To be called when a room gets lists or loses them, is opened or left, or is nobody's any more."""
        if key in self.lists and key not in self.rooms and key not in self.owners and key != LOBBY:
            self.left_lists.setdefault(key)
        else:
            self.left_lists.pop(key, None)

    def move_lists(self, old: str, new: str, lists: Lists) -> None:
        """The lists of a room are another key's from now on; what was left of an earlier room there goes."""
        for entry in [entry for entries in self.lists.pop(new, {}).values() for entry in entries.values()]:
            self.mask_counts.drop(entry)
        self.lists.pop(old, None)
        self.lists[new] = lists
        for letter, entries in lists.items():
            for mask, entry in entries.items():
                self.expiries.add(entry.until, new, letter, mask)
        self.expiries.drop_lifted()
        self.note_lists(old)
        self.note_lists(new)

    def own(self, key: str, owner: str) -> None:
        """A room is an account's from now on, both by their folded names."""
        self.owners[key] = owner
        self.owned.setdefault(owner, {})[key] = None
        self.note_lists(key)

    def disown(self, key: str) -> None:
        """A room is nobody's any more."""
        owner = self.owners.pop(key)
        del self.owned[owner][key]
        if not self.owned[owner]:
            del self.owned[owner]
        if key in self.lists and key not in self.rooms:
            self.lists[key] = self.lists.pop(key)  # as if it were left now: what is made of the lists has their order
        self.note_lists(key)

    def card_of(self, nick: str) -> Member | None:
        """Who is here by that name, the service for claimed names among them."""
        user = self.nicks.get(nick)
        return user.member_info() if user else self.service if fold(nick) == fold(SERVICE) else None

    def user_named(self, nick: str) -> User:
        user = self.nicks.get(nick)
        if user is None:
            raise ChatError(Code.NO_SUCH_NICK, nick)
        return user

    def presence_of(self, account: str) -> User | None:
        """Who is logged in to this account; None if nobody is, or `account` is ""."""
        return self.presences.get(fold(account)) if account else None

    def account_of(self, user: User) -> Account | None:
        """The account that somebody is logged in to."""
        return self.accounts.get(fold(user.person.account))

    def set_account(self, user: User, account: str) -> None:
        """Logs a user in to an account that nobody is logged in to; or out, with ""."""
        self.forget_login(user)
        user.become(replace(user.person, account=account))
        self.note_login(user)

    def note_login(self, user: User) -> None:
        """To be called when somebody comes who may be logged in, or logs in."""
        if user.person.account:
            self.presences[fold(user.person.account)] = user
            user.metadata = {**user.metadata, **self.profiles.get(fold(user.person.account), {})}

    def forget_login(self, user: User) -> None:
        """To be called when somebody who may be logged in leaves, or logs out."""
        if self.presence_of(user.person.account) is user:
            del self.presences[fold(user.person.account)]

    def let_wait(self, account: str, said: Said) -> None:
        """Has a message wait for the owner of this folded account."""
        self.waiting.setdefault(account, []).append(said)
        self.waiting_senders[sender(said.by)] += 1

    def stop_waiting(self, account: str, left: list[Said]) -> None:
        """Has only these of the messages for somebody wait any longer."""
        self.waiting_senders -= Counter(sender(said.by) for said in self.waiting.pop(account, []))
        for said in left:
            self.let_wait(account, said)

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
        server = self.servers.get(server_id(uid))
        return server.name if server else ""
