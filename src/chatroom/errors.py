"""What a client can do wrong, as values.

A `ChatError` says that a client asked for what it can't have. It carries a code and what the code is about, never a
sentence: each dialect has a table that turns a code into its own words (an English sentence, an IRC numeric).
A mistake inside the program is never a `ChatError`; that is what `assert` and the built-in exceptions are for.
"""

from enum import Enum


class Code(Enum):
    """The reasons to refuse. The comment says what stands in `ChatError.about`, in order."""

    UNKNOWN_COMMAND = "unknown-command"  # command
    TOO_FEW_PARAMETERS = "too-few-parameters"  # command
    NOT_REGISTERED = "not-registered"
    ALREADY_REGISTERED = "already-registered"
    NICK_MISSING = "nick-missing"
    NICK_BAD = "nick-bad"  # nick, a `names.Fault`'s value
    NICK_TAKEN = "nick-taken"  # nick
    NO_SUCH_NICK = "no-such-nick"  # nick
    ROOM_BAD = "room-bad"  # room
    NO_SUCH_ROOM = "no-such-room"  # room
    NOT_IN_ROOM = "not-in-room"  # room
    NOT_YOURS = "not-yours"  # somebody else's modes
    CANNOT_SEND = "cannot-send"  # room
    TOO_MANY_ROOMS = "too-many-rooms"  # room
    NO_RECIPIENT = "no-recipient"  # command
    NO_TEXT = "no-text"
    TOPIC_TOO_LONG = "topic-too-long"
    LINE_TOO_LONG = "line-too-long"
    LINE_NOT_UTF8 = "line-not-utf8"
    NO_HISTORY = "no-history"  # command, target: none that is for this client
    HISTORY_FAILED = "history-failed"  # command, target
    NOTHING_KEPT = "nothing-kept"  # this server has no history
    STAYS_IN_LOBBY = "stays-in-lobby"  # room


class ChatError(Exception):
    """A client asked for something it can't have: `code` says why, `about` holds the client's own words for it."""

    def __init__(self, code: Code, *about: str) -> None:
        super().__init__(code, *about)
        self.code = code
        self.about = about
