"""Whom people ignore: nothing that such a person says to them alone reaches them, and they are not told of it.

Whoever is ignored is not told either. With an account one goes on ignoring wherever one logs in to it; a guest does so
until they leave. On IRC it is SILENCE, with the masks of bans; a name means an account, if there is one, which a new
name does not slip out of.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_nickname
from chatroom.core import notify
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, User, user_of
from chatroom.model.events import IgnoreSet
from chatroom.model.limits import IGNORED_MAX
from chatroom.model.masks import ACCOUNT, STARS_MAX, Form, MaskList, is_valid, mask
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import IgnoredAre, IgnoreNoted
from chatroom.model.social_commands import AskIgnored, Ignore
from chatroom.model.state import ChatState
from chatroom.model.values import ListEntry, Person


def owner(person: Person) -> str:
    """Whose list it is: an account's, by its folded name, or a guest's. No account's name has a space."""
    return fold(person.account) if person.account else f" {person.uid}"


def ignores(state: ChatState, reader: str, by: Person) -> bool:
    """Whether the `owner` of a list ignores somebody. Nobody ignores themselves."""
    entries = state.ignored.get(reader)
    return entries is not None and owner(by) != reader and entries.find(Form(by)) is not None


def ignore(ctx: Context, session: Session, command: Ignore) -> list[Outcome]:
    user = user_of(session)
    entries = ctx.state.ignored.get(owner(user.person), MaskList())
    if not command.on:
        found = _found(entries, command.who)
        if found is None:
            raise ChatError(Code.NOT_IGNORED, command.who)
        return _noted(user, found.mask, command.who, on=False)
    whole = _mask_of(ctx.state, command.who)
    if not is_valid(whole) or whole.count("*") > STARS_MAX:
        raise ChatError(Code.MODE_PARAMETER, user.person.nick, "SILENCE", command.who)
    if fold(whole) not in entries and len(entries) >= IGNORED_MAX:
        raise ChatError(Code.IGNORING_TOO_MANY, whole)
    return _noted(user, whole, command.who, on=True)


def _noted(user: User, whole: str, whom: str, on: bool) -> list[Outcome]:
    return [IgnoreSet(user.person, whole, whom, on), IgnoreNoted(whole, whom, on)]


def _mask_of(state: ChatState, who: str) -> str:
    """The mask that a name means: of an account, wherever its owner logs in, or of a guest of that name."""
    if not is_nickname(who):
        return mask(who)
    here, account = state.nicks.get(who), state.accounts.get(fold(who))
    name = here.person.account if here else account.name if account else ""
    return f"{ACCOUNT}{name}" if name else mask(here.person.nick if here else who)


def _found(entries: MaskList, who: str) -> ListEntry | None:
    asked = (fold(who), fold(mask(who)), fold(f"{ACCOUNT}{who}"))
    return next((e for key, e in entries.items() if key in asked or fold(e.whom) == fold(who)), None)


def ask_ignored(ctx: Context, session: Session, command: AskIgnored) -> list[Outcome]:
    entries = ctx.state.ignored.get(owner(user_of(session).person))
    return [IgnoredAre(tuple(entries.values()) if entries else ())]


def ignore_set(ctx: Context, event: IgnoreSet, delivery: Delivery) -> None:
    state, key = ctx.state, owner(event.by)
    if event.by.uid not in state.users:
        return
    entries = state.ignored.setdefault(key, MaskList())
    if event.on:
        entries[fold(event.mask)] = ListEntry(event.mask, event.by.nick, event.time, whom=event.whom)
    else:
        entries.pop(fold(event.mask), None)
    if not entries:
        del state.ignored[key]
    delivery.broadcast(event, notify.NOBODY)


def forget(state: ChatState, person: Person) -> None:
    """Somebody has left; their account, if they have one, goes on ignoring."""
    state.ignored.pop(f" {person.uid}", None)


DECIDERS: Deciders = {Ignore: ignore, AskIgnored: ask_ignored}
APPLIERS: Appliers = {IgnoreSet: ignore_set}
