"""Handles what a server says of who is in which room, and of the rooms' topics and modes."""

import re
from dataclasses import replace

from chatroom.client import history_sync, mode_handlers, strings
from chatroom.client.parameters import param, text_of, text_of_all
from chatroom.client.room import Member, Room
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import DeliveryState, Kind
from chatroom.common.irc_message import Message, needs_colon
from chatroom.common.language import tr
from chatroom.common.names import fold
from chatroom.common.text import clean

_WHOX = "%cnfa"  # asks WHO for the room, the name, the flags and the account
WHO_SECONDS = 60.0  # between two questions: who has become an operator of the server is not worth more of them
_KILLED = re.compile(r"Killed \(([^\s:)]+)(?:: (.*))?\)")  # how servers tell in a QUIT that an operator ended it
_WHO_MEMBERS = 200  # members; asking who is away costs a line for each


def on_join(state: SessionState, message: Message) -> None:
    room = state.room_of_server(param(message, 0))
    if room is None:
        return
    if state.is_me(message.nick):
        me = room.member(state.nick)
        room.rank_before = me.prefix if me else None
        room.joined = room.is_here = True
        room.let_in()
        room.topic = ""  # the server tells it next, if there is one
        room.members.clear()
        room.forget_modes()
        history_sync.catch_up(state, room)
    else:
        room.add(state.entry(message, Kind.JOIN))
    room.enter(Member(clean(message.nick), account=_account(param(message, 1)) if len(message.params) > 1 else ""))


def _account(word: str) -> str:
    """An account as JOIN, ACCOUNT and WHOX name it; "" for none."""
    return "" if word in ("*", "0") else word


def on_account(state: SessionState, message: Message) -> None:
    """ACCOUNT: somebody has logged in or out (IRCv3 account-notify)."""
    note_account(state, message.nick, _account(param(message, 0)))
    if state.is_me(message.nick):  # some servers tell of a login with NickServ in no other way
        state.logged_in(_account(param(message, 0)))


def note_account(state: SessionState, nick: str, account: str) -> None:
    """Somebody is logged in to an account now; "" is none."""
    for room in state.rooms.values():
        if member := room.member(nick):
            member.account = account
            room.members_version += 1


def on_part(state: SessionState, message: Message) -> None:
    room = state.find(param(message, 0))
    if room is None:
        return
    room.leave(message.nick)
    if state.is_me(message.nick):
        _go_out(state, room)
    else:
        room.add(state.entry(message, Kind.LEAVE, text_of(message) if len(message.params) > 1 else ""))


def on_kick(state: SessionState, message: Message) -> None:
    room = state.find(param(message, 0))
    if room is None:
        return
    whom, reason = param(message, 1), text_of(message, 2) if len(message.params) > 2 else ""
    if state.fold(reason) == state.fold(message.nick):  # so servers say that no reason was given
        reason = ""
    room.leave(whom)
    if state.is_me(whom):
        _go_out(state, room)
        text, kind = strings.kicked(message.nick, room.name, reason), Kind.ERROR
    else:
        text, kind = strings.kicked_other(whom, message.nick, reason), Kind.INFO
    room.add(state.entry(message, kind, clean(text)))


def _go_out(state: SessionState, room: Room) -> None:
    """We are in a room no more. What was still to be sent there is not; what was sent has its answer to come."""
    room.joined = False
    for entry in room.pending():
        if entry.delivery is DeliveryState.WAITING or entry in state.unsure:
            state.unsure.discard(entry)
            room.settle(entry, DeliveryState.FAILED)
    room.empty()


def on_quit(state: SessionState, message: Message) -> None:
    for room in state.rooms.values():
        if room.member(message.nick):
            room.leave(message.nick)
            if killed := _KILLED.fullmatch(text_of(message)):
                text = strings.thrown_off(clean(message.nick), clean(killed[1]), clean(killed[2] or ""))
                room.add(state.entry(message, Kind.INFO, text))
            else:
                room.add(state.entry(message, Kind.LEAVE, text_of(message)))
    direct = state.find(message.nick)
    if direct and direct.is_direct:
        state.distrust(direct, strings.left(direct.name))


def on_nick(state: SessionState, message: Message) -> None:
    old, new = message.nick, param(message, 0)
    if needs_colon(new):
        return
    mine = state.is_me(old)
    for room in state.rooms.values():
        if room.rename(old, new) or (mine and not room.is_direct):
            room.add(state.entry(message, Kind.RENAME, new))
    if mine:
        state.rename_self(new)
    if state.fold(old) != state.fold(new):
        _on_conversation_renamed(state, message, old, new)


def _on_conversation_renamed(state: SessionState, message: Message, old: str, new: str) -> None:
    """A conversation goes with the person. Where there is one of the new name, that changes hands."""
    direct, taken = state.find(old), state.find(new)
    if taken and taken.is_direct:
        state.distrust(taken, strings.changed_hands(taken.name))
    if direct is None or not direct.is_direct:
        return
    if taken:
        state.distrust(direct, strings.now_called(direct.name, new))
    else:
        direct.add(state.entry(message, Kind.RENAME, new))
        state.rooms = {state.fold(new) if key == state.fold(old) else key: value for key, value in state.rooms.items()}
        direct.name = new


def on_room_renamed(state: SessionState, message: Message) -> None:
    """IRCv3 channel-rename: a room goes on under another name. What we had under that one before is over."""
    room, name = state.find(param(message, 0)), param(message, 1)
    if room is None or room.is_direct or needs_colon(name) or not state.is_room(name):
        return
    was = room.name
    _rename(state, room, name)
    room.add(
        state.entry(
            message, Kind.INFO, strings.room_renamed(clean(message.nick), was, clean(name), text_of(message, 2))
        )
    )


def on_renamed_before(state: SessionState, message: Message) -> None:
    """FAIL JOIN CHANNEL_RENAMED: the room that we wanted to join is called otherwise now, so we join that."""
    room, name = state.find(param(message, 2)), param(message, 3)
    if needs_colon(name) or not state.is_room(name):
        return
    there = state.find(name)
    if room and there is None:
        _rename(state, room, name)
    elif room:
        room.joined = False
        room.give_up_waiting()
        state.current = there if there and state.current is room else state.current
    state.inform(strings.called_now(param(message, 2), name), room=state.find(name))
    state.join(name, room.key if room else "")


def _rename(state: SessionState, room: Room, name: str) -> None:
    before = state.find(name)
    if before and before is not room:
        del state.rooms[state.fold(name)]
        room.take_over(before)
        state.current = room if state.current is before else state.current
    state.rooms = {state.fold(name) if each is room else key: each for key, each in state.rooms.items()}
    room.name = name


def on_names(state: SessionState, message: Message) -> None:
    room = state.find(param(message, 2))
    if room is None:
        return
    signs = state.prefixes()
    for word in param(message, 3).split():
        nick = word.lstrip("".join(signs.values()))
        held = room.member(nick)
        prefix = word[: len(word) - len(nick)][:1]
        room.enter(replace(held, nick=nick, prefix=prefix) if held else Member(nick, prefix))


def on_names_end(state: SessionState, message: Message) -> None:
    room = state.find(param(message, 1))
    if room is None:
        return
    room.is_listed = True
    rank_before, room.rank_before = room.rank_before, None
    if rank_before is not None:
        _come_back(state, room, rank_before)
    elif room.wants_key:
        _use_key(state, room)
    ask_who(state, room)


def _come_back(state: SessionState, room: Room, rank_before: str) -> None:
    """We were here before the connection was lost. A room that nobody was left in begins anew, with us."""
    if room.is_kept_by_alone(state.nick) and not rank_before:
        told = tr("Nobody was left in {room}: it begins anew, and you keep order there.", room=room.name)
        state.inform(told, room=room)
    if room.key:
        room.misses_key = True
        mode_handlers.ask_modes(state, room)


def ask_who(state: SessionState, room: Room) -> None:
    """Asks who of a room is away and who runs the server, which nothing else tells; not sooner than after a while."""
    if not state.has("away-notify") or not room.is_listed or len(room.members) > _WHO_MEMBERS:
        return
    if fold(room.name) not in state.awaited.asked_who and state.now() - room.asked_who_at > WHO_SECONDS:
        room.asked_who_at = state.now()
        state.awaited.asked_who.add(fold(room.name))
        fields = (_WHOX,) if "WHOX" in state.isupport else ()
        state.send(Message("WHO", (room.name, *fields)))


def _use_key(state: SessionState, room: Room) -> None:
    """We came with a key. A room that we have just made gets it; of any other we ask whether it has one."""
    me = room.member(state.nick)
    if me and me.prefix and len(room.members) == 1:
        room.wants_key = False
        state.send(Message("MODE", (room.name, "+k", room.key)))
    else:
        mode_handlers.ask_modes(state, room)


def on_who(state: SessionState, message: Message) -> None:
    room = state.find(param(message, 1))
    if fold(param(message, 1)) not in state.awaited.asked_who:
        state.inform(text_of_all(message))
    if room and (member := room.member(param(message, 5))):
        _note_flags(state, room, member, param(message, 6))


def on_who_with_account(state: SessionState, message: Message) -> None:
    """354: what `_WHOX` asks for."""
    room = state.find(param(message, 1))
    if fold(param(message, 1)) not in state.awaited.asked_who:
        state.inform(text_of_all(message))
    if room and (member := room.member(param(message, 2))):
        member.account = _account(param(message, 4))
        _note_flags(state, room, member, param(message, 3))


def _note_flags(state: SessionState, room: Room, member: Member, flags: str) -> None:
    member.away, member.is_server_operator = flags.startswith("G"), "*" in flags
    room.members_version += 1
    if state.is_me(member.nick):
        state.is_operator = member.is_server_operator


def note_server_operator(state: SessionState, nick: str) -> None:
    """The server has told that somebody runs it."""
    for room in state.rooms.values():
        if member := room.member(nick):
            member.is_server_operator = True
            room.members_version += 1


def on_who_end(state: SessionState, message: Message) -> None:
    state.awaited.asked_who.discard(fold(param(message, 1)))


def on_away(state: SessionState, message: Message) -> None:
    for room in state.rooms.values():
        if member := room.member(message.nick):
            member.away = bool(message.params)
            room.members_version += 1


def on_topic_told(state: SessionState, message: Message) -> None:
    if room := state.find(param(message, 1)):
        room.topic = text_of(message) if message.command == "332" else ""


def on_topic(state: SessionState, message: Message) -> None:
    if room := state.find(param(message, 0)):
        room.topic = text_of(message)
        room.add(state.entry(message, Kind.INFO, strings.topic(clean(message.nick), room.topic)))


def on_invited(state: SessionState, message: Message) -> None:
    """341: the server has passed on our invitation. Some name the room first."""
    words = [param(message, 1), param(message, 2)]
    nick, room = reversed(words) if state.is_room(words[0]) else words
    state.inform(tr("{nick} is invited to {room}.", nick=nick, room=room))


def on_invite(state: SessionState, message: Message) -> None:
    if state.is_me(param(message, 0)):
        state.inform(strings.invited(clean(message.nick), param(message, 1)))
