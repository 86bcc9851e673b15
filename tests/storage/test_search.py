"""A search finds what was said with these words, and only in the places it is for, with the index and without it."""

import shutil
import sqlite3
import time
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.common.names import conversation
from chatroom.common.text import CUT, FEED
from chatroom.model.events import Event, Joined, Redacted, Said
from chatroom.model.values import HistoryPoint, MessageKind, Person
from chatroom.storage.maintenance import Maintenance
from chatroom.storage.search_index import SearchIndex
from chatroom.storage.search_words import search_form
from chatroom.storage.store import Store
from tests.peers import eventually

ALICE = Person("1", "alice", "al", "127.0.0.1")
BOB = Person("2", "bob", "bo", "127.0.0.1")
BASE = 1_790_000_000_000
PRIVATE = conversation("alice", "bob")
SAID = [
    (ALICE, "#lobby", "The quick brown fox"),
    (BOB, "#lobby", "quick, said the fox-hound"),
    (BOB, "#tea", "a quick cup"),
    (ALICE, "bob", "quick secret"),
    (ALICE, "#lobby", "Zażółć gęślą jaźń"),
    (BOB, "#lobby", "太郎さん、こんにちは"),
    (BOB, "#lobby", 'text OR "nick" NEAR(place : p1) *'),
    (ALICE, "#lobby", "quickly now!?"),
]


def fill(store: Store) -> None:
    for number, (by, target, text) in enumerate(SAID, 1):
        key = "" if target.startswith("#") else PRIVATE
        event = Said(by, target, text, MessageKind.MESSAGE, conversation=key, id=number, time=BASE + number)
        store.save([event])


@pytest.fixture(params=["indexed", "half indexed", "no index"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store whose index goes up to the end, to the middle, or isn't there."""
    with closing(Store(tmp_path)) as store:
        if request.param != "half indexed":
            fill(store)
        index = SearchIndex(store)
        if request.param == "half indexed":
            monkeypatch.setattr("chatroom.storage.search_index.STEP_MESSAGES", 3)
            fill(store)
            index.step()
        elif request.param == "indexed":
            while index.step():
                pass
        yield store


def numbers(store: Store, words: str, *keys: str, by: str = "", limit: int = 50, newest: bool = True) -> list[int]:
    with closing(store.reader()) as reader:
        return [event.id for event in reader.search(keys, words, by=by, limit=limit, newest=newest)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("quick", [1, 2]),
        ("QUICK fox", [1, 2]),
        ("fox quick brown", [1]),
        ("quic", []),
        ("fox-hound", [2]),
        ("gesla jazn", [5]),
        ("GĘŚLĄ", [5]),
        ("太郎", [6]),
        ("!?", [8]),
        ("quickly !?", [8]),
        ('"nick" text', [7]),
        ("NEAR(", [7]),
        ("p1", [7]),
        ("bob", []),
        ("'; DROP TABLE runs; --", []),
    ],
)
def test_words_are_found_in_a_text(store: Store, words: str, expected: list[int]) -> None:
    """All the words, each whole, in any order and case; nothing in them is taken for a command."""
    assert numbers(store, words, "#lobby") == expected


# A word, and how else somebody may write it who looks for it.
SCRIPTS = {
    "café": "CAFE",
    "cafe\u0301": "café",
    "Straße": "STRASSE",
    "ẞ": "ss",
    "Łódź": "LODZ",
    "ŉ": "ʼN",
    "ǆ": "Ǆ",
    "ŀ": "l·",
    "ğüş": "gus",
    "tiếng": "TIENG",
    "ÅNGSTRÖM": "ångström",
    "İstanbul": "istanbul",
    "ılık søster": "ILIK soster",
    "naïve": "naive",
    "мой": "МОИ",
    "ёлка": "елка",
    "άνθρωπος": "ΆΝΘΡΩΠΟΣ",
    "Ελλάς": "ελλασ",
    "ᾳδω": "αιδω",
    "ՀԱՅ": "հայ",
    "ᲥᲐᲠᲗᲣᲚᲘ": "ქართული",
    "שָׁלוֹם": "שלום",
    "أَحمد": "احمد",
    "ﷺ": "صلى الله عليه وسلم",
    "می\u200cخواهم": "میخواهم",
    "हिन्दी": "हिन्दी",
    "தமிழ்": "தமிழ்",
    "বাংলা": "বাংলা",
    "አማርኛ": "አማርኛ",
    "ไทย": "ไทย",
    "ខ្មែរ": "ខ្មែរ",
    "မြန်မာ": "မြန်မာ",
    "བོད": "བོད",
    "한국어를": "한국어",
    "\u1112\u1161\u11ab글": "한글",
    "こんにちは": "にち",
    "ﾊﾝｶｸ": "ハンカク",
    "漢字仮名": "漢字",
    "Pythonで": "python",
    "ﬁne": "FINE",
    "ｆｕｌｌ": "full",
    "Ｘ": "x",
    "𝐛old": "BOLD",
    "℻": "fax",
    "①": "1",
    "x²": "X2",
    "½": "1/2",
    "soft\xadhyphen": "softhyphen",
    "❤\ufe0f": "❤",
    "👩\u200d💻": "👩\u200d💻",
    "don't": "don’t",
    "foo_bar": "bar foo",
    "\x0304,01co\x02lour\x0f": "colour",
    f"several{FEED}lines": "lines several",
    f"wo{CUT}rd": "word",
}


@pytest.mark.parametrize("said", SCRIPTS, ids=ascii)
def test_a_word_of_any_script_is_found_before_the_index_has_it_and_after(tmp_path: Path, said: str) -> None:
    """As it was said, in its other case and forms, and as people type it; other words are not."""
    asked = [said.replace(CUT, ""), SCRIPTS[said]]
    asked += [unicodedata.normalize(form, asked[0]) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    asked += [asked[0].upper(), asked[0].lower(), asked[0].casefold()]
    with closing(Store(tmp_path)) as store:
        store.save([Said(ALICE, "#lobby", f"see {said} here", MessageKind.MESSAGE, id=1, time=BASE)])
        index = SearchIndex(store)
        for _ in range(2):
            assert [numbers(store, words, "#lobby") for words in asked] == [[1]] * len(asked)
            assert numbers(store, f"{said}nope", "#lobby") == []
            while index.step():
                pass


_LETTERS = "ab1_-\x02\x03 éßИйςﬁ①½हि्न한ᄒ日プ\u3099\u0301\u200d\ufe0f❤أَ𝐛" + CUT + FEED
_TEXTS = st.text(_LETTERS, min_size=1, max_size=8)


@settings(max_examples=50)
@given(st.lists(_TEXTS, min_size=1, max_size=5), st.lists(_TEXTS, min_size=1, max_size=5))
def test_what_is_found_does_not_depend_on_how_far_the_index_goes(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], asked: list[str]
) -> None:
    """Whatever was said, and whatever is looked for."""
    with closing(Store(tmp_path_factory.mktemp("data"))) as store:
        store.save([Said(ALICE, "#a", text, MessageKind.MESSAGE, id=n, time=BASE) for n, text in enumerate(texts, 1)])
        questions = texts + asked
        before = [numbers(store, words, "#a") for words in questions]
        index = SearchIndex(store)
        while index.step():
            pass
        assert [numbers(store, words, "#a") for words in questions] == before
        for number, (text, found) in enumerate(zip(texts, before, strict=False), 1):
            assert number in found or not search_form(text).strip()


def test_what_can_not_be_seen_finds_nothing(store: Store) -> None:
    """Not everything, as no words at all would; beside words that can be seen it doesn't count."""
    assert numbers(store, "\u200b", "#lobby") == []
    assert numbers(store, "\u0301 quick", "#lobby") == [1, 2]


def test_a_search_stays_in_its_places(store: Store) -> None:
    """What was said elsewhere, or to somebody else alone, is not found."""
    assert numbers(store, "quick", "#tea") == [3]
    assert numbers(store, "quick", "#lobby", "#tea", PRIVATE) == [1, 2, 3, 4]
    assert numbers(store, "quick", conversation("alice", "carol"), "#nowhere") == []
    assert numbers(store, "quick") == []


def test_a_search_can_be_for_somebody_alone(store: Store) -> None:
    """With a name and no words, all that they said there."""
    assert numbers(store, "quick", "#lobby", by="Bob") == [2]
    assert numbers(store, "", "#lobby", by="alice") == [1, 5, 8]


@pytest.mark.parametrize("nick", ["Łukasz", "^^", "a-b", "Юлия", "straße"])
def test_somebody_of_any_name_is_found(store: Store, nick: str) -> None:
    """In either case; and nobody whose name has the same letters, or more of them."""
    others = [f"{nick}_", f"_{nick}", "lukasz", "ab", "strase"]
    spoken = [Said(Person("3", name, "u", "h"), "#lobby", "hello", MessageKind.MESSAGE) for name in (nick, *others)]
    for number, event in enumerate(spoken, 20):
        event.id, event.time = number, BASE + number  # type: ignore[misc]  # as the log does
    store.save(list(spoken))
    index = SearchIndex(store)
    for _ in range(2):
        assert [numbers(store, "hello", "#lobby", by=name) for name in (nick, nick.upper())] == [[20], [20]]
        while index.exists and index.step():
            pass


def test_a_search_has_a_limit_and_a_direction(store: Store) -> None:
    """The newest or the oldest, always told oldest first."""
    assert numbers(store, "quick", "#lobby", "#tea", limit=2) == [2, 3]
    assert numbers(store, "quick", "#lobby", "#tea", limit=2, newest=False) == [1, 2]


def test_a_search_can_be_for_a_time(store: Store) -> None:
    """Points leave out the moment they name."""
    with closing(store.reader()) as reader:
        found = reader.search(
            ["#lobby", "#tea"], "quick", after=HistoryPoint(time=BASE + 1), before=HistoryPoint(time=BASE + 3), limit=9
        )
    assert [event.id for event in found] == [2]


def test_what_is_pruned_is_neither_kept_nor_found(store: Store) -> None:
    """Pruning takes away what ended before a time, from the history and from the index, and nothing else."""
    index = SearchIndex(store)
    while index.prune(BASE + 3) >= 0:
        pass
    assert numbers(store, "quick", "#lobby", "#tea") == [3]
    with closing(store.reader()) as reader:
        assert [event.id for event in reader.history("#lobby", limit=9)] == [5, 6, 7, 8]
    while index.step():
        pass
    assert numbers(store, "quick", "#lobby", "#tea") == [3]
    if index.exists:
        store.db.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def test_after_everything_is_pruned_new_messages_are_found(store: Store) -> None:
    """Row numbers may begin anew; the index goes on with them."""
    index = SearchIndex(store)
    while index.step():
        pass
    while index.prune(BASE + 1000) >= 0:
        pass
    store.save([Said(ALICE, "#lobby", "quick again", MessageKind.MESSAGE, id=100, time=BASE + 2000)])
    assert index.step()
    assert numbers(store, "quick", "#lobby") == [100]


def test_without_fts5_a_search_looks_at_everything(tmp_path: Path) -> None:
    """Where SQLite was built without it, the same is found."""
    with closing(Store(tmp_path)) as store:
        fill(store)
        index = SearchIndex(store)
        patch = pytest.MonkeyPatch()
        with patch.context() as p:
            p.setattr("chatroom.storage.search_index._CREATE", "CREATE VIRTUAL TABLE words USING no_such_thing(text)")
            assert not index.step()
            assert index.prune(BASE + 2) == 1
        assert not index.exists
        assert numbers(store, "quick", "#lobby") == [2]


def old_index(store: Store) -> None:
    """Makes the index as it once was: of texts as they were said."""
    store.db.execute("DELETE FROM marks WHERE name LIKE 'indexed%'")
    store.db.execute("DROP TABLE IF EXISTS words")
    store.db.execute(
        """CREATE VIRTUAL TABLE words USING fts5(text, nick, place, content = '', detail = column,
            tokenize = 'unicode61 remove_diacritics 2')"""
    )
    for row, (by, _, text) in enumerate(SAID, 1):
        store.db.execute(
            "INSERT INTO words (rowid, text, nick, place) VALUES (?, ?, ?, ?)", (row << 20, text, by.nick, "p1")
        )
    store.db.execute("INSERT INTO marks VALUES ('indexed', ?)", (len(SAID),))


@pytest.mark.parametrize("first", ["search", "step", "prune"])
def test_an_index_of_an_older_chatroom_is_made_anew(tmp_path: Path, first: str) -> None:
    """In steps; until it is done, and afterwards, the same is found."""
    with closing(Store(tmp_path)) as store:
        fill(store)
        old_index(store)
        index = SearchIndex(store)
        if first == "prune":
            assert index.prune(BASE) == -1
        while first == "step" and index.step():
            pass
        assert numbers(store, "quick", "#lobby") == [1, 2]
        assert numbers(store, "gęślą", "#lobby", by="ALICE") == [5]
        while index.step():
            pass
        assert numbers(store, "quick", "#lobby") == [1, 2]
        assert index.prune(BASE + 2) == 1
        store.save([Redacted(BOB, "#lobby", 8, "", id=20, time=BASE + 30)])
        store.db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        assert numbers(store, "quick", "#lobby") == [2]
        assert store.db.execute("SELECT count(*) FROM marks WHERE name = 'indexed'").fetchone() == (0,)


def use_fts5(path: Path, has_fts5: bool) -> None:
    """Turns the index of a file into one of a kind that no SQLite knows, or back."""
    known, unknown = ("no_such_module", "fts5") if has_fts5 else ("fts5", "no_such_module")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = 1")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'words'", (known, unknown))


def test_a_file_with_an_index_does_without_fts5(tmp_path: Path) -> None:
    """It is searched, taken back from, saved to and pruned; where FTS5 is again, the index is made anew."""
    with closing(Store(tmp_path)) as store:
        fill(store)
        index = SearchIndex(store)
        while index.step():
            pass
    use_fts5(store.path, False)
    with closing(Store(tmp_path)) as store:
        assert numbers(store, "quick", "#lobby") == [1, 2]
        assert numbers(store, "", "#lobby", by="alice") == [1, 5, 8]
        store.save([Redacted(ALICE, "#lobby", 1, "", id=20, time=BASE + 20)])
        assert not store.failure
        index = SearchIndex(store)
        assert not index.step()
        assert not index.exists
        assert index.prune(BASE + 2) == 0
        store.save([Said(BOB, "#lobby", "quick again", MessageKind.MESSAGE, id=21, time=BASE + 21)])
        assert numbers(store, "quick", "#lobby") == [2, 21]
    use_fts5(store.path, True)
    with closing(Store(tmp_path)) as store:
        assert numbers(store, "quick", "#lobby") == [2, 21]
        index = SearchIndex(store)
        while index.step():
            pass
        assert index.exists
        assert numbers(store, "quick", "#lobby") == [2, 21]
        store.db.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def test_another_version_of_unicode_makes_the_index_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may take what was said for other words, which could not be taken out any more."""
    with closing(Store(tmp_path)) as store:
        fill(store)
        with monkeypatch.context() as patch:
            patch.setattr("chatroom.storage.search_index._MARK", "indexed by Unicode 1.0")
            index = SearchIndex(store)
            while index.step():
                pass
        assert numbers(store, "quick", "#lobby") == [1, 2]
        index = SearchIndex(store)
        while index.step():
            pass
        assert store.db.execute("SELECT count(*) FROM words('quick')").fetchone() == (4,)
        assert numbers(store, "quick", "#lobby") == [1, 2]


def test_an_index_that_could_not_be_made_is_made_later(tmp_path: Path) -> None:
    """Another process had the file in use, say, when the server first looked."""
    with closing(Store(tmp_path)) as store, closing(sqlite3.connect(store.path)) as other:
        fill(store)
        index = SearchIndex(store)
        store.db.execute("PRAGMA busy_timeout = 1")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            index.step()
        other.rollback()
        assert index.step()
        assert index.exists
        assert numbers(store, "secret", PRIVATE) == [4]


def test_what_was_taken_back_is_found_nowhere_and_all_else_still_is(store: Store) -> None:
    """Neither by the index, which forgets it, nor by a look at what was said; whatever of its batch it was."""
    batch: list[Event] = [
        Said(BOB, "#lobby", f"unique{n} words", MessageKind.MESSAGE, id=n, time=BASE + n) for n in range(20, 25)
    ]
    store.save(batch)
    index = SearchIndex(store)
    if index.exists:
        index.step()
    for number in (20, 22):
        store.save([Redacted(BOB, "#lobby", number, "", id=number + 10, time=BASE + 30)])
    store.save([Redacted(ALICE, "bob", 4, "", conversation=PRIVATE, id=33, time=BASE + 31)])
    assert [numbers(store, f"unique{n}", "#lobby") for n in range(20, 25)] == [[], [21], [], [23], [24]]
    assert numbers(store, "secret", PRIVATE) == []
    with closing(store.reader()) as reader:
        kept = reader.history("#lobby", limit=50, everything=True)
        assert [event.id for event in kept] == [1, 2, 5, 6, 7, 8, 21, 23, 24]
        assert [event.id for event in reader.walk("#lobby", BASE + 20, BASE + 40)] == [21, 23, 24]
        assert {summary.name: summary.said for summary in reader.summaries()}["#lobby"] == 9
        assert b"unique22" not in b"".join([str(row).encode() for row in store.db.execute("SELECT events FROM runs")])


def test_what_can_not_be_taken_back_stays(store: Store) -> None:
    """An id of another place, of nothing, or of an event that is no message."""
    store.save([Joined(BOB, "#lobby", id=20, time=BASE + 20)])
    for target, number in (("#tea", 1), ("#lobby", 3), ("#lobby", 20), ("#lobby", 99), ("#none", 1)):
        store.save([Redacted(BOB, target, number, "", id=30, time=BASE + 30)])
    assert numbers(store, "quick", "#lobby", "#tea", PRIVATE) == [1, 2, 3, 4]
    with closing(store.reader()) as reader:
        assert reader.history("#lobby", limit=1, everything=True)[0].id == 20


def test_taken_back_words_leave_the_files(tmp_path: Path) -> None:
    """What was taken back is in no byte of the files soon after, while the server runs."""
    with closing(Store(tmp_path)) as store:
        index = SearchIndex(store)
        store.save([Said(ALICE, "#lobby", "xylophone zebra", MessageKind.MESSAGE, id=1, time=BASE)])
        while index.step():
            pass
        store.save([Redacted(ALICE, "#lobby", 1, "", id=2, time=BASE + 1)])
        maintenance = Maintenance(store, lambda works, lost: None)
        maintenance.start()
        try:
            end = time.monotonic() + 20
            while store.has_deleted and time.monotonic() < end:
                time.sleep(0.05)
        finally:
            maintenance.stop()
        assert not files_with(tmp_path, b"xylophone")


def files_with(directory: Path, word: bytes) -> list[Path]:
    return [file for file in directory.iterdir() if word in file.read_bytes()]


def test_a_start_takes_words_out_of_the_files_that_a_killed_server_has_left(tmp_path: Path) -> None:
    """Taken back just before it was killed, when there was no time for it."""
    with closing(Store(tmp_path / "before")) as store:
        index = SearchIndex(store)
        store.save([Said(ALICE, "#lobby", "xylophone zebra", MessageKind.MESSAGE, id=1, time=BASE)])
        while index.step():
            pass
        store.save([Redacted(ALICE, "#lobby", 1, "", id=2, time=BASE + 1)])
        shutil.copytree(tmp_path / "before", tmp_path / "killed", ignore=shutil.ignore_patterns("*-shm"))
    assert files_with(tmp_path / "killed", b"xylophone"), "this is what the rest is about"
    with closing(Store(tmp_path / "killed")) as store:
        maintenance = Maintenance(store, lambda works, lost: None)
        maintenance.start()
        try:
            eventually(lambda: not store.has_deleted, "the words are gone")
        finally:
            maintenance.stop()
    assert not files_with(tmp_path / "killed", b"xylophone")


def test_merging_the_index_is_not_done_without_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes back one message after the other causes little work, however large the index is."""
    merges: list[bool] = []
    slow = SearchIndex.forget

    def forget(self: SearchIndex, *, first: bool) -> bool:
        merges.append(first)
        time.sleep(0.05)
        return slow(self, first=first)

    monkeypatch.setattr(SearchIndex, "forget", forget)
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_SECONDS", 0.01)
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_MAX_SECONDS", 0.01)
    maintenance = Maintenance(store, lambda works, lost: None)
    maintenance.start()
    try:
        for number in range(1, 5):
            store.save([Redacted(ALICE, "#lobby", number, "", id=100 + number, time=BASE + 100)])
            eventually(lambda: merges, "the first is done at once")
            time.sleep(0.1)
        begun = len([first for first in merges if first])
    finally:
        maintenance.stop()
    assert begun == 1
