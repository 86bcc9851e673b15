"""The rules of the chat. No sockets, no wire text.

- `decide` reads the state and changes nothing: a command becomes the events it causes and the replies it gets, or a
  `ChatError` says why not.
- `apply` changes the state from the event alone, always in the same way, and hands it on with its audience. It never
  blocks and never fails: an event that makes no sense any more is dropped.
- Both run under the log's lock.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from chatroom import events as ev
from chatroom import past
from chatroom.errors import ChatError, Code
from chatroom.events import Command, Event, Kind, Outcome, Person
from chatroom.limits import EMPTY_ROOMS, ROOMS_A_USER, TOPIC_BYTES
from chatroom.names import fold, is_room, nickname, room_name
from chatroom.rooms import Audience, Post, Room, Session, User, movers
from chatroom.text import CTCP


class Hub:
    """Users and rooms, what they may do, and what then happens."""

    def __init__(self, post: Post, clock: Callable[[], int], lasting: bool = False) -> None:
        """`lasting` says whether a room with a topic, or in which something was said, outlives its last member."""
        self.users: dict[str, User] = {}  # by uid
        self.by_nick: dict[str, User] = {}  # by folded nickname
        self.rooms: dict[str, Room] = {}  # by folded name
        self.sessions: dict[str, Session] = {}  # by uid; clients connected here, with or without a name
        self.most = 0  # users at once, so far
        self._post = post
        self._clock = clock  # Unix milliseconds
        self._lasting = lasting
        self._empty: dict[str, Room] = {}  # of the rooms, those without members; those left longest ago first
        self._not_saving = False
        self._deciders: dict[type, Callable[[Session, Any], list[Outcome]]] = {
            ev.Register: self._register,
            ev.Rename: self._rename,
            ev.Join: self._join,
            ev.Leave: self._leave,
            ev.Say: self._say,
            ev.SetTopic: self._set_topic,
            ev.SetAway: self._set_away,
            ev.Quit: self._quit,
            ev.SetFormat: self._set_format,
            ev.AskTopic: self._ask_topic,
            ev.AskNames: self._ask_names,
            ev.AskRooms: self._ask_rooms,
            ev.AskWho: self._ask_who,
            ev.AskWhois: self._ask_whois,
            ev.AskModes: self._ask_modes,
            ev.AskUsers: self._ask_users,
            ev.AskHistory: past.ask_history,
            ev.AskTargets: past.ask_targets,
            ev.AskSearch: past.ask_search,
        }
        self._appliers: dict[type, Callable[[Any], None]] = {
            ev.Connected: self._connected,
            ev.Joined: self._joined,
            ev.Left: self._left,
            ev.Departed: self._departed,
            ev.Renamed: self._renamed,
            ev.Said: self._said,
            ev.TopicSet: self._topic_set,
            ev.AwaySet: self._away_set,
        }

    def decide(self, session: Session, command: Command) -> list[Outcome]:
        """What a command leads to; raises `ChatError` if it is refused."""
        decider = self._deciders.get(type(command))
        if decider is None:
            assert isinstance(command, ev.Reply)  # a dialect's own answer, keeping its place among the others
            return [command]
        return decider(session, command)

    def apply(self, event: Event) -> None:
        self._appliers[type(event)](event)

    def attach(self, session: Session) -> None:
        """A client has connected."""
        self.sessions[session.uid] = session

    def detach(self, session: Session) -> None:
        """A client's connection is gone; its user has left before."""
        self.sessions.pop(session.uid, None)

    def restore(self, name: str, created: int, topic: ev.Topic | None, recent: Iterable[ev.Said]) -> None:
        """A room from before the start, without members. Those left longest ago come first."""
        room = Room(name, created)
        room.topic = topic
        room.recent.extend(recent)
        self.rooms[fold(name)] = room
        self._vacate(room)

    def saving(self, reply: ev.Saving) -> None:
        """Tells everybody, and whoever comes while it lasts, that messages are not being saved."""
        self._not_saving = not reply.works
        for user in self.users.values():
            if user.session:
                self._post.tell(user.session, reply)

    # ---- deciding: what may be --------------------------------------------------------------------------------------

    def _register(self, session: Session, command: ev.Register) -> list[Outcome]:
        if session.user:
            raise ChatError(Code.ALREADY_REGISTERED)
        nick = nickname(command.nick)
        if fold(nick) in self.by_nick:
            raise ChatError(Code.NICK_TAKEN, nick)
        person = Person(session.uid, nick, command.username, session.host, command.realname)
        return [ev.Connected(person, room=command.room)]

    def _rename(self, session: Session, command: ev.Rename) -> list[Outcome]:
        user = _user(session)
        nick = nickname(command.nick)
        if self.by_nick.get(fold(nick), user) is not user:
            raise ChatError(Code.NICK_TAKEN, nick)
        return [ev.Renamed(user.person, nick, user.room_names())] if nick != user.person.nick else []

    def _join(self, session: Session, command: ev.Join) -> list[Outcome]:
        user = _user(session)
        name = room_name(command.room)
        room = self.rooms.get(fold(name))
        if room and user.person.uid in room.members:
            return [room.state(user)] if command.move else []
        left = [ev.Left(user.person, r.name, "") for r in user.rooms.values()] if command.move else []
        if len(user.rooms) - len(left) >= ROOMS_A_USER:
            raise ChatError(Code.TOO_MANY_ROOMS, name)
        return [*left, ev.Joined(user.person, room.name if room else name)]

    def _leave(self, session: Session, command: ev.Leave) -> list[Outcome]:
        room = self._room_of(session, command.room)
        return [ev.Left(_user(session).person, room.name, command.reason)]

    def _say(self, session: Session, command: ev.Say) -> list[Outcome]:
        user = _user(session)
        try:
            if is_room(command.target):
                room = self._room(command.target)
                if user.person.uid not in room.members:
                    raise ChatError(Code.CANNOT_SEND, room.name)
                return [ev.Said(user.person, room.name, command.text, command.kind)]
            other = self._user_named(command.target)
        except ChatError:
            if command.kind is Kind.NOTICE:  # nothing is ever answered to a notice: RFC 2812 §3.3.2
                return []
            raise
        said = ev.Said(user.person, other.person.nick, command.text, command.kind, conversation=past.talk(user, other))
        if other.away and command.kind is not Kind.NOTICE:
            return [said, ev.IsAway(other.person.nick, other.away)]
        return [said]

    def _set_topic(self, session: Session, command: ev.SetTopic) -> list[Outcome]:
        room = self._room_of(session, command.room)
        if len(command.topic.encode()) > TOPIC_BYTES:
            raise ChatError(Code.TOPIC_TOO_LONG)
        return [ev.TopicSet(_user(session).person, room.name, command.topic)]

    def _set_away(self, session: Session, command: ev.SetAway) -> list[Outcome]:
        user = _user(session)
        noted = ev.AwayNoted(bool(command.message))
        if command.message == user.away:
            return [noted]
        return [ev.AwaySet(user.person, command.message), noted]

    def _quit(self, session: Session, command: ev.Quit) -> list[Outcome]:
        user = session.user
        departed: list[Outcome] = [ev.Departed(user.person, command.reason, user.room_names())] if user else []
        if not command.ask:
            return departed
        session.closing = True
        return [*departed, ev.Goodbye(command.reason)]

    def _set_format(self, session: Session, command: ev.SetFormat) -> list[Outcome]:
        """Changes something, as `_quit` does: a client's connection is nobody's business but its own."""
        rooms = session.user.rooms.values() if session.user else ()
        for room in rooms:
            room.audience = room.audience.minus(session)
        session.format = command.format
        session.echo = command.echo
        for room in rooms:
            room.audience = room.audience.plus(session)
        return []

    # ---- asking -----------------------------------------------------------------------------------------------------

    def _ask_topic(self, session: Session, command: ev.AskTopic) -> list[Outcome]:
        room = self._room_of(session, command.room)
        return [ev.TopicIs(room.name, room.topic)]

    def _ask_names(self, session: Session, command: ev.AskNames) -> list[Outcome]:
        _user(session)
        room = self.rooms.get(fold(command.room))
        return [ev.NamesAre(room.name if room else command.room, room.nicks() if room else ())]

    def _ask_rooms(self, session: Session, command: ev.AskRooms) -> list[Outcome]:
        _user(session)
        named = [self.rooms[fold(name)] for name in command.rooms if fold(name) in self.rooms]
        rooms = [room for room in (named if command.rooms else self.rooms.values()) if room.members or room.topic]
        return [ev.RoomsAre(tuple((r.name, len(r.members), r.topic.text if r.topic else "") for r in rooms))]

    def _ask_who(self, session: Session, command: ev.AskWho) -> list[Outcome]:
        _user(session)
        room = self.rooms.get(fold(command.mask))
        if room:
            return [ev.WhoIsIn(command.mask, room.name, tuple(map(_member, room.members.values())))]
        named = self.by_nick.get(fold(command.mask))
        users = self.users.values() if command.mask == "*" else [named] if named else ()
        return [ev.WhoIsIn(command.mask, "", tuple(map(_member, users)))]

    def _ask_whois(self, session: Session, command: ev.AskWhois) -> list[Outcome]:
        _user(session)
        user = self._user_named(command.nick)
        rooms = tuple(room.name for room in user.rooms.values())
        idle = max(0, self._clock() - user.active) // 1000
        return [ev.WhoisIs(_member(user), rooms, idle, user.since)]

    def _ask_modes(self, session: Session, command: ev.AskModes) -> list[Outcome]:
        user = _user(session)
        if is_room(command.target):
            room = self._room(command.target)
            return [ev.ModesAre(room.name, "+n", room.created)]
        other = self._user_named(command.target)
        if other is not user:
            raise ChatError(Code.NOT_YOURS)
        return [ev.ModesAre("", "+", 0)]

    def _ask_users(self, session: Session, command: ev.AskUsers) -> list[Outcome]:
        _user(session)
        found = (self.by_nick.get(fold(nick)) for nick in command.nicks)
        return [ev.UsersAre(tuple(_member(user) for user in found if user), command.command)]

    # ---- applying: what is then so ----------------------------------------------------------------------------------

    def _connected(self, event: ev.Connected) -> None:
        person = event.by
        if fold(person.nick) in self.by_nick or person.uid in self.users:
            return
        session = self.sessions.get(person.uid)
        user = User(person, session, event.time)
        self.users[person.uid] = user
        self.by_nick[fold(person.nick)] = user
        self.most = max(self.most, len(self.users))
        room = self._enter(user, event.room, event) if event.room else None
        if session:
            session.user = user
            state = room.state(user) if room else None
            rooms = len(self.rooms) - len(self._empty)
            self._post.tell(session, ev.Welcome(person, len(self.users), rooms, self.most, state))
            if room:
                self._replay(session, room)
            if self._not_saving:
                self._post.tell(session, ev.Saving(works=False))

    def _joined(self, event: ev.Joined) -> None:
        user = self.users.get(event.by.uid)
        if user is None or fold(event.room) in user.rooms:
            return
        room = self._enter(user, event.room, event)
        if user.session:
            self._post.tell(user.session, room.state(user))
            self._replay(user.session, room)

    def _replay(self, session: Session, room: Room) -> None:
        said = tuple([event for event in room.recent if CTCP not in event.text])
        if said:
            self._post.tell(session, ev.Recent(room.name, said))

    def _enter(self, user: User, name: str, event: Event) -> Room:
        room = self.rooms.get(fold(name))
        if room is None:
            room = self.rooms[fold(name)] = Room(name, event.time)
        self._empty.pop(fold(name), None)
        room.add(user)
        user.rooms[fold(name)] = room
        joined = ev.Joined(event.by, room.name, id=event.id, time=event.time)
        self._post.deliver(joined, room.audience, movers(user.session))
        return room

    def _left(self, event: ev.Left) -> None:
        user = self.users.get(event.by.uid)
        room = user.rooms.get(fold(event.room)) if user else None
        if user and room:
            self._post.deliver(event, room.audience, movers(user.session))
            self._exit(user, room)

    def _exit(self, user: User, room: Room) -> None:
        room.remove(user)
        del user.rooms[fold(room.name)]
        if not room.members:
            self._vacate(room)

    def _vacate(self, room: Room) -> None:
        """A room without members stays if it has something to come back for."""
        key = fold(room.name)
        if not (self._lasting and (room.topic or room.recent)):
            del self.rooms[key]
            return
        self._empty[key] = room
        if len(self._empty) > EMPTY_ROOMS:
            oldest = next(iter(self._empty))
            del self._empty[oldest], self.rooms[oldest]

    def _departed(self, event: ev.Departed) -> None:
        user = self.users.pop(event.by.uid, None)
        if user is None:
            return
        self._post.deliver(event, user.peers(), user.session)
        for room in list(user.rooms.values()):
            self._exit(user, room)
        del self.by_nick[fold(user.person.nick)]
        if user.session:
            user.session.user = None

    def _renamed(self, event: ev.Renamed) -> None:
        user = self.users.get(event.by.uid)
        if user is None or self.by_nick.get(fold(event.nick), user) is not user:
            return
        del self.by_nick[fold(user.person.nick)]
        user.person = replace(user.person, nick=event.nick)
        self.by_nick[fold(event.nick)] = user
        self._post.deliver(event, user.peers())

    def _said(self, event: ev.Said) -> None:
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
                self._post.deliver(event, room.audience, None if session and session.echo else session)
            return
        other = self.by_nick.get(fold(event.target))
        readers = [other.session] if other and other.session else []
        if session and session.echo and session not in readers:
            readers.append(session)
        self._post.deliver(event, Audience.of(readers))

    def _topic_set(self, event: ev.TopicSet) -> None:
        room = self.rooms.get(fold(event.room))
        if room:
            room.topic = ev.Topic(event.topic, event.by.mask, event.time) if event.topic else None
            self._post.deliver(event, room.audience)

    def _away_set(self, event: ev.AwaySet) -> None:
        user = self.users.get(event.by.uid)
        if user:
            user.away = event.message
            self._post.deliver(event, user.peers(), user.session)

    # ---- looking up -------------------------------------------------------------------------------------------------

    def _room(self, name: str) -> Room:
        room = self.rooms.get(fold(name))
        if room is None:
            raise ChatError(Code.NO_SUCH_ROOM, name)
        return room

    def _room_of(self, session: Session, name: str) -> Room:
        """The room of that name; the user must be in it."""
        user = _user(session)
        room = self._room(name)
        if user.person.uid not in room.members:
            raise ChatError(Code.NOT_IN_ROOM, room.name)
        return room

    def _user_named(self, nick: str) -> User:
        user = self.by_nick.get(fold(nick))
        if user is None:
            raise ChatError(Code.NO_SUCH_NICK, nick)
        return user


def _user(session: Session) -> User:
    if session.user is None:
        raise ChatError(Code.NOT_REGISTERED)
    return session.user


def _member(user: User) -> ev.Member:
    return ev.Member(user.person, user.away)
