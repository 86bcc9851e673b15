"""The rules of the chat. No sockets, no wire text.

- `decide` reads the state and changes nothing: a command becomes the events it causes and the replies it gets, or a
  `ChatError` says why not.
- `apply` changes the state from the event alone, always in the same way, and hands it on with its audience. It never
  blocks and never fails: an event that makes no sense any more is dropped.
- Both run under the log's lock.

Here are the people's comings and goings and what they say; `order` holds the rules of rooms and their operators,
`asking` answers questions, `monitor` keeps the lists of who wants to know of whom, `markers` how far people have read.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from hmac import compare_digest
from typing import Any

from chatroom.common.addresses import counted
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import LOBBY, fold, is_room, nickname, room_name, skeleton
from chatroom.common.text import CTCP, GHOST, shortened
from chatroom.core import bans, history_access, last_seen, moderation, monitor, queries, read_markers, redaction
from chatroom.core.accounts import AccountService, make_way
from chatroom.core.dormant_rooms import DormantRooms
from chatroom.core.login_throttle import LOGIN_WINDOW_MS, WRONG_PASSWORDS_PER_WINDOW, SlidingWindow
from chatroom.core.permissions import Action, Attempt, is_silent, is_silent_somewhere, must_not_be_held, require
from chatroom.model.audience import Audience
from chatroom.model.commands import (
    Alert,
    AskAllNames,
    AskCounts,
    AskHistory,
    AskInvitations,
    AskList,
    AskMarker,
    AskModes,
    AskNames,
    AskRooms,
    AskSearch,
    AskServerBans,
    AskServers,
    AskTargets,
    AskTopic,
    AskUptime,
    AskUsers,
    AskWatched,
    AskWho,
    AskWhois,
    AskWhowas,
    Ban,
    BanFromServer,
    BecomeOperator,
    Burst,
    Enter,
    Expire,
    Invite,
    Join,
    Kick,
    Kill,
    Leave,
    LeaveAll,
    MarkRead,
    Quit,
    Redact,
    Register,
    Reload,
    Rename,
    Reread,
    Say,
    SetAway,
    SetFormat,
    SetModes,
    SetRealname,
    SetTopic,
    SetUserModes,
    Unban,
    UnbanFromServer,
    Unwatch,
    Watch,
)
from chatroom.model.delivery import Delivery
from chatroom.model.departure_reasons import OVERTAKEN
from chatroom.model.entities import Account, Room, Session, User, movers, new_lists, user_of
from chatroom.model.events import (
    AccountDropped,
    Alerted,
    AwaySet,
    Connected,
    Departed,
    Event,
    Founded,
    Ghosted,
    Invited,
    Joined,
    Kicked,
    Killed,
    Left,
    ModesSet,
    Opened,
    RealnameSet,
    Redacted,
    Renamed,
    Said,
    ServerBanned,
    ServerUnbanned,
    TopicSet,
    UserModesSet,
)
from chatroom.model.limits import (
    AWAY_BYTES,
    REALNAME_BYTES,
    REASON_BYTES,
    RECENT_MESSAGES,
    ROOMS_PER_USER,
    WRONG_PASSWORDS_PER_CONNECTION,
)
from chatroom.model.modes import ALERTED, BOT, NO_CTCP, OPERATOR, RANKS, USER_MODES, bounded, closed
from chatroom.model.outcomes import Command, Deferred, Outcome
from chatroom.model.replies import (
    Admitted,
    AwayNoted,
    Goodbye,
    IsAway,
    NowOperator,
    PersonalNotice,
    Recent,
    Refused,
    Reloaded,
    Reply,
    Saving,
    UptimeIs,
    Welcome,
)
from chatroom.model.state import ChatState
from chatroom.model.values import ListEntry, MessageKind, ModeChange, Person, Topic

GOODBYE_BYTES = 450  # what somebody without a name is told at the end: why they are banned, and how long; one line
ROOMS_PER_OWNER = 50  # by one account: each is remembered for good

AWAY = "away"  # what others read of somebody who is away and may not speak

_MESSAGE = MessageKind.MESSAGE  # a look-up in an Enum takes as long as making a value
_SIGNS = {sign: rank for rank, sign in RANKS.items()}


class Hub(ChatState):
    """Users and rooms, what they may do, and what then happens."""

    def __init__(
        self,
        post: Delivery,
        clock: Callable[[], int],
        lasting: bool = False,
        name: str = "chatroom.local",
        steady: Callable[[], int] | None = None,
    ) -> None:
        """`lasting` says whether anything of a room outlives its last member; `name` is the server's.

        `clock` gives the time by which the log goes; `steady` one that nobody sets, for what is counted here alone.
        """
        super().__init__(post, name)
        self.operator_password = ""  # nobody becomes an operator if it is ""
        # Reads the files again, without the lock, and returns what uses them, under it; None if that can't be.
        self.reload: Callable[[], Callable[[], None] | None] = lambda: lambda: None
        self.replay = RECENT_MESSAGES  # messages at most that who joins is shown
        self._clock = clock  # Unix milliseconds
        self._steady = steady or clock  # milliseconds
        self._started = self._steady()
        self.memories = DormantRooms() if lasting else None
        self.keep = 0  # milliseconds after which what was said is shown no more; 0 for ever
        self._not_saving = False
        self._wrong = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)  # passwords of the server, by address
        self._wrong_operators = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)  # likewise of its operators
        self.registrar = AccountService(self, self._steady, lasting)
        self._deciders: dict[type, Callable[[Session, Any], list[Outcome]]] = {
            Enter: self._admit,
            Register: self._register,
            Rename: self._rename,
            Join: self._join,
            Leave: self._leave,
            LeaveAll: self._leave_all,
            Say: self._say,
            SetAway: self._set_away,
            SetRealname: self._set_realname,
            Quit: self._quit,
            SetFormat: self._set_format,
            AskHistory: partial(history_access.ask_history, self),
            AskTargets: partial(history_access.ask_targets, self),
            AskSearch: partial(history_access.ask_search, self),
            BecomeOperator: self._become_operator,
            Reload: self._reload,
            Reread: self._reread,
            AskUptime: self._ask_uptime,
            SetTopic: partial(moderation.set_topic, self),
            Kick: lambda session, command: moderation.kick(self, session, command, clock()),
            Ban: lambda session, command: bans.ban(self, session, command, clock()),
            Unban: partial(bans.unban, self),
            BanFromServer: lambda session, command: bans.ban_from_server(self, session, command, clock()),
            UnbanFromServer: partial(bans.unban_from_server, self),
            AskServerBans: partial(bans.ask_server_bans, self),
            Expire: lambda session, command: bans.expire(self, session, command, clock()),
            Invite: partial(moderation.invite, self),
            SetModes: partial(moderation.set_modes, self),
            SetUserModes: partial(moderation.set_user_modes, self),
            Kill: partial(moderation.kill, self),
            Alert: partial(moderation.alert, self),
            AskList: partial(moderation.ask_list, self),
            AskTopic: partial(queries.ask_topic, self),
            AskNames: partial(queries.ask_names, self),
            AskAllNames: partial(queries.ask_all_names, self),
            AskRooms: partial(queries.ask_rooms, self, now=clock),
            AskWho: partial(queries.ask_who, self, now=clock),
            AskWhois: partial(queries.ask_whois, self, now=clock),
            AskWhowas: partial(queries.ask_whowas, self),
            AskModes: partial(queries.ask_modes, self),
            AskUsers: partial(queries.ask_users, self),
            AskInvitations: partial(queries.ask_invitations, self),
            AskCounts: partial(queries.ask_counts, self),
            AskServers: partial(queries.ask_servers, self),
            Watch: partial(monitor.watch, self),
            Unwatch: partial(monitor.unwatch, self),
            AskWatched: partial(monitor.ask_watched, self),
            MarkRead: lambda session, command: read_markers.mark_read(self, session, command, clock()),
            AskMarker: partial(read_markers.ask_marker, self),
            Redact: partial(redaction.redact, self),
            **self.registrar.deciders(),
        }
        self._appliers: dict[type, Callable[[Any], None]] = {
            Connected: self._connected,
            Joined: self._joined,
            Left: self._left,
            Kicked: self._kicked,
            Departed: self._departed,
            Killed: self._killed,
            Renamed: self._renamed,
            Said: self._said,
            Redacted: partial(redaction.apply, self),
            TopicSet: self._topic_set,
            Invited: self._invited,
            ModesSet: self._modes_set,
            UserModesSet: self._user_modes_set,
            AwaySet: self._away_set,
            RealnameSet: self._realname_set,
            Alerted: self._alerted,
            ServerBanned: self._server_banned,
            ServerUnbanned: self._server_unbanned,
            Ghosted: self._ghosted,
            Founded: self._founded,
            Opened: self._opened,
            **self.registrar.appliers(),
            AccountDropped: self._account_dropped,
        }

    def decide(self, session: Session, command: Command) -> list[Outcome]:
        """What a command leads to; raises `ChatError` if it is refused."""
        decider = self._deciders.get(type(command))
        if decider is None:
            assert isinstance(command, Reply)  # a dialect's own answer, keeping its place among the others
            return [command]
        return decider(session, command)

    def apply(self, event: Event) -> None:
        self._appliers[type(event)](event)

    def attach(self, session: Session) -> None:
        """A client has connected."""
        self.sessions[session.uid] = session
        session.admitted = not self.password

    def detach(self, session: Session) -> None:
        """A client's connection is gone; its user has left before."""
        self.sessions.pop(session.uid, None)
        self.marking.pop(session, None)
        monitor.unwatch(self, session, Unwatch())

    def detach_user(self, user: User) -> None:
        """Makes a user one without a client, who is told nothing."""
        session = user.session
        if session:
            for room in user.rooms.values():
                room.audience = room.audience.minus(session)
            user.session = None
            self.here -= 1

    def drop_session(self, session: Session) -> None:
        """A client goes; its user stays, without one, until their departure is applied."""
        if session.user:
            self.detach_user(session.user)
            session.user = None
            session.closing = True

    def restore_accounts(
        self, accounts: Iterable[Account], owners: dict[str, str], kept: dict[str, dict[str, str]]
    ) -> None:
        """Those from before the start, whose which room is, and the modes of these: first of all."""
        self.accounts = {fold(account.name): account for account in accounts}
        for account in self.accounts.values():
            self.claimed.setdefault(skeleton(account.name), account.name)
        self.owners = {room: owner for room, owner in owners.items() if owner in self.accounts}
        self.kept = {room: bounded(modes) for room, modes in kept.items() if room in self.owners}

    def stop_delivery(self, sessions: Iterable[Session]) -> None:
        """These are about to leave: of what happens in their rooms they are told nothing more.

        When a thousand leave together, all of that goes to the same audience, which makes it cheap.
        """
        deaf = set(sessions)
        rooms = {room.name: room for session in deaf if session.user for room in session.user.rooms.values()}
        for room in rooms.values():
            room.audience = room.audience.without(deaf)

    def restore(self, name: str, created: int, topic: Topic | None, recent: Iterable[Said]) -> None:
        """A room from before the start, without members. Those left longest ago come first."""
        assert self.memories, "only a hub whose rooms last can restore one"
        room = Room(name, created)
        room.owner = self.owners.get(fold(name), "")
        room.topic = topic
        room.recent.extend(recent)
        self.memories.store(room)

    def restore_entry(self, room: str, letter: str, entry: ListEntry) -> None:
        """A mask in a room's list from before the start, or, without a room, a ban from the server."""
        if room:
            lists = self.lists.setdefault(room, new_lists())
            lists.setdefault(letter, {})[fold(entry.mask)] = entry
            self.note_end(entry.until, room, letter, fold(entry.mask))
        else:
            bans.restore(self, entry)

    def saving(self, reply: Saving) -> None:
        """Tells everybody, and whoever comes while it lasts, that messages are not being saved."""
        self._not_saving = not reply.works
        for user in self.users.values():
            if user.session:
                self.post.reply(user.session, reply)

    # ---- deciding: what may be --------------------------------------------------------------------------------------

    def _admit(self, session: Session, command: Enter) -> list[Outcome]:
        """Changes something, as `_quit` does."""
        if session.user:
            raise ChatError(Code.ALREADY_REGISTERED)
        if session.admitted:
            return []
        refused = self._compare(session, command.password, self.password, self._wrong)
        session.admitted = not refused
        return refused or [Admitted()]

    def _compare(self, session: Session, given: str, password: str, wrong: SlidingWindow) -> list[Outcome]:
        """Nothing if it is the password, else a refusal. So many on a connection, and it is closed.

        So many from an address, and it has to wait a while.
        """
        network, now = counted(session.host), self._steady()
        if wrong.is_full(network, now) and not self.registrar.guesses.unlimited:
            raise ChatError(Code.LOGIN_TOO_OFTEN)
        if compare_digest(given.encode(), password.encode()):
            return []
        wrong.add(network, now)
        session.tries += 1
        refused: list[Outcome] = [Refused(ChatError(Code.WRONG_PASSWORD))]
        if session.tries < WRONG_PASSWORDS_PER_CONNECTION:
            return refused
        return [*refused, *self._quit(session, Quit("too many wrong passwords", refused=True))]

    def _register(self, session: Session, command: Register) -> list[Outcome]:
        if session.user:
            raise ChatError(Code.ALREADY_REGISTERED)
        if not session.admitted:
            raise ChatError(Code.PASSWORD_NEEDED)
        nick = nickname(command.nick)
        person = Person(session.uid, nick, command.username, session.host, command.realname, session.account)
        way = make_way(self, person, nick)
        ban = bans.on_person(self, person)
        if ban:
            refused = Refused(ChatError(Code.BANNED_HERE, str(ban.until), ban.reason))
            return [refused, *self._quit(session, Quit("banned from this server", refused=True))]
        try:
            self._admit_to(command.room, User(person, None, 0), "")
        except ChatError as error:
            return [*way, Connected(person), Refused(error)]
        return [*way, Connected(person, room=command.room)]

    def _rename(self, session: Session, command: Rename) -> list[Outcome]:
        user = user_of(session)
        nick = nickname(command.nick)
        way = make_way(self, user.person, nick)
        ban = bans.on_person(self, replace(user.person, nick=nick))
        if ban:
            raise ChatError(Code.NICK_BANNED, nick, str(ban.until), ban.reason)
        must_not_be_held(user, nick)
        return [*way, Renamed(user.person, nick, user.room_names())] if nick != user.person.nick else []

    def _join(self, session: Session, command: Join) -> list[Outcome]:
        user = user_of(session)
        name = room_name(command.room)
        room = self.rooms.get(fold(name))
        if room and user.person.uid in room.members:
            return [room.state(user)] if command.move else []
        left: list[Outcome] = [Left(user.person, r.name, "") for r in user.rooms.values()] if command.move else []
        if len(user.rooms) - len(left) >= ROOMS_PER_USER:
            raise ChatError(Code.TOO_MANY_ROOMS, name)
        self._admit_to(name, user, command.key)
        joined = [*left, Joined(user.person, room.name if room else name)]
        if room and room.is_owned_by(user.person):
            joined.append(room.to_operator(user.person))
        return joined

    def _admit_to(self, name: str, user: User, key: str) -> None:
        """Raises `ChatError` if this user may not enter the room, whether somebody is in it or not."""
        room = moderation.door(self, name)
        if room:
            moderation.admit(room, user, key)

    def _leave(self, session: Session, command: Leave) -> list[Outcome]:
        room = self.room_of(session, command.room)
        user = user_of(session)
        reason = "" if is_silent(room, user) else shortened(command.reason, REASON_BYTES)
        return [Left(user.person, room.name, reason)]

    def _leave_all(self, session: Session, command: LeaveAll) -> list[Outcome]:
        user = user_of(session)
        return [Left(user.person, room.name, "") for room in user.rooms.values()]

    def _say(self, session: Session, command: Say) -> list[Outcome]:
        user = user_of(session)
        target = command.target
        try:
            if is_room(target):
                room = self.rooms.get(fold(target))
                if room is None or room.has_speech_restrictions or user.person.uid not in room.members:
                    room = self._that_hears(target, user, command)
                return [Said(user.person, room.name, command.text, command.kind, command.tags)]
            if is_room(target[1:]) and target[0] in _SIGNS:
                room = self._that_hears(target[1:], user, command)
                return [Said(user.person, target[0] + room.name, command.text, command.kind, command.tags)]
            other = self.user_named(target)
            if NO_CTCP in other.modes and CTCP in command.text:
                raise ChatError(Code.NO_CTCP, other.person.nick)
        except ChatError:
            if command.kind is MessageKind.NOTICE:  # nothing is ever answered to a notice: RFC 2812 §3.3.2
                return []
            raise
        said = Said(
            user.person, other.person.nick, command.text, command.kind, command.tags, history_access.talk(user, other)
        )
        if other.away and command.kind not in (MessageKind.NOTICE, MessageKind.TAGS):
            return [said, IsAway(other.person.nick, other.away)]
        return [said]

    def burst(self, session: Session, command: Burst) -> list[Said] | None:
        """The messages of a burst; None if each must be decided for itself."""
        user = session.user
        room = self.rooms.get(fold(command.target))
        if user is None or room is None or room.has_speech_restrictions or user.person.uid not in room.members:
            return None
        person, name = user.person, room.name
        return [Said(person, name, text, _MESSAGE) for text in command.texts]

    def _that_hears(self, name: str, user: User, command: Say) -> Room:
        """The room of that name; raises `ChatError` if there is none, or it does not let this user say this."""
        room = self.rooms.get(fold(name))
        if room is None:
            raise ChatError(Code.NO_SUCH_ROOM, name)
        try:
            require(room, user, Action.SAY, Attempt(now=self._clock() if command.text else 0))
            if "C" in room.modes and CTCP in command.text:
                raise ChatError(Code.NO_CTCP, room.name)
        except ChatError:
            if not room.known_to(user):
                raise ChatError(Code.NO_SUCH_ROOM, name) from None
            raise
        return room

    def _set_away(self, session: Session, command: SetAway) -> list[Outcome]:
        user = user_of(session)
        if len(command.message.encode()) > AWAY_BYTES:
            raise ChatError(Code.AWAY_TOO_LONG)
        message = AWAY if command.message and is_silent_somewhere(user) else command.message
        noted = AwayNoted(bool(message))
        if message == user.away:
            return [noted]
        return [AwaySet(user.person, message), noted]

    def _set_realname(self, session: Session, command: SetRealname) -> list[Outcome]:
        user = user_of(session)
        if not 0 < len(command.realname.encode()) <= REALNAME_BYTES:
            raise ChatError(Code.REALNAME_BAD)
        if is_silent_somewhere(user):
            raise ChatError(Code.REALNAME_HELD)
        return [RealnameSet(user.person, command.realname)]

    def _become_operator(self, session: Session, command: BecomeOperator) -> list[Outcome]:
        user = user_of(session)
        if not self.operator_password:
            raise ChatError(Code.OPERATORS_UNKNOWN)
        refused = self._compare(session, command.password, self.operator_password, self._wrong_operators)
        if refused:
            return refused
        change = ModeChange(True, OPERATOR)
        return [NowOperator(), *([] if user.is_operator else [UserModesSet(user.person, (change,))])]

    def _reload(self, session: Session, command: Reload) -> list[Outcome]:
        if not user_of(session).is_operator:
            raise ChatError(Code.NOT_SERVER_OPERATOR)
        return [Deferred(lambda: Reread(self.reload()))]

    def _reread(self, session: Session, command: Reread) -> list[Outcome]:
        """Changes something, as `_quit` does: what stands in the files is this server's own."""
        if command.use is None:
            raise ChatError(Code.RELOAD_FAILED)
        command.use()
        return [Reloaded()]

    def _quit(self, session: Session, command: Quit) -> list[Outcome]:
        user = session.user
        reason = shortened(command.reason, REASON_BYTES if user else GOODBYE_BYTES)
        departed: list[Outcome] = []
        if user:
            told = "" if command.own and is_silent_somewhere(user) else reason
            departed = [Departed(user.person, told, user.room_names())]
        if not command.ask:
            return departed
        session.closing = True
        self.detach(session)
        return [*departed, Goodbye(reason, command.refused)]

    def _set_format(self, session: Session, command: SetFormat) -> list[Outcome]:
        """Changes something, as `_quit` does: a client's connection is nobody's business but its own."""
        rooms = session.user.rooms.values() if session.user else ()
        for room in rooms:
            room.audience = room.audience.minus(session)
        session.format = command.format
        session.echo = command.echo
        session.extended_monitor = command.extended_monitor
        if command.read_marker:
            self.marking[session] = None
        else:
            self.marking.pop(session, None)
        for room in rooms:
            room.audience = room.audience.plus(session)
        return []

    def _ask_uptime(self, session: Session, command: AskUptime) -> list[Outcome]:
        user_of(session)
        return [UptimeIs((self._steady() - self._started) // 1000)]

    # ---- applying: what is then so ----------------------------------------------------------------------------------

    def _connected(self, event: Connected) -> None:
        person = event.by
        if fold(person.nick) in self.by_nick or person.uid in self.users:
            return
        if person.account and fold(person.account) not in self.accounts:  # it was given up while they were coming
            person = replace(person, account="")
            event = replace(event, by=person)
        session = self.sessions.get(person.uid)
        user = User(person, session, event.time)
        self.users[person.uid] = user
        self.index_nick(user)
        self.most = max(self.most, len(self.users))
        room = self._enter(user, event.room, event) if event.room else None
        if session:
            session.account = person.account
            session.user = user
            self.here += 1
            state = room.state(user) if room else None
            self.post.reply(session, Welcome(person, self.counts(), state))
            if room:
                self._replay(session, room)
            if self._not_saving:
                self.post.reply(session, Saving(works=False))
        monitor.has_come(self, user)

    def _joined(self, event: Joined) -> None:
        user = self.users.get(event.by.uid)
        if user is None or fold(event.room) in user.rooms:
            return
        room = self._enter(user, event.room, event)
        session = user.session
        if session:
            if session in self.marking:
                self.post.reply(session, read_markers.marker(self, user, room.name))
            self.post.reply(session, room.state(user))
            self._replay(session, room)

    def _replay(self, session: Session, room: Room) -> None:
        """Tells who joins what was said there since they left, or, to a newcomer, last."""
        user = user_of(session)
        if not self._wants_replay(session, user):
            return
        since = last_seen.seen_until(self, room, user.person)
        said = tuple([e for e in room.recent if e.id > since and CTCP not in e.text])
        said = said[max(0, len(said) - self.replay) :]
        if said:
            self.post.reply(session, Recent(room.name, said))

    def _wants_replay(self, session: Session, user: User) -> bool:
        """A bot would obey once more what it was told before."""
        account = self.accounts.get(fold(user.person.account))
        return session.replay and BOT not in user.modes and (account is None or account.replay)

    def _enter(self, user: User, name: str, event: Event) -> Room:
        room = self.rooms.get(fold(name))
        opened = room is None
        if room is None:
            room = self.rooms[fold(name)] = Room(name, event.time, self.lists.setdefault(fold(name), new_lists()))
            room.opened = event.id
            self.reopen(room)
        while self.keep and room.recent and room.recent[0].time < event.time - self.keep:
            room.recent.popleft()
        room.add(user)
        if opened and fold(name) != LOBBY:
            self._found(room, user, event)
        user.rooms[fold(name)] = room
        user.invitations.pop(fold(name), None)
        silent = is_silent(room, user)  # then their real name and their away message are not for this room
        by = replace(event.by, realname=event.by.nick) if silent else event.by
        joined = Joined(by, room.name, id=event.id, time=event.time)
        self.post.broadcast(joined, room.audience, movers(user.session))
        if user.away:
            away = AwaySet(event.by, AWAY if silent else user.away, id=event.id, time=event.time)
            self.post.broadcast(away, room.audience, user.session)
        return room

    def reopen(self, room: Room) -> None:
        """Gives a room that somebody is about to open what was kept of it: its owner's modes before all."""
        key = fold(room.name)
        if self.memories:
            self.memories.restore(room)
        room.owner = self.owners.get(key, "")
        room.modes = self.kept.pop(key, room.modes)
        room.refresh_speech_checks()
        self.tell_opened(room)

    def tell_opened(self, room: Room) -> None:
        """Has it saved that a room was opened, and what closes it now."""
        if self.memories:
            nobody, shut = Person("", "", "", ""), closed(room.modes)
            self._opened(Opened(nobody, room.name, shut, room.owner, id=room.opened, time=room.created))

    def _opened(self, event: Opened) -> None:
        """Delivered to nobody, but saved: what was said in a closed room that all have left is hidden then."""
        self.post.broadcast(event, Audience({}))

    def _found(self, room: Room, user: User, event: Event) -> None:
        """Who opens a room is its operator, and its owner if they are logged in, unless it has one; the lobby has none.

        An owner stays one when all have left, and so do the room's modes; others who open it are not its operators.
        """
        account = user.person.account
        if not room.owner and account and list(self.owners.values()).count(fold(account)) < ROOMS_PER_OWNER:
            self._founded(Founded(event.by, room.name, account, id=event.id, time=event.time))
        if not room.owner or room.is_owned_by(user.person):
            room.set_rank(user.person.uid, OPERATOR, True)

    def _founded(self, event: Founded) -> None:
        """Delivered to nobody, but saved."""
        room = self.rooms.get(fold(event.room))
        if room and fold(event.room) not in self.owners and fold(event.account) in self.accounts:
            room.owner = self.owners[fold(event.room)] = fold(event.account)
            self.post.broadcast(event, Audience({}))

    def _account_dropped(self, event: AccountDropped) -> None:
        """Rooms that are nobody's any more are like any other: a closed one that all have left is opened to all."""
        account = fold(event.account)
        rooms = [room for room, owner in self.owners.items() if owner == account]
        self.registrar.dropped(event)
        for room in rooms:
            modes = self.kept.pop(room, {})
            if self.memories:
                self.memories.disown(room, was_closed=bool(closed(modes)))

    def _left(self, event: Left) -> None:
        user = self.users.get(event.by.uid)
        room = user.rooms.get(fold(event.room)) if user else None
        if user and room:
            self.post.broadcast(event, room.audience, movers(user.session))
            last_seen.note(self, room, user.person, event)
            self._exit(user, room)

    def _kicked(self, event: Kicked) -> None:
        user = self.users.get(event.who.uid)
        room = user.rooms.get(fold(event.room)) if user else None
        if user and room:
            self._done(event, room)
            last_seen.note(self, room, user.person, event)
            self._exit(user, room)

    def _done(self, event: Event, room: Room | None) -> None:
        """Tells the room, and who did it from outside, what an operator has done; the log is told later."""
        self.post.broadcast(event, room.audience if room else Audience({}))
        if not (room and event.by.uid in room.members):
            self._tell_doer(event)
        self.audit_log.append(event)

    def _tell_doer(self, event: Event) -> None:
        by = self.users.get(event.by.uid)
        session = self.server_session if not event.by.uid else by.session if by else None
        if session:
            self.post.reply(session, PersonalNotice(event))

    def _exit(self, user: User, room: Room) -> None:
        room.remove(user)
        del user.rooms[fold(room.name)]
        if not room.members:
            del self.rooms[fold(room.name)]
            self.leave_lists(fold(room.name))
            if room.owner:
                self.kept[fold(room.name)] = room.modes
            if self.memories:
                self.memories.store(room)

    def _departed(self, event: Departed) -> None:
        user = self.users.pop(event.by.uid, None)
        if user is None:
            return
        self.post.broadcast(event, user.peers(), user.session)
        for room in list(user.rooms.values()):
            last_seen.note(self, room, user.person, event)
            self._exit(user, room)
        for letter in USER_MODES:
            self.set_user_mode(user, letter, False)
        self.unindex_nick(user)
        self.gone.appendleft((user.person, event.time))
        monitor.has_gone(self, user.person)
        read_markers.forget(self, user)
        if user.session:
            user.session.closing = True  # what it has sent before, and is still to be read, counts no more
            user.session.user = None
            self.here -= 1

    def _killed(self, event: Killed) -> None:
        """To the others it is a departure like any; the one it was done to is told, and hung up on."""
        if event.who.uid in self.users:
            self.audit_log.append(event)
            if not event.by.uid:
                self._tell_doer(event)
        reason = f"Killed ({event.by.nick}{f': {event.reason}' if event.reason else ''})"
        self._throw_out(event, event.who, reason, reason)

    def _ghosted(self, event: Ghosted) -> None:
        self._throw_out(event, event.who, OVERTAKEN, GHOST)

    def _throw_out(self, event: Event, who: Person, reason: str, goodbye: str) -> None:
        """`reason` is for the others, `goodbye` for the one who has to go."""
        user = self.users.get(who.uid)
        if user is None:
            return
        session = user.session
        self._departed(Departed(user.person, reason, user.room_names(), id=event.id, time=event.time))
        if session:
            session.goodbye = goodbye
            self.detach(session)
            self.post.reply(session, Goodbye(goodbye))

    def _renamed(self, event: Renamed) -> None:
        user = self.users.get(event.by.uid)
        if user is None or self.by_nick.get(fold(event.nick), user) is not user:
            return
        before = user.person
        self.unindex_nick(user)
        user.become(replace(user.person, nick=event.nick))
        self.index_nick(user)
        self.post.broadcast(event, user.peers())
        if fold(before.nick) != fold(event.nick):
            self.gone.appendleft((before, event.time))
            monitor.has_gone(self, before)
            monitor.has_come(self, user)

    def _said(self, event: Said) -> None:
        user = self.users.get(event.by.uid)
        if user is None:
            return
        user.active = event.time
        session = user.session
        if is_room(event.target):
            room = self.rooms.get(fold(event.target))
            if room:
                if event.text:
                    room.recent.append(event)
                    if room.slow:
                        room.note_speaker(event)
                self.post.broadcast(event, room.audience, None if session and session.echo else session)
            return
        if event.target[0] in _SIGNS:
            self._said_to_ranks(event, session)
            return
        other = self.by_nick.get(fold(event.target))
        if event.text and other:
            self.whispers.append((event, other.person.uid))
        if other:  # handed over even if their client is another server's: both have the history of it
            self.post.broadcast(event, Audience.of([other.session] if other.session else ()))
        if session and session.echo:
            self.post.reply(session, PersonalNotice(event))

    def apply_burst(self, said: list[Said]) -> None:
        """The same as `apply` for each, all of them being by one person to one room."""
        first = said[0]
        user = self.users.get(first.by.uid)
        room = self.rooms.get(fold(first.target))
        if user is None or room is None:
            return
        user.active = first.time
        session = user.session
        room.recent.extend(said)
        if room.slow:  # it was not when this was decided
            room.note_speaker(said[-1])
        broadcast, audience = self.post.broadcast, room.audience
        skip = None if session and session.echo else session
        for event in said:
            broadcast(event, audience, skip)

    def _said_to_ranks(self, event: Said, session: Session | None) -> None:
        """To the members of a room that have a rank, or a higher one: STATUSMSG."""
        room = self.rooms.get(fold(event.target[1:]))
        if room:
            readers = dict.fromkeys(room.ranked(_SIGNS[event.target[0]]))
            if session:
                readers.pop(session, None)
                if session.echo:
                    readers[session] = None
            self.post.broadcast(event, Audience.of(readers))

    def _topic_set(self, event: TopicSet) -> None:
        room = self.rooms.get(fold(event.room))
        if room:
            room.topic = Topic(event.topic, event.by.mask, event.time) if event.topic else None
            self.post.broadcast(event, room.audience)
            if event.by.uid not in room.members:
                self._tell_doer(event)

    def _invited(self, event: Invited) -> None:
        """Members with invite-notify are told, too. What an operator of the room says opens its doors."""
        room = self.rooms.get(fold(event.room))
        user = self.users.get(event.who.uid)
        by = self.users.get(event.by.uid)
        if room is None or user is None:
            return
        if by and room.operated_by(by) and fold(room.name) not in user.rooms:
            user.invitations[fold(room.name)] = room
            if len(user.invitations) > ROOMS_PER_USER:
                del user.invitations[next(iter(user.invitations))]
        self.post.broadcast(event, room.audience, by.session if by else None)
        if user.session:
            self.post.reply(user.session, PersonalNotice(event))

    def _modes_set(self, event: ModesSet) -> None:
        """Lists outlive their rooms, so they may change while nobody is there."""
        key = fold(event.room)
        room = self.rooms.get(key)
        lists = room.lists if room else self.lists.setdefault(key, new_lists())
        changes = bans.still(lists, event)
        if not changes:
            return
        event = event if len(changes) == len(event.changes) else replace(event, changes=changes)
        moderation.set_in_lists(self, key, lists, event)
        if room:
            moderation.set_in_room(room, event)
            bans.revoke_invitations(self, room, event)
        elif not any(lists.values()):
            del self.lists[key]
        self._done(event, room)

    def _user_modes_set(self, event: UserModesSet) -> None:
        user = self.users.get(event.by.uid)
        if user is None:
            return
        for change in event.changes:
            self.set_user_mode(user, change.letter, change.on)
        user.become(replace(user.person, bot=BOT in user.modes))
        if user.session:
            self.post.reply(user.session, PersonalNotice(event))

    def _away_set(self, event: AwaySet) -> None:
        user = self.users.get(event.by.uid)
        if user:
            user.go_away(event.message)
            self.post.broadcast(event, monitor.peers_and_watchers(self, user), user.session)

    def _realname_set(self, event: RealnameSet) -> None:
        user = self.users.get(event.by.uid)
        if user:
            user.become(replace(user.person, realname=event.realname))
            self.post.broadcast(event, monitor.peers_and_watchers(self, user))

    def _alerted(self, event: Alerted) -> None:
        self.post.broadcast(event, self._with_mode(ALERTED))

    def _with_mode(self, letter: str) -> Audience:
        """Whoever here has a mode."""
        holders = (user for user in self.users.values() if letter in user.modes)
        return Audience.of(user.session for user in holders if user.session)

    def _server_banned(self, event: ServerBanned) -> None:
        bans.set_on_server(self, event)
        self._tell_operators(event)

    def _server_unbanned(self, event: ServerUnbanned) -> None:
        if bans.lift_from_server(self, event):
            self._tell_operators(event)

    def _tell_operators(self, event: Event) -> None:
        self.post.broadcast(event, self._with_mode(OPERATOR))
        if not event.by.uid:
            self._tell_doer(event)
        self.audit_log.append(event)
