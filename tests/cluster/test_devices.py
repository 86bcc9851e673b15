"""One person by devices on several servers: whatever they do, and whichever servers are lost, all servers agree."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.cluster.servers import Timing
from chatroom.common.names import fold, is_room
from chatroom.model.audience import Audience
from chatroom.model.commands import (
    AskDevices,
    Burst,
    DropAccount,
    Join,
    Kick,
    Leave,
    LogIn,
    LogOut,
    MakeAccount,
    MarkRead,
    Quit,
    Register,
    Rename,
    Say,
    SetAway,
    SetFormat,
    SetPassword,
)
from chatroom.model.entities import Session
from chatroom.model.events import Event, Said
from chatroom.model.outcomes import Command
from chatroom.model.preferences import SetStay
from chatroom.model.replies import MarkerIs
from chatroom.model.values import Via
from chatroom.protocols.irc.event_lines import irc_format
from tests.chat import NOON, QUICK, RecordingPost
from tests.cluster.test_replica import Member, Stream, agree

IRC = irc_format(frozenset())
PASSWORD = "correct-horse"
LEASE_MS = int(Timing().lease * 1000)


class Witness(RecordingPost):
    """Sees to it that each message in a room reaches all devices that are in it, but for the one that said it."""

    def __init__(self, member: Member) -> None:
        super().__init__()
        self.member = member

    def broadcast(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        super().broadcast(event, audience, skip)
        if isinstance(event, Said) and is_room(event.target):
            room = self.member.hub.state.rooms[fold(event.target)]
            here = {s.uid for user in room.members.values() for s in user.sessions if s.is_in(room)}
            told = [session.uid for session in audience if session is not skip]
            assert sorted(told) == sorted(here - {event.device})


class Chat:
    """Three servers, with the claimed name ann, and clients on each."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.members = [self._member(name) for name in ("one", "two", "three")]
        first = self.come(0, irc=True)
        self.do(0, first, Register("ann", "u", "Ann"))
        self.do(0, first, MakeAccount(PASSWORD))
        self.do(0, first, Quit("gone"))
        agree(self.members)
        self.clients: list[list[Session]] = [[], [], []]

    def _member(self, name: str) -> Member:
        member = Member(self.stream, name)
        member.post = Witness(member)
        member.log._delivery = member.post
        member.hub.context.passwords.scrypt = QUICK
        member.hub.context.throttle.unlimited = True
        return member

    def come(self, server: int, irc: bool) -> Session:
        session = self.members[server].client()
        if irc:
            self.do(server, session, SetFormat(IRC, echo=False))
        return session

    def do(self, server: int, session: Session, command: Command) -> None:
        self.members[server].submit(session, command)


COMMANDS = st.one_of(
    st.builds(Say, st.sampled_from(["#lobby", "#a"]), st.just("hi")),
    st.builds(lambda nick: Say(nick, "psst"), st.sampled_from(["ann", "bob"])),
    st.builds(lambda room: Burst(room, ["one", "two"]), st.sampled_from(["#lobby", "#a"])),
    st.builds(Join, st.sampled_from(["#lobby", "#a", "#b"]), st.booleans()),
    st.builds(lambda room: Leave(room, "bye"), st.sampled_from(["#lobby", "#a"])),
    st.builds(Rename, st.sampled_from(["ann", "amy", "bob"])),
    st.builds(SetAway, st.sampled_from(["", "tea"])),
    st.just(SetAway("", absent=True)),
    st.builds(lambda time: MarkRead("#a", time), st.integers(1, 9)),
    st.just(Kick("#lobby", "ann", "out")),
    st.just(LogOut()),
    st.builds(lambda number: LogOut(str(number)), st.integers(1, 3)),
    st.just(AskDevices()),
    st.just(SetPassword(PASSWORD, PASSWORD)),
    st.builds(SetStay, st.booleans()),
    st.just(Quit("gone")),
)
SERVERS = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        # A client comes, perhaps logged in; a client does something; a server writes, or reads a little; a server is
        # heard alone for longer than a lease, so that the others are given up.
        st.tuples(st.just("come"), SERVERS, st.booleans(), st.booleans()),
        st.tuples(st.just("do"), SERVERS, st.integers(0, 3), COMMANDS),
        st.tuples(st.just("do"), SERVERS, st.integers(0, 3), st.just(LogIn("ann", PASSWORD, take=True))),
        st.tuples(st.just("write"), SERVERS),
        st.tuples(st.just("read"), SERVERS, st.integers(1, 3)),
        st.tuples(st.just("alone"), SERVERS),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_devices_come_and_go_on_three_servers(steps: list[tuple[object, ...]]) -> None:
    """One user an account at most, each device in its rooms and told of everything, and equal states at the end."""
    chat = Chat()
    for what, server, *rest in steps:
        assert isinstance(server, int)
        member, clients = chat.members[server], chat.clients[server]
        chat.stream.time += 100
        match what, rest:
            case "come", [bool(irc), bool(guest)]:
                session = chat.come(server, irc)
                if not guest:
                    chat.do(server, session, LogIn("ann", PASSWORD, via=Via.PASS))
                name = f"guest{len(clients)}" if guest else "ann"
                chat.do(server, session, Register(name, "u", "Real Name", "" if irc else "#lobby"))
                clients.append(session)
            case "do", [int(which), command]:
                if which < len(clients) and not clients[which].closing:
                    chat.do(server, clients[which], command)  # type: ignore[arg-type]  # hypothesis knows
            case "write", _:
                member.write()
            case "read", [int(most)]:
                member.read(most)
            case "alone", _:
                for _ in range(3):
                    chat.stream.time += LEASE_MS // 2
                    member.beat()
    agree(chat.members)
    for member in chat.members:
        check(member)


def check(member: Member) -> None:
    state = member.hub.state
    assert [uid for uid in state.staying if state.users[uid].devices] == []
    for user in state.users.values():
        assert user.devices or (user.person.uid in state.staying and state.accounts[fold(user.person.account)].stays)
        assert len({device.number for device in user.devices}) == len(user.devices)
        here = [session.uid for session in user.sessions]
        assert sorted(here) == sorted(d.who.uid for d in user.devices if d.who.uid in state.sessions)
        for session in user.sessions:
            assert session.user is user
            assert session.account == user.person.account
            for room in user.rooms.values():
                assert (session in room.audience) is session.is_in(room)
    accounts = [user.person.account for user in state.users.values() if user.person.account]
    assert len(set(accounts)) == len(accounts)
    assert set(state.presences) == set(accounts)
    assert state.here == sum(len(user.sessions) for user in state.users.values())
    for session in state.sessions.values():
        assert session.user is None or session in session.user.sessions


def told(member: Member, session: Session) -> list[str]:
    """The kinds of events that a client was told of since the last look."""
    kinds = [type(event).__name__ for event, audience in member.post.events if session.uid in audience]
    member.post.events.clear()
    return kinds


def login(chat: Chat, server: int, irc: bool = True) -> Session:
    session = chat.come(server, irc)
    chat.do(server, session, LogIn("ann", PASSWORD, via=Via.PASS))
    chat.do(server, session, Register("ann", "u", "Ann", "" if irc else "#lobby"))
    return session


def test_two_who_come_at_once_are_one_person() -> None:
    """Neither server knew of the other's when it let its own in; so it is for a guest who logs in meanwhile."""
    chat = Chat()
    one, two = login(chat, 0), login(chat, 1)
    guest = chat.come(2, irc=True)
    chat.do(2, guest, Register("guest", "u", "Guest", "#a"))
    agree(chat.members)
    late = login(chat, 0)
    chat.do(2, guest, LogIn("ann", PASSWORD))
    agree(chat.members)
    for member, sessions in zip(chat.members, ([one, late], [two], [guest]), strict=True):
        check(member)
        (user,) = member.hub.state.users.values()
        assert set(user.sessions) == set(sessions)
        assert len(user.devices) == 4
        assert list(user.rooms) == ["#a"]


def test_a_server_that_is_lost_takes_its_devices_and_not_the_person() -> None:
    """Who has another device stays, and nobody notices; when the server comes again, its devices are theirs again."""
    chat = Chat()
    eve = chat.come(1, irc=False)
    chat.do(1, eve, Register("eve", "u", "Eve", "#lobby"))
    agree(chat.members)
    lost, left = login(chat, 0, irc=False), login(chat, 1)
    agree(chat.members)
    told(chat.members[1], eve)
    for _ in range(3):
        chat.stream.time += LEASE_MS // 2
        chat.members[1].beat()
    chat.members[1].read()
    chat.do(1, left, Join("#a"))
    chat.members[1].catch_up()
    (user,) = [user for user in chat.members[1].hub.state.users.values() if user.person.account]
    assert [device.who.uid for device in user.devices] == [left.uid]
    assert user.sessions == (left,)
    assert "Departed" not in told(chat.members[1], eve)
    agree(chat.members)
    for member in chat.members:
        check(member)
    assert lost.user is not None
    assert [device.who.uid for device in lost.user.devices] == [left.uid, lost.uid]
    assert set(lost.user.rooms) == {"#lobby", "#a"}
    assert lost.room == "#lobby"
    assert not {"Departed", "Joined"} & set(told(chat.members[1], eve))
    chat.do(1, left, Quit("gone"))
    chat.do(0, lost, Quit("gone"))
    agree(chat.members)
    assert told(chat.members[1], eve) == ["Departed"]


def test_how_far_one_has_read_is_known_on_all_servers() -> None:
    """And told to all devices that want to know."""
    chat = Chat()
    one, two = login(chat, 0), login(chat, 1)
    agree(chat.members)
    chat.do(1, two, SetFormat(IRC, echo=False, read_marker=True))
    chat.do(0, one, MarkRead("#Tea", NOON - 1))
    agree(chat.members)
    assert chat.members[1].post.replies[-1] == (two.uid, MarkerIs("#Tea", NOON - 1))
    for member in chat.members:
        assert member.hub.state.markers.names("ann") == {"#tea": NOON - 1}
    chat.members.append(Member(chat.stream, "four"))
    agree(chat.members)
    assert chat.members[3].hub.state.markers.names("ann") == {"#tea": NOON - 1}


def test_who_stays_does_so_on_all_servers() -> None:
    """Whichever server their last device was on, and whether it says so or dies; the next may be on any."""
    chat = Chat()
    first, eve = login(chat, 0), chat.come(2, irc=True)
    chat.do(0, first, SetStay(True))
    chat.do(0, first, Join("#a"))
    chat.do(2, eve, Register("eve", "u", "Eve", "#lobby"))
    chat.do(2, eve, Join("#a"))
    agree(chat.members)
    told(chat.members[2], eve)
    for _ in range(3):  # the first server is given up
        chat.stream.time += LEASE_MS // 2
        chat.members[1].beat()
        chat.members[2].beat()
    for member in chat.members[1:]:
        member.read()
        assert "ann" in {user.person.nick for user in member.hub.state.rooms["#a"].members.values()}
    assert told(chat.members[2], eve) == ["AwaySet"]
    chat.do(2, eve, Say("ann", "psst"))
    chat.members[2].write()
    agree(chat.members)  # the first one comes again, with her
    check(chat.members[0])
    assert first.user is chat.members[0].hub.state.presences["ann"]
    assert [type(reply).__name__ for uid, reply in chat.members[0].post.replies if uid == first.uid].count(
        "WaitingAre"
    ) == 1
    chat.do(0, first, Quit("gone"))
    agree(chat.members)
    second = login(chat, 1)
    agree(chat.members)
    for member in chat.members:
        check(member)
        assert set(member.hub.state.presences["ann"].rooms) == {"#a"}
    assert not {"Departed", "Joined"} & set(told(chat.members[2], eve))
    chat.do(1, second, Quit("gone"))
    agree(chat.members)
    chat.members.append(Member(chat.stream, "four"))
    agree(chat.members)
    check(chat.members[3])
    assert set(chat.members[3].hub.state.presences["ann"].rooms) == {"#a"}


def test_what_is_said_to_a_name_is_not_told_to_its_next_owner() -> None:
    """The name is dropped and claimed anew on one server, while the message is on its way from another."""
    chat = Chat()
    bob, ann = chat.come(1, irc=True), login(chat, 0)
    chat.do(1, bob, Register("bob", "u", "Bob"))
    agree(chat.members)
    chat.do(0, ann, Quit("gone"))
    agree(chat.members)
    chat.do(1, bob, Say("ann", "psst"))
    other = chat.come(0, irc=True)
    chat.do(0, other, Register("other", "u", "Other"))
    chat.members[0].write()
    chat.members[0].read()
    chat.do(0, other, DropAccount("ann", PASSWORD))
    chat.members[0].write()
    chat.members[0].read()
    chat.do(0, other, Rename("ann"))
    chat.members[0].write()
    chat.members[0].read()
    chat.do(0, other, MakeAccount(PASSWORD))
    chat.members[0].write()
    agree(chat.members)
    assert other.account == "ann"
    for member in chat.members:
        assert not member.hub.state.waiting
    assert [type(reply).__name__ for uid, reply in chat.members[1].post.replies if uid == bob.uid][-1] == "Refused"


def test_who_quits_while_their_server_is_given_up_is_counted_once() -> None:
    """They were taken off already when the others gave the server up."""
    chat = Chat()
    leaving = login(chat, 0)
    agree(chat.members)
    for _ in range(3):
        chat.stream.time += LEASE_MS // 2
        chat.members[1].beat()
    chat.members[0].read()
    chat.members[0].log.submit(leaving, [Quit("gone")])
    agree(chat.members)
    assert chat.members[0].hub.state.here == 0
    assert not chat.members[1].hub.state.users
