"""Why a client is refused something, as codes.

A `ChatError` says that a client has asked for something it can't have. It has a code and parameters, never a sentence:
each dialect has a table that turns a code into words of its own (an English sentence, an IRC numeric). A bug of the
program is never a `ChatError`: for these are `assert` and the built-in exceptions.
"""

from enum import Enum


class Code(Enum):
    """The reasons to refuse something. The comments say what is in `ChatError.about`, in order."""

    UNKNOWN_COMMAND = "unknown-command"  # command
    TOO_FEW_PARAMETERS = "too-few-parameters"  # command, what it needs (IRC's own do without)
    NOT_REGISTERED = "not-registered"
    ALREADY_REGISTERED = "already-registered"
    NICK_MISSING = "nick-missing"
    NICK_BAD = "nick-bad"  # nick, a `names.Fault`'s value
    NICK_TAKEN = "nick-taken"  # nick
    NICK_LIKE = "nick-like"  # nick, the name that it looks like: of somebody here, or claimed
    NO_SUCH_NICK = "no-such-nick"  # nick
    ROOM_BAD = "room-bad"  # room
    NO_SUCH_ROOM = "no-such-room"  # room
    ROOM_EMPTY = "room-empty"  # room: kept for its owner, who asks, and nobody is in it
    NOT_IN_ROOM = "not-in-room"  # room
    NOT_YOURS = "not-yours"  # somebody else's modes
    CANNOT_SEND = "cannot-send"  # room, operators; one isn't in it
    MODERATED = "moderated"  # room, operators
    MUTED = "muted"  # room, operators, whose doing, until when (milliseconds, 0 for good), reason
    SILENT = "silent"  # room, operators; one may not speak there, and so not set its topic
    NO_CTCP = "no-ctcp"  # room or nick
    NOT_OPERATOR = "not-operator"  # room, operators: names with commas between, "" if none is here
    ROOM_NAME_TAKEN = "room-name-taken"  # room, the name that it can't have
    ROOM_NAME_STAYS = "room-name-stays"  # likewise; the room keeps its name for good
    ROOM_RENAMED_LATELY = "room-renamed-lately"  # likewise; it had another name a moment ago
    NOT_SERVER_OPERATOR = "not-server-operator"
    PASSWORD_NEEDED = "password-needed"
    WRONG_PASSWORD = "wrong-password"
    OPERATOR_CONFIGURED = "operator-configured"  # account; it is named in the configuration
    ACCOUNT_RESERVED = "account-reserved"  # account; the configuration names it as an operator of the server
    OPERATORS_UNKNOWN = "operators-unknown"  # there is no operator's password
    THEY_ARE_NOT_IN_ROOM = "they-are-not-in-room"  # nick, room
    THEY_ARE_IN_ROOM = "they-are-in-room"  # nick, room
    ROOM_FULL = "room-full"  # room, operators
    INVITED_ONLY = "invited-only"  # room, operators
    BANNED = "banned"  # room, operators, whose doing, until when (milliseconds, 0 for good), reason
    BANNED_THERE = "banned-there"  # likewise; one is in the room, and may not speak
    SLOW = "slow"  # room, operators, seconds between two messages, seconds until the next may come
    NOT_BANNED = "not-banned"  # room or "", who
    THAT_IS_YOU = "that-is-you"  # one would ban oneself
    NICK_HELD = "nick-held"  # nick, room; one is banned or muted there, and must not slip out of it
    LOGOUT_HELD = "logout-held"  # room; likewise
    NICK_BANNED = "nick-banned"  # nick, until when (milliseconds, 0 for good), reason
    BANNED_HERE = "banned-here"  # from the server; until when (milliseconds, 0 for good), reason
    BANS_FULL = "bans-full"  # there are too many of the server
    KEY_NEEDED = "key-needed"  # room, operators
    KEY_WRONG = "key-wrong"  # room, operators
    KEY_TOO_OFTEN = "key-too-often"  # room
    MODE_UNKNOWN = "mode-unknown"  # letter, room
    USER_MODE_UNKNOWN = "user-mode-unknown"
    NICK_RESERVED = "nick-reserved"  # nickname
    ROOM_LIKE = "room-like"  # name: it looks like that of another room
    MASK_STARS = "mask-stars"  # target, letter, mask, how many stars there may be
    ADDRESS_HIDDEN = "address-hidden"  # target, letter, parameter: a mask of addresses, which nobody else may see
    MODE_PARAMETER = "mode-parameter"  # target, letter, parameter
    LIST_FULL = "list-full"  # room, letter
    MASKS_FULL = "masks-full"  # room, letter; too many were set in all rooms, from one address or in all
    WATCHING_TOO_MANY = "watching-too-many"  # nicks
    NO_ORIGIN = "no-origin"  # a PING without a token
    NO_SUCH_SERVER = "no-such-server"  # name
    NICK_CLAIMED = "nick-claimed"  # nick; it is somebody's account
    ACCOUNT_EXISTS = "account-exists"  # account
    NO_SUCH_ACCOUNT = "no-such-account"  # account
    LOGIN_FAILED = "login-failed"  # account; or there is none of that name
    LOGIN_TOO_OFTEN = "login-too-often"
    LOGIN_BUSY = "login-busy"
    LOGGED_IN_ALREADY = "logged-in-already"  # account
    NOT_LOGGED_IN = "not-logged-in"
    PASSWORD_WEAK = "password-weak"
    PASSWORD_COMMON = "password-common"
    PASSWORD_BAD = "password-bad"
    ACCOUNTS_FULL = "accounts-full"  # no more of them, or no more from this address for now
    TOO_MANY_DEVICES = "too-many-devices"  # account
    NO_SUCH_DEVICE = "no-such-device"  # its number
    GHOST_LOGGED_IN = "ghost-logged-in"  # nick; who is logged in is no ghost
    NOT_A_GHOST = "not-a-ghost"  # nick; one's own connection
    REALNAME_BAD = "realname-bad"
    REALNAME_HELD = "realname-held"  # one may not speak in one of one's rooms
    TOO_MANY_TARGETS = "too-many-targets"  # those that nothing was done for
    TOO_MANY_ROOMS = "too-many-rooms"  # room
    NO_RECIPIENT = "no-recipient"  # command
    NO_TEXT = "no-text"
    TOPIC_TOO_LONG = "topic-too-long"
    AWAY_TOO_LONG = "away-too-long"
    LINE_TOO_LONG = "line-too-long"
    WORD_TOO_LONG = "word-too-long"
    LINE_NOT_UTF8 = "line-not-utf8"
    PASSWORD_ALOUD = "password-aloud"
    NO_SUCH_SETTING = "no-such-setting"  # setting
    NO_SUCH_LANGUAGE = "no-such-language"  # what was asked for, the tags of those that there are
    NO_HISTORY = "no-history"  # command, target: none that is for this client
    HISTORY_FAILED = "history-failed"  # command, target
    COUNT_BAD = "count-bad"  # what was meant as one
    TIME_BAD = "time-bad"  # what was meant as one
    NOTHING_KEPT = "nothing-kept"  # this server has no history
    NOTHING_TO_READ = "nothing-to-read"  # target: neither a room's name nor a person's
    NOT_YOURS_TO_REDACT = "not-yours-to-redact"  # target
    MAY_NOT_REDACT = "may-not-redact"  # target, message's id
    NO_SUCH_MESSAGE = "no-such-message"  # target, message's id
    NO_STRANGERS = "no-strangers"  # nick; who takes messages only of those who are logged in
    WAITING_FULL = "waiting-full"  # nick, for whom too much waits already
    IGNORING_TOO_MANY = "ignoring-too-many"  # mask
    NOT_IGNORED = "not-ignored"  # who
    METADATA_TARGET = "metadata-target"  # target, of which nothing can be told
    METADATA_KEY = "metadata-key"  # key, which there is not
    METADATA_VALUE = "metadata-value"  # key, whose value it can't be
    METADATA_NOT_SET = "metadata-not-set"  # target, key
    METADATA_NOT_YOURS = "metadata-not-yours"  # target, key, or * for all
    NOTHING_TO_REACT_TO = "nothing-to-react-to"  # target, message's id
    NOTHING_SAID = "nothing-said"  # room, nick; no message of theirs is remembered there
    REACTION_BAD = "reaction-bad"  # target, how many bytes it may have
    REACTIONS_FULL = "reactions-full"  # target, message's id
    STAYS_IN_LOBBY = "stays-in-lobby"  # room
    RELOAD_FAILED = "reload-failed"  # a file can't be read; the log says which
    LINK_DOWN = "link-down"  # the one to the other servers
    SPOOL_FULL = "spool-full"  # what can be kept until the link is back is kept


class ChatError(Exception):
    """A client has asked for something it can't have: `code` says why, `about` has the parameters of the code."""

    def __init__(self, code: Code, *about: str) -> None:
        super().__init__(code, *about)
        self.code = code
        self.about = about
