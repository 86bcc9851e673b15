"""Clients do everything at random; in the end all must agree on who is where, and who may what."""

import random
import time
from collections.abc import Callable

from tests.benchmarks.abuse.attack import Check, at_most, exactly, start
from tests.benchmarks.abuse.scarce import server_errors
from tests.benchmarks.load import Client, Swarm, stolen
from tests.peers import Irc

_SEED = 20_261_122
_ROOMS = [f"#p{number}" for number in range(25)]
_RATE = 100  # things done a second, by all together

Members = dict[str, str]  # nickname: ranks


class Picture:
    """What one client believes: who is in its rooms, with which ranks. Made from what it is told alone."""

    def __init__(self, nick: str) -> None:
        self.nick = nick
        self.rooms: dict[str, Members] = {}
        self.listed: dict[str, Members] = {}  # of rooms whose names are being told
        self._tail = b""
        self._told: dict[str, Callable[[str, list[str]], None]] = {
            "JOIN": self._join,
            "PART": self._part,
            "KICK": self._kick,
            "QUIT": self._quit,
            "NICK": self._nick,
            "MODE": self._mode,
            "353": self._names,
            "366": self._end_of_names,
        }

    def hear(self, data: bytes) -> None:
        *lines, self._tail = (self._tail + data).split(b"\r\n")
        for line in lines:
            source, _, rest = line.decode().removeprefix(":").partition(" ")
            head, colon, last = rest.partition(" :")
            command, *params = head.split()
            if command in self._told:
                self._told[command](source.partition("!")[0], [*params, last] if colon else params)

    def _join(self, who: str, params: list[str]) -> None:
        self.rooms.setdefault(params[0], {})[who] = ""

    def _part(self, who: str, params: list[str]) -> None:
        self._leave(params[0], who)

    def _kick(self, who: str, params: list[str]) -> None:
        self._leave(params[0], params[1])

    def _leave(self, room: str, nick: str) -> None:
        del self.rooms[room][nick]
        if nick == self.nick:
            del self.rooms[room]

    def _quit(self, who: str, params: list[str]) -> None:
        for members in self.rooms.values():
            members.pop(who, None)

    def _nick(self, who: str, params: list[str]) -> None:
        for members in self.rooms.values():
            if who in members:
                members[params[0]] = members.pop(who)
        if who == self.nick:
            self.nick = params[0]

    def _mode(self, who: str, params: list[str]) -> None:
        room, letters, *names = params
        if room not in self.rooms:
            return
        on = True
        for letter in letters:
            if letter in "+-":
                on = letter == "+"
            elif letter in "ov":
                nick, sign = names.pop(0), "@" if letter == "o" else "+"
                ranks = set(self.rooms[room][nick]) - {sign} | ({sign} if on else set())
                self.rooms[room][nick] = "".join(sorted(ranks))

    def _names(self, who: str, params: list[str]) -> None:
        listed = self.listed.setdefault(params[2], {})
        for name in params[3].split():
            nick = name.lstrip("@+")
            listed[nick] = "".join(sorted(name[: len(name) - len(nick)]))

    def _end_of_names(self, who: str, params: list[str]) -> None:
        listed = self.listed.pop(params[1], {})  # those of a room that one is not in can be asked for, too
        if params[1] in self.rooms:
            self.rooms[params[1]] = listed


class _Crowd:
    """The clients of a swarm with their pictures."""

    def __init__(self, swarm: Swarm, chance: random.Random) -> None:
        self.pictures: dict[Client, Picture] = {}
        self.done = 0
        self._swarm = swarm
        self._chance = chance
        self._numbers = 0
        moves = (self._join, self._join, self._part, self._nick, self._kick, self._mode, self._mode, self._quit)
        self._deeds = (*moves, self._talk, self._talk, self._whisper, self._topic, self._ask)
        swarm.reader = self._read

    def _read(self, client: Client, size: int) -> None:
        data = bytes(self._swarm.buffer[:size])
        self.pictures[client].hear(data)
        if client.steps or size < 64:
            self._swarm.step(client, size)

    def add(self) -> Client:
        """Names are told with all ranks: IRCv3 multi-prefix."""
        client = self._swarm.connect(self._chance.choice(_ROOMS)[1:])
        self.pictures[client] = Picture(f"u{self._numbers}")
        self._numbers += 1
        client.out = b"CAP REQ :multi-prefix\r\nCAP END\r\n" + client.out
        return client

    def act(self) -> None:
        """One client does one thing."""
        client = self._chance.choice(self._swarm.clients)
        if client.open and not client.steps:
            self._chance.choice(self._deeds)(client, self.pictures[client])
            self.done += 1

    def _say(self, client: Client, line: str) -> None:
        self._swarm.say(client, f"{line}\r\n".encode())

    def _join(self, client: Client, picture: Picture) -> None:
        self._say(client, f"JOIN {self._chance.choice(_ROOMS)}")

    def _part(self, client: Client, picture: Picture) -> None:
        if picture.rooms:
            self._say(client, f"PART {self._chance.choice(list(picture.rooms))} :enough")

    def _nick(self, client: Client, picture: Picture) -> None:
        self._say(client, f"NICK n{self._chance.randrange(2000)}")

    def _kick(self, client: Client, picture: Picture) -> None:
        if picture.rooms:
            room = self._chance.choice(list(picture.rooms))
            self._say(client, f"KICK {room} {self._chance.choice([*picture.rooms[room], 'nobody'])} :out")

    def _mode(self, client: Client, picture: Picture) -> None:
        if picture.rooms:
            room = self._chance.choice(list(picture.rooms))
            change = self._chance.choice(["+o", "-o", "+v", "-v", "+v", "+o"])
            self._say(client, f"MODE {room} {change} {self._chance.choice([*picture.rooms[room], 'nobody'])}")

    def _talk(self, client: Client, picture: Picture) -> None:
        if picture.rooms:
            self._say(
                client, f"PRIVMSG {self._chance.choice(list(picture.rooms))} :{'x' * self._chance.randrange(400)}"
            )

    def _whisper(self, client: Client, picture: Picture) -> None:
        other = self._chance.choice(list(self.pictures.values())).nick
        self._say(client, self._chance.choice([f"PRIVMSG {other} :psst", f"WHOIS {other}", f"INVITE {other} #p0"]))

    def _topic(self, client: Client, picture: Picture) -> None:
        if picture.rooms:
            self._say(client, f"TOPIC {self._chance.choice(list(picture.rooms))} :number {self.done}")

    def _ask(self, client: Client, picture: Picture) -> None:
        room = self._chance.choice(_ROOMS)
        questions = ["LIST", f"NAMES {room}", f"WHO {room}", f"MODE {room}", "LUSERS", "AWAY :tea", "AWAY", "MOTD"]
        self._say(client, self._chance.choice(questions))

    def _quit(self, client: Client, picture: Picture) -> None:
        self._say(client, "QUIT :see you")
        del self.pictures[client]
        self._swarm.forget(client, reset=self._chance.random() < 0.5)
        self.add()

    def disagreements(self) -> int:
        """Rooms in which two members' pictures differ, or in which somebody believes to be and others don't."""
        found = 0
        for room in _ROOMS:
            seen = [picture.rooms[room] for picture in self.pictures.values() if room in picture.rooms]
            inside = {picture.nick for picture in self.pictures.values() if room in picture.rooms}
            found += any(each != seen[0] or set(each) != inside for each in seen)
        return found


def pictures(short: bool) -> list[Check]:
    return act_at_random(20, 3.0) if short else act_at_random(500, 1800.0)


def act_at_random(clients: int, seconds: float) -> list[Check]:
    with start("--unlimited", "--log-level", "warning") as server, Swarm(server.port, names=10**9) as swarm:
        crowd = _Crowd(swarm, random.Random(_SEED))
        probe = Irc(server.port, "probe")
        for _ in range(clients):
            crowd.add()
        swarm.settle()
        trips, memory = _act(crowd, swarm, probe, seconds, server.memory)
        swarm.settle(within=60)
        probe.close()
        log = server.log()
    longest = max(trips)
    return [
        Check("things done", crowd.done, "told only", True),
        exactly("clients that the server closed", swarm.closed, 0),
        exactly("rooms on which members disagree", crowd.disagreements(), 0),
        Check(
            "rooms in which somebody is", len({r for p in crowd.pictures.values() for r in p.rooms}), "told only", True
        ),
        at_most("the probe's longest round trip", longest[0] * 1000, 1000, "ms", timed=True),
        Check("seconds for which processors were stopped meanwhile", longest[1], "told only", True),
        at_most("memory more, from half to end", memory, 10, "MiB"),
        exactly("tracebacks", server_errors(log.splitlines()), 0),
    ]


def _act(
    crowd: _Crowd, swarm: Swarm, probe: Irc, seconds: float, memory: Callable[[], float]
) -> tuple[list[tuple[float, float]], float]:
    """Has the crowd act for so long; returns the probe's round trips, and the growth from half to end.

    Each round trip comes with the seconds for which the machine's processors were stopped from outside meanwhile.
    """
    began = time.monotonic()
    trips: list[tuple[float, float]] = []
    half = 0.0
    turns = 0
    while (now := time.monotonic()) < began + seconds:
        if not half and now > began + seconds / 2:
            half = memory()
        while turns < (now - began) * _RATE:
            crowd.act()
            turns += 1
        swarm.pump(1 / _RATE)
        if turns % 50 == 0:
            asked, before = time.monotonic(), stolen()
            probe.sync()
            trips.append((time.monotonic() - asked, stolen() - before))
            probe.heard.clear()
            turns += 1
    return trips, (memory() - half) / 1024
