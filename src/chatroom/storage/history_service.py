"""Answers clients' queries to the history, each in the thread of the client that asks."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import names
from chatroom.model.commands import AskHistory, AskSearch, AskTargets
from chatroom.model.events import Said
from chatroom.model.masks import matcher
from chatroom.model.outcomes import HistoryQuery
from chatroom.model.replies import Found, HistoryIs, MentionsAre, Reply, TargetsAre
from chatroom.model.social_commands import AskMentions
from chatroom.model.values import HistoryPoint
from chatroom.storage.reader import HISTORY_SECONDS, Reader
from chatroom.storage.store import Store

log = logging.getLogger(__name__)


class HistoryService:
    """A pool of readers, as many as there are queries at a time: the event log lets few in.

    `_lock` guards `_idle`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._idle: list[tuple[int, Reader]] = []  # readers, each with the `Store.generation` that it reads
        self._answers: dict[type, Callable[[Reader, HistoryQuery, Any], Reply]] = {
            AskHistory: _history,
            AskTargets: _targets,
            AskSearch: _search,
            AskMentions: _mentions,
        }

    def find(self, lookup: HistoryQuery) -> Reply:
        """The answer; raises `ChatError` if the file can't be read."""
        ask = lookup.ask
        try:
            with self._reader() as reader:
                return self._answers[type(ask)](reader, lookup, ask)
        except (sqlite3.Error, OSError) as error:
            log.warning("a look-up failed: %s", error)
            raise ChatError(Code.HISTORY_FAILED, ask.verb, ask.target) from None

    def close(self) -> None:
        """Closes the readers that are idle."""
        with self._lock:
            while self._idle:
                self._idle.pop()[1].close()

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        current = self._store.generation
        reader = None
        with self._lock:
            while self._idle and reader is None:
                generation, reader = self._idle.pop()
                if generation != current:
                    reader.close()
                    reader = None
        reader = reader or self._store.reader()
        try:
            yield reader
        except BaseException:
            reader.close()
            raise
        with self._lock:
            self._idle.append((current, reader))


def _history(reader: Reader, lookup: HistoryQuery, ask: AskHistory) -> Reply:
    """One more is looked for than was asked for: without it, there is nothing more."""
    ((key, name),) = lookup.places.items()
    hidden = _hidden(reader, lookup, key)
    is_end, began = False, monotonic()
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
            limit=ask.limit + 1,
            newest=newest,
            everything=ask.everything,
            hidden=hidden,
        )
        is_end = len(events) <= ask.limit and monotonic() < began + HISTORY_SECONDS
        events = events[-ask.limit :] if newest else events[: ask.limit]
    events = reader.with_quotes(key, events, hidden)
    return HistoryIs(name, tuple(events), reader.reactions(key, events), is_end)


def _targets(reader: Reader, lookup: HistoryQuery, ask: AskTargets) -> Reply:
    """Of places that can't be looked at within `HISTORY_SECONDS` nothing is told."""
    end = monotonic() + HISTORY_SECONDS
    found = []
    is_end = True
    for key, name in _places(reader, lookup).items():
        if (left := end - monotonic()) <= 0:
            is_end = False
            break
        time = reader.latest(key, _hidden(reader, lookup, key), left)
        if ask.after.time < time < ask.before.time:
            found.append((time, name))
    found.sort()
    chosen = found[-ask.limit :] if ask.newest else found[: ask.limit]
    return TargetsAre(tuple([(name, time) for time, name in chosen]), is_end and len(chosen) == len(found))


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
    return Found(ask.words, tuple(said))


def _mentions(reader: Reader, lookup: HistoryQuery, ask: AskMentions) -> Reply:
    """The account's own words don't count, nor those of people whom it ignores."""
    end = monotonic() + HISTORY_SECONDS
    is_ignored, after = matcher(list(lookup.ignored)), HistoryPoint(time=ask.after - 1) if ask.after else None
    counts: list[tuple[str, int]] = []
    found: list[Said] = []
    for key, name in lookup.places.items():
        if (left := end - monotonic()) <= 0:
            break
        hidden = {key: max(_hidden(reader, lookup, key), lookup.seen.get(key, 0))}
        said = reader.search([key], lookup.account, after=after, limit=ask.limit, hidden=hidden, seconds=left)
        named = [
            event
            for event in said
            if names(event.text, lookup.account) and event.by.account != lookup.account and not is_ignored(event.by)
        ]
        found += named
        if named:
            counts.append((name, len(named)))
    if ask.count:
        return MentionsAre(tuple(counts), ask.limit)
    return Found(lookup.account, tuple(sorted(found, key=lambda event: event.id)[-ask.limit :]))


def _places(reader: Reader, lookup: HistoryQuery) -> dict[str, str]:
    """The places that a query covers: their names by their keys."""
    return {**lookup.places, **(reader.conversations(lookup.account) if lookup.account else {})}


def _hidden(reader: Reader, lookup: HistoryQuery, key: str) -> int:
    """The id of the last event of a place that must not be shown to whoever asks."""
    return reader.hidden_until(key, lookup.opened[key]) if key in lookup.opened else lookup.since
