"""chatroom with a clock on its event log's lock: `python -m tests.benchmarks.abuse.timed_server CONTROL serve …`.

CONTROL is the path of a Unix socket. Each line written there is answered by one:

- `times`: how long the lock was held since the last such question, as `Held` in JSON;
- `limits off`, `limits on`: clients may send as much as they like, or no more than usual;
- `limits free`: what clients do costs as usual, but nobody waits;
- `crowd 1000`: so many people come who are no clients, half of them into all rooms that there are. Ten times as many
  have claimed names, have read four of these rooms each, and have been in one before.

What clients owe is lifted with the limits: who waits goes on.
"""

import contextlib
import json
import select
import socketserver
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any, NamedTuple

from chatroom.cli.main import main
from chatroom.core import event_log
from chatroom.model.absences import ABSENCES_REMEMBERED
from chatroom.model.entities import Account, User
from chatroom.model.state import ChatState
from chatroom.model.values import Person
from chatroom.server import chat_server, flood_limit, payments


class Held(NamedTuple):
    """Seconds for which the lock was held, each time: by the clock, and of the holder's own processor time."""

    seconds: list[float]
    busy: list[float]
    longest_by: str  # the function that held it longest


class TimedLock:
    """A lock that notes how long it is held. What is noted is guarded by the lock itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[tuple[float, float, str]] = []
        self._since = self._busy_since = 0.0
        self._by = ""

    def acquire(self) -> None:
        self._lock.acquire()
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename in (__file__, contextlib.__file__):
            frame = frame.f_back
        self._by = frame.f_code.co_qualname
        self._since, self._busy_since = time.perf_counter(), time.thread_time()

    def release(self) -> None:
        now, busy = time.perf_counter(), time.thread_time()
        self._held.append((now - self._since, busy - self._busy_since, self._by))
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def locked(self) -> bool:
        return self._lock.locked()

    def times(self) -> Held:
        """What was noted since the last call."""
        with self._lock:
            held, self._held = self._held, []
        longest = max(held, default=(0.0, 0.0, ""))
        return Held([seconds for seconds, _, _ in held], [busy for _, busy, _ in held], longest[2])


class _TimedServer(chat_server.ChatServer):
    """The server that is controlled."""

    running: "_TimedServer"
    is_running = threading.Event()  # it can be connected to before

    def start(self) -> None:
        super().start()
        _TimedServer.running = self
        self.is_running.set()


class _ForgivenLimit(flood_limit.FloodLimit):
    """A flood limit that forgets what was owed when limits are lifted."""

    lifted = 0  # times that this was done
    costs_no_time = False

    def __init__(self) -> None:
        super().__init__()
        self._seen = 0

    def take(self, price: float) -> float:
        if self._seen != self.lifted:
            self._seen, self._earned_at = self.lifted, 0.0
        pause = super().take(price)
        return 0.0 if self.costs_no_time else pause


class _ShortPoll:
    """As the `select.poll()` of payments, but its waits for a turn end when limits are lifted."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self.register = self._poll.register

    def poll(self, milliseconds: float) -> list[tuple[int, int]]:
        end, lifted = time.monotonic() + milliseconds / 1000, _ForgivenLimit.lifted
        while (left := end - time.monotonic()) > 0 and lifted == _ForgivenLimit.lifted:
            if found := self._poll.poll(1000 * min(left, 0.1)):
                return found
        return []


class _Control(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        _TimedServer.is_running.wait()
        server = _TimedServer.running
        for line in self.rfile:
            lock: Any = server.event_log.lock
            if line == b"times\n":
                answer = json.dumps(lock.times())
            elif line.startswith(b"crowd "):
                with lock:
                    _crowd(server.hub.state, int(line.split()[1]))
                answer = "done"
            else:
                server.unlimited = line == b"limits off\n"
                _ForgivenLimit.costs_no_time = line == b"limits free\n"
                _ForgivenLimit.lifted += line != b"limits on\n"
                answer = "done"
            self.wfile.write(answer.encode() + b"\n")


def _crowd(state: ChatState, people: int) -> None:
    rooms = list(state.rooms)
    for number in range(10 * people):
        name = f"claimed{number}"
        state.accounts[name] = Account(name, "", number + 1, 0)
        for each in range(4):
            state.markers.put(name, rooms[(number + each) % len(rooms)], number + 1)
        if number < 2 * ABSENCES_REMEMBERED:
            state.absences.put(rooms[number % len(rooms)], name, number + 1)
    for number in range(people):
        user = User(Person(f"crowd.{number}", f"crowd{number}", "u", "h"), None, 0)
        state.users[user.person.uid] = user
        state.nicks.add(user)
        state.guest_markers.put(user.person.uid, rooms[number % len(rooms)], number + 1)
        for key in rooms if number < people / 2 else ():
            user.rooms[key] = state.rooms[key]
            state.rooms[key].members[user.person.uid] = user
    for room in state.rooms.values():
        room.forget_roll()


if __name__ == "__main__":
    vars(event_log)["Lock"] = TimedLock  # as far as the log uses it, it is one
    vars(payments)["FloodLimit"] = _ForgivenLimit
    vars(payments)["select"] = SimpleNamespace(poll=_ShortPoll)
    chat_server.ChatServer = _TimedServer  # type: ignore[misc]  # the command line looks it up there
    control = socketserver.ThreadingUnixStreamServer(sys.argv.pop(1), _Control)
    control.daemon_threads = True
    threading.Thread(target=control.serve_forever, daemon=True).start()
    main(prog_name="chatroom")
