"""Helps somebody who is writing: brings back what they sent, and completes names. No screen."""

from chatroom.client import slash_commands
from chatroom.client.room import Room
from chatroom.client.state import SessionState
from chatroom.common.names import fold

REMEMBERED_MESSAGES = 100  # that the user sent


class SentMessages:
    """The messages that the user sent, for Up and Down. A text that is not sent yet is kept as the newest."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._at = 0
        self._draft = ""

    def add(self, text: str) -> None:
        if not self._texts or self._texts[-1] != text:
            self._texts.append(text)
            del self._texts[:-REMEMBERED_MESSAGES]
        self._at = len(self._texts)

    def older(self, current: str) -> str | None:
        """The message before the one shown, or None at the oldest."""
        if self._at == 0:
            return None
        if self._at == len(self._texts):
            self._draft = current
        self._at -= 1
        return self._texts[self._at]

    def newer(self, current: str) -> str | None:
        """The message after the one shown, the draft after the newest, or None at the draft."""
        if self._at == len(self._texts):
            return None
        self._at += 1
        return self._draft if self._at == len(self._texts) else self._texts[self._at]


def candidates(state: SessionState, room: Room, text: str) -> list[str]:
    """What the last word of `text` can be completed to, the likeliest first. Each candidate replaces the whole word.

    Nicknames: who spoke last first, our own last. At the start of a line also the commands.
    """
    start = len(text) - len(text.rsplit(None, 1)[-1]) if text and not text[-1].isspace() else len(text)
    word = text[start:]
    if not word:
        return []
    if start == 0 and word.startswith("/"):
        return [f"{name} " for name in slash_commands.names() if name.startswith(word.lower())]
    if word.startswith("#"):
        return [f"{other.name} " for other in state.rooms.values() if fold(other.name).startswith(fold(word))]
    at, prefix = ("@", word[1:]) if word.startswith("@") else ("", word)
    end = ": " if start == 0 and not at else " "
    return [f"{at}{nick}{end}" for nick in _nicks(state, room) if fold(nick).startswith(fold(prefix))]


def _nicks(state: SessionState, room: Room) -> list[str]:
    here = [member.nick for member in room.members.values()] or ([room.name] if room.is_direct else [])
    spoke = [nick for nick in room.speakers if room.is_direct or room.member(nick)]
    order = [*spoke, *sorted(here, key=fold)]
    unique = list({fold(nick): nick for nick in reversed(order)}.values())[::-1]
    return sorted(unique, key=state.is_me)


class Completion:
    """Completes a word at Tab; at each further Tab goes on to the next candidate, and after the last to the first."""

    def __init__(self) -> None:
        self._stem = ""
        self._shown = ""
        self._choices: list[str] = []
        self._at = 0

    def next(self, state: SessionState, room: Room, text: str) -> str | None:
        """`text` (up to the cursor) with its last word completed, or None when there is nothing to complete."""
        if self._choices and text == self._shown:
            self._at = (self._at + 1) % len(self._choices)
        else:
            self._choices, self._at = candidates(state, room, text), 0
            if not self._choices:
                return None
            self._stem = text[: len(text) - len(text.rsplit(None, 1)[-1])]
        self._shown = self._stem + self._choices[self._at]
        return self._shown
