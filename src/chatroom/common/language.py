"""The languages that people read: which there are, which of them somebody wants, and a sentence in one of them.

English stands in the source. Every other language has a catalogue of gettext in `locale`, which is read when the
language is first spoken. A program for one person speaks one language: `tr` and `trn` below. A server speaks another
one with each person, so it asks the person's `Language` for the sentence. docs/translating.md tells how to mark one.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Protocol

DOMAIN = "chatroom"
LOCALES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "locale")  # noqa: PTH118, PTH120  # seldom needed

_NAME_PARTS = 4  # that a language's name is known by: of sr-Latn-RS-ekavsk; a stranger's may have thousands
_SETTINGS_SECONDS = 2  # for macOS to say its language, which takes a few hundredths


def mark(sentence: str) -> str:
    """The sentence itself: it is for the translators, and is translated where it is said, by `tr`."""
    return sentence


def markn(one: str, many: str) -> tuple[str, str]:
    """The two forms of a sentence with a number, for `trn`."""
    return one, many


# What a catalogue says of its language by translating these.
_NAME = mark("English")  # what its speakers call it
_NUMBER = mark("1,234.5")  # how it writes this number
_ALPHABET = mark("abcdefghijklmnopqrstuvwxyz")  # its letters in their order


class Catalogue(Protocol):
    """The sentences of one language, as gettext's `NullTranslations` has them."""

    def gettext(self, message: str, /) -> str: ...

    def ngettext(self, one: str, many: str, count: int, /) -> str: ...


class Language:
    """One language. There is one object for each, from `find`, so two may be compared by `is`."""

    __slots__ = ("_catalogue", "tag")

    def __init__(self, tag: str, catalogue: Catalogue | None = None) -> None:
        """`tag` is as in HTML and IRC, such as "pt-BR". Without a catalogue it is English."""
        self.tag = tag
        self._catalogue = catalogue

    def tr(self, sentence: str, /, **places: object) -> str:
        """The sentence in this language, with its places filled in: `tr("{nick} left", nick=nick)`.

        What fills a place is never looked into: it may be the text of a stranger, with braces in it.
        """
        if self._catalogue and sentence:  # by nothing, gettext finds the catalogue's header
            sentence = self._catalogue.gettext(sentence)
        return sentence.format(**places) if places else sentence

    def trn(self, one: str, many: str, count: int, /, **places: object) -> str:
        """The form of a sentence for this number, which fills the place `{count}`."""
        return self.form(one, many, count).format(count=self.number(count), **places)

    def form(self, one: str, many: str, count: int) -> str:
        """The form of a sentence for this number, with its places still in it."""
        if self._catalogue:
            return self._catalogue.ngettext(one, many, count)
        return one if count == 1 else many

    def number(self, number: float) -> str:
        """A number as the language writes it: 1,234.5 or 1 234,5."""
        written = f"{number:,}"
        if self._catalogue and not written.isdigit():
            example = self.tr(_NUMBER)
            return written.translate({ord(","): example[1], ord("."): example[5]})
        return written

    def sort_key(self, text: str) -> list[float]:
        """What to sort names by: case doesn't matter, and ą comes behind a where that is a letter of its own."""
        places = _order(self.tr(_ALPHABET))
        return [places.get(c, ord(c)) for c in text.casefold()]

    def name(self) -> str:
        """What those who speak the language call it: "polski"."""
        return self.tr(_NAME)

    def __repr__(self) -> str:
        return f"Language({self.tag!r})"


ENGLISH = Language("en")


@cache
def _order(alphabet: str) -> Mapping[str, float]:
    """The letters' places, all between those of a and z in Unicode: digits come before them, other scripts behind."""
    return {letter: ord("a") + 26 * i / len(alphabet) for i, letter in enumerate(alphabet)}


# ---- which there are ------------------------------------------------------------------------------------------------

_found: dict[str, Language] = {"en": ENGLISH}  # those that were asked for, by their tags


def add(language: Language) -> None:
    """Makes a language known that has no catalogue in `locale`."""
    _found[language.tag] = language


@cache
def _shipped() -> tuple[str, ...]:
    """The tags of the languages that have a catalogue, which is compiled."""
    try:
        names = [name for name in os.listdir(LOCALES) if os.path.exists(_catalogue_of(name))]  # noqa: PTH110, PTH208
    except OSError:  # none were installed
        return ()
    return tuple(sorted(name.replace("_", "-") for name in names))


def _catalogue_of(name: str) -> str:
    return os.path.join(LOCALES, name, "LC_MESSAGES", f"{DOMAIN}.mo")  # noqa: PTH118


def tags() -> list[str]:
    """The tags of all languages, English first."""
    return list(dict.fromkeys(["en", *_shipped(), *_found]))


def languages() -> dict[str, str]:
    """What each language is called by those who speak it, by its tag."""
    return {tag: language.name() for tag in tags() if (language := find(tag))}


def find(name: str) -> Language | None:
    """The language of a tag or of a locale: "pl" of "pl", "PL-pl" and "pl_PL.UTF-8"; None if there is none.

    If there is none of that country, it is the same language of another one.
    """
    words = name.partition(".")[0].partition("@")[0].replace("_", "-").casefold().split("-")
    known = {tag.casefold(): tag for tag in tags()}
    exact = ["-".join(words[:length]) for length in range(min(len(words), _NAME_PARTS), 0, -1)]
    akin = [folded for folded in known if folded.partition("-")[0] == words[0]]
    tag = next((known[each] for each in [*exact, *akin] if each in known), None)
    if tag is None:
        return None
    return _found.get(tag) or _found.setdefault(tag, _read(tag))


def _read(tag: str) -> Language:
    from gettext import translation  # needed by those alone who read no English

    return Language(tag, translation(DOMAIN, LOCALES, [tag.replace("-", "_")]))


def choose(wanted: Iterable[str]) -> Language:
    """The first of these languages that there is; English if there is none of them."""
    return next((found for found in map(find, wanted) if found), ENGLISH)


# ---- the language of the machine, and of this program ---------------------------------------------------------------


def of_machine(environment: Mapping[str, str] = os.environ) -> Language:
    """The language that the machine's settings ask for, as gettext reads them; else those of macOS or Windows."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    if locale in ("C", "POSIX"):
        return ENGLISH
    asked = [*environment.get("LANGUAGE", "").split(":"), locale]
    return choose(filter(None, asked if any(asked) else _system_settings()))


def _system_settings() -> list[str]:
    """What is set where no variable of the environment says it."""
    if sys.platform == "darwin":
        import re
        import subprocess

        command = ["/usr/bin/defaults", "read", "-g", "AppleLanguages"]
        try:
            told = subprocess.check_output(command, text=True, timeout=_SETTINGS_SECONDS)
        except (OSError, subprocess.SubprocessError):
            return []
        return re.findall(r"[\w-]+", told)
    if sys.platform == "win32":
        import locale

        # As Python found it set when it started: "Polish_Poland.1250" or "pl-PL".
        name = locale.setlocale(locale.LC_CTYPE)
        return [name, locale.normalize(name.partition("_")[0])]
    return []


_own: list[Language] = []  # the language of this program; empty until it first speaks


def own() -> Language:
    """The language of this program: what was given to `speak`, else the machine's."""
    return _own[0] if _own else speak(of_machine())


def speak(language: Language) -> Language:
    """Has this program speak a language from now on; returns it."""
    _own[:] = [language]
    return language


def tr(sentence: str, /, **places: object) -> str:
    """A sentence in the language of this program: see `Language.tr`."""
    return own().tr(sentence, **places)


def trn(one: str, many: str, count: int, /, **places: object) -> str:
    """A sentence with a number, in the language of this program: see `Language.trn`."""
    return own().trn(one, many, count, **places)
