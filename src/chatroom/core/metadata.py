"""What people set about themselves and their rooms for other programs: IRCv3 metadata.

Only keys that clients show beside a name are taken, and no display name that looks like somebody else's. What a person
has set is kept with their account; a guest's ends with their connection, and a room's with the room. Nothing that a
value names, such as a picture, is fetched by the server.
"""

from collections.abc import Iterable, Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, in_word, is_reserved, is_room, skeleton
from chatroom.common.text import CODES
from chatroom.core import monitor, notify
from chatroom.core.context import Appliers, Context, Deciders, Handlers
from chatroom.model.audience import Audience
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Room, Session, User, user_of
from chatroom.model.events import Event, MetadataSet
from chatroom.model.limits import METADATA_KEYS, METADATA_VALUE_BYTES
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import FollowedAre, MetadataIs
from chatroom.model.social_commands import AskMetadata, ClearMetadata, FollowKeys, SetMetadata
from chatroom.model.state import ChatState

MEMBERS_SYNCED = 50  # of whom a client is told when it joins; of the members of larger rooms when it asks by name
TOLD_AT_ONCE = 200  # rooms and people of which a client is told when it begins to follow; of others when they change

Entries = tuple[tuple[str, str | None], ...]


def set_metadata(ctx: Context, session: Session, command: SetMetadata) -> list[Outcome]:
    user = user_of(session)
    room, known, target = _own(ctx.state, user, command.target, command.key)
    if command.key not in METADATA_KEYS:
        raise ChatError(Code.METADATA_KEY, command.key)
    value = command.value
    if value is None and command.key not in known:
        raise ChatError(Code.METADATA_NOT_SET, target, command.key)
    if value is not None and (
        len(value.encode()) > METADATA_VALUE_BYTES or _deceives(ctx.state, user, command.key, value)
    ):
        raise ChatError(Code.METADATA_VALUE, command.key)
    changed = MetadataSet(user.person, room.name if room else "", command.key, value, session.uid)
    return [changed, MetadataIs(target, ((command.key, value),))]


def _deceives(state: ChatState, user: User, key: str, value: str) -> bool:
    """Whether a display name looks like the name of somebody else, here or claimed, or of the server.

    What can't be in a nickname does not tell it apart, as blanks and colors; nor do signs that can.
    """
    if key != "display-name":
        return False
    seen = CODES.sub("", value)
    letters = "".join([c for c in seen if in_word(c)])
    likes = {state.nicks.lookalike(name) for name in (seen, seen.strip(), letters)}
    claimed = {state.claimed.get(skeleton(name)) for name in (seen, seen.strip(), letters)}
    is_others = not likes <= {None, user} or not claimed <= {None, user.person.account}
    return is_others or is_reserved(letters, state.server_session.nick)


def clear_metadata(ctx: Context, session: Session, command: ClearMetadata) -> list[Outcome]:
    user = user_of(session)
    room, known, target = _own(ctx.state, user, command.target, "*")
    name = room.name if room else ""
    cleared: list[Outcome] = [MetadataSet(user.person, name, key, None, session.uid) for key in known]
    return [*cleared, MetadataIs(target, tuple([(key, None) for key in known]), whole=True)]


def _own(state: ChatState, user: User, target: str, key: str) -> tuple[Room | None, dict[str, str], str]:
    """The room, if it is one, what is set, and the name; raises `ChatError` if this user may not change that."""
    room, known, name = _seen(state, user, target)
    if (room and not room.operated_by(user)) or (room is None and known is not user.metadata):
        raise ChatError(Code.METADATA_NOT_YOURS, name, key)
    return room, known, name


def _seen(state: ChatState, user: User, target: str) -> tuple[Room | None, dict[str, str], str]:
    """Likewise for who may know it: of a room its members, and of people everybody."""
    if target == "*":
        return None, user.metadata, user.person.nick
    if is_room(target):
        room = state.rooms.get(fold(target))
        if room is None or user.person.uid not in room.members:
            raise ChatError(Code.METADATA_TARGET, target)
        return room, room.metadata, room.name
    other = state.nicks.get(target)
    if other is None:
        raise ChatError(Code.METADATA_TARGET, target)
    return None, other.metadata, other.person.nick


def ask_metadata(ctx: Context, session: Session, command: AskMetadata) -> list[Outcome]:
    room, known, target = _seen(ctx.state, user_of(session), command.target)
    for key in command.keys:
        if key not in METADATA_KEYS:
            raise ChatError(Code.METADATA_KEY, key)
    if command.subscribed:
        following = ctx.state.following.get(session, {})
        members = tuple(_of_members(room, following)) if room else ()
        return [MetadataIs(target, _of(known, following), members, whole=True)]
    keys = command.keys or tuple(known)
    return [MetadataIs(target, tuple([(key, known.get(key)) for key in keys]), whole=True)]


def _of_members(room: Room, keys: Iterable[str]) -> Iterator[tuple[str, Entries]]:
    """What one follows of those in a room, unless they are many."""
    if keys and len(room.members) <= MEMBERS_SYNCED:
        for user in room.members.values():
            if entries := _of(user.metadata, keys):
                yield user.person.nick, entries


def follow_keys(ctx: Context, session: Session, command: FollowKeys) -> list[Outcome]:
    following = ctx.state.following.setdefault(session, {})
    if not command.keys:
        return [FollowedAre(tuple(following))]
    fresh: list[str] = []
    for key in command.keys:
        if key not in METADATA_KEYS:
            raise ChatError(Code.METADATA_KEY, key)
        if not command.on:
            following.pop(key, None)
        elif key not in following:
            following[key] = None
            fresh.append(key)
    return [FollowedAre(command.keys, command.on), *_known_already(user_of(session), fresh)]


def _known_already(user: User, keys: list[str]) -> list[Outcome]:
    """What is set under these keys in the rooms of somebody; a device that came later was told of it by no JOIN."""
    found: dict[str, Entries] = {}
    for room in user.rooms.values():
        if len(found) >= TOLD_AT_ONCE:
            break
        if keys and room.metadata and (entries := _of(room.metadata, keys)):
            found[room.name] = entries
        found.update(_of_members(room, keys))
    return [MetadataIs(target, entries) for target, entries in found.items()]


def metadata_set(ctx: Context, event: MetadataSet, delivery: Delivery) -> None:
    state, user = ctx.state, ctx.state.users.get(event.by.uid)
    room = state.rooms.get(fold(event.room)) if event.room else None
    if user is None or (event.room and room is None):
        return
    for known in (room.metadata,) if room else (user.metadata, _profile(state, user)):
        if event.value is None:
            known.pop(event.key, None)
        else:
            known[event.key] = event.value
    if state.following:
        told = MetadataIs(room.name if room else user.person.nick, ((event.key, event.value),))
        audience = room.audience if room else monitor.peers_and_watchers(state, user)
        _tell(state, audience, told, event.device, delivery)
    delivery.broadcast(event, notify.NOBODY)


def _profile(state: ChatState, user: User) -> dict[str, str]:
    """What is kept with somebody's account."""
    account = user.person.account
    return state.profiles.setdefault(fold(account), {}) if account else {}


def _tell(state: ChatState, audience: Audience, told: MetadataIs, but: str, delivery: Delivery) -> None:
    """Tells those who follow the key that it is about; not the connection with the uid `but`."""
    ((key, _),) = told.entries
    for session in audience:
        if isinstance(session, Session) and session.uid != but and key in state.following.get(session, ()):
            delivery.reply(session, told)


def follow_login(state: ChatState, user: User, before: dict[str, str], event: Event, delivery: Delivery) -> None:
    """Somebody has logged in, and is what is kept with the account, to which goes what it lacks; or they log out."""
    if not user.person.account:
        user.metadata = {}
    kept = state.profiles.get(fold(user.person.account), {})
    for key, value in user.metadata.items():
        if key not in kept:
            _profile(state, user)[key] = value
            saved = MetadataSet(user.person, "", key, value, id=event.id, time=event.time)
            delivery.broadcast(saved, notify.NOBODY)
    if not state.following:
        return
    audience = monitor.peers_and_watchers(state, user)
    for key in {**before, **user.metadata}:
        if before.get(key) != user.metadata.get(key):
            told = MetadataIs(user.person.nick, ((key, user.metadata.get(key)),))
            _tell(state, audience, told, "", delivery)


def show(state: ChatState, session: Session, room: Room, delivery: Delivery) -> None:
    """Tells a client that has just joined what it follows: of the room, and of its members unless they are many."""
    keys = state.following.get(session)
    if not keys:
        return
    if entries := _of(room.metadata, keys):
        delivery.reply(session, MetadataIs(room.name, entries))
    for nick, entries in _of_members(room, keys):
        delivery.reply(session, MetadataIs(nick, entries))


def tell_of(state: ChatState, user: User, room: Room, delivery: Delivery) -> None:
    """Tells those in a room what they follow of somebody who has just joined."""
    if not (user.metadata and state.following):
        return
    for session in room.audience:
        keys = state.following.get(session, ()) if isinstance(session, Session) and session not in user.sessions else ()
        if (entries := _of(user.metadata, keys)) and isinstance(session, Session):
            delivery.reply(session, MetadataIs(user.person.nick, entries))


def _of(known: dict[str, str], keys: Iterable[str]) -> Entries:
    return tuple([(key, known[key]) for key in keys if key in known])


DECIDERS: Deciders = {SetMetadata: set_metadata, ClearMetadata: clear_metadata, AskMetadata: ask_metadata}
HANDLERS: Handlers = {FollowKeys: follow_keys}
APPLIERS: Appliers = {MetadataSet: metadata_set}
