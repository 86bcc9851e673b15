"""Writes a conversation to a file of text, a line a message."""

import re
from datetime import datetime
from pathlib import Path

from chatroom.client import strings
from chatroom.client.room import Room
from chatroom.client.transcript_entry import Kind
from chatroom.common.language import tr, trn

_PRIVATE = (Kind.INFO, Kind.ERROR)  # from the program to this user alone, where nobody is named


def file_name(room: Room) -> str:
    """What the file could be called: "lobby 2026-11-29.txt"."""
    name = re.sub(r'[#<>:"/\\|?*]', "", room.name) or "chat"
    return f"{name} {datetime.now():%Y-%m-%d}.txt"


def save(room: Room, path: Path) -> tuple[str, Kind]:
    """Writes what is loaded of a room; returns a sentence about it, for the user."""
    kept = [entry for entry in room.entries if entry.nick or entry.kind not in _PRIVATE]
    lines = []
    for entry in kept:
        first, *more = strings.said(entry).split("\n")
        lines += [f"{datetime.fromtimestamp(entry.time):%Y-%m-%d %H:%M} {first}", *(f"    {line}" for line in more)]
    try:
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    except OSError as error:
        return tr("That can't be saved ({reason}): {path}", reason=error.strerror, path=path), Kind.ERROR
    if room.has_older:
        rest = tr("There is more on the server: scroll up to fetch it, then save again.")
        return f"{_saved(len(kept), path)} {rest}", Kind.INFO
    return _saved(len(kept), path), Kind.INFO


def _saved(count: int, path: Path) -> str:
    return trn("{count} line is saved in {path}.", "{count} lines are saved in {path}.", count, path=path)
