"""The log gives every event its place."""

import gc
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.common.errors import ChatError
from chatroom.model.commands import Quit, Say
from chatroom.model.entities import Session
from chatroom.model.events import Said
from chatroom.model.outcomes import Command
from chatroom.protocols.plain import PLAIN
from tests.chat import NOON, Chat


def test_ids_rise_and_times_are_the_clocks() -> None:
    """Each event's id is higher than any before; one submission's events have one time."""
    chat = Chat()
    alice = chat.irc("alice", "echo-message", room="#a")
    alice.send("PRIVMSG #a :one", "PRIVMSG #a :two", "TOPIC #a :three")
    ids = [event.id for event, _ in chat.post.events]
    assert ids == sorted(set(ids))
    assert {event.time for event, _ in chat.post.events} == {NOON}


def test_ids_rise_over_a_restart_even_if_nothing_was_kept() -> None:
    """The next log starts above what any before it can have given."""
    first, second = Chat(), Chat()
    for chat in (first, second):
        chat.plain("alice").send(*["hi"] * 1000)
        second.time = NOON + 1000
    newest = Chat()
    newest.time = NOON + 1000
    newest.log = type(newest.log)(newest.hub, newest.post, lambda: newest.time)
    newest.plain("alice").send("hi")
    assert newest.post.events[-1][0].id > first.post.events[-1][0].id


def test_a_log_goes_on_behind_the_last_id_it_is_given() -> None:
    """Whatever the clock says."""
    chat = Chat()
    chat.log = type(chat.log)(chat.hub, chat.post, lambda: 0, last=41)
    chat.plain("alice")
    assert chat.post.events[-1][0].id == 42


def test_a_refusal_is_told_in_its_place() -> None:
    """The commands around a refused one are carried out, and the answers keep the order of the questions."""
    chat = Chat()
    alice = chat.plain("alice").send("/who", "/msg nobody hi", "/topic tea", "/foo")
    assert [line.split()[1] for line in alice.heard()] == ["1", "there", "alice", "unknown"]


def test_commands_are_made_one_by_one() -> None:
    """Whoever makes them may look at what the one before has changed: a name and the first line in one packet."""
    chat = Chat()
    bob = chat.plain("bob")
    chat.plain().send_bytes(b"alice\nhello\n/join #a\nthere\n")
    assert bob.heard() == ["* alice joined", "alice: hello", "* alice left"]


def test_nothing_is_carried_out_behind_a_goodbye() -> None:
    """What came in the same packet as QUIT is not read any more."""
    chat = Chat()
    alice, bob = chat.plain("alice"), chat.plain("bob")
    alice.heard()
    alice.send("/quit", "hello")
    assert bob.heard() == ["* alice left"]


def test_each_submission_is_dispatched_once() -> None:
    """However many commands are in it, so that they share a batch."""
    chat = Chat()
    alice = chat.plain("alice")
    before = chat.post.dispatched
    alice.send(*["hi"] * 100)
    assert chat.post.dispatched == before + 1


def test_what_a_crowd_does_is_dispatched_by_who_submits_it() -> None:
    """So that others are told of it in one go, or along with something else.

    Nothing more is heard of those who are on their way out already.
    """
    chat = Chat()
    alice, *crowd = [chat.plain(name) for name in ("alice", "bob", "carol", "dave")]
    alice.heard()
    before = chat.post.dispatched
    chat.log.submit_all([(each, Quit("late")) for each in crowd] + [(crowd[0], Quit("again"))])
    assert chat.post.dispatched == before
    assert alice.heard() == ["* bob left (late)", "* carol left (late)", "* dave left (late)"]
    assert crowd[0].heard()[-1] == "* Goodbye (late)."


def test_an_error_in_the_program_leaves_the_lock_open() -> None:
    """One client's misfortune is not everybody's."""
    chat = Chat()
    session = Session("x", "127.0.0.1", PLAIN)

    def commands() -> list[Command]:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        chat.log.submit(session, (command for _ in range(1) for command in commands()))
    assert not chat.log.lock.locked()


def test_one_clients_commands_are_carried_out_without_another_between() -> None:
    """Many threads submit at once; each submission stays in one piece, and no id is given twice."""
    chat = Chat()
    clients = [chat.irc(f"c{i}", "echo-message", room="#a") for i in range(8)]
    chat.post.events.clear()

    def talk(client: Session) -> None:
        for i in range(50):
            chat.submit(client, *[Say("#a", f"{client.uid} {i} {part}") for part in range(3)])

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that threads get in each other's way wherever they can
    threads = [threading.Thread(target=talk, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    said = [event for event, _ in chat.post.events if isinstance(event, Said)]
    assert len(said) == 8 * 50 * 3
    assert [event.id for event in said] == list(range(said[0].id, said[0].id + len(said)))
    for first in range(0, len(said), 3):
        who, number, _ = said[first].text.split()
        assert [event.text for event in said[first : first + 3]] == [f"{who} {number} {part}" for part in range(3)]


def test_what_is_refused_leaves_nothing_for_the_collector() -> None:
    """A circle would hold all that was read with it until the collector comes by, which is seldom."""
    chat = Chat()
    al, bob = chat.irc("al", room="#a"), chat.plain("bob")
    lines = ["NICK bob", "JOIN x", "MODE #a +ov nobody nobody", "PRIVMSG nobody :x", "KILL bob :x", "FOO", "MODE al +x"]
    al.send(*lines)
    gc.collect()
    gc.disable()
    try:
        for line in lines:
            al.send(line)
        for line in ("/nick al", "/join no,room", "/msg nobody x", "/foo"):
            bob.send(line)
        assert len(al.heard()) >= 2 * len(lines)
        chat.post.replies.clear()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert not [thing for thing in gc.garbage if isinstance(thing, ChatError)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@given(
    st.lists(st.sampled_from(["PRIVMSG #a :one", "PRIVMSG #a :two", "PRIVMSG #b :three", "PRIVMSG #a :", "PING x"])),
    st.sampled_from(["", "MODE #a +m", "PART #a", "MODE #a +b x!*@*", "CAP REQ echo-message"]),
)
def test_a_burst_is_what_its_messages_are_one_by_one(lines: list[str], before: str) -> None:
    """To its sender, to those in the room, to who comes later, and to the history."""

    def heard(*packets: str) -> list[object]:
        chat = Chat()
        op, bob = chat.irc("op", room="#a"), chat.irc("bob", "server-time", "message-tags", room="#a")
        al = chat.irc("al", room="#a")
        if before:
            (op if "MODE" in before else al).send(before)
        for packet in packets:
            al.send_bytes(packet.encode())
        ids = [event.id - chat.post.events[0][0].id for event, _ in chat.post.events]
        room = chat.hub.state.rooms["#a"]
        return [op.heard(), al.heard(), len(bob.heard()), ids, [(said.text, said.by.nick) for said in room.recent]]

    assert heard("".join([f"{line}\r\n" for line in lines])) == heard(*[f"{line}\r\n" for line in lines])
