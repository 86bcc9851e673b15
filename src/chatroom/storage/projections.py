"""How events change the tables of rooms, accounts and bans.

`PROJECTIONS` has a function for each type of event that does more than add a line to the history. It is called within a
transaction, for one event after the other, in the order of their ids.
"""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from chatroom.common.names import fold
from chatroom.model.durable_state import Lasting
from chatroom.model.entities import Account
from chatroom.model.events import (
    AccountDropped,
    AccountMade,
    AccountUsed,
    Founded,
    IgnoreSet,
    Kept,
    LanguageSet,
    MarkerSet,
    MetadataSet,
    ModesSet,
    Opened,
    OperatorSet,
    PasswordSet,
    Reacted,
    Received,
    Redacted,
    ReplaySet,
    RoomRenamed,
    ServerBanned,
    ServerUnbanned,
    StandingSet,
    StaySet,
    StrangersSet,
    TopicSet,
)
from chatroom.model.modes import CLOSING, ROOM_MODES, ModeKind, of_new_room
from chatroom.storage import gaps, markers, metadata, reactions, renaming, standings, waiting
from chatroom.storage.deletions import NOTE
from chatroom.storage.schema import SET_MARK
from chatroom.storage.search_index import remove_message
from chatroom.storage.segments import redact

_ADD_LIST_ENTRY = "INSERT OR REPLACE INTO lists VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REMOVE_LIST_ENTRY = "DELETE FROM lists WHERE room = ? AND letter = ? AND key = ?"
_WAS_CLOSED = "closed != '' AND (owner = '' OR owner != ?5)"  # and has not the same owner still
_OPEN_ROOM = f"""INSERT INTO places (key, name, created, closed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE SET
    hidden = CASE WHEN {_WAS_CLOSED} THEN max(hidden, ?6) ELSE hidden END,
    topic = CASE WHEN {_WAS_CLOSED} THEN '' ELSE topic END,
    modes = CASE WHEN owner = '' THEN '' ELSE modes END,
    closed = excluded.closed"""


def _add_place(db: sqlite3.Connection, event: TopicSet | ModesSet) -> None:
    """Adds the room if it is missing, as it is when what was said in it could not be saved."""
    row = (fold(event.room), event.room, event.time)
    db.execute("INSERT INTO places (key, name, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)


def _topic_set(db: sqlite3.Connection, event: TopicSet) -> None:
    _add_place(db, event)
    db.execute(
        "UPDATE places SET topic = ?, topic_by = ?, topic_time = ? WHERE key = ?",
        (event.topic, event.by.mask, event.time, fold(event.room)),
    )


def _modes_set(db: sqlite3.Connection, event: ModesSet) -> None:
    _add_place(db, event)
    _update_modes(db, event)
    for change in event.changes:
        if ROOM_MODES[change.letter] is ModeKind.LIST:
            at = (fold(event.room), change.letter, fold(change.param))
            if change.on:
                entry = (change.param, event.by.mask_of_place, event.time, change.until, change.reason, change.whom)
                db.execute(_ADD_LIST_ENTRY, (*at, *entry))
            else:
                db.execute(_REMOVE_LIST_ENTRY, at)
        if change.letter in CLOSING:
            closed = "replace(closed, ?, '') || ?" if change.on else "replace(replace(closed, ?, ''), ?, '')"
            db.execute(f"UPDATE places SET closed = {closed} WHERE key = ?", (*[change.letter] * 2, fold(event.room)))


def _update_modes(db: sqlite3.Connection, event: ModesSet) -> None:
    changes = [c for c in event.changes if ROOM_MODES[c.letter] in (ModeKind.KEY, ModeKind.SETTING, ModeKind.FLAG)]
    if not changes:
        return
    (before,) = db.execute("SELECT modes FROM places WHERE key = ?", (fold(event.room),)).fetchone()
    modes = json.loads(before) if before else of_new_room(fold(event.room))
    for change in changes:
        if change.on:
            modes[change.letter] = change.param
        else:
            modes.pop(change.letter, None)
    db.execute("UPDATE places SET modes = ? WHERE key = ?", (json.dumps(modes), fold(event.room)))


def _server_banned(db: sqlite3.Connection, event: ServerBanned) -> None:
    entry = (event.mask, event.by.mask, event.time, event.until, event.reason, event.whom)
    db.execute(_ADD_LIST_ENTRY, ("", "", fold(event.mask), *entry))


def _server_unbanned(db: sqlite3.Connection, event: ServerUnbanned) -> None:
    db.execute(_REMOVE_LIST_ENTRY, ("", "", fold(event.mask)))


def _account_made(db: sqlite3.Connection, event: AccountMade) -> None:
    key, made = fold(event.account), (event.id, event.time)
    row = (key, event.account, event.secret, *made, event.home, event.time, event.language)
    fields = "key, name, secret, id, time, home, used, language"
    db.execute(f"INSERT OR REPLACE INTO accounts ({fields}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _account_used(db: sqlite3.Connection, event: AccountUsed) -> None:
    db.execute(
        "UPDATE accounts SET home = ?, used = max(used, ?), warned = ? WHERE key = ?",
        (event.home, event.time, event.warned, fold(event.account)),
    )


def _password_set(db: sqlite3.Connection, event: PasswordSet) -> None:
    db.execute("UPDATE accounts SET secret = ? WHERE key = ?", (event.secret, fold(event.account)))


def _operator_set(db: sqlite3.Connection, event: OperatorSet) -> None:
    db.execute("UPDATE accounts SET operator = ? WHERE key = ?", (event.on, fold(event.account)))


def _replay_set(db: sqlite3.Connection, event: ReplaySet) -> None:
    db.execute("UPDATE accounts SET replay = ? WHERE key = ?", (event.on, fold(event.account)))


def _language_set(db: sqlite3.Connection, event: LanguageSet) -> None:
    db.execute("UPDATE accounts SET language = ? WHERE key = ?", (event.language, fold(event.account)))


def _strangers_set(db: sqlite3.Connection, event: StrangersSet) -> None:
    db.execute("UPDATE accounts SET strangers = ? WHERE key = ?", (event.on, fold(event.account)))


def _stay_set(db: sqlite3.Connection, event: StaySet) -> None:
    db.execute("UPDATE accounts SET stays = ? WHERE key = ?", (event.on, fold(event.account)))


def _account_dropped(db: sqlite3.Connection, event: AccountDropped) -> None:
    markers.forget(db, fold(event.account))
    standings.forget(db, fold(event.account))
    db.execute("DELETE FROM accounts WHERE key = ?", (fold(event.account),))
    db.execute("UPDATE places SET owner = '', modes = '' WHERE owner = ?", (fold(event.account),))
    waiting.forget(db, fold(event.account))
    metadata.forget(db, fold(event.account))


def _founded(db: sqlite3.Connection, event: Founded) -> None:
    """The room may be new to this file."""
    db.execute(
        """INSERT INTO places (key, name, created, owner) VALUES (?, ?, ?, ?)
           ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, modes = ''""",
        (fold(event.room), event.room, event.time, fold(event.account)),
    )


def _opened(db: sqlite3.Connection, event: Opened) -> None:
    """The room may be new to this file, although users of other servers have been in it."""
    db.execute(_OPEN_ROOM, (fold(event.room), event.room, event.time, event.closed, event.owner, event.id - 1))


def _redacted(db: sqlite3.Connection, event: Redacted) -> None:
    row = db.execute(
        """SELECT row, places.id, name, first, since, people, events FROM runs JOIN places ON places.id = place
           WHERE key = ? AND last >= ? ORDER BY last LIMIT 1""",
        (event.conversation or fold(event.target), event.said),
    ).fetchone()
    waiting.forget_message(db, event.conversation, event.said)
    if row is None:
        return
    number, place, *segment = row
    reactions.remove_all(db, place, event.said)
    events, position = redact(segment[-1], event.said - segment[1])
    if position >= 0:
        db.execute(NOTE)
        remove_message(db, number, place, segment, position)
        db.execute("UPDATE runs SET events = ?, said = said - 1 WHERE row = ?", (events, number))


def _replace_all(db: sqlite3.Connection, event: Lasting) -> None:
    """Replaces all accounts, owners, modes and lists by those of another server, once rooms have their names of now."""
    renaming.follow(db, event.renamed, event.id)
    accounts = [(fold(account.name), *account) for account in event.accounts]
    fields = ("key", *Account._fields)
    db.execute("DELETE FROM accounts")
    db.executemany(f"INSERT INTO accounts ({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})", accounts)
    db.execute("DELETE FROM markers WHERE account NOT IN (SELECT id FROM accounts)")
    markers.add(db, event.markers)
    db.execute("UPDATE places SET owner = '', modes = '' WHERE owner != ''")
    db.executemany(
        """INSERT INTO places (key, name, created, owner, modes) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, modes = excluded.modes""",
        [(*room[:4], "" if room.modes is None else json.dumps(room.modes)) for room in event.rooms],
    )
    db.execute("DELETE FROM lists")
    db.executemany(_ADD_LIST_ENTRY, [(room, letter, fold(entry.mask), *entry) for room, letter, entry in event.lists])
    standings.replace_all(db, event.standings)
    db.execute("DELETE FROM waiting")
    db.executemany(waiting.ADD_WAITING, event.waiting)
    db.execute("DELETE FROM ignored")
    ignored = [(account, fold(each.mask), each.mask, each.whom, each.since) for account, each in event.ignored]
    db.executemany(waiting.ADD_IGNORED, ignored)
    metadata.replace_all(db, event.metadata)
    if event.gap:
        gaps.add(db, *event.gap)
    db.execute(SET_MARK, ("chat", event.chat))


PROJECTIONS: dict[type, Callable[[sqlite3.Connection, Any], None]] = {
    TopicSet: _topic_set,
    RoomRenamed: renaming.save,
    ModesSet: _modes_set,
    Reacted: reactions.save,
    Redacted: _redacted,
    ServerBanned: _server_banned,
    ServerUnbanned: _server_unbanned,
    AccountMade: _account_made,
    AccountUsed: _account_used,
    PasswordSet: _password_set,
    OperatorSet: _operator_set,
    ReplaySet: _replay_set,
    LanguageSet: _language_set,
    StrangersSet: _strangers_set,
    StaySet: _stay_set,
    StandingSet: standings.save,
    Kept: waiting.save_kept,
    Received: waiting.save_received,
    IgnoreSet: waiting.save_ignored,
    MarkerSet: markers.save,
    MetadataSet: metadata.save,
    AccountDropped: _account_dropped,
    Founded: _founded,
    Opened: _opened,
    Lasting: _replace_all,
}
