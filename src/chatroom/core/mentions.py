"""Mentions: where somebody was named, and how often while they were away.

Who logs in, or is back, is told how often they were named meanwhile in the rooms that they were in and may enter. Only
whose name is claimed is told, since a guest's name is anybody's. The history is asked; nothing is counted while people
talk.
"""

from collections import ChainMap

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.core import membership
from chatroom.core.context import Context, Deciders
from chatroom.core.history_access import rooms_of
from chatroom.model.entities import Session, User, user_of
from chatroom.model.outcomes import HistoryQuery, Outcome
from chatroom.model.social_commands import AskMentions
from chatroom.model.state import ChatState
from chatroom.model.values import Person

MENTIONS_COUNTED = 50  # in one room: more of them is as much as anybody wants to know


def ask_mentions(ctx: Context, session: Session, command: AskMentions) -> list[Outcome]:
    user = user_of(session)
    account = ctx.state.account_of(user)
    if account is None:
        raise ChatError(Code.NOT_LOGGED_IN)
    return [HistoryQuery(command, *rooms_of(user), account.name, ignored=_ignored(ctx.state, account.name))]


def since_last_login(ctx: Context, person: Person, account: str) -> list[Outcome]:
    """The question to be asked for somebody who is logging in; none if they missed nothing."""
    state, key = ctx.state, fold(account)
    known, presence = state.accounts.get(key), state.presence_of(account)
    if not (ctx.lasting and known) or (presence and presence.devices):
        return []
    dormant = state.dormant_rooms
    # What was said before the account was made named somebody else, who had claimed the name.
    left = {name: max(last, known.id) for name, last in state.absences.of_person(key).items()}
    rooms = ChainMap(state.rooms, *([dormant.owned, dormant.rooms] if dormant else []))
    seen = {name: last for name, last in left.items() if name in rooms}
    user = presence or User(person, None, 0)
    may_read = [name for name in seen if name in user.rooms or _may_enter(state, rooms[name].name, user)]
    places = {name: rooms[name].name for name in may_read}
    if not places:
        return []
    ask = AskMentions(MENTIONS_COUNTED, count=True)
    opened = {name: rooms[name].opened for name in places}
    return [HistoryQuery(ask, places, opened, account, ignored=_ignored(state, account), seen=seen)]


def _may_enter(state: ChatState, room: str, user: User) -> bool:
    try:
        membership.require_entry(state, room, user, "")
    except ChatError:
        return False
    return True


def since_away(ctx: Context, user: User) -> list[Outcome]:
    """The question to be asked for somebody who is back."""
    if not (ctx.lasting and user.away and user.person.account and user.rooms):
        return []
    ask = AskMentions(MENTIONS_COUNTED, count=True, after=user.away_since)
    account = user.person.account
    return [HistoryQuery(ask, *rooms_of(user), account, ignored=_ignored(ctx.state, account))]


def _ignored(state: ChatState, account: str) -> tuple[str, ...]:
    return tuple([entry.mask for entry in state.ignored.get(fold(account), {}).values()])


DECIDERS: Deciders = {AskMentions: ask_mentions}
