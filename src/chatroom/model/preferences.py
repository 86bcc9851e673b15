"""Commands by which people choose what they are told, and how. With an account, the choice is kept."""

from chatroom.model.commands import ChatCommand, SessionCommand
from chatroom.model.values import Via, value


@value
class SetReplay(SessionCommand):
    """Be told what was said in a room before one joins it, or not; with an account, wherever one logs in to it."""

    on: bool
    via: Via = Via.COMMAND


@value
class SetStay(ChatCommand):
    """Stay in one's rooms, away, when one's last device goes, or not. Only for who is logged in."""

    on: bool
    via: Via = Via.COMMAND


@value
class AskStay(ChatCommand):
    """Whether one stays."""


@value
class SetStrangers(ChatCommand):
    """Let people who are not logged in write to one alone, or not. It is answered also when it was so already."""

    on: bool


@value
class AskSettings(ChatCommand):
    """What has been set of all that people can set."""


@value
class SetLanguage(SessionCommand):
    """Read the first of these languages from now on; with an account, wherever one logs in to it. By their tags.

    Without any, be told which there are.
    """

    tags: tuple[str, ...]
