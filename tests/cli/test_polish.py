"""The command line in Polish, and in the language that is none: what is not marked for translation shows there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from chatroom.cli.main import main
from tests.peers import DEADLINE, Served
from tests.pseudo import untouched

# What stands in every help in English: commands, options, variables, values, words that stand for what is typed; and
# what click itself says, which is in gettext's catalogues alone.
KEPT = re.compile(
    r"\[env var: [^]]*\]|\[default: [^]]*\]|\[required\]|\[[^]]*<=x[^]]*\]|\[[a-z]+(?:\|[a-z]+)+\]"
    r"|(?<!\w)--?[a-z][a-z-]*|\b[A-Z]{2,}\b"
    r"|Options:|Commands:|Show this message and exit\."
)
POLISH = {"LANGUAGE": "pl", "LC_ALL": "C.UTF-8"}


def commands(command: click.Command, *path: str) -> list[tuple[str, ...]]:
    """All commands, by what is typed."""
    found = [path]
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below
            found += commands(below, *path, name)
    return found


def run(module: str, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "COLUMNS": "100", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=6 * DEADLINE,
        check=False,
    )


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_word_of_a_help_is_marked(path: tuple[str, ...]) -> None:
    """Nothing is left in English but what people type."""
    shown = run("tests.pseudo", *path, "--help").stdout
    assert "[!!" in shown
    shown = re.sub(r"^(  [a-z-]+  +\[!!(?:(?!!!\]).)*)$", r"\1 !!]", shown, flags=re.MULTILINE)  # lists are cut short
    names = sorted({word for each in commands(main) for word in each} | {"chatroom"}, key=len, reverse=True)
    text = re.sub(rf"\b({'|'.join(names)})\b", "", KEPT.sub("", " ".join(shown.partition("\n")[2].split())))
    assert untouched(text) == []


def test_click_speaks_polish_too() -> None:
    """Its headings, and what it says of mistakes."""
    shown = run("chatroom", "history", "export", "--help", env=POLISH).stdout
    assert shown.startswith("Użycie: chatroom history export [OPTIONS] ROOM\n")
    for text in (
        "\nOpcje:\n",
        "Wyświetla tę pomoc.",
        "[domyślnie: text]",
        "[zmienna: CHATROOM_SERVE_DATA; domyślnie: ",
    ):
        assert text in " ".join(shown.split()) or text in shown
    for arguments, told in (
        (["bogus"], "Błąd: Nie ma polecenia 'bogus'."),
        (["history", "export"], "Błąd: Brakuje argumentu 'ROOM'."),
        (["history", "prune"], "Błąd: Brakuje opcji '--older-than'."),
        (["serve", "-p", "x"], "Błąd: Niepoprawna wartość '-p' / '--port': 'x' to nie liczba całkowita."),
        (["serve", "--bogus"], "Błąd: Nie ma opcji '--bogus'."),
        (["serve", "--log-level", "x"], "'x' nie jest żadną z wartości: 'debug', 'info', 'warning', 'error'."),
        (["serve", "--motd-file", "/nowhere"], "Plik '/nowhere' nie istnieje."),
    ):
        done = run("chatroom", *arguments, env=POLISH)
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_english_stays_english_whatever_else_is_set() -> None:
    """Where the locale is C, nothing is translated; nor is it to a language that there is not."""
    for env in ({"LANGUAGE": "pl", "LC_ALL": "C"}, {"LANGUAGE": "xx", "LC_ALL": "C.UTF-8"}):
        assert run("chatroom", "serve", "-p", "x", env=env).stderr.startswith("Usage: chatroom serve")


def test_a_client_reads_the_language_that_it_is_told() -> None:
    """Whatever the machine's is; one that there is not is refused with those that there are."""
    english = {"LANGUAGE": "en", "LC_ALL": "C.UTF-8"}
    told = run("chatroom", "connect", "--language", "pl", "--text", "localhost", env=english)
    assert told.returncode == 1 and "Bez terminala trzeba podać" in told.stderr
    told = run("chatroom", "connect", "--text", "localhost", env={**english, "CHATROOM_CONNECT_LANGUAGE": "xx"})
    assert told.returncode == 2 and "these are: en, pl" in told.stderr


def test_columns_stand_below_each_other() -> None:
    """Polish letters are one column wide."""
    lines = run("chatroom", "serve", "--help", env=POLISH).stdout.splitlines()
    heads = (re.match(r"  (?:-\w, )?--[a-z-]+(?: \S+)?  +(?=\S)", line) for line in lines)
    starts = {head.end() for head in heads if head}
    assert len(starts) == 1


def test_a_server_tells_in_polish_how_to_join() -> None:
    """And what is wrong with its settings, with the line. Its log is for programs, too, and stays English."""
    served = Served("-p", "0", env=POLISH)
    try:
        assert served.out.until("q i Enter kończy pracę serwera")
        served.err.wait("INFO chatroom .* listens on")
    finally:
        served.close()


def test_the_polish_readme_shows_what_is_printed() -> None:
    """The start of a server, but for its port."""
    readme = (Path(__file__).parents[2] / "README.pl.md").read_text(encoding="utf-8")
    shown = readme.partition("chatroom serve -p 9090\n")[2].partition("```")[0]
    served = Served("-p", "0", env=POLISH)
    try:
        printed = [served.out.heard[0], *served.out.until("^q i Enter")]
    finally:
        served.close()
    assert "\n".join(printed).replace(str(served.port), "9090") + "\n" == shown


def test_settings_and_data_are_told_of_in_polish(tmp_path: Path) -> None:
    """With the places filled in."""
    settings = tmp_path / "chatroom.toml"
    settings.write_text("keeep = 3\n")
    done = run("chatroom", "serve", "--config", str(settings), "--check-config", env=POLISH)
    assert done.stderr == f"Błąd: {settings}, wiersz 1: nie ma ustawienia 'keeep'; może chodzi o 'keep'?\n"
    done = run("chatroom", "history", "rooms", "--data", str(tmp_path), env=POLISH)
    assert done.stderr == f"Błąd: W {tmp_path} nie ma historii; opcja --data wskazuje, gdzie jej szukać.\n"
    done = run("chatroom", "doctor", "--data", str(tmp_path), "-p", "1", env=POLISH)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert {line.split()[0] for line in lines} == {"dobrze", "ŹLE"}
    assert len({line.index(line.split()[1]) for line in lines}) == 1


def test_manual_pages_have_polish_headings(tmp_path: Path) -> None:
    """And man is told to part no words, which it would do as in English."""
    assert run("chatroom", "man", str(tmp_path), env=POLISH).returncode == 0
    page = (tmp_path / "chatroom-serve.1").read_text("utf-8")
    headings = re.findall(r"^\.SH (.+)$", page, re.MULTILINE)
    assert {"NAZWA", "SKŁADNIA", "OPIS", "OPCJE", "ZOBACZ TAKŻE"} <= set(headings)
    assert not {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SEE ALSO"} & set(headings)
    assert "\n.nh\n" in page
