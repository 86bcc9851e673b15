"""What the menus offer: about a person, the room and oneself. It fits one's rank and what is in force. No Tk."""

from collections.abc import Iterator
from typing import NamedTuple

from chatroom.client import ban_sentences, ignoring
from chatroom.client.room import Room
from chatroom.client.state import SessionState
from chatroom.common.language import mark, tr
from chatroom.common.names import LOBBY, fold
from chatroom.common.text import shortened

_ABOUT_BYTES_MAX = 100  # of what a menu tells: a reason may be long
TIMES = (  # how long somebody can be kept out or muted: as it is typed, and in words; the first is offered at first
    ("10m", mark("for 10 minutes")),
    ("1h", mark("for an hour")),
    ("1d", mark("for a day")),
    ("1w", mark("for a week")),
    ("", mark("for good")),
)
ONCE = (("", mark("just once")), *TIMES[:-1])  # likewise, for who is removed from a room


class Act(NamedTuple):
    """A line of a menu that types a command, and asks for one thing first where it has a `label`."""

    name: str  # of all these, marked for translation
    command: str
    label: str = ""
    text: str = ""
    is_secret: bool = False
    may_be_empty: bool = False
    is_name: bool = False  # what is asked for; a name has no spaces


class Harm(NamedTuple):
    """How is asked about what keeps order."""

    verb: str
    question: str
    times: tuple[tuple[str, str], ...]


HARM = {
    "mute": Harm(mark("Mute"), mark("Mute {nick} in {room}?"), TIMES),
    "kick": Harm(mark("Remove"), mark("Remove {nick} from {room}?"), ONCE),
    "ban": Harm(mark("Ban"), mark("Ban {nick} from {room}?"), TIMES),
}
MEMBER_ACTIONS = {  # by what is typed
    "msg": mark("Talk to {nick}"),
    "whois": mark("Who is {nick}?"),
    "ignore": mark("Ignore what they write to you alone"),
    "unignore": mark("Ignore them no more"),
    "op": mark("Make {nick} an operator"),
    "deop": mark("Take the operator's rights from {nick}"),
    "voice": mark("Give {nick} a voice"),
    "devoice": mark("Take the voice from {nick}"),
    "mute": mark("Mute {nick}…"),
    "unmute": mark("Let {nick} speak again"),
    "kick": mark("Remove {nick}…"),
    "ban": mark("Ban {nick}…"),
    "unban": mark("Lift the ban on {nick}"),
}


def keeps_order(state: SessionState, room: Room) -> bool:
    """Whether the user has an operator's rights in a room."""
    me = room.member(state.nick)
    return state.is_operator or bool(me and me.keeps_order)


def member_actions(state: SessionState, nick: str) -> tuple[str, ...]:
    """What one can do about a member of the current room: `MEMBER_ACTIONS`, and "" between two groups."""
    room = state.current
    if state.is_me(nick):
        return ("whois",)
    acts: tuple[str, ...] = ("msg", "whois")
    last: tuple[str, ...] = ()
    if ignoring.can_ignore(state):
        last = ("", "unignore" if ignoring.is_ignored(state, nick) else "ignore")
    if room.is_direct or not keeps_order(state, room):
        return acts + last
    member = room.member(nick)
    if member and member.keeps_order:
        acts += ("", "deop")
    elif member:
        acts += ("", "op", "devoice" if member.prefix == "+" else "voice")
    who = room.fold(nick)
    acts += ("", "unmute" if who in room.muted() else "mute")
    return (*acts, *(("kick",) if member else ()), "unban" if who in room.banned() else "ban", *last)


def about_member(state: SessionState, nick: str) -> list[str]:
    """What the menu of a member tells about them: whose room it is, and why they are muted."""
    room, member = state.current, state.current.member(nick)
    told = [tr("owner of this room")] if member and room.is_owner(member) else []
    if mute := room.muted().get(room.fold(nick)):
        told.append(shortened(ban_sentences.about(mute, state.now()), _ABOUT_BYTES_MAX))
    return told


def room_acts(state: SessionState) -> Iterator[Act]:
    """What one can do in the current room. Both ways are offered where it is not known what is in force."""
    room = state.current
    if room.is_direct:
        return
    rights, modes = keeps_order(state, room), room.modes
    if rights or modes is None or "t" not in modes:
        yield Act(mark("Topic…"), "/topic {}", mark("Topic"), mark("What is this room about?"))
    if rights or modes is None or "i" not in modes:
        yield Act(mark("Invite somebody…"), "/invite {}", mark("Name"), mark("Who is to be invited?"), is_name=True)
    yield BANS
    yield ADDRESS
    if not rights:
        return
    if state.has("draft/channel-rename") and fold(room.name) != LOBBY:
        yield RENAME
    for letter, off, on in _SWITCHES:
        if letter == "W" and "W" not in state.mode_kinds()[2]:
            continue
        if modes is None or letter in modes:
            yield off
        if modes is None or letter not in modes or letter == _KEY:  # there can be another key
            yield on


_KEY = "k"
_SWITCHES = (  # by the mode: what takes it off, and what sets it
    (
        _KEY,
        Act(mark("Take the key away"), "/key off"),
        Act(mark("Key…"), "/key {}", mark("Key"), mark("Only those who know the key come in.")),
    ),
    ("i", Act(mark("Let in everybody"), "/mode -i"), Act(mark("Let in only who is invited"), "/mode +i")),
    (
        "m",
        Act(mark("Let everybody speak"), "/mode -m"),
        Act(mark("Quiet: only operators and those with a voice speak"), "/mode +m"),
    ),
    (
        "W",
        Act(mark("End slow mode"), "/slow off"),
        Act(
            mark("Slow mode…"),
            "/slow {}",
            mark("Seconds"),
            mark("How many seconds lie between two messages of one person?"),
        ),
    ),
)


def _setting(name: str, setting: str, on: bool) -> Act:
    return Act(name, f"/set {setting} {'on' if on else 'off'}")


_STRANGERS = {  # by whether they are refused
    False: _setting(mark("Only logged-in people may write to me"), "strangers", False),
    True: _setting(mark("Everybody may write to me"), "strangers", True),
}
_STAY = {  # by whether one stays
    False: _setting(mark("Stay in my rooms when I go"), "stay", True),
    True: _setting(mark("Leave my rooms when I go"), "stay", False),
}


def own_acts(state: SessionState) -> Iterator[Act]:
    """What one can do about oneself."""
    if state.account:
        yield CHANGE_PASSWORD
        if state.knows_times("BAN"):  # a server of ours
            yield Act(mark("Your devices"), "/devices")
            yield Act(mark("Mentions of you"), "/mentions")
        yield Act(mark("Log out"), "/logout")
    else:
        yield Act(
            mark("Claim this name…"), "/register {}", mark("New password"),
            mark("The name is yours alone from then on, and so are the rooms that you open."), is_secret=True,
        )  # fmt: skip
        yield Act(
            mark("Log in…"), "/login {}", mark("Password of your name"), mark("Proves that the name is yours."),
            is_secret=True,
        )  # fmt: skip
    if state.away:
        yield Act(mark("Back"), "/back")
    else:
        yield Act(mark("Away…"), "/away {}", mark("Why"), mark("Others are told that you are away."), may_be_empty=True)
    yield Act(mark("Another name…"), "/nick {}", mark("Name"), mark("What should the others call you?"), is_name=True)
    if state.knows_times("BAN"):
        yield _STRANGERS[bool(state.refuses_strangers)]
    if state.account and state.stays is not None:
        yield _STAY[state.stays]
    if not state.is_operator:
        yield Act(
            mark("Operator of the server…"), "/oper {}", mark("Operator's password"),
            mark("Whoever runs the server has it."), is_secret=True,
        )  # fmt: skip


ADDRESS = Act(mark("Show the address…"), "")
BANS = Act(mark("Who is banned or muted…"), "/bans")
RENAME = Act(
    mark("Rename…"), "/rename {}", mark("New name"), mark("Everybody comes along. The old name leads there for a week.")
)
CHANGE_PASSWORD = Act(
    mark("Change the password…"), "/password {}", mark("Password until now"),
    mark("The new one is asked for next."), is_secret=True,
)  # fmt: skip
NEW_PASSWORD = Act(
    mark("Change the password…"), "/password {}", mark("New password"), mark("At least 8 characters."), is_secret=True
)
