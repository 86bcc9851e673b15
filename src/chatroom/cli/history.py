"""`chatroom history`: reads the server's file for whoever may read it. It works while the server runs."""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from chatroom.cli.common_options import FilePath, WholeNumber, data_option
from chatroom.cli.export import FORMS, local_time, output_file
from chatroom.cli.progress import progress
from chatroom.common import streams
from chatroom.common.language import mark, tr, trn
from chatroom.common.names import fold
from chatroom.model.events import Event, Said
from chatroom.model.values import HistoryPoint
from chatroom.protocols.plain import event_lines
from chatroom.storage import gaps, renaming
from chatroom.storage.backup import belongs_to
from chatroom.storage.offline import OfflineStore
from chatroom.storage.reader import Reader
from chatroom.storage.schema import DatabaseError, StoreError
from chatroom.storage.search_index import SearchIndex

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = {"today": 0, "yesterday": 1}
_UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}


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
            # Translators: yesterday and today are typed so, in every language.
            fault = tr(
                "{value} is no time; 2026-01-31, 2026-01-31T14:05, 2026-01-31T14:05:30+02:00, yesterday and today are.",
                value=value,
            )
            self.fail(fault, param, ctx)


class Age(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A number of hours, days or weeks, as seconds: 12h, 90d, 4w."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,6})([hdw])", value)
        if not match:
            self.fail(tr("{value} is no age; 12h, 90d and 4w are.", value=value), param, ctx)
        return int(match[1]) * _UNITS[match[2]]


_since = click.option(
    "--since",
    type=Moment(),
    show_default=False,
    help=tr(
        "The first moment to include: a date, a time, yesterday or today. Without an offset such as +02:00 it is local"
        " time."
    ),
)
_until = click.option(
    "--until",
    type=Moment(),
    show_default=False,
    help=tr("The first moment to leave out, written in the same way."),
)


@click.group(help=tr("Read, search, export and prune the history."))
def history() -> None:
    """The command `chatroom history`."""


@history.command(
    help=tr(
        "Write what happened in ROOM to a file, or to standard output.\n"
        "\n"
        "An existing file is replaced once the new one is complete."
    )
)
@click.argument("room")
@click.option(
    "--format", "form", type=click.Choice(["text", "jsonl", "html"]), default="text", help=tr("The form of the export.")
)
@_since
@_until
@click.option("-o", "--output", type=FilePath(dir_okay=False), default="-", help=tr("The file to write, in UTF-8."))
@data_option
def export(room: str, form: str, since: int | None, until: int | None, output: str, data: Path) -> None:
    """The command `chatroom history export`."""
    key = fold(room if room.startswith("#") else f"#{room}")
    start, end = 0 if since is None else since, 1 << 60 if until is None else until
    with _reader(data) as reader:
        if belongs_to(Path(output), reader.path):
            raise click.ClickException(
                tr("{output} is the data itself; choose another name for what is exported.", output=output)
            )
        found = next((s for s in reader.summaries() if fold(s.name) == key), None)
        if found is None:
            for old, name, _ in reader.read(renaming.read):
                if old == key:
                    raise click.ClickException(tr("{room} is called {name} now.", room=room, name=name))
            raise click.ClickException(
                tr("There is no history of {room}; chatroom history rooms lists what there is.", room=room)
            )
        count = found.said if since is None and until is None else reader.count(key, start, end)
        events = _watched(reader.walk(key, start, end), count, tr("Exporting {room}", room=found.name))
        with output_file(output) as file:
            file.writelines(text.encode() for text in FORMS[form](found.name, events))
        _tell_gaps(reader, start, end)


@history.command(help=tr("Find the messages that contain all of the WORDS."))
@click.argument("words", nargs=-1, required=True)
@click.option("--room", help=tr("Search this room only."))
@click.option("--by", default="", show_default=False, help=tr("Search only what this person said."))
@_since
@_until
@click.option(
    "--limit", type=WholeNumber(1), default=50, help=tr("How many messages to show at most; the newest are shown.")
)
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
    """The command `chatroom history search`."""
    after = None if since is None else HistoryPoint(time=since - 1)
    before = None if until is None else HistoryPoint(time=until)
    with _reader(data) as reader:
        keys = [fold(room if room.startswith("#") else f"#{room}")] if room else map(fold, reader.room_names())
        found = reader.search(keys, " ".join(words), by=by, after=after, before=before, limit=limit, seconds=60)
    for event in found:
        for sentence in event_lines(event):
            streams.show(f"{local_time(event.time)} {event.target} {sentence}")
    if not found:
        click.echo(tr("Nothing was found."), err=True)


@history.command(
    help=tr(
        "Delete old messages.\n"
        "\n"
        "Their words leave the file, which does not shrink; the space is used for later"
        " messages. A running server has the last messages of each room in memory, too, and shows"
        " them to those who join until it ends."
    )
)
@click.option(
    "--older-than", type=Age(), required=True, help=tr("Messages older than this are deleted: 12h, 90d or 4w.")
)
@data_option
def prune(older_than: int, data: Path) -> None:
    """The command `chatroom history prune`."""
    before = int((time.time() - older_than) * 1000)
    deleted = 0
    with _reader(data) as reader:
        total = reader.count_before(before)
    with _problems(), closing(OfflineStore(data)) as store, progress(tr("Pruning")) as show:
        index = SearchIndex(store)
        while (said := index.prune(before)) >= 0:
            deleted += said
            show(deleted, total)
        store.forget_deletions(index)
    streams.show(trn("{count} message deleted.", "{count} messages deleted.", deleted))


@history.command(
    help=tr(
        "List the rooms that have a history.\n"
        "\n"
        "Shows how many messages each has, and from when to when something happened there."
    )
)
@data_option
def rooms(data: Path) -> None:
    """The command `chatroom history rooms`."""
    with _reader(data) as reader:
        summaries = list(reader.summaries())
        _tell_gaps(reader)
    width = max([len(s.name) for s in summaries], default=0)
    counts = [trn("{count} message", "{count} messages", s.said) for s in summaries]
    count_width = max(map(len, counts), default=0)
    for s, count in zip(summaries, counts, strict=True):
        since, until = local_time(s.since), local_time(s.until)
        streams.show(
            f"{s.name:<{width}}  {count:>{count_width}}  " + tr("{since}  to  {until}", since=since, until=until)
        )
    if not summaries:
        click.echo(tr("Nothing was said yet."), err=True)


def _tell_gaps(reader: Reader, start: int = 0, end: int = 1 << 60) -> None:
    """Says what is missing between these times, where people read it and programs don't."""
    for since, until in reader.read(gaps.read):
        if since < end and until > start:
            sentence = mark("From {since} to {until} the server was away; what was said meanwhile may be missing here.")
            click.echo(tr(sentence, since=local_time(since), until=local_time(until)), err=True)


# ---- the file -------------------------------------------------------------------------------------------------------


@contextmanager
def _reader(data: Path) -> Iterator[Reader]:
    with _problems(), closing(OfflineStore(data)) as store, closing(store.reader()) as reader:
        yield reader


@contextmanager
def _problems() -> Iterator[None]:
    """What can be wrong with the data, as a sentence."""
    try:
        yield
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    except DatabaseError as error:
        raise click.ClickException(tr("The history can't be used: {reason}.", reason=error)) from None


def _watched(events: Iterable[Event], total: int, label: str) -> Iterator[Event]:
    """The events; shows how many of the messages among them have passed."""
    said = 0
    with progress(label) as show:
        for event in events:
            yield event
            if type(event) is Said:
                said += 1
                show(said, total)
