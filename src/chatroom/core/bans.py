"""Bans and mutes: in a room, and from the server; for a time, or for good.

- A name is banned with all that is known of whoever bears it: the name, the account, and the address unless others come
  from there, too. All that was set for one name is lifted by that name.
- A mute is a ban whose mask begins with `MUTE`: it keeps somebody from speaking only.
- What has an end is lifted by an event when its time has come, by the server itself. A ban whose time is over holds
  until then: a second at most.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import sleep

from chatroom.common.addresses import address_of, network_of
from chatroom.common.cloaks import is_of_addresses
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_nickname, is_room, room_name
from chatroom.common.text import shortened
from chatroom.core import notify, waiting
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.permissions import Action, Role, require, role, server_operator
from chatroom.model.commands import (
    AskServerBans,
    Ban,
    BanFromServer,
    Expire,
    Kick,
    ThrowOut,
    Unban,
    UnbanFromServer,
)
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Lists, Room, Session, User, new_lists, user_of
from chatroom.model.events import DeviceEnded, Kicked, Killed, ModesSet, ServerBanned, ServerUnbanned
from chatroom.model.limits import MASKS_PER_LIST, REASON_BYTES, REST_SECONDS
from chatroom.model.mask_counts import MASKS_MAX, MASKS_PER_ADDRESS
from chatroom.model.masks import ACCOUNT, MUTE, STARS_MAX, Form, is_valid, matcher, matches
from chatroom.model.masks import mask as whole_mask
from chatroom.model.modes import BAN, VOICE
from chatroom.model.outcomes import Command, Deferred, Outcome, Preparation, Preparing, Steps, Survey
from chatroom.model.replies import Refused, ServerBansAre
from chatroom.model.state import ChatState
from chatroom.model.values import ListEntry, ModeChange, Person

SERVER_BANS_MAX = 1000  # each newcomer is held against all of them that are not addresses
THROWN_OUT_AT_ONCE = 5  # people or devices that one ban ends under the lock at a time: each may be in 100 rooms
BANNED = "banned from this server"  # why the connection of whoever may not come in ends
BANNED_DEVICE = "you are banned from this server"  # what a device is told whose person stays by others
ENDED_AT_ONCE = 20  # bans whose time is over that are lifted under the lock at a time, each of another room at worst
BAN_MAX_SECONDS = 366 * 86_400  # seconds; longer ones are for good

# ---- in a room ------------------------------------------------------------------------------------------------------


def ban(ctx: Context, session: Session, command: Ban) -> list[Outcome]:
    """Throws out all whom the ban matches, but for operators who were not named."""
    user = user_of(session)
    name, lists = _lists_of(ctx.state, session, command.room, Action.MUTE if command.mute else Action.BAN)
    masks, whom = _masks(ctx.state, command.who)
    masks = [kept_mask(ctx, user, mask, name, BAN) for mask in masks]
    if whom and whom.uid == user.person.uid:
        raise ChatError(Code.THAT_IS_YOU)
    banned = _banned(ctx.state, user, name, lists, command, masks, whom, ctx.clock())
    room = ctx.state.rooms.get(fold(name))
    if command.mute or room is None:
        return [banned]
    why = shortened(command.reason, REASON_BYTES)
    return [banned, Preparation(_met_in(room, user, matcher(masks), whom, why))]


def _met_in(room: Room, by: User, is_meant: Callable[[Person], bool], whom: Person | None, why: str) -> Preparing:
    out = []
    for member in list(room.members.values()):
        yield
        if _is_kicked_by(room, member, by, is_meant, whom):
            out.append(member.person)
    return ThrowOut(room.name, tuple(out), why)


def throw_out(ctx: Context, session: Session, command: ThrowOut) -> list[Outcome]:
    """`THROWN_OUT_AT_ONCE` of them at a time."""
    if len(command.who) + len(command.devices) > THROWN_OUT_AT_ONCE:
        return _bit_by_bit(command)
    if not command.room:
        by, users = server_operator(session).person, ctx.state.users
        killed = [Killed(by, users[each.uid].person, command.reason) for each in command.who if each.uid in users]
        return [
            *killed,
            *waiting.tell_thrown_out(ctx.state, *killed),
            *(DeviceEnded(person, uid, BANNED_DEVICE) for person, uid in command.devices if person.uid in users),
        ]
    by, room = user_of(session).person, ctx.state.rooms.get(fold(command.room))
    here = [room.members[person.uid].person for person in command.who if person.uid in room.members] if room else []
    kicked = [Kicked(by, command.room, person, command.reason) for person in here]
    return [*kicked, *waiting.tell_thrown_out(ctx.state, *kicked)]


def _bit_by_bit(command: ThrowOut) -> list[Outcome]:
    """The same for a few people or devices at a time. Others have their turn before each of these times."""

    def rested(part: ThrowOut) -> Command:
        sleep(REST_SECONDS)
        return part

    who, devices, most = command.who, command.devices, THROWN_OUT_AT_ONCE
    parts = [replace(command, who=who[at : at + most], devices=()) for at in range(0, len(who), most)]
    parts += [replace(command, who=(), devices=devices[at : at + most]) for at in range(0, len(devices), most)]
    return [Deferred(partial(rested, part)) for part in parts]


def timed_kick(state: ChatState, session: Session, command: Kick, target: User, now: int) -> ModesSet:
    """The ban that keeps out for a time whoever is kicked."""
    name, lists = _lists_of(state, session, command.room, Action.BAN)
    masks, whom = _masks(state, target.person.nick)
    like = Ban(command.room, command.nick, command.seconds, command.reason)
    return _banned(state, user_of(session), name, lists, like, masks, whom, now)


def revoke_invitations(state: ChatState, room: Room, event: ModesSet) -> None:
    """Takes back the invitations of those whom a new ban matches. Who is invited after it is let in."""
    changes = [change for change in event.changes if change.on and change.letter == BAN]
    masks = [change.param for change in changes if not change.param.startswith(MUTE)]
    if not masks:
        return
    is_banned = matcher(masks)
    for user in [user for user in state.users.values() if room in user.invited]:
        if is_banned(user.person) and not room.excepts(user.person):
            del user.invited[room]


def unban(ctx: Context, session: Session, command: Unban) -> list[Outcome]:
    name, lists = _lists_of(ctx.state, session, command.room, Action.MUTE if command.mute else Action.BAN)
    mark = MUTE if command.mute else ""
    who = fold(command.who)
    given = whole_mask(command.who.removeprefix(MUTE))
    masks = {fold(mark + given), fold(mark + command.who)}
    if ctx.cloaks.is_shown or user_of(session).is_operator:
        masks.add(fold(mark + ctx.cloaks.mask(given)))
    found = [
        entry
        for key, entry in lists[BAN].items()
        if entry.mask.startswith(MUTE) is command.mute and (key in masks or (entry.whom and fold(entry.whom) == who))
    ]
    if not found:
        raise ChatError(Code.NOT_BANNED, name, command.who)
    return [ModesSet(user_of(session).person, name, tuple([_lifted(entry, BAN) for entry in found]))]


def _lists_of(state: ChatState, session: Session, name: str, action: Action) -> tuple[str, Lists]:
    """A room's lists, for who may do this to them; nobody need be in it if an operator of the server asks."""
    user = user_of(session)
    room = state.rooms.get(fold(name))
    if room and room.known_to(user):
        require(room, user, action)
        return room.name, room.lists
    if not user.is_operator:
        raise ChatError(Code.NO_SUCH_ROOM, name)
    return room_name(name), state.lists.get(fold(name)) or new_lists()


def _masks(state: ChatState, who: str) -> tuple[list[str], Person | None]:
    """The masks for whom `who` names, and who that is, if somebody is or was called so lately."""
    if not is_nickname(who):
        if is_room(who):  # it stands where somebody's name should: a mask would ban nobody
            raise ChatError(Code.NO_SUCH_NICK, who)
        mask = whole_mask(who.removeprefix(MUTE))
        require_valid(mask, "*", BAN)
        return [mask], None
    here = state.nicks.get(who)
    whom = here.person if here else next((p for p, _ in state.gone if fold(p.nick) == fold(who)), None)
    if whom is None:
        return [whole_mask(who)], None
    masks = [whole_mask(whom.nick)]
    if whom.account:
        masks.append(f"{ACCOUNT}{whom.account}")
    place = whom.place
    others = [user.person for user in state.users.values() if user.person.place == place]
    if not any(_is_somebody_else(person, whom) for person in others):
        masks.append(f"*!*@{place}")
    return masks, whom


def _is_somebody_else(person: Person, whom: Person) -> bool:
    """Whether two people are not the same. Who is logged in to the same account is."""
    return person.uid != whom.uid and (not whom.account or person.account != whom.account)


def require_space(state: ChatState, user: User, room: str, letter: str, added: int) -> None:
    """Raises `ChatError` if this user must not set so many more masks; operators of the server are not counted."""
    counts = state.mask_counts
    too_many = counts.total + added > MASKS_MAX or (
        not user.is_operator and counts.of(user.person.mask_of_place) + added > MASKS_PER_ADDRESS
    )
    if added and too_many:
        raise ChatError(Code.MASKS_FULL, room, letter)


def kept_mask(ctx: Context, user: User, mask: str, room: str, letter: str) -> str:
    """A mask as it is put on a list or looked for there: with cloaks for addresses, which everybody would read.

    Raises `ChatError` if somebody gives an address who may not know any: they could find out by it who has it.
    """
    if ctx.cloaks.is_shown or not is_of_addresses(mask):
        return mask
    if not user.is_operator:
        raise ChatError(Code.ADDRESS_HIDDEN, room, letter, mask)
    return ctx.cloaks.mask(mask)


def require_valid(mask: str, room: str, letter: str) -> None:
    """Raises `ChatError` if a whole mask can't be put on a list."""
    if mask.count("*") > STARS_MAX:
        raise ChatError(Code.MASK_STARS, room, letter, mask, str(STARS_MAX))
    if not is_valid(mask):
        raise ChatError(Code.MODE_PARAMETER, room, letter, mask)


def _banned(
    state: ChatState, user: User, name: str, lists: Lists, command: Ban, masks: list[str], whom: Person | None, now: int
) -> ModesSet:
    mark = MUTE if command.mute else ""
    added = {fold(mark + mask) for mask in masks} - lists[BAN].keys()
    if len(lists[BAN]) + len(added) > MASKS_PER_LIST:
        raise ChatError(Code.LIST_FULL, name, BAN)
    require_space(state, user, name, BAN, len(added))
    until = _until(command.seconds, now)
    reason = shortened(command.reason, REASON_BYTES)
    called = whom.nick if whom else command.who if is_nickname(command.who) else ""
    changes = [ModeChange(True, BAN, mark + mask, until=until, reason=reason, whom=called) for mask in masks]
    room = state.rooms.get(fold(name))
    if whom and command.mute and room and VOICE in room.ranks.get(whom.uid, ""):
        changes.append(ModeChange(False, VOICE, whom.nick, whom.uid))  # a voice would lift the mute
    return ModesSet(user.person, name, tuple(changes))


def _until(seconds: int, now: int) -> int:
    return now + 1000 * seconds if 0 < seconds <= BAN_MAX_SECONDS else 0


def _is_kicked_by(room: Room, member: User, by: User, is_meant: Callable[[Person], bool], whom: Person | None) -> bool:
    """Whether a new ban throws this member out."""
    person = member.person
    if whom and person.uid == whom.uid:
        return True
    if member is by or not is_meant(person):
        return False
    return role(room, member) < Role.OPERATOR and not room.excepts(person)


def _lifted(entry: ListEntry, letter: str, until: int = 0) -> ModeChange:
    """`until` says since when it had to end, if it ends by itself."""
    return ModeChange(False, letter, entry.mask, until=until, whom=entry.whom)


# ---- from the server ------------------------------------------------------------------------------------------------


def on_person(state: ChatState, person: Person) -> ListEntry | None:
    """The ban that keeps this person off the server."""
    if not state.bans:
        return None
    return state.bans.find(Form(person)) or state.networks.find(person.address or person.host)


def on_address(state: ChatState, host: str) -> ListEntry | None:
    """The ban that keeps this address off the server."""
    return state.networks.find(host)


def refusal(ban: ListEntry) -> Refused:
    """What somebody is told whom a ban keeps off the server: why, and how long."""
    return Refused(ChatError(Code.BANNED_HERE, str(ban.until), ban.reason))


def ban_from_server(ctx: Context, session: Session, command: BanFromServer) -> list[Outcome]:
    """Throws off all whom it matches, but for operators who were not named. Nobody may ban themselves."""
    user = server_operator(session)
    masks, whom = _server_masks(ctx.state, command.who)
    if len(ctx.state.bans.keys() | {fold(mask) for mask in masks}) > SERVER_BANS_MAX:
        raise ChatError(Code.BANS_FULL)
    if user is not ctx.state.server_session.user and any(_meets(mask, user.person) for mask in masks):
        raise ChatError(Code.THAT_IS_YOU)
    until, reason = _until(command.seconds, ctx.clock()), shortened(command.reason, REASON_BYTES)
    banned = [ServerBanned(user.person, mask, until, reason, whom) for mask in masks]
    return [*banned, Preparation(_met_by(ctx.state, masks, whom, reason or "banned"))]


def _met_by(state: ChatState, masks: list[str], whom: str, reason: str) -> Preparing:
    """Whom a mask meets goes; whom an address meets, with the devices that come from there."""
    out: list[Person] = []
    devices: list[tuple[Person, str]] = []
    for user in list(state.users.values()):
        yield
        if user.is_operator and fold(user.person.nick) != fold(whom):
            continue
        people = _people(user)
        met = [uid for uid, person in people if any(_meets(mask, person) for mask in masks)]
        if len(met) == len(people):
            out.append(user.person)
        else:
            devices += [(user.person, uid) for uid in met]
    return ThrowOut("", tuple(out), reason, tuple(devices))


def _people(user: User) -> list[tuple[str, Person]]:
    """Somebody as they come by each of their devices, with its uid; who has none, as they are."""
    person = user.person
    if not user.devices or (len(user.devices) == 1 and user.devices[0].who.uid == person.uid):
        return [(person.uid, person)]
    came = [device.who for device in user.devices]
    return [(who.uid, replace(person, host=who.host, address=who.address, cloak=who.cloak)) for who in came]


def unban_from_server(ctx: Context, session: Session, command: UnbanFromServer) -> list[Outcome]:
    user = server_operator(session)
    who = fold(command.who)
    network = network_of(command.who)
    masks = {fold(str(network)) if network else "", fold(whole_mask(command.who)), who}
    found = [e for key, e in ctx.state.bans.items() if key in masks or (e.whom and fold(e.whom) == who)]
    if not found:
        raise ChatError(Code.NOT_BANNED, "", command.who)
    return [ServerUnbanned(user.person, entry.mask) for entry in found]


def ask_server_bans(ctx: Context, session: Session, command: AskServerBans) -> list[Outcome]:
    server_operator(session)
    return [Survey(_bans(ctx.state, command))]


def _bans(state: ChatState, command: AskServerBans) -> Steps:
    found = []
    for entry in list(state.bans.values()):
        if (yield):
            break
        if command.addresses in (None, not _is_mask(entry.mask)):
            found.append(entry)
    return ServerBansAre(tuple(found))


def _server_masks(state: ChatState, who: str) -> tuple[list[str], str]:
    """Masks, addresses and networks as they are kept, and the nickname they are for, if they are for one."""
    network = network_of(who)
    if network:
        return [str(network)], ""
    masks, whom = _masks(state, who)
    if whom and whom.address:  # operators may know it, and who has it is refused before anything else
        masks = [mask.replace(f"*!*@{whom.place}", f"*!*@{whom.address}") for mask in masks]
    if not masks[0].strip("*!@"):
        raise ChatError(Code.MODE_PARAMETER, "*", "K", masks[0])
    hosts = [network_of(mask.removeprefix("*!*@")) for mask in masks]
    kept = [str(host) if host else mask for mask, host in zip(masks, hosts, strict=True)]
    return kept, who if is_nickname(who) else ""


def _is_mask(mask: str) -> bool:
    """Whether it is no address and no network."""
    return "!" in mask or mask.startswith(ACCOUNT)


def _meets(mask: str, person: Person) -> bool:
    if _is_mask(mask):
        return matches(mask, person)
    network, address = network_of(mask), address_of(person.address or person.host)
    return network is not None and address is not None and address.version == network.version and address in network


def server_banned(ctx: Context, event: ServerBanned, delivery: Delivery) -> None:
    restore(ctx.state, ListEntry(event.mask, event.by.mask, event.time, event.until, event.reason, event.whom))
    notify.operators(ctx, event, delivery)


def restore(state: ChatState, entry: ListEntry) -> None:
    """A ban from the server, as it was before the start."""
    key = fold(entry.mask)
    state.bans[key] = entry
    state.networks.put(entry)
    state.expiries.add(entry.until, "", "", key)


def server_unbanned(ctx: Context, event: ServerUnbanned, delivery: Delivery) -> None:
    """Changes nothing if there is nothing to lift any more."""
    state, key = ctx.state, fold(event.mask)
    if not _is_gone(state.bans.get(key), event.until):
        del state.bans[key]
        state.networks.drop(event.mask)
        state.expiries.drop_lifted()
        notify.operators(ctx, event, delivery)


# ---- what ends by itself --------------------------------------------------------------------------------------------


def expire(ctx: Context, session: Session, command: Expire) -> list[Outcome]:
    """Lifts what has lasted its time, all of a room by one event; `ENDED_AT_ONCE` of it, and the rest by the next."""
    if session is not ctx.state.server_session:
        raise ChatError(Code.NOT_SERVER_OPERATOR)
    by = user_of(session).person
    rooms: dict[str, list[ModeChange]] = {}
    outcomes: list[Outcome] = []
    for until, room, letter, key in ctx.state.expiries.due(ctx.clock(), ENDED_AT_ONCE):
        entry = ctx.state.entry_at(room, letter, key)
        assert entry
        if room:
            rooms.setdefault(room, []).append(_lifted(entry, letter, until))
        else:
            outcomes.append(ServerUnbanned(by, entry.mask, until))
    for key, changes in rooms.items():
        room_ = ctx.state.rooms.get(key)
        outcomes.append(ModesSet(by, room_.name if room_ else key, tuple(changes)))
    return outcomes


def still(lists: Lists, event: ModesSet) -> tuple[ModeChange, ...]:
    """The changes that still make sense: what was lifted meanwhile, or has another end now, ends no more."""
    return tuple([change for change in event.changes if not _is_stale(lists, change)])


def _is_stale(lists: Lists, change: ModeChange) -> bool:
    entries = lists.get(change.letter)
    return entries is not None and not change.on and _is_gone(entries.get(fold(change.param)), change.until)


def _is_gone(entry: ListEntry | None, until: int) -> bool:
    """Whether there is no such entry any more; `until` says since when it had to end, if it ends by itself."""
    return entry is None or (until != 0 and entry.until != until)


DECIDERS: Deciders = {
    Ban: ban,
    Unban: unban,
    BanFromServer: ban_from_server,
    UnbanFromServer: unban_from_server,
    ThrowOut: throw_out,
    AskServerBans: ask_server_bans,
    Expire: expire,
}
APPLIERS: Appliers = {ServerBanned: server_banned, ServerUnbanned: server_unbanned}
