"""Answers the questions of clients, each in the thread of the client that asks."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chatroom.common.errors import ChatError, Code
from chatroom.model.commands import AskHistory, AskSearch, AskTargets
from chatroom.model.outcomes import HistoryQuery
from chatroom.model.replies import Found, HistoryIs, Reply, TargetsAre
from chatroom.storage.fair_turns import FairTurns
from chatroom.storage.reader import Reader
from chatroom.storage.store import Store

CONCURRENT_LOOKUPS = 4  # look-ups at a time: the more there are, the less is left for the chat

log = logging.getLogger(__name__)


class HistoryService:
    """Has `CONCURRENT_LOOKUPS` readers for all; who comes when they are taken waits for a turn.

    `_lock` guards `_free`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.turns = FairTurns(CONCURRENT_LOOKUPS)
        self._lock = threading.Lock()
        self._free: list[tuple[int, Reader]] = []  # with the number of the file that they read
        self._answers: dict[type, Callable[[Reader, HistoryQuery, Any], Reply]] = {
            AskHistory: _history,
            AskTargets: _targets,
            AskSearch: _search,
        }

    def find(self, lookup: HistoryQuery, owner: str) -> Reply:
        """The answer, when it is the turn of `owner`, an address; raises `ChatError` if the file can't be read."""
        ask = lookup.ask
        try:
            with self._reader(owner) as reader:
                return self._answers[type(ask)](reader, lookup, ask)
        except (sqlite3.Error, OSError) as error:
            log.warning("a look-up failed: %s", error)
            raise ChatError(Code.HISTORY_FAILED, ask.verb, ask.target) from None

    def close(self) -> None:
        with self._lock:
            while self._free:
                self._free.pop()[1].close()

    @contextmanager
    def _reader(self, owner: str) -> Iterator[Reader]:
        with self.turns.turn(owner):
            file = self._store.file
            reader = None
            with self._lock:
                while self._free and reader is None:
                    of, reader = self._free.pop()
                    if of != file:
                        reader.close()
                        reader = None
            reader = reader or self._store.reader()
            try:
                yield reader
            except BaseException:
                reader.close()
                raise
            with self._lock:
                self._free.append((file, reader))


def _history(reader: Reader, lookup: HistoryQuery, ask: AskHistory) -> Reply:
    ((key, name),) = lookup.places.items()
    hidden = _hidden(reader, lookup, key)
    if ask.around:
        events = reader.around(key, ask.around, limit=ask.limit, everything=ask.everything, hidden=hidden)
    else:
        after, before, newest = ask.after, ask.before, ask.newest
        if after and before and reader.is_later(key, after, before):
            after, before, newest = before, after, not newest
        events = reader.history(
            key,
            after=after,
            before=before,
            limit=ask.limit,
            newest=newest,
            everything=ask.everything,
            hidden=hidden,
        )
    return HistoryIs(name, tuple(events))


def _targets(reader: Reader, lookup: HistoryQuery, ask: AskTargets) -> Reply:
    places = _places(reader, lookup)
    latest = (
        (time, name) for key, name in places.items() if (time := reader.latest(key, _hidden(reader, lookup, key)))
    )
    found = sorted([(time, name) for time, name in latest if ask.after.time < time < ask.before.time])
    chosen = found[-ask.limit :] if ask.newest else found[: ask.limit]
    return TargetsAre(tuple([(name, time) for time, name in chosen]))


def _search(reader: Reader, lookup: HistoryQuery, ask: AskSearch) -> Reply:
    places = _places(reader, lookup)
    said = reader.search(
        places,
        ask.words,
        by=ask.by,
        after=ask.after,
        before=ask.before,
        limit=ask.limit,
        newest=ask.newest,
        hidden={key: _hidden(reader, lookup, key) for key in places},
    )
    return Found(ask, tuple(said))


def _places(reader: Reader, lookup: HistoryQuery) -> dict[str, str]:
    """All places that a look-up is for, by key, with their names."""
    return {**lookup.places, **(reader.conversations(lookup.account) if lookup.account else {})}


def _hidden(reader: Reader, lookup: HistoryQuery, key: str) -> int:
    """The id of the last event of a place that whoever asks is not to be shown."""
    return reader.hidden(key, lookup.opened[key]) if key in lookup.opened else lookup.since
