"""The catalogues agree with the source, and say all that it says."""

import ast
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
from chatroom.protocols.reasons import told
from tests.peers import DEADLINE
from tests.pseudo import PSEUDO, untouched

pytest.importorskip("babel")

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "chatroom"
SCRIPT = runpy.run_path(str(ROOT / "packaging" / "translations.py"))
LANGUAGES = [choose([tag]) for tag in tags() if tag != "en"]
COUNTS = (0, 1, 2, 5, 12, 22)

# What looks like a sentence, and need not be marked: files, with what it is.
NOT_FOR_PEOPLE = {
    "cli/export.py": "markup",
    "cluster/codec.py": "an error of the program",
    "cluster/redis_stream.py": "scripts of Redis, and for the log",
    "common/common_passwords.py": "the list of them",
    "common/logs.py": "for the log",
    "core/permissions.py": "names of deeds, for tests and documents",
    "gui/style.py": "commands of Tk",
    "gui/view.py": "commands of Tk",
    "model/modes.py": "what modes do, for tests and documents",
    "model/state.py": "the real name of a service, which is data",
    "net/batches.py": "names of endings",
    "net/slow_readers.py": "causes that only the log and figures tell",
    "net/sockets.py": "an error like the system's own",
    "protocols/irc/command_table.py": "the syntax of commands",
    "protocols/proxy_header.py": "for the log, and for proxies",
    "server/handler.py": "for the log, and for proxies",
    "server/log_writer.py": "for the log",
    "server/metrics.py": "for Prometheus",
    "storage/": "SQL and the log; what people read of it is marked where it is told",
    "web/requests.py": "for programs that write requests by themselves",
    "web/responses.py": "fields of HTTP",
    "web/websocket.py": "for programs that speak WebSocket",
}
# The same in files of which the rest is for people: commands, words of other programs, labels of figures.
NO_SENTENCES = (
    *(
        "/key off",
        "/slow off",
        "/set replay",
        "/set [replay",
        "take back",
        "display notification",
        "not in this room",
        "not an object",
        "muted quote",
    ),
    *("connection to 7", "a line without a command", "_chatroom._tcp", "to the others", "from the others"),
    *("an error in the program", "it has lost what it had"),
    *("Cannot overwrite a value", "unexpected end of data", "{} :are supported by this server", "chatroom-7.local."),
    *("chatroom connect 7 -p 7", "python3 -m venv /opt/chatroom && /opt/chatroom/bin/pip install ."),
    *("no descriptors left", "no thread left", "left without reading", "the link to ", " was lost", "::ffff:"),
)
_SENTENCE = re.compile(r"[A-Za-z']{2,},? [a-z']{2,}|[a-z]{3,}[.!?]$")  # two words, or an end
_MARKS = ("tr", "trn", "mark", "markn")
_TECHNICAL = ("compile", "execute", "alike", "debug", "info", "warning", "error", "exception")  # patterns, SQL, the log


class Literals(ast.NodeVisitor):
    """The literals of a file, with their lines: those that are marked, and those that only look like sentences."""

    def __init__(self, path: Path) -> None:
        self.marked: list[tuple[int, tuple[str, ...]]] = []
        self.unmarked: list[tuple[int, str]] = []
        self.visit(ast.parse(path.read_text(encoding="utf-8")))

    def visit_Expr(self, node: ast.Expr) -> None:  # the names are ast's
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        self.visit(node.test)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        pass

    def visit_Call(self, node: ast.Call) -> None:
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in _TECHNICAL:
            return
        if called in _MARKS:
            texts = node.args[: 2 if called.endswith("n") else 1]
            literals = tuple(str(each.value) for each in texts if isinstance(each, ast.Constant))
            if literals or any(isinstance(each, ast.JoinedStr) for each in texts):
                self.marked.append((node.lineno, literals))
            for keyword in node.keywords:
                self.visit(keyword.value)
            return
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        texts = [str(each.value) if isinstance(each, ast.Constant) else "7" for each in node.values]
        self._note(node.lineno, "".join(texts))
        for each in node.values:
            if isinstance(each, ast.FormattedValue):
                self.visit(each.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._note(node.lineno, node.value)

    def _note(self, line: int, text: str) -> None:
        if _SENTENCE.search(text):
            self.unmarked.append((line, text))


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


def test_what_is_marked_is_found() -> None:
    """A sentence inside an f-string, or that is put together, would not be: translators would never see it."""
    known = {form for message in SCRIPT["sentences"]() if message.id for form in SCRIPT["forms"](message.id)}
    lost = [
        f"{path}:{line}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line, texts in Literals(path).marked
        if not texts or not known.issuperset(texts)
    ]
    assert not lost


def test_no_sentence_is_left_unmarked() -> None:
    """What looks like one is marked, is a reason that `protocols.reasons` translates, or stands in the table above."""
    left = []
    for path in sorted(SOURCE.rglob("*.py")):
        if not str(path.relative_to(SOURCE)).startswith(tuple(NOT_FOR_PEOPLE)):
            unmarked = [
                (line, text)
                for line, text in Literals(path).unmarked
                if told(text, PSEUDO) == text and not text.startswith(NO_SENTENCES)
            ]
            left += [f"{path.relative_to(SOURCE)}:{line} {text}" for line, text in unmarked]
    assert not left


def test_every_sentence_is_in_polish() -> None:
    """None is left, and none is marked as doubtful. Other languages may be on their way."""
    known = catalogue(choose(["pl"]))
    wanted = [message.id for message in SCRIPT["sentences"]() if message.id]
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
