"""The read side of the history. A reader sees what was committed before its query, and never makes the writer wait.

A `Reader` is one connection, for one thread at a time. It reads in short statements: a long one would keep the
write-ahead log from being emptied.
"""

import json
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import chain, groupby, islice
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from chatroom.common.cloaks import Cloaks
from chatroom.common.names import fold
from chatroom.model.entities import Account
from chatroom.model.events import Event, Reacted, Redacted, RoomRenamed, Said
from chatroom.model.limits import DORMANT_ROOMS_MAX, RECENT_MESSAGES
from chatroom.model.quotes import with_quotes
from chatroom.model.values import HistoryPoint, ListEntry, Topic
from chatroom.storage import reactions, waiting
from chatroom.storage.reactions import REACTIONS_PER_ANSWER
from chatroom.storage.schema import BUSY_TIMEOUT_SECONDS, connect
from chatroom.storage.search_index import indexed
from chatroom.storage.search_query import Query, fts5_expression, row_and_position, rowid_of
from chatroom.storage.search_words import search_form
from chatroom.storage.segments import unpack

T = TypeVar("T")

SEARCH_SECONDS = 2.0  # seconds after which a search returns what it has found
HISTORY_SECONDS = 1.0  # seconds after which a look into the history does: thousands may have come and gone in silence
_END = 2**62  # above any id
_PAGE_ROWS = 200  # rows fetched by one statement when much is read
_BATCH_ROWS = 1000  # rows of one batch are not ordered by their times; a batch has fewer rows than this
_PLACES_LOOKED_AT = 20_000  # places that a start looks at, if there are no more: it takes some 0.05 s
_ROWS_LOOKED_AT = 50_000  # else the rows whose places it looks at: some 0.1 s
_COLUMNS = "name, first, since, people, events"  # the parameters of `unpack`
_OF_ROOM = "key, name, created, hidden, topic, topic_by, topic_time"  # what a `StoredRoom` is made of


class StoredRoom(NamedTuple):
    """A room as it was saved. `created` is in milliseconds; `recent` are its last messages, oldest first.

    `reactions` are those to them.
    """

    name: str
    created: int
    topic: Topic | None
    recent: list[Said]
    reactions: tuple[Reacted, ...] = ()


class RoomSummary(NamedTuple):
    """A room's history: how many messages, and the times of its first and last event, in milliseconds."""

    name: str
    said: int
    since: int
    until: int


def _account(
    name: str,
    secret: str,
    made: int,
    time: int,
    replay: int,
    home: str,
    used: int,
    operator: int,
    warned: int,
    talks: int,
    language: str,
    stays: int,
) -> Account:
    flags = bool(replay), home, used, bool(operator), bool(warned), bool(talks)
    return Account(name, secret, made, time, *flags, language, bool(stays))


class Reader:
    """Reads the file at `path`, by a connection of its own or by `db`. All methods may raise `sqlite3.Error`.

    With `cloaks`, nobody's address is read.
    """

    def __init__(self, path: Path, db: sqlite3.Connection | None = None, cloaks: Cloaks | None = None) -> None:
        self.path = path
        self._cloaks = cloaks
        self._db = db or connect(path, write=False, busy=BUSY_TIMEOUT_SECONDS)

    def close(self) -> None:
        self._db.close()

    # ---- rooms ------------------------------------------------------------------------------------------------------

    def rooms(self) -> Iterator[StoredRoom]:
        """All rooms that have an owner, and `DORMANT_ROOMS_MAX` others that have a history; those used last first.

        Of a closed room that nobody owns, nothing is known to who opens it anew. Where clients have made up very many
        rooms, only those are looked at in which something happened lately.
        """
        latest = "(SELECT max(last) FROM runs WHERE place = places.id) AS latest"
        bounded = f"SELECT count(*) FROM (SELECT id FROM places LIMIT {_PLACES_LOOKED_AT + 1})"
        (count,) = self._db.execute(bounded).fetchone()
        lately = f"SELECT place FROM (SELECT place FROM runs ORDER BY row DESC LIMIT {_ROWS_LOOKED_AT})"
        among = f"id IN ({lately})" if count > _PLACES_LOOKED_AT else "TRUE"
        rows = self._db.execute(
            f"""SELECT {_OF_ROOM} FROM (
                SELECT * FROM (SELECT {_OF_ROOM}, {latest} FROM places WHERE {among} AND key LIKE '#%' AND owner = ''
                               AND closed = '' AND latest IS NOT NULL ORDER BY latest DESC LIMIT {DORMANT_ROOMS_MAX})
                UNION ALL SELECT {_OF_ROOM}, {latest} FROM places WHERE owner != ''
            ) ORDER BY latest DESC"""
        ).fetchall()
        yield from (self._stored_room(*row) for row in rows)

    def room(self, key: str) -> StoredRoom | None:
        """One room, whether it is closed or not; None if nothing of it is kept."""
        row = self._db.execute(f"SELECT {_OF_ROOM} FROM places WHERE key = ?", (key,)).fetchone()
        return self._stored_room(*row) if row else None

    def _stored_room(self, key: str, name: str, created: int, hidden: int, text: str, by: str, time: int) -> StoredRoom:
        said = self.with_quotes(key, self.history(key, limit=RECENT_MESSAGES, hidden=hidden), hidden)
        recent = [event for event in said if isinstance(event, Said)]
        return StoredRoom(name, created, Topic(text, by, time) if text else None, recent, self.reactions(key, recent))

    def hidden_until(self, key: str, opened: int) -> int:
        """The id of the last event that must not be shown to those who are in a room now; 0 if there is none.

        `opened` is the id of the event by which the room was opened. If that event is not saved yet, and the room is
        closed as far as this file knows, nothing from before it is shown.
        """
        row = self._db.execute(
            """SELECT hidden, closed = '' OR
                   (SELECT first <= ?2 FROM runs WHERE place = places.id AND last >= ?2 ORDER BY last LIMIT 1)
               FROM places WHERE key = ?1""",
            (key, opened),
        ).fetchone()
        hidden, is_known = row or (0, True)
        return int(hidden) if is_known else max(hidden, opened - 1)

    def lists(self) -> Iterator[tuple[str, str, ListEntry]]:
        """All bans and other masks: the room's key, the list's letter, the entry. For the server's bans both are ""."""
        rows = self._db.execute("SELECT room, letter, mask, by, since, until, reason, whom FROM lists ORDER BY since")
        for room, letter, *entry in rows:
            yield room, letter, ListEntry(*entry)

    def owners(self) -> dict[str, str]:
        """The keys of the owners' accounts, by the keys of their rooms."""
        return dict(self._db.execute("SELECT key, owner FROM places WHERE owner != ''"))

    def modes(self) -> dict[str, dict[str, str]]:
        """The modes of rooms that have an owner, by the room's key; without rooms that have the modes of a new one."""
        rows = self._db.execute("SELECT key, modes FROM places WHERE owner != '' AND modes != ''")
        return {key: json.loads(modes) for key, modes in rows}

    def accounts(self) -> list[Account]:
        return [_account(*row) for row in self._db.execute(f"SELECT {', '.join(Account._fields)} FROM accounts")]

    def waiting(self) -> Iterator[tuple[str, Said]]:
        return waiting.read_waiting(self._db, self.message)

    def read(self, table: Callable[[sqlite3.Connection], T]) -> T:
        """What is kept of people in a table that has a file of its own, such as `markers`."""
        return table(self._db)

    def room_names(self) -> list[str]:
        """The names of all rooms."""
        return [name for (name,) in self._db.execute("SELECT name FROM places WHERE key LIKE '#%'")]

    def summaries(self) -> Iterator[RoomSummary]:
        """The rooms that have a history, in the order of their names."""
        rows = self._db.execute(
            """SELECT name, sum(said), min(since), max(until) FROM runs JOIN places ON places.id = place
               WHERE key LIKE '#%' GROUP BY place ORDER BY key"""
        )
        return map(RoomSummary._make, rows.fetchall())

    def count(self, key: str, since: int, until: int) -> int:
        """About how many messages of a place are from between two times, in milliseconds."""
        row = self._db.execute(
            "SELECT coalesce(sum(said), 0) FROM runs WHERE place = ? AND until >= ? AND since < ?",
            (self._place(key), since, until),
        ).fetchone()
        return int(row[0])

    def count_before(self, time: int) -> int:
        """How many messages are from before a time, in milliseconds."""
        return int(self._db.execute("SELECT coalesce(sum(said), 0) FROM runs WHERE until < ?", (time,)).fetchone()[0])

    # ---- history ----------------------------------------------------------------------------------------------------

    def history(
        self,
        key: str,
        *,
        after: HistoryPoint | None = None,
        before: HistoryPoint | None = None,
        limit: int,
        newest: bool = True,
        everything: bool = False,
        hidden: int = 0,
        seconds: float = HISTORY_SECONDS,
    ) -> list[Event]:
        """At most `limit` events of a place, oldest first: the newest or the oldest of those between two points.

        The points themselves are left out. Only messages, unless `everything` is true. Events up to the id `hidden`
        are left out, and new names of the room: programs would take them for news. After `seconds` this returns what
        it has found.
        """
        place = self._place(key)
        if place is None or limit <= 0:
            return []
        low = max(hidden, self._after(place, after) if after else 0)
        high = self._before(place, before) if before else _END
        events = (
            self._backwards(place, low, high, everything) if newest else self._forwards(place, low, high, everything)
        )
        found: list[Event] = []
        end = monotonic() + seconds
        with closing(events):
            for event in events:
                if type(event) is Said or (everything and type(event) is not RoomRenamed):
                    found.append(event)
                    if len(found) == limit:
                        break
                if monotonic() > end:
                    break
        return found[::-1] if newest else found

    def around(
        self, key: str, point: HistoryPoint, *, limit: int, everything: bool = False, hidden: int = 0
    ) -> list[Event]:
        """At most `limit` events of a place: half of them from before the point, if there are as many, and the next."""
        place = self._place(key)
        if place is None:
            return []
        here = HistoryPoint(id=self._before(place, point))
        half = HISTORY_SECONDS / 2
        earlier = self.history(key, before=here, limit=limit // 2, everything=everything, hidden=hidden, seconds=half)
        later = HistoryPoint(id=here.id - 1)
        most = limit - len(earlier)
        return earlier + self.history(
            key, after=later, limit=most, newest=False, everything=everything, hidden=hidden, seconds=half
        )

    def message(self, key: str, id: int) -> Said | None:  # noqa: A002
        """The message of a place that has this id; None if it isn't there any more."""
        place = self._place(key)
        found = next(self._forwards(place, id - 1, id + 1, rows_at_once=1), None) if place is not None else None
        return found if isinstance(found, Said) else None

    def with_quotes(self, key: str, events: Iterable[Event], hidden: int = 0) -> list[Event]:
        """These events of a place; of a message that answers another it is known what it answers.

        What is hidden, taken back or deleted is not quoted.
        """
        return with_quotes(events, lambda id: self.message(key, id) if id > hidden else None)  # noqa: A006

    def reactions(self, key: str, events: Iterable[Event], limit: int = REACTIONS_PER_ANSWER) -> tuple[Reacted, ...]:
        """The reactions to the messages among these events of a place, message by message; all if `limit` is -1."""
        return reactions.read(self._db, key, [e for e in events if isinstance(e, Said)], limit, self._cloaks)

    def is_later(self, key: str, one: HistoryPoint, other: HistoryPoint) -> bool:
        """Whether `one` is later in the history of a place than `other`."""
        place = self._place(key)
        return place is not None and self._before(place, one) > self._before(place, other)

    def walk(self, key: str, since: int, until: int) -> Iterator[Event]:
        """All events of a place from `since` to before `until` (times in milliseconds), oldest first.

        The reactions to a message stand behind it.
        """
        place = self._place(key)
        if place is None:
            return
        events = self._forwards(place, self._first_at(place, since) - 1, self._first_at(place, until))
        while page := list(islice(events, _PAGE_ROWS)):
            found = groupby(self.reactions(key, page, limit=-1), key=lambda reaction: reaction.quote.id)
            to = {said: list(each) for said, each in found}
            for event in self.with_quotes(key, page):
                yield event
                yield from to.get(event.id, ())

    def latest(self, key: str, hidden: int = 0, seconds: float = HISTORY_SECONDS) -> int:
        """The time of the last message in a place, in milliseconds; 0 if there is none after the id `hidden`.

        0, too, if none is found in so many seconds.
        """
        events = self.history(key, limit=1, hidden=hidden, seconds=seconds)
        return events[0].time if events else 0

    def conversations(self, account: str) -> dict[str, str]:
        """The conversations of an account: the other account's name by the conversation's key."""
        own = fold(account)
        keys = self._db.execute(
            "SELECT key FROM places WHERE key >= '@ ' AND key < '@!' AND instr(key || ' ', ?)", (f" {own} ",)
        ).fetchall()
        found = {}
        for (key,) in keys:
            one, other = key.split(" ")[1:]
            found[key] = other if one == own else one
        return found

    def _place(self, key: str) -> int | None:
        row = self._db.execute("SELECT id FROM places WHERE key = ?", (key,)).fetchone()
        return int(row[0]) if row else None

    def _backwards(self, place: int, low: int, high: int, everything: bool) -> Generator[Event, None, None]:
        """The events with low < id < high, newest first."""
        row = self._db.execute(
            "SELECT last FROM runs WHERE place = ? AND last >= ? ORDER BY last LIMIT 1", (place, high)
        ).fetchone()
        top = row[0] if row else high
        rows = self._db.execute(
            """SELECT name, first, since, people, events FROM runs JOIN places ON places.id = place
               WHERE place = ? AND last > ? AND last <= ? AND (said OR ?) ORDER BY last DESC""",
            (place, low, top, everything),
        )
        with closing(rows):
            for segment in rows:
                for event in reversed(list(self._events(segment))):
                    if low < event.id < high and type(event) is not Redacted:
                        yield event

    def _forwards(
        self, place: int, low: int, high: int, everything: bool = True, rows_at_once: int = _PAGE_ROWS
    ) -> Generator[Event, None, None]:
        """The events with low < id < high, oldest first, a page at a time."""
        while True:
            rows = self._db.execute(
                """SELECT last, name, first, since, people, events FROM runs JOIN places ON places.id = place
                   WHERE place = ? AND last > ? AND (said OR ?) ORDER BY last LIMIT ?""",
                (place, low, everything, rows_at_once),
            ).fetchall()
            for _, *segment in rows:
                for event in self._events(segment):
                    if event.id >= high:
                        return
                    if event.id > low and type(event) is not Redacted:
                        yield event
            if len(rows) < rows_at_once:
                return
            low = rows[-1][0]

    # ---- search -----------------------------------------------------------------------------------------------------

    def search(
        self,
        keys: Iterable[str],
        words: str,
        *,
        by: str = "",
        after: HistoryPoint | None = None,
        before: HistoryPoint | None = None,
        limit: int,
        newest: bool = True,
        seconds: float = SEARCH_SECONDS,
        hidden: Mapping[str, int] = MappingProxyType({}),
    ) -> list[Said]:
        """At most `limit` messages of these places that have all of the words, oldest first; of sender `by`, if given.

        Of a place, messages up to the id in `hidden` are left out. Only the times of the points count. The index is
        asked as far as it goes, and messages after that are scanned. After `seconds` the search returns what it has
        found.
        """
        query = Query(words)
        places = [place for place in map(self._place, keys) if place is not None]
        if not places or limit <= 0:
            return []
        low, high = after.time if after else -1, before.time if before else _END
        top = self._row_at(high) + _BATCH_ROWS
        bottom = self._row_at(low) - _BATCH_ROWS
        last = indexed(self._db) if query.whole or by else 0
        scan = self._scan(query, places, max(bottom, last + 1), top, newest)
        asked = self._ask_index(query, places, by, max(bottom, 0), min(top, last), newest) if last else iter(())

        def wanted(event: Said) -> bool:
            if not low < event.time < high or (by and fold(event.by.nick) != fold(by)):
                return False
            return event.id > hidden.get(event.conversation or fold(event.target), 0)

        end = monotonic() + seconds
        found: dict[int, Said] = {}
        self._db.set_progress_handler(lambda: monotonic() > end, 10_000)
        try:
            for event in chain(scan, asked) if newest else chain(asked, scan):
                if isinstance(event, Said) and wanted(event):
                    found[event.id] = event
                if len(found) == limit or monotonic() > end:
                    break
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
        finally:
            self._db.set_progress_handler(None, 0)
        return [found[id] for id in sorted(found)]  # noqa: A001

    def _ask_index(
        self, query: Query, places: list[int], by: str, bottom: int, top: int, newest: bool
    ) -> Iterator[Event | None]:
        """The matches in the index between two rows; None where the text doesn't match, so that the time is checked."""
        rows = self._db.execute(
            f"SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid {_order(newest)}",
            (fts5_expression(query, places, by), rowid_of(bottom, 0), rowid_of(top + 1, 0) - 1),
        )
        for (rowid,) in rows:
            row, position = row_and_position(rowid)
            segment = self._db.execute(
                f"SELECT {_COLUMNS} FROM runs JOIN places ON places.id = place WHERE row = ?", (row,)
            ).fetchone()
            event = next(islice(self._events(segment), position, None), None) if segment else None
            yield event if isinstance(event, Said) and query.matches(event.text) else None

    def _scan(self, query: Query, places: list[int], bottom: int, top: int, newest: bool) -> Iterator[Event | None]:
        """The matches found by looking at each message between two rows; None for each row, to check the time."""
        rows = self._db.execute(
            f"SELECT place, {_COLUMNS} FROM runs JOIN places ON places.id = place "
            f"WHERE row BETWEEN ? AND ? ORDER BY row {_order(newest)}",
            (bottom, top),
        )
        wanted = set(places)
        for place, *segment in rows:
            yield None
            if place in wanted and query.may_match(search_form(segment[-1])):
                said = [e for e in self._events(segment) if isinstance(e, Said) and query.matches(e.text)]
                yield from reversed(said) if newest else said

    def _row_at(self, time: int) -> int:
        """The first row that began at a time or later: by no more than `_BATCH_ROWS` rows off. A bisection."""
        (last,) = self._db.execute("SELECT coalesce(max(row), 0) FROM runs").fetchone()
        low, high = 0, int(last) + 1
        while low < high:
            middle = (low + high) // 2
            segment = self._db.execute(
                "SELECT row, since FROM runs WHERE row >= ? ORDER BY row LIMIT 1", (middle,)
            ).fetchone()
            if segment is None or segment[1] >= time:
                high = middle
            else:
                low = segment[0] + 1
        return low

    # ---- points -----------------------------------------------------------------------------------------------------

    def _after(self, place: int, point: HistoryPoint) -> int:
        """The highest id that is not after the point."""
        return point.id or self._first_at(place, point.time + 1) - 1

    def _before(self, place: int, point: HistoryPoint) -> int:
        """The lowest id that is not before the point."""
        return point.id or self._first_at(place, point.time)

    def _first_at(self, place: int, time: int) -> int:
        """The id of the place's first event at that time or later; `_END` if there is none.

        Times rise with ids, so this is a bisection over the index.
        """
        low, high = 0, _END
        while low < high:
            middle = (low + high) // 2
            segment = self._segment_from(place, middle, "last, until")
            if segment is None or segment[1] >= time:
                high = middle
            else:
                low = segment[0] + 1
        segment = self._segment_from(place, low, "'', first, since, people, events")
        if segment is None:
            return _END
        return next(event.id for event in self._events(segment) if event.time >= time)

    def _events(self, segment: Iterable[Any]) -> Iterator[Event]:
        """The events of a row, from its `_COLUMNS`."""
        name, first, since, people, events = segment
        return unpack(name, first, since, people, events, self._cloaks)

    def _segment_from(self, place: int, id: int, columns: str) -> Any:  # noqa: A002
        """The segment of a place that has this id or is the next after it; None if there is none."""
        sql = f"SELECT {columns} FROM runs WHERE place = ? AND last >= ? ORDER BY last LIMIT 1"
        return self._db.execute(sql, (place, id)).fetchone()


def _order(newest: bool) -> str:
    return "DESC" if newest else "ASC"
