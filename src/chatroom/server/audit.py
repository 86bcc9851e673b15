"""The audit log: a line in the server's log for everything that operators have done."""

import logging
from collections.abc import Iterable
from dataclasses import replace

from chatroom.model.events import Event
from chatroom.protocols.sentences import describe_event

log = logging.getLogger(__name__)


def log_actions(events: Iterable[Event]) -> None:
    """Logs what operators have done, and who it was."""
    for event in events:
        room = getattr(event, "room", "")
        who = replace(event.by, host=event.by.address or event.by.host).mask
        for sentence in describe_event(event):
            log.info("%s%s (by %s)", f"{room}: " if room else "", sentence, who)
