"""Objects that know each other, as JSON and back, whatever fields they have: users are in rooms, rooms have users.

- Objects with an identity (users, rooms) stand in a table, and are referred to by their place in it; so nothing is
  written twice, and what was one object is one again. Values (dataclasses, tuples, enums) stand where they are used.
- What only means something on one server is left out: a tuple of sessions and an audience are empty. So is what is only
  kept so that it need not be made again: slots that begin with _, which `refresh` makes anew.
- Only classes that the reader was told of are made, and none of their code is run.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any

from chatroom.model.audience import Audience
from chatroom.model.entities import Session

# What stands before the content of a list in JSON. Numbers, texts and None are as they are.
_TUPLE, _LIST, _SET, _DICT, _COUNTER, _DEQUE, _ENUM, _VALUE, _OBJECT, _AUDIENCE = range(10)
_PLAIN = frozenset((str, int, float, bool, type(None)))


class Graph:
    """Writes and reads objects of these classes, by what they are called in JSON."""

    def __init__(self, classes: Mapping[str, type]) -> None:
        self._classes = dict(classes)
        self._called = {kind: name for name, kind in classes.items()}

    def write(self, root: Any) -> str:
        """Raises `KeyError` for a class that the graph wasn't told of."""
        writer = _Writer(self._called)
        top = writer.write(root)
        rows: list[list[Any]] = []
        for it in writer.table:  # which grows while it is gone through
            names = attributes(type(it))
            rows.append([self._called[type(it)], names, [writer.write(getattr(it, name)) for name in names]])
        return json.dumps([top, rows], ensure_ascii=False, separators=(",", ":"))

    def read(self, text: str) -> Any:
        """Raises `KeyError` for a class that the graph wasn't told of."""
        top, rows = json.loads(text)
        reader = _Reader(self._classes, [object.__new__(self._classes[name]) for name, _, _ in rows])
        for it, (_, names, values) in zip(reader.table, rows, strict=True):
            for name, value in zip(names, values, strict=True):
                setattr(it, name, reader.read(value))
        for it in reader.table:
            if hasattr(it, "refresh"):
                it.refresh()
        return reader.read(top)


def attributes(kind: type) -> list[str]:
    """The slots of a class that are written."""
    slots = [name for base in reversed(kind.__mro__) for name in base.__dict__.get("__slots__", ())]
    return [name for name in slots if not name.startswith("_")]


@cache
def _fields(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """A function that gets all fields of a dataclass, which must have two at least."""
    return attrgetter(*[f.name for f in fields(kind)])


class _Writer:
    """Writes one graph. It is made while everybody waits, so what is many times in it is written without detours."""

    def __init__(self, called: dict[type, str]) -> None:
        self.table: list[Any] = []
        self._called = called
        self._numbers: dict[int, int] = {}  # places in the table, by identity

    def write(self, it: Any) -> Any:
        kind = type(it)
        if kind in _PLAIN:
            return it
        if is_dataclass(kind):
            return [_VALUE, self._called[kind], *self._every(_fields(kind)(it))]
        if issubclass(kind, tuple):
            if it and isinstance(it[0], Session):
                return [_TUPLE]
            return (
                [_VALUE, self._called[kind], *self._every(it)] if hasattr(it, "_fields") else [_TUPLE, *self._every(it)]
            )
        if issubclass(kind, dict):
            mark = _COUNTER if kind is Counter else _DICT
            return [mark, self._every(it.keys()), self._every(it.values())]
        if kind is deque:
            return [_DEQUE, it.maxlen, *self._every(it)]
        if kind is list:
            return [_LIST, *self._every(it)]
        if kind in (set, frozenset):
            return [_SET, *self._every(sorted(it))]
        return self._write_object(it)

    def _every(self, values: Iterable[Any]) -> list[Any]:
        write = self.write
        return [value if type(value) in _PLAIN else write(value) for value in values]

    def _write_object(self, it: Any) -> Any:
        if isinstance(it, Audience):
            return [_AUDIENCE]
        if isinstance(it, Enum):
            return [_ENUM, self._called[type(it)], it.value]
        number = self._numbers.get(id(it))
        if number is None:
            number = self._numbers[id(it)] = len(self.table)
            self.table.append(it)
        return [_OBJECT, number]


class _Reader:
    """Reads one graph; `table` holds its objects, which are given their content one by one."""

    def __init__(self, classes: dict[str, type], table: list[Any]) -> None:
        self.table = table
        self._classes = classes
        self._readers: dict[int, Callable[[list[Any]], Any]] = {
            _TUPLE: lambda row: tuple(self._every(row[1:])),
            _LIST: lambda row: self._every(row[1:]),
            _SET: lambda row: set(self._every(row[1:])),
            _DICT: lambda row: dict(zip(self._every(row[1]), self._every(row[2]), strict=True)),
            _COUNTER: lambda row: Counter(dict(zip(row[1], row[2], strict=True))),
            _DEQUE: lambda row: deque(self._every(row[2:]), maxlen=row[1]),
            _ENUM: lambda row: self._classes[row[1]](row[2]),
            _VALUE: self._value,
            _OBJECT: lambda row: self.table[row[1]],
            _AUDIENCE: lambda row: Audience({}),
        }

    def read(self, row: Any) -> Any:
        return self._readers[row[0]](row) if type(row) is list else row

    def _every(self, rows: Iterable[Any]) -> list[Any]:
        readers = self._readers
        return [readers[row[0]](row) if type(row) is list else row for row in rows]

    def _value(self, row: list[Any]) -> Any:
        kind, values = self._classes[row[1]], self._every(row[2:])
        if not is_dataclass(kind):
            return kind(*values)
        return kind(**dict(zip(_names(kind), values, strict=True)))


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple([f.name for f in fields(kind)])
