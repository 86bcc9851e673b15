"""Handles each command and numeric that a server sends: a table of functions that change the state.

A handler reads only as many parameters as there are: `param` gives "" for the rest, because servers differ.
Those about who is where are in `presence_handlers`.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from chatroom.client import (
    history_sync,
    ignoring,
    list_handlers,
    mode_handlers,
    multiline,
    nickserv,
    presence_handlers,
    read_markers,
    refusals,
    searching,
    strings,
    typists,
)
from chatroom.client.parameters import param, text_of, text_of_all, time_in
from chatroom.client.room import Room
from chatroom.client.screen_events import Answered, Edited, HistoryShown, KeyWanted, Reacted, Registered, TakenBack
from chatroom.client.state import (
    BATCHES_MAX,
    CHECK_TOKEN,
    COMMAND_LABEL,
    NAME_CHARACTERS_MAX,
    PERSISTENCE,
    REACT,
    SERVICE,
    UNREACT,
    Batch,
    SessionState,
    answered_by,
)
from chatroom.client.transcript_entry import DeliveryState, Kind, TranscriptEntry
from chatroom.common.irc_message import Message, needs_colon
from chatroom.common.language import tr, trn
from chatroom.common.names import fold
from chatroom.common.text import CTCP, clean, number, plain

Handler = Callable[[SessionState, Message], None]

_log = logging.getLogger(__name__)

_ISUPPORT_MAX = 500  # words; servers have about 50
_JOIN_BYTES = 480  # of names and keys in a JOIN, so that the line stays below 512
_STATUS_SIGNS = "~&@%+"
_NICK_CHARACTERS_MAX = 1_000  # no server has longer names
_HISTORY_SERVICE = "HistServ!HistServ@"  # who says in the history of Ergo that somebody has joined or left
# The codes of a FAIL (IRCv3 standard-replies) that is the reason for the line behind it; all about NICK are.
NICK_RESERVED = "NICKNAME_RESERVED"  # before 433: the name is somebody's account
TRY_LATER = "TEMPORARILY_UNAVAILABLE"  # before 464: too many wrong passwords in a short time
_ENDS = {  # before ERROR, where the client must not come back by itself; and what the user is told
    "SESSION_REPLACED": "elsewhere",  # logged in to the same name over another connection
    "SESSION_ENDED": "ended",  # from another device, or by logging out
    "SESSION_KILLED": "killed",  # by an operator of the server
    "PASSWORD_CHANGED": "password-changed",  # with another device
}
_REASONS = (NICK_RESERVED, TRY_LATER, *_ENDS)

EDITED_SECONDS = 3.0  # who takes something back and says something within this time has edited it
_REACTION_CHARACTERS = 32  # of a reaction that is shown: an emoji, or a word


# --- what people say --------------------------------------------------------------------------------------------------


def spoken(state: SessionState, message: Message) -> TranscriptEntry | None:
    """The entry for a PRIVMSG or NOTICE; None for what is not for people (CTCP requests)."""
    kind = Kind.NOTICE if message.command == "NOTICE" else Kind.MESSAGE
    text = message.params[1] if len(message.params) > 1 else ""
    if text.startswith(CTCP):
        verb, _, text = text.strip(CTCP).partition(" ")
        if verb.upper() != "ACTION":
            return None
        kind = Kind.ACTION
    said = state.entry(message, kind, "\n".join(clean(plain(line)) for line in text.split("\n")))
    said.mention = not said.own and kind is not Kind.NOTICE and state.mentions_me(said.text)
    if said.reply_to and not said.own:
        room = state.find(param(message, 0))
        answered = room.find(said.reply_to) if room else None
        said.mention = said.mention or bool(answered and answered.own)
    return said


def on_spoken(state: SessionState, message: Message) -> None:
    said = spoken(state, message)
    if said is None:
        return
    target = param(message, 0)
    if said.own and fold(target) == SERVICE:
        return  # the echo of what it was told, mostly a password
    if said.kind is Kind.NOTICE and ("!" not in message.source or fold(message.nick) == SERVICE):
        if target == "*" and state.is_registered:
            state.inform(tr("Announcement: {text}", text=said.text), Kind.ANNOUNCEMENT)
        else:
            nickserv.heard(state, said, message.tags.get("chatroom/code", ""))
        return
    if "#" in target and target[0] in _STATUS_SIGNS:  # to those of a rank in a room
        target = target.lstrip(_STATUS_SIGNS)
    name = said.nick if state.is_me(target) and not said.own else target
    room = state.room_of_server(name)
    if room and room.is_direct and not said.own:
        _compare_source(state, room, message)
    if room is None:  # nobody could answer there, or there are too many conversations already
        state.inform(said.text if needs_colon(name) else strings.said_elsewhere(said.nick, name, said.text))
        return
    typists.heard(state, room, said.nick, False)
    _note_edit(state, room, said)
    if said.own and (label := message.tags.get("label")) and _echo(state, label, said):
        return
    if said.own and room.confirm(said.text, said.kind, said.msgid, said.time):
        return
    state.add(room, said)


def _note_edit(state: SessionState, room: Room, said: TranscriptEntry) -> None:
    """Who takes a message back and says one at once has edited it: then the new one stands for both."""
    taken_back, room.taken_back = room.taken_back, None
    if taken_back is None:
        return
    gone, since = taken_back
    said.edited = state.fold(gone.nick) == state.fold(said.nick) and said.time - since <= EDITED_SECONDS
    if said.edited and room.find(gone.msgid) is gone:
        room.mark = said if room.mark is gone else room.mark
        room.remove(gone)
        state.events.append(Edited(room, gone, said))


def _compare_source(state: SessionState, room: Room, message: Message) -> None:
    """Tells when the person of a conversation speaks from another address than before."""
    source = message.source.partition("!")[2]
    if source and room.source and source != room.source:
        state.distrust(room, strings.changed_hands(room.name))
    room.source = source or room.source


def _echo(state: SessionState, label: str, echo: TranscriptEntry) -> bool:
    """Settles the message of ours that this is the echo of (labeled-response); false where its label names none."""
    ours = state.take(label)
    if ours is None:
        return False
    room, mine = ours
    mine.msgid, mine.time, mine.text = echo.msgid, echo.time, echo.text
    room.settle(mine, DeliveryState.DONE)
    return True


def on_pong(state: SessionState, message: Message) -> None:
    token = message.params[-1] if message.params else ""
    if token == COMMAND_LABEL and state.awaited.has_no_answer:
        state.awaited.has_no_answer = False
        state.inform(tr(strings.NO_ANSWER))
    if token == CHECK_TOKEN:
        state.checked()
    state.answer(token, DeliveryState.DONE)


# --- the connection ---------------------------------------------------------------------------------------------------


def on_welcome(state: SessionState, message: Message) -> None:
    """The server has registered us: goes back to the rooms we were in."""
    again, state.was_registered = state.was_registered, True
    state.rename_self(param(message, 0))
    state.is_registered = True
    if not state.has(multiline.MULTILINE):
        state.multiline = None
    state.events.append(Registered(again))
    if state.login_failed:
        name = state.login_name or state.nick
        told = tr("The password was not accepted for the account {name}; you are here without it.", name=name)
        state.inform(strings.refusal("password-changed", name) if state.was_right else told, Kind.ERROR)
    if state.was_operator:
        state.was_operator = False
        state.inform(tr("You are no operator of the server any more."))
    if state.away:
        state.send(Message("AWAY", (state.away,)))  # it was lost with the connection
    wanted = [room for room in state.rooms.values() if not room.is_direct and (room.joined or not again)]
    for room in wanted:
        room.joined = True
    for room in state.rooms.values():
        if not room.joined:
            room.give_up_waiting()  # nothing would ever send it
    wanted.sort(key=lambda room: not room.key)  # keys belong to the first rooms of a JOIN
    for some in _join_lines(wanted):
        keys = ",".join(room.key for room in some if room.key)
        names = ",".join(room.name for room in some)
        state.send(Message("JOIN", (names, keys) if keys else (names,)))
    for room in state.rooms.values():
        if room.is_direct and (not again or room.last_id() or room.pending()):
            history_sync.catch_up(state, room)  # where nothing was said yet, all of its history would look like news
    if again:
        history_sync.ask_who_wrote(state)


def _join_lines(rooms: list[Room]) -> list[list[Room]]:
    """Rooms that fit into one JOIN together; the order stays."""
    lines: list[list[Room]] = []
    left = 0
    for room in rooms:
        size = len(f"{room.name},{room.key},".encode())
        if size > left:
            lines.append([])
            left = _JOIN_BYTES
        lines[-1].append(room)
        left -= size
    return lines


def on_isupport(state: SessionState, message: Message) -> None:
    for word in message.params[1:-1]:
        key, _, value = word.partition("=")
        if len(state.isupport) < _ISUPPORT_MAX or key.upper() in state.isupport:
            state.learn(key.upper(), value)


def on_own_modes(state: SessionState, message: Message) -> None:
    """221. Some servers tell it unasked to who has just come in."""
    if any(room.is_here for room in state.rooms.values() if not room.is_direct):
        state.inform(tr("Your modes: {modes}", modes=param(message, 1)))


def on_ping(state: SessionState, message: Message) -> None:
    """Does nothing: the connection has answered it already."""


def _take_reason(state: SessionState) -> str:
    """The code of the FAIL right before this message, or ""."""
    reason, state.reason = state.reason, ""
    return reason


def on_error(state: SessionState, message: Message) -> None:
    state.error = text_of(message)
    if why := _ENDS.get(_take_reason(state)):
        state.reject(why, *state.killed)


def on_logged_in(state: SessionState, message: Message) -> None:
    state.logged_in(param(message, 2) if message.command == "900" else "")
    if state.account and state.is_registered:
        state.events.append(Answered())
    presence_handlers.note_account(state, state.nick, state.account)
    if state.account and state.is_registered and state.has(PERSISTENCE):  # before, the welcome tells it
        state.send(Message("PERSISTENCE", ("GET",)))


def on_nick_refused(state: SessionState, message: Message) -> None:
    nick, reason = param(message, 1), _take_reason(state)
    if state.is_registered:
        most = number(state.isupport.get("NICKLEN", ""), _NICK_CHARACTERS_MAX) or _NICK_CHARACTERS_MAX
        told = refusals.told(message, reason)
        if len(nick) > most:
            told = trn(
                "A name has at most {count} character here.", "A name has at most {count} characters here.", most
            )
        state.inform(told, Kind.ERROR)
    elif message.command == "433" and state.send_password():
        pass  # the server's answer to that decides
    elif message.command == "433" and reason == NICK_RESERVED:
        if state.password and state.try_old_password():
            state.name_is_held = True  # the client tries again
        else:
            known = "password-changed" if state.was_right else "login-refused"
            state.reject(known if state.password else "nick-claimed", nick)
    elif message.command == "433" and state.was_registered:
        state.name_is_held = True  # most likely by our lost connection: the client tries again
    elif message.command == "433":
        state.reject("nick-taken", nick)
    else:
        why = text_of(message) if reason else tr("choose a short one, of plain letters and digits.")
        state.reject("nick-bad", nick, why)


def on_password_refused(state: SessionState, message: Message) -> None:
    """464. After registration this is about the password of the server's operators, and ends nothing."""
    reason = _take_reason(state)
    if state.is_registered:
        on_other(state, message)
    elif not (reason == TRY_LATER and state.was_registered):  # else the client tries again later
        state.reject("server-password-wrong" if state.server_password else "server-password", text_of(message))


def on_banned(state: SessionState, message: Message) -> None:
    state.reject("banned", text_of(message))


def on_operator(state: SessionState, message: Message) -> None:
    state.note_operator(True)
    state.events.append(Answered())
    state.inform(tr("You are an operator of the server now."))


def on_away_told(state: SessionState, message: Message) -> None:
    state.away = (state.away or "away") if message.command == "306" else ""
    state.inform(tr(strings.AWAY if state.away else strings.BACK))


# --- answers ----------------------------------------------------------------------------------------------------------


def on_batch(state: SessionState, message: Message) -> None:
    ref = param(message, 0)
    if ref.startswith("+"):
        if len(state.awaited.batches) < BATCHES_MAX:
            state.awaited.batches[ref[1:]] = Batch(param(message, 1), message.params[2:], first=message)
        return
    batch = state.awaited.batches.pop(ref[1:], Batch())
    outer = state.awaited.batches.get(batch.first.tags.get("batch", ""))
    if batch.kind == multiline.MULTILINE and batch.about and batch.messages:
        whole = multiline.joined(batch.first, batch.about[0], batch.messages)
        if outer:
            outer.keep(whole, batch.characters)
        else:
            handle(state, whole)
    elif batch.kind == "chathistory" and batch.about:
        entries = [said for line in batch.messages if (said := _remembered(state, line))]
        room = state.find(batch.about[0])
        asked = batch.first.tags.get("label", "")
        if room and asked in state.awaited.shown:
            state.events.append(HistoryShown(room, tuple(entries), state.awaited.shown.pop(asked)))
        elif room:
            history_sync.arrived(state, room, entries, len(batch.messages))
        for line in batch.messages:
            if line.command == "TAGMSG":
                on_tags(state, line)
    elif batch.kind == "soju.im/search":
        found = [said for line in batch.messages if (said := _remembered(state, line))]
        searching.found(state, found, batch.first.tags.get("label", ""))
    else:
        label = {"label": batch.first.tags["label"]} if "label" in batch.first.tags else {}
        for line in batch.messages:
            handle(state, replace(line, tags={**line.tags, **label}) if label else line)


def _remembered(state: SessionState, message: Message) -> TranscriptEntry | None:
    """A line of history; only what people said is kept of it."""
    is_said = message.command in ("PRIVMSG", "NOTICE") and not message.source.startswith(_HISTORY_SERVICE)
    said = spoken(state, message) if is_said else None
    if said:
        target = param(message, 0)
        said.place = said.nick if state.is_me(target) and not said.own else clean(target)[:NAME_CHARACTERS_MAX]
    return said


def on_fail(state: SessionState, message: Message) -> None:
    """FAIL command code about… :text (IRCv3 standard replies)."""
    if message.tags.get("label", "") in state.awaited.shown:
        del state.awaited.shown[message.tags["label"]]
        state.inform(tr("The history of that can't be had."), Kind.ERROR)
        return
    if param(message, 0) == "CHATHISTORY":
        for word in message.params[2:-1]:
            if room := state.find(word):
                history_sync.failed(state, room)
        return
    if param(message, 1) == "CHANNEL_RENAMED":
        presence_handlers.on_renamed_before(state, message)
        return
    if param(message, 0) == "NICK" or param(message, 1) in _REASONS:
        state.reason = param(message, 1)
        state.killed = refusals.about_end(message, state.login_name or state.nick)
        return
    if state.answer(message.tags.get("label", ""), DeliveryState.FAILED) is None and not state.is_registered:
        state.error = text_of(message)
    room = state.find(param(message, 2)) if param(message, 0) == "REDACT" else None
    if entry := room.find(param(message, 3)) if room else None:
        entry.is_beyond_reach = param(message, 1) == "UNKNOWN_MSGID"
    state.inform(refusals.failed(message), Kind.ERROR)


def on_redact(state: SessionState, message: Message) -> None:
    target = param(message, 0)
    room = state.find(message.nick if state.is_me(target) else target)
    entry = room.find(param(message, 1)) if room else None
    if room and entry:
        nick = clean(message.nick)
        if state.fold(nick) == state.fold(entry.nick):
            room.taken_back = (entry, time_in(message.tags.get("time", "")) or state.now())
        room.editing = None if room.editing is entry else room.editing
        room.answered = None if room.answered is entry else room.answered
        room.redact(entry, strings.taken_back(nick, entry.nick))
        state.events.append(TakenBack(room, entry, nick))


def on_tags(state: SessionState, message: Message) -> None:
    """TAGMSG: of what clients tell each other, reactions are shown (IRCv3 react), and who types."""
    target = param(message, 0)
    room = state.find(message.nick if state.is_me(target) and not state.is_me(message.nick) else target)
    if room and typists.TYPING in message.tags and not state.is_me(message.nick):
        typists.heard(state, room, clean(message.nick), message.tags[typists.TYPING] == "active")
    entry = room.find(answered_by(message)) if room else None
    verb = next((verb for verb in (REACT, UNREACT) if verb in message.tags), "")
    reaction = clean(plain(message.tags.get(verb, "")))[:_REACTION_CHARACTERS].strip()
    if room and entry and reaction and not entry.is_gone:
        nick = clean(message.nick)
        room.react(entry, reaction, nick, verb == REACT)
        if "batch" not in message.tags:
            state.events.append(Reacted(room, entry, reaction, nick, verb == REACT))


def on_not_sent(state: SessionState, message: Message) -> None:
    """401, 403, 404 …: the server refused what we said to `params[1]`."""
    room = state.find(param(message, 1))
    mine = state.answer(message.tags.get("label", ""), DeliveryState.FAILED)
    if room and mine is None:
        mine = next((said for said in room.pending() if said.delivery is DeliveryState.SENT), None)
        if mine:
            room.settle(mine, DeliveryState.FAILED)
    if room and not room.is_here:
        room.joined = False
    told = tr(refusals.NO_SERVICE) if fold(param(message, 1)) == SERVICE else refusals.told(message)
    state.inform(told, Kind.ERROR, room if mine else None)


def on_not_joined(state: SessionState, message: Message) -> None:
    room = state.find(param(message, 1))
    if room and room.is_here:  # some servers use 477 for other refusals, too
        state.inform(text_of_all(message), Kind.ERROR, room)
        return
    if room is None:
        state.inform(refusals.told(message), Kind.ERROR)
    else:
        room.refuse(TranscriptEntry(Kind.ERROR, state.now(), "", refusals.told(message)))
        if message.command == "475":
            room.key = ""
            state.events.append(KeyWanted(room, refusals.words(message)))


def on_forwarded(state: SessionState, message: Message) -> None:
    """470: a room sends us on to another one, which a JOIN tells of next."""
    room, there = state.find(param(message, 1)), param(message, 2)
    if room is None or needs_colon(there):
        on_other(state, message)
        return
    state.inform(tr("{room} sends you on to {other}.", room=room.name, other=there), room=room)
    room.joined = False
    room.give_up_waiting()
    other = state.room_of_server(there)
    if other and state.current is room:
        state.current = other


def on_whois(state: SessionState, message: Message) -> None:
    if message.command == "313":
        presence_handlers.note_server_operator(state, param(message, 1))
    try:
        text = strings.whois(message.command, message.params)
    except KeyError:
        text = text_of_all(message)
    state.inform(clean(plain(text)), room=_where_asked(state))


def on_unknown_command(state: SessionState, message: Message) -> None:
    """421. A server that promised history and has none is not waited for."""
    if param(message, 1) == "CHATHISTORY":
        for room in list(state.rooms.values()):
            history_sync.unavailable(state, room)
    else:
        on_other(state, message)


def on_motd(state: SessionState, message: Message) -> None:
    if not state.motd_shown:
        state.inform(text_of(message).removeprefix("- "))


def on_motd_end(state: SessionState, message: Message) -> None:
    state.motd_shown = True


def on_ack(state: SessionState, message: Message) -> None:
    """ACK (IRCv3 labeled-response): the server has nothing to say to a command."""
    if message.tags.get("label", "") == COMMAND_LABEL:
        state.inform(tr(strings.NO_ANSWER))


def ignore(state: SessionState, message: Message) -> None:
    """Does nothing: a user need not know of this."""


def on_other(state: SessionState, message: Message) -> None:
    """A numeric without a handler is an answer to something the user asked: they see its words."""
    if message.command.isdigit():
        failed = message.command >= "400"
        if failed:
            state.answer(message.tags.get("label", ""), DeliveryState.FAILED)
            if not state.is_registered:
                state.error = text_of(message)
        reason = _take_reason(state)
        if failed:
            told = refusals.told(message, reason)
            if message.command in ("464", "491"):  # about the password of the server's operators
                state.events.append(Answered(told, False))
            state.inform(told, Kind.ERROR, _where_asked(state))
        else:
            state.inform(text_of_all(message), room=_where_asked(state))


def _where_asked(state: SessionState) -> Room | None:
    """The room in which the command was typed that is answered, though the user looks at another one by now."""
    return state.awaited.asked_in if state.awaited.asked_in in state.rooms.values() else None


HANDLERS: dict[str, Handler] = {
    "PRIVMSG": on_spoken,
    "NOTICE": on_spoken,
    "JOIN": presence_handlers.on_join,
    "PART": presence_handlers.on_part,
    "KICK": presence_handlers.on_kick,
    "QUIT": presence_handlers.on_quit,
    "NICK": presence_handlers.on_nick,
    "MODE": mode_handlers.on_mode,
    "TOPIC": presence_handlers.on_topic,
    "RENAME": presence_handlers.on_room_renamed,
    "INVITE": presence_handlers.on_invite,
    "ACK": on_ack,
    "AWAY": presence_handlers.on_away,
    "ACCOUNT": presence_handlers.on_account,
    "PING": on_ping,
    "PONG": on_pong,
    "BATCH": on_batch,
    "CHATHISTORY": history_sync.on_target,
    "REDACT": on_redact,
    "TAGMSG": on_tags,
    "SILENCE": ignoring.on_ignored,
    "271": ignoring.on_listed,
    "272": ignoring.on_list_end,
    "MARKREAD": read_markers.on_marker,
    "PERSISTENCE": mode_handlers.on_persistence,
    "FAIL": on_fail,
    "ERROR": on_error,
    "001": on_welcome,
    "005": on_isupport,
    "221": on_own_modes,
    "305": on_away_told,
    "306": on_away_told,
    "315": presence_handlers.on_who_end,
    "321": ignore,
    "322": list_handlers.on_list,
    "323": list_handlers.on_list_end,
    "341": presence_handlers.on_invited,
    "331": presence_handlers.on_topic_told,
    "332": presence_handlers.on_topic_told,
    "352": presence_handlers.on_who,
    "354": presence_handlers.on_who_with_account,
    "325": mode_handlers.on_owner,
    "324": mode_handlers.on_modes,
    "353": presence_handlers.on_names,
    "366": presence_handlers.on_names_end,
    "364": list_handlers.on_server_listed,
    "365": list_handlers.on_servers_end,
    "367": mode_handlers.on_ban_listed,
    "368": mode_handlers.on_bans_end,
    "372": on_motd,
    "376": on_motd_end,
    "381": on_operator,
    "421": on_unknown_command,
    "422": on_motd_end,
    "432": on_nick_refused,
    "433": on_nick_refused,
    "436": on_nick_refused,
    "464": on_password_refused,
    "900": on_logged_in,
    "901": on_logged_in,
    "465": on_banned,
    **dict.fromkeys(strings.WHOIS, on_whois),
    **dict.fromkeys(("401", "403", "404", "408", "411", "412", "413", "415"), on_not_sent),
    **dict.fromkeys(refusals.NOT_JOINED, on_not_joined),
    "470": on_forwarded,
    # Greetings, statistics and ends of lists say nothing that the window doesn't show.
    **dict.fromkeys(
        ("002", "003", "004", "010", "042", "250", "251", "252", "253", "254", "255", "265", "266", "318", "329",
         "333", "369", "375", "396", "687", "SETNAME", "CHGHOST", "WARN", "NOTE"),
        ignore,
    ),
}  # fmt: skip


# What others do, and what a server asks by itself: it is no answer to a command.
_OF_OTHERS = frozenset({"PRIVMSG", "NOTICE", "TAGMSG", "JOIN", "PART", "QUIT", "NICK", "AWAY", "PING", "PONG", "BATCH"})


def handle(state: SessionState, message: Message) -> None:
    """Does to the state what a message from the server says. A message that can't be handled is dropped."""
    if message.tags.get("label") == typists.LABEL and message.command != "TAGMSG":
        return  # nobody has asked whether it may be told that we type
    if state.awaited.has_no_answer and (message.command not in _OF_OTHERS or state.is_me(message.nick)):
        state.awaited.has_no_answer = False
    try:
        HANDLERS.get(message.command, on_other)(state, message)
    except Exception:  # whatever a server sends, the user stays in the chat
        _log.debug("A message from the server could not be handled: %s", message.command, exc_info=True)
