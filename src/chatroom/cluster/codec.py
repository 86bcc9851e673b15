"""Values as JSON and back, from the fields of their dataclasses.

- A value is the list of its fields; where its type is not known from its place, the type's name in the codec's table
  stands before them.
- An enum is its value, a tuple, set or list a list, None is null. The `id` and `time` of an event by itself don't
  travel: its place in the log gives them.
- A person that everybody knows is only their uid, and is read as who they are when it is read: so an event that was
  decided before a new name, and has its place behind it, bears the new name. Anybody else is written in full.
- `schema` is a number that differs where the fields do. Who has another one must not read what is written here.
"""

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints
from zlib import crc32

from chatroom.model.events import Event
from chatroom.model.values import Person

Convert = Callable[[Any], Any]
_PLACE = ("id", "time")  # of an event, given by the log
_AS_IT_IS = (str, int, float, bool, type(None))
_LISTS: dict[Any, Callable[[Iterable[Any]], Any]] = {tuple: tuple, list: list, set: set, frozenset: frozenset}


class UnknownPersonError(Exception):
    """A uid that nobody has (any more)."""


class _Plan(NamedTuple):
    """How a dataclass is written and read: its fields, and those of them that are not written as they are."""

    get: Callable[[Any], tuple[Any, ...]]
    writers: tuple[tuple[int, Convert], ...]
    readers: tuple[tuple[int, Convert], ...]
    make: Callable[..., Any]


class _Ways(NamedTuple):
    """How a type is written and read; None: as it is."""

    write: Convert | None
    read: Convert | None


class Codec:
    """Writes and reads values of these dataclasses, by what they are called on the wire, and of those in their fields.

    `person` says who has a uid, None if nobody has; without it, all people are written in full.
    """

    def __init__(self, kinds: Mapping[str, type], person: Callable[[str], Person | None] | None = None) -> None:
        self._person = person
        self._seen: dict[str, str] = {}  # fields of all dataclasses met, by name
        self._nested: dict[Any, _Ways] = {}
        self._nested[Person] = self._ways_of_person()
        self._kinds = dict(kinds)
        self._plans = {kind: self._plan(kind, placed=False) for kind in self._kinds.values()}
        self._names = {kind: name for name, kind in self._kinds.items()}
        self.schema = crc32(repr(sorted(self._seen.items())).encode())

    def write(self, value: Any) -> list[Any]:
        """What JSON can hold of a value, with its type's name."""
        kind = type(value)
        return [self._names[kind], *_written(self._plans[kind], value)]

    def read(self, row: list[Any]) -> Any:
        """The value. Raises `UnknownPersonError`; `KeyError` for a type that is not among the codec's."""
        return _read(self._plans[self._kinds[row[0]]], row[1:])

    # ---- plans ------------------------------------------------------------------------------------------------------

    def _plan(self, kind: type, placed: bool) -> _Plan:
        hints = get_type_hints(kind)
        names = [f.name for f in fields(kind) if placed or not (issubclass(kind, Event) and f.name in _PLACE)]
        self._seen[kind.__name__] = repr([(name, str(hints[name])) for name in names])
        ways = [self._ways(hints[name]) for name in names]
        first = attrgetter(*names) if names else lambda value: ()
        return _Plan(
            (lambda value: (first(value),)) if len(names) == 1 else first,
            tuple([(i, way.write) for i, way in enumerate(ways) if way.write]),
            tuple([(i, way.read) for i, way in enumerate(ways) if way.read]),
            _maker(kind, names),
        )

    def _ways(self, hint: Any) -> _Ways:
        """How a field of this type is written and read; raises `TypeError` for what has no way."""
        if hint in _AS_IT_IS:
            return _Ways(None, None)
        if hint not in self._nested:
            self._nested[hint] = self._new_ways(hint)
        return self._nested[hint]

    def _new_ways(self, hint: Any) -> _Ways:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            (inner,) = [each for each in arguments if each is not type(None)]
            return _optional(self._ways(inner))
        if origin is tuple and arguments[-1] is not Ellipsis:
            return _fixed([self._ways(each) for each in arguments])
        if origin in _LISTS:
            return _each(self._ways(arguments[0]), _LISTS[origin])
        if origin is dict and arguments[0] is str:
            return _entries(self._ways(arguments[1]))
        if isinstance(hint, type) and issubclass(hint, Enum):
            return _Ways(attrgetter("value"), hint)
        if isinstance(hint, type) and is_dataclass(hint):
            plan = self._plan(hint, placed=True)
            return _Ways(lambda value: _written(plan, value), lambda row: _read(plan, row))
        if isinstance(hint, type) and issubclass(hint, tuple):  # with names
            ways = [self._ways(each) for each in get_type_hints(hint).values()]
            self._seen[hint.__name__] = repr([(name, str(each)) for name, each in get_type_hints(hint).items()])
            write, read = _fixed(ways)
            assert read
            return _Ways(write, lambda row: hint(*read(row)))
        raise TypeError(f"{hint} has no way into JSON")

    def _ways_of_person(self) -> _Ways:
        know = self._person

        def write(person: Person) -> Any:
            return person.uid if know and know(person.uid) else _written(plan, person)

        def read(row: Any) -> Person:
            if not isinstance(row, str):
                person: Person | None = _read(plan, row)
            else:
                person = know(row) if know else None
            if person is None:
                raise UnknownPersonError(row)
            return person

        plan = self._plan(Person, placed=True)

        return _Ways(write, read)


def _maker(kind: type, names: list[str]) -> Callable[..., Any]:
    """Makes a value of its fields, in the order of their names."""
    if any(f.kw_only for f in fields(kind) if f.name in names):
        return lambda *values: kind(**dict(zip(names, values, strict=True)))
    return kind


def _written(plan: _Plan, value: Any) -> list[Any]:
    row = list(plan.get(value))
    for i, write in plan.writers:
        row[i] = write(row[i])
    return row


def _read(plan: _Plan, row: list[Any]) -> Any:
    for i, read in plan.readers:
        row[i] = read(row[i])
    return plan.make(*row)


def _optional(way: _Ways) -> _Ways:
    write, read = way
    return _Ways(
        write and (lambda value: None if value is None else write(value)),
        read and (lambda row: None if row is None else read(row)),
    )


def _each(way: _Ways, collect: Callable[[Iterable[Any]], Any]) -> _Ways:
    write, read = way
    return _Ways(
        (lambda values: [write(value) for value in values]) if write else list,
        (lambda rows: collect([read(row) for row in rows])) if read else collect,
    )


def _fixed(ways: list[_Ways]) -> _Ways:
    writes = [way.write or _same for way in ways]
    reads = [way.read or _same for way in ways]
    return _Ways(
        lambda values: [write(value) for write, value in zip(writes, values, strict=True)],
        lambda rows: tuple([read(row) for read, row in zip(reads, rows, strict=True)]),
    )


def _entries(way: _Ways) -> _Ways:
    write, read = way.write or _same, way.read or _same
    return _Ways(
        lambda values: {key: write(value) for key, value in values.items()},
        lambda rows: {key: read(row) for key, row in rows.items()},
    )


def _same(value: Any) -> Any:
    return value
