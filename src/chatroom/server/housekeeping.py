"""Housekeeping: what a server does once a second, besides looking after its connections.

It ends bans and mutes that have lasted their time, logs what operators have done, tells people of reactions, and looks
after unused accounts.
"""

import time

from chatroom.core.event_log import EventLog
from chatroom.core.hub import Hub
from chatroom.model.commands import Expire
from chatroom.model.expiries import Expiry
from chatroom.model.limits import REST_SECONDS
from chatroom.model.social_commands import NoteReceived, TellReactions
from chatroom.server.audit import log_actions
from chatroom.server.unused_accounts import UnusedAccounts
from chatroom.storage.store import Store

EXPIRY_SECONDS = 0.5  # seconds in each, at most, in which bans that have lasted their time are lifted


class Housekeeping:
    """The housekeeping of a hub; for one thread. `store` is None if nothing is kept."""

    def __init__(self, hub: Hub, event_log: EventLog, store: Store | None, unused_accounts: UnusedAccounts) -> None:
        self._hub = hub
        self._event_log = event_log
        self._store = store
        self._unused_accounts = unused_accounts

    def run(self) -> None:
        """Called every second, and when the server stops."""
        state = self._hub.state
        with self._event_log.lock:
            entries, state.audit_log = state.audit_log, []
            forgotten, state.forgotten = state.forgotten, []
        log_actions(entries)
        if forgotten and self._store:
            self._store.forget_lists(forgotten)
        end, before = time.monotonic() + EXPIRY_SECONDS, None
        while (due := self._first_due()) and due != before and time.monotonic() < end:
            before = due
            self._event_log.submit(state.server_session, [Expire()])
            time.sleep(REST_SECONDS)
        if self._hub.state.reactions.are_untold:
            self._event_log.submit(state.server_session, [TellReactions()])
        if self._hub.state.received:
            self._event_log.submit(state.server_session, [NoteReceived()])
        self._unused_accounts.look()

    def _first_due(self) -> Expiry | None:
        """The first ban that has lasted its time, if there is any."""
        expiries = self._hub.state.expiries
        with self._event_log.lock:
            return expiries.heap[0] if expiries.is_due(self._hub.context.clock()) else None
