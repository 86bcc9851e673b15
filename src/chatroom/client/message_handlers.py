"""What each command and numeric of a server does to a session: a table of functions.

A handler reads only as many parameters as there are: `_param` gives "" for the rest, because servers differ.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from chatroom.client import strings
from chatroom.client.room import Member, Room
from chatroom.client.transcript_entry import Delivery, Kind, TranscriptEntry
from chatroom.common.irc_message import Message, needs_colon
from chatroom.common.names import fold, is_room
from chatroom.common.text import CTCP, GHOST, clean, number, plain

if TYPE_CHECKING:
    from chatroom.client.session import Session

Handler = Callable[["Session", Message], None]

CHECK = "is-that-all"  # the token of the PING behind everything that was said
_WHO_AT_MOST = 200  # members; asking who is away costs a line for each
_PREFIXES = "(qaohv)~&@%+"  # until the server's PREFIX (ISUPPORT) says otherwise
_SERVICE = "nickserv"  # where IRC networks keep who owns which name
_CHANMODES = "b,k,l,imnpst"


def _param(message: Message, index: int) -> str:
    """A parameter that is looked up or shown, without CTCP's mark, which is for texts alone."""
    return clean(message.params[index]) if index < len(message.params) else ""


def _text(message: Message, index: int = -1) -> str:
    return clean(plain(message.params[index])) if message.params else ""


def moment(session: "Session", message: Message) -> float:
    """When the server says it happened (server-time), or now."""
    stamp = message.tags.get("time")
    if stamp:
        try:
            return datetime.fromisoformat(stamp).timestamp()
        except ValueError:
            pass
    return session.now()


def entry(session: "Session", message: Message, kind: Kind, text: str = "", nick: str = "") -> TranscriptEntry:
    nick = clean(nick or message.nick)
    msgid = message.tags.get("msgid", "")
    return TranscriptEntry(kind, moment(session, message), nick, text, msgid, own=session.is_me(nick))


# --- what people say --------------------------------------------------------------------------------------------------


def spoken(session: "Session", message: Message) -> TranscriptEntry | None:
    """The entry for a PRIVMSG or NOTICE; None for what is not for people (CTCP requests)."""
    kind = Kind.NOTICE if message.command == "NOTICE" else Kind.MESSAGE
    text = message.params[1] if len(message.params) > 1 else ""
    if text.startswith(CTCP):
        verb, _, text = text.strip(CTCP).partition(" ")
        if verb.upper() != "ACTION":
            return None
        kind = Kind.ACTION
    said = entry(session, message, kind, clean(plain(text)))
    said.mention = not said.own and kind is not Kind.NOTICE and session.mentions_me(said.text)
    return said


def on_spoken(session: "Session", message: Message) -> None:
    said = spoken(session, message)
    if said is None:
        return
    if said.kind is Kind.NOTICE and ("!" not in message.source or fold(message.nick) == _SERVICE):
        session.inform(said.text)  # from the server itself
        return
    target = _param(message, 0).lstrip("@+%&~") if not is_room(_param(message, 0)) else _param(message, 0)
    name = said.nick if session.is_me(target) and not said.own else target
    if needs_colon(name):  # nobody could answer there
        session.inform(said.text)
        return
    room = session.room(name)
    if said.own and (label := message.tags.get("label")) and _echo(session, label, said):
        return
    if said.own and room.confirm(said.text, said.kind, said.msgid, said.time):
        return
    session.add(room, said)


def _echo(session: "Session", label: str, echo: TranscriptEntry) -> bool:
    """The echo of a labelled message of ours (labeled-response)."""
    ours = session.take(label)
    if ours is None:
        return False
    room, mine = ours
    mine.msgid, mine.time, mine.text = echo.msgid, echo.time, echo.text
    room.settle(mine, Delivery.DONE)
    return True


def on_pong(session: "Session", message: Message) -> None:
    token = message.params[-1] if message.params else ""
    if token == CHECK:
        session.checked()
    session.answer(token, Delivery.DONE)


# --- who is where -----------------------------------------------------------------------------------------------------


def on_join(session: "Session", message: Message) -> None:
    name = _param(message, 0)
    if needs_colon(name):
        return
    room = session.room(name)
    account = _param(message, 1)
    if session.is_me(message.nick):
        room.joined = room.is_here = True
        room.members.clear()
        session.history.joined(room)
    else:
        room.add(entry(session, message, Kind.JOIN))
    room.enter(Member(clean(message.nick), account="" if account == "*" else account))


def on_part(session: "Session", message: Message) -> None:
    room = session.rooms.get(fold(_param(message, 0)))
    if room is None:
        return
    room.leave(message.nick)
    if session.is_me(message.nick):
        room.joined = False
        room.empty()
    else:
        room.add(entry(session, message, Kind.LEAVE, _text(message) if len(message.params) > 1 else ""))


def on_kick(session: "Session", message: Message) -> None:
    room = session.rooms.get(fold(_param(message, 0)))
    if room is None:
        return
    whom, reason = _param(message, 1), _text(message, 2) if len(message.params) > 2 else ""
    room.leave(whom)
    if session.is_me(whom):
        room.joined = False
        room.empty()
        text, kind = strings.kicked(message.nick, room.name, reason), Kind.ERROR
    else:
        text, kind = strings.kicked_other(whom, message.nick, reason), Kind.INFO
    room.add(entry(session, message, kind, clean(text)))


def on_quit(session: "Session", message: Message) -> None:
    for room in session.rooms.values():
        if room.member(message.nick):
            room.leave(message.nick)
            room.add(entry(session, message, Kind.LEAVE, _text(message)))


def on_nick(session: "Session", message: Message) -> None:
    old, new = message.nick, _param(message, 0)
    if needs_colon(new):
        return
    mine = session.is_me(old)
    for room in session.rooms.values():
        if room.rename(old, new) or (mine and not room.is_direct):
            room.add(entry(session, message, Kind.RENAME, new))
    if mine:
        session.rename_self(new)
    direct = session.rooms.get(fold(old))
    if direct and direct.is_direct and fold(new) not in session.rooms:
        session.rooms = {fold(new) if key == fold(old) else key: value for key, value in session.rooms.items()}
        direct.name = new


def on_names(session: "Session", message: Message) -> None:
    room = session.rooms.get(fold(_param(message, 2)))
    if room is None:
        return
    signs = prefixes(session)
    for word in _param(message, 3).split():
        nick = word.lstrip("".join(signs.values()))
        held = room.member(nick)
        prefix = word[: len(word) - len(nick)][:1]
        room.enter(Member(nick, prefix, held.away if held else False, held.account if held else ""))


def on_names_end(session: "Session", message: Message) -> None:
    room = session.rooms.get(fold(_param(message, 1)))
    if room is None:
        return
    room.is_listed = True
    if session.has("away-notify") and len(room.members) <= _WHO_AT_MOST:
        session.asked_who.add(fold(room.name))
        session.send(Message("WHO", (room.name,)))


def on_who(session: "Session", message: Message) -> None:
    room = session.rooms.get(fold(_param(message, 1)))
    if fold(_param(message, 1)) not in session.asked_who:
        session.inform(_text_of_all(message))
    elif room and (member := room.member(_param(message, 5))):
        member.away = _param(message, 6).startswith("G")
        room.members_version += 1


def on_who_end(session: "Session", message: Message) -> None:
    session.asked_who.discard(fold(_param(message, 1)))


def on_away(session: "Session", message: Message) -> None:
    for room in session.rooms.values():
        if member := room.member(message.nick):
            member.away = bool(message.params)
            room.members_version += 1


def on_account(session: "Session", message: Message) -> None:
    for room in session.rooms.values():
        if member := room.member(message.nick):
            member.account = "" if _param(message, 0) == "*" else _param(message, 0)


def on_topic_told(session: "Session", message: Message) -> None:
    if room := session.rooms.get(fold(_param(message, 1))):
        room.topic = _text(message) if message.command == "332" else ""


def on_topic(session: "Session", message: Message) -> None:
    if room := session.rooms.get(fold(_param(message, 0))):
        room.topic = _text(message)
        room.add(entry(session, message, Kind.INFO, strings.topic(clean(message.nick), room.topic)))


def on_invite(session: "Session", message: Message) -> None:
    if session.is_me(_param(message, 0)):
        session.inform(strings.invited(clean(message.nick), _param(message, 1)))


def prefixes(session: "Session") -> dict[str, str]:
    """Mode letter → sign, highest first (ISUPPORT PREFIX)."""
    letters, _, signs = session.isupport.get("PREFIX", _PREFIXES).removeprefix("(").partition(")")
    return dict(zip(letters, signs, strict=False))


def on_mode(session: "Session", message: Message) -> None:
    room = session.rooms.get(fold(_param(message, 0)))
    if room is None:
        return
    signs = prefixes(session)
    lists, always, set_only, *_ = [*session.isupport.get("CHANMODES", _CHANMODES).split(","), "", "", ""]
    arguments = iter(message.params[2:])
    adding = True
    for letter in _param(message, 1):
        if letter in "+-":
            adding = letter == "+"
        elif letter in signs:
            _set_prefix(room, next(arguments, ""), signs[letter] if adding else "")
        elif letter in lists + always or (letter in set_only and adding):
            next(arguments, "")
    room.add(entry(session, message, Kind.INFO, strings.mode(clean(message.nick), clean(" ".join(message.params[1:])))))


def _set_prefix(room: Room, nick: str, sign: str) -> None:
    if member := room.member(nick):
        member.prefix = sign
        room.members_version += 1


# --- the connection ---------------------------------------------------------------------------------------------------


def on_welcome(session: "Session", message: Message) -> None:
    session.welcome(_param(message, 0))


def on_isupport(session: "Session", message: Message) -> None:
    for word in message.params[1:-1]:
        key, _, value = word.partition("=")
        session.isupport[key.upper()] = value


def on_ping(session: "Session", message: Message) -> None:
    """The link has answered it already."""


def on_error(session: "Session", message: Message) -> None:
    session.error = _text(message)
    if session.error.endswith(GHOST):
        session.refuse("elsewhere")


def on_logged_in(session: "Session", message: Message) -> None:
    session.logged_in(_param(message, 2) if message.command == "900" else "")


def on_nick_refused(session: "Session", message: Message) -> None:
    nick = _param(message, 1)
    if session.is_registered:
        session.inform(_text_of_all(message), Kind.ERROR)
    elif message.command == "433" and session.prove():
        pass  # the answer decides
    elif message.command == "433" and session.was_welcome:
        session.name_is_held = True  # by our own ghost, most likely: the link comes back and tries again
    elif message.command == "433":
        claimed = "login-refused" if session.gave_password else "nick-claimed"
        session.refuse(claimed if "is claimed" in _text(message) else "nick-taken", nick)
    else:
        session.refuse("nick-bad", nick, _text(message))


def on_password_refused(session: "Session", message: Message) -> None:
    """Once one is in, it is the password of the server's operators that was wrong, which ends nothing."""
    text = _text(message)
    if session.is_registered:
        on_other(session, message)
    elif not ("too often" in text and session.was_welcome):  # or the link comes back, and tries again
        session.refuse("password", text)


def on_banned(session: "Session", message: Message) -> None:
    session.refuse("banned", _text(message))


def on_away_told(session: "Session", message: Message) -> None:
    session.away = message.command == "306"
    session.inform(strings.AWAY if session.away else strings.BACK)


# --- answers ----------------------------------------------------------------------------------------------------------


def on_list(session: "Session", message: Message) -> None:
    people = _param(message, 2)
    session.listing.append((_param(message, 1), number(people, 1_000_000) or 0, _text(message)))


def on_list_end(session: "Session", message: Message) -> None:
    rooms, session.listing = session.listing, []
    session.list_rooms(sorted(rooms, key=lambda row: (-row[1], row[0])))


def on_batch(session: "Session", message: Message) -> None:
    ref = _param(message, 0)
    if ref.startswith("+"):
        session.batches[ref[1:]] = (_param(message, 1), message.params[2:], [])
        return
    kind, about, messages = session.batches.pop(ref[1:], ("", (), []))
    if kind == "chathistory" and about:
        entries = [said for line in messages if (said := _remembered(session, line))]
        if room := session.rooms.get(fold(about[0])):
            session.history.arrived(room, entries)
    elif kind == "soju.im/search":
        session.found([said for line in messages if (said := _remembered(session, line))])
    else:
        for line in messages:
            session.handle(line)


def _remembered(session: "Session", message: Message) -> TranscriptEntry | None:
    """A line of history; only what people said is kept of it."""
    return spoken(session, message) if message.command in ("PRIVMSG", "NOTICE") else None


def on_fail(session: "Session", message: Message) -> None:
    """FAIL command code about… :text (IRCv3 standard replies)."""
    if _param(message, 0) == "CHATHISTORY":
        for word in message.params[2:-1]:
            if room := session.rooms.get(fold(word)):
                session.history.failed(room)
        return
    if session.answer(message.tags.get("label", ""), Delivery.FAILED) is None and not session.is_registered:
        session.error = _text(message)
    session.inform(_text(message), Kind.ERROR)


def on_not_sent(session: "Session", message: Message) -> None:
    """401, 403, 404 …: what we said to `params[1]` was refused."""
    room = session.rooms.get(fold(_param(message, 1)))
    mine = session.answer(message.tags.get("label", ""), Delivery.FAILED)
    if room and mine is None:
        mine = next((said for said in room.pending() if said.delivery is Delivery.SENT), None)
        if mine:
            room.settle(mine, Delivery.FAILED)
    if room and not room.is_here:
        room.joined = False
    session.inform(_text_of_all(message), Kind.ERROR, room if mine else None)


def on_not_joined(session: "Session", message: Message) -> None:
    if room := session.rooms.get(fold(_param(message, 1))):
        room.joined = False
        session.inform(_text_of_all(message), Kind.ERROR, room)
    else:
        session.inform(_text_of_all(message), Kind.ERROR)


def on_whois(session: "Session", message: Message) -> None:
    try:
        text = strings.WHOIS[message.command].format(*message.params)
    except IndexError:
        text = _text_of_all(message)
    session.inform(clean(plain(text)))


def on_unknown_command(session: "Session", message: Message) -> None:
    """421. A server that promised history and has none is not waited for."""
    if _param(message, 1) == "CHATHISTORY":
        for room in list(session.rooms.values()):
            session.history.refused(room)
    else:
        on_other(session, message)


def on_motd(session: "Session", message: Message) -> None:
    if not session.motd_shown:
        session.inform(_text(message).removeprefix("- "))


def on_motd_end(session: "Session", message: Message) -> None:
    session.motd_shown = True


def on_ban_listed(session: "Session", message: Message) -> None:
    """367: a mask, and whose it is, where the server tells."""
    session.inform(strings.ban_listed(*(_param(message, index) for index in (1, 2, 3))))


def on_bans_end(session: "Session", message: Message) -> None:
    session.inform(strings.bans_end(_param(message, 1)))


def on_modes(session: "Session", message: Message) -> None:
    session.inform(strings.modes(_param(message, 1), clean(" ".join(message.params[2:]))))


def ignore(session: "Session", message: Message) -> None:
    """Nothing that a user has to know."""


def on_other(session: "Session", message: Message) -> None:
    """A numeric without a handler is an answer to something the user asked: they see its words."""
    if message.command.isdigit():
        failed = message.command >= "400"
        if failed:
            session.answer(message.tags.get("label", ""), Delivery.FAILED)
            if not session.is_registered:
                session.error = _text(message)
        session.inform(_text_of_all(message), Kind.ERROR if failed else Kind.INFO)


def _text_of_all(message: Message) -> str:
    """A numeric's parameters without our own name: `#dev: Cannot send to channel`."""
    *about, text = message.params[1:] or ("",)
    return clean(plain(f"{' '.join(about)}: {text}" if about else text))


HANDLERS: dict[str, Handler] = {
    "PRIVMSG": on_spoken,
    "NOTICE": on_spoken,
    "JOIN": on_join,
    "PART": on_part,
    "KICK": on_kick,
    "QUIT": on_quit,
    "NICK": on_nick,
    "MODE": on_mode,
    "TOPIC": on_topic,
    "INVITE": on_invite,
    "AWAY": on_away,
    "ACCOUNT": on_account,
    "PING": on_ping,
    "PONG": on_pong,
    "BATCH": on_batch,
    "FAIL": on_fail,
    "ERROR": on_error,
    "001": on_welcome,
    "005": on_isupport,
    "305": on_away_told,
    "306": on_away_told,
    "315": on_who_end,
    "321": ignore,
    "322": on_list,
    "323": on_list_end,
    "331": on_topic_told,
    "332": on_topic_told,
    "352": on_who,
    "324": on_modes,
    "353": on_names,
    "366": on_names_end,
    "367": on_ban_listed,
    "368": on_bans_end,
    "372": on_motd,
    "376": on_motd_end,
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
    **dict.fromkeys(("405", "437", "471", "473", "474", "475", "476", "477", "489"), on_not_joined),
    # Greetings, statistics and ends of lists say nothing that the window doesn't show.
    **dict.fromkeys(
        ("002", "003", "004", "010", "042", "250", "251", "252", "253", "254", "255", "265", "266", "318", "329",
         "333", "375", "396", "ACK", "TAGMSG", "SETNAME", "CHGHOST", "WARN", "NOTE"),
        ignore,
    ),
}  # fmt: skip
