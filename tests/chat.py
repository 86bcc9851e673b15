"""A chat without sockets: the hub, the log and the dialects, joined by a post that renders at once and remembers."""

import sys
import threading
from itertools import count

from chatroom.cli.serve_options import DESCRIPTION_BYTES
from chatroom.common.names import SERVER_BYTES
from chatroom.core import connections
from chatroom.core.event_log import LocalEventLog
from chatroom.core.hub import Hub
from chatroom.model import preferences, social_commands
from chatroom.model.audience import Audience
from chatroom.model.commands import Quit, SetFormat
from chatroom.model.entities import Session
from chatroom.model.events import (
    AbsenceSet,
    AccountDropped,
    AccountMade,
    AccountUsed,
    Connected,
    DeviceEnded,
    Event,
    Founded,
    Ghosted,
    IgnoreSet,
    Kept,
    Killed,
    LanguageSet,
    MarkerSet,
    MetadataSet,
    Opened,
    PasswordSet,
    Received,
    ReplaySet,
    StandingSet,
    StaySet,
    StrangersSet,
)
from chatroom.model.outcomes import Command, Survey
from chatroom.model.replies import Reply
from chatroom.model.server_info import ServerInfo
from chatroom.protocols.base import Dialect
from chatroom.protocols.irc.dialect import IrcDialect
from chatroom.protocols.plain import PLAIN, PlainDialect

LONG_INFO = ServerInfo(  # all that a server may say of itself
    "s" * SERVER_BYTES,
    "n" * SERVER_BYTES,
    "0.1.0",
    "2026-01-01 00:00:00 UTC",
    ("m" * 900, "\U00020000 " * 200),
    description="d" * DESCRIPTION_BYTES,
)
INFO = ServerInfo("chatroom.test", "test", "0", "2026-01-01 00:00:00 UTC")
QUICK = (16, 8, 1)  # scrypt's N, r, p: the same computation, some thousand times faster

TOLD_AS_OTHERS = {Connected, Killed, Ghosted}
TOLD_NOBODY = {AccountMade, AccountUsed, PasswordSet, ReplaySet, AccountDropped, Founded, Opened, DeviceEnded} | {
    *(Kept, Received, IgnoreSet, StrangersSet, LanguageSet, AbsenceSet, MarkerSet, MetadataSet, StaySet, StandingSet),
}
NOON = 1_767_268_800_123  # 2026-01-01T12:00:00.123Z in milliseconds


def kinds(base: type) -> set[type]:
    """All there are of events, or of replies.

    Not `__subclasses__()`: a dataclass with slots is a copy of a class, which is among them until it is collected.
    """
    known = {**vars(social_commands), **vars(preferences), **vars(sys.modules[base.__module__])}.values()
    return {each for each in known if isinstance(each, type) and base in each.__bases__}


def answer(survey: Survey, until: int = sys.maxsize) -> Reply:
    """What a survey finds, if its time is over after so many steps."""
    try:
        survey.steps.send(None)
        for step in count(1):
            survey.steps.send(step >= until)
    except StopIteration as done:
        assert isinstance(done.value, Reply)
        return done.value
    raise AssertionError


def place(event: Event, id: int, time: int) -> None:  # noqa: A002
    """Gives an event its place, as a log does."""
    event.id = id  # type: ignore[misc]  # only logs write to a value
    event.time = time  # type: ignore[misc]


class RecordingPost:
    """Remembers what the hub hands over: `events` with who was told, by uid, and `replies` by uid."""

    def __init__(self) -> None:
        self.events: list[tuple[Event, tuple[str, ...]]] = []
        self.replies: list[tuple[str, Reply]] = []
        self.dispatched = 0

    def broadcast(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        self.events.append((event, tuple(session.uid for session in audience if session is not skip)))
        for format_, sessions in audience.groups.items():
            data = format_.render(event)
            for session in sessions:
                if isinstance(session, Client) and session is not skip:
                    session.wire += data

    def reply(self, session: Session, reply: Reply) -> None:
        self.replies.append((session.uid, reply))
        if isinstance(session, Client):
            session.wire += session.dialect.answer(reply)

    def prepared(self, session: Session, reply: Reply) -> Reply:
        return reply

    def barrier(self) -> threading.Event:
        passed = threading.Event()
        passed.set()
        return passed

    def flush(self) -> None:
        self.dispatched += 1


class Client(Session):
    """A session whose wire is a string of bytes."""

    dialect: Dialect

    def __init__(self, chat: "Chat", uid: str) -> None:
        super().__init__(uid, "127.0.0.1", PLAIN)
        self.near = True
        self.chat = chat
        self.wire = b""

    def send_bytes(self, data: bytes) -> None:
        self.chat.log.submit(self, self.dialect.receive(data))

    def send(self, *lines: str) -> "Client":
        self.send_bytes("".join([f"{line}\r\n" for line in lines]).encode())
        return self

    def heard(self) -> list[str]:
        """The lines that came since the last look."""
        lines = self.wire.decode().splitlines()
        self.wire = b""
        return lines

    def leave(self) -> None:
        """The connection is gone."""
        self.chat.log.submit(self, [Quit("connection closed", ask=False)])
        connections.detach(self.chat.hub.state, self)


class Chat:
    """`time` is its clock, in Unix milliseconds."""

    def __init__(self, info: ServerInfo = INFO) -> None:
        self.info = info
        self.time = NOON
        self.post = RecordingPost()
        self.hub = Hub(lambda: self.time, name=info.name)
        self.hub.context.passwords.scrypt = QUICK
        self.hub.context.throttle.stopping.set()  # so that no test waits for a pause
        self.hub.context.cloaks.is_shown = True  # most tests are about something else, and easier to read so
        self.log = LocalEventLog(self.hub, self.post, lambda: self.time)
        self._uids = count(1)

    def plain(self, name: str = "") -> Client:
        """A plain client; in the lobby if it has a name."""
        client = self._client()
        client.dialect = PlainDialect(client)
        client.format = client.dialect.format
        return self._come(client, *([name] if name else []))

    def irc(self, nick: str = "", *caps: str, room: str = "") -> Client:
        """An IRC client; registered if it has a nickname."""
        client = self._client()
        client.dialect = IrcDialect(client, self.info)
        self.submit(client, SetFormat(client.dialect.format, echo=False))
        asking = [f"CAP REQ :{' '.join(caps)}", "CAP END"] if caps else []
        coming = [*asking, f"NICK {nick}", "USER u 0 * :Real Name"] if nick else []
        return self._come(client, *coming, *([f"JOIN {room}"] if room else []))

    def submit(self, client: Session, *commands: Command) -> None:
        self.log.submit(client, commands)

    def _client(self) -> Client:
        client = Client(self, str(next(self._uids)))
        connections.attach(self.hub.context, client)
        return client

    def _come(self, client: Client, *lines: str) -> Client:
        client.send(*lines)
        assert not lines or client.nick, client.wire
        client.heard()
        return client
