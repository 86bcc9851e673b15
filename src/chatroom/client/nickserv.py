"""What NickServ says, who keeps claimed names: told to the user in the words of our commands."""

import re

from chatroom.client.screen_events import Answered
from chatroom.client.state import SERVICE, SessionState
from chatroom.client.transcript_entry import Kind, TranscriptEntry
from chatroom.common.names import fold

_TO_SERVICE = re.compile(r"/msg NickServ (devices|identify|login|logout|register)\b", re.IGNORECASE)
_DONE = frozenset(  # codes by which NickServ of a server of ours says that something was done; others are refusals
    ("claimed", "logged-in", "logged-out", "password-set", "dropped", "freed", "ghost-closed", "admitted")
)
_OF_SERVICE = re.compile(r"\b(DEVICES|IDENTIFY|LOGOUT|REGISTER)\b")  # as NickServ of a server of ours names them


def heard(state: SessionState, said: TranscriptEntry, code: str) -> None:
    """NickServ has said something, or the server; `code` is what it means, where the server is one of ours."""
    told = _TO_SERVICE.sub(_own_command, said.text)
    told = _OF_SERVICE.sub(_own_command, told) if state.knows_times("BAN") else told
    if fold(said.nick) == SERVICE and state.is_registered:
        state.events.append(Answered(told, code in _DONE, bool(code)))
    state.inform(told, Kind.ERROR if code and code not in _DONE else Kind.INFO)


def _own_command(found: re.Match[str]) -> str:
    """What our user types for what is told to NickServ with other programs: /logout for LOGOUT."""
    name = found[1].lower()
    return "/login" if name == "identify" else f"/{name}"
