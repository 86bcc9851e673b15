"""Every limit of the program, with its reason."""

# ---- names and texts
# An IRC line has 512 bytes, and is to tell of anything, with the longest names there are.
NICK_LENGTH = 32  # characters; IRC clients lay out columns by it
NICK_BYTES = 64  # 32 letters of Latin, Cyrillic or Arabic, 21 of Chinese; a line may bear three names and a text
ROOM_LENGTH = 50  # characters, the # included: the customary CHANNELLEN
ROOM_BYTES = 64  # likewise
SERVER_BYTES = 63  # RFC 2812 §2.3.1
DESCRIPTION_BYTES = 100  # of the server: a sentence, one line of LINKS
TOPIC_BYTES = 300  # a topic, its room and the room's size fit one line of LIST
AWAY_BYTES = 300  # likewise, with who is away
REASON_BYTES = 250  # likewise, with room, who was thrown out and who did it
GOODBYE_BYTES = 450  # what somebody without a name is told at the end: why they are banned, and how long; one line
HOST_LENGTH = 46  # characters; the longest address there is, and a 0 before one that begins with a colon
USERNAME_LENGTH = 10  # characters; the customary USERLEN
REALNAME_BYTES = 110  # with nickname, user name, host and room it fits one WHO line
LABEL_BYTES = 64  # IRCv3 labeled-response
KEY_BYTES = 23  # RFC 2812 §2.3.1
MASK_BYTES = 160  # a mask, its room and who set it fit one line
MULTILINE_LINES = 32  # in a message of many lines: as much as a screen shows
MULTILINE_BYTES = 4096  # in it, likewise
MARKS = 8  # combining marks on one character: no language stacks as many, and towers deface the lines around them
CLUSTER = 32  # characters that are read as one; no language and no emoji needs half as many
PLAIN_LINE = 4096  # bytes; about a screen of text. Longer lines are refused, never cut
MESSAGE_BYTES = PLAIN_LINE  # in one PRIVMSG or NOTICE: many programs send more than a line holds

# ---- people
ROOMS_A_USER = 100  # rooms one user may be in: each departure is told in all of them
TARGETS = 20  # rooms or people in one command: one line may not become a flood
MODES_A_LINE = 20  # changes with a parameter in one command, likewise
NAMES_LISTED = 1000  # people in an answer to NAMES without a room: about 20 KiB
LIST_LENGTH = 100  # masks in one of a room's lists: each newcomer is held against all of them
SERVER_BANS = 1000  # each newcomer is held against all of them that are not addresses
BAN_LONGEST = 366 * 86_400  # seconds; longer ones are for good
LIMIT_MOST = 999_999_999  # members that a room may be limited to: more than there will be, and still a short number
TIME_DIGITS = 6  # of a time such as 90m: what is longer is a slip, and refused, and no ban for good
SLOW_MOST = 3600  # seconds between two messages of one member
SLOW_KEPT = 1000  # people of whom a slow room remembers when they spoke, before it forgets those who may speak again
TOLD = 1000  # answers that wait for the console to show them
ENDS = 1000  # ends of bans that have been lifted before, held besides twice those that will come
DEEDS = 1000  # of operators, that wait to be written to the log
OPERATORS_NAMED = 5  # in a refusal: enough to know whom to ask
WATCHED = 100  # nicknames one client may watch
MARKERS = (
    200  # rooms and people of which is remembered how far one has read: the rooms one may be in, and as many people
)
WHOWAS = 1000  # people that have gone and are remembered for WHOWAS
PASSWORD_TRIES = 3  # wrong passwords a connection, after which it is closed

# ---- accounts
PASSWORD_LEAST = 6  # characters: at three guesses a minute that is enough
PASSWORD_BYTES = 300  # fits a line with what is around it: IRCv3 account-registration
SCRYPT = (1 << 15, 8, 1)  # N, r, p: 32 MiB and about 0.1 s for each guess
SCRYPTS = 2  # computations at a time: they take 32 MiB each, and cores that the chat needs
SCRYPT_WAIT = 10.0  # seconds that one waits for its turn: some hundred may log in at once
LOGIN_TRIES = 3  # wrong passwords within `LOGIN_SPAN`, for an account and from an address
LOGIN_SPAN = 60_000  # milliseconds
LOGIN_REMEMBERED = 10_000  # accounts, and addresses, whose tries are counted at a time
CLAIMS = 60  # accounts made from one address within `CLAIM_SPAN`: a class or two behind one NAT
CLAIM_SPAN = 3_600_000  # milliseconds
ACCOUNTS = 100_000  # in all; each takes about 1 KiB of memory
ROOMS_OWNED = 50  # by one account: each is remembered for good
SASL_CHUNK = 400  # characters of one AUTHENTICATE: IRCv3 sasl
SASL_CHUNKS = 4  # in one message: a name and a password of `PASSWORD_BYTES` need two

# ---- the courier
OUTBOX = 1024 * 1024  # bytes a client may be behind: a slow phone survives a burst
BATCH = 1024  # events in a batch: a send costs as much as 4 KiB in it, so it should be many times that
PARCEL = OUTBOX // 4  # bytes sent to one member after another; of more, all get a part before anybody gets the next
BACKLOG = 8192  # events that may wait for the courier before those who cause more of it wait too
PRESSED = OUTBOX // 4  # bytes behind, from which on a client that keeps reading is waited for
READING = 0.2  # seconds since a client last took bytes, within which it counts as reading
EASE = 1024 * 1024  # bytes a second: a flood slows down to what pressed readers can read, but never to less than this,
# so that nobody can hold up a room by reading slowly
STUMBLE = 0.1  # seconds that the courier waits after a mistake that may come again at once
LITTER = 2000  # chunks of abandoned outboxes that are counted off at a time: a third of a millisecond
SEND_BUFFER = 64 * 1024  # bytes of SO_SNDBUF: left alone, the kernel's grows to 4 MiB a socket
SEND_AHEAD = 16 * 1024  # bytes of it that may wait to be sent (TCP_NOTSENT_LOWAT): what is put there costs a call for
# each client and message, what is put by here next to nothing; so who never reads is a burden for a moment only

OUTBOX_UNNAMED = 4 * 1024  # before registration; unread replies to nobody exhausted Redis (CVE-2025-21605)
OUTBOXES = 512 * 1024 * 1024  # bytes in all outboxes together: 10,000 stuck clients must not eat the machine
STUCK = 30  # seconds in which a client that is behind must take something

# ---- connections
PORT = 9090
CLIENTS = 10_000  # a thread each; refused with a sentence beyond
SPARE_DESCRIPTORS = 256  # of RLIMIT_NOFILE, kept for what is not a client; a quarter where there are few
TURNED_AWAY = 32  # clients at once that are told in their own language why they can't stay: each takes a thread for
# some 0.3 s (`HANDSHAKE` at most), and one of `SPARE_DESCRIPTORS`. The others are told in a line that all understand
ADDRESS_LIVE = 64  # clients from one address; a class behind one NAT is welcome, a flood is not
ADDRESS_RATE = 128  # connections from one address in a minute
ACCEPT_PAUSE = (0.01, 1.0)  # seconds to wait when nobody can be accepted: doubled from the first to the second
REGISTRATION = 30  # seconds in all to choose a name, however the bytes drip in (slowloris)
HANDSHAKE = 10  # seconds in all for a TLS handshake: a few round trips and a signature
PING_AFTER = 90  # seconds of silence, after which an IRC client is asked for a sign of life
DROP_AFTER = 150  # seconds of silence, after which it is gone
TICK = 1.0  # seconds between two looks at the deadlines
STOPPED = 5.0  # seconds that such a look is late, from which on it is the server that was away, not its clients
ENDINGS = 10  # connections whose time has run out that are ended at once; each takes its thread some 0.3 ms
ENDINGS_PAUSE = 0.01  # seconds in between, for the others
ENDINGS_RIDE = 0.02  # seconds for which those who read nothing wait for a message to leave along with
ENDINGS_STEPS = 50  # a crowd is ended in so many groups: it takes its time, but does not stay much longer than it may
KEEPALIVE = (90, 15, 4)  # seconds before the first probe and between probes, probes: netcat answers no PING, TCP does
FLOOD_BURST = 10  # lines at once; a client that comes in sends about that many
FLOOD_RATE = 4.0  # lines a second after that: nobody types faster, and nobody reads faster
FREE_LINES = 64  # CAP and AUTHENTICATE before registration that cost nothing of that: all capabilities, one by one
FREE_BYTES = 512  # in one of them; a longer one is as costly as any other
ACCEPT_QUEUE = 1024  # connections that wait to be accepted: socketserver's 5 makes a join storm take minutes
READ_FIRST = 2048  # bytes asked for where little comes: a client that only listens waits with that much allocated
READ_SIZE = 16 * 1024  # bytes handled in one go: some 200 lines, a few milliseconds under the log's lock
SILENCE = 0.3  # seconds of it, after which a newcomer is taken for a person with netcat
THREAD_STACK = 256 * 1024  # bytes; virtual memory only, but 10,000 threads add up where it is limited
SWITCH = 0.0005  # seconds a thread may keep the interpreter while others wait; the default, 5 ms, adds up in a flood
SWITCH_EACH = 0.000_005  # seconds for each thread that reads: all that wait wake up once in that time, at 0.6 µs each,
SWITCH_MOST = 0.02  # and thousands would do nothing else. No turn is longer than this
ARENAS = 2  # of malloc: each keeps what it once needed, and with 8 a processor they come to 50 MB in a few hours
GARBAGE = 50_000  # objects made before the collector looks for cycles: messages make none, and walking them costs 3 %
DRAIN = 5.0  # seconds that a stopping server waits for its clients to read what is left
STOP = 8.0  # seconds in all until a server has stopped, whatever hangs: the program is to end within 10
CLOSING = 1.0  # seconds of these, or besides, that are left for closing the files

# ---- history
WHISPERS = 1000  # private messages held so that they can be taken back; their memory is a few hundred KiB
RECENT = 50  # messages shown to whoever joins a room: about what fits two screens
ABSENT = 20_000  # times that somebody left a room, of which is remembered what they saw last: some 3 MB, twice
# that before the oldest are forgotten
ABSENT_LOOK = 1000  # events of one room that are looked at for it at the start, and `ABSENT` in all: some 0.1 s
EMPTY_ROOMS = 1000  # rooms without members whose topic, recent messages and bans are held in memory
PLACES = 10_000  # places whose number in the file is remembered: whoever makes up rooms must not fill the memory
RESERVE = 1_000_000  # ids reserved at a time: a second's worth of the clock that they follow
UNSAVED = 16 * 1024 * 1024  # bytes held in memory while they can't be saved: some 100,000 messages
UNSAVED_SETTINGS = 4 * 1024 * 1024  # bytes more for what rooms, accounts and bans have become meanwhile: some 8,000
SETTING = 500  # bytes that one of these takes at most, about: a mask, a reason, who did it
BUSY = 1.0  # seconds that saving waits for another process, whose transactions are a few milliseconds long
RETRY_FIRST = 1.0  # seconds until saving is tried again after a failure; then twice as long each time,
RETRY_MOST = 30.0  # up to this
ROUND = 1.0  # seconds between the keeper's rounds; twice as long each time while nothing is said,
ROUND_MOST = 4.0  # up to this; what is said then ends the rest
PRUNE = 60.0  # seconds between two looks for what is too old, where nothing is said
CHECKPOINT = 4 * 1024 * 1024  # bytes of the database's log that are moved into the file; at 16 times that, at once
HISTORY_MOST = 200  # events in one answer: they are rendered under the log's lock, at some 5 µs each
LOOKUPS = 4  # look-ups at a time: the more there are, the less is left for the chat
FENCE = 5.0  # seconds that a look-up waits until all that has happened before it is saved
STEP = 256  # messages indexed or pruned in one transaction: a few milliseconds for which saving waits
STEP_LETTERS = 32 * 1024  # characters of them, likewise: long ones take longer to take apart
QUIET = 2000  # events a second up to which there is time for housework
SEARCH_TIME = 2.0  # seconds after which a search ends with what it has found
FOUND = 20  # messages that /search shows: a screenful
KEEP = 90  # days of history, if nobody says otherwise: enough to look something up, not for ever

# ---- several servers
LEASE = 10.0  # seconds without a sign of life, after which a server's people are seen to leave
BEAT = 2.5  # seconds between signs of life: three may be lost
STALL = 5.0  # seconds in which no server at all gives one: it was Redis that was away. More than BEAT, less than LEASE
LINK_GRACE = 1.0  # seconds that a broken link is mended quietly
LINK_TIMEOUT = 3.0  # seconds that Redis may take to answer
LINK_RETRY = (0.02, 1.0)  # seconds until a broken link is tried again: doubled from the first to the second
SPOOL = 10_000  # messages kept while the link is down: an hour of a busy room, at most 40 MiB
ENTRY = 256  # decisions in one entry: enough that Redis costs next to nothing a message
READ_ENTRIES = 64  # entries applied in one go, for which the lock is held
SNAPSHOT = 5_000  # entries between two snapshots: what a new server reads within a second or so
SNAPSHOT_BYTES = 16 * 1024 * 1024  # of entries, likewise: in a flood they are large, and Redis holds them in memory
SNAPSHOTS = 20  # kept, with what is behind the oldest: who is away no longer than that misses nothing
CHATS = 20  # losses of Redis's data over which a server that was away is known to have been part of the chat
LINK_DRAIN = 2.0  # seconds that a stopping server waits until the others know
LINK_UP = 30.0  # seconds that a starting server may take to become part of the chat

# ---- metrics
SCRAPES = 8  # answered at a time, with a thread and a descriptor each; it takes milliseconds, and few ask
SCRAPE_TIME = 10  # seconds in all for one of them: as long as Prometheus waits, if it isn't told otherwise

# ---- logging
LOG_LINE = 1000  # characters of an event in the log: what a client may put there must not fill the disk
LOG_TRACE = 8000  # characters of a traceback in the log, likewise: about 80 lines of it
LOG_AGAIN = (
    60.0  # seconds until the same warning or refusal is written again: out of descriptors, there would be 100 a second
)
LOG_KINDS = 1000  # kinds of warnings remembered for that
LOG_HELD = (
    1024 * 1024
)  # bytes of the log that wait while standard error takes nothing, some 10,000 lines; as many again
# may be in the middle of being written
LOG_LAST = 1.0  # seconds that the end waits for them: the program is to end within 10, of which `DRAIN` takes 5
LOG_PAUSE = 0.05  # seconds until a standard error that takes nothing, and doesn't make one wait, is tried again
