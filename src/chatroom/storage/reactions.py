"""The table of reactions to messages: what is saved, and what is read of it."""

import sqlite3
from collections.abc import Iterable, Sequence

from chatroom.common.cloaks import Cloaks
from chatroom.common.names import fold, is_room
from chatroom.model.events import Reacted, Said
from chatroom.model.quotes import quote_of
from chatroom.model.reactions import who
from chatroom.storage.segments import read_person, written

REACTIONS_PER_ANSWER = 1000  # that are told with messages: five times as many as there are messages

_PLACE = "(SELECT id FROM places WHERE key = ?)"


def save(db: sqlite3.Connection, event: Reacted) -> None:
    """Called within a transaction. In a place of which nothing is kept, as the talk of two guests, it does nothing."""
    key, said = event.conversation or fold(event.target), event.quote.id
    if event.on:
        row = (said, event.reaction, who(event.by), event.id, event.time, event.target, written(event.by))
        db.execute(
            f"INSERT OR IGNORE INTO reactions SELECT id, {', '.join('?' * len(row))} FROM places WHERE key = ?",
            (*row, key),
        )
    else:
        db.execute(
            f"DELETE FROM reactions WHERE place = {_PLACE} AND said = ? AND reaction = ? AND who = ?",
            (key, said, event.reaction, who(event.by)),
        )


def remove_all(db: sqlite3.Connection, place: int, said: int) -> None:
    """The message with this id is taken back."""
    db.execute("DELETE FROM reactions WHERE place = ? AND said = ?", (place, said))


def remove_until(db: sqlite3.Connection, last: Iterable[tuple[int, int]]) -> None:
    """All messages of these places are deleted, up to an id in each."""
    db.executemany("DELETE FROM reactions WHERE place = ? AND said <= ?", last)


def read(
    db: sqlite3.Connection, key: str, messages: Sequence[Said], limit: int, cloaks: Cloaks | None
) -> tuple[Reacted, ...]:
    """The reactions to these messages of a place, message by message; all if `limit` is -1."""
    said = {event.id: event for event in messages}
    if not said:
        return ()
    rows = db.execute(
        f"""SELECT said, reaction, id, time, target, by FROM reactions
            WHERE place = {_PLACE} AND said BETWEEN ? AND ? ORDER BY said, id LIMIT ?""",
        (key, min(said), max(said), limit),
    )
    conversation = "" if is_room(key) else key
    return tuple(
        [
            Reacted(
                read_person(by, cloaks),
                target,
                quote_of(said[to]),
                reaction,
                conversation=conversation,
                id=number,
                time=time,
            )
            for to, reaction, number, time, target, by in rows
            if to in said
        ]
    )
