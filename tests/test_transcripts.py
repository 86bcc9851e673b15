"""Contract 2: every member of a room sees its events in log order, from its joining to its leaving, without a gap.

Many people flood one room while members join, leave, rename themselves and quit. A witness that is there all the time
writes down the room's order by the ids that the server gives (IRCv3 message-ids); everybody else's transcript must be a
run of it that begins with the own JOIN and ends with the own PART, or with the connection.
"""

import random
import re
import threading
from collections.abc import Callable
from functools import partial

from tests.peers import Guests, Irc, Plain

ROOM = "#order"
CAPABILITIES = ("message-tags", "echo-message", "batch")  # in a batch is what was said before: no event here
SENDERS, LINES = 4, 600
VISITORS, VISITS = 4, 25
_EVENT = re.compile(rf"^@msgid=(\w+) (:\S+ (?:PRIVMSG|JOIN|PART|TOPIC) {ROOM}.*|:\S+ (?:NICK|QUIT) .*)$")


def transcript(lines: list[str]) -> list[tuple[int, str]]:
    """The room's events in a member's lines: their ids and the rest of the line."""
    return [(int(match[1], 16), match[2]) for match in map(_EVENT.match, lines) if match]


def together(*jobs: Callable[[], None]) -> None:
    """Runs all jobs at once; raises what one of them raised."""
    failures: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def flood(sender: Irc) -> None:
    """Says all its lines in packets of many sizes, and now and then something else."""
    chance = random.Random(sender.nick)
    number = 0
    while number < LINES:
        packet = range(number, min(LINES, number + chance.randint(1, 40)))
        sender.send(*[f"PRIVMSG {ROOM} :{sender.nick} {i}" for i in packet])
        number = packet.stop
        if chance.random() < 0.3:
            sender.send(f"TOPIC {ROOM} :{sender.nick} {number}")
        if chance.random() < 0.3:
            sender.send(f"NICK {sender.nick}_{number}")
        sender.sync()


def visit(visitor: Irc) -> None:
    """Comes and goes while the others talk; leaves by PART each time but the last."""
    chance = random.Random(visitor.nick)
    for i in range(VISITS):
        visitor.send(f"JOIN {ROOM}", f"PRIVMSG {ROOM} :{visitor.nick} is here {i}")
        for _ in range(chance.randint(1, 6)):
            visitor.sync()
        if i < VISITS - 1:
            visitor.send(f"PRIVMSG {ROOM} :{visitor.nick} goes {i}", f"PART {ROOM} :{i}")
            visitor.sync()
    visitor.send("QUIT :done")
    visitor.rest()


def stays(lines: list[str], nick: str) -> list[list[tuple[int, str]]]:
    """A visitor's transcript, cut into one piece for each of its stays in the room."""
    pieces: list[list[tuple[int, str]]] = []
    for event in transcript(lines):
        if re.match(rf":{nick}!\S+ JOIN ", event[1]):
            pieces.append([])
        assert pieces, f"{nick} saw something before its first JOIN: {event}"
        pieces[-1].append(event)
    for piece in pieces[:-1]:
        assert re.match(rf":{nick}!\S+ PART ", piece[-1][1]), f"{nick} saw something after its PART: {piece[-1]}"
    return pieces


def test_every_member_sees_a_run_of_the_rooms_order(guests: Guests) -> None:
    """From its own JOIN to its own PART or QUIT, nothing missing, nothing twice, nothing out of place."""
    witness = guests.irc("witness", *CAPABILITIES, room=ROOM)
    readers: list[Irc] = [guests.irc(f"reader{i}", *CAPABILITIES, room=ROOM) for i in range(2)]
    senders = [guests.irc(f"sender{i}", *CAPABILITIES, room=ROOM) for i in range(SENDERS)]
    visitors = [guests.irc(f"visitor{i}", *CAPABILITIES, room="") for i in range(VISITORS)]
    together(*[partial(flood, sender) for sender in senders], *[partial(visit, visitor) for visitor in visitors])
    for member in (witness, *readers, *senders):
        member.sync()
    order = transcript(witness.heard)
    ids = [id_ for id_, _ in order]
    assert ids == sorted(set(ids))
    said = [line for _, line in order if " PRIVMSG " in line]
    assert len(said) == SENDERS * LINES + VISITORS * (2 * VISITS - 1)

    position = {id_: i for i, id_ in enumerate(ids)}
    for member in (*readers, *senders):
        heard = transcript(member.heard)
        assert heard == order[position[heard[0][0]] :], member.nick
    for visitor in visitors:
        pieces = stays(visitor.heard, visitor.nick)
        assert len(pieces) == VISITS
        for piece in pieces:
            start = position[piece[0][0]]
            assert piece == order[start : start + len(piece)], visitor.nick
        gone = next(i for i, (_, line) in enumerate(order) if line.startswith(f":{visitor.nick}!u@127.0.0.1 QUIT "))
        assert position[pieces[-1][-1][0]] == gone - 1


def test_a_plain_member_sees_the_same_order(guests: Guests) -> None:
    """All of it but its own words; and what it says is in its place for the others."""
    witness = guests.irc("witness", room=ROOM)
    members = [guests.plain(f"plain{i}") for i in range(4)]
    for member in members:
        member.send(f"/join {ROOM}")
        member.wait(f"You are in {ROOM} now")
    for member in members:
        member.sync()
        witness.wait(f"^:{member.name}!.* JOIN")

    def talk(member: Plain) -> None:
        for i in range(0, LINES, 10):
            member.send(*[f"{member.name} {j}" for j in range(i, i + 10)])
            member.sync()

    before = [len(member.heard) for member in members]
    together(*[partial(talk, member) for member in members])
    order = [line.partition(f"PRIVMSG {ROOM} :")[2] for line in witness.sync()]
    assert len(order) == 4 * LINES
    for member, start in zip(members, before, strict=True):
        member.sync()
        heard = [line for line in member.heard[start:] if not line.startswith("* unknown command /sync")]
        assert heard == [f"{words.split()[0]}: {words}" for words in order if words.split()[0] != member.name]


def test_what_one_is_told_personally_keeps_its_place(guests: Guests) -> None:
    """An answer stands behind what happened before the question, and before what happened after it."""
    sender, asker = guests.irc("sender", room=ROOM), guests.irc("asker", "echo-message", room=ROOM)

    def ask() -> None:
        for i in range(200):
            asker.send(f"PRIVMSG {ROOM} :before {i}", f"PING question-{i}", f"PRIVMSG {ROOM} :after {i}")
        asker.sync()

    together(partial(flood, sender), ask)
    own = [
        re.match(r":(?:asker!.* PRIVMSG|\S+ PONG) .*:?(before|question|after)[ -](\d+)$", line) for line in asker.heard
    ]
    expected = [f"{word} {i}" for i in range(200) for word in ("before", "question", "after")]
    assert [f"{match[1]} {match[2]}" for match in own if match] == expected
