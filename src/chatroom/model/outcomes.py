"""All commands there are, and what they lead to: events, replies, or work that is done outside the lock."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import field
from typing import Any

from chatroom.model.commands import AskHistory, AskSearch, AskTargets, ChatCommand, SessionCommand
from chatroom.model.entities import Session
from chatroom.model.events import Event
from chatroom.model.replies import Reply
from chatroom.model.social_commands import AskMentions
from chatroom.model.values import value


@value
class HistoryQuery:
    """A question for the history, allowed to ask: in these places, by key, with their names.

    `opened` has the ids of the events by which these rooms were opened, by key. `account` is whose conversations are
    to be looked at too, "" if nobody's; `since` is the id of the event by which the asker's account was made.
    """

    ask: AskHistory | AskTargets | AskSearch | AskMentions
    places: dict[str, str]
    opened: dict[str, int] = field(default_factory=dict)
    account: str = ""
    since: int = 0  # what was said between two people before is not this account's own
    ignored: tuple[str, ...] = ()  # masks of those who are not to be heard
    seen: dict[str, int] = field(default_factory=dict)  # up to which id places were seen, by key


@value
class Deferred:
    """Work that is done without the log's lock, in the client's own thread, and never fails.

    The command that comes of it is carried out next.
    """

    do: Callable[[], "Command"]
    count: Callable[[Any], None] = lambda command: None  # is told what came of it, though the client has left


# The steps of a `Survey`, each of which looks at one person or room. What is sent to them says whether their time is
# over: then they return what they have found so far.
Steps = Generator[None, bool | None, Reply]
Preparing = Generator[None, bool | None, "Command"]  # likewise of a `Preparation`, which always goes to its end


@value
class Survey:
    """A question about many people or rooms, answered in steps.

    The event log takes the steps under its lock. If they take long, others get the lock in between.
    """

    steps: Steps


@value
class Preparation:
    """What a command has to find out about many people or rooms, in steps as those of a `Survey`.

    The command that comes of it is carried out next.
    """

    steps: Preparing


@value
class ReplyToOther:
    """A reply to another client than the one whose command it was."""

    session: Session
    reply: Reply


@value
class Labelled(Reply):
    """Commands whose answers a client wants to know from everything else by a label: IRCv3 labeled-response.

    As a command it holds `commands`; once they are carried out, `told` is what this client is told of it.
    """

    label: str
    commands: Iterator["Command"]
    told: tuple["Reply | Event", ...] = ()


Command = ChatCommand | SessionCommand | Reply  # a reply is a protocol's own answer, which keeps its place
Outcome = Event | Reply | ReplyToOther | HistoryQuery | Survey | Deferred | Preparation
