"""What one may look up: the history of the rooms one is in, and of one's own talk with others.

Deciders, as the hub calls them. They say what may be looked up, and read nothing: the log has it looked up without its
lock. Rights are those of the moment of asking.
"""

from chatroom.errors import ChatError, Code
from chatroom.events import AskHistory, AskSearch, AskTargets, Lookup, Outcome
from chatroom.names import conversation, fold, is_room
from chatroom.rooms import Session, User, user_of


def talk(one: User, other: User) -> str:
    """The key under which two people's words are kept; "" unless both have proven who they are."""
    accounts = one.person.account, other.person.account
    return conversation(*accounts) if all(accounts) else ""


def ask_history(session: Session, command: AskHistory) -> list[Outcome]:
    places = _place(user_of(session), command.target)
    if not places:
        raise ChatError(Code.NO_HISTORY, command.verb, command.target)
    return [Lookup(command, places, veils=_veils(session))]


def ask_targets(session: Session, command: AskTargets) -> list[Outcome]:
    user = user_of(session)
    return [Lookup(command, _rooms(user), user.person.account, _veils(session))]


def ask_search(session: Session, command: AskSearch) -> list[Outcome]:
    user = user_of(session)
    if not command.target:
        return [Lookup(command, _rooms(user), user.person.account, _veils(session))]
    places = _place(user, command.target)
    if not places:
        raise ChatError(Code.NO_HISTORY, "SEARCH", command.target)
    return [Lookup(command, places, veils=_veils(session))]


def _place(user: User, target: str) -> dict[str, str]:
    """The place that a target means to this user; nothing if there is none that they may look into."""
    room = user.rooms.get(fold(target))
    if room:
        return {fold(room.name): room.name}
    account = user.person.account
    return {conversation(account, target): target} if account and not is_room(target) else {}


def _rooms(user: User) -> dict[str, str]:
    return {key: room.name for key, room in user.rooms.items()}


def _veils(session: Session) -> dict[str, tuple[tuple[int, int], ...]]:
    rooms = user_of(session).rooms.items()
    return {key: veils for key, room in rooms if (veils := room.veils_of(session))}
