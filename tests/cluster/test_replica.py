"""Servers without Redis and threads: a test hands on what they write, and says who reads when."""

import json
import time
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.cluster.redis_event_log import RedisEventLog
from chatroom.cluster.redis_stream import START, StreamEntry
from chatroom.cluster.replica import LinkStatus, OwnHistory
from chatroom.cluster.servers import Heartbeat, Timing
from chatroom.cluster.spool import Proposal
from chatroom.core import connections
from chatroom.core.hub import Hub
from chatroom.model.commands import (
    Burst,
    Join,
    Kick,
    Leave,
    MakeAccount,
    Quit,
    Register,
    Rename,
    Say,
    SetAway,
    SetModes,
    SetTopic,
)
from chatroom.model.entities import Session
from chatroom.model.events import Kept, Said
from chatroom.model.outcomes import Command
from chatroom.model.replies import Link, PersonalNotice, WaitingAre
from chatroom.model.values import ModeChange
from chatroom.protocols.plain import PLAIN
from tests.chat import NOON, TOLD_NOBODY, RecordingPost

TIMING = Timing()


class Stream:
    """What all servers have written, in order. `time` is the clock by which it is."""

    def __init__(self) -> None:
        self.entries: list[StreamEntry] = []
        self.time = NOON
        self.beginning = ""  # the snapshot with which the chat began

    def append(self, content: bytes) -> None:
        self.entries.append((f"{self.time}-{len(self.entries) + 1}", content))


class Member:
    """A server of the chat. It reads and writes only when it is told to."""

    def __init__(self, stream: Stream, name: str) -> None:
        self.stream = stream
        self.post = RecordingPost()
        self.hub = Hub(lambda: stream.time, lasting=True, name=name)
        self.log = RedisEventLog(
            self.hub, self.post, "redis://nowhere/0", name, None, OwnHistory(), lambda: None, TIMING
        )
        self.log.spool.let(open=True)
        self.log.hasten(time.monotonic())  # so that `submit` waits for nothing, which nobody would bring
        self.read_until = 0
        self._uids = count(1)
        replica = self.log.replica
        with self.log.lock:
            own = replica.leave_chat(self.post)
            stream.beginning = stream.beginning or own.snapshot
            replica.return_to(START, stream.beginning, own, True, self.post)
        self.catch_up()
        assert replica.status is LinkStatus.UP

    def write(self) -> None:
        while batch := self.log.spool.take(0):
            content = [self.log.id, batch[0].number, [proposal.rows for proposal in batch]]
            self.stream.append(json.dumps(content).encode())

    def read(self, most: int = 1_000_000) -> None:
        entries = self.stream.entries[self.read_until : self.read_until + most]
        self.read_until += len(entries)
        with self.log.lock:
            self.log.replica.apply_entries(entries, self.post)

    def catch_up(self) -> None:
        """Until all that this server has caused is carried out."""
        while len(self.log.spool) or self.read_until < len(self.stream.entries):
            self.write()
            self.read()

    def beat(self) -> None:
        self.log.spool.add(Proposal(None, [], [self.log.replica.codec.write(Heartbeat(0))]))
        self.write()

    def client(self) -> Session:
        session = Session(f"{self.log.id}.{next(self._uids)}", "192.0.2.1", PLAIN)
        connections.attach(self.hub.context, session)
        return session

    def submit(self, session: Session, command: Command) -> None:
        """Reads and writes first, if the client would have to wait."""
        with self.log.lock:
            must_wait = self.log.replica.awaited(session, True)
        if must_wait:
            self.catch_up()
        self.log.submit(session, [command])


NICKS = ("ann", "bob", "cat")
NAMES = st.sampled_from(NICKS)
ROOMS = st.sampled_from(["#lobby", "#a", "#b"])
ON = st.booleans()
COMMANDS = st.one_of(
    st.builds(lambda nick: Register(nick, "u", "Real Name", "#lobby"), NAMES),
    st.builds(Say, ROOMS, st.just("hi")),
    st.builds(lambda nick: Say(nick, "psst"), NAMES),
    st.builds(lambda room: Burst(room, ["one", "two"]), ROOMS),
    st.builds(Join, ROOMS),
    st.builds(lambda room: Leave(room, "bye"), ROOMS),
    st.builds(Rename, NAMES),
    st.builds(lambda room: SetTopic(room, "news"), ROOMS),
    st.builds(SetAway, st.sampled_from(["", "tea"])),
    st.builds(lambda room, nick: Kick(room, nick, "out"), ROOMS, NAMES),
    st.builds(lambda room, nick, on: SetModes(room, (ModeChange(on, "b", f"{nick}!*@*"),)), ROOMS, NAMES, ON),
    st.builds(lambda room, on: SetModes(room, (ModeChange(on, "i"),)), ROOMS, ON),
    st.builds(lambda room, on: SetModes(room, (ModeChange(on, "W", "5" if on else ""),)), ROOMS, ON),
    st.just(Quit("gone")),
)
WHO = st.integers(0, 2)
# A client of a server does something; a server writes; one reads a little; a server alone is heard for longer than a
# lease, so that the others are given up.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("do"), WHO, st.integers(0, 1), COMMANDS),
        st.tuples(st.just("write"), WHO),
        st.tuples(st.just("read"), WHO, st.integers(1, 3)),
        st.tuples(st.just("alone"), WHO),
    ),
    max_size=40,
)


def agree(members: list[Member]) -> None:
    """All write and read until there is nothing more; then they hold the same."""
    while any(each.read_until < len(each.stream.entries) or len(each.log.spool) for each in members):
        for each in members:
            each.catch_up()
    held = [each.log.replica.snapshot() for each in members]
    assert held[1:] == held[:-1]


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_servers_hold_the_same_whoever_reads_when(steps: list[tuple[object, ...]]) -> None:
    """And so if some were given up and came again: their clients still have their users, if they have a name."""
    stream = Stream()
    members = [Member(stream, name) for name in ("one", "two", "three")]
    clients = [[each.client() for _ in range(2)] for each in members]
    for what, who, *rest in steps:
        assert isinstance(who, int)
        member = members[who]
        stream.time += 100
        match what, rest:
            case "do", [int(which), command]:
                if clients[who][which].closing:
                    clients[who][which] = member.client()
                member.submit(clients[who][which], command)  # type: ignore[arg-type]  # hypothesis knows
            case "write", _:
                member.write()
            case "read", [int(most)]:
                member.read(most)
            case "alone", _:
                for _ in range(3):  # often enough that it is not Redis that was away
                    stream.time += int(TIMING.lease * 1000 / 2.5)
                    member.beat()
    agree(members)
    for member in members:
        state = member.hub.state
        for session in state.sessions.values():
            user = session.user
            assert user is None or (session in user.sessions and state.users[user.person.uid] is user)
        ids = [event.id for event, _ in member.post.events if type(event) not in TOLD_NOBODY]
        assert ids == sorted(ids)
    members.append(Member(stream, "four"))
    agree(members)


def ann_and_bob() -> tuple[Stream, Member, Member, Session, Session]:
    """A stream with two servers, and somebody on each of them."""
    stream = Stream()
    one, two = Member(stream, "one"), Member(stream, "two")
    ann, bob = one.client(), two.client()
    one.submit(ann, Register("ann", "u", "Ann", "#lobby"))
    two.submit(bob, Register("bob", "u", "Bob", "#lobby"))
    return stream, one, two, ann, bob


def test_what_is_said_to_somebody_whose_server_is_dying_waits_for_them() -> None:
    """Where they are logged in; and it is told once to who only seemed to be gone, as their server was late."""
    stream, one, two, ann, bob = ann_and_bob()
    one.submit(ann, MakeAccount("correct-horse"))
    two.submit(bob, MakeAccount("correct-horse"))
    agree([one, two])
    one.submit(ann, Say("bob", "heard"))
    agree([one, two])
    stream.time += 1000
    two.beat()
    agree([one, two])
    two.post.replies.clear()
    two.post.events.clear()
    for text in ("at once", "later"):
        stream.time += 1000
        one.submit(ann, Say("bob", text))
        one.catch_up()
    for _ in range(3):
        stream.time += int(TIMING.lease * 1000 / 2.5)
        one.submit(ann, Say("#lobby", "anybody?"))
        one.catch_up()
    assert "bob" not in one.hub.state.presences
    assert [said.text for said in one.hub.state.waiting["bob"]] == ["at once", "later"]
    assert [event.id for event, _ in one.post.events if isinstance(event, Kept)] == [
        said.id for said in one.hub.state.waiting["bob"]
    ]
    one.submit(ann, Say("bob", "nobody is there"))
    agree([one, two])
    told = [event.text for event, audience in two.post.events if isinstance(event, Said) and bob.uid in audience]
    waited = [said.text for _, reply in two.post.replies if isinstance(reply, WaitingAre) for said in reply.said]
    assert [text for text in told + waited if text != "anybody?"] == ["at once", "later", "nobody is there"]


def test_who_was_given_up_is_told_what_they_missed_and_nothing_of_their_own_departure() -> None:
    """To the others they leave and come again."""
    stream, one, two, ann, bob = ann_and_bob()
    agree([one, two])
    for each in (one, two):
        each.post.events.clear()
        each.post.replies.clear()
    for _ in range(3):
        stream.time += int(TIMING.lease * 1000 / 2.5)
        one.submit(ann, Say("#lobby", f"at {stream.time}"))
        one.write()
    agree([one, two])
    assert [type(event).__name__ for event, audience in one.post.events if ann.uid in audience] == [
        "Departed",
        "Joined",
    ]
    told = [event for event, audience in two.post.events if bob.uid in audience]
    replies = [reply for uid, reply in two.post.replies if uid == bob.uid]
    assert replies[0] == Link(works=True, gap=False)
    missed = [reply.event for reply in replies if isinstance(reply, PersonalNotice)]
    assert missed
    assert [*told, *missed] == list(one.hub.state.rooms["#lobby"].recent)
