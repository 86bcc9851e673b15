"""The log gives every event its place: one order that everybody sees.

`LocalLog` is for one server: the log is a call under a lock. A client's commands are decided, placed and applied one
after the other before another client's turn.

`LocalLog.lock` guards the hub, its users and rooms, every session's fields, and the order of what the courier is
handed.
"""

from collections.abc import Callable, Iterable
from threading import Lock

from chatroom.errors import ChatError
from chatroom.events import Command, Event, Labelled, Refused
from chatroom.hub import Hub
from chatroom.rooms import Capture, Post, Session


class LocalLog:
    """Orders what happens on one server. `last` is the highest id that was ever given (0: none yet)."""

    def __init__(self, hub: Hub, post: Post, clock: Callable[[], int], last: int = 0) -> None:
        self.lock = Lock()
        self._hub = hub
        self._post = post
        self._clock = clock  # Unix milliseconds
        # Rising over restarts even if nothing was kept: a microsecond clock runs faster than anybody writes.
        self._last = max(last, clock() * 1000)

    def submit(self, session: Session, commands: Iterable[Command]) -> None:
        """Carries out one client's commands.

        A lazy iterable is read one by one, so whoever makes the commands may look at what the one before has changed.
        """
        with self.lock:
            self._carry_out(session, commands, self._post)
        self._post.dispatch()

    def _carry_out(self, session: Session, commands: Iterable[Command], post: Post) -> None:
        now = self._clock()
        for command in commands:
            try:
                outcomes = self._hub.decide(session, command)
            except ChatError as error:
                outcomes = [Refused(error)]
            for outcome in outcomes:
                if isinstance(outcome, Event):
                    self._last += 1
                    outcome.id = self._last  # type: ignore[misc]  # the one write to a value
                    outcome.time = now  # type: ignore[misc]
                    self._hub.apply(outcome)
                elif isinstance(outcome, Labelled):
                    self._answer(session, outcome)
                else:
                    post.tell(session, outcome)
            if session.closing:
                break

    def _answer(self, session: Session, labelled: Labelled) -> None:
        """Carries out labelled commands, and tells the client as one what it alone would have been told bit by bit."""
        self._hub.post = capture = Capture(self._post, session)
        try:
            self._carry_out(session, labelled.commands, capture)
        finally:
            self._hub.post = self._post
        if not session.closing:
            self._post.tell(session, Labelled(labelled.label, iter(()), tuple(capture.told)))
