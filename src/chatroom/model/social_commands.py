"""Commands about talk between people: reactions, whom one ignores, what waits for whom."""

from chatroom.model.commands import ChatCommand, SessionCommand
from chatroom.model.values import value


@value
class React(ChatCommand):
    """Put a reaction to a message, or take it back. `to` is the message's id, or whose last one it is."""

    target: str
    to: int | str
    reaction: str
    on: bool = True
    tags: str = ""  # as the client has written them: what can't be kept is passed on


@value
class Ignore(ChatCommand):
    """Be told nothing any more of what somebody says to one alone, or again if not `on`. `who` is a name or a mask."""

    who: str
    on: bool = True


@value
class AskIgnored(ChatCommand):
    """Whom one ignores."""


@value
class NoteReceived(SessionCommand):
    """Note that what has waited for people is with them. For the server itself."""


@value
class TellReactions(SessionCommand):
    """Tell those who read sentences which reactions there are since the last time. For the server itself."""


@value
class AskMentions(ChatCommand):
    """Where one was named. `limit` messages, the newest; or how many there are of each room, with `count`.

    Only what was said from a time on (milliseconds) counts.
    """

    limit: int
    count: bool = False
    after: int = 0
    verb: str = "MENTIONS"
    target: str = ""


@value
class SetMetadata(ChatCommand):
    """Set something about oneself, or about a room; None removes it. `target` is "*" for oneself: IRCv3 metadata."""

    target: str
    key: str
    value: str | None


@value
class ClearMetadata(ChatCommand):
    target: str


@value
class AskMetadata(ChatCommand):
    """What is set about somebody or a room: these keys, or all if none; with `subscribed`, those that one follows."""

    target: str
    keys: tuple[str, ...] = ()
    subscribed: bool = False


@value
class FollowKeys(SessionCommand):
    """Be told when these keys change, or no more; without keys, which one follows."""

    keys: tuple[str, ...] = ()
    on: bool = True
