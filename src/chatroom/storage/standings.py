"""Where people are who stay without a device, in the file: a row for each account, which is known by its id."""

import json
import sqlite3
from collections.abc import Iterable, Iterator

from chatroom.common.cloaks import Cloaks
from chatroom.common.names import fold
from chatroom.model.events import StandingSet
from chatroom.model.values import Standing

_ADD = "INSERT OR REPLACE INTO standings VALUES (?, ?, ?)"


def save(db: sqlite3.Connection, event: StandingSet) -> None:
    if event.standing:
        db.execute(_ADD, _row(event.account, event.standing))
    else:
        db.execute("DELETE FROM standings WHERE account = ?", (event.account,))


def replace_all(db: sqlite3.Connection, every: Iterable[tuple[int, Standing]]) -> None:
    db.execute("DELETE FROM standings")
    db.executemany(_ADD, [_row(account, standing) for account, standing in every])


def forget(db: sqlite3.Connection, account: str) -> None:
    """That of an account, by its key, that is about to go."""
    db.execute("DELETE FROM standings WHERE account = (SELECT id FROM accounts WHERE key = ?)", (account,))


def rename(db: sqlite3.Connection, was: str, name: str) -> None:
    """A room has another name. Not each of who stays there is saved anew: that would take the event log's lock."""
    rows = db.execute("SELECT standing, account FROM standings WHERE instr(standing, ?)", (_json(was),)).fetchall()
    changed = []
    for standing, account in rows:
        *fields, rooms = json.loads(standing)
        changed.append((_json([*fields, [(name if each == was else each, ranks) for each, ranks in rooms]]), account))
    db.executemany("UPDATE standings SET standing = ? WHERE account = ?", changed)


def hide_addresses(db: sqlite3.Connection, cloaks: Cloaks) -> None:
    """Puts cloaks in the place of addresses that everybody saw."""
    for account, standing in db.execute("SELECT account, standing FROM standings").fetchall():
        nick, username, host, *rest = json.loads(standing)
        if (shown := cloaks.shown(host)) != host:
            changed = _json([nick, username, shown, *rest])
            db.execute("UPDATE standings SET standing = ? WHERE account = ?", (changed, account))


def leave_all(db: sqlite3.Connection, last: int) -> None:
    """To be called at a start: who was there to the end has seen everything up to the event with the id `last`."""
    db.execute("UPDATE standings SET seen = max(1, ?) WHERE seen = 0", (last,))


def read(db: sqlite3.Connection) -> Iterator[tuple[int, Standing, dict[str, dict[str, str]]]]:
    """The account's id, where its owner is, and the modes of these rooms by their keys; longest without a device first.

    A room for which there are no modes, not even none, has those of a new one.
    """
    for account, standing, seen in db.execute("SELECT account, standing, seen FROM standings ORDER BY seen").fetchall():
        nick, username, host, cloak, realname, away, modes, rooms = json.loads(standing)
        places = tuple([(name, ranks) for name, ranks in rooms])
        found = Standing(nick, username, host, cloak, realname, away, modes, places, seen)
        yield account, found, {key: set_ for key in map(fold, dict(places)) if (set_ := _modes(db, key)) is not None}


def rooms(db: sqlite3.Connection) -> set[str]:
    """The keys of the rooms in which somebody is who stays."""
    rows = db.execute("SELECT standing FROM standings").fetchall()
    return {fold(name) for (standing,) in rows for name, _ in json.loads(standing)[-1]}


def _modes(db: sqlite3.Connection, key: str) -> dict[str, str] | None:
    row = db.execute("SELECT modes FROM places WHERE key = ? AND modes != ''", (key,)).fetchone()
    return {str(letter): str(param) for letter, param in json.loads(row[0]).items()} if row else None


def _row(account: int, standing: Standing) -> tuple[int, str, int]:
    *fields, seen = standing
    return account, _json(fields), seen


def _json(it: object) -> str:
    return json.dumps(it, ensure_ascii=False)
