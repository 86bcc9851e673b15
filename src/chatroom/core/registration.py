"""Coming in under a name, and taking another."""

from dataclasses import replace

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, nickname
from chatroom.core import away, bans, devices, membership, mentions, monitor, profile, replay, staying, waiting
from chatroom.core.accounts import make_way
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.operator_accounts import grant
from chatroom.core.permissions import look_ahead, require_free_to_rename
from chatroom.model.commands import Quit, Register, Rename
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, User, user_of
from chatroom.model.events import Connected, Renamed, UserModesSet
from chatroom.model.modes import INVISIBLE
from chatroom.model.outcomes import Deferred, Outcome
from chatroom.model.replies import Refused, Saving
from chatroom.model.values import Device, ModeChange, Person


def register(ctx: Context, session: Session, command: Register) -> list[Outcome]:
    if session.user:
        raise ChatError(Code.ALREADY_REGISTERED)
    if not session.admitted:
        raise ChatError(Code.PASSWORD_NEEDED)
    presence = ctx.state.presence_of(session.account)
    nick = presence.person.nick if presence else nickname(command.nick)
    person = person_of(ctx, session, nick, command.username, command.realname)
    way = [] if presence else make_way(ctx.state, person, nick)
    if presence:
        devices.require_place(presence)
    ban = bans.on_person(ctx.state, person)
    if ban:
        return [bans.refusal(ban), Deferred(lambda: Quit(bans.BANNED, refused=True))]
    connected = Connected(person, command.room, command.kind, command.absent)
    kept_out: list[Outcome] = []
    if command.room and not (presence and fold(command.room) in presence.rooms):
        try:
            membership.require_entry(ctx.state, command.room, presence or User(person, None, 0), "")
        except ChatError as error:
            connected, kept_out = replace(connected, room=""), [Refused(error)]
    missed = mentions.since_last_login(ctx, person, person.account)
    granted = (
        [] if presence and presence.devices else grant(ctx, presence.person if presence else person, person.account)
    )
    hidden = UserModesSet(person, (ModeChange(True, INVISIBLE),))
    modes = [hidden] if ctx.are_hidden and presence is None else []
    return [*way, connected, *modes, *kept_out, *granted, *missed]


def person_of(ctx: Context, session: Session, nick: str, username: str, realname: str = "") -> Person:
    """Who a client is when it comes in. What others see of its host stays the same until it goes."""
    cloaks, address, account = ctx.cloaks, session.host, session.account
    cloak = cloaks.of_address(address)
    host = cloaks.of_account(account, ctx.state.server_session.host, address) if account else cloak
    host = address if cloaks.is_shown else host
    return Person(session.uid, nick, username, host, realname, account, address=address, cloak=cloak)


def rename(ctx: Context, session: Session, command: Rename) -> list[Outcome]:
    user = user_of(session)
    ahead = look_ahead(user, user.person, command)
    if ahead:
        return ahead
    nick = nickname(command.nick)
    way = make_way(ctx.state, user.person, nick)
    ban = bans.on_person(ctx.state, replace(user.person, nick=nick))
    if ban:
        raise ChatError(Code.NICK_BANNED, nick, str(ban.until), ban.reason)
    require_free_to_rename(user, nick)
    return [*way, Renamed(user.person, nick, user.room_names())] if nick != user.person.nick else []


def connected(ctx: Context, event: Connected, delivery: Delivery) -> None:
    state, person = ctx.state, event.by
    presence = state.presence_of(person.account)
    if presence:
        if presence.device(person.uid) is None:
            devices.attach(
                ctx, presence, Device(person, event.kind, event.time, absent=event.absent), event.room, event, delivery
            )
        return
    if state.nicks.get(person.nick) or person.uid in state.users:
        return
    if person.account and fold(person.account) not in state.accounts:  # it was given up while they were coming
        person = replace(person, account="", host=person.place)
        event = replace(event, by=person)
    session = state.sessions.get(person.uid)
    user = User(person, session, event.time, event.kind, event.absent)
    state.users[person.uid] = user
    state.note_login(user)
    state.nicks.add(user)
    state.most = max(state.most, len(state.users))
    room = membership.enter(ctx, user, event.room, event, delivery) if event.room else None
    if session:
        session.account = person.account
        session.user = user
        state.here += 1
        delivery.reply(session, devices.welcome(state, user, room))
        if room:
            replay.replay_missed(ctx, session, room, delivery)
        if not ctx.is_saving:
            delivery.reply(session, Saving(works=False))
    profile.restore_modes(state, user, event, delivery)
    waiting.deliver(state, user, delivery)
    monitor.has_come(ctx, user, delivery)
    away.devices_changed(ctx, user, event, delivery)
    staying.note(state, user, event, delivery)


def renamed(ctx: Context, event: Renamed, delivery: Delivery) -> None:
    state = ctx.state
    user = state.users.get(event.by.uid)
    if user is None or state.nicks.get(event.nick) not in (None, user):
        return
    before = user.person
    state.nicks.remove(user)
    user.become(replace(user.person, nick=event.nick))
    state.nicks.add(user)
    delivery.broadcast(event, user.peers())
    if fold(before.nick) != fold(event.nick):
        state.gone.appendleft((before, event.time))
        monitor.has_gone(ctx, before, delivery)
        monitor.has_come(ctx, user, delivery)
    staying.note(state, user, event, delivery)


DECIDERS: Deciders = {Register: register, Rename: rename}
APPLIERS: Appliers = {Connected: connected, Renamed: renamed}
