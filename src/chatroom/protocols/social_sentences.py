"""Sentences about talk between people: answers, reactions, whom one hears and whom one ignores."""

from collections.abc import Sequence

from chatroom.common.language import ENGLISH, Language, mark
from chatroom.common.text import clean, plain
from chatroom.model.events import Reacted, Said, UserModesSet
from chatroom.model.modes import NO_STRANGERS, OPERATOR, written
from chatroom.model.replies import IgnoredAre, MentionsAre
from chatroom.protocols.sentence_parts import Reader

PRIVATE = mark("[private]")  # before what was said to one person alone
NAMES_SHOWN = 2  # of those who have put one reaction to a message; how many more there are is a number


def speaker(event: Said, language: Language = ENGLISH) -> str:
    """Who has said something, and what it answers, as far as that is known."""
    nick, quote = event.by.nick, event.quote
    if quote is None:
        return nick
    if not quote.text:
        return language.tr("{nick} (to an earlier message)", nick=nick)
    return language.tr('{nick} (to {other}: "{text}")', nick=nick, other=quote.nick, text=quote.text)


def reactions_sentence(reactions: Sequence[Reacted], language: Language = ENGLISH) -> str:
    """Who has reacted to a message, and how: one sentence for all reactions to it."""
    people: dict[str, list[str]] = {}
    for event in reactions:
        people.setdefault(event.reaction, []).append(event.by.nick)
    kinds = [
        language.tr("{reaction} by {people}", reaction=plain(reaction), people=_some(nicks, language))
        for reaction, nicks in people.items()
    ]
    quote = reactions[0].quote
    private = "" if "#" in reactions[0].target[:1] else language.tr(PRIVATE) + " "
    sentence = language.tr(
        '{reactions} on {nick}: "{text}"', reactions=", ".join(kinds), nick=quote.nick, text=quote.text
    )
    return private + sentence


def _some(nicks: Sequence[str], language: Language) -> str:
    """The first of these people by name, and how many more there are."""
    if len(nicks) == 1:
        return nicks[0]
    if len(nicks) <= NAMES_SHOWN + 1:
        return language.tr("{people} and {nick}", people=", ".join(nicks[:-1]), nick=nicks[-1])
    named = ", ".join(nicks[:NAMES_SHOWN])
    return language.trn(
        "{people} and {count} other", "{people} and {count} others", len(nicks) - NAMES_SHOWN, people=named
    )


def user_modes_set(event: UserModesSet, language: Language) -> list[str]:
    told = {change.letter: _USER_MODES[change.letter, change.on] for change in event.changes if change.letter in _TOLD}
    others = tuple([change for change in event.changes if change.letter not in _TOLD])
    lines = [language.tr("Your modes: {modes}", modes=written(others))] if others else []
    return [*lines, *(language.tr(sentence) for sentence in told.values() if sentence)]


_TOLD = NO_STRANGERS, OPERATOR  # in words
_USER_MODES = {
    (NO_STRANGERS, True): mark("Only people who are logged in can write to you alone now."),
    (NO_STRANGERS, False): mark("Strangers, too, can write to you alone now."),
    (OPERATOR, True): "",  # `NowOperator` tells it
    (OPERATOR, False): mark("You are no operator of the server any more."),
}


def ignored(reply: IgnoredAre, to: Reader) -> str:
    if not reply.entries:
        return to.tr("You are ignoring nobody; {slash}ignore NAME ignores somebody.")
    people = ", ".join([clean(entry.whom or entry.mask) for entry in reply.entries])
    return to.tr("You are ignoring: {people}.", people=people)


IGNORED = {
    True: mark("You are ignoring {nick} now; {slash}unignore {nick} ends that."),
    False: mark("You are no longer ignoring {nick}."),
}


def mentions(reply: MentionsAre, to: Reader) -> list[str]:
    """How often the reader was named, and where; nothing if they were not."""
    if not reply.rooms:
        return []
    counts = [
        to.trn("{count} mention in {room}", "{count} mentions in {room}", count, room=room)
        if count < reply.most
        else to.tr("{count} or more mentions in {room}", count=count, room=room)
        for room, count in reply.rooms
    ]
    told = ", ".join(counts)
    return [to.tr("While you were away: {mentions}. {slash}mentions shows them.", mentions=told)]
