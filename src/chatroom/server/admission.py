"""Admission: whether a client that has just been accepted may stay."""

import logging
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
