"""`chatroom history`, beside a server that runs, and without one."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatroom.cli.export import EVENTS, FORMS
from chatroom.cli.main import main
from chatroom.common.text import CUT, FEED
from chatroom.model.events import Event, Joined, Kicked, ModesSet, Reacted, RoomRenamed, Said, TopicSet
from chatroom.model.values import MessageKind, ModeChange, Person
from chatroom.storage.offline import OfflineStore
from chatroom.storage.search_index import SearchIndex, indexed
from chatroom.storage.segments import _LINES
from chatroom.storage.store import Store
from tests.hosting import run_without_reader
from tests.peers import DEADLINE, Plain, Served, eventually

ALICE = Person("1", "alice", "al", "127.0.0.1")
NOON = 1_767_268_800_123  # 2026-01-01T12:00:00.123Z in milliseconds
DAY = 86_400_000


def history(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["history", *arguments])


@pytest.fixture
def kept(data: Path) -> Path:
    """Data of a server that has ended: two rooms, a message a day."""
    with closing(Store(data)) as store:
        events: list[Event] = [Joined(ALICE, "#Tea", id=1, time=NOON)]
        for n in range(2, 6):
            events.append(Said(ALICE, "#Tea", f"cup <{n}> & more", MessageKind.MESSAGE, id=n, time=NOON + n * DAY))
        events.append(Said(ALICE, "#b", "waves", MessageKind.ACTION, id=9, time=NOON + 9 * DAY))
        store.save(events)
    return data


def test_rooms_are_listed(kept: Path) -> None:
    """With how many messages, from when to when."""
    lines = history("rooms").stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [["#b", "1", "message"], ["#Tea", "4", "messages"]]
    assert "2026-01-01" in lines[1] and "2026-01-06" in lines[1]


def test_a_room_is_exported_as_text(kept: Path, tmp_path: Path) -> None:
    """All that happened, in sentences, to standard output or to a file; the # may be left out."""
    done = history("export", "tea")
    assert len(done.stdout.splitlines()) == 5
    assert re.fullmatch(r"2026-01-01 \d\d:\d\d:00[+-]\d\d:\d\d \* alice joined", done.stdout.splitlines()[0])
    assert done.stdout.endswith("alice: cup <5> & more\n")
    history("export", "#TEA", "-o", str(tmp_path / "tea.txt"))
    assert (tmp_path / "tea.txt").read_text(encoding="utf-8") == done.stdout


@pytest.mark.parametrize("name", ["chatroom.db", "chatroom.db-wal", "chatroom.db-journal", "chatroom.lock", "link"])
def test_the_data_itself_is_not_written_over(kept: Path, tmp_path: Path, name: str) -> None:
    """By whatever name: a slip must not cost the history."""
    (kept / "link").symlink_to(kept / "chatroom.db")
    before = (kept / "chatroom.db").read_bytes()
    done = history("export", "tea", "-o", str(kept / name))
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{kept / name} is the data itself; choose another name" in done.stderr
    assert (kept / "chatroom.db").read_bytes() == before
    assert history("export", "tea", "-o", str(kept / "chatroom.txt")).exit_code == 0


def test_progress_is_shown_on_a_terminal_and_nowhere_else(kept: Path, tmp_path: Path) -> None:
    """A bar on standard error once it has taken a while; not a byte of it among what is exported."""
    program = "import chatroom.cli.progress as p; p.PATIENCE_SECONDS = -1; from chatroom.cli.main import main; main()"
    command = [sys.executable, "-c", program, "history", "export", "tea"]
    terminal, theirs = pty.openpty()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True, timeout=DEADLINE)
    os.close(theirs)
    bar = os.read(terminal, 10_000)
    os.close(terminal)
    assert b"Exporting #Tea" in bar and b"100%" in bar
    assert len(done.stdout.splitlines()) == 5
    unseen = subprocess.run(command, capture_output=True, check=True, timeout=DEADLINE)
    assert (unseen.stdout, unseen.stderr) == (done.stdout, b"")


def test_a_period_is_exported(kept: Path) -> None:
    """From --since to before --until."""
    done = history("export", "#tea", "--since", "2026-01-04", "--until", "2026-01-06")
    assert re.findall(r"<(\d)>", done.stdout) == ["3", "4"]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-01-03T13:00:00.123+01:00", ["2", "3", "4", "5"]),
        ("2026-01-03 12:00:00.124Z", ["3", "4", "5"]),
        ("2026-01-03T23:00-14:00", ["4", "5"]),
        ("20260105", ["4", "5"]),
        ("2026-01-05T01:00:00", ["4", "5"]),
        ("yesterday", []),
        ("today", []),
    ],
)
def test_a_period_may_begin_in_another_zone(kept: Path, time: str, expected: list[str]) -> None:
    """With an offset; without one it is this machine's time. What is told is told with an offset, and can be given."""
    done = history("export", "#tea", "--since", time)
    assert re.findall(r"<(\d)>", done.stdout) == expected
    assert re.findall(r"<(\d)>", history("search", "cup", "--since", time).stdout) == expected
    for number, line in zip(expected, done.stdout.splitlines(), strict=True):
        again = history("export", "#tea", "--since", line[:25]).stdout.splitlines()[0]
        assert again == line and f"<{number}>" in again


def test_yesterday_is_a_day(data: Path) -> None:
    """The one before today, from midnight to midnight."""
    midnight = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - timedelta(days=1, minutes=1), midnight - timedelta(days=1), midnight - timedelta(minutes=1)]
    with closing(Store(data)) as store:
        for number, when in enumerate([*days, midnight], 1):
            time = int(when.timestamp()) * 1000
            store.save([Said(ALICE, "#tea", f"<{number}>", MessageKind.MESSAGE, id=number, time=time)])
    told = history("export", "#tea", "--since", "yesterday", "--until", "today").stdout
    assert re.findall(r"<(\d)>", told) == ["2", "3"]
    assert re.findall(r"<(\d)>", history("search", "1 2", "--since", "today").output) == []
    assert re.findall(r"<(\d)>", history("search", "4", "--since", "today").stdout) == ["4"]


@pytest.mark.parametrize("time", ["tomorrow", "2026-13-01", "0001-01-01T00:00:00+14:00", "", "12h"])
def test_what_is_no_time_is_refused_with_what_is(kept: Path, time: str) -> None:
    """In a sentence."""
    done = history("export", "#tea", "--since", time)
    assert done.exit_code == 2
    assert f"{time} is no time; 2026-01-31, " in done.stderr


LINES = f"first{FEED}second and {CUT}its rest{FEED}{FEED}fourth"


def test_each_line_of_a_message_has_its_place(data: Path) -> None:
    """With who said it and when; in JSON it is one text, with what the sender had to cut joined again."""
    with closing(Store(data)) as store:
        store.save([Said(ALICE, "#tea", LINES, MessageKind.MESSAGE, id=1, time=NOON)])
    expected = ["alice: first", "alice: second and its rest", "alice: fourth"]
    told = history("export", "#tea").stdout.splitlines()
    assert [line[26:] for line in told] == expected
    assert len({line[:26] for line in told}) == 1
    assert [line[26:] for line in history("search", "rest").stdout.splitlines()] == [f"#tea {e}" for e in expected]
    page = history("export", "#tea", "--format", "html").stdout
    assert re.findall("</time> <b>alice</b>: (.*)</p>", page) == [line[7:] for line in expected]
    (line,) = history("export", "#tea", "--format", "jsonl").stdout.splitlines()
    assert json.loads(line)["text"] == "first\nsecond and its rest\n\nfourth"


def test_an_object_is_one_line_for_every_program(data: Path) -> None:
    """Whatever it takes for the end of one."""
    topic = "a\u2028b\u2029c\x85d\x7fe"
    with closing(Store(data)) as store:
        store.save([TopicSet(ALICE, "#tea", topic, id=1, time=NOON)])
    (line,) = history("export", "#tea", "--format", "jsonl").stdout.splitlines()
    assert json.loads(line)["topic"] == topic


def test_events_keep_their_names_in_json() -> None:
    """Other programs read them. Every event that is kept has one."""
    names = {kind.__name__: name for kind, (name, _) in EVENTS.items()}
    assert names == {
        "Said": "said",
        "Reacted": "reacted",
        "Joined": "joined",
        "Left": "left",
        "Departed": "departed",
        "Renamed": "renamed",
        "TopicSet": "topicset",
        "Kicked": "kicked",
        "ModesSet": "modesset",
        "RoomRenamed": "roomrenamed",
    }
    assert EVENTS.keys() == {*_LINES, Reacted}


def test_a_room_is_exported_as_json_lines(kept: Path) -> None:
    """An object for each event, with its id, its time in UTC and who it was."""
    first, second, *_ = map(json.loads, history("export", "#tea", "--format", "jsonl").stdout.splitlines())
    assert first["event"] == "joined"
    assert second["time"] == "2026-01-03T12:00:00.123Z"
    assert (second["id"], second["nick"], second["text"]) == ("2", "alice", "cup <2> & more")


def test_what_operators_did_is_exported(data: Path) -> None:
    """Who, whom, how long and why."""
    op, bob = Person("1", "op", "u", "127.0.0.1"), Person("2", "bob", "u", "127.0.0.1")
    ban = ModeChange(True, "b", "bob!*@*", until=NOON + 7_200_000, reason="rude", whom="bob")
    with closing(Store(data)) as store:
        store.save([ModesSet(op, "#tea", (ban,), id=1, time=NOON), Kicked(op, "#tea", bob, "rude", id=2, time=NOON)])
    told = history("export", "#tea").stdout.splitlines()
    assert [line[26:] for line in told] == ["* op banned bob for 2h (rude)", "* op threw bob out (rude)"]
    banned, kicked = map(json.loads, history("export", "#tea", "--format", "jsonl").stdout.splitlines())
    assert (banned["event"], banned["modes"], kicked["whom"]) == ("modesset", "+b bob!*@*", "bob")


def test_ranks_and_new_names_are_exported(data: Path) -> None:
    """An old name is told to lead to the new one, which has all that happened."""
    op, bob = Person("1", "op", "u", "127.0.0.1"), Person("2", "bob", "u", "127.0.0.1")
    with closing(Store(data)) as store:
        store.save(
            [
                ModesSet(op, "#tea", (ModeChange(True, "o", "op", uid="1"),), id=1, time=NOON),
                ModesSet(op, "#tea", (ModeChange(True, "o", "bob", uid="2"),), id=2, time=NOON),
                RoomRenamed(op, "#Tea", "#green", "new name", id=3, time=NOON),
                RoomRenamed(bob, "#green", "#black", "", id=4, time=NOON),
                Said(bob, "#black", "is quiet", MessageKind.ACTION, id=5, time=NOON),
            ]
        )
    told = [line[26:] for line in history("export", "#black").stdout.splitlines()]
    assert told == [
        "* op is an operator here",
        "* op made bob an operator",
        "* op renamed #Tea to #green (new name)",
        "* bob renamed #green to #black",
        "** bob is quiet",
    ]
    assert "</time> <b>bob</b> is quiet</p>" in history("export", "#black", "--format", "html").stdout
    done = history("export", "#tea")
    assert (done.exit_code, done.stderr) == (1, "Error: #tea is called #black now.\n")
    line = history("export", "#black", "--format", "jsonl").stdout.splitlines()[2]
    fields = json.loads(line)
    assert (fields["event"], fields["from"], fields["to"]) == ("roomrenamed", "#Tea", "#green")
    assert fields["reason"] == "new name"


def test_a_room_is_exported_as_html(kept: Path) -> None:
    """A page by itself, in which nothing that was said is markup."""
    page = history("export", "#tea", "--format", "html").stdout
    assert page.startswith("<!DOCTYPE html>")
    assert "<b>alice</b>: cup &lt;2&gt; &amp; more" in page
    assert "<2>" not in page


def test_words_are_searched_for_in_all_rooms(kept: Path) -> None:
    """Or in one, or by one."""
    assert len(history("search", "CUP").stdout.splitlines()) == 4
    assert history("search", "cup", "--room", "#b").stdout == ""
    assert len(history("search", "cup", "--by", "alice", "--limit", "2").stdout.splitlines()) == 2
    assert history("search", "--until", "2026-01-04", "cup").stdout.rstrip().endswith("#Tea alice: cup <2> & more")


def test_what_is_old_is_pruned(kept: Path) -> None:
    """Older than so many hours, days or weeks, and nothing else."""
    assert history("prune", "--older-than", "9999w").stdout == "0 messages deleted.\n"
    assert history("prune", "--older-than", "1h").stdout == "5 messages deleted.\n"
    assert history("rooms").stdout == ""
    assert history("prune", "--older-than", "soon").exit_code == 2


def test_what_is_pruned_leaves_no_words_in_the_files(data: Path) -> None:
    """Neither in free pages, nor in the index."""
    with closing(Store(data)) as store:
        store.save([Said(ALICE, "#tea", "a xylophone", MessageKind.MESSAGE, id=1, time=1)])
        index = SearchIndex(store)
        while index.step():
            pass
    assert b"xylophone" in (data / "chatroom.db").read_bytes()
    assert history("prune", "--older-than", "1h").stdout == "1 message deleted.\n"
    assert not [file for file in data.iterdir() if b"xylophone" in file.read_bytes()]


def test_what_is_pruned_beside_a_server_leaves_the_files_too(
    serve: Callable[..., Served], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server sees to it, if it is the last to use them."""
    served = serve("--data", str(data))
    al = Plain(served.port, "al")
    al.send("a xylophone", "/search xylophone")
    al.wait("al: a xylophone$")
    with closing(OfflineStore(data)) as store:
        last = "SELECT max(row) FROM runs"
        eventually(lambda: indexed(store.db) == store.db.execute(last).fetchone()[0], "all that was said is indexed")
    assert history("prune", "--older-than", "0h").exit_code == 0
    al.close()
    served.type("q")
    assert served.ends() == 0
    assert not [file for file in data.iterdir() if b"xylophone" in file.read_bytes()]


@pytest.mark.parametrize("arguments", [("rooms",), ("export", "#a"), ("search", "x"), ("prune", "--older-than", "1d")])
def test_where_there_is_no_history_a_sentence_says_so(arguments: tuple[str, ...], data: Path) -> None:
    """And nothing is made there."""
    done = history(*arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: There is no history in {data}")
    assert not data.exists()


def test_a_room_that_never_was_is_named(kept: Path) -> None:
    """With what lists those that were."""
    done = history("export", "#nowhere")
    assert done.exit_code == 1
    assert "#nowhere" in done.stderr


def test_it_works_beside_a_running_server(serve: Callable[..., Served], data: Path) -> None:
    """Reading and pruning; the server goes on saving."""
    served = serve("--data", str(data))
    al = Plain(served.port, "al")
    for n in range(3):
        al.send(f"round {n}")
        al.send("/history 1")
        al.wait(f"al: round {n}$")
        assert f"al: round {n}\n" in history("export", "#lobby").stdout
        assert history("search", "round", str(n)).stdout.endswith(f"al: round {n}\n")
        assert history("prune", "--older-than", "0h").exit_code == 0
        assert "round" not in history("export", "#lobby").output
    al.close()


# ---- where it is written to -----------------------------------------------------------------------------------------


def test_a_file_is_replaced_when_all_is_written(kept: Path, tmp_path: Path) -> None:
    """With the mode that it had, through a link; nothing else is left in its directory."""
    place = tmp_path / "exports"
    place.mkdir()
    (place / "tea.txt").write_text("old")
    (place / "tea.txt").chmod(0o640)
    (place / "link").symlink_to("tea.txt")
    assert history("export", "#tea", "-o", str(place / "link")).exit_code == 0
    assert (place / "tea.txt").read_text() == history("export", "#tea").stdout
    assert (place / "tea.txt").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in place.iterdir()) == ["link", "tea.txt"]


@pytest.fixture
def long(data: Path) -> Path:
    """Data with a room of which an export takes a while."""
    with closing(Store(data)) as store:
        for first in range(0, 100_000, 1000):
            store.save(
                [Said(ALICE, "#tea", "cup" * 9, MessageKind.MESSAGE, id=first + n, time=NOON) for n in range(1, 1001)]
            )
    return data


@pytest.mark.parametrize("old", [None, "old"])
def test_who_ends_an_export_keeps_what_was_there(long: Path, tmp_path: Path, old: str | None) -> None:
    """Ctrl+C in the middle of it: the old file, or none, and nothing beside it."""
    place = tmp_path / "exports"
    place.mkdir()
    if old:
        (place / "tea.txt").write_text(old)
    program = f"""
import time
from chatroom.cli.main import main
from chatroom.cli.export import FORMS

whole = FORMS["text"]

def half(room, events):
    for number, text in enumerate(whole(room, events)):
        if number == 50_000:
            print("half of it is written", flush=True)
            time.sleep({DEADLINE})
        yield text

FORMS["text"] = half

import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background are started without it
main(["history", "export", "tea", "-o", {str(place / "tea.txt")!r}])
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "half of it is written\n"
        assert [path.name for path in place.glob(".chatroom-*")]
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=DEADLINE)
    assert (process.returncode, told.strip()) == (1, "Aborted!")
    assert [path.read_text() for path in place.iterdir()] == ([old] if old else [])


def test_a_full_disk_keeps_what_was_there(long: Path, tmp_path: Path) -> None:
    """A sentence says so; here no file may be longer than 40,000 bytes."""
    place = tmp_path / "exports"
    place.mkdir()
    (place / "tea.txt").write_text("old")
    program = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
from chatroom.cli.main import main
main(["history", "export", "tea", "-o", {str(place / "tea.txt")!r}])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=DEADLINE
    )
    assert (done.returncode, done.stderr) == (1, f"Error: {place}/tea.txt can't be written: File too large.\n")
    assert [path.read_text() for path in place.iterdir()] == ["old"]


@pytest.mark.parametrize(
    ("file", "reason"), [("no/tea.txt", "No such file or directory"), ("x" * 300, "File name too long")]
)
def test_where_nothing_can_be_written_a_sentence_says_so(kept: Path, tmp_path: Path, file: str, reason: str) -> None:
    """With the reason."""
    done = history("export", "#tea", "-o", f"{tmp_path}/{file}")
    assert (done.exit_code, done.stderr) == (1, f"Error: {tmp_path}/{file} can't be written: {reason}.\n")


def test_what_is_no_file_is_written_to(kept: Path, tmp_path: Path) -> None:
    """A pipe, with a name or without."""
    told = history("export", "#tea").stdout
    named = tmp_path / "pipe"
    os.mkfifo(named)
    ours, theirs = os.pipe()
    for place, end in ((str(named), os.open(named, os.O_RDONLY | os.O_NONBLOCK)), (f"/dev/fd/{theirs}", ours)):
        done = history("export", "#tea", "-o", place)
        assert (done.exit_code, os.read(end, 10_000).decode()) == (0, told)
        os.close(end)
    os.close(theirs)
    assert named.is_fifo()


@pytest.mark.parametrize("arguments", ["rooms", "search cup", "export tea", "prune --older-than 9999w"])
@pytest.mark.parametrize(
    ("to", "code", "told"),
    [
        (">&-", 0, ""),
        (">/dev/full", 1, "Error: Nothing can be written to standard output: No space left on device.\n"),
        ("", 0, ""),
    ],
    ids=["closed", "full", "nobody reads"],
)
def test_standard_output_that_takes_nothing_is_no_riddle(
    kept: Path, arguments: str, to: str, code: int, told: str
) -> None:
    """The exit code is 0 or there is a sentence."""
    assert run_without_reader(f"history {arguments}", to) == (code, told)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("command", ["search 太郎", "rooms"])
def test_what_the_locale_can_not_show_becomes_a_question_mark(data: Path, command: str, encoding: str) -> None:
    """And the search ends as any other."""
    with closing(Store(data)) as store:
        store.save([Said(ALICE, "#茶", "太郎 <>", MessageKind.MESSAGE, id=1, time=NOON)])
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "chatroom", "history", *command.split()],
        capture_output=True,
        env=environment,
        check=True,
        timeout=DEADLINE,
    )
    assert b"#?" in done.stdout


@pytest.mark.parametrize("arguments", [("export", "#\udcff"), ("search", "\udcff"), ("search", "x", "--by", "\udcff")])
def test_what_can_not_be_read_is_refused(kept: Path, arguments: tuple[str, ...]) -> None:
    """Bytes that are no text in this locale."""
    done = history(*arguments)
    assert done.exit_code == 2
    assert "set LC_ALL to the right one" in done.stderr


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "see https://example.org/a?b=1&c=2.",
            'see <a href="https://example.org/a?b=1&amp;c=2" rel="noreferrer nofollow">',
        ),
        ("*all* of `x < *y*`", "<strong>all</strong> of <code>x &lt; *y*</code>"),
        ("2*3*4 <b> javascript:x", "2*3*4 &lt;b&gt; javascript:x"),
        ("https://x/\"onload='y", '<a href="https://x/" rel="noreferrer nofollow">https://x/</a>&quot;onload=&#x27;y'),
    ],
)
def test_an_exported_page_shows_links_code_and_what_is_bold(text: str, shown: str) -> None:
    """As the page in the browser does; and nothing of what was said becomes part of the page."""
    person = Person("1", "al", "u", "h")
    said = Said(person, "#tea", text, MessageKind.MESSAGE, id=1, time=1_700_000_000_000)
    assert shown in "".join(FORMS["html"]("#tea", [said]))
