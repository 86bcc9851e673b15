"""What the rules work with, in one object that is handed to each of them.

- A decider takes the context, the client's session and its command. It changes nothing, and returns what follows, or
  raises `ChatError`.
- A handler is called likewise. It changes at once what concerns the session alone.
- An applier takes the context, an event, and the delivery by which clients are told of it. Nothing else tells them.
"""

import secrets
from collections.abc import Callable
from typing import Any

from chatroom.common.cloaks import KEY_BYTES, Cloaks
from chatroom.core.login_throttle import LoginThrottle
from chatroom.core.passwords import Passwords
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session
from chatroom.model.limits import RECENT_MESSAGES
from chatroom.model.outcomes import Outcome
from chatroom.model.state import ChatState


class Context:
    """The state of the chat, and what belongs to this server alone: clocks, settings, throttles.

    `clock` gives the time by which the log goes; `steady` one that nobody sets, for what is counted here alone.
    """

    __slots__ = (
        "account_days",
        "are_hidden",
        "cloaks",
        "clock",
        "is_saving",
        "keep_ms",
        "lasting",
        "operator_password",
        "operators",
        "password",
        "passwords",
        "reload",
        "replay_messages",
        "started",
        "state",
        "steady",
        "throttle",
    )

    def __init__(self, state: ChatState, clock: Callable[[], int], steady: Callable[[], int], lasting: bool) -> None:
        self.state = state
        self.clock = clock  # Unix milliseconds
        self.steady = steady  # milliseconds
        self.started = steady()
        self.lasting = lasting  # whether rooms and accounts outlive the server
        self.is_saving = True  # whether what is said is being saved, where it should be
        self.passwords = Passwords()
        self.throttle = LoginThrottle()
        self.cloaks = Cloaks(secrets.token_bytes(KEY_BYTES))
        self.are_hidden = False  # whether who comes is found by those alone who share a room, unless they say otherwise
        self.password = ""  # of the server; everybody is let in if it is ""
        self.operators: frozenset[str] = frozenset()  # accounts that the configuration names as such, folded
        self.operator_password = ""  # nobody becomes an operator of the server if it is ""
        self.replay_messages = RECENT_MESSAGES  # messages at most that who joins is shown
        self.account_days = 0  # days after which an account that nobody uses is freed; 0: never
        self.keep_ms = 0  # milliseconds after which what was said is shown no more; 0: never
        # Reads the configuration again, without the lock. Returns what puts it to use, under the lock; None if a file
        # can't be read.
        self.reload: Callable[[], Callable[[], None] | None] = lambda: lambda: None


# The rules' tables, by the type of command or event. Each function's own argument is of that type.
Decider = Callable[[Context, Session, Any], list[Outcome]]
Deciders = dict[type, Decider]
Handlers = Deciders
Appliers = dict[type, Callable[[Context, Any, Delivery], None]]
