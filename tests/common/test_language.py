"""Which language somebody reads, and a sentence in it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatroom.common import language
from chatroom.common.language import ENGLISH, Language, choose, find, of_machine, speak, tags, tr, trn
from tests.peers import DEADLINE

POLISH = choose(["pl"])


def test_places_are_filled_by_name() -> None:
    assert ENGLISH.tr("{nick} left {room}.", nick="anna", room="#x") == "anna left #x."


@pytest.mark.parametrize("text", ["{0}", "{nick}", "{nick.__class__}", "{", "%s %(nick)s", "{{}}"])
def test_what_people_write_is_never_looked_into(text: str) -> None:
    """It fills a place as it is, in every language."""
    assert ENGLISH.tr("{nick}: {text}", nick=text, text=text) == f"{text}: {text}"
    assert POLISH.tr("{nick}: {text}", nick=text, text=text) == f"{text}: {text}"


def test_nothing_is_nothing_in_every_language() -> None:
    """gettext has the head of a catalogue under it."""
    assert POLISH.tr("") == ENGLISH.tr("") == ""


def test_a_sentence_without_places_keeps_its_braces() -> None:
    assert ENGLISH.tr("letters, digits and {}") == "letters, digits and {}"


def test_a_place_may_be_called_anything() -> None:
    assert ENGLISH.tr("{self} {sentence} {count}", self=1, sentence=2, count=3) == "1 2 3"


@pytest.mark.parametrize(("count", "said"), [(0, "0 rooms"), (1, "1 room"), (2, "2 rooms"), (1234, "1,234 rooms")])
def test_a_number_chooses_the_form(count: int, said: str) -> None:
    assert ENGLISH.trn("{count} room", "{count} rooms", count) == said


def test_numbers_are_written_as_the_language_does() -> None:
    assert (ENGLISH.number(1234567.5), ENGLISH.number(12)) == ("1,234,567.5", "12")
    assert (POLISH.number(1234567.5), POLISH.number(12)) == ("1\u00a0234\u00a0567,5", "12")


def test_names_are_sorted_by_the_language() -> None:
    names = ["Żaba", "zebra", "Łoś", "las", "lis", "ćma", "cyna", "1"]
    assert sorted(names, key=POLISH.sort_key) == ["1", "cyna", "ćma", "las", "lis", "Łoś", "zebra", "Żaba"]


def test_every_language_says_its_name() -> None:
    assert {"en", "pl"} <= set(tags())
    assert (ENGLISH.name(), POLISH.name()) == ("English", "polski")


@pytest.mark.parametrize(
    "name", ["pl", "PL", "pl_PL", "pl-PL", "pl_PL.UTF-8", "pl_PL.ISO8859-2", "pl_PL@euro", "pl-x-y"]
)
def test_a_language_is_found_by_any_of_its_names(name: str) -> None:
    assert find(name) is POLISH


def test_the_same_language_of_another_country_is_better_than_none(monkeypatch: pytest.MonkeyPatch) -> None:
    brazilian = Language("pt-BR")
    monkeypatch.setitem(language._found, "pt-BR", brazilian)
    assert find("pt_PT.UTF-8") is find("pt") is find("pt-BR") is brazilian


def test_a_language_that_is_not_compiled_yet_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has begun to translate it."""
    (tmp_path / "de" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "de" / "LC_MESSAGES" / "chatroom.po").touch()
    monkeypatch.setattr(language, "LOCALES", str(tmp_path))
    assert language._shipped.__wrapped__() == ()


@pytest.mark.parametrize("name", ["", "C", "xx", "../pl", "pl/../..", "p", "polish", "\0", "-", "pl\n"])
def test_what_is_no_language_is_not_found(name: str) -> None:
    assert find(name) is None


def test_a_name_without_end_costs_no_more_than_a_long_one() -> None:
    """It is looked at while everybody waits."""
    start = time.monotonic()
    assert find("pl" + "-aa" * 20_000) is POLISH
    assert time.monotonic() - start < 0.5


@pytest.mark.parametrize(
    ("environment", "tag"),
    [
        ({"LANGUAGE": "pl:en", "LANG": "en_GB.UTF-8"}, "pl"),
        ({"LANGUAGE": "xx:pl"}, "pl"),
        ({"LANGUAGE": "xx", "LANG": "pl_PL.UTF-8"}, "pl"),
        ({"LANGUAGE": "", "LANG": "pl_PL.UTF-8"}, "pl"),
        ({"LC_ALL": "en_US.UTF-8", "LC_MESSAGES": "pl_PL", "LANG": "pl_PL"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "pl_PL", "LANG": "en_US"}, "pl"),
        ({"LC_CTYPE": "pl_PL.UTF-8", "LANG": "C.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANGUAGE": "pl"}, "en"),
        ({"LANG": "xx_XX.UTF-8"}, "en"),
    ],
)
def test_the_environment_says_which_language(environment: dict[str, str], tag: str) -> None:
    """As gettext reads it: LANGUAGE is a list; of the others the first that is set counts."""
    assert of_machine(environment).tag == tag


def test_a_program_speaks_one_language_until_it_is_told_another() -> None:
    before = language.own()
    try:
        speak(POLISH)
        assert (language.own(), tr("English"), trn("a", "b", 5)) == (POLISH, "polski", "b")
    finally:
        speak(before)


def test_no_catalogue_is_read_for_english() -> None:
    """Nor is gettext imported, which a program that speaks English does not need."""
    script = (
        "import sys; from chatroom.common.language import tr; tr('x')\n"
        "assert 'gettext' not in sys.modules and 'locale' not in sys.modules"
    )
    subprocess.run([sys.executable, "-S", "-c", script], check=True, timeout=DEADLINE, env=_without_site())


def _without_site() -> dict[str, str]:
    """The environment for a Python that imports nothing by itself."""
    from pathlib import Path

    import chatroom

    return {"LANG": "en_GB.UTF-8", "PYTHONPATH": str(Path(chatroom.__file__).parent.parent)}
