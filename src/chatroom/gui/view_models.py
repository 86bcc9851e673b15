"""Makes what the window shows from what the client knows: pure functions, and most of the window's sentences."""

from chatroom.client import mode_sentences, strings
from chatroom.client.client import Client, Phase
from chatroom.client.room import Member, Room
from chatroom.client.server_connection import Security
from chatroom.client.state import SessionState
from chatroom.common.language import mark, own, tr, trn
from chatroom.common.names import bare, fold
from chatroom.gui.view_protocol import Banner, Header, MemberRow, RoomRow, Status

RECONNECTED_SECONDS = 3.0
SILENT_SECONDS = 10.0  # of a server that owes an answer, until it is told; a little later it is asked, then given up
EMPTY_ROOM = mark("No messages yet. Say hello.")
NOT_IN_ROOM = mark("You are not in this room.")
_RANKS = "~&@%+"
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})  # have no parts in Unicode
_SECURITY_ROLES = {Security.NONE: "warn", Security.UNVERIFIED: "warn", Security.VERIFIED: "ok"}

KEYS = (  # and what they do
    ("Enter", mark("sends")),
    ("Shift+Enter", mark("breaks the line")),
    ("Up, Down; Ctrl+Up, Ctrl+Down", mark("messages that you sent")),
    ("Tab", mark("completes a name or a command")),
    ("F6", mark("goes to the next pane")),
    ("F9", mark("shows or hides the side panes")),
    ("F10", mark("opens the menu of the window")),
    ("Ctrl+PgUp, Ctrl+PgDn, Alt+Up, Alt+Down, Alt+1…9", mark("goes to another room")),
    ("Ctrl+K", mark("goes to a room or a person")),
    ("Ctrl+J", mark("joins a room")),
    ("PgUp, PgDn", mark("scrolls")),
    ("Ctrl+End", mark("goes to the latest message")),
    ("Ctrl+F", mark("searches")),
    ("F3, Shift+F3", mark("next and previous match")),
    ("F6, Up, Right, Enter", mark("opens a link, sends again, copies code in a message; or opens its menu")),
    ("Shift+F10", mark("opens the menu of a message, a room or a member")),
    ("Ctrl++, Ctrl+-, Ctrl+0", mark("larger, smaller, normal text")),
    ("Esc", mark("closes what is open, or goes to the latest message")),
    ("/help", mark("lists what can be typed")),
)


def room_rows(state: SessionState) -> list[RoomRow]:
    """The left pane: rooms in the order they were joined, then people."""
    rooms = [_room_row(state, room) for room in state.rooms.values()]
    return sorted(rooms, key=lambda row: row.direct)


def _room_row(state: SessionState, room: Room) -> RoomRow:
    alert = bool(room.mentions) and not room.is_direct
    count = f"@{room.mentions}" if alert else f"{room.unread:,}" if room.unread else ""
    present = room.is_here if not room.is_direct else is_present(state, room.name)
    return RoomRow(room.name, room.is_direct, count, alert, present)


def is_present(state: SessionState, nick: str) -> bool:
    members = [member for room in state.rooms.values() if (member := room.member(nick))]
    return bool(members) and not any(member.away for member in members)


def member_rows(room: Room) -> list[MemberRow]:
    """The members in sections, each with a heading: owners, operators, who is here, who is away."""
    sections: dict[str, list[Member]] = {sentence: [] for sentence in _SECTIONS}
    for member in room.members.values():
        sections[_section(room, member)].append(member)
    muted = room.muted()
    rows = []
    for sentence, members in sections.items():
        if members:
            rows.append(MemberRow("", tr(sentence, count=own().number(len(members)))))
            members.sort(key=_order)
            rows += [_member_row(room, member, room.fold(member.nick) in muted) for member in members]
    return rows


_OWNERS, _OPERATORS = mark("Owners — {count}"), mark("Operators — {count}")
_HERE, _AWAY = mark("Here — {count}"), mark("Away — {count}")
_SECTIONS = (_OWNERS, _OPERATORS, _HERE, _AWAY)


def _section(room: Room, member: Member) -> str:
    if member.prefix == "~" or room.is_owner(member):
        return _OWNERS
    if member.keeps_order:
        return _OPERATORS
    return _AWAY if member.away else _HERE


def _member_row(room: Room, member: Member, is_muted: bool) -> MemberRow:
    text = f"{member.prefix}{member.nick}{' ★' if member.is_server_operator else ''}"
    if is_muted:
        text = tr("{nick} (muted)", nick=text)
    return MemberRow(member.nick, text, room.colour(member.nick), member.away)


def new_room(state: SessionState, typed: str) -> tuple[str, str]:
    """What was typed into the list of rooms, as a room of this server."""
    return (typed if state.is_room(typed) else f"#{typed}"), tr("a new room")


def new_place(state: SessionState, typed: str) -> tuple[str, str]:
    """What was typed into the list of places to go to: a room, or a person."""
    return typed, tr("go to this room") if state.is_room(typed) else tr("talk to them alone")


def sort_key(nick: str) -> tuple[list[float], str]:
    """As the user's language sorts names; letters that it has not, by those they are made of: Élodie before Fred."""
    key, folded = own().sort_key, fold(nick)
    if folded.isascii():
        return key(folded), folded
    return key("".join(c if key(c)[0] < _BEHIND_Z else bare(c).translate(_LETTERS) for c in folded)), folded


def _order(member: Member) -> tuple[int, tuple[list[float], str]]:
    return _RANKS.find(member.prefix) if member.prefix else len(_RANKS), sort_key(member.nick)


_BEHIND_Z = ord("z") + 1


def header(room: Room) -> Header:
    people = "" if room.is_direct or not room.members else strings.people(len(room.members))
    return Header(room.name, people, " · ".join(filter(None, [*mode_sentences.in_force(room), room.topic])))


def banner(client: Client, now: float) -> Banner | None:
    """The notice above the messages, or None."""
    if client.phase is Phase.LOST:
        seconds = max(0, round(client.retry_at - now))
        time = strings.clock(client.lost_at)
        text = tr("Connection lost at {time}. Retrying in {seconds} s…", time=time, seconds=seconds)
        return Banner(text, "warn", tr("Retry now"))
    if client.phase is Phase.ASKING:
        return Banner(client.error, "error", tr("Answer…"))
    if client.phase is Phase.CONNECTING and client.lost_at:
        return Banner(tr("Connection lost at {time}. Connecting…", time=strings.clock(client.lost_at)))
    if client.lost_at and client.online_at > client.lost_at and now - client.online_at < RECONNECTED_SECONDS:
        return Banner(tr("Reconnected"), "ok")
    if client.state.away:
        return Banner(tr(strings.AWAY), "warn", tr("I'm back"))
    return None


def status(client: Client) -> Status:
    """The bottom line."""
    security = client.security
    if client.silence >= SILENT_SECONDS:
        text = tr("No answer from {server} for {seconds} s…", server=client.target, seconds=round(client.silence))
        return Status(text, "warn", tr(security.value), _SECURITY_ROLES[security])
    if client.phase is Phase.ONLINE:
        return Status(_connected(client), "ok", tr(security.value), _SECURITY_ROLES[security])
    if client.phase is Phase.ASKING:
        return Status(tr("Not connected to {server}", server=client.target), "error", security_role="muted")
    sentence = (
        mark("Reconnecting to {server} as {nick}") if client.lost_at else mark("Connecting to {server} as {nick}")
    )
    text = tr(sentence, server=client.target, nick=client.state.nick)
    security = client.security if client.lost_at else Security.NONE
    return Status(text, "warn", tr(security.value), _SECURITY_ROLES[security])


def _connected(client: Client) -> str:
    state = client.state
    places = {"server": client.target, "nick": state.nick, "account": state.account}
    if not state.account:
        return tr("Connected to {server} as {nick}", **places)
    if state.is_me(state.account):
        return tr("Connected to {server} as {nick} (logged in)", **places)
    return tr("Connected to {server} as {nick} (logged in as {account})", **places)


def title(state: SessionState | None) -> str:
    """`(3) #lobby – chatroom`: the count is of what was said to us alone or by name, else of what is unread."""
    if state is None:
        return "chatroom"
    urgent = sum(room.mentions for room in state.rooms.values())
    unread = sum(room.unread for room in state.rooms.values())
    count = f"(@{urgent}) " if urgent else f"({unread:,}) " if unread else ""
    return f"{count}{state.current.name} – chatroom"


def pill(count: int) -> str:
    return trn("↓ {count} new message", "↓ {count} new messages", count) if count else tr("↓ Latest")


def empty(room: Room, client: Client) -> str:
    """The sentence in place of messages where there are none."""
    if client.phase is Phase.ONLINE and not room.is_here:
        return tr(NOT_IN_ROOM)
    return tr(EMPTY_ROOM)
