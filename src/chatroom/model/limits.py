"""Limits that the rules and the protocols share."""

TOPIC_BYTES = 300  # a topic, its room and the room's size fit one line of LIST
AWAY_BYTES = 300  # likewise, with who is away
REASON_BYTES = 250  # likewise, with room, who was thrown out and who did it
REALNAME_BYTES = 110  # with nickname, user name, host and room it fits one WHO line
KEY_BYTES = 23  # RFC 2812 §2.3.1
ROOMS_PER_USER = 100  # rooms one user may be in: each departure is told in all of them
MODES_PER_LINE = 20  # changes with a parameter in one command, likewise
MASKS_PER_LIST = 100  # masks in one of a room's lists: each newcomer is held against all of them
# rooms and people of which is remembered how far one has read: the rooms one may be in, and as many people
READ_MARKERS_PER_USER = 200
MONITORED_NICKS_MAX = 100  # nicknames one client may watch
METADATA_KEYS = ("avatar", "color", "display-name", "homepage", "pronouns", "status")  # as IRCv3's registry has them
METADATA_VALUE_BYTES = 300  # of a value: it fits its line with a room and a name
IGNORED_MAX = 100  # masks that one person may ignore: each private message to them is held against all
WHOWAS_KEPT = 1000  # people that have gone and are remembered for WHOWAS
WRONG_PASSWORDS_PER_CONNECTION = 3  # wrong passwords a connection, after which it is closed
PASSWORD_MIN_CHARACTERS = 8  # characters: who has read the secrets from the file guesses without any limit
PASSWORD_MAX_BYTES = 300  # fits a line with what is around it: IRCv3 account-registration
BACKLOG_EVENTS = 8192  # events that may wait for the courier before those who cause more of it wait too
RECENT_MESSAGES = 50  # messages shown to whoever joins a room: about what fits two screens
RECENT_CHARACTERS = 16 * 1024  # characters of these, once there are long ones: made-up rooms must not fill memory
RECENT_SHORT_CHARACTERS = 300  # characters of a message that is not long: 50 of them are about as many
DORMANT_ROOMS_MAX = 1000  # rooms without members whose topic, recent messages and bans are held in memory
HISTORY_EVENTS_PER_ANSWER = 200  # events in one answer: they are rendered under the log's lock, at some 5 µs each
REST_SECONDS = 0.0005  # seconds between two slices of work that takes long, in which others get the lock
