"""A link and a session put together: what both the window and the terminal drive, from one thread."""

import time
from collections.abc import Callable
from enum import Enum, auto
from queue import Empty, SimpleQueue

from chatroom.client import server_connection as wire
from chatroom.client import strings
from chatroom.client.screen_events import Rejected, ScreenEvent
from chatroom.client.server_connection import Security, ServerConnection, Target
from chatroom.client.session import Session

MakeLink = Callable[[Target, "SimpleQueue[wire.ConnectionEvent]"], ServerConnection]


class Phase(Enum):
    CONNECTING = auto()
    ONLINE = auto()
    LOST = auto()  # and the link will try again at `retry_at`
    STOPPED = auto()  # refused, or closed: nothing happens any more


REGISTER_SECONDS = 30.0  # some servers look up our name and ask our machine who we are before they say welcome
GOODBYE_SECONDS = 1.5  # for what was said last to leave before the program does


class Client:
    """`pump` it often. `lost_at` and `retry_at` are `now()` times; `error` says why there is no connection."""

    def __init__(
        self,
        target: Target,
        session: Session,
        make_link: MakeLink = ServerConnection,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.target = target
        self.state = session.state
        self._session = session
        self.phase = Phase.CONNECTING
        self.security = Security.NONE
        self.error = ""
        self.lost_at = 0.0
        self.retry_at = 0.0
        self.online_at = 0.0
        self._now = now
        self._number = 0  # of the connection
        self._connected_at = 0.0
        self._queue: SimpleQueue[wire.ConnectionEvent] = SimpleQueue()
        self._lines: list[str] = []  # received, not fed to the session yet; the next one last
        self._link = make_link(target, self._queue)

    def start(self) -> None:
        self._link.start()

    def retry_now(self) -> None:
        self.retry_at = self._now()
        self._link.retry_now()

    def stop(self) -> None:
        """Ends the connection, if there is one, without a word about it."""
        self.phase = Phase.STOPPED
        self._link.close()

    def wait(self, seconds: float) -> None:
        """After `stop`: until the last words are sent, or so long."""
        self._link.join(seconds)

    def pump(self, seconds: float) -> list[ScreenEvent]:
        """Takes in what has arrived, for so long at most; returns what has to be done about it once."""
        deadline = time.monotonic() + seconds
        while self.phase is not Phase.STOPPED:
            if self._lines:
                self._feed(self._lines.pop())
            elif not self._next_event():
                break
            if time.monotonic() > deadline:
                break
        self._give_up_waiting()
        events = list(self.state.events)
        self.state.events.clear()
        if any(isinstance(event, Rejected) for event in events):
            self.stop()
        return events

    @property
    def is_behind(self) -> bool:
        """Whether there is more to take in."""
        return bool(self._lines) or not self._queue.empty()

    def _give_up_waiting(self) -> None:
        """Somebody took the connection, but doesn't let us in: our own ghost has the name, or it is no chat server."""
        if self.state.name_is_held:
            self.state.name_is_held = False
            self._link.drop(self._number, "the name is still held by the connection that was lost")
        elif (
            self.state.is_connected
            and not self.state.is_registered
            and self._now() - self._connected_at > REGISTER_SECONDS
        ):
            self._link.drop(self._number, f"{self.target} took the connection and said nothing; is it a chat server")

    def _feed(self, line: str) -> None:
        self._session.feed(line)
        if self.phase is Phase.CONNECTING and self.state.is_registered:
            self.phase = Phase.ONLINE
            self.online_at = self._now()
            self._link.settled()

    def _next_event(self) -> bool:
        try:
            event = self._queue.get_nowait()
        except Empty:
            return False
        match event:
            case wire.Received(lines):
                self._lines = list(lines[::-1])
            case wire.Connecting():
                self.phase = Phase.CONNECTING
            case wire.Connected(number, security):
                self.security = security
                self._number, self._connected_at = number, self._now()
                self._session.connected(lambda line: self._link.send(number, line))
            case wire.Lost(error, delay, was_connected):
                self._on_lost(error, delay, was_connected)
            case wire.Untrusted(fingerprint, trusted):
                self._on_untrusted(fingerprint, trusted)
        return True

    def _on_lost(self, error: str, delay: float, was_connected: bool) -> None:
        if self.phase is Phase.ONLINE or not self.lost_at:
            self.lost_at = self._now()
        self.phase = Phase.LOST
        self.error = strings.sentence((self.state.error if was_connected else "") or error)
        self.retry_at = self._now() + delay
        self._session.lost()

    def _on_untrusted(self, fingerprint: str, trusted: str) -> None:
        if trusted:
            self.state.reject("certificate-changed", str(self.target), colons(trusted), colons(fingerprint))
        else:
            self.state.reject("certificate-unknown", str(self.target), colons(fingerprint))


def colons(fingerprint: str) -> str:
    """AB:CD:… as other programs show it."""
    return ":".join(fingerprint[i : i + 2] for i in range(0, len(fingerprint), 2)).upper()
