"""Makes what the window shows from what the client knows: pure functions, and most of the window's sentences."""

from typing import NamedTuple

from chatroom.client import strings
from chatroom.client.client import Client, Phase
from chatroom.client.room import Room
from chatroom.client.server_connection import Security
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import nick_colour
from chatroom.common.names import bare, fold
from chatroom.gui.view_protocol import Banner, Header, MemberRow, RoomRow, Status

RECONNECTED_SECONDS = 3.0
EMPTY_ROOM = "No messages yet. Say hello."
NOT_IN_ROOM = "You are not in this room."
_RANKS = "~&@%+"
HARM = {"kick": ("Remove", "from"), "ban": ("Ban", "from"), "mute": ("Mute", "in")}  # how it is asked about
BAN_TIMES = ("10m", "1h", "1d", "1w")
_OPERATOR_SIGNS = "~&@%"
MEMBER_ACTIONS = {  # by what is typed; "" is a line between two groups
    "msg": "Talk to {}",
    "whois": "Who is {}?",
    "op": "Make {} an operator",
    "deop": "Take the operator's rights from {}",
    "voice": "Give {} a voice",
    "devoice": "Take the voice from {}",
    "mute": "Mute {}",
    "unmute": "Let {} speak again",
    "kick": "Remove {}",
    "ban": "Ban {}",
}
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})  # have no parts in Unicode
_SECURITY_ROLES = {Security.NONE: "warn", Security.UNVERIFIED: "warn", Security.VERIFIED: "ok"}

KEYS = """\
Enter — send        Shift+Enter — new line
Up, Down at the edge, Ctrl+Up, Ctrl+Down — messages you sent
Tab — complete a name or a command; else the next field
F6 — next pane        F9 — show or hide the side panes
Ctrl+PgUp, Ctrl+PgDn, Alt+1…9 — other rooms
Ctrl+K — go to a room        Ctrl+J — join a room
PgUp, PgDn — scroll        Ctrl+End — latest message
Ctrl+F — search        F3, Shift+F3 — next, previous match
Ctrl + plus, minus, 0 — larger, smaller, normal text
Esc — close search, or go to the latest message
/help — what can be typed"""


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
    """Operators first, then by name."""

    def order(row: MemberRow) -> tuple[int, str]:
        return (_RANKS.find(row.prefix) if row.prefix else len(_RANKS)), sort_key(row.nick)

    rows = [MemberRow(m.nick, m.prefix, nick_colour(m.nick), m.away) for m in room.members.values()]
    return sorted(rows, key=order)


def member_actions(room: Room, me: str, nick: str) -> tuple[str, ...]:
    """What one can do about a member: the acts of operators only for operators, and none about oneself."""
    mine, theirs = room.member(me), room.member(nick)
    if fold(me) == fold(nick):
        return ("whois",)
    acts: tuple[str, ...] = ("msg", "whois")
    if mine and mine.prefix and mine.prefix in _OPERATOR_SIGNS:
        sign = theirs.prefix if theirs else ""
        rank = "deop" if sign and sign in _OPERATOR_SIGNS else "op"
        acts += ("", rank, "devoice" if sign == "+" else "voice", "mute", "unmute", "", "kick", "ban")
    return acts


class Act(NamedTuple):
    """A line of a menu that asks for one thing and types a command with it. Without a `label` nothing is asked."""

    name: str
    command: str
    label: str = ""
    text: str = ""
    is_secret: bool = False
    may_be_empty: bool = False


ROOM_ACTS = (
    Act("Topic…", "/topic {}", "Topic", "What is this room about?"),
    Act("Invite somebody…", "/invite {}", "Name", "Who is to be invited?"),
    Act("Lock with a key…", "/key {}", "Key", "Only those who know the key come in."),
    Act("Unlock", "/key off"),
    Act("Let in only who is invited", "/mode +i"),
    Act("Let in everybody", "/mode -i"),
    Act("Quiet: only operators speak", "/mode +m"),
    Act("Let everybody speak", "/mode -m"),
    Act(
        "Slow mode…", "/slow {}", "Seconds", "How many seconds lie between two messages of one person? 0 takes it off."
    ),
    Act("Who is banned or muted", "/bans"),
    Act("Lift a ban…", "/unban {}", "Name", "Who may come in again?"),
)
OWN_ACTS = (
    Act("Claim this name…", "/register {}", "New password", "The name is yours alone from then on.", is_secret=True),
    Act("Log in…", "/login {}", "Password of your name", "Proves that the name is yours.", is_secret=True),
    Act("Log out", "/logout"),
    Act("Away…", "/away {}", "Why", "Others are told that you are away.", may_be_empty=True),
    Act("Back", "/back"),
    Act("Another name…", "/nick {}", "Name", "What should the others call you?"),
    Act(
        "Operator of the server…", "/oper {}", "Operator's password", "Whoever runs the server has it.", is_secret=True
    ),
)


def sort_key(nick: str) -> str:
    """By letters first, then by what is on them: Łukasz stands before Marek, and Élodie before Fred."""
    return f"{bare(nick).translate(_LETTERS)}\0{fold(nick)}"


def header(room: Room) -> Header:
    people = "" if room.is_direct or not room.members else strings.people(len(room.members))
    return Header(room.name, people, room.topic)


def banner(client: Client, now: float) -> Banner | None:
    """The notice above the messages, or None."""
    if client.phase is Phase.LOST:
        seconds = max(0, round(client.retry_at - now))
        return Banner(
            f"Connection lost at {strings.clock(client.lost_at)}. Retrying in {seconds} s…", "warn", "Retry now"
        )
    if client.phase is Phase.ASKING:
        return Banner(client.error, "error", "Answer…")
    if client.phase is Phase.CONNECTING and client.lost_at:
        return Banner(f"Connection lost at {strings.clock(client.lost_at)}. Connecting…")
    if client.lost_at and client.online_at > client.lost_at and now - client.online_at < RECONNECTED_SECONDS:
        return Banner("Reconnected", "ok")
    if client.state.away:
        return Banner(strings.AWAY, "warn", "I'm back")
    return None


def status(client: Client) -> Status:
    """The bottom line."""
    place = f"{client.target} as {client.state.nick}{_logged_in(client.state)}"
    if client.phase is Phase.ONLINE:
        security = client.security
        return Status(f"Connected to {place}", "ok", security.value, _SECURITY_ROLES[security])
    if client.phase is Phase.ASKING:
        return Status(f"Not connected to {client.target}", "error", security_role="muted")
    verb = "Reconnecting" if client.lost_at else "Connecting"
    security = client.security if client.lost_at else Security.NONE
    return Status(f"{verb} to {place}", "warn", security.value, _SECURITY_ROLES[security])


def _logged_in(state: SessionState) -> str:
    if not state.account:
        return ""
    return " (logged in)" if state.is_me(state.account) else f" (logged in as {state.account})"


def title(state: SessionState | None) -> str:
    """`(3) #lobby – chatroom`: the count is of what was said to us alone or by name, else of what is unread."""
    if state is None:
        return "chatroom"
    urgent = sum(room.mentions for room in state.rooms.values())
    unread = sum(room.unread for room in state.rooms.values())
    count = f"(@{urgent}) " if urgent else f"({unread:,}) " if unread else ""
    return f"{count}{state.current.name} – chatroom"


def pill(count: int) -> str:
    return "↓ 1 new message" if count == 1 else f"↓ {count:,} new messages" if count else "↓ Latest"


def empty(room: Room, client: Client) -> str:
    """The sentence in place of messages where there are none."""
    if client.phase is Phase.ONLINE and not room.is_here:
        return NOT_IN_ROOM
    return EMPTY_ROOM
