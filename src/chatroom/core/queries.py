"""Questions about who and what there is, answered as far as the asker may know.

Where an answer may be long it is a `Survey`, which looks at one person or room after the other.
"""

from collections import Counter
from collections.abc import Callable

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_room
from chatroom.core.context import Context, Deciders
from chatroom.model.commands import (
    AskAllNames,
    AskCounts,
    AskInvitations,
    AskModes,
    AskNames,
    AskOwner,
    AskRooms,
    AskServers,
    AskTopic,
    AskUptime,
    AskUsers,
    AskWho,
    AskWhois,
    AskWhowas,
)
from chatroom.model.entities import Room, Session, User, user_of
from chatroom.model.masks import Glob
from chatroom.model.modes import closed, written
from chatroom.model.outcomes import Outcome, Steps, Survey
from chatroom.model.replies import (
    AllNamesAre,
    InvitationsAre,
    ListedRoom,
    ModesAre,
    NamesAre,
    NoWhois,
    OwnerIs,
    RoomsAre,
    ServersAre,
    TopicIs,
    UptimeIs,
    UsersAre,
    WhoIsIn,
    WhoisIs,
    WhowasIs,
)
from chatroom.model.state import ChatState, server_id
from chatroom.model.values import ModeChange, Person

NAMES_LISTED_MAX = 1000  # people in an answer to NAMES without a room: about 20 KiB


def ask_topic(ctx: Context, session: Session, command: AskTopic) -> list[Outcome]:
    room = ctx.state.room_of(session, command.room)
    return [TopicIs(room.name, room.topic)]


def ask_names(ctx: Context, session: Session, command: AskNames) -> list[Outcome]:
    user = user_of(session)
    room = ctx.state.rooms.get(fold(command.room))
    if room is None or not room.seen_by(user):
        return [NamesAre(command.room, ())]
    return [Survey(_names(room, user))]


def _names(room: Room, user: User) -> Steps:
    yield
    names = NamesAre(room.name, room.listing(user), "s" in room.modes)
    yield  # so that it is rendered without the lock if it is long
    return names


def ask_all_names(ctx: Context, session: Session, command: AskAllNames) -> list[Outcome]:
    return [Survey(_all_names(ctx.state, user_of(session)))]


def _all_names(state: ChatState, user: User) -> Steps:
    """No more than about `NAMES_LISTED_MAX` people."""
    rooms: list[NamesAre] = []
    people = 0
    for room in list(state.rooms.values()):
        if (yield) or people >= NAMES_LISTED_MAX:
            break
        if room.seen_by(user):
            rooms.append(NamesAre(room.name, room.listing(user), "s" in room.modes))
            people += len(room.members)
    return AllNamesAre(tuple(rooms))


def ask_rooms(ctx: Context, session: Session, command: AskRooms) -> list[Outcome]:
    return [Survey(_rooms(ctx, user_of(session), command))]


def _rooms(ctx: Context, user: User, command: AskRooms) -> Steps:
    rooms = ctx.state.rooms
    named = [room for name in command.rooms if (room := rooms.get(fold(name)))]
    masks, not_masks = list(map(Glob, command.masks)), list(map(Glob, command.not_masks))
    now = ctx.clock()
    found = []
    kept = ctx.state.dormant_rooms.owned if ctx.state.dormant_rooms and not command.rooms else {}
    own = [kept[key] for key in ctx.state.owned.get(fold(user.person.account), ()) if key in kept]
    for room in [*(named if command.rooms else rooms.values()), *own]:
        if (yield):
            break
        is_known = room.seen_by(user) if room.members else room.is_owned_by(user.person)
        if is_known and _is_wanted(room, command, masks, not_masks, now):
            topic = room.topic.text if room.topic else ""
            found.append(ListedRoom(room.name, len(room.members), topic, closed(room.modes)))
    return RoomsAre(tuple(found))


def _is_wanted(room: Room, command: AskRooms, masks: list[Glob], not_masks: list[Glob], now: int) -> bool:
    """Whether a room meets what is asked for: modern.ircdocs.horse/#elist-parameter."""
    name = fold(room.name)
    if masks and not any(mask.fullmatch(name) for mask in masks):
        return False
    if any(mask.fullmatch(name) for mask in not_masks):
        return False
    topic_age = now - room.topic.time if room.topic else 1 << 61
    return (
        _between(command.people, len(room.members))
        and _between(command.age, now - room.created)
        and _between(command.topic_age, topic_age)
    )


def _between(bounds: tuple[int, int], value: int) -> bool:
    return bounds[0] < value < bounds[1]


def ask_who(ctx: Context, session: Session, command: AskWho) -> list[Outcome]:
    """A room's members, one person by name, or all that a mask is like and that one may find."""
    return [Survey(_who(ctx, user_of(session), command))]


def _who(ctx: Context, viewer: User, command: AskWho) -> Steps:
    room = ctx.state.rooms.get(fold(command.mask))
    named = ctx.state.nicks.get(command.mask)
    ranks: dict[str, str] = {}
    name = ""
    like = None
    everybody = False
    users: list[User] = []
    if room:
        everybody = viewer.person.uid in room.members
        if room.seen_by(viewer):
            name, ranks, users = room.name, room.ranks, list(room.members.values())
    elif named:
        everybody, users = True, [named]
    elif not is_room(command.mask):
        like = Glob(command.mask if command.mask != "0" else "*").fullmatch
        users = list(ctx.state.users.values())
    members, idle = [], []
    for user in users:
        if (yield):
            break
        if command.operators and not user.is_operator:
            continue
        if (everybody or user.seen_by(viewer)) and (like is None or _like(like, user, viewer)):
            members.append(user.member_info(ranks.get(user.person.uid, "")))
            idle.append(_idle(user, ctx.clock()))
    return WhoIsIn(command.mask, name, tuple(members), tuple(idle))


def _like(like: Callable[[str], object], user: User, viewer: User) -> bool:
    person = user.person
    texts = [person.nick, person.username, person.host, person.realname]
    if viewer.is_operator:
        texts.append(person.address)
    return any(like(fold(text)) for text in texts)


def ask_whois(ctx: Context, session: Session, command: AskWhois) -> list[Outcome]:
    viewer = user_of(session)
    user = ctx.state.nicks.get(command.nick)
    if user is None:
        service = ctx.state.card_of(command.nick)
        return [WhoisIs(service, (), 0, 0, "", False) if service else NoWhois(command.nick)]
    rooms = tuple(
        (room.name, room.ranks.get(user.person.uid, ""))
        for room in user.rooms.values()
        if viewer.person.uid in room.members or (room.seen_by(viewer) and user.seen_by(viewer))
    )
    modes = "".join(sorted(user.modes)) if user is viewer or viewer.is_operator else ""
    return [
        WhoisIs(
            user.member_info(),
            rooms,
            _idle(user, ctx.clock()),
            user.since,
            modes,
            bool(user.sessions) and all(each.secure for each in user.sessions),
            ctx.state.server_of(user.devices[0].who.uid) if user.devices else None,
            user.person.address if user is viewer or viewer.is_operator else "",
            tuple(user.metadata.items()),
        )
    ]


def ask_whowas(ctx: Context, session: Session, command: AskWhowas) -> list[Outcome]:
    viewer = user_of(session)
    return [Survey(_whowas(ctx.state, viewer, command))]


def _whowas(state: ChatState, viewer: User, command: AskWhowas) -> Steps:
    like = Glob(command.nick).fullmatch
    most = command.count if command.count > 0 else len(state.gone)
    found: list[tuple[Person, int]] = []
    for person, when in list(state.gone):
        if (yield) or len(found) == most:
            break
        if like(fold(person.nick)):
            found.append((person, when))
    return WhowasIs(command.nick, tuple(found), with_addresses=viewer.is_operator)


def ask_modes(ctx: Context, session: Session, command: AskModes) -> list[Outcome]:
    user = user_of(session)
    if is_room(command.target):
        room = ctx.state.room_named(command.target, user)
        member_ = user.person.uid in room.members
        # Parameters, the key above all, are for members.
        changes = [ModeChange(True, letter, param if member_ else "") for letter, param in room.modes.items()]
        return [ModesAre(room.name, written(tuple(changes)) or "+", room.created)]
    if ctx.state.user_named(command.target) is not user:
        raise ChatError(Code.NOT_YOURS)
    return [ModesAre("", f"+{''.join(sorted(user.modes))}", 0)]


def ask_owner(ctx: Context, session: Session, command: AskOwner) -> list[Outcome]:
    room = ctx.state.room_named(command.room, user_of(session))
    account = ctx.state.accounts.get(room.owner)
    return [OwnerIs(room.name, account.name if account else "")]


def ask_users(ctx: Context, session: Session, command: AskUsers) -> list[Outcome]:
    user_of(session)
    found = map(ctx.state.card_of, command.nicks)
    return [UsersAre(tuple(card for card in found if card), command.command)]


def ask_invitations(ctx: Context, session: Session, command: AskInvitations) -> list[Outcome]:
    rooms = ctx.state.rooms
    open_ = [room.name for room in user_of(session).invited if rooms.get(fold(room.name)) is room]
    return [InvitationsAre(tuple(open_))]


def ask_counts(ctx: Context, session: Session, command: AskCounts) -> list[Outcome]:
    user_of(session)
    return [ctx.state.counts()]


def ask_servers(ctx: Context, session: Session, command: AskServers) -> list[Outcome]:
    user_of(session)
    return [Survey(_servers(ctx.state))]


def _servers(state: ChatState) -> Steps:
    yield
    found = ServersAre(servers(state))
    yield
    return found


def ask_uptime(ctx: Context, session: Session, command: AskUptime) -> list[Outcome]:
    user_of(session)
    return [UptimeIs((ctx.steady() - ctx.started) // 1000)]


def servers(state: ChatState) -> tuple[tuple[str, int, int], ...]:
    """Of each its name, how many people are connected to it, and how many milliseconds it is behind."""
    if not state.servers:
        return (("", len(state.users), 0),)
    people = Counter(server for user in state.users.values() for server in {server_id(d.who.uid) for d in user.devices})
    return tuple((server.name, people[server.id], server.lag) for server in state.servers.values())


def _idle(user: User, now: int) -> int:
    """Seconds since the user last said something."""
    return max(0, now - user.active) // 1000


DECIDERS: Deciders = {
    AskTopic: ask_topic,
    AskNames: ask_names,
    AskAllNames: ask_all_names,
    AskRooms: ask_rooms,
    AskWho: ask_who,
    AskWhois: ask_whois,
    AskWhowas: ask_whowas,
    AskModes: ask_modes,
    AskOwner: ask_owner,
    AskUsers: ask_users,
    AskInvitations: ask_invitations,
    AskCounts: ask_counts,
    AskServers: ask_servers,
    AskUptime: ask_uptime,
}
