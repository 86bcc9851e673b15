"""Rows and splices: whatever happens in a room, the rows in the widget are the rows that the room asks for."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatroom.client.room import Room
from chatroom.client.transcript_entry import NICK_COLOURS, DeliveryState, Kind, TranscriptEntry, nick_colour
from chatroom.gui import transcript as module
from chatroom.gui.palette import DARK, LIGHT, Palette
from chatroom.gui.transcript import Splice, Transcript, TranscriptRow

DAY = 86_400


def entry(kind: Kind, nick: str, text: str, time: float = 0.0, **more: object) -> TranscriptEntry:
    return TranscriptEntry(kind, time, nick, text, **more)  # type: ignore[arg-type]


def texts(rows: list[TranscriptRow]) -> list[str]:
    return [row.text.rpartition("\t")[2] for row in rows]


def shown(*entries: TranscriptEntry) -> list[str]:
    room = Room("#r")
    for each in entries:
        room.add(each)
    return texts(Transcript(room).rows)[1:]


class Widget:
    """Does what the splices say, as the text widget would."""

    def __init__(self, transcript: Transcript) -> None:
        self.rows = list(transcript.rows)

    def apply(self, splices: list[Splice]) -> None:
        for splice in splices:
            assert splice.start + splice.deleted <= len(self.rows)
            self.rows[splice.start : splice.start + splice.deleted] = splice.rows


OPERATIONS = (
    "say",
    "story",
    "mine",
    "confirm",
    "fail",
    "remove",
    "join",
    "leave",
    "history",
    "mark",
    "unmark",
    "up",
    "down",
    "forget",
    "far",
)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(OPERATIONS), st.booleans(), st.booleans()), max_size=50))
@example([("mine", True, True), ("history", False, False), ("remove", True, True)])
def test_the_widget_always_shows_what_a_fresh_look_would_show(steps: list[tuple[str, bool, bool]]) -> None:
    """After any history of changes, applied as splices, the rows equal those made anew for the same entries.

    Several changes may come before the next look, but none after something was forgotten, which frees its positions.
    """
    room = Room("#r")
    transcript = Transcript(room)
    widget = Widget(transcript)
    for number, (step, following, looks) in enumerate(steps):
        clock = 1000.0 + number * 3_000
        match step:
            case "say":
                room.add(entry(Kind.MESSAGE, "bob", f"n{number}", clock, msgid=f"i{number}"))
            case "story":
                text = f"a{number}\n```\nb\nc\n```"
                room.add(entry(Kind.MESSAGE, "bob", text, clock, msgid=f"s{number}"))
            case "mine":
                room.add(entry(Kind.MESSAGE, "me", f"n{number}", clock, own=True, delivery=DeliveryState.SENT))
            case "confirm" | "fail" if room.pending():
                room.settle(room.pending()[0], DeliveryState.DONE if step == "confirm" else DeliveryState.FAILED)
            case "remove" if room.pending():
                room.remove(room.pending()[-1])
            case "join":
                room.add(entry(Kind.JOIN, f"j{number}", "", clock))
            case "leave":
                room.add(entry(Kind.LEAVE, f"j{number - 1}", "", clock))
            case "history":
                room.merge(
                    [entry(Kind.MESSAGE, "old", f"h{number}{n}", 10.0 * n, msgid=f"h{number}{n}") for n in range(3)]
                )
            case "mark" if room.entries:
                room.count_unread(room.entries[-1])
            case "unmark":
                room.unmark()
            case "up":
                widget.apply(transcript.page_up())
            case "down":
                widget.apply(transcript.page_down())
            case "forget" if len(room.entries) - len(room.pending()) > 3 and following:
                room._forget(2)
            case "far":
                for extra in range(8):
                    room.add(entry(Kind.MESSAGE, "bob", f"x{number}{extra}", clock))
        if looks or step == "forget" or number == len(steps) - 1:
            widget.apply(transcript.update(following))
        assert widget.rows == transcript.rows
    fresh = Transcript(room)
    fresh.start, fresh.end = transcript.start, transcript.end
    if transcript.start >= room.first:
        fresh.rebuild()
        assert texts(fresh.rows) == texts(widget.rows)


def test_only_what_changed_is_drawn_again() -> None:
    """A new message is one row in one splice, however long the room is."""
    room = Room("#r")
    for number in range(200):
        room.add(entry(Kind.MESSAGE, "bob", str(number)))
    transcript = Transcript(room)
    room.add(entry(Kind.MESSAGE, "bob", "new"))
    [splice] = transcript.update(following=True)
    assert (splice.deleted, [row.text.rpartition("  ")[2] for row in splice.rows]) == (0, ["new"])


def test_a_flood_is_not_drawn_in_full_and_the_widget_stays_small() -> None:
    """Nobody reads a thousand lines at once; they are a scroll away."""
    room = Room("#r")
    transcript = Transcript(room)
    for number in range(12_000):
        room.add(entry(Kind.MESSAGE, "bob", str(number)))
    transcript.update(following=True)
    assert len(transcript.rows) <= module.PAGE_ENTRIES + 1
    while not transcript.is_at_start:
        transcript.page_up()
        assert len(transcript.rows) <= module.MOST_ENTRIES + 1
    assert texts(transcript.rows)[1] == "bob  0" and not transcript.is_at_end
    while not transcript.is_at_end:
        transcript.page_down()
    assert texts(transcript.rows)[-1] == "bob  11999"


def test_history_that_comes_in_at_the_beginning_is_shown() -> None:
    """On joining, and when somebody scrolled up to the start; nothing is moved in between."""
    room = Room("#r")
    transcript = Transcript(room)
    widget = Widget(transcript)
    for batch in (3, 2, 1):
        said = [entry(Kind.MESSAGE, "bob", f"{batch}{n}", 5.0, msgid=f"{batch}{n}") for n in range(3)]
        room.merge(said, older=True)
        widget.apply(transcript.update(following=batch == 3))
    assert texts(widget.rows)[1:] == [f"bob  {batch}{n}" for batch in (1, 2, 3) for n in range(3)]


def test_joins_and_leaves_are_folded() -> None:
    """One row for those in a row; a message in between begins another."""
    joined = [entry(Kind.JOIN, nick, "") for nick in ("carol", "dave", "erin", "frank", "gus")]
    assert shown(*joined) == ["→ carol, dave and 3 others joined"]
    assert shown(joined[0], entry(Kind.LEAVE, "bob", "gone home")) == ["→ carol joined   ← bob left"]
    assert shown(entry(Kind.LEAVE, "bob", ""), entry(Kind.JOIN, "bob", "")) == ["→ bob left and came back"]
    assert shown(entry(Kind.LEAVE, "bob", "gone home")) == ["← bob left (gone home)"]
    assert shown(joined[0], entry(Kind.MESSAGE, "bob", "hi"), joined[1]) == [
        "→ carol joined",
        "bob  hi",
        "→ dave joined",
    ]


def test_each_day_begins_with_its_name() -> None:
    """A separator where the date changes."""
    said = shown(entry(Kind.MESSAGE, "bob", "old", DAY), entry(Kind.MESSAGE, "bob", "new", 2 * DAY))
    assert said[0] == "bob  old" and said[1].startswith("——  ") and said[2] == "bob  new"


def test_a_long_message_is_collapsed_until_somebody_wants_it() -> None:
    """Behind Show all."""
    room = Room("#r")
    long = entry(Kind.MESSAGE, "bob", "x" * 5_000)
    room.add(long)
    transcript = Transcript(room)
    assert len(transcript.rows[1].text) < 600 and "Show all 5,000 characters" in transcript.rows[1].text
    transcript.expanded.add(long.serial)
    room.touch_entry(long)
    transcript.update(True)
    assert "x" * 5_000 in transcript.rows[1].text


def test_a_nicks_colour_is_the_same_in_every_run_and_for_every_spelling() -> None:
    """crc32 of the folded name: no seed, no order."""
    assert nick_colour("Łukasz") == nick_colour("łUKASZ") == 4
    assert {nick_colour(f"user{n}") for n in range(100)} == set(range(NICK_COLOURS))


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two #RRGGBB."""

    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_every_text_can_be_read_on_its_background() -> None:
    """At least 4.5 to 1 (WCAG 2 AA), in both palettes."""

    def pairs(p: Palette) -> list[tuple[str, str]]:
        inks = (p.text, p.muted, p.error, p.ok, p.warn, *p.nicks)
        on_tints = [(p.text, p.selection), (p.text, p.mention), (p.warn, p.mention), (p.accent_text, p.accent)]
        return [(ink, paper) for ink in inks for paper in (p.bg, p.surface)] + on_tints

    for palette in (LIGHT, DARK):
        assert len(palette.nicks) == NICK_COLOURS
        assert [pair for pair in pairs(palette) if contrast(*pair) < 4.5] == []
