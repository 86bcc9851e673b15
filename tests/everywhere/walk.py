"""bob by every kind of program at once, on three servers with a Redis: devices come and go, servers are killed.

At the end the servers hold the same, and each device has shown a part of the history without a gap: each line once, in
the one order. `python -m tests.everywhere` runs it for as long as one likes.
"""

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.cluster.conftest import Redis
from tests.everywhere.devices import (
    MARK,
    NICK,
    PASSWORD,
    Device,
    InWindow,
    LoggedIrssi,
    LoggedWeeChat,
    Make,
    Netcat,
    OnPage,
    Terminal,
)
from tests.gui.people import Server
from tests.gui.window import screen
from tests.peers import Irc, claim_name, eventually

SERVERS = ("one", "two", "three")  # the first one is never killed: those who watch are there
DEVICES = 7  # at once; 10 is the most that the server lets one person have
DOWN_SECONDS = (2.0, 12.0)  # for which a server stays killed; within and beyond the 10 s after which it is given up
PAUSE_SECONDS = 0.5  # between two steps, at most
NEEDS = ("redis-server", "nc", "irssi", "weechat-curses", "tmux", "Xvfb", "xdotool", "chromium")


@dataclass
class Guest:
    """A device that is here, or was."""

    name: str
    device: Device
    server: int
    connected: bool = True
    own: set[str] = field(default_factory=set)  # said from here
    told: set[str] = field(default_factory=set)  # what was said to bob alone while it was here
    first: str = ""  # the first and the last mark that it has to have shown
    last: str = ""
    shown: list[list[str]] = field(default_factory=list)


class Walk:
    def __init__(self, directory: Path, seed: int, devices: Mapping[str, Make], say: bool = False) -> None:
        self.dice = random.Random(seed)
        self.makers = devices
        self.here: list[Guest] = []
        self.gone: list[Guest] = []
        self.kills = self.arrivals = 0
        self._directory = directory
        self._numbers = count(1)
        self._names = count(1)
        self._aloud = say
        self._certain: list[str] = []  # marks that somebody has heard: these are not lost
        self._down: dict[int, float] = {}  # servers that are killed, and when they are to come again
        self._open = ExitStack()

    def __enter__(self) -> "Walk":
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for guest in self.here:
            try:
                guest.device.kill()
            except Exception as error:  # the first failure is the one that counts
                print(f"{guest.name}: {error}", file=sys.stderr)
        self._open.close()

    def _start(self) -> None:
        (self._directory / "redis").mkdir()
        redis = Redis(self._directory / "redis")
        self._open.callback(redis.close)
        self.servers = []
        for name in SERVERS:
            (self._directory / name).mkdir()
            server = Server(self._directory / name, "--cluster", redis.url, "--name", name, "--no-announce")
            self.servers.append(self._open.enter_context(server))
        claim_name(self.servers[0].port, NICK, PASSWORD)
        self.eve = Irc(self.servers[0].port, "eve")
        self._open.callback(self.eve.close)

    # ---- steps ----------------------------------------------------------------------------------------------------

    def run(self, seconds: float, kills: int) -> None:
        """Steps at random for that long; in between, that many times a server is killed."""
        start = time.monotonic()
        for kind in self.makers:
            self.come(kind)
        due = [start + seconds * (number + 1) / (kills + 1) for number in range(kills)]
        while time.monotonic() < start + seconds:
            if due and time.monotonic() > due[0] and not self._down:
                due.pop(0)
                self.kill_server(self.dice.choice([1, 2]))
            for server, when in list(self._down.items()):
                if time.monotonic() > when:
                    self.start_server(server)
            self.step()
            for guest in self.here:
                guest.device.shown()  # which looks at what will have scrolled away later
            time.sleep(self.dice.uniform(0, PAUSE_SECONDS))  # people are no flood
        for server in list(self._down):
            self.start_server(server)
        for kind in self.makers:
            if kind not in [guest.name.split()[0] for guest in self.here]:
                self.come(kind)
        while self.here:
            self.leave(self.here[0], kindly=True)

    def step(self) -> None:
        what = self.dice.random()
        if what < 0.1 and len(self.here) < DEVICES:
            self.come(self.dice.choice(list(self.makers)))
        elif what < 0.17 and self.here:
            self.leave(self.dice.choice(self.here), kindly=self.dice.random() < 0.6)
        elif what < 0.7:
            self.say()
        elif what < 0.8:
            for _ in range(self.dice.randint(2, 6)):
                self.say(wait=False)
            self.certain(self.eve_says())
        elif what < 0.9:
            self.whisper()
        else:
            self.count_members()

    def come(self, kind: str) -> None:
        """A device comes, to any server that runs; it is here when it has shown what was said after its start."""
        server = self.dice.choice([n for n in range(len(SERVERS)) if n not in self._down])
        if kind == "window" and any(guest.name.startswith(kind) for guest in self.here):
            return  # there is one keyboard
        name = f"{kind} {next(self._names)}"
        self._note(f"{name} comes to {SERVERS[server]}")
        home = self._directory / name.replace(" ", "-")
        home.mkdir()
        guest = Guest(name, self.makers[kind](self.servers[server].port, home), server)
        self.here.append(guest)
        self.arrivals += 1
        guest.first = self.eve_says()
        self.sees(guest, guest.first)

    def leave(self, guest: Guest, kindly: bool) -> None:
        if not guest.connected:
            return
        self._note(f"{guest.name} {'leaves' if kindly else 'is killed'}")
        if kindly:
            guest.last = self.eve_says()
            self.sees(guest, guest.last)
            guest.shown = guest.device.shown()
            guest.device.quit()
        self._remove(guest)

    def _remove(self, guest: Guest) -> None:
        guest.shown = guest.shown or guest.device.shown()
        self.here.remove(guest)
        self.gone.append(guest)
        guest.device.kill()

    def say(self, wait: bool = True) -> None:
        """One of those who are here says something, in the room; a device whose server is down may be one, too."""
        able = [g for g in self.here if g.connected or (g.device.comes_back and g.device.places_own)]
        if not able or self.dice.random() < 0.2:
            mark, wait = self.eve_says(), False
        else:
            guest, mark = self.dice.choice(able), f"m-{next(self._numbers)}"
            guest.own.add(mark)
            self._note(f"{guest.name} says {mark}")
            guest.device.say(mark)
            wait = wait and guest.connected
        if wait:
            try:
                self.certain(mark)
            except AssertionError as error:
                raise AssertionError(f"{error}; {guest.name} shows {guest.device.screen()}") from None

    def eve_says(self) -> str:
        mark = f"m-{next(self._numbers)}"
        self.eve.send(f"PRIVMSG #lobby :{mark}")
        self.eve.sync()
        self._certain.append(mark)
        return mark

    def certain(self, mark: str) -> None:
        """Waits until it is heard by who watches; then it may not be lost."""
        if mark not in self._certain:
            self.eve.wait(f"^:{NICK}!.* PRIVMSG #lobby :{mark}$")
            self._certain.append(mark)

    def whisper(self) -> None:
        """Something is said to bob alone."""
        hearing = [guest for guest in self.here if guest.connected and guest.device.is_private]
        if not hearing or self._down:
            return
        mark = f"p-{next(self._numbers)}"
        self.eve.send(f"PRIVMSG {NICK} :{mark}")
        for guest in hearing:
            guest.told.add(mark)
            self.sees(guest, mark)

    def count_members(self) -> None:
        """To others he is one member, or none."""
        self.eve.send("NAMES #lobby")
        (line,) = [line for line in self.eve.sync() if " 353 " in line]
        found = re.split(r"[ :@+]", line).count(NICK)
        assert found == 1 or not any(guest.connected for guest in self.here), (line, self.here)

    def sees(self, guest: Guest, mark: str) -> None:
        try:
            eventually(lambda: mark in chain(*guest.device.shown()), f"{guest.name} shows {mark}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {guest.device.shown()} {guest.device.screen()}") from None

    # ---- servers --------------------------------------------------------------------------------------------------

    def kill_server(self, server: int) -> None:
        """In the middle of what is said on it."""
        self._note(f"{SERVERS[server]} is killed")
        there = [guest for guest in self.here if guest.server == server]
        for guest in there:
            mark = f"m-{next(self._numbers)}"
            guest.own.add(mark)
            guest.device.say(mark)
        self.servers[server].kill()
        self.kills += 1
        self._down[server] = time.monotonic() + self.dice.uniform(*DOWN_SECONDS)
        for guest in there:
            guest.connected = False
            if not guest.device.comes_back:
                self._remove(guest)

    def start_server(self, server: int) -> None:
        """Those whose programs come back by themselves do."""
        self._note(f"{SERVERS[server]} is started again")
        del self._down[server]
        self.servers[server].start()
        for guest in self.here:
            if guest.server == server:
                self.sees_again(guest)

    def sees_again(self, guest: Guest) -> None:
        mark = self.eve_says()
        self.sees(guest, mark)
        guest.connected = True

    # ---- the end --------------------------------------------------------------------------------------------------

    def check(self) -> list[str]:
        """Compares what all have seen; returns the marks of the history."""
        self.eve.sync()
        histories = [self._history(name) for name in SERVERS]
        assert histories[0] == histories[1] == histories[2]
        order = [mark for _, text in histories[0] for mark in MARK.findall(text)]
        assert len(order) == len(set(order)), [mark for mark in order if order.count(mark) > 1]
        assert set(self._certain) <= set(order)
        heard = [mark for line in self.eve.heard for mark in re.findall(r"PRIVMSG #lobby :(m-\d+)$", line)]
        mine = [mark for mark in order if mark in set(heard)]
        assert heard == mine
        found = [f"{guest.name} {fault}" for guest in self.gone for fault in faults(guest, order)]
        assert not found, "\n".join(found)
        self._check_others_view()
        return order

    def _check_others_view(self) -> None:
        """bob has come and gone in turns, and the servers tell the same of those who are here."""

        def comings_and_goings() -> list[str]:
            self.eve.sync()
            return [line.split()[1] for line in self.eve.heard if re.match(f":{NICK}!\\S+ (JOIN|QUIT|PART) ", line)]

        eventually(lambda: comings_and_goings()[-1] == "QUIT", "he has left")
        kinds = comings_and_goings()
        assert kinds == ["JOIN", "QUIT"] * (len(kinds) // 2), kinds
        answers = []
        for number, server in enumerate(self.servers):
            watcher = Irc(server.port, f"watcher{number}", room="")
            self._open.callback(watcher.close)
            watcher.send("NAMES #lobby", f"WHOIS {NICK}", "LIST", "MODE #lobby", "TOPIC #lobby")
            told = [line.partition(f"watcher{number}")[2] for line in watcher.sync()]
            answers.append(sorted(told))
        assert answers[0] == answers[1] == answers[2]

    def _history(self, server: str) -> list[tuple[int, str]]:
        command = [sys.executable, "-m", "chatroom", "history", "export", "#lobby", "--format", "jsonl"]
        done = subprocess.run(
            [*command, "--data", str(self._directory / server)], capture_output=True, text=True, check=True, timeout=60
        )
        return [(row["id"], line) for line in done.stdout.splitlines() if "text" in (row := json.loads(line))]

    def _note(self, text: str) -> None:
        if self._aloud:
            print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def faults(guest: Guest, order: list[str]) -> Iterator[str]:
    """What is wrong with what a device has shown.

    It has to have shown a part of the room's history, without a gap; of what was said to bob alone, all, and once.
    """
    room, shown = set(order), list(chain(*guest.shown))
    own = set() if guest.device.places_own else guest.own
    expected = [mark for mark in order if mark not in own]
    for connection in guest.shown:
        if twice := sorted({mark for mark in connection if connection.count(mark) > 1}):
            yield f"shows twice {twice}"
        seen = [mark for mark in connection if mark in room and mark not in own]
        start = expected.index(seen[0]) if seen else 0
        part = expected[start : start + len(seen)]
        if seen != part:
            at = next(i for i, (a, b) in enumerate(zip(seen, part, strict=True)) if a != b)
            yield f"shows {seen[max(0, at - 5) : at + 5]} where the history has {part[max(0, at - 5) : at + 5]}"
    if never := {mark for mark in shown if mark.startswith("m-")} - room - guest.own:
        yield f"shows what is not in the history: {never}"
    if missing := {guest.first, guest.last} - {"", *shown}:
        yield f"does not show {missing}"
    for mark in sorted(guest.told):
        if shown.count(mark) != 1:
            yield f"shows {mark} {shown.count(mark)} times"
    if guest.device.places_own and guest.last and (lost := guest.own - room):
        yield f"has lost {sorted(lost)}"


@contextmanager
def all_kinds() -> Iterator[dict[str, Make]]:
    """All programs by which bob may be here, with a screen and a browser for those that need one."""
    with screen() as display, sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        try:
            yield {
                "netcat": Netcat,
                "irssi": LoggedIrssi,
                "weechat": LoggedWeeChat,
                "text": Terminal,
                "window": lambda port, home: InWindow(port, home, display),
                "page": lambda port, home: OnPage(port, home, browser),
            }
        finally:
            browser.close()
