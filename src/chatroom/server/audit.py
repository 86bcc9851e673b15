"""The audit log: a line in the server's log for everything that operators have done.

Lines about operators of the server are never left out. Anybody can be the operator of a room of their own, so lines
about these count like all others, of which some are left out where there are too many.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace

from chatroom.common.logs import KEPT
from chatroom.model.events import Redacted
from chatroom.model.state import Deed
from chatroom.protocols.sentences import describe_event

log = logging.getLogger(__name__)


def log_actions(deeds: Iterable[Deed]) -> None:
    """Logs what operators have done, and who it was."""
    for event, for_all in deeds:
        room = event.target if isinstance(event, Redacted) else getattr(event, "room", "")
        who = replace(event.by, host=event.by.address or event.by.host).mask
        for sentence in describe_event(event):
            where = f"{room}: " if room else ""
            log.info("%s%s (by %s)", where, sentence, who, extra=KEPT if for_all else None)
