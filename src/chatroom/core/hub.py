"""The rules of the chat, put together. No sockets, no wire text.

- `decide` reads the state and changes nothing: a command becomes the events it causes and the replies it gets, or a
  `ChatError` says why not.
- A command that concerns the connection it came from changes that at once, by a handler. Only what it means for others
  is an event.
- `apply` changes the state from the event alone, always in the same way, and hands it on with its audience to the
  delivery that it is given. It never blocks and never fails: an event that makes no sense any more is dropped.
- All of it runs under the log's lock.

The rules themselves are in the other files, by topic. Each has tables of what it decides, handles and applies.
"""

from collections.abc import Callable

from chatroom.core import (
    account_use,
    accounts,
    away,
    bans,
    connections,
    departures,
    devices,
    guesses,
    history_access,
    ignoring,
    languages,
    membership,
    mentions,
    messaging,
    metadata,
    moderation,
    monitor,
    operator_accounts,
    profile,
    queries,
    reactions,
    read_markers,
    redaction,
    registration,
    renaming,
    server_operators,
    staying,
    waiting,
)
from chatroom.core.context import Appliers, Context, Deciders, Handlers
from chatroom.model.commands import Burst, ChatCommand
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session
from chatroom.model.events import Event, Said
from chatroom.model.outcomes import Command, Outcome
from chatroom.model.replies import Reply
from chatroom.model.state import ChatState

DECIDER_TABLES: tuple[Deciders, ...] = (
    account_use.DECIDERS,
    accounts.DECIDERS,
    away.DECIDERS,
    bans.DECIDERS,
    devices.DECIDERS,
    history_access.DECIDERS,
    ignoring.DECIDERS,
    membership.DECIDERS,
    mentions.DECIDERS,
    metadata.DECIDERS,
    messaging.DECIDERS,
    moderation.DECIDERS,
    monitor.DECIDERS,
    operator_accounts.DECIDERS,
    profile.DECIDERS,
    queries.DECIDERS,
    reactions.DECIDERS,
    read_markers.DECIDERS,
    redaction.DECIDERS,
    renaming.DECIDERS,
    registration.DECIDERS,
    server_operators.DECIDERS,
)
HANDLER_TABLES: tuple[Handlers, ...] = (
    accounts.HANDLERS,
    connections.HANDLERS,
    guesses.HANDLERS,
    metadata.HANDLERS,
    languages.HANDLERS,
    monitor.HANDLERS,
    reactions.HANDLERS,
    read_markers.HANDLERS,
    server_operators.HANDLERS,
    waiting.HANDLERS,
)
APPLIER_TABLES: tuple[Appliers, ...] = (
    account_use.APPLIERS,
    accounts.APPLIERS,
    away.APPLIERS,
    bans.APPLIERS,
    departures.APPLIERS,
    devices.APPLIERS,
    guesses.APPLIERS,
    ignoring.APPLIERS,
    metadata.APPLIERS,
    languages.APPLIERS,
    membership.APPLIERS,
    messaging.APPLIERS,
    moderation.APPLIERS,
    operator_accounts.APPLIERS,
    profile.APPLIERS,
    read_markers.APPLIERS,
    reactions.APPLIERS,
    redaction.APPLIERS,
    renaming.APPLIERS,
    registration.APPLIERS,
    server_operators.APPLIERS,
    staying.APPLIERS,
    waiting.APPLIERS,
)


class Hub:
    """The state of the chat, and what commands and events do to it."""

    def __init__(
        self,
        clock: Callable[[], int],
        lasting: bool = False,
        name: str = "chatroom.local",
        steady: Callable[[], int] | None = None,
    ) -> None:
        """`lasting` says whether anything of a room outlives its last member; `name` is the server's.

        `clock` and `steady` are explained in `Context`.
        """
        self.state = ChatState(name, lasting)
        self.context = Context(self.state, clock, steady or clock, lasting)
        self._deciders: Deciders = {kind: rule for table in DECIDER_TABLES for kind, rule in table.items()}
        self._handlers: Handlers = {kind: rule for table in HANDLER_TABLES for kind, rule in table.items()}
        self._appliers: Appliers = {kind: rule for table in APPLIER_TABLES for kind, rule in table.items()}

    def outcomes(self, session: Session, command: Command) -> list[Outcome]:
        """What any command leads to; raises `ChatError` if it is refused."""
        kind = type(command)
        rule = self._deciders.get(kind) or self._handlers.get(kind)
        if rule is None:
            assert isinstance(command, Reply)  # a protocol's own answer, keeping its place among the others
            return [command]
        return rule(self.context, session, command)

    def decide(self, session: Session, command: ChatCommand) -> list[Outcome]:
        """What a command of the chat leads to; changes nothing."""
        return self._deciders[type(command)](self.context, session, command)

    def apply(self, event: Event, delivery: Delivery) -> None:
        self._appliers[type(event)](self.context, event, delivery)

    def burst(self, session: Session, command: Burst) -> list[Said] | None:
        """The messages of a burst; None if each must be decided for itself."""
        return messaging.burst(self.context, session, command)

    def apply_burst(self, said: list[Said], delivery: Delivery) -> None:
        """The same as `apply` for each, all of them being by one person to one room."""
        messaging.apply_burst(self.context, said, delivery)
