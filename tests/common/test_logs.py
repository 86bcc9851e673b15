"""What the log looks like, whatever clients do."""

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatroom.common import logs
from chatroom.common.logs import LOG_LINE_CHARACTERS, LOG_REPEAT_SECONDS, LOG_TRACE_CHARACTERS
from tests.peers import DEADLINE, Guests, Peer, Served

UTC = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
UNCAUGHT = """
import logging, sys, threading
from chatroom.common import logs

def fail():
    raise ValueError("in a\\nthread")

class Odd:
    def __del__(self):
        raise KeyError("in nobody's hands")

logs.configure("info", True, logging.StreamHandler())
for target in (fail, fail, sys.exit):
    thread = threading.Thread(target=target, name="reader")
    thread.start()
    thread.join()
Odd()
raise TypeError("at the end")
"""

BRIEF = """
import logging, sys
from chatroom.common import logs

class Handler(logs.LineHandler):
    def emit(self, record):
        self.write(self.format(record))

    def write(self, line):
        print(line, file=sys.stderr)

logs.configure("info", sys.argv[1] == "json", Handler())
log = logging.getLogger("chatroom.server.handler")
for text in ("she is here", "a\\nb\\x1b[2J", "x" * 100_000):
    log.info("%s", text)
    logs.brief(log, text)
    logs.brief(log, text, logging.DEBUG)
    logging.root.addHandler(logging.NullHandler())
    logs.brief(log, text)
    logging.root.handlers.pop()
"""


@pytest.fixture
def written() -> Iterator[Callable[..., list[str]]]:
    """A function that logs by a function it is given, and returns the lines."""
    stream = io.StringIO()
    logger = logging.getLogger("chatroom.test_logs")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    calm = logs.Calm()

    def write(do: Callable[[logging.Logger], None], as_json: bool = False) -> list[str]:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logs.JsonLines() if as_json else logs.TextLines())
        handler.addFilter(calm)
        logger.addHandler(handler)
        do(logger)
        logger.removeHandler(handler)
        lines = stream.getvalue().split("\n")
        stream.seek(0)
        stream.truncate()
        assert lines.pop() == ""
        return lines

    yield write


def fail(log: logging.Logger) -> None:
    try:
        raise ValueError("one\ntwo\x1b[2J")
    except ValueError:
        log.exception("it failed")


def test_an_event_is_one_line_with_its_time_in_utc(written: Callable[..., list[str]]) -> None:
    """ISO 8601, the level, the message."""
    [line] = written(lambda log: log.info("%s connected", "127.0.0.1 port 5"))
    assert re.fullmatch(f"{UTC} INFO 127.0.0.1 port 5 connected", line)


def test_what_cannot_be_printed_is_escaped(written: Callable[..., list[str]]) -> None:
    """No line ends, no escape sequences, no writing turned around; letters of all languages stay."""
    [line] = written(lambda log: log.info("%s", "a\nb\r\x1b[2J\u202eŁódź 太郎\u2028\0"))
    assert line.endswith(r"a\nb\r\x1b[2J\u202eŁódź 太郎\u2028\x00")


def test_a_line_has_a_length(written: Callable[..., list[str]]) -> None:
    """However long what a client sent is."""
    [line] = written(lambda log: log.info("%s", "x" * 100_000))
    assert len(line) < LOG_LINE_CHARACTERS + 50


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_without_a_record_looks_the_same(form: str) -> None:
    """Also while others listen, who get a record; and what is below the level is not written."""
    command = [sys.executable, "-c", BRIEF, form]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=DEADLINE, check=True)
    lines = re.sub(UTC, "", done.stderr).splitlines()
    assert len(lines) == 9
    for start in (0, 3, 6):
        assert len(set(lines[start : start + 3])) == 1


@pytest.mark.parametrize("as_json", [False, True])
def test_a_traceback_stays_in_its_line(written: Callable[..., list[str]], as_json: bool) -> None:
    """In text folded, in JSON under a name of its own."""
    [line] = written(fail, as_json)
    assert "Traceback" in line
    assert line.isprintable()


@pytest.mark.parametrize("as_json", [False, True])
def test_what_cannot_be_printed_in_a_traceback_is_escaped(written: Callable[..., list[str]], as_json: bool) -> None:
    """In JSON too, which would let some of it through; and so it is after JSON's own escapes are undone."""

    def fail_badly(log: logging.Logger) -> None:
        try:
            raise ValueError("a\x9b2J\u202e\x1bŁódź")
        except ValueError:
            log.exception("it failed")

    [line] = written(fail_badly, as_json)
    assert line.isprintable()
    told = json.loads(line)["traceback"] if as_json else line
    assert told.endswith(r"ValueError: a\x9b2J\u202e\x1bŁódź")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_traceback_has_a_length(written: Callable[..., list[str]], as_json: bool) -> None:
    """Also where what a client sent stands in its error."""

    def fail_long(log: logging.Logger) -> None:
        try:
            raise ValueError("x" * 100_000)
        except ValueError:
            log.exception("it failed")

    [line] = written(fail_long, as_json)
    assert "xxx" in line
    assert len(line) < LOG_TRACE_CHARACTERS + LOG_LINE_CHARACTERS


def test_json_has_an_object_a_line(written: Callable[..., list[str]]) -> None:
    """With time, level, part and message."""
    [line] = written(lambda log: log.warning("ä\n%d", 1), as_json=True)
    event = json.loads(line)
    assert re.fullmatch(UTC, event.pop("time"))
    assert event == {"level": "warning", "part": "test_logs", "message": r"ä\n1"}


def test_the_same_warning_is_written_once_in_a_while(
    written: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are not held back by it; the next one says how many there were. What is no warning always passes."""
    now = 1000.0
    monkeypatch.setattr("chatroom.common.logs.time.monotonic", lambda: now)

    def log_some(log: logging.Logger) -> None:
        for number in range(5):
            log.warning("no room for %s", number)
            log.info("still here")
        log.warning("something else")

    lines = written(log_some)
    assert [line.split(" ", 2)[2] for line in lines] == ["no room for 0", *["still here"] * 5, "something else"]
    now += LOG_REPEAT_SECONDS + 1
    [line] = written(lambda log: log.warning("no room for %s", 9))
    assert line.endswith("no room for 9 (and 4 more like it)")


def test_a_record_can_be_marked_as_like_others_or_as_one_that_always_passes(
    written: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its level and its wording."""
    now = 1000.0
    monkeypatch.setattr("chatroom.common.logs.time.monotonic", lambda: now)

    def log_some(log: logging.Logger) -> None:
        for number in range(3):
            log.info("%s left, %d", "fish", number, extra=logs.alike("fish"))
            log.info("%s left, %d", "fowl", number, extra=logs.alike("fowl"))
            log.warning("all is well", extra=logs.alike(""))

    lines = written(log_some)
    well = ["WARNING all is well"]
    assert [line.split(" ", 1)[1] for line in lines] == ["INFO fish left, 0", "INFO fowl left, 0", *well * 3]
    now += LOG_REPEAT_SECONDS + 1
    lines = written(log_some)
    assert lines[0].endswith("INFO fish left, 0 (and 2 more like it)")
    assert len(lines) == 5


def test_what_nobody_catches_is_one_line() -> None:
    """In a thread, where no thread can be told, and in the main thread, whose end it is; and once in a while."""
    done = subprocess.run(
        [sys.executable, "-c", UNCAUGHT], stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 1
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["traceback"].splitlines()[-1] for event in events] == [
        "thread",
        'KeyError: "in nobody\'s hands"',
        "TypeError: at the end",
    ]
    assert events[0]["level"] == "error"
    assert events[0]["message"].endswith("in the thread reader")
    assert "ValueError: in a" in events[0]["traceback"]


def test_refusals_at_the_door_are_logged_once_in_a_while(serve: Callable[..., Served]) -> None:
    """Each reason once a minute, though they are no warnings."""
    served = serve("--unlimited", "--max-clients", "1")
    guests = Guests(served.port)
    guests.plain("alice")
    for _ in range(20):
        assert guests.stranger().rest() == ["* Goodbye (the server is full; try again later)."]
    served.type("q")
    assert served.ends() == 0
    refusals = [line for line in served.err.rest() if "refused" in line]
    guests.close()
    assert len(refusals) == 1
    assert refusals[0].endswith("127.0.0.1 refused (the server is full; try again later)")


def test_who_tries_passwords_and_who_knows_one_is_logged(serve: Callable[..., Served], tmp_path: Path) -> None:
    """With the address, and the name if there is one; never the password."""
    for name in ("server", "operator"):
        (tmp_path / name).write_text(f"sesame-of-the-{name}\n")
    served = serve(
        *("--password-file", str(tmp_path / "server"), "--operator-password-file", str(tmp_path / "operator"))
    )
    guests = Guests(served.port)
    stranger = guests.stranger()
    stranger.wait("^Password")
    stranger.send("guess")
    served.err.wait(r"WARNING 127\.0\.0\.1 port \d+ gave a wrong password$")
    al = guests.irc("al", password="sesame-of-the-server")
    al.send("OPER al sesame-of-the-operator")
    served.err.wait(r"INFO 127\.0\.0\.1 port \d+ al is an operator of the server$")
    served.type("q")
    assert served.ends() == 0
    assert not [line for line in served.err.rest() if "sesame" in line or "guess" in line]
    guests.close()


def test_each_address_that_tries_passwords_is_logged(serve: Callable[..., Served], tmp_path: Path) -> None:
    """One that goes on and on hides no other."""
    (tmp_path / "password").write_text("sesame\n")
    served = serve("--password-file", str(tmp_path / "password"))
    for host in ("127.0.0.2", "127.0.0.2", "127.0.0.3"):
        stranger = Peer(served.port, source=host)
        stranger.wait("^Password")
        stranger.send("guess")
        stranger.wait("password is wrong")
        stranger.close()
    served.type("q")
    assert served.ends() == 0
    guesses = [line for line in served.err.rest() if "gave a wrong password" in line]
    assert [line.split()[2] for line in guesses] == ["127.0.0.2", "127.0.0.3"]


def test_the_log_tells_who_ended_a_conversation(serve: Callable[..., Served]) -> None:
    """Who was thrown off, and who is here when the server ends, has not said goodbye."""
    served = serve()
    guests = Guests(served.port)
    alice, bob = guests.plain("alice"), guests.irc("bob")
    served.type("kick bob spam")
    bob.rest()
    served.err.wait(r"bob disconnected \(Killed \(chatroom\.local: spam\)\)$")
    served.type("q")
    served.err.wait(r"alice disconnected \(the server is shutting down\)$")
    assert served.ends() == 0
    alice.rest()
    guests.close()


def test_what_may_be_a_password_in_the_wrong_place_is_not_logged(serve: Callable[..., Served]) -> None:
    """A name that nobody has claimed may be half of one, with a space in it."""
    served = serve()
    guests = Guests(served.port)
    alice = guests.plain("alice")
    alice.send("/login sesame horse")
    served.err.wait("127.0.0.1 gave a wrong password for no account$")
    served.type("q")
    assert served.ends() == 0
    assert not [line for line in served.err.rest() if "sesame" in line]
    guests.close()


def test_neither_words_nor_passwords_are_logged(serve: Callable[..., Served]) -> None:
    """Not even at the level debug, as JSON, from clients of both kinds."""
    served = serve("--unlimited", "--ephemeral", "--log-level", "debug", "--log-format", "json")
    guests = Guests(served.port)
    alice, bob = guests.plain("alice"), guests.irc("bob")
    alice.send("sesame in the room", "/msg bob sesame for one", "/quit sesame at the end")
    bob.send("OPER bob sesame", "PASS sesame", "PRIVMSG #lobby :sesame", "AWAY :sesame", "QUIT :sesame")
    alice.rest()
    bob.rest()
    served.type("q")
    assert served.ends() == 0
    lines = served.err.rest()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    assert any(event["message"].endswith("bob disconnected (said goodbye)") for event in events)
    assert not [line for line in lines if "sesame" in line]
    guests.close()
