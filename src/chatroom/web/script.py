"""Joins the page's modules into one script, so that a browser asks once for all of them.

The modules are what a person reads and tests; the joined script is made of them when the first browser comes. For that
they follow four rules, which a test holds: they import by name alone (`import { a, b } from "./x.js";`), no two of
them have a name of their own in common, no text goes over several lines, as the lines lose their indentation, and none
has ` // ` in it, which begins a comment.
"""

import posixpath
import re
from collections.abc import Callable

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) )", re.MULTILINE)
_CAST = re.compile(r"/\*\* @type [^*]*\*/ ?")
_BREAK = re.compile(r"(?<=[;,{([])\n")  # the end of a line where it never stands for a semicolon
_BLANKS = re.compile(r"^[ \n]+", re.MULTILINE)
_NOTE = re.compile(r"^ *(?:/\*\*(?:[^*]|\*(?!/))*\*/|//.*)\n", re.MULTILINE)  # a comment on lines of its own
_ASIDE = re.compile(r" // .*$", re.MULTILINE)  # a comment behind what it is about
_STYLE_BLANKS = re.compile(r"(?<=[{};,])\n| ?([{:;,>]) ")
_STYLE_NOTE = re.compile(r" ?/\*(?:[^*]|\*(?!/))*\*/\n?")


def _slim(text: str) -> str:
    """A module without what only people and compilers read."""
    for unneeded in (_IMPORT, _EXPORT, _NOTE, _ASIDE, _CAST, _BLANKS):
        text = unneeded.sub("", text)
    return text


def slim_style(text: str) -> str:
    """The page's colours without what only people read."""
    return _STYLE_BLANKS.sub(r"\1", _BLANKS.sub("", _STYLE_NOTE.sub("", text)))


def packed(script: str) -> str:
    """A joined script in fewer lines: the next one follows at once where the end of a line means nothing."""
    return _BREAK.sub("", script)


def joined(entry: str, read: Callable[[str], str]) -> str:
    """The module `entry` behind all that it needs, as one script; `read` gives the text of a module."""
    parts: dict[str, str] = {}

    def add(path: str) -> None:
        if path in parts:
            return
        text = read(path)
        parts[path] = ""  # it has been met: a circle ends here
        for needed in _IMPORT.findall(text):
            add(posixpath.normpath(posixpath.join(posixpath.dirname(path), needed)))
        del parts[path]  # it stands behind what it needs
        parts[path] = _slim(text)

    add(entry)
    return "".join(parts.values())
