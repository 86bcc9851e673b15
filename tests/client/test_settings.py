"""The settings file: kept as a whole, never trusted, never lost."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.client.settings import RECENT_SERVERS, Server, Settings, load, save


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """In a directory that didn't exist, without leaving anything else there."""
    path = tmp_path / "a" / "client.json"
    settings = Settings("dark", 2, False, False, False, [Server("h", 1, True, "ł")], {"h:1": "ab"})
    assert save(settings, path) == ""
    assert load(path) == (settings, "")
    assert [file.name for file in path.parent.iterdir()] == ["client.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00\xff", '"text"'])
def test_a_damaged_file_is_set_aside_with_a_word(tmp_path: Path, content: str) -> None:
    """Nothing is lost, and nothing crashes."""
    path = tmp_path / "client.json"
    path.write_text(content, "latin-1")
    settings, word = load(path)
    assert settings == Settings() and "set aside" in word
    assert (tmp_path / "client.json.damaged").read_text("latin-1") == content and not path.exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(["theme", "zoom", "notify", "recent", "trusted", "other"]), JSON))
def test_wrong_values_fall_back_to_their_defaults(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]
) -> None:
    """Whatever stands in the file, what comes out can be used and saved."""
    path = tmp_path_factory.mktemp("s") / "client.json"
    path.write_text(json.dumps(data), "utf-8")
    settings, _ = load(path)
    assert settings.theme in ("system", "light", "dark") and -4 <= settings.zoom <= 12
    assert save(settings, path) == "" and load(path) == (settings, "")


def test_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    """No exception: the window goes on."""
    (tmp_path / "file").write_text("", "utf-8")
    assert "can't be saved" in save(Settings(), tmp_path / "file" / "client.json")


def test_recent_servers_are_few_and_not_doubled() -> None:
    """The last one first."""
    settings = Settings()
    for port in [*range(1, 12), 5]:
        settings.remember(Server("h", port))
    assert [server.port for server in settings.recent][:2] == [5, 11] and len(settings.recent) == RECENT_SERVERS


def test_two_clients_keep_what_the_other_has_changed(tmp_path: Path) -> None:
    """Each replaces the file as a whole; what only the other changed is not undone."""
    path = tmp_path / "client.json"
    save(Settings(trusted={"old:1": "aa"}), path)
    one, two = load(path)[0], load(path)[0]
    one.trusted["new:1"] = "bb"
    one.remember(Server("one", 1))
    one.rooms["one:1"] = ["#tea"]
    assert not save(one, path)
    two.zoom = 3
    two.remember(Server("two", 1))
    del two.trusted["old:1"]
    assert not save(two, path)
    both = load(path)[0]
    assert (both.zoom, both.trusted, both.rooms) == (3, {"new:1": "bb"}, {"one:1": ["#tea"]})
    assert [server.host for server in both.recent] == ["two", "one"]
    assert not save(one, path)
    assert load(path)[0].zoom == 3


def test_rooms_and_drafts_that_make_no_sense_are_dropped(tmp_path: Path) -> None:
    """The rest of the file is used."""
    path = tmp_path / "client.json"
    path.write_text(
        '{"size": "9x9; rm", "rooms": {"a:1": ["#x"], "b:1": [1]}, '
        '"drafts": {"a:1": {"#x": "hi"}, "b:1": {"#x": 1}, "c": 2}}'
    )
    settings = load(path)[0]
    assert (settings.size, settings.rooms, settings.drafts) == ("", {"a:1": ["#x"]}, {"a:1": {"#x": "hi"}})
