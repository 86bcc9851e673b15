"""Measures the history: a million messages saved, indexed, searched and exported.

    python -m tests.benchmarks.history [MESSAGES]

Words are drawn as in a language, few of them often (Zipf), from 20,000; ten rooms, fifty people, batches of 50.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from click.testing import CliRunner

from chatroom.cli.main import main as chatroom
from chatroom.model.events import Event, Said
from chatroom.model.values import MessageKind, Person
from chatroom.storage.reader import Reader
from chatroom.storage.search_index import SearchIndex
from chatroom.storage.store import Store

ROOMS = [f"#room{i}" for i in range(10)]
START = 1_767_268_800_000
BATCH = 50


def main(messages: int = 1_000_000) -> None:
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(20_000)]
    spoken = chance.choices(words, weights=[1 / (i + 1) for i in range(len(words))], k=1_000_000)
    people = [Person(str(i), f"user{i}", "u", "127.0.0.1") for i in range(50)]

    def batch(first: int) -> list[Event]:
        return [
            Said(
                chance.choice(people),
                chance.choice(ROOMS),
                " ".join(spoken[n * 9 % 999_000 : n * 9 % 999_000 + 9]),
                MessageKind.MESSAGE,
                id=START * 1000 + n,
                time=START + n,
            )
            for n in range(first, min(first + BATCH, messages))
        ]

    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory)
        with closing(Store(data)) as store:
            spent = 0.0
            for first in range(0, messages, BATCH):
                events = batch(first)
                start = time.perf_counter()
                store.save(events)
                spent += time.perf_counter() - start
                if first % 100_000 == 0:  # as the keeper of a server does
                    store.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            print(f"saved {messages:,} messages: {spent / messages * 1e6:.2f} µs each")
            with timed("indexed"):
                index = SearchIndex(store)
                while index.step():
                    pass
        print(f"the file has {(data / 'chatroom.db').stat().st_size / 1e6:.0f} MB")
        with closing(Reader(data / "chatroom.db")) as reader:
            for what, where, text in questions(words):
                measure(what, partial(reader.search, where, text, limit=50))
            measure("the last 50 of a room", partial(reader.history, ROOMS[0], limit=50))
        for form in ("text", "jsonl", "html"):
            with timed(f"exported a tenth as {form}"):
                CliRunner().invoke(
                    chatroom,
                    ["history", "export", ROOMS[0], "--format", form, "-o", str(data / "x"), "--data", directory],
                )


def questions(words: list[str]) -> Iterator[tuple[str, list[str], str]]:
    yield "a common word, all rooms", ROOMS, words[0]
    yield "a common word, one room", ROOMS[:1], words[0]
    yield "a rare word, all rooms", ROOMS, words[19_000]
    yield "a rare word, one room", ROOMS[:1], words[19_000]
    yield "two words", ROOMS[:3], f"{words[100]} {words[150]}"
    yield "a rare and a common word", ROOMS[:1], f"{words[15_000]} {words[0]}"
    yield "a word nobody has said", ROOMS, "zzzzzzzzzz"


def measure(what: str, look: Callable[[], Sized]) -> None:
    times = []
    for _ in range(7):
        start = time.perf_counter()
        found = len(look())
        times.append((time.perf_counter() - start) * 1000)
    print(f"{what}: {found} found, median {statistics.median(times):.1f} ms, most {max(times):.1f} ms")


@contextmanager
def timed(what: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
