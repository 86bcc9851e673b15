"""The page's sentences in other languages: a script and a file of JSON for each, made when the first browser comes.

The page has its sentences in English, in the table of `static/strings.js`. The catalogues of gettext have the others.
The script that a browser loads has those of its language; when another one is chosen, the page asks for the JSON.
"""

import json
import re
from functools import cache
from importlib.resources import files
from operator import itemgetter

from chatroom.common import language
from chatroom.common.language import ENGLISH

# The rule by which a number chooses its form repeats after so many numbers, in all languages that gettext knows of. The
# first of them may differ from those behind: 1 from 101.
_RULE_REPEATS = 100

_TAG_CHARACTERS_MAX = 35  # of a language's tag, as RFC 5646 §4.4.1 has it; longer ones cost work for nothing

_TEXT = r'"(?:[^"\\\n]|\\.)*"'
_TABLE = re.compile(r"^const STRINGS = \{\n.*?^\};\n", re.MULTILINE | re.DOTALL)
_SHIPPED = "const SHIPPED = null;\n"  # in the script, where the sentences are in its table
_ROW = re.compile(rf'^  (?:"([\w-]+)"|(\w+)): (?:({_TEXT})|\{{ one: ({_TEXT}), other: ({_TEXT}) \}}),$', re.MULTILINE)

Sentence = str | tuple[str, str]  # with a number: for one, and for many


@cache
def table() -> dict[str, Sentence]:
    """The page's sentences in English, by what the page calls them."""
    script = (files("chatroom.web") / "static" / "strings.js").read_text("utf-8")
    found: dict[str, Sentence] = {}
    for quoted, name, text, one, many in _ROW.findall(script):
        found[quoted or name] = json.loads(text) if text else (json.loads(one), json.loads(many))
    return found


def tags() -> list[str]:
    """The languages that the page can speak, English first."""
    return language.tags()


def preferred(accepted: str) -> str:
    """The tag of the language to speak with a browser that sends this Accept-Language: RFC 9110 §12.5.4."""
    wanted = []
    for each in accepted.split(","):
        tag, _, quality = each.replace(" ", "").partition(";q=")
        if len(tag) > _TAG_CHARACTERS_MAX:
            continue
        try:
            wanted.append((-float(quality or 1), tag))
        except ValueError:
            continue
    return language.choose([tag for _, tag in sorted(wanted, key=itemgetter(0))]).tag


def spoken(script: str, tag: str) -> str:
    """The page's script with the sentences in this language: in front, as apart from the code they pack smaller."""
    shipped = f'const SHIPPED = {{"tag":"{tag}","sentences":{translated(tag).decode()}}};\n'
    return shipped + _TABLE.sub("const STRINGS = {};\n", script).replace(_SHIPPED, "")


@cache
def translated(tag: str) -> bytes:
    """The sentences in the language of one of `tags`: those without a number, and the forms of those with one.

    `forms` has a digit for each number from 0: which form it takes. It covers the rule of the language twice.
    """
    spoken = language.find(tag) or ENGLISH
    numbered = {name: each for name, each in table().items() if not isinstance(each, str)}
    rows: dict[tuple[str, ...], int] = {}
    rule = ""
    for count in range(2 * _RULE_REPEATS):
        row = tuple([spoken.form(*forms, count) for forms in numbered.values()])
        rule += str(rows.setdefault(row, len(rows)))
    strings: dict[str, str | list[str]] = {
        name: spoken.tr(each) for name, each in table().items() if isinstance(each, str)
    }
    strings |= {name: [row[i] for row in rows] for i, name in enumerate(numbered)}
    sentences = {"forms": rule, "strings": dict(sorted(strings.items()))}  # sorted, they pack smaller
    return json.dumps(sentences, ensure_ascii=False, separators=(",", ":")).encode()
