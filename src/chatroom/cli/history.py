"""`chatroom history`: what was said, for whoever may read the server's files. Works while the server runs."""

import html
import json
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import click

from chatroom.common import streams
from chatroom.common.names import fold
from chatroom.common.text import CUT, FEED
from chatroom.model.events import Departed, Event, Joined, Kicked, Left, ModesSet, Renamed, Said, TopicSet
from chatroom.model.modes import written
from chatroom.model.values import HistoryPoint, MessageKind
from chatroom.protocols.plain import PLAIN
from chatroom.storage.offline import OfflineStore
from chatroom.storage.reader import Reader
from chatroom.storage.schema import DatabaseError, StoreError
from chatroom.storage.search_index import SearchIndex

PATIENCE = 1.0  # seconds that something takes before there is a progress bar
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = {"today": 0, "yesterday": 1}
_UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}


def whole(data: Path) -> Path:
    """The directory with its ~ replaced; raises `click.ClickException` where there is no home directory for it."""
    try:
        return data.expanduser()
    except RuntimeError:
        raise click.ClickException(
            f"There is no {data}, as this user has no home directory; --data DIR says where the data are to be."
        ) from None


def _found(context: click.Context, parameter: click.Parameter, data: Path) -> Path:
    """`whole`; only `serve` can do without, and asks for it when it needs it."""
    return data if context.command.name == "serve" else whole(data)


data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    callback=_found,
    default=Path(click.get_app_dir("chatroom")),
    envvar="CHATROOM_SERVE_DATA",  # the same for `serve` and for these
    show_envvar=True,
    help="Where history is kept.",
)


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A date or a time, of this machine's zone if it has no offset, as milliseconds; days begin at midnight."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            day = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
            when = day - timedelta(days=_DAYS[value]) if value in _DAYS else datetime.fromisoformat(value)
            return (when.astimezone() - _EPOCH) // timedelta(milliseconds=1)
        except (ValueError, OverflowError, OSError):
            times = "2026-01-31, 2026-01-31T14:05, 2026-01-31T14:05:30+02:00, yesterday and today are"
            self.fail(f"{value} is no time; {times}.", param, ctx)


class Age(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A number of hours, days or weeks, as seconds: 12h, 90d, 4w."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,6})([hdw])", value)
        if not match:
            self.fail(f"{value} is no age; 12h, 90d and 4w are.", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


_WHEN = "a date, a time, yesterday or today; local time, if no offset as +02:00 is given."
_since = click.option("--since", type=Moment(), show_default=False, help=f"From when on: {_WHEN}")
_until = click.option("--until", type=Moment(), show_default=False, help=f"Up to before when: {_WHEN}")


@click.group()
def history() -> None:
    """Read, search, export and prune what was said."""


@history.command()
@click.argument("room")
@click.option("--format", "form", type=click.Choice(["text", "jsonl", "html"]), default="text", help="What to write.")
@_since
@_until
@click.option("-o", "--output", type=click.Path(dir_okay=False), default="-", help="File to write; UTF-8.")
@data_option
def export(room: str, form: str, since: int | None, until: int | None, output: str, data: Path) -> None:
    """Write what happened in ROOM to a file, or to standard output."""
    key = fold(room if room.startswith("#") else f"#{room}")
    start, end = 0 if since is None else since, 1 << 60 if until is None else until
    with _reader(data) as reader:
        found = next((s for s in reader.summaries() if fold(s.name) == key), None)
        if found is None:
            raise click.ClickException(f"There is no history of {room}; chatroom history rooms lists what there is.")
        count = found.said if since is None and until is None else reader.count(key, start, end)
        events = _watched(reader.walk(key, start, end), count, f"Exporting {found.name}")
        with _written(output) as file:
            file.writelines(text.encode() for text in _FORMS[form](found.name, events))


@history.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--room", help="Only in this room.")
@click.option("--by", default="", show_default=False, help="Only what this person said.")
@_since
@_until
@click.option("--limit", type=click.IntRange(1), default=50, help="How many messages, the newest.")
@data_option
def search(
    words: tuple[str, ...],
    room: str | None,
    by: str,
    since: int | None,
    until: int | None,
    limit: int,
    data: Path,
) -> None:
    """Find messages in all rooms that have all of the WORDS in them."""
    after = None if since is None else HistoryPoint(time=since - 1)
    before = None if until is None else HistoryPoint(time=until)
    with _reader(data) as reader:
        keys = [fold(room if room.startswith("#") else f"#{room}")] if room else map(fold, reader.room_names())
        found = reader.search(keys, " ".join(words), by=by, after=after, before=before, limit=limit, seconds=60)
    for event in found:
        for sentence in _sentences(event):
            streams.show(f"{_local(event.time)} {event.target} {sentence}")
    if not found:
        click.echo("Nothing was found.", err=True)


@history.command()
@click.option("--older-than", type=Age(), required=True, help="Age, such as 12h, 90d or 4w.")
@data_option
def prune(older_than: int, data: Path) -> None:
    """Delete what was said longer ago. The file's space is used again, the file does not shrink."""
    before = int((time.time() - older_than) * 1000)
    deleted = 0
    with _reader(data) as reader:
        total = reader.count_before(before)
    with _problems(), closing(OfflineStore(data)) as guest, _progress(total, "Pruning") as step:
        index = SearchIndex(guest)
        while (said := index.prune(before)) >= 0:
            deleted += said
            step(said)
    streams.show(f"{deleted} messages deleted.")


@history.command()
@data_option
def rooms(data: Path) -> None:
    """List the rooms that have a history, with how much and from when to when."""
    with _reader(data) as reader:
        summaries = list(reader.summaries())
    width = max([len(s.name) for s in summaries], default=0)
    for s in summaries:
        streams.show(f"{s.name:<{width}}  {s.said:>9} messages  {_local(s.since)}  to  {_local(s.until)}")
    if not summaries:
        click.echo("Nothing was said yet.", err=True)


# ---- the file -------------------------------------------------------------------------------------------------------


@contextmanager
def _reader(data: Path) -> Iterator[Reader]:
    with _problems(), closing(OfflineStore(data)) as guest, closing(guest.reader()) as reader:
        yield reader


@contextmanager
def _problems() -> Iterator[None]:
    """What can be wrong with the data, as a sentence."""
    try:
        yield
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    except DatabaseError as error:
        raise click.ClickException(f"The history can't be used: {error}.") from None


@contextmanager
def _written(path: str) -> Iterator[IO[bytes]]:
    """What is written here becomes the file at `path` when all of it is written; until then that is what it was.

    Into what is no file, a pipe or a terminal say, it is written at once; "-" and /dev/stdout are standard output.
    """
    if path in ("-", "/dev/stdout"):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    try:
        mode = target.stat().st_mode if target.exists() else 0
        is_file = not mode or stat.S_ISREG(mode)
        with _beside(Path(os.path.realpath(path)), mode) if is_file else target.open("wb") as file:
            yield file
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error.strerror}.") from None


@contextmanager
def _beside(target: Path, mode: int) -> Iterator[IO[bytes]]:
    """A new file that takes the place of `target` when all went well, with its mode if that isn't 0, or else goes."""
    path = target.with_name(f".chatroom-{secrets.token_hex(8)}")
    with path.open("xb") as file:
        try:
            if mode:
                path.chmod(stat.S_IMODE(mode))
            yield file
            file.flush()
            os.fsync(file.fileno())  # some file systems are full only now
            path.replace(target)
        except BaseException:
            path.unlink()
            raise


# ---- time and patience ----------------------------------------------------------------------------------------------


def _local(milliseconds: int) -> str:
    """A time by this machine's clock, with its offset, as --since takes it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().isoformat(" ", "seconds")


def _utc(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def _progress(total: int, label: str) -> Iterator[Callable[[int], None]]:
    """Tells of progress on standard error, if that is a terminal, once it has taken `PATIENCE` seconds."""
    start = time.monotonic()
    bar: Any = None
    done = 0

    def step(count: int) -> None:
        nonlocal bar, done
        done += count
        if bar is not None:
            bar.update(count)
        elif sys.stderr.isatty() and time.monotonic() - start > PATIENCE:
            bar = click.progressbar(length=total, label=label, file=sys.stderr, update_min_steps=max(1, total // 200))
            bar.__enter__()
            bar.update(done)

    try:
        yield step
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)


def _watched(events: Iterable[Event], total: int, label: str) -> Iterator[Event]:
    """The events, with progress told."""
    with _progress(total, label) as step:
        for event in events:
            yield event
            if type(event) is Said:
                step(1)


# ---- forms ----------------------------------------------------------------------------------------------------------


def _sentences(event: Event) -> list[str]:
    """What a plain client would be told: a line for each of a message that has several."""
    return [line for line in PLAIN.render(event).decode().split("\n") if line]


def _as_text(room: str, events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        for sentence in _sentences(event):
            yield f"{_local(event.time)} {sentence}\n"


def _said(event: Said) -> dict[str, str]:
    fields = {"text": event.text.replace(CUT, "").replace(FEED, "\n")}
    return fields if event.kind is MessageKind.MESSAGE else {**fields, "kind": event.kind.value}


# What events are called in JSON, and what is told of them. Other programs read it: no name changes.
_EVENTS: dict[type[Event], tuple[str, Callable[[Any], dict[str, str]]]] = {
    Said: ("said", _said),
    Joined: ("joined", lambda e: {}),
    Left: ("left", lambda e: {"reason": e.reason}),
    Departed: ("departed", lambda e: {"reason": e.reason}),
    Renamed: ("renamed", lambda e: {"to": e.nick}),
    TopicSet: ("topicset", lambda e: {"topic": e.topic}),
    Kicked: ("kicked", lambda e: {"reason": e.reason, "whom": e.who.nick}),
    ModesSet: ("modesset", lambda e: {"modes": written(e.changes)}),
}
# What ends a line for some programs, and what JSON may hold as it is.
_LINE_END = re.compile("[\x7f-\x9f\u2028\u2029]")


def _as_jsonl(room: str, events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        by = event.by
        name, told = _EVENTS[type(event)]
        fields = {"id": f"{event.id:x}", "time": _utc(event.time), "room": room, "event": name}
        fields |= {"nick": by.nick, "username": by.username, "host": by.host}
        if by.account:
            fields["account"] = by.account
        line = json.dumps(fields | told(event), ensure_ascii=False)
        yield _LINE_END.sub(lambda end: f"\\u{ord(end[0]):04x}", line) + "\n"


_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }}
html {{ color-scheme: light dark }}
p {{ margin: 0; overflow-wrap: anywhere; white-space: pre-wrap }}
time {{ opacity: .6; font-variant-numeric: tabular-nums }}
.event {{ opacity: .6; font-style: italic }}
</style>
<h1>{title}</h1>
"""


def _as_html(room: str, events: Iterable[Event]) -> Iterator[str]:
    yield _PAGE.format(title=html.escape(room))
    day = ""
    for event in events:
        local = _local(event.time)
        date, clock, offset = local[:10], local[11:19], local[19:]
        kind = "" if isinstance(event, Said) else ' class="event"'
        for sentence in _sentences(event):
            if day != f"{date} (UTC{offset})":
                day = f"{date} (UTC{offset})"
                yield f"<h2>{day}</h2>\n"
            yield f'<p{kind}><time datetime="{_utc(event.time)}">{clock}</time> {_marked(event, sentence)}</p>\n'
    yield "</html>\n"


def _marked(event: Event, sentence: str) -> str:
    nick, colon, text = sentence.partition(": ")
    if isinstance(event, Said) and event.kind is not MessageKind.ACTION and colon:
        return f"<b>{html.escape(nick)}</b>: {html.escape(text)}"
    return html.escape(sentence)


_FORMS: dict[str, Callable[[str, Iterable[Event]], Iterator[str]]] = {
    "text": _as_text,
    "jsonl": _as_jsonl,
    "html": _as_html,
}
