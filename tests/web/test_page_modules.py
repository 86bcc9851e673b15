"""The page's modules without a document, run by node's own test runner."""

import json
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from chatroom.web import languages
from chatroom.web.files import pages
from chatroom.web.script import joined, packed

STATIC = Path(__file__).parents[2] / "src" / "chatroom" / "web" / "static"
TESTS = Path(__file__).parent / "page"
VECTORS = Path(__file__).parents[1] / "irc_vectors.json"


@pytest.mark.needs("node")
@pytest.mark.parametrize("name", sorted(path.name for path in TESTS.glob("*.test.mjs")))
def test_the_modules_of_the_page(name: str, tmp_path: Path) -> None:
    """They are laid where node takes them for modules: browsers need no `package.json`."""
    shutil.copytree(STATIC, tmp_path / "static")
    shutil.copy(VECTORS, tmp_path)
    shutil.copy(TESTS / name, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NODE")}
    done = subprocess.run(
        ["node", "--test", name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr


OVER_THE_WIRE_BYTES = 60 * 1024  # of the whole page: 0.2 s over 3 Mbit/s


def test_the_page_is_small() -> None:
    """Everything that a browser loads, as it is sent, in the longest language; who chooses another asks for it."""
    sent = {path: len(file.gzipped or file.plain) for path, file in pages().items() if path != "/"}
    scripts = [sent.pop(path) for path in list(sent) if path.endswith(".js")]
    sentences = [path for path in list(sent) if path.startswith("/strings/") and sent.pop(path)]
    assert len(scripts) == len(sentences) >= 2
    assert sum(sent.values()) + max(scripts) <= OVER_THE_WIRE_BYTES, (sent, scripts)


# What may have a backtick in it that begins no text: an escaped letter, a text of another kind, a regular expression.
_CLOSED = re.compile(r"""\\.|"(?:[^"\\]|\\.)*"|(?<=[=(]) ?/(?:[^/\\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+/""")


def test_the_modules_are_one_script() -> None:
    """A browser asks for the page, its colours and its script: three requests."""
    script = pages()["/app.js"].plain.decode()
    assert not re.search("^(import|export) ", script, re.MULTILINE)
    assert [path for path in pages() if path.endswith(".js")] == ["/app.js", "/app.pl.js"]
    assert " // " not in script
    for path in STATIC.rglob("*.js"):
        text = path.read_text("utf-8")
        assert not re.search(r"""["`'].* // .*["`']""", text), path
        for line in text.splitlines():
            assert line.lstrip().startswith(("*", "/")) or _CLOSED.sub("", line).count("`") % 2 == 0, line
        for name in re.findall(r"^export (?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE):
            assert re.search(rf"(?:^|;)(?:async )?(?:function|class|const|let) {name}\b", script, re.MULTILINE), name


def test_what_only_people_read_is_not_sent() -> None:
    """The rules of the style sheet come without comments, and all of them come."""
    style = pages()["/app.css"].plain.decode()
    whole = (STATIC / "app.css").read_text("utf-8")
    assert "/*" not in style and "\n " not in style
    assert style.count("}") == whole.count("}")
    assert [text for text in re.findall(r'"[^"\n]*"', whole) if text not in style] == []


def test_texts_come_through_whole() -> None:
    """Texts and what text is looked for by have in them what else ends a line or begins a comment."""
    modules = {
        "kept.js": 'export const kept = ["a; b, { ( [", /[;,{(]/, `${"//x"}, [`, "https://x/*y*/"];\n',
        "app.js": """import { kept } from "./kept.js";

/** What it is; { */
// and why, (
function first(
  all, // a list; [
) {
  return /** @type {string} */ (all[0]);
}
first(kept)
""",
    }
    assert packed(joined("app.js", modules.__getitem__)) == (
        'const kept = ["a; b, { ( [", /[;,{(]/, `${"//x"}, [`, "https://x/*y*/"];'
        "function first(all,) {return (all[0]);}\nfirst(kept)\n"
    )


@pytest.mark.needs("node")
def test_the_script_is_sound(tmp_path: Path) -> None:
    """No two modules have a name of their own in common: that would be a fault of syntax in the script."""
    (tmp_path / "app.mjs").write_bytes(pages()["/app.js"].plain)
    done = subprocess.run(
        ["node", "--check", "app.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_every_text_is_in_the_table_and_used() -> None:
    """What is named in a module stands in the table; what stands in the table is named somewhere."""
    table = (STATIC / "strings.js").read_text("utf-8")
    keys = set(re.findall(r'^  "?([\w-]+)"?: ["{]', table, re.MULTILINE))
    others = "".join(path.read_text("utf-8") for path in STATIC.rglob("*.js"))
    named = set(re.findall(r'\btr\(\s*"([^"]+)"', others))
    assert named <= keys
    families = "does|numeric|mode|whois|refused|time|theme|mute|kick|ban|closed"  # whose names are put together
    assert not [key for key in keys if f'"{key}"' not in others and not re.match(families, key)]
    commands = re.findall(r"^  (\w+): \{", (STATIC / "slash.js").read_text("utf-8"), re.MULTILINE)
    assert {f"does_{command}" for command in commands} <= keys


def test_the_server_reads_all_rows_of_the_table() -> None:
    """One row is one line: so it is read by the server, by the script that fills the catalogues, and by this test."""
    pytest.importorskip("babel")
    script = runpy.run_path(str(Path(__file__).parents[2] / "packaging" / "translations.py"))
    text = (STATIC / "strings.js").read_text("utf-8")
    assert list(languages.table().values()) == list(script["of_the_page"](text))
    assert list(languages.table()) == re.findall(r'^  "?([\w-]+)"?: ["{]', text, re.MULTILINE)


@pytest.mark.needs("tsc")
def test_the_types_of_the_modules_fit(tmp_path: Path) -> None:
    """They stand in the comments; TypeScript's compiler reads them as strictly as it can."""
    options = {"strict": True, "allowJs": True, "checkJs": True, "noEmit": True, "target": "es2022", "module": "es2022"}
    options |= {"moduleResolution": "node", "lib": ["es2022", "dom", "dom.iterable"], "types": []}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": [str(STATIC / "app.js")]}))
    done = subprocess.run(["tsc", "-p", "."], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout


def test_modules_are_of_a_size_to_be_read() -> None:
    """As the rest of the program."""
    for path in STATIC.rglob("*.js"):
        assert path.read_text("utf-8").count("\n") <= 600, path


def test_only_what_is_drawn_knows_the_document() -> None:
    """The state and what changes it are tested without one; nothing of them asks for a view."""
    for path in STATIC.glob("*.js"):
        text = path.read_text("utf-8")
        if path.name not in ("app.js", "alerts.js"):
            assert not re.search(r"\b(document|window|navigator|location)\.[a-zA-Z]|\./view/", text), path


def test_text_reaches_the_document_as_text_alone() -> None:
    """No module has a way to make elements of markup, or code of text."""
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|eval\(|Function\("
    )
    for path in STATIC.rglob("*.js"):
        assert not re.search(forbidden, path.read_text("utf-8")), path
    page = (STATIC / "index.html").read_text("utf-8")
    assert not re.search(r"<script>|<style|\bon\w+=|\bstyle=", page)
