"""Questions about many people or rooms: nobody else waits for their answers."""

import threading
from collections.abc import Iterator

import pytest

from chatroom.core import event_log
from chatroom.model.commands import (
    AskAllNames,
    AskNames,
    AskRooms,
    AskServerBans,
    AskServers,
    AskWho,
    AskWhowas,
    BanFromServer,
    ChatCommand,
)
from chatroom.model.outcomes import Survey
from tests.chat import Chat, Client, answer

ROOMS = 100
MASKS = ",".join(f"*{letter}*x*y*" for letter in "abcdefghijklmnopqrst")
MORE = "There is more than could be looked at"
QUESTIONS: list[ChatCommand] = [
    *(AskAllNames(), AskNames("#lobby"), AskRooms(), AskServerBans(), AskServers()),
    *(AskWho("*"), AskWho("#lobby"), AskWhowas("*")),
]


class CountingLock:
    """A lock that counts how often it was taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken = 0

    def acquire(self) -> None:
        self._lock.acquire()
        self.taken += 1

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def locked(self) -> bool:
        return self._lock.locked()


@pytest.fixture
def crowded() -> Chat:
    """A chat with many rooms."""
    chat = Chat()
    for n in range(10):
        chat.irc(f"guest{n}").send(*[f"JOIN #{n}-{room}" for room in range(ROOMS)])
    return chat


@pytest.fixture
def lock(crowded: Chat) -> CountingLock:
    lock = CountingLock()
    crowded.log.lock = lock  # type: ignore[assignment]  # as far as the log uses it, it is one
    return lock


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that isn't answered at once takes too long."""
    monkeypatch.setattr(event_log, "SURVEY_SECONDS", -1.0)


def test_others_get_the_lock_while_a_long_answer_is_made(crowded: Chat, lock: CountingLock) -> None:
    """It is taken once a slice."""
    asker = crowded.irc("asker")
    before = lock.taken
    [*rooms, end] = asker.send(f"LIST {MASKS}").heard()[1:]
    assert not rooms and " 323 " in end
    assert lock.taken > before + 5


def test_a_short_answer_is_made_at_once(crowded: Chat, lock: CountingLock) -> None:
    """In its place among all else, and with nobody in between."""
    asker = crowded.irc("asker")
    before = lock.taken
    assert len(asker.send("LIST #0-0").heard()) == 3
    assert lock.taken == before + 1


@pytest.mark.usefixtures("no_time")
def test_an_answer_that_takes_too_long_ends_and_says_so(crowded: Chat) -> None:
    """What it holds is looked at below."""
    asker = crowded.irc("asker")
    heard = asker.send(f"LIST {MASKS}").heard()
    assert " 323 " in heard[-2] and MORE in heard[-1]
    *_, told = crowded.plain("person").send("/rooms").heard()
    assert MORE in told or f"#9-{ROOMS - 1}" in told


@pytest.mark.usefixtures("no_time")
def test_an_answer_that_was_cut_short_still_bears_its_label(crowded: Chat) -> None:
    """All of it is in one batch."""
    asker = crowded.irc("asker", "labeled-response", "batch")
    first, *inside, last = asker.send(f"@label=x LIST {MASKS}").heard()
    assert first.startswith("@label=x ") and " BATCH -" in last and MORE in inside[-1]
    assert all(line.startswith("@batch=") for line in inside)


def test_a_long_answer_bears_its_label(crowded: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is so long that it is labelled without the lock."""
    monkeypatch.setattr(event_log, "LARGE_BYTES", 10)
    asker = crowded.irc("asker", "labeled-response", "batch")
    first, *inside, last = asker.send("@label=x LIST").heard()
    assert first.startswith("@label=x ") and " BATCH -" in last
    assert len(inside) == 10 * ROOMS + 2


@pytest.fixture
def questioner() -> Iterator[tuple[Chat, Client]]:
    chat = Chat()
    for n in range(5):
        chat.irc(f"guest{n}", room="#lobby").send(f"JOIN #{n}", f"NICK other{n}")
    chat.submit(chat.hub.state.server_session, BanFromServer("*!*@one"), BanFromServer("*!*@two"))
    asker = chat.irc("asker", room="#lobby")
    assert asker.user
    asker.user.modes.add("o")
    yield chat, asker


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_questions_about_many_are_answered_in_steps(questioner: tuple[Chat, Client], question: ChatCommand) -> None:
    """At whatever step its time is over, there is an answer."""
    chat, asker = questioner
    for steps in range(1, 12):
        [survey] = chat.hub.decide(asker, question)
        assert isinstance(survey, Survey)
        chat.post.reply(asker, answer(survey, steps))
        assert asker.heard() or isinstance(question, AskServerBans)  # STATS has an end of its own


def test_who_leaves_while_waiting_for_an_answer_holds_up_nobody(crowded: Chat) -> None:
    """The rest of it is not looked at."""
    asker = crowded.irc("asker")
    [survey] = crowded.hub.decide(asker, AskRooms(masks=tuple(MASKS.split(","))))
    assert isinstance(survey, Survey)
    asker.closing = True
    with crowded.log.lock:
        replies = crowded.log._answers(asker, survey)
    assert len(replies) == 2
