"""Three servers under a random load of all commands: what is told and what is held is the same on all of them."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.cluster import snapshots
from chatroom.storage.store import Store
from tests.cluster.conftest import Node, Redis, agree
from tests.peers import DEADLINE, Peer, eventually

pytestmark = pytest.mark.needs("redis-server")
Start = Callable[..., Node]

ROOMS = ["#a", "#b", "#c"]
ENOUGH = 150  # lines of each client; on a slow machine they take longer
CAPABILITIES = ("message-tags", "server-time", "away-notify", "setname", "invite-notify", "extended-join")
COMMANDS = [
    *(["PRIVMSG {room} :{text}"] * 8),
    *("NOTICE {room} :{text}", "PRIVMSG @{room} :{text}", "PRIVMSG {nick} :{text}", "@+typing=active TAGMSG {room}"),
    *("PRIVMSG {room} :\x01ACTION {text}\x01", "TOPIC {room} :{text}", "AWAY :{text}", "AWAY", "SETNAME :{text}"),
    *("JOIN {room}", "JOIN {room}", "JOIN {room} key", "PART {room} :{text}", "JOIN 0", "JOIN #a,#b,#c"),
    *("NICK {new}", "NICK {new}", "KICK {room} {nick} :{text}", "INVITE {nick} {room}"),
    *("MODE {room} {sign}o {nick}", "MODE {room} {sign}v {nick}", "MODE {room} {sign}mnt", "MODE {room} {sign}s"),
    *("MODE {room} {sign}b {nick}!*@*", "MODE {room} {sign}i", "MODE {room} +k key", "MODE {room} -k key"),
    *("MODE {room} {sign}l 9", "WHOIS {nick}", "NAMES {room}", "LIST", "WHO {room}", "LUSERS", "LINKS"),
    *("MODE {me} {sign}i", "OPER x sesame", "KILL {nick} :{text}", "WALLOPS :{text}", "PING {text}", "ISON {nick}"),
    *("MODE {room} {sign}b m:{nick}!*@*", "MODE {room} +W 1", "MODE {room} -W"),
    *("PRIVMSG NickServ :REGISTER horse-{me}", "PRIVMSG NickServ :IDENTIFY {nick} horse-{nick}", "QUIT :{text}"),
    "PRIVMSG NickServ :DROP {nick} horse-{nick}",
]


class Mess(threading.Thread):
    """A client that does anything, and comes again when it is gone."""

    def __init__(self, node: Node, nick: str, seed: int, until: float) -> None:
        """It goes on until that moment, in monotonic seconds, and until it has said enough."""
        super().__init__(daemon=True)
        self._node = node
        self._nick = nick
        self._random = random.Random(seed)
        self._until = until
        self.lines = 0

    def run(self) -> None:
        while not self._is_done():
            peer = Peer(self._node.server.port)
            peer.sock.setblocking(True)
            reader = threading.Thread(target=_drink, args=(peer,), daemon=True)
            reader.start()
            try:
                # The first name may be taken; then the second is the one to come in with.
                peer.send(
                    f"NICK {self._nick}", "USER u 0 * :real", f"NICK {self._nick}_{self.lines}", f"NICK {self._nick}"
                )
                peer.send("OPER x sesame", *[f"JOIN {room}" for room in ROOMS])
                while not self._is_done() and reader.is_alive():
                    peer.send(*[self._line() for _ in range(self._random.randint(1, 4))])
                    time.sleep(self._random.random() * 0.01)
                peer.end_input()
            except OSError:
                pass  # killed, or it has quit
            reader.join(10)
            peer.close()

    def _is_done(self) -> bool:
        late = time.monotonic() - self._until
        return late > 0 and (self.lines >= ENOUGH or late > DEADLINE)

    def _line(self) -> str:
        self.lines += 1
        pick = self._random.choice
        names = [f"n{i}" for i in range(9)]
        return pick(COMMANDS).format(
            room=pick(ROOMS),
            nick=pick(names),
            new=pick([*names, "x", "y", self._nick]),
            me=self._nick,
            sign=pick("+-"),
            text=f"{self._nick} {self.lines}",
        )


def _drink(peer: Peer) -> None:
    try:
        while peer.sock.recv(65536):
            pass
    except OSError:
        pass


@pytest.mark.parametrize("fault", ["none", "connections killed", "Redis restarted"])
def test_what_is_told_and_held_is_the_same_on_all_servers(redis: Redis, node: Start, fault: str) -> None:
    """Three who only listen, one on each server, are told the same, line by line, with the same ids and times."""
    nodes = [node(name) for name in ("one", "two", "three")]
    for each in nodes:
        each.server.hub.context.operator_password = "sesame"
    nodes[0].guests.irc("keeper", room=",".join(ROOMS))  # whose rooms they are: those who listen have no rank
    ears = [each.guests.irc(f"ear{i}", *CAPABILITIES, room=",".join(ROOMS)) for i, each in enumerate(nodes)]
    agree(*nodes)
    starts = []
    for ear in ears:
        ear.sync()
        starts.append(len(ear.heard))
    until = time.monotonic() + 4
    messes = [Mess(nodes[i % 3], f"n{i}", i, until) for i in range(9)]
    for mess in messes:
        mess.start()
    if fault != "none":
        time.sleep(1)  # of load, not a wait for anything
        redis.tell("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    if fault == "Redis restarted":
        redis.kill()
        eventually(lambda: all(each.is_down() for each in nodes), "it is noticed")
        redis.start()
    for mess in messes:
        mess.join(2 * DEADLINE)
        assert not mess.is_alive()
    agree(*nodes, within=30)
    told: list[list[str]] = []
    for ear, start in zip(ears, starts, strict=True):
        ear.sync()
        told.append([line for line in ear.heard[start:] if _is_event(line)])
    assert all(mess.lines >= ENOUGH for mess in messes)
    assert len(told[0]) > ENOUGH
    assert nodes[0].server.hub.state.accounts
    for other in told[1:]:
        first = next((i for i, (a, b) in enumerate(zip(told[0], other, strict=False)) if a != b), -1)
        assert other == told[0], f"line {first}: {other[first]} is not {told[0][first]}"


def test_what_is_held_is_the_same_after_losses_and_a_snapshot(
    redis: Redis, node: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis loses all, then a part, and a server ends and comes back; and what lasts is so in everybody's own file."""
    monkeypatch.setattr("chatroom.cluster.redis_link.SNAPSHOT_ENTRIES", 50)
    monkeypatch.setattr("chatroom.cluster.redis_stream.SNAPSHOTS_KEPT", 3)
    names = ("one", "two", "three")
    nodes = [node(name, Store(tmp_path / name)) for name in names]
    for each in nodes:
        each.server.hub.context.operator_password = "sesame"
    until = time.monotonic() + 4
    messes = [Mess(nodes[i % 2], f"n{i}", i, until) for i in range(6)]
    for mess in messes:
        mess.start()
    for key in ("", "chatroom:stream", "chatroom:snapshots"):
        time.sleep(0.7)  # of load, not a wait for anything
        redis.tell(*(("DEL", key) if key else ("FLUSHALL",)))
        if not key:
            nodes[2].stop()
        elif key == "chatroom:stream":
            nodes[2] = node("three", Store(tmp_path / "three"))
    for mess in messes:
        mess.join(2 * DEADLINE)
        assert not mess.is_alive()
    agree(*nodes, within=30)
    lasting = [snapshots.lasting(each.server.hub.state) for each in nodes]
    for each in nodes:
        each.stop()
    for name, known in zip(names, lasting, strict=True):
        store = Store(tmp_path / name)
        with closing(store.reader()) as reader:
            assert sorted(map(tuple, reader.accounts())) == sorted(map(tuple, known.accounts)), name
            assert reader.owners() == {room.key: room.owner for room in known.rooms}, name
            listed = {(room, letter, entry.mask) for room, letter, entry in reader.lists()}
            assert listed == {(room, letter, entry.mask) for room, letter, entry in known.lists}, name
        store.close()


def _is_event(line: str) -> bool:
    """What is not an answer to the listener alone."""
    return " PONG " not in line and " NOTICE ear" not in line and not any(f" {n} ear" in line for n in ("366", "353"))
