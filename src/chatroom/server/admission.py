"""Admission: whether a client that has just been accepted may stay."""

import logging
import os
from collections.abc import Callable

from chatroom.common.logs import alike
from chatroom.core.bans import on_address
from chatroom.core.event_log import EventLog
from chatroom.core.hub import Hub
from chatroom.protocols.sentence_parts import because, time_left
from chatroom.server.connection_limits import ConnectionLimiter

BANNED = "you are banned from this server"

log = logging.getLogger(__name__)


class Admission:
    """Refuses banned addresses and what the `limiter` refuses. For any thread.

    `count_refusal` is called with the reason of each refusal.
    """

    def __init__(
        self, hub: Hub, event_log: EventLog, limiter: ConnectionLimiter, count_refusal: Callable[[str], None]
    ) -> None:
        self._hub = hub
        self._event_log = event_log
        self._limiter = limiter
        self._count_refusal = count_refusal

    def refusal(self, address: str) -> str:
        """Why a client from this address may not come in, as a sentence; "" if it may, and is counted as here."""
        refusal = self._ban(address)
        if refusal:
            self._limiter.count_connect(address)
        else:
            refusal = self._limiter.admit(address)
        if refusal:
            reason = "banned" if refusal.startswith(BANNED) else refusal
            log.info("%s refused (%s)", address, refusal, extra=alike(f"refused: {reason}"))
            self._count_refusal(reason)
        return refusal

    def _ban(self, address: str) -> str:
        if not self._hub.state.bans:  # looked at without the lock: most servers ban nobody
            return ""
        with self._event_log.lock:
            ban = on_address(self._hub.state, address)
        if not ban:
            return ""
        left = time_left(ban.until)
        return f"{BANNED}{f' for {left} more' if left else ''}{because(ban.reason)}"


class SpareDescriptor:
    """A descriptor that is held so that it can be given up when there are none left, to refuse a client by it."""

    def __init__(self) -> None:
        self.number = -1  # -1 while there is none
        self.take()

    def take(self) -> None:
        try:
            self.number = os.open(os.devnull, os.O_RDONLY)
        except OSError:
            pass  # another thread was faster; it is tried again the next time that none are left

    def release(self) -> None:
        """Closes it, at most once: a second time its number may be another file's."""
        number, self.number = self.number, -1
        if number != -1:
            os.close(number)
