"""The log waits for standard error; nobody waits for the log."""

import contextlib
import logging
import os
import re
import select
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatroom.common import logs
from chatroom.server import log_writer
from chatroom.server.log_writer import LogWriter
from tests.peers import DEADLINE, Ear, Guests, Served, eventually

LISTENING = r"listening on \S+, port (\d+)"
MISSING = r"WARNING (\d+) lines of the log could not be written$"


class Pipe:
    """A pipe whose writing end is `fd`; `fill` makes it take nothing more until `ear` reads."""

    def __init__(self) -> None:
        self._from, self.fd = os.pipe()
        self.ear = Ear(self._from, "the pipe")

    def fill(self) -> None:
        os.set_blocking(self.fd, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self.fd, b"\n")
        os.set_blocking(self.fd, True)

    def is_readable(self, timeout: float) -> bool:
        return bool(select.select([self._from], [], [], timeout)[0])

    def close(self) -> None:
        os.close(self._from)
        os.close(self.fd)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


@pytest.fixture
def writer_to() -> Iterator[Callable[[int], LogWriter]]:
    """Makes a writer to a descriptor that writes text."""
    writers: list[LogWriter] = []

    def make(fd: int) -> LogWriter:
        writers.append(LogWriter(fd))
        writers[-1].setFormatter(logs.TextLines())
        return writers[-1]

    yield make
    for writer in writers:
        writer.close()


def info(writer: LogWriter, message: str) -> None:
    writer.handle(logging.makeLogRecord({"msg": message, "levelname": "INFO", "levelno": logging.INFO}))


def serve_on(stdin: int, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    """`chatroom serve` with these as its standard streams."""
    return subprocess.Popen(
        [sys.executable, "-m", "chatroom", "serve", "-p", "0", "--ephemeral", "--unlimited"],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def serves_and_ends(process: subprocess.Popen[bytes], port: int) -> None:
    """People come, talk and go, and SIGTERM ends the server."""
    guests = Guests(port)
    for number in range(20):
        guests.plain(f"visitor{number}").send("/quit")
    alice, bob = guests.plain("alice"), guests.irc("bob")
    alice.send("hi")
    bob.wait("PRIVMSG #lobby :hi")
    process.send_signal(signal.SIGTERM)
    assert alice.rest()[-1] == "* Goodbye (the server is shutting down)."
    assert process.wait(DEADLINE) == 0
    guests.close()


def test_a_standard_error_that_nobody_reads_stops_nobody(pipe: Pipe) -> None:
    """Neither those who come and talk, nor the end of the server."""
    pipe.fill()
    process = serve_on(subprocess.DEVNULL, subprocess.PIPE, pipe.fd)
    assert process.stdout
    with process.stdout:
        try:
            serves_and_ends(process, int(Ear(process.stdout.fileno(), "stdout").wait(LISTENING)[1]))
        finally:
            process.kill()
            process.wait()


def test_a_terminal_that_is_stopped_stops_nobody() -> None:
    """Ctrl+S, where all three streams are the terminal, as for whoever starts the server by hand."""
    ours, theirs = os.openpty()
    process = serve_on(theirs, theirs, theirs)
    try:
        port = int(Ear(ours, "the terminal").wait(LISTENING)[1])
        termios.tcflow(theirs, termios.TCOOFF)
        serves_and_ends(process, port)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


def test_what_is_logged_last_is_written_before_the_end(serve: Callable[..., Served]) -> None:
    """Every departure, and in order, when all leave at the end."""
    served = serve("--unlimited")
    guests = Guests(served.port)
    for number in range(20):
        guests.plain(f"visitor{number}")
    served.type("q")
    assert served.ends() == 0
    lines = served.err.rest()
    guests.close()
    end = next(number for number, line in enumerate(lines) if line.endswith("saying goodbye to everybody"))
    left = [line for line in lines[end:] if line.endswith(" disconnected (the server is shutting down)")]
    assert len(left) == 20


def test_lines_keep_their_order_and_those_that_are_left_out_are_counted(
    pipe: Pipe, writer_to: Callable[[int], LogWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held has a bound; where lines are missing it is said how many, even if nothing more is logged."""
    monkeypatch.setattr(log_writer, "LOG_BACKLOG_BYTES", 2000)
    pipe.fill()
    writer = writer_to(pipe.fd)
    for number in range(1000):
        info(writer, f"line {number}")
    come, gaps = 0, 0
    while come < 1000:
        line = pipe.ear.until(r"\S")[-1]
        if missing := re.search(MISSING, line):
            come += int(missing[1])
            gaps += 1
        else:
            assert line.endswith(f" INFO line {come}")
            come += 1
    assert gaps
    assert come == 1000
    info(writer, "all is well")
    pipe.ear.wait("INFO all is well")


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of which 2,000 bytes may come at once, and hardly any afterwards."""
    monkeypatch.setattr(log_writer, "LOG_BURST_BYTES", 2000)
    monkeypatch.setattr(log_writer, "LOG_BYTES_PER_SECOND", 1)


def accounted_for(pipe: Pipe, count: int, besides: str = "") -> list[str]:
    """Reads until so many lines have come or are said to be missing, and one like `besides`; returns all."""
    lines: list[str] = []
    left = count
    while left or not any(re.search(besides, line) for line in lines):
        line = pipe.ear.until(r"\S")[-1]
        missing = re.search(MISSING, line)
        left -= int(missing[1]) if missing else 1 if re.search(r"INFO line \d+$", line) else 0
        lines.append(line)
        assert left >= 0
    return lines


@pytest.mark.usefixtures("narrow")
def test_the_log_has_a_rate_and_what_operators_of_the_server_do_is_always_in_it(
    pipe: Pipe, writer_to: Callable[[int], LogWriter]
) -> None:
    """Clients can't fill the disk by it; at the end it is said how many lines were too much."""
    writer = writer_to(pipe.fd)
    for number in range(1000):
        info(writer, f"line {number}")
    kept = logging.LogRecord("x", logging.INFO, "", 0, "a deed", None, None)
    vars(kept).update(logs.KEPT)
    writer.handle(kept)
    writer.flush()
    lines = accounted_for(pipe, 1000, "INFO a deed$")
    assert 0 < sum([len(line) for line in lines if "INFO line" in line]) <= 2000


def test_a_log_that_was_too_much_goes_on_later(
    pipe: Pipe, writer_to: Callable[[int], LogWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says so without anything more being logged."""
    monkeypatch.setattr(log_writer, "LOG_BURST_BYTES", 2000)
    monkeypatch.setattr(log_writer, "LOG_PAUSE_BYTES", 1000)
    monkeypatch.setattr(log_writer, "LOG_BYTES_PER_SECOND", 2000)
    writer = writer_to(pipe.fd)
    for number in range(1000):
        info(writer, f"line {number}")
    accounted_for(pipe, 1000)
    info(writer, "all is well")
    pipe.ear.wait("INFO all is well")


def test_its_end_does_not_wait_for_long(
    pipe: Pipe, writer_to: Callable[[int], LogWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`flush`, which `logging` calls at exit, gives up; what was held is written if there is room after all."""
    monkeypatch.setattr(log_writer, "LOG_FLUSH_SECONDS", 0.01)
    pipe.fill()
    writer = writer_to(pipe.fd)
    info(writer, "late")
    writer.flush()
    writer.close()
    pipe.ear.wait("INFO late")


def test_a_log_that_can_not_be_written_is_written_again_when_it_can(
    tmp_path: Path, writer_to: Callable[[int], LogWriter]
) -> None:
    """A reader goes, and another comes: it is told how many lines it has missed."""
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    fd = os.open(tmp_path / "fifo", os.O_WRONLY)
    writer = writer_to(fd)
    os.close(reader)
    for number in range(3):
        info(writer, f"lost {number}")
        writer.flush()
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    info(writer, "back")
    ear = Ear(reader, "the fifo")
    assert ear.wait(MISSING)[1] == "3"
    ear.wait("INFO back")
    os.close(reader)
    writer.close()
    os.close(fd)


def test_a_descriptor_that_does_not_wait_is_waited_for(pipe: Pipe, writer_to: Callable[[int], LogWriter]) -> None:
    """Some programs leave the standard error they share in that state."""
    pipe.fill()
    os.set_blocking(pipe.fd, False)
    writer = writer_to(pipe.fd)
    info(writer, "patience")
    pipe.ear.wait("INFO patience")


def test_what_an_operator_does_is_in_the_log_whatever_others_do_meanwhile(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    """More than a thousand changes by operators of rooms in the same moment; and right before the end."""
    (tmp_path / "operator").write_text("open-sesame\n")
    served = serve("--unlimited", "--operator-password-file", str(tmp_path / "operator"))
    guests = Guests(served.port)
    op, other = guests.irc("op"), guests.irc("other", room="#own")
    guests.irc("victim")
    op.send("OPER op open-sesame")
    op.wait(" 381 ")
    lines = "".join([f"MODE #own +b x{number}\r\nMODE #own -b x{number}\r\n" for number in range(1500)])
    op.send("KILL victim :nobody is to know")
    op.sync()
    other.send_bytes(lines.encode())
    other.wait(r"MODE #own -b x1499")
    logged = [line for _ in range(3000) for line in served.err.until("by other!u@127.0.0.1")]
    op.send("KLINE nobody!*@* :last")
    op.sync()
    served.type("q")
    assert served.ends() == 0
    logged += served.err.rest()
    guests.close()
    assert len([line for line in logged if "threw victim off" in line]) == 1
    assert len([line for line in logged if "nobody!*@*" in line]) == 1
    assert len([line for line in logged if line.endswith("(by other!u@127.0.0.1)")]) == 3000


def test_a_closed_writer_leaves_no_thread(pipe: Pipe, writer_to: Callable[[int], LogWriter]) -> None:
    """What it had is written first."""
    threads = threading.active_count()
    writer = writer_to(pipe.fd)
    info(writer, "last")
    writer.close()
    eventually(lambda: threading.active_count() <= threads, "the thread has ended")
    pipe.ear.wait("INFO last")


def test_lines_are_written_in_strides_but_a_warning_at_once(
    pipe: Pipe, writer_to: Callable[[int], LogWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first line is not held back, either; and what waits is written before the warning."""
    monkeypatch.setattr(log_writer, "LOG_STRIDE_SECONDS", 1000)
    writer = writer_to(pipe.fd)
    info(writer, "first")
    pipe.ear.wait("INFO first")
    info(writer, "second")
    assert not pipe.is_readable(0.1)
    writer.handle(logging.makeLogRecord({"msg": "look here", "levelname": "WARNING", "levelno": logging.WARNING}))
    assert [line.split(" ", 1)[1] for line in pipe.ear.until("look here")] == ["INFO second", "WARNING look here"]
    info(writer, "third")
    writer.flush()
    pipe.ear.wait("INFO third")
