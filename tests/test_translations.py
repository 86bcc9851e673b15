"""The catalogues agree with the source, and say all that it says."""

import re
import runpy
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chatroom.common.language import ENGLISH, Language, choose, tags
from tests.peers import DEADLINE
from tests.pseudo import PSEUDO, untouched

pytest.importorskip("babel")

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "chatroom"
SCRIPT = runpy.run_path(str(ROOT / "packaging" / "translations.py"))
LANGUAGES = [choose([tag]) for tag in tags() if tag != "en"]
# Packages all of whose sentences are translated. One that is being marked is not among them yet.
FINISHED = ["cli", "core", "model", "net", "protocols", "server", "storage", "web"]
COUNTS = (0, 1, 2, 5, 12, 22)


def places(sentence: str) -> Counter[str]:
    return Counter(re.findall(r"\{\w*\}", sentence))


def form(language: Language, message: Any, count: int) -> str:
    one, many = message.id
    return language.form(one, many, count)


def catalogue(language: Language) -> Any:
    from babel.messages.pofile import read_po

    path = SOURCE / "locale" / language.tag.replace("-", "_") / "LC_MESSAGES" / "chatroom.po"
    with path.open("rb") as file:
        return read_po(file)


def test_the_catalogues_are_those_of_the_source(tmp_path: Path) -> None:
    """`packaging/translations.py` finds nothing to do: each .po has the sentences of the source, each .mo its .po's."""
    shutil.copytree(SOURCE, tmp_path / "src" / "chatroom", ignore=shutil.ignore_patterns("__pycache__"))
    script = shutil.copytree(ROOT / "packaging", tmp_path / "packaging") / "translations.py"
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=6 * DEADLINE, check=True
    )
    assert done.stdout == "", "run packaging/translations.py"


def test_the_script_keeps_what_is_translated_and_drops_what_is_gone(tmp_path: Path) -> None:
    """And running it again changes nothing."""
    code = tmp_path / "src" / "chatroom"
    shutil.copytree(ROOT / "packaging", tmp_path / "packaging")
    shutil.copytree(SOURCE / "web" / "static", code / "web" / "static")
    shutil.copytree(SOURCE / "locale", code / "locale")
    (code / "a.py").write_text(
        'tr("English")\nmark("Go\\naway, {nick}" " now")\nx.trn("{count} cow", "{count} cows", 2)\n', encoding="utf-8"
    )
    written = []
    for _ in range(2):
        subprocess.run([sys.executable, tmp_path / "packaging" / "translations.py"], timeout=6 * DEADLINE, check=True)
        written.append([path.read_bytes() for path in sorted((code / "locale").rglob("chatroom.*"))])
    assert written[0] == written[1]
    po = (code / "locale" / "pl" / "LC_MESSAGES" / "chatroom.po").read_text(encoding="utf-8")
    assert po.startswith("# The sentences of chatroom in Polish.\n")
    assert 'msgid "English"\nmsgstr "polski"\n' in po
    assert 'msgid "{count} cow"\nmsgid_plural "{count} cows"\n' in po
    assert '"Go\\n"\n"away, {nick} now"\n' in po
    assert "abcdefghijklmnopqrstuvwxyz" not in po


@pytest.mark.parametrize("language", LANGUAGES, ids=repr)
@pytest.mark.parametrize("package", FINISHED)
def test_every_sentence_is_translated(language: Language, package: str) -> None:
    """None is left, and none is marked as doubtful."""
    known = catalogue(language)
    wanted = [message.id for message in SCRIPT["sentences"](SOURCE / package) if message.id]
    assert not [each for each in wanted if not SCRIPT["is_translated"](known[each])]


@pytest.mark.parametrize("language", LANGUAGES, ids=repr)
def test_translations_have_the_places_of_the_english(language: Language) -> None:
    """The same ones, as often; a form for one thing may leave its number out."""
    wrong = []
    for message in catalogue(language):
        if message.id and SCRIPT["is_translated"](message):
            originals = SCRIPT["forms"](message.id)
            forms = SCRIPT["forms"](message.string)
            for i, form in enumerate(forms):
                english = originals[0 if i == 0 else -1]
                missing, more = places(english) - places(form), places(form) - places(english)
                may_lack = Counter({"{count}": 1}) if len(forms) > 1 and i == 0 else Counter[str]()
                if more or missing - may_lack:
                    wrong.append((english, form))
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES, ids=repr)
def test_every_form_of_a_number_is_there(language: Language) -> None:
    """For each number that a language may treat differently."""
    counted = [m for m in catalogue(language) if m.pluralizable and SCRIPT["is_translated"](m)]
    for message in counted:
        for count in COUNTS:
            assert form(language, message, count) in message.string


def test_polish_has_three_forms() -> None:
    """One, a few (2 to 4, but not 12 to 14), and many."""
    polish = choose(["pl"])
    message = next((m for m in catalogue(polish) if m.pluralizable and len(set(m.string)) == 3), None)
    if not message:
        pytest.skip("no sentence with a number is translated yet")
    forms = [message.string.index(form(polish, message, count)) for count in COUNTS]
    assert forms == [2, 0, 1, 2, 2, 1]


def test_the_pseudo_language_shows_what_is_not_marked() -> None:
    """What is translated stands in brackets, with its places filled in."""
    said = PSEUDO.tr("{nick} left {room}.", nick="anna", room="#x")
    assert said.startswith("[!! anna ļéfţ #x.~")
    assert len(said) >= 1.4 * len("{nick} left {room}.")
    assert untouched(f"* {said} and more") == ["and", "more"]
    assert ENGLISH.tr("{nick} left {room}.", nick="anna", room="#x") == "anna left #x."
