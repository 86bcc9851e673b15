"""What a command leads to: events, replies, or work that is done outside the lock."""

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any

from chatroom.model.commands import (
    Alert,
    AskAccount,
    AskAllNames,
    AskCounts,
    AskHistory,
    AskInvitations,
    AskList,
    AskMarker,
    AskModes,
    AskNames,
    AskRooms,
    AskSearch,
    AskServerBans,
    AskServers,
    AskTargets,
    AskTopic,
    AskUptime,
    AskUsers,
    AskWatched,
    AskWho,
    AskWhois,
    AskWhowas,
    Ban,
    BanFromServer,
    BecomeOperator,
    Burst,
    Checked,
    CloseGhost,
    DropAccount,
    Enter,
    Expire,
    Hashed,
    Invite,
    Join,
    Kick,
    Kill,
    Leave,
    LeaveAll,
    LogIn,
    LogOut,
    MakeAccount,
    MarkRead,
    Quit,
    Redact,
    Register,
    Reload,
    Rename,
    Reread,
    Say,
    SetAway,
    SetFormat,
    SetModes,
    SetPassword,
    SetRealname,
    SetReplay,
    SetTopic,
    SetUserModes,
    Unban,
    UnbanFromServer,
    Unwatch,
    Watch,
)
from chatroom.model.events import Event
from chatroom.model.replies import Reply
from chatroom.model.values import value


@value
class HistoryQuery:
    """A question for the history, allowed to ask: in these places, by key, with their names.

    `opened` has the ids of the events by which these rooms were opened, by key. `account` is whose conversations are
    to be looked at too, "" if nobody's; `since` is the id of the event by which the asker's account was made.
    """

    ask: AskHistory | AskTargets | AskSearch
    places: dict[str, str]
    opened: dict[str, int] = field(default_factory=dict)
    account: str = ""
    since: int = 0  # what was said between two people before is not this account's own


@value
class Deferred:
    """What takes its time: it is done without the log's lock, in the client's own thread, and never fails.

    The command that comes of it is carried out next.
    """

    do: Callable[[], "Command"]
    count: Callable[[Any], None] = lambda command: None  # is told what came of it, though the client has left


@value
class Labelled(Reply):
    """Commands whose answers a client wants to know from everything else by a label: IRCv3 labeled-response.

    As a command it holds `commands`; once they are carried out, `told` is what this client is told of it.
    """

    label: str
    commands: Iterator["Command"]
    told: tuple["Reply | Event", ...] = ()


Command = (
    Enter
    | Register
    | Rename
    | Join
    | Leave
    | Say
    | Burst
    | SetTopic
    | SetAway
    | Quit
    | SetFormat
    | AskTopic
    | AskNames
    | AskRooms
    | AskWho
    | AskWhois
    | AskModes
    | AskUsers
    | AskHistory
    | AskTargets
    | AskSearch
    | Kick
    | Ban
    | Unban
    | BanFromServer
    | UnbanFromServer
    | Expire
    | AskServerBans
    | Invite
    | SetModes
    | SetUserModes
    | SetRealname
    | BecomeOperator
    | Kill
    | Alert
    | Reload
    | Reread
    | Watch
    | Unwatch
    | AskWhowas
    | AskList
    | AskInvitations
    | AskCounts
    | AskServers
    | AskUptime
    | AskWatched
    | AskAllNames
    | LeaveAll
    | MakeAccount
    | LogIn
    | LogOut
    | SetPassword
    | SetReplay
    | DropAccount
    | CloseGhost
    | AskAccount
    | Checked
    | Hashed
    | MarkRead
    | AskMarker
    | Redact
    | Reply
)
Outcome = Event | Reply | HistoryQuery | Deferred
