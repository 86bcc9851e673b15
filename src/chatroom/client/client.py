"""A connection and a session together, which the window and the terminal drive from one thread."""

import time
from collections.abc import Callable
from enum import Enum, auto
from queue import Empty, SimpleQueue

from chatroom.client import read_markers, strings
from chatroom.client import server_connection as wire
from chatroom.client.screen_events import Rejected, ScreenEvent
from chatroom.client.server_connection import Security, ServerConnection, Target
from chatroom.client.session import Session
from chatroom.client.transcript_entry import DeliveryState
from chatroom.common.addresses import is_this_machine
from chatroom.common.language import tr

_SENT = DeliveryState.SENT
MakeConnection = Callable[[Target, "SimpleQueue[wire.ConnectionEvent]"], ServerConnection]


class Phase(Enum):
    CONNECTING = auto()
    ONLINE = auto()
    LOST = auto()  # the next try is at `retry_at`
    ASKING = auto()  # the server wants something from the user first: `Client.answer`
    STOPPED = auto()  # refused, or closed: nothing happens any more


SILENT_SECONDS = 10.0  # without any line: whoever took the connection is no chat server
HELD_SECONDS = 180.0  # servers notice within three minutes that a connection is dead; a name still taken is another's
REGISTER_SECONDS = 30.0  # some servers look up our name and ask our machine who we are before they say welcome
GOODBYE_SECONDS = 1.5  # that the program waits at its end until the last lines are sent


class Client:
    """`pump` it often. `lost_at` and `retry_at` are `now()` times; `error` says why there is no connection."""

    def __init__(
        self,
        target: Target,
        session: Session,
        make_connection: MakeConnection = ServerConnection,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.target = target
        self.state = session.state
        self._session = session
        self.phase = Phase.CONNECTING
        self.security = Security.NONE
        self.error = ""
        self.is_answering = False  # the server has the user's answer, and has not said what it makes of it
        self.lost_at = 0.0
        self.retry_at = 0.0
        self.online_at = 0.0
        self._now = now
        self._number = 0  # of the connection
        self._connected_at = 0.0
        self._has_heard = False  # a line over this connection
        self._heard_at = 0.0  # the last line
        self._make_connection = make_connection
        self._queue: SimpleQueue[wire.ConnectionEvent] = SimpleQueue()
        self._lines: list[str] = []  # received, not fed to the session yet; the next one last
        self._connection = make_connection(target, self._queue)

    def start(self) -> None:
        self._connection.start()

    def retry_now(self) -> None:
        self.retry_at = self._now()
        self._connection.retry_now()

    def answer(self, kind: str, text: str) -> None:
        """Connects again with what was asked for: a `password`, a `server_password` or a `nick` (`strings.ANSWERS`)."""
        state = self.state
        if kind == "nick":
            state.rename_self(text)
            state.login_name = state.password = state.old_password = ""
            state.was_right = False
        elif kind == "password":
            state.password, state.old_password, state.was_right = text, "", False
        else:
            state.server_password = text
        self._lines.clear()
        self._queue = SimpleQueue()
        self._connection = self._make_connection(self.target, self._queue)
        self.phase = Phase.CONNECTING
        self.is_answering = True
        self.start()

    def stop(self) -> None:
        """Ends the connection; no event tells of it."""
        self.phase = Phase.STOPPED
        self._connection.close()

    def wait(self, seconds: float) -> None:
        """Waits after `stop` until the last lines are sent, for at most `seconds`."""
        self._connection.join(seconds)

    def pump(self, seconds: float) -> list[ScreenEvent]:
        """Handles what has arrived, for at most `seconds`; returns what the screen has to react to."""
        deadline = time.monotonic() + seconds
        while self.phase not in (Phase.STOPPED, Phase.ASKING):
            if self._lines:
                self._feed(self._lines.pop())
            elif not self._next_event():
                break
            if time.monotonic() > deadline:
                break
        self._give_up_waiting()
        read_markers.tell(self.state)
        events = list(self.state.events)
        self.state.events.clear()
        for event in events:
            if isinstance(event, Rejected):
                self._on_rejected(event)
        return events

    def _on_rejected(self, event: Rejected) -> None:
        """Ends the connection. What the user can answer leaves everything else as it is."""
        self._connection.close()
        self.is_answering = False
        if self.phase is Phase.ONLINE:
            self.lost_at = self._now()
        self.phase = Phase.ASKING if event.reason in strings.ANSWERS else Phase.STOPPED
        if self.phase is Phase.ASKING:
            self.error = strings.refusal(event.reason, *event.about)
            self._lines.clear()
            self._session.lost()

    @property
    def is_behind(self) -> bool:
        """Whether more has arrived than was handled."""
        return bool(self._lines) or not self._queue.empty()

    def _give_up_waiting(self) -> None:
        """Drops a connection where we are not let in: the lost one still holds our name, or this is no chat server."""
        state = self.state
        if state.name_is_held:
            state.name_is_held = False
            if self._now() - self.lost_at > HELD_SECONDS:
                state.reject("nick-taken", state.nick)
            else:
                self._connection.drop(self._number, tr("the name is still held by the connection that was lost"))
        elif state.is_connected and not state.is_registered and self._now() - self._connected_at > self._patience():
            if state.was_registered:
                reason = tr("{server} takes connections and doesn't answer", server=self.target)
            else:
                reason = tr("{server} took the connection and said nothing; is it a chat server?", server=self.target)
            self._connection.drop(self._number, reason)

    def _patience(self) -> float:
        """Seconds that the server may take to let us in."""
        return REGISTER_SECONDS if self._has_heard else SILENT_SECONDS

    @property
    def silence(self) -> float:
        """For how many seconds the server has said nothing while it owes an answer to what the user has said."""
        sent = [each.time for room in self.state.rooms.values() for each in room.pending() if each.delivery is _SENT]
        if self.phase is not Phase.ONLINE or not sent:
            return 0.0
        return max(0.0, self._now() - max(min(sent), self._heard_at))

    def _feed(self, line: str) -> None:
        self._has_heard = True
        self._heard_at = self._now()
        self._session.feed(line)
        if self.phase is Phase.CONNECTING and self.state.is_registered:
            self.phase = Phase.ONLINE
            self.is_answering = False
            self.online_at = self._now()
            self._connection.settled()

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
                self._number, self._connected_at, self._has_heard = number, self._now(), False
                is_open = security is Security.NONE and not is_this_machine(self.target.host)
                self.state.asks_before_secrets = is_open and not self.state.password  # which was asked about before
                self._session.connected(lambda line: self._connection.send(number, line))
            case wire.Lost(error, delay, was_connected):
                self._on_lost(error, delay, was_connected)
            case wire.Untrusted(fingerprint, trusted, other_name):
                self._on_untrusted(fingerprint, trusted, other_name)
        return True

    def _on_lost(self, error: str, delay: float, was_connected: bool) -> None:
        if self.phase is Phase.ONLINE or not self.lost_at:
            self.lost_at = self._now()
        self.phase = Phase.LOST
        self.is_answering = False
        self.error = strings.sentence((self.state.error if was_connected else "") or error)
        self.retry_at = self._now() + delay
        self._session.lost()

    def _on_untrusted(self, fingerprint: str, trusted: str, other_name: bool) -> None:
        if trusted:
            self.state.reject("certificate-changed", str(self.target), colons(trusted), colons(fingerprint))
        else:
            reason = "certificate-name" if other_name else "certificate-unknown"
            self.state.reject(reason, str(self.target), colons(fingerprint))


def colons(fingerprint: str) -> str:
    """A fingerprint as other programs show it: AB:CD:…"""
    return ":".join(fingerprint[i : i + 2] for i in range(0, len(fingerprint), 2)).upper()
