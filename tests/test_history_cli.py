"""`chatroom history`, beside a server that runs, and without one."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatroom.cli import main
from chatroom.events import Event, Joined, Kicked, Kind, ModeChange, ModesSet, Person, Said
from chatroom.store import Store
from tests.peers import DEADLINE, Plain, Served

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
            events.append(Said(ALICE, "#Tea", f"cup <{n}> & more", Kind.MESSAGE, id=n, time=NOON + n * DAY))
        events.append(Said(ALICE, "#b", "waves", Kind.ACTION, id=9, time=NOON + 9 * DAY))
        store.save(events)
    return data


def test_rooms_are_listed(kept: Path) -> None:
    """With how many messages, from when to when."""
    lines = history("rooms").stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [["#b", "1", "messages"], ["#Tea", "4", "messages"]]
    assert "2026-01-01" in lines[1] and "2026-01-06" in lines[1]


def test_a_room_is_exported_as_text(kept: Path, tmp_path: Path) -> None:
    """All that happened, in sentences, to standard output or to a file; the # may be left out."""
    done = history("export", "tea")
    assert len(done.stdout.splitlines()) == 5
    assert re.fullmatch(r"2026-01-01 \d\d:\d\d:00 \* alice joined", done.stdout.splitlines()[0])
    assert done.stdout.endswith("alice: cup <5> & more\n")
    history("export", "#TEA", "-o", str(tmp_path / "tea.txt"))
    assert (tmp_path / "tea.txt").read_text(encoding="utf-8") == done.stdout


def test_progress_is_shown_on_a_terminal_and_nowhere_else(kept: Path, tmp_path: Path) -> None:
    """A bar on standard error once it has taken a while; not a byte of it among what is exported."""
    program = "import chatroom.history_cli as h; h.PATIENCE = -1; from chatroom.cli import main; main()"
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
    assert [line[20:] for line in told] == ["* op banned bob for 2h (rude)", "* op threw bob out (rude)"]
    banned, kicked = map(json.loads, history("export", "#tea", "--format", "jsonl").stdout.splitlines())
    assert (banned["event"], banned["modes"], kicked["whom"]) == ("modesset", "+b bob!*@*", "bob")


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
