"""The audit log: a line in the server's log for everything that operators have done.

Lines about operators of the server are never left out. Where there are too many lines, some about operators of rooms
are: anybody can open a room, and is its operator.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace

from chatroom.common.logs import KEPT
from chatroom.model.events import Redacted
from chatroom.model.state import AuditEntry
from chatroom.protocols.sentences import describe_event

log = logging.getLogger(__name__)


def log_actions(entries: Iterable[AuditEntry]) -> None:
    """Logs what operators have done, and who it was."""
    for event, of_server in entries:
        room = event.target if isinstance(event, Redacted) else getattr(event, "room", "")
        who = replace(event.by, host=event.by.address or event.by.host).mask
        for sentence in describe_event(event):
            where = f"{room}: " if room else ""
            log.info("%s%s (by %s)", where, sentence, who, extra=KEPT if of_server else None)
