"""Looks up what was saved. A reader sees what was committed before it looks, and never makes a writer wait.

A `Reader` is one connection, for one thread at a time. It reads in short statements: one that goes on for long would
keep the log of the database from being emptied.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from chatroom.events import Event, Point, Said, Topic
from chatroom.limits import BUSY, EMPTY_ROOMS, RECENT
from chatroom.store.runs import unpack
from chatroom.store.schema import connect

_END = 2**62  # above any id
_PAGE = 200  # runs fetched in one statement when much is read


class KeptRoom(NamedTuple):
    """A room as it was. `created` is in milliseconds; `recent` are the last messages, oldest first."""

    name: str
    created: int
    topic: Topic | None
    recent: list[Said]


class Reader:
    """Reads the file at `path`; raises `sqlite3.Error` where it can't."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path, write=False, busy=BUSY)

    def close(self) -> None:
        self._db.close()

    # ---- rooms ------------------------------------------------------------------------------------------------------

    def rooms(self) -> Iterator[KeptRoom]:
        """The rooms that have a history, those last used first; as many as may be held without members."""
        rows = self._db.execute(
            """SELECT id, key, name, created, topic, topic_by, topic_time,
                      (SELECT max(last) FROM runs WHERE place = places.id) AS latest
               FROM places WHERE key LIKE '#%' AND latest IS NOT NULL ORDER BY latest DESC LIMIT ?""",
            (EMPTY_ROOMS,),
        ).fetchall()
        for _, key, name, created, text, by, time, _ in rows:
            recent = [event for event in self.history(key, limit=RECENT) if isinstance(event, Said)]
            yield KeptRoom(name, created, Topic(text, by, time) if text else None, recent)

    # ---- history ----------------------------------------------------------------------------------------------------

    def history(
        self,
        key: str,
        *,
        after: Point | None = None,
        before: Point | None = None,
        limit: int,
        newest: bool = True,
        everything: bool = False,
    ) -> list[Event]:
        """At most `limit` events of a place, oldest first: the newest or the oldest of those between two points.

        The points themselves are left out. Only messages, unless `everything` is asked for.
        """
        place = self._place(key)
        if place is None or limit <= 0:
            return []
        low = self._after(place, after) if after else 0
        high = self._before(place, before) if before else _END
        events = self._backwards(place, low, high) if newest else self._forwards(place, low, high)
        found: list[Event] = []
        with closing(events):
            for event in events:
                if everything or type(event) is Said:
                    found.append(event)
                    if len(found) == limit:
                        break
        return found[::-1] if newest else found

    def around(self, key: str, point: Point, *, limit: int, everything: bool = False) -> list[Event]:
        """At most `limit` events of a place, from before the point and from there on, in equal parts if it has them."""
        place = self._place(key)
        if place is None:
            return []
        here = Point(id=self._before(place, point))
        earlier = self.history(key, before=here, limit=limit // 2, everything=everything)
        later = Point(id=here.id - 1)
        rest = self.history(key, after=later, limit=limit - len(earlier), newest=False, everything=everything)
        return [*earlier, *rest]

    def walk(self, key: str, since: int, until: int) -> Iterator[Event]:
        """All events of a place from `since` to before `until` (times in milliseconds), oldest first."""
        place = self._place(key)
        if place is None:
            return iter(())
        return self._forwards(place, self._first_at(place, since) - 1, self._first_at(place, until))

    def latest(self, keys: Iterable[str]) -> dict[str, int]:
        """When something was last said in each of these places that has a history, in milliseconds."""
        found = {}
        for key in keys:
            events = self.history(key, limit=1)
            if events:
                found[key] = events[0].time
        return found

    def _place(self, key: str) -> int | None:
        row = self._db.execute("SELECT id FROM places WHERE key = ?", (key,)).fetchone()
        return int(row[0]) if row else None

    def _backwards(self, place: int, low: int, high: int) -> Generator[Event, None, None]:
        """The events with low < id < high, newest first."""
        row = self._db.execute(
            "SELECT last FROM runs WHERE place = ? AND last >= ? ORDER BY last LIMIT 1", (place, high)
        ).fetchone()
        top = row[0] if row else high
        rows = self._db.execute(
            """SELECT name, first, since, people, events FROM runs JOIN places ON places.id = place
               WHERE place = ? AND last > ? AND last <= ? ORDER BY last DESC""",
            (place, low, top),
        )
        with closing(rows):
            for run in rows:
                for event in reversed(list(unpack(*run))):
                    if low < event.id < high:
                        yield event

    def _forwards(self, place: int, low: int, high: int) -> Generator[Event, None, None]:
        """The events with low < id < high, oldest first, a page at a time."""
        while True:
            rows = self._db.execute(
                """SELECT last, name, first, since, people, events FROM runs JOIN places ON places.id = place
                   WHERE place = ? AND last > ? ORDER BY last LIMIT ?""",
                (place, low, _PAGE),
            ).fetchall()
            for _, *run in rows:
                for event in unpack(*run):
                    if event.id >= high:
                        return
                    if event.id > low:
                        yield event
            if len(rows) < _PAGE:
                return
            low = rows[-1][0]

    # ---- points -----------------------------------------------------------------------------------------------------

    def _after(self, place: int, point: Point) -> int:
        """The highest id that is not after the point."""
        return point.id or self._first_at(place, point.time + 1) - 1

    def _before(self, place: int, point: Point) -> int:
        """The lowest id that is not before the point."""
        return point.id or self._first_at(place, point.time)

    def _first_at(self, place: int, time: int) -> int:
        """The id of the place's first event at that time or later; `_END` if there is none.

        Times rise with ids, so this is a bisection over the index.
        """
        low, high = 0, _END
        while low < high:
            middle = (low + high) // 2
            run = self._run_from(place, middle, "last, until")
            if run is None or run[1] >= time:
                high = middle
            else:
                low = run[0] + 1
        run = self._run_from(place, low, "'', first, since, people, events")
        if run is None:
            return _END
        return next(event.id for event in unpack(*run) if event.time >= time)

    def _run_from(self, place: int, id: int, columns: str) -> Any:  # noqa: A002
        """The run of a place that has this id or is the next after it; None if there is none."""
        sql = f"SELECT {columns} FROM runs WHERE place = ? AND last >= ? ORDER BY last LIMIT 1"
        return self._db.execute(sql, (place, id)).fetchone()
