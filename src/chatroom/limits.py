"""Every limit of the program, with its reason."""

# ---- names and texts
NICK_LENGTH = 32  # characters; IRC clients lay out columns by it
ROOM_LENGTH = 50  # characters, the # included: the customary CHANNELLEN
TOPIC_BYTES = 390  # a topic and its head fit one IRC line
AWAY_BYTES = 390  # likewise
REASON_BYTES = 390  # likewise
HOST_LENGTH = 46  # characters; the longest address there is, and a 0 before one that begins with a colon
USERNAME_LENGTH = 10  # characters; the customary USERLEN
REALNAME_BYTES = 150  # with nickname, user name, host and room it fits one WHO line
LABEL_BYTES = 64  # IRCv3 labeled-response
KEY_BYTES = 23  # RFC 2812 §2.3.1
MASK_BYTES = 200  # a mask, its room and who set it fit one line
PLAIN_LINE = 4096  # bytes; about a screen of text. Longer lines are refused, never cut

# ---- people
ROOMS_A_USER = 100  # rooms one user may be in: each departure is told in all of them
TARGETS = 20  # rooms or people in one command: one line may not become a flood
MODES_A_LINE = 20  # changes with a parameter in one command, likewise
NAMES_LISTED = 1000  # people in an answer to NAMES without a room: about 20 KiB
LIST_LENGTH = 100  # masks in one of a room's lists: each newcomer is held against all of them
WATCHED = 100  # nicknames one client may watch
WHOWAS = 1000  # people that have gone and are remembered for WHOWAS
PASSWORD_TRIES = 3  # wrong passwords a connection, after which it is closed

# ---- the courier
OUTBOX = 1024 * 1024  # bytes a client may be behind: a slow phone survives a burst
BATCH = 256  # events in a batch: enough to share a send, and at 4 KiB each no more than an outbox
BACKLOG = 8192  # events that may wait for the courier before those who cause more of it wait too
PRESSED = OUTBOX // 4  # bytes behind, from which on a client that keeps reading is waited for
READING = 0.2  # seconds since a client last took bytes, within which it counts as reading
EASE = 0.02  # seconds that a batch waits for pressed readers: a flood slows down to what they can read, but never to
# less than BATCH / EASE, 12,800 messages a second, so that nobody can hold up a room by reading slowly
SEND_BUFFER = 64 * 1024  # bytes of SO_SNDBUF: left alone, the kernel's grows to 4 MiB a socket

# ---- connections
PORT = 9090
ACCEPT_QUEUE = 1024  # connections that wait to be accepted: socketserver's 5 makes a join storm take minutes
READ_SIZE = 16 * 1024  # bytes handled in one go: some 200 lines, a few milliseconds under the log's lock
SILENCE = 0.3  # seconds of it, after which a newcomer is taken for a person with netcat
THREAD_STACK = 256 * 1024  # bytes; virtual memory only, but 10,000 threads add up where it is limited
SWITCH = 0.0005  # seconds a thread may keep the interpreter while others wait; the default, 5 ms, adds up in a flood
GARBAGE = 50_000  # objects made before the collector looks for cycles: messages make none, and walking them costs 3 %
DRAIN = 5.0  # seconds that a stopping server waits for its clients to read what is left
