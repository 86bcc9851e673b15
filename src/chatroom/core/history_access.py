"""What one may look up: the history of the rooms one is in, and of one's own conversations.

The rules say what may be looked up, and read nothing: the log has it looked up without its lock. Rights are those of
the moment of asking.

A conversation is kept under two accounts. Each of the two may look it up while logged in, from when the account was
made: whoever claims a name that somebody has given up finds nothing of theirs.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import conversation, fold, is_nickname, is_room
from chatroom.core.context import Context, Deciders
from chatroom.model.commands import AskHistory, AskSearch, AskTargets
from chatroom.model.entities import Session, User, user_of
from chatroom.model.outcomes import HistoryQuery, Outcome
from chatroom.model.replies import HistoryIs
from chatroom.model.state import ChatState


def talk(one: User, other: User) -> str:
    """The key under which two people's words are kept; "" unless both have proven who they are."""
    accounts = one.person.account, other.person.account
    return conversation(*accounts) if all(accounts) else ""


def ask_history(ctx: Context, session: Session, command: AskHistory) -> list[Outcome]:
    """With a person with whom nothing can be kept there is an empty history: clients ask about each one."""
    user = user_of(session)
    if is_nickname(command.target) and ctx.state.account_of(user) is None:
        return [HistoryIs(command.target, (), is_end=command.around is None)]
    return [_at(ctx.state, session, command, command.verb)]


def ask_targets(ctx: Context, session: Session, command: AskTargets) -> list[Outcome]:
    return [_everywhere(ctx.state, session, command)]


def ask_search(ctx: Context, session: Session, command: AskSearch) -> list[Outcome]:
    return [_at(ctx.state, session, command, "SEARCH") if command.target else _everywhere(ctx.state, session, command)]


def _at(state: ChatState, session: Session, ask: AskHistory | AskSearch, verb: str) -> HistoryQuery:
    """A look at one place; raises `ChatError` if there is none of that name that this client may look into."""
    user = user_of(session)
    room = user.rooms.get(fold(ask.target)) or user.rooms.get(fold(state.name_now(ask.target)))
    if room:
        return HistoryQuery(ask, {fold(room.name): room.name}, {fold(room.name): room.opened})
    account = state.account_of(user)
    if account is None or is_room(ask.target):
        raise ChatError(Code.NO_HISTORY, verb, ask.target)
    other = state.nicks.get(ask.target)
    theirs = other.person.account if other else ""  # they may be called otherwise at the moment
    key = conversation(account.name, theirs or ask.target)
    return HistoryQuery(ask, {key: ask.target}, since=account.id)


def _everywhere(state: ChatState, session: Session, ask: AskTargets | AskSearch) -> HistoryQuery:
    user = user_of(session)
    account = state.account_of(user)
    if account is None:
        return HistoryQuery(ask, *rooms_of(user))
    return HistoryQuery(ask, *rooms_of(user), account.name, account.id)


def rooms_of(user: User) -> tuple[dict[str, str], dict[str, int]]:
    """The rooms that somebody is in, as a `HistoryQuery` has them: their names, and when they were opened."""
    return {key: room.name for key, room in user.rooms.items()}, {key: room.opened for key, room in user.rooms.items()}


DECIDERS: Deciders = {
    AskHistory: ask_history,
    AskTargets: ask_targets,
    AskSearch: ask_search,
}
