"""Objects that know each other, as JSON and back, whatever fields they have: users are in rooms, rooms have users.

- Objects with an identity (users, rooms) stand in a table, and are referred to by their place in it; so nothing is
  written twice, and what was one object is one again. Values (dataclasses, tuples, enums) stand where they are used.
- What only means something on one server is left out: a session is None, an audience is empty. So is what is only kept
  so that it need not be made again: slots that begin with _, which `refresh` makes anew.
- Only classes that the reader was told of are made, and none of their code is run.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from chatroom.rooms import Audience, Session

# What stands before the content of a list in JSON. Numbers, texts and None are as they are.
_TUPLE, _LIST, _SET, _DICT, _COUNTER, _DEQUE, _ENUM, _VALUE, _OBJECT, _AUDIENCE = range(10)


class Graph:
    """Writes and reads objects of these classes."""

    def __init__(self, classes: Iterable[type]) -> None:
        self._classes = {each.__name__: each for each in classes}
        self.schema = repr(sorted((name, attributes(each)) for name, each in self._classes.items()))

    def write(self, root: Any) -> str:
        table: list[Any] = []
        numbers: dict[int, int] = {}  # places in the table, by identity
        top = _write(root, table, numbers)
        rows: list[list[Any]] = []
        for it in table:  # which grows while it is gone through
            names = [name for name in attributes(type(it)) or vars(it) if hasattr(it, name)]
            values = [_write(getattr(it, name), table, numbers) for name in names]
            rows.append([type(it).__name__, names, values])
        return json.dumps([top, rows], ensure_ascii=False, separators=(",", ":"))

    def read(self, text: str) -> Any:
        """Raises `KeyError` for a class that the graph wasn't told of."""
        top, rows = json.loads(text)
        table: list[Any] = [object.__new__(self._classes[name]) for name, _, _ in rows]
        for it, (_, names, values) in zip(table, rows, strict=True):
            for name, value in zip(names, values, strict=True):
                setattr(it, name, self._read(value, table))
        for it in table:
            if hasattr(it, "refresh"):
                it.refresh()
        return self._read(top, table)

    def _read(self, row: Any, table: list[Any]) -> Any:
        if not isinstance(row, list):
            return row
        kind, *rest = row
        return _READERS[kind](rest, lambda each: self._read(each, table), self._classes, table)


def attributes(kind: type) -> list[str]:
    """The slots of a class that are written; nothing if its objects have a `__dict__` instead."""
    slots = [name for base in reversed(kind.__mro__) for name in base.__dict__.get("__slots__", ())]
    return [name for name in slots if not name.startswith("_")]


def _write(it: Any, table: list[Any], numbers: dict[int, int]) -> Any:
    def every(values: Iterable[Any]) -> list[Any]:
        return [_write(value, table, numbers) for value in values]

    if it is None or isinstance(it, (str, int, float)):
        return it
    if isinstance(it, Session):
        return None
    if isinstance(it, Audience):
        return [_AUDIENCE]
    if isinstance(it, Enum):
        return [_ENUM, type(it).__name__, it.value]
    if isinstance(it, tuple):
        return [_VALUE, type(it).__name__, *every(it)] if hasattr(it, "_fields") else [_TUPLE, *every(it)]
    if isinstance(it, dict):
        return [_COUNTER if isinstance(it, Counter) else _DICT, every(it.keys()), every(it.values())]
    if isinstance(it, deque):
        return [_DEQUE, it.maxlen, *every(it)]
    if isinstance(it, list):
        return [_LIST, *every(it)]
    if isinstance(it, (set, frozenset)):
        return [_SET, *every(sorted(it))]
    if is_dataclass(it):
        return [_VALUE, type(it).__name__, *every(getattr(it, f.name) for f in fields(it))]
    if id(it) not in numbers:
        numbers[id(it)] = len(table)
        table.append(it)
    return [_OBJECT, numbers[id(it)]]


def _read_value(rest: list[Any], read: Callable[[Any], Any], classes: dict[str, type], table: list[Any]) -> Any:
    kind, values = classes[rest[0]], [read(each) for each in rest[1:]]
    if not is_dataclass(kind):
        return kind(*values)
    return kind(**dict(zip([f.name for f in fields(kind)], values, strict=True)))


_READERS: dict[int, Callable[[list[Any], Callable[[Any], Any], dict[str, type], list[Any]], Any]] = {
    _TUPLE: lambda rest, read, classes, table: tuple(map(read, rest)),
    _LIST: lambda rest, read, classes, table: list(map(read, rest)),
    _SET: lambda rest, read, classes, table: set(map(read, rest)),
    _DICT: lambda rest, read, classes, table: dict(zip(map(read, rest[0]), map(read, rest[1]), strict=True)),
    _COUNTER: lambda rest, read, classes, table: Counter(dict(zip(rest[0], rest[1], strict=True))),
    _DEQUE: lambda rest, read, classes, table: deque(map(read, rest[1:]), maxlen=rest[0]),
    _ENUM: lambda rest, read, classes, table: classes[rest[0]](rest[1]),
    _VALUE: _read_value,
    _OBJECT: lambda rest, read, classes, table: table[rest[0]],
    _AUDIENCE: lambda rest, read, classes, table: Audience({}),
}
