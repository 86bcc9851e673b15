"""A language that is none: every sentence looks like English, is longer, and is seen at once to have been translated.

What a person still reads in plain English was not marked, and what is cut has too little room. `python -m tests.pseudo
ARGUMENTS` is `chatroom ARGUMENTS` in it.
"""

import re

from chatroom.common import language
from chatroom.common.language import Language

_ACCENTED = str.maketrans("AEIOUYCDGHLNRSTZaeiouycdghlnrstz", "ÅÉÎÖÛÝÇÐĞĤĻÑŔŠŢŽåéîöûýçđğĥļñŕšţž")
_PLACE = re.compile(r"(\{\w*\})")
_LONGER_PERCENT = 40  # as much as the longest language takes more room than English


class PseudoCatalogue:
    """Sentences in accented letters, in brackets, and longer."""

    def gettext(self, message: str, /) -> str:
        if message in ("1,234.5", "abcdefghijklmnopqrstuvwxyz"):
            return message
        parts = _PLACE.split(message)  # texts and places take turns
        parts[::2] = [part.translate(_ACCENTED) for part in parts[::2]]
        return f"[!! {''.join(parts)}{'~' * (len(message) * _LONGER_PERCENT // 100)} !!]"

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        return self.gettext(one if count == 1 else many)


PSEUDO = Language("en-XA", PseudoCatalogue())


def untouched(text: str) -> list[str]:
    """The words of two letters and more that stand outside brackets; places inside are not looked at."""
    before = ""
    while before != text:  # from the inside out: a place may hold a sentence
        before, text = text, re.sub(r"\[!!(?:(?!\[!!).)*?!!\]", " ", text, flags=re.DOTALL)
    return re.findall(r"[A-Za-z]{2,}", text)


if __name__ == "__main__":
    language.add(PSEUDO)
    language.speak(PSEUDO)
    from chatroom.cli.main import main

    main()
