"""What one may look up: the history of the rooms one is in, and of one's own talk with others.

Deciders, as the hub calls them. They say what may be looked up, and read nothing: the log has it looked up without its
lock. Rights are those of the moment of asking.
"""

from chatroom.errors import ChatError, Code
from chatroom.events import AskHistory, AskSearch, AskTargets, Lookup, Outcome
from chatroom.names import conversation, fold
from chatroom.rooms import Session, User


def talk(one: User, other: User) -> str:
    """The key under which two people's words are kept; "" unless both have proven who they are."""
    accounts = one.person.account, other.person.account
    return conversation(*accounts) if all(accounts) else ""


def ask_history(session: Session, command: AskHistory) -> list[Outcome]:
    places = _place(_user(session), command.target)
    if not places:
        raise ChatError(Code.NO_HISTORY, command.verb, command.target)
    return [Lookup(command, places)]


def ask_targets(session: Session, command: AskTargets) -> list[Outcome]:
    user = _user(session)
    return [Lookup(command, _rooms(user), user.person.account)]


def ask_search(session: Session, command: AskSearch) -> list[Outcome]:
    user = _user(session)
    if not command.target:
        return [Lookup(command, _rooms(user), user.person.account)]
    places = _place(user, command.target)
    if not places:
        raise ChatError(Code.NO_HISTORY, "SEARCH", command.target)
    return [Lookup(command, places)]


def _place(user: User, target: str) -> dict[str, str]:
    """The place that a target means to this user; nothing if there is none that they may look into."""
    room = user.rooms.get(fold(target))
    if room:
        return {fold(room.name): room.name}
    account = user.person.account
    return {conversation(account, target): target} if account and not target.startswith("#") else {}


def _rooms(user: User) -> dict[str, str]:
    return {key: room.name for key, room in user.rooms.items()}


def _user(session: Session) -> User:
    if session.user is None:
        raise ChatError(Code.NOT_REGISTERED)
    return session.user
