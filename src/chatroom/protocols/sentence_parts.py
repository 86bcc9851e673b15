"""What several protocols say in the same words: how long something lasts, why, and who is banned."""

from collections.abc import Iterable
from time import time
from typing import NamedTuple

from chatroom.common.durations import span
from chatroom.common.language import ENGLISH, Language, mark
from chatroom.common.text import plain
from chatroom.model.values import ListEntry


class Reader(NamedTuple):
    """For whom a reply is put into words: the language, and what stands before the commands that a sentence names."""

    language: Language
    slash: str

    def tr(self, sentence: str, /, **places: object) -> str:
        return self.language.tr(sentence, slash=self.slash, **places)

    def trn(self, one: str, many: str, count: int, /, **places: object) -> str:
        return self.language.trn(one, many, count, slash=self.slash, **places)


def time_left(until: int, language: Language = ENGLISH) -> str:
    """How long a ban or a mute still lasts: "2h"; "" without an end.

    `until` is in milliseconds, 0 without an end. One second is left at least.
    """
    return span(max(1, round(until / 1000 - time())), language) if until else ""


def lasting(until: int, since: int, language: Language = ENGLISH) -> str:
    """How long something lasts that began at `since`: "2h"; "" without an end. Both are in milliseconds."""
    return span(round((until - since) / 1000), language) if until else ""


def because(reason: str) -> str:
    """A reason behind a sentence, or in the middle of one: " (flooding)"; "" for none."""
    return f" ({plain(reason)})" if reason else ""


class BanSentences(NamedTuple):
    """How an entry of a list is told that lasts, and one that ends with its time."""

    for_good: str
    for_a_time: str


BANNED_FROM_SERVER = BanSentences(mark("{whom} by {by}{why}"), mark("{whom} by {by} for {left} more{why}"))
BANNED_FROM_ROOM = BanSentences(
    mark("Banned: {whom} by {by}{why}"), mark("Banned: {whom} by {by} for {left} more{why}")
)
MUTED_IN_ROOM = BanSentences(mark("Muted: {whom} by {by}{why}"), mark("Muted: {whom} by {by} for {left} more{why}"))


def list_bans(entries: Iterable[ListEntry], sentences: BanSentences, language: Language) -> list[str]:
    """Bans or mutes, one a line: on whom, with all masks that were set for one name, by whom, how long and why."""
    rows: dict[tuple[str, str, int, str], list[str]] = {}
    for entry in entries:
        rows.setdefault((entry.whom or entry.mask, entry.by, entry.until, entry.reason), []).append(entry.mask)
    lines = []
    for (whom, by, until, reason), masks in rows.items():
        meant = f"{whom} ({', '.join(masks)})" if masks != [whom] else whom
        sentence = sentences.for_a_time if until else sentences.for_good
        nick, left = by.partition("!")[0], time_left(until, language)
        lines.append(language.tr(sentence, whom=plain(meant), by=plain(nick), left=left, why=because(reason)))
    return lines
