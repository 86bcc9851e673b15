"""Questions about who and what there is, answered as far as the asker may know."""

from collections import Counter
from collections.abc import Callable, Iterable

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_room
from chatroom.core.context import Context, Deciders
from chatroom.model.commands import (
    AskAllNames,
    AskCounts,
    AskInvitations,
    AskModes,
    AskNames,
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
from chatroom.model.modes import written
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import (
    AllNamesAre,
    InvitationsAre,
    ModesAre,
    NamesAre,
    NoWhois,
    RoomsAre,
    ServersAre,
    TopicIs,
    UptimeIs,
    UsersAre,
    WhoIsIn,
    WhoisIs,
    WhowasIs,
)
from chatroom.model.state import ChatState
from chatroom.model.values import ModeChange

NAMES_LISTED_MAX = 1000  # people in an answer to NAMES without a room: about 20 KiB


def ask_topic(ctx: Context, session: Session, command: AskTopic) -> list[Outcome]:
    room = ctx.state.room_of(session, command.room)
    return [TopicIs(room.name, room.topic)]


def ask_names(ctx: Context, session: Session, command: AskNames) -> list[Outcome]:
    user = user_of(session)
    room = ctx.state.rooms.get(fold(command.room))
    if room is None or not room.seen_by(user):
        return [NamesAre(command.room, ())]
    return [NamesAre(room.name, room.listing(user), "s" in room.modes)]


def ask_all_names(ctx: Context, session: Session, command: AskAllNames) -> list[Outcome]:
    """No more than about `NAMES_LISTED_MAX` people."""
    user = user_of(session)
    rooms: list[NamesAre] = []
    people = 0
    for room in ctx.state.rooms.values():
        if people < NAMES_LISTED_MAX and room.seen_by(user):
            rooms.append(NamesAre(room.name, room.listing(user), "s" in room.modes))
            people += len(room.members)
    return [AllNamesAre(tuple(rooms))]


def ask_rooms(ctx: Context, session: Session, command: AskRooms) -> list[Outcome]:
    user = user_of(session)
    named = (ctx.state.rooms.get(fold(name)) for name in command.rooms)
    rooms: Iterable[Room] = [room for room in named if room] if command.rooms else ctx.state.rooms.values()
    found = (room for room in rooms if room.seen_by(user) and _wanted(room, command, ctx.clock()))
    return [RoomsAre(tuple((r.name, len(r.members), r.topic.text if r.topic else "") for r in found))]


def _wanted(room: Room, command: AskRooms, now: int) -> bool:
    """Whether a room meets what is asked for: modern.ircdocs.horse/#elist-parameter."""
    name = fold(room.name)
    if command.masks and not any(Glob(mask).fullmatch(name) for mask in command.masks):
        return False
    if any(Glob(mask).fullmatch(name) for mask in command.not_masks):
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
    viewer = user_of(session)
    found: Iterable[User]
    room = ctx.state.rooms.get(fold(command.mask))
    named = ctx.state.nicks.get(command.mask)
    ranks: dict[str, str] = {}
    if room:
        everybody = viewer.person.uid in room.members
        users = room.members.values() if room.seen_by(viewer) else ()
        found = [user for user in users if everybody or user.seen_by(viewer)]
        ranks = room.ranks
    elif named:
        found = [named]
    elif is_room(command.mask):
        found = ()
    else:
        like = Glob(command.mask if command.mask != "0" else "*").fullmatch
        found = [u for u in ctx.state.users.values() if u.seen_by(viewer) and _like(like, u, viewer)]
    chosen = [user for user in found if user.is_operator] if command.operators else list(found)
    members = tuple(user.member_info(ranks.get(user.person.uid, "")) for user in chosen)
    idle = tuple(_idle(user, ctx.clock()) for user in chosen)
    return [WhoIsIn(command.mask, room.name if room and room.seen_by(viewer) else "", members, idle)]


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
            bool(user.session and user.session.secure),
            ctx.state.server_of(user.person.uid),
            user.person.address if user is viewer or viewer.is_operator else "",
        )
    ]


def ask_whowas(ctx: Context, session: Session, command: AskWhowas) -> list[Outcome]:
    viewer = user_of(session)
    like = Glob(command.nick).fullmatch
    found = [(person, when) for person, when in ctx.state.gone if like(fold(person.nick))]
    chosen = tuple(found[: command.count] if command.count > 0 else found)
    return [WhowasIs(command.nick, chosen, with_addresses=viewer.is_operator)]


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


def ask_users(ctx: Context, session: Session, command: AskUsers) -> list[Outcome]:
    user_of(session)
    found = map(ctx.state.card_of, command.nicks)
    return [UsersAre(tuple(card for card in found if card), command.command)]


def ask_invitations(ctx: Context, session: Session, command: AskInvitations) -> list[Outcome]:
    invitations = user_of(session).invitations
    return [InvitationsAre(tuple(room.name for name, room in invitations.items() if ctx.state.rooms.get(name) is room))]


def ask_counts(ctx: Context, session: Session, command: AskCounts) -> list[Outcome]:
    user_of(session)
    return [ctx.state.counts()]


def ask_servers(ctx: Context, session: Session, command: AskServers) -> list[Outcome]:
    user_of(session)
    return [ServersAre(servers(ctx.state))]


def ask_uptime(ctx: Context, session: Session, command: AskUptime) -> list[Outcome]:
    user_of(session)
    return [UptimeIs((ctx.steady() - ctx.started) // 1000)]


def servers(state: ChatState) -> tuple[tuple[str, int, int], ...]:
    """Of each its name, how many people are connected to it, and how many milliseconds it is behind."""
    if not state.servers:
        return (("", len(state.users), 0),)
    people = Counter(uid.partition(".")[0] for uid in state.users)
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
    AskUsers: ask_users,
    AskInvitations: ask_invitations,
    AskCounts: ask_counts,
    AskServers: ask_servers,
    AskUptime: ask_uptime,
}
