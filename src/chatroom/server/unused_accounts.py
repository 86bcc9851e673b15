"""Looks once an hour at which accounts are used, and frees those that were not for too long.

Whoever stays logged in uses their account: that is noted once a day, as their logins are. Time counts only if both the
system's clock and that of the chat have passed it, and nothing is freed soon after a leap (`storage.clock_leaps`).
"""

import time

from chatroom.core.account_use import DAY_MS, unused_before
from chatroom.core.event_log import EventLog
from chatroom.core.hub import Hub
from chatroom.model.commands import FreeAccounts, NoteUse
from chatroom.storage.clock_leaps import ClockLeaps

CHECK_SECONDS = 3600.0  # seconds between two looks
AT_ONCE = 20  # accounts of one command, under the event log's lock
FREE_AFTER_LEAP_MS = 30 * DAY_MS  # milliseconds: who uses their account has time to log in


class UnusedAccounts:
    """Looks after the accounts of a hub; for one thread."""

    def __init__(self, hub: Hub, event_log: EventLog, leaps: ClockLeaps) -> None:
        self._hub = hub
        self._event_log = event_log
        self._leaps = leaps
        self._looked_at = -CHECK_SECONDS  # monotonic seconds

    def look(self) -> None:
        """Called every second; looks once an hour, at the start for the first time."""
        if time.monotonic() < self._looked_at + CHECK_SECONDS:
            return
        self._looked_at = time.monotonic()
        is_settled = self._leaps.since_leap() >= FREE_AFTER_LEAP_MS
        context, state = self._hub.context, self._hub.state
        with self._event_log.lock:
            before = min(unused_before(context), self._leaps.wall() - context.account_days * DAY_MS)
            accounts = tuple(state.accounts.values()) if context.account_days and is_settled else ()
            here = [session.account for session in state.sessions.values() if session.account]
        for start in range(0, len(here), AT_ONCE):
            self._submit(NoteUse(tuple(here[start : start + AT_ONCE])))
        unused = [account.name for account in accounts if account.used < before]
        for start in range(0, len(unused), AT_ONCE):
            self._submit(FreeAccounts(tuple(unused[start : start + AT_ONCE])))

    def _submit(self, command: FreeAccounts | NoteUse) -> None:
        self._event_log.submit(self._hub.state.server_session, [command])
