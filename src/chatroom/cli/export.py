"""What `chatroom history export` writes: the forms of an export, and the file that appears when it is whole."""

import html
import json
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import click

from chatroom.common.clock import timestamp
from chatroom.common.language import tr
from chatroom.common.text import CUT, FEED
from chatroom.common.trusted_files import UntrustedFileError, check_way
from chatroom.model.events import (
    Departed,
    Event,
    Joined,
    Kicked,
    Left,
    ModesSet,
    Reacted,
    Renamed,
    RoomRenamed,
    Said,
    TopicSet,
)
from chatroom.model.modes import written
from chatroom.model.values import MessageKind
from chatroom.protocols.plain import event_lines
from chatroom.protocols.social_sentences import reactions_sentence, speaker

# ---- the file -------------------------------------------------------------------------------------------------------


@contextmanager
def output_file(path: str) -> Iterator[IO[bytes]]:
    """Opens `path` for writing; an existing file stays as it is until the new one is complete.

    A pipe or a terminal is written to at once; "-" and /dev/stdout are standard output. Raises `click.ClickException`.
    """
    if path in ("-", "/dev/stdout"):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    try:
        check_way(target)
        mode = target.stat().st_mode if target.exists() else 0
        is_file = not mode or stat.S_ISREG(mode)
        with _beside(Path(os.path.realpath(path)), mode) if is_file else target.open("wb") as file:
            yield file
    except UntrustedFileError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(tr("{path} can't be written: {reason}.", path=path, reason=error.strerror)) from None


@contextmanager
def _beside(target: Path, mode: int) -> Iterator[IO[bytes]]:
    """A new file that replaces `target` at the end, or is deleted if something fails.

    It gets the mode of the file that it replaces; if there is none (`mode` is 0), only its owner can read it.
    """
    path = target.with_name(f".chatroom-{secrets.token_hex(8)}")
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
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


# ---- forms ----------------------------------------------------------------------------------------------------------


def local_time(milliseconds: int) -> str:
    """A time by this machine's clock, with its offset, as --since takes it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().isoformat(" ", "seconds")


def _sentences(events: Iterable[Event]) -> Iterator[tuple[Event, list[str]]]:
    """What is written of each event. The reactions to a message are one sentence behind it.

    They have the time of the message, so that times only rise: each came at another time, mostly after later messages.
    """
    time = 0
    for is_reaction, group in groupby(events, key=lambda event: isinstance(event, Reacted)):
        if is_reaction:
            for _, each in groupby([e for e in group if isinstance(e, Reacted)], key=lambda e: e.quote.id):
                reactions = list(each)
                yield replace(reactions[-1], time=time), [f"* {reactions_sentence(reactions)}"]
        else:
            for event in group:
                time = event.time
                yield event, event_lines(event)


def _as_text(room: str, events: Iterable[Event]) -> Iterator[str]:
    for event, sentences in _sentences(events):
        for sentence in sentences:
            yield f"{local_time(event.time)} {sentence}\n"


def _said(event: Said) -> dict[str, str]:
    fields = {"text": event.text.replace(CUT, "").replace(FEED, "\n")}
    if event.quote:
        fields["answers"] = f"{event.quote.id:x}"
    return fields if event.kind is MessageKind.MESSAGE else {**fields, "kind": event.kind.value}


# What events are called in JSON, and what is told of them. Other programs read it: no name changes.
EVENTS: dict[type[Event], tuple[str, Callable[[Any], dict[str, str]]]] = {
    Said: ("said", _said),
    Reacted: ("reacted", lambda e: {"reaction": e.reaction, "to": f"{e.quote.id:x}"}),
    Joined: ("joined", lambda e: {}),
    Left: ("left", lambda e: {"reason": e.reason}),
    Departed: ("departed", lambda e: {"reason": e.reason}),
    Renamed: ("renamed", lambda e: {"to": e.nick}),
    TopicSet: ("topicset", lambda e: {"topic": e.topic}),
    Kicked: ("kicked", lambda e: {"reason": e.reason, "whom": e.who.nick}),
    ModesSet: ("modesset", lambda e: {"modes": written(e.changes)}),
    RoomRenamed: ("roomrenamed", lambda e: {"from": e.room, "to": e.name, "reason": e.reason}),
}
# What ends a line for some programs, and what JSON may hold as it is.
_LINE_END = re.compile("[\x7f-\x9f\u2028\u2029]")


def _as_jsonl(room: str, events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        by = event.by
        name, told = EVENTS[type(event)]
        fields = {"id": f"{event.id:x}", "time": timestamp(event.time), "room": room, "event": name}
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
time {{ opacity: .8; font-variant-numeric: tabular-nums }}
.event {{ opacity: .8; font-style: italic }}
</style>
<h1>{title}</h1>
"""


_SPAN = re.compile(
    r"""`(?P<code>[^`]+)`|(?P<link>https?://[^\s<>"]*[^\s<>".,;:!?'\])])|(?<![\w*])\*(?P<bold>[^\s*](?:[^*]*[^\s*])?)\*(?![\w*])"""
)
_SPANS = {
    "code": "<code>{0}</code>",
    "link": '<a href="{0}" rel="noreferrer nofollow">{0}</a>',
    "bold": "<strong>{0}</strong>",
}


def _as_html(room: str, events: Iterable[Event]) -> Iterator[str]:
    yield _PAGE.format(title=html.escape(room))
    day = ""
    for event, sentences in _sentences(events):
        local = local_time(event.time)
        date, clock, offset = local[:10], local[11:19], local[19:]
        kind = "" if isinstance(event, Said) else ' class="event"'
        for sentence in sentences:
            if day != f"{date} (UTC{offset})":
                day = f"{date} (UTC{offset})"
                yield f"<h2>{day}</h2>\n"
            yield f'<p{kind}><time datetime="{timestamp(event.time)}">{clock}</time> {_marked(event, sentence)}</p>\n'
    yield "</html>\n"


def _marked(event: Event, sentence: str) -> str:
    """A sentence with its sender in bold."""
    if not isinstance(event, Said):
        return html.escape(sentence)
    nick, head = event.by.nick, f"{speaker(event)}: "
    if event.kind is not MessageKind.ACTION:
        if not sentence.startswith(head):  # a line after the first
            head = f"{nick}: "
        answered = head.removeprefix(nick).removesuffix(": ")
        return f"<b>{html.escape(nick)}</b>{html.escape(answered)}: {_with_spans(sentence.removeprefix(head))}"
    return f"<b>{html.escape(nick)}</b>{_with_spans(sentence.removeprefix(f'** {nick}'))}"


def _with_spans(text: str) -> str:
    """A text as the page shows it: `code`, links and *bold*."""
    parts, end = [], 0
    for span in _SPAN.finditer(text):
        shown = html.escape(span[span.lastgroup or 0])
        parts += [html.escape(text[end : span.start()]), _SPANS[str(span.lastgroup)].format(shown)]
        end = span.end()
    return "".join([*parts, html.escape(text[end:])])


FORMS: dict[str, Callable[[str, Iterable[Event]], Iterator[str]]] = {
    "text": _as_text,
    "jsonl": _as_jsonl,
    "html": _as_html,
}
