"""Brings the catalogues in src/chatroom/locale up to date with the sentences that are marked in the source.

Run it without arguments after a change of sentences, and after each translation. It adds new sentences to every
chatroom.po, removes those that are gone, keeps what is translated, and compiles each into the chatroom.mo beside it.
What it writes depends on nothing but the source and the translations, here and on the branch main, so running it again
changes nothing.
"""

import io
import json
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).resolve().parent.parent / "src" / "chatroom"
LOCALES = SOURCE / "locale"
PAGE = SOURCE / "web" / "static" / "strings.js"  # the page's sentences, in one table

WIDTH = 110  # characters of a line in a .po
KEYWORDS = {"tr": None, "trn": (1, 2), "mark": None, "markn": (1, 2)}  # see chatroom/common/language.py
COMMENT = "Translators:"  # begins a comment in the source that is for translators
_HEADER = ("Language", "Plural-Forms", "Content-Type", "Content-Transfer-Encoding")  # none that a mere run would change
_TOKENS = re.compile(r'//.*|"(?:[^"\\\n]|\\.)*"|\w+|[{}:,]')  # of the page's table

Sentence = str | tuple[str, str]  # with a number: one, many


def sentences(directory: Path = SOURCE) -> Catalog:
    """All sentences that are marked in these sources, with the comments for those who translate them."""
    found = Catalog(fuzzy=False)
    for path in sorted(directory.rglob("*.py")):
        for _, sentence, comments, _ in extract_from_file("python", path, KEYWORDS, [COMMENT], strip_comment_tags=True):
            if isinstance(sentence, str):
                found.add(sentence, auto_comments=comments)
            else:
                found.add((sentence[0], sentence[1]), auto_comments=comments)
    if PAGE.is_relative_to(directory):
        for sentence in of_the_page(PAGE.read_text(encoding="utf-8")):
            found.add(sentence)
    return found


def of_the_page(script: str) -> Iterator[Sentence]:
    """The sentences of the table `STRINGS`: texts, and objects with a form for each plural category of English."""
    _, opening, table = script.partition("const STRINGS = ")
    assert opening, f"{PAGE.name} has no table STRINGS"
    depth, text, counted = 0, "", dict[str, str]()
    key = before = ""  # the last name before a colon; the token before this one
    for token in _TOKENS.findall(table):
        if token == ":":
            key = json.loads(before) if before.startswith('"') else before
            text = ""
        elif token.startswith('"'):
            text += json.loads(token)
        elif token == "{":
            depth += 1
            text = ""
        elif token in ",}" and text:
            if depth == 1:
                yield text
            else:
                counted[key] = text
            text = ""
        if token == "}":
            depth -= 1
            if counted:
                yield counted["one"], counted["other"]
                counted = {}
            if not depth:
                return
        before = token


def updated(path: Path, found: Catalog) -> tuple[bytes, bytes]:
    """The .po and the .mo of a language, for these sentences."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parts[-3])
    catalogue.update(found, no_fuzzy_matching=True, update_header_comment=False)
    written = io.BytesIO()
    write_po(written, catalogue, WIDTH, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    terms, _, _ = path.read_text(encoding="utf-8").partition('msgid ""\n')  # the comment that opens the file
    header = "".join(f'"{line}\\n"\n' for line in header_of(catalogue))
    return f'{terms}msgid ""\nmsgstr ""\n{header}\n{written.getvalue().decode()}'.encode(), compiled(catalogue)


def header_of(catalogue: Catalog) -> list[str]:
    return [f"{name}: {value}" for name, value in catalogue.mime_headers if name in _HEADER]


def compiled(catalogue: Catalog) -> bytes:
    """A catalogue as gettext reads it: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html.

    Sentences that are not translated, or not for sure, are left out, and so are said in English.
    """
    pairs = {b"": "".join(f"{line}\n" for line in header_of(catalogue)).encode()}
    for message in catalogue:
        if message.id and is_translated(message):
            pairs["\0".join(forms(message.id)).encode()] = "\0".join(forms(message.string)).encode()
    ids, texts = sorted(pairs), [pairs[each] for each in sorted(pairs)]
    start = 28 + 16 * len(pairs)
    places, data = [], b""
    for each in [*ids, *texts]:
        places += [len(each), start + len(data)]
        data += each + b"\0"
    tables = struct.pack(f"<{len(places)}I", *places)
    return struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start) + tables + data


def is_translated(message: Message) -> bool:
    """Whether a sentence has all its forms in the other language, and nobody doubts them."""
    return all(forms(message.string)) and not message.fuzzy


def forms(sentence: object) -> tuple[str, ...]:
    """The forms of a sentence: one, if there is no number in it."""
    return tuple(map(str, sentence)) if isinstance(sentence, tuple | list) else (str(sentence or ""),)


def main() -> int:
    found = sentences()
    for path in sorted(LOCALES.glob(f"*/LC_MESSAGES/{SOURCE.name}.po")):
        for file, data in zip((path, path.with_suffix(".mo")), updated(path, found), strict=True):
            if not file.exists() or file.read_bytes() != data:
                file.write_bytes(data)
                print(f"{file.relative_to(SOURCE.parent.parent)} is brought up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
