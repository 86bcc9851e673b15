"""The rules, without sockets: what each command leads to, and what events make of the state."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.core import connections
from chatroom.core.hub import APPLIER_TABLES, DECIDER_TABLES, HANDLER_TABLES, Hub
from chatroom.model.commands import (
    AskModes,
    AskNames,
    AskRooms,
    AskTopic,
    AskUsers,
    AskWho,
    AskWhois,
    Burst,
    ChatCommand,
    Join,
    Leave,
    Quit,
    Register,
    Rename,
    Say,
    SessionCommand,
    SetAway,
    SetFormat,
    SetTopic,
)
from chatroom.model.dormant_rooms import DormantRooms
from chatroom.model.entities import Room, Session, User
from chatroom.model.events import Departed, Event, Joined, Left, Renamed, Said
from chatroom.model.limits import ROOMS_PER_USER, TOPIC_BYTES
from chatroom.model.outcomes import Command, Outcome, Survey
from chatroom.model.replies import (
    AwayNoted,
    CountsAre,
    IsAway,
    ListedRoom,
    ModesAre,
    NamesAre,
    NoWhois,
    Raw,
    Reply,
    RoomState,
    TopicIs,
    UsersAre,
    Welcome,
    WhoIsIn,
    WhoisIs,
)
from chatroom.model.values import Member, MessageKind, Person, Topic
from chatroom.protocols.irc.event_lines import irc_format
from chatroom.protocols.plain import PLAIN
from tests.chat import NOON, Chat, RecordingPost, answer, kinds, place

IRC = irc_format(frozenset())


class RecordedHub:
    """A hub with a post that remembers, and sessions called by their nicknames."""

    def __init__(self) -> None:
        self.post = RecordingPost()
        self.time = NOON
        self.hub = Hub(lambda: self.time)
        self.hub.context.cloaks.is_shown = True
        self.last = 0

    def session(self, uid: str) -> Session:
        session = Session(uid, "192.0.2.1", PLAIN)
        connections.attach(self.hub.context, session)
        return session

    def guest(self, nick: str, room: str = "#lobby", uid: str = "") -> Session:
        """Somebody with a name; a session's uid is its first nickname, unless another is given."""
        session = self.session(uid or nick)
        self.do(session, Register(nick, "u", "Real Name", room))
        self.forget()
        return session

    def do(self, session: Session, command: Command) -> list[Outcome]:
        """Decides and applies, as the log does."""
        outcomes = self.hub.outcomes(session, command)
        for outcome in outcomes:
            if isinstance(outcome, Event):
                self.last += 1
                place(outcome, self.last, self.time)
                self.hub.apply(outcome, self.post)
        return outcomes

    def refusal(self, session: Session, command: Command) -> ChatError:
        with pytest.raises(ChatError) as refused:
            self.hub.outcomes(session, command)
        return refused.value

    def forget(self) -> None:
        self.post.events.clear()
        self.post.replies.clear()

    def told(self) -> list[tuple[str, set[str]]]:
        """The kinds of the events that were delivered, each with the uids of those who were told."""
        return [(type(event).__name__, set(audience)) for event, audience in self.post.events]


@pytest.fixture
def recorded() -> RecordedHub:
    return RecordedHub()


def state(hub: Hub) -> object:
    """All that a hub knows, as values that can be compared."""
    return (
        {
            uid: (
                *(user.person, user.away, tuple(user.rooms), user.since, user.active, user.devices),
                tuple([session.uid for session in user.sessions]),
            )
            for uid, user in hub.state.users.items()
        },
        {nick: user.person.uid for nick, user in hub.state.nicks.by_nick.items()},
        {
            name: (room.name, room.created, room.topic, tuple(room.members), sorted(s.uid for s in room.audience))
            for name, room in hub.state.rooms.items()
        },
        {uid: (s.nick, s.room, s.format, s.echo, s.closing) for uid, s in hub.state.sessions.items()},
    )


# ---- coming in and going ---------------------------------------------------------------------------------------------


def test_who_registers_is_told_who_is_there_and_the_room_who_came(recorded: RecordedHub) -> None:
    """The newcomer gets a welcome with the room's state; the others get the event."""
    recorded.guest("alice")
    bob = recorded.session("bob")
    recorded.do(bob, Register("bob", "u", "Bob", "#lobby"))
    assert recorded.told() == [("Joined", {"alice"})]
    [(to, welcome)] = recorded.post.replies
    assert to == "bob"
    assert isinstance(welcome, Welcome)
    assert welcome.room
    assert [member.person.nick for member in welcome.room.roll.members] == ["alice", "bob"]
    assert welcome.counts == CountsAre(people=2, invisible=0, operators=0, unknown=0, rooms=1, most=2, here=2)


def test_who_is_deaf_is_told_of_nobody_and_the_others_of_all() -> None:
    """Until they leave, which all others are told of in one go: the audience is the same for each."""
    chat = Chat()
    al, bob = chat.irc("al", room="#a"), chat.irc("bob", room="#a")
    stuck = [chat.irc(f"stuck{n}", room="#a") for n in range(3)]
    connections.stop_delivery(stuck)
    chat.post.events.clear()
    bob.send("PRIVMSG #a :hi")
    for client in stuck:
        client.leave()
    assert {told for _, told in chat.post.events} == {(al.uid, bob.uid)} | {(al.uid,)}
    assert not [line for client in stuck for line in client.heard() if "stuck" in line and "QUIT" in line]
    assert len([line for line in al.heard() if " QUIT " in line]) == 3
    assert list(chat.hub.state.rooms["#a"].audience) == [al, bob]


def test_a_format_with_own_moves_is_told_of_its_own_joining(recorded: RecordedHub) -> None:
    """An IRC client awaits its own JOIN; a person with netcat does not."""
    irc = Session("irc", "192.0.2.1", IRC)
    connections.attach(recorded.hub.context, irc)
    recorded.do(irc, Register("irc", "u", "", ""))
    recorded.do(irc, Join("#lobby"))
    recorded.guest("plain")
    recorded.forget()
    recorded.do(irc, Leave("#lobby"))
    assert recorded.told() == [("Left", {"irc", "plain"})]


@pytest.mark.parametrize("nick", ["Alice", "ALICE", "alice"])
def test_a_name_that_folds_to_a_taken_one_is_taken(recorded: RecordedHub, nick: str) -> None:
    """Names are unique by case folding."""
    recorded.guest("alice")
    assert recorded.refusal(recorded.session("x"), Register(nick, "u", "", "")).code is Code.NICK_TAKEN
    assert recorded.refusal(recorded.guest("bob"), Rename(nick)).code is Code.NICK_TAKEN


def test_a_name_is_free_again_when_its_user_has_left_or_changed_it(recorded: RecordedHub) -> None:
    """And a user may change the case of the name."""
    alice = recorded.guest("alice")
    recorded.do(alice, Rename("ALICE"))
    assert alice.nick == "ALICE"
    recorded.do(alice, Rename("carol"))
    bob = recorded.guest("alice", uid="bob")
    recorded.do(bob, Quit(""))
    recorded.do(alice, Rename("alice"))
    assert alice.nick == "alice"


def test_nobody_registers_twice(recorded: RecordedHub) -> None:
    """A name is changed with Rename."""
    assert recorded.refusal(recorded.guest("alice"), Register("x", "u", "", "")).code is Code.ALREADY_REGISTERED


@pytest.mark.parametrize(
    "command",
    [
        Rename("x"),
        Join("#a"),
        Leave("#a"),
        Say("#a", "hi"),
        SetTopic("#a", "t"),
        SetAway("x"),
        AskTopic("#a"),
        AskNames("#a"),
        AskRooms(),
        AskWho("*"),
        AskWhois("x"),
        AskModes("#a"),
        AskUsers(("x",), "ISON"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_without_a_name_nothing_can_be_done(recorded: RecordedHub, command: Command) -> None:
    """Who is not registered is neither heard nor told anything."""
    recorded.guest("x", "#a")
    assert recorded.refusal(recorded.session("nobody"), command).code is Code.NOT_REGISTERED


def test_a_departure_is_told_once_to_all_who_shared_a_room(recorded: RecordedHub) -> None:
    """However many rooms they shared; not to the one who left, nor to strangers."""
    alice, bob, carol = recorded.guest("alice"), recorded.guest("bob"), recorded.guest("carol", "#elsewhere")
    for session in (alice, bob):
        recorded.do(session, Join("#second"))
    recorded.do(alice, Join("#elsewhere"))
    recorded.forget()
    recorded.do(alice, Quit("bye"))
    assert recorded.told() == [("Departed", {"bob", "carol"})]
    assert alice.user is None
    assert alice.closing
    assert carol.room == "#elsewhere"
    assert [list(room.members) for room in recorded.hub.state.rooms.values()] == [["bob"], ["carol"], ["bob"]]


def test_a_lost_connection_departs_without_a_goodbye(recorded: RecordedHub) -> None:
    """There is nobody to say it to."""
    alice = recorded.guest("alice")
    assert [type(outcome) for outcome in recorded.do(alice, Quit("gone", ask=False))] == [Departed]
    assert not recorded.do(recorded.session("nameless"), Quit("gone", ask=False))


@pytest.mark.parametrize("name", ["nick", "mask"])
def test_a_session_can_be_looked_at_while_its_user_goes(name: str) -> None:
    """Its thread and the deadlines' look at it without the lock, and another may throw the user out meanwhile."""
    users = [User(Person("1", "alice", "u", "192.0.2.1"), None, NOON), None]

    class Leaving(Session):
        @property
        def user(self) -> User | None:
            return users.pop(0) if users else None

        @user.setter
        def user(self, user: User | None) -> None:
            pass

    assert getattr(Leaving("1", "192.0.2.1", PLAIN), name).startswith("alice")


@pytest.mark.parametrize("go", ["quits", "is let go by a cluster"])
def test_who_goes_is_closing_before_they_are_without_a_name(recorded: RecordedHub, go: str) -> None:
    """The courier, which looks without the lock, would take them for a stranger and cut their goodbye short."""
    seen: list[bool] = []

    class Watched(Session):
        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if name in ("user", "closing") and hasattr(self, "closing"):
                seen.append(bool(self.user or self.closing))

    session = Watched("alice", "192.0.2.1", PLAIN)
    connections.attach(recorded.hub.context, session)
    recorded.do(session, Register("alice", "u", "Real Name", "#lobby"))
    if go == "quits":
        recorded.do(session, Quit("bye", ask=False))
    else:
        connections.drop_session(recorded.hub.state, session)
    assert session.user is None
    assert seen[1:] == [True, True, True]


def test_a_room_lives_as_long_as_somebody_is_in_it(recorded: RecordedHub) -> None:
    """Its topic goes with it."""
    alice = recorded.guest("alice", "#a")
    recorded.do(alice, SetTopic("#a", "old"))
    recorded.do(alice, Leave("#a"))
    assert not recorded.hub.state.rooms
    recorded.do(alice, Join("#a"))
    assert recorded.hub.state.rooms["#a"].topic is None


def test_most_counts_the_highest_number_of_users(recorded: RecordedHub) -> None:
    """It doesn't sink when they leave."""
    alice = recorded.guest("alice")
    recorded.guest("bob")
    recorded.do(alice, Quit(""))
    assert recorded.hub.state.most == 2


# ---- rooms -----------------------------------------------------------------------------------------------------------


def test_joining_again_by_any_case_does_nothing(recorded: RecordedHub) -> None:
    """A room is one room however it is written; its first spelling stays."""
    alice = recorded.guest("alice", "#Łódź")
    assert recorded.hub.decide(alice, Join("#ŁÓDŹ")) == []
    recorded.guest("bob", "#łódź")
    assert [room.name for room in recorded.hub.state.rooms.values()] == ["#Łódź"]


def test_moving_leaves_all_other_rooms(recorded: RecordedHub) -> None:
    """A plain client is in one room at a time."""
    alice = recorded.guest("alice")
    outcomes = recorded.do(alice, Join("#a", move=True))
    assert [type(outcome) for outcome in outcomes] == [Left, Joined]
    assert alice.room == "#a"
    assert isinstance(recorded.hub.decide(alice, Join("#a", move=True))[0], RoomState)


def test_the_room_of_a_session_is_the_one_joined_last(recorded: RecordedHub) -> None:
    """And the one before it, when that is left."""
    alice = recorded.guest("alice")
    recorded.do(alice, Join("#a"))
    assert alice.room == "#a"
    recorded.do(alice, Leave("#a"))
    assert alice.room == "#lobby"


def test_a_user_is_in_no_more_rooms_than_the_limit(recorded: RecordedHub) -> None:
    """A move doesn't count what it leaves."""
    alice = recorded.guest("alice", "#0")
    for i in range(1, ROOMS_PER_USER):
        recorded.do(alice, Join(f"#{i}"))
    assert recorded.refusal(alice, Join("#more")).code is Code.TOO_MANY_ROOMS
    recorded.do(alice, Join("#more", move=True))
    assert alice.room == "#more"


def test_only_a_room_one_is_in_can_be_left_or_given_a_topic(recorded: RecordedHub) -> None:
    """The reason names the room as it is written there."""
    alice = recorded.guest("alice")
    recorded.guest("bob", "#B")
    foreign: list[Command] = [Leave("#b"), SetTopic("#b", "x"), AskTopic("#b")]
    for command in foreign:
        refused = recorded.refusal(alice, command)
        assert (refused.code, refused.about) == (Code.NOT_IN_ROOM, ("#B",))
    missing: list[Command] = [Leave("#none"), SetTopic("#none", "x"), Say("#none", "x")]
    for command in missing:
        assert recorded.refusal(alice, command).code is Code.NO_SUCH_ROOM


def test_a_topic_is_told_to_the_room_its_setter_included(recorded: RecordedHub) -> None:
    """And it is there for who asks; an empty one removes it."""
    alice, _ = recorded.guest("alice"), recorded.guest("bob")
    recorded.do(alice, SetTopic("#lobby", "tea"))
    assert recorded.told() == [("TopicSet", {"alice", "bob"})]
    [answer] = recorded.hub.decide(alice, AskTopic("#LOBBY"))
    assert answer == TopicIs("#lobby", Topic("tea", "alice!u@192.0.2.1", NOON))
    recorded.do(alice, SetTopic("#lobby", ""))
    assert recorded.hub.decide(alice, AskTopic("#lobby")) == [TopicIs("#lobby", None)]


def test_a_topic_has_a_longest_length_in_bytes(recorded: RecordedHub) -> None:
    """Longer is refused, never cut."""
    alice = recorded.guest("alice")
    recorded.do(alice, SetTopic("#lobby", "ł" * (TOPIC_BYTES // 2)))
    assert recorded.refusal(alice, SetTopic("#lobby", "ł" * (TOPIC_BYTES // 2) + "x")).code is Code.TOPIC_TOO_LONG


# ---- saying ----------------------------------------------------------------------------------------------------------


def test_what_is_said_in_a_room_goes_to_all_in_it_but_the_sender(recorded: RecordedHub) -> None:
    """Unless the sender wants to see it (IRCv3 echo-message)."""
    alice, bob = recorded.guest("alice"), recorded.guest("bob")
    recorded.guest("carol", "#elsewhere")
    recorded.do(alice, Say("#lobby", "hi"))
    assert recorded.told() == [("Said", {"bob"})]
    recorded.forget()
    recorded.do(bob, SetFormat(PLAIN, echo=True))
    recorded.do(bob, Say("#lobby", "hi"))
    assert recorded.told() == [("Said", {"alice", "bob"})]


def test_what_is_said_to_a_person_goes_to_that_person_alone(recorded: RecordedHub) -> None:
    """The name may be written in any case; the event has it as its owner writes it."""
    alice, _ = recorded.guest("alice"), recorded.guest("Bob", "#elsewhere")
    [said] = recorded.do(alice, Say("bOB", "psst"))
    assert isinstance(said, Said)
    assert said.target == "Bob"
    assert recorded.told() == [("Said", {"Bob"})]


def test_the_sender_of_a_private_message_sees_it_once_with_echo(recorded: RecordedHub) -> None:
    """Even when it goes to oneself."""
    alice = recorded.guest("alice")
    recorded.do(alice, SetFormat(PLAIN, echo=True))
    recorded.do(alice, Say("alice", "note to self"))
    assert recorded.post.events[0][1] == ("alice",)


def test_to_speak_in_a_room_one_must_be_in_it(recorded: RecordedHub) -> None:
    """And to speak to somebody, they must be here."""
    alice, _ = recorded.guest("alice"), recorded.guest("bob", "#b")
    assert recorded.refusal(alice, Say("#b", "hi")).code is Code.CANNOT_SEND
    assert recorded.refusal(alice, Say("nobody", "hi")).code is Code.NO_SUCH_NICK


@pytest.mark.parametrize("target", ["#none", "#b", "nobody", "away"])
def test_a_notice_is_never_answered(recorded: RecordedHub, target: str) -> None:
    """RFC 2812 §3.3.2: so that two programs don't answer each other for ever."""
    alice, _, away = recorded.guest("alice"), recorded.guest("bob", "#b"), recorded.guest("away")
    recorded.do(away, SetAway("out"))
    assert all(isinstance(o, Said) for o in recorded.hub.decide(alice, Say(target, "hi", MessageKind.NOTICE)))


def test_who_writes_to_somebody_away_is_told_so(recorded: RecordedHub) -> None:
    """With the away message; until they are back."""
    alice, bob = recorded.guest("alice"), recorded.guest("bob")
    recorded.do(bob, SetAway("tea"))
    assert recorded.post.replies == [("bob", AwayNoted(True))]
    assert recorded.told() == [("AwaySet", {"alice"})]
    assert recorded.hub.decide(alice, Say("bob", "hi"))[1:] == [IsAway("bob", "tea")]
    assert recorded.hub.decide(bob, SetAway("tea")) == [AwayNoted(True)]
    recorded.do(bob, SetAway(""))
    assert recorded.post.replies[-1] == ("bob", AwayNoted(False))
    assert recorded.hub.decide(alice, Say("bob", "hi"))[1:] == []


def test_a_new_name_is_told_to_all_who_share_a_room_and_to_its_bearer(recorded: RecordedHub) -> None:
    """With the old name as its source."""
    alice, _ = recorded.guest("alice"), recorded.guest("bob")
    recorded.guest("carol", "#elsewhere")
    [renamed] = recorded.do(alice, Rename("alicja"))
    assert isinstance(renamed, Renamed)
    assert (renamed.by.nick, renamed.nick) == ("alice", "alicja")
    assert recorded.told() == [("Renamed", {"alice", "bob"})]
    assert recorded.hub.decide(alice, Rename("alicja")) == []


# ---- asking ----------------------------------------------------------------------------------------------------------


def test_questions_are_answered_from_the_state(recorded: RecordedHub) -> None:
    """Who, whois, names, rooms, modes, users."""
    alice, bob = recorded.guest("alice"), recorded.guest("bob")
    recorded.do(bob, Join("#b"))
    recorded.do(bob, SetTopic("#b", "tea"))
    recorded.do(bob, SetAway("out"))
    recorded.do(bob, Say("#b", "hi"))
    recorded.time += 5_500

    def ask(command: Command) -> Any:
        [found] = recorded.hub.outcomes(alice, command)
        return answer(found) if isinstance(found, Survey) else found

    cloak = recorded.hub.context.cloaks.of_address("192.0.2.1")
    person = Person("bob", "bob", "u", "192.0.2.1", "Real Name", address="192.0.2.1", cloak=cloak)
    member = Member(person, "out")
    assert ask(AskRooms()).rooms == (ListedRoom("#lobby", 2, ""), ListedRoom("#b", 1, "tea"))
    assert ask(AskRooms(("#B", "#none"))).rooms == (ListedRoom("#b", 1, "tea"),)
    names = ask(AskNames("#LOBBY"))
    assert (names.room, [m.person.nick for m in names.members]) == ("#lobby", ["alice", "bob"])
    assert ask(AskNames("#none")) == NamesAre("#none", ())
    assert ask(AskWho("#b")) == WhoIsIn("#b", "#b", (replace(member, ranks="o"),), (5,))
    assert ask(AskWho("BOB")) == WhoIsIn("BOB", "", (member,), (5,))
    assert len(ask(AskWho("*")).members) == 2
    assert ask(AskWho("nobody")).members == ()
    assert ask(AskWhois("bob")) == WhoisIs(member, (("#lobby", ""), ("#b", "o")), 5, NOON, "", False)
    assert ask(AskUsers(("BOB", "x"), "ISON")) == UsersAre((member,), "ISON")
    assert ask(AskModes("#b")) == ModesAre("#b", "+nt", NOON)
    assert ask(AskModes("alice")).room == ""
    assert recorded.refusal(alice, AskModes("bob")).code is Code.NOT_YOURS
    assert ask(AskWhois("x")) == NoWhois("x")


def test_every_command_and_every_event_is_in_one_table() -> None:
    """Of one topic; bursts have a way of their own."""
    assert Counter(_kinds(DECIDER_TABLES)) == Counter(kinds(ChatCommand) - {Burst})
    assert Counter(_kinds(HANDLER_TABLES)) == Counter(kinds(SessionCommand))
    assert Counter(_kinds(APPLIER_TABLES)) == Counter(kinds(Event))


def _kinds(tables: Iterable[Mapping[type, object]]) -> list[type]:
    return [kind for table in tables for kind in table]


def test_a_dialects_own_answer_passes_through(recorded: RecordedHub) -> None:
    """So that it keeps its place among the others."""
    raw = Raw(b"PONG")
    assert recorded.hub.outcomes(recorded.session("x"), raw) == [raw]


# ---- what holds whatever happens -------------------------------------------------------------------------------------

_NICKS = st.sampled_from(["alice", "ALICE", "bob", "łu", "ŁU", "x y", "server"])
_ROOMS = st.sampled_from(["#a", "#A", "#b", "#ł", "nope"])
_TARGETS = st.one_of(_NICKS, _ROOMS)
_TEXTS = st.sampled_from(["", "hi", "zażółć 😀"])
_COMMANDS = st.one_of(
    st.builds(Register, _NICKS, st.just("u"), _TEXTS, st.sampled_from(["", "#a"])),
    st.builds(Rename, _NICKS),
    st.builds(Join, _ROOMS, st.booleans()),
    st.builds(Leave, _ROOMS, _TEXTS),
    st.builds(Say, _TARGETS, _TEXTS, st.sampled_from(MessageKind)),
    st.builds(SetTopic, _ROOMS, _TEXTS),
    st.builds(SetAway, _TEXTS),
    st.builds(Quit, _TEXTS, st.just(False)),
    st.builds(AskNames, _ROOMS),
    st.builds(AskWho, _TARGETS),
    st.builds(AskWhois, _NICKS),
    st.builds(AskModes, _TARGETS),
)
_BEGINNING: list[tuple[int, Command]] = [
    (i, Register(nick, "u", "", "#a")) for i, nick in enumerate(["alice", "bob", "łu"])
]
_STORIES = st.lists(st.tuples(st.integers(0, 2), _COMMANDS), max_size=40)


def play(story: Sequence[tuple[int, Command]], recorded: RecordedHub) -> list[Event]:
    """Plays a story of three people who are in one room at first; returns what happened in it.

    Checks that deciding changes nothing.
    """
    sessions = [recorded.session(str(i)) for i in range(3)]
    happened: list[Event] = []
    for who, command in [*_BEGINNING, *story]:
        before = state(recorded.hub)
        recorded.time += 1000
        try:
            outcomes = recorded.hub.outcomes(sessions[who], command)
        except ChatError:
            outcomes = []
        assert state(recorded.hub) == before
        for outcome in outcomes:
            if isinstance(outcome, Event):
                place(outcome, len(happened) + 1, recorded.time)
                happened.append(outcome)
                recorded.hub.apply(outcome, recorded.post)
            else:
                assert isinstance(answer(outcome) if isinstance(outcome, Survey) else outcome, Reply)
    return happened


def assert_sound(hub: Hub) -> None:
    """The state agrees with itself."""
    assert {uid: user.person.uid for uid, user in hub.state.users.items()} == {uid: uid for uid in hub.state.users}
    assert {fold(user.person.nick): user for user in hub.state.users.values()} == hub.state.nicks.by_nick
    for name, room in hub.state.rooms.items():
        assert room.members
        assert fold(room.name) == name
        assert all(user.rooms[name] is room for user in room.members.values())
        assert sorted(s.uid for s in room.audience) == sorted(room.members)
        assert all(s.format is format_ for format_, members in room.audience.groups.items() for s in members)
    for user in hub.state.users.values():
        assert all(
            hub.state.rooms[name] is room and user.person.uid in room.members for name, room in user.rooms.items()
        )
        assert [session.user for session in user.sessions] == [user]


@given(_STORIES)
def test_deciding_changes_nothing_and_the_state_stays_sound(story: list[tuple[int, Command]]) -> None:
    """Contract 1, for whatever three people do."""
    recorded = RecordedHub()
    play(story, recorded)
    assert_sound(recorded.hub)


@given(_STORIES)
def test_the_same_events_make_the_same_state_and_are_told_to_the_same(story: list[tuple[int, Command]]) -> None:
    """Applying is deterministic from the events alone: another server that reads the log knows the same."""
    first, second = RecordedHub(), RecordedHub()
    events = play(story, first)
    for i in range(3):
        second.session(str(i))
    for event in events:
        second.hub.apply(event, second.post)
    assert state(second.hub) == state(first.hub)
    assert second.post.events == first.post.events


@given(_STORIES, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_an_event_that_makes_no_sense_any_more_is_dropped(story: list[tuple[int, Command]], random: Any) -> None:
    """Applying never fails, even in an order that can't have been, or twice."""
    events = play(story, RecordedHub())
    events += events
    random.shuffle(events)
    recorded = RecordedHub()
    for i in range(3):
        recorded.session(str(i))
    for event in events:
        recorded.hub.apply(event, recorded.post)
    assert_sound(recorded.hub)


# ---- what stays of rooms --------------------------------------------------------------------------------------------

_DEEDS = st.sets(st.sampled_from(["close", "say", "own", "disown"]))


@given(st.lists(st.tuples(st.sampled_from(["#a", "#b", "#c", "#d", "#e", "#f"]), _DEEDS), max_size=40))
def test_nothing_stays_of_a_closed_room_and_what_stays_has_an_end(visits: list[tuple[str, set[str]]]) -> None:
    """Whatever rooms are made up. A visit opens a room, does what it does, and leaves."""
    memories = DormantRooms()
    shown: dict[str, list[str]] = {}  # what may be shown, by room
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatroom.model.dormant_rooms.DORMANT_ROOMS_MAX", 2)
        for number, (name, deeds) in enumerate(visits):
            room = Room(name, 0)
            memories.restore(room)
            assert {said.text for said in room.recent} <= set(shown.setdefault(name, []))
            room.owner = "al" if "own" in deeds else ""
            if "say" in deeds:
                room.recent.append(Said(Person("1", "al", "u", "h"), name, f"{number}", MessageKind.MESSAGE))
                shown[name].append(f"{number}")
            if "close" in deeds:
                room.modes["i"] = ""
            memories.store(room)
            if room.owner and "disown" in deeds:
                memories.disown(name, "close" in deeds)
            if "close" in deeds and (not room.owner or "disown" in deeds):
                shown[name].clear()
            assert len(memories.rooms) <= 2
            assert sum(bool(each.recent) for each in memories.owned.values()) <= 2
