"""The rows of the message pane, made from a part of a room's entries, and how they change. No Tk.

A row is one line of the text widget, so row `i` is line `i + 1` and nothing has to be looked for. A message of several
lines has several rows. A row is a tuple of
(text, tag) segments; the view knows what the tags look like. A change is a `Splice`: from row `start`, `deleted` rows
give way to `rows`. The view does to its widget exactly what was done to `Transcript.rows`.

Only what changed is made again: from the row before the lowest dirty position to the end, less what came out the same.
"""

from bisect import bisect_left
from dataclasses import dataclass, field, replace

from chatroom.client import strings
from chatroom.client.room import REDRAW_NOTHING, Room
from chatroom.client.transcript_entry import MOVES, SPOKEN, DeliveryState, Kind, TranscriptEntry
from chatroom.common.language import tr, trn
from chatroom.gui import markup
from chatroom.gui.markup import Segment

PAGE_ENTRIES = 300  # shown at first, and more of them each time the user scrolls past an end
MOST_ENTRIES = 5_000  # in the widget; Tk's text gets slow beyond
_LONG_CHARACTERS = 700  # longer messages are collapsed
_SHOWN_CHARACTERS = 400
_LONG_LINES, _SHOWN_LINES = 40, 20  # likewise; a server of ours takes 32 lines
_QUOTED_CHARACTERS = 90  # of what a message answers
_NO_BREAK = "\u00a0"  # a space at which no line ends
_FOLDED_ENTRIES = 60  # joins and leaves in one row


_FOLDED = ((Kind.JOIN, strings.joined), (Kind.LEAVE, strings.gone))


@dataclass(frozen=True, slots=True)
class TranscriptRow:
    """`tag` is for the whole line; `position` is of the first entry in it."""

    tag: str
    segments: tuple[Segment, ...]
    position: int = field(compare=False)
    entry: TranscriptEntry | None = field(compare=False, default=None)
    code: str = field(compare=False, default="")  # that a click on "copy" copies

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.segments)


@dataclass(frozen=True, slots=True)
class Splice:
    start: int
    deleted: int
    rows: tuple[TranscriptRow, ...]


class Transcript:
    """Shows the entries of `room` with positions from `start` to `end`."""

    def __init__(
        self,
        room: Room,
        timestamps: bool = True,
        moves: bool = True,
        words: tuple[str, ...] = (),
        has_places: bool = False,
        me: str = "",
    ) -> None:
        self.room = room
        self.rows: list[TranscriptRow] = []
        self.timestamps = timestamps
        self.moves = moves
        self.words = words  # that are marked
        self.me = me  # what we are called
        self.has_places = has_places  # each message offers to show its place in the conversation
        self.expanded: set[int] = set()  # serials of long messages shown in full
        self.highlight: TranscriptEntry | None = None
        self.start = self.end = self._last
        self._first = room.first  # the room's, at the last look
        self.latest()

    @property
    def _last(self) -> int:
        return self.room.first + len(self.room.entries)

    @property
    def is_at_end(self) -> bool:
        return self.end >= self._last

    @property
    def is_at_start(self) -> bool:
        return self.start <= self.room.first

    def latest(self) -> list[Splice]:
        """Moves to the end of the room."""
        self.room.take_dirty()
        if self.end < self._last - MOST_ENTRIES or self._last - self.start > MOST_ENTRIES or self.start >= self.end:
            self.start = max(self.room.first, self._last - PAGE_ENTRIES)
        self.end = self._last
        return self.rebuild()

    def update(self, following: bool) -> list[Splice]:
        """Shows what happened in the room since the last time; stays where it is when not `following` and full."""
        dirty = self.room.take_dirty()
        forgotten = self._forget()
        if self.start == self._first and self.room.first < self._first:
            forgotten += self.page_up()  # history came in where the window begins
        self._first = self.room.first
        if following and self._last - self.end > PAGE_ENTRIES:
            return forgotten + self._leap()
        was_at_end = self.end >= min(dirty, self._last)
        grew = self._last > self.end
        if following:
            self.end = self._last
        elif was_at_end:
            self.end = min(self._last, max(self.end, self.start + MOST_ENTRIES))
        self.end = min(self.end, self._last)
        if dirty == REDRAW_NOTHING and not grew:
            return forgotten
        splices = forgotten + self._redraw(min(dirty, self.end))
        if following and self.end - self.start > MOST_ENTRIES:
            splices += self._drop_oldest(self.end - MOST_ENTRIES * 4 // 5)
        return splices

    def _forget(self) -> list[Splice]:
        """Drops the rows of entries that the room has forgotten: their positions may be used again."""
        if self.start >= self.room.first:
            return []
        self.end = max(self.end, min(self._last, self.room.first + PAGE_ENTRIES))
        return self._drop_oldest(self.room.first)

    def _leap(self) -> list[Splice]:
        """Goes to the end without drawing all that came: it is more than anybody reads. One can scroll up to it."""
        self.start, self.end = self._last - PAGE_ENTRIES, self._last
        return self.rebuild()

    def page_up(self) -> list[Splice]:
        """Shows older entries that are remembered."""
        if self.is_at_start:
            return []
        self.start = max(self.room.first, self.start - PAGE_ENTRIES)
        seam = self._seam()
        if seam is None:
            return self.rebuild()
        new = self._build(self.start, self.rows[seam].position)
        self.rows[:seam] = new
        return [Splice(0, seam, tuple(new)), *self._drop_newest()]

    def _seam(self) -> int | None:
        """The first row that stays the same whatever comes before: a message right behind another message."""
        for index in range(1, min(len(self.rows), 2 * _FOLDED_ENTRIES)):
            before, row = self.rows[index - 1], self.rows[index]
            if before.entry is row.entry:
                continue
            if all(each.entry and each.tag != "separator" and each.entry.kind in SPOKEN for each in (before, row)):
                return index
        return None

    def _drop_newest(self) -> list[Splice]:
        """Drops the newest rows where there are too many, while the user scrolls up."""
        if self.end - self.start <= MOST_ENTRIES:
            return []
        index = bisect_left(self.rows, self.start + MOST_ENTRIES, key=lambda row: row.position)
        if index == len(self.rows):
            return []
        self.end = self.rows[index].position
        index = bisect_left(self.rows, self.end, key=lambda row: row.position)
        dropped = len(self.rows) - index
        del self.rows[index:]
        return [Splice(index, dropped, ())]

    def page_down(self) -> list[Splice]:
        """Shows newer entries, where the window is not at the end."""
        if self.is_at_end:
            return []
        old, self.end = self.end, min(self._last, self.end + PAGE_ENTRIES)
        splices = self._redraw(old)
        return splices + (self._drop_oldest(self.end - MOST_ENTRIES) if self.end - self.start > MOST_ENTRIES else [])

    def include(self, entry: TranscriptEntry) -> list[Splice]:
        """Moves so that an entry of the room is in sight."""
        position = self.room.first + self.room.entries.index(entry)
        if not self.start <= position < self.end:
            self.start = max(self.room.first, position - PAGE_ENTRIES)
            self.end = min(self._last, position + PAGE_ENTRIES)
        return self.rebuild()

    def row_of(self, entry: TranscriptEntry) -> int:
        """The row an entry stands in, or -1."""
        return next((i for i, row in enumerate(self.rows) if row.entry is entry), -1)

    def rebuild(self) -> list[Splice]:
        """Makes all rows again."""
        self.start = max(self.start, self.room.first)
        return self._replace(0, self._build(self.start))

    def _redraw(self, dirty: int) -> list[Splice]:
        if dirty <= self.start or not self.rows:
            return self.rebuild()
        # The row with the entry before the dirty one is made again too: it may fold the next entry into itself.
        before = bisect_left(self.rows, dirty, key=lambda row: row.position) - 1
        position = max(self.rows[max(before, 0)].position, self.start, self.room.first)
        index = bisect_left(self.rows, position, key=lambda row: row.position)
        return self._replace(index, self._build(position))

    def _replace(self, index: int, new: list[TranscriptRow]) -> list[Splice]:
        """Replaces all rows from `index` on by `new`; the splice leaves out what is the same at both ends."""
        old = self.rows[index:]
        self.rows[index:] = new
        same = 0
        while same < min(len(old), len(new)) and old[same] == new[same]:
            same += 1
        tail = 0
        while tail < min(len(old), len(new)) - same and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        if same == len(old) == len(new):
            return []
        return [Splice(index + same, len(old) - same - tail, tuple(new[same : len(new) - tail]))]

    def _drop_oldest(self, start: int) -> list[Splice]:
        self.start = start
        count = bisect_left(self.rows, start, key=lambda row: row.position)
        head = self.rows[count] if count < len(self.rows) else None
        if head is None or head.entry is None or head.position != start or head.tag == "separator":
            return self.rebuild()  # a fold is cut in two, or a day begins here
        self.rows[:count] = [_day_row(strings.day(head.entry.time), start)]
        return [Splice(0, count, tuple(self.rows[:1]))]

    # --- entries to rows ----------------------------------------------------------------------------------------------

    def _build(self, position: int, end: int | None = None) -> list[TranscriptRow]:
        """The rows from a position on, to the end of the window or to `end`."""
        first, entries = self.room.first, self.room.entries
        end = min(self.end if end is None else end, self._last)  # something may have been removed since the last update
        day = strings.day(entries[position - 1 - first].time) if position > max(self.start, first) else ""
        rows: list[TranscriptRow] = []
        while position < end:
            entry = entries[position - first]
            if (today := strings.day(entry.time)) != day:
                day = today
                rows.append(_day_row(day, position))
            if entry is self.room.mark:
                since = tr("——  new since {time}  ——", time=strings.clock(entry.time))
                rows.append(TranscriptRow("separator", ((since, "mark"),), position, entry))
            if entry.kind in (Kind.JOIN, Kind.LEAVE):
                last = self._fold_end(position, end)
                if self.moves:
                    rows.append(self._moves(position, entries[position - first : last - first]))
                position = last
                continue
            if self.moves or entry.kind not in MOVES:
                rows += self._rows(position, entry)
            position += 1
        return rows

    def _fold_end(self, position: int, end: int) -> int:
        """The position behind the joins and leaves that go into one row."""
        first, entries, start = self.room.first, self.room.entries, position
        day = strings.day(entries[position - first].time)
        while position < end and position - start < _FOLDED_ENTRIES:
            entry = entries[position - first]
            if entry.kind not in (Kind.JOIN, Kind.LEAVE) or (position > start and entry is self.room.mark):
                break
            if strings.day(entry.time) != day or entry.language is not entries[start - first].language:
                break
            position += 1
        return position

    def _moves(self, position: int, entries: list[TranscriptEntry]) -> TranscriptRow:
        if len(entries) == 1:
            parts = [strings.said(entries[0])]
        else:
            moved: dict[str, list[Kind]] = {}  # by nick, in the order of what they did
            for entry in entries:
                moved.setdefault(entry.nick, []).append(entry.kind)
            back = [nick for nick, kinds in moved.items() if (kinds[0], kinds[-1]) == (Kind.LEAVE, Kind.JOIN)]
            some = {
                told: [nick for nick in moved if kind in moved[nick] and nick not in back] for kind, told in _FOLDED
            }
            some[strings.came_back] = back
            parts = [told(nicks, entries[0].language) for told, nicks in some.items() if nicks]
        return TranscriptRow("line", (*self._time(entries[0]), ("   ".join(parts), "muted")), position, entries[0])

    def _rows(self, position: int, entry: TranscriptEntry) -> list[TranscriptRow]:
        """The rows of an entry: one a line, and one above each block of code."""
        colour = f"nick{self.room.colour(entry.nick)}" if entry.nick else ""
        head: list[Segment] = []
        tag = "body"
        match entry.kind:
            case Kind.RENAME:
                row = (*self._time(entry), (strings.said(entry), "muted"))
                return [TranscriptRow("line", row, position, entry)]
            case Kind.INFO:
                tag = "muted"
            case Kind.ERROR:
                tag = "error"
            case Kind.ANNOUNCEMENT:
                tag = "announced"
            case Kind.ACTION:
                head = [("• ", "muted"), (entry.nick, colour), (" ", "gap")]
            case Kind.NOTICE:
                head = [(entry.nick, colour), (entry.language.tr("  (notice) "), "muted")]
            case _:
                head = [(entry.nick, colour), ("  ", "gap")]
        tag = "muted" if entry.pending else tag
        line = (
            "found"
            if entry is self.highlight
            else "mention"
            if entry.mention or entry.kind is Kind.ANNOUNCEMENT
            else "line"
        )
        text, more = self._shown(entry)
        open_row: list[Segment] = [*self._time(entry), *head]  # goes on with the first line of text
        rows = []
        if answered := self.room.find(entry.reply_to):
            quote = f"↩ {answered.nick}: {answered.text.partition(chr(10))[0][:_QUOTED_CHARACTERS]}"
            rows.append(TranscriptRow(line, (*self._time(entry), (quote, "muted quote")), position, entry))
            open_row = [*self._gap(), *head]
        for block in markup.blocks(text):
            if block.is_code:
                code = "\n".join(block.lines)
                rows.append(TranscriptRow(line, (*open_row, (tr("Copy the code"), "copy")), position, entry, code))
                rows += [TranscriptRow("code", ((text, "code"),), position, entry) for text in block.lines]
                open_row = self._gap()
                continue
            for text in block.lines:
                said = markup.marked(markup.segments(text, tag), self.words)
                rows.append(TranscriptRow(line, (*open_row, *said), position, entry))
                open_row = self._gap()
        room = ((f"  {entry.place}", "muted"),) if entry.place not in ("", self.room.name) else ()
        place = (*room, ("  ", tag), (tr("Show its place"), "place")) if self.has_places else room
        edited = ((" " + entry.language.tr("(edited)"), "small"),) if entry.edited else ()
        end = (*more, *edited, *_delivery(entry), *place)
        if rows[-1].tag == "code" and end:
            rows.append(TranscriptRow(line, (*self._gap(), *end), position, entry))
        elif end:
            rows[-1] = replace(rows[-1], segments=(*rows[-1].segments, *end))
        if entry.reactions:
            rows.append(TranscriptRow(line, (*self._gap(), *self._chips(entry)), position, entry))
        return rows

    def _chips(self, entry: TranscriptEntry) -> list[Segment]:
        """What a message was reacted with, and by how many; those of ours are marked."""
        chips: list[Segment] = []
        for number, (reaction, nicks) in enumerate(entry.reactions.items()):
            is_ours = any(self.room.fold(nick) == self.room.fold(self.me) for nick in nicks)
            tags = ("chip", f"chip{number}", *(("mine",) if is_ours else ()))
            chips += [(f" {reaction} {len(nicks)} ".replace(" ", _NO_BREAK), " ".join(tags)), (" ", "gap")]
        return chips[:-1]

    def _time(self, entry: TranscriptEntry) -> tuple[Segment, ...]:
        return ((f"{strings.clock(entry.time)}\t", "time"),) if self.timestamps else ()

    def _gap(self) -> list[Segment]:
        """What stands in place of the time in further lines of a message."""
        return [("\t", "time")] if self.timestamps else []

    def _shown(self, entry: TranscriptEntry) -> tuple[str, list[Segment]]:
        """The text of an entry, or its beginning and what shows all of it."""
        text = entry.text
        lines = text.split("\n")
        if (
            entry.kind not in SPOKEN
            or entry.serial in self.expanded
            or (len(text) <= _LONG_CHARACTERS and len(lines) <= _LONG_LINES)
        ):
            return text, []
        text = "\n".join(lines[:_SHOWN_LINES])
        text = text[:_SHOWN_CHARACTERS] if len(text) > _LONG_CHARACTERS else text
        text += "\n```" if text.count("```") % 2 else ""
        return text, [("… ", "muted"), (_all(len(entry.text)), "more")]


def _all(count: int) -> str:
    return trn("Show all {count} character", "Show all {count} characters", count)


def _day_row(day: str, position: int) -> TranscriptRow:
    return TranscriptRow("separator", ((f"——  {day}  ——", "separator"),), position)


def _delivery(entry: TranscriptEntry) -> tuple[Segment, ...]:
    if entry.delivery is DeliveryState.WAITING:
        return ((tr("  (waiting for the connection…)") + " ", "muted"), (tr("Take back"), "delete"))
    if entry.pending:
        return ((tr("  (sending…)"), "muted"),)
    if entry.delivery is DeliveryState.FAILED:
        not_sent = tr("  Not sent – ")
        return ((not_sent, "error"), (tr("Retry"), "retry"), (" · ", "error"), (tr("Delete"), "delete"))
    return ()
