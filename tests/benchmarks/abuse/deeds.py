"""Operators of the server, owners of rooms and strangers do all that they can, with hostile arguments, for an hour.

They come by IRC, netcat and WebSocket. Each line is a *shape*: a command, and a letter of `_MADE` for each argument.
Now and then an argument is of another kind than the command wants. All is made from a seed. A witness, who is an
operator, lifts the bans from the server meanwhile, and must always be answered.
"""

import random
import re
import socket
import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from chatroom.common import text
from chatroom.protocols.irc.command_table import COMMANDS as IRC_COMMANDS
from chatroom.protocols.plain import COMMANDS as PLAIN_COMMANDS
from tests.benchmarks.abuse.attack import Check, exactly, start
from tests.benchmarks.abuse.rubbish import line as rubbish
from tests.benchmarks.abuse.scarce import server_errors
from tests.benchmarks.load import RoundError
from tests.peers import Irc
from tests.web.browsers import KEY, TEXT, frame

_SEED = 20_261_129
_SECONDS = 3600.0
_LINES_PER_SECOND = 40  # by all together
_PATIENCE = 30.0  # seconds in which the witness must be answered
_CLIENTS = 27  # three of each kind by each way
_STRANGE = 0.2  # of the arguments are of any kind
_RUBBISH = 0.03  # of the lines are no command at all
_LABELLED = 0.1
_PASSWORD = "longer-than-eight"  # of all claimed names
_OPERATORS_PASSWORD = "operators-of-it"
_ROOMS = ["#lobby", "#fuzz", "#own", "#quiet", "#Fuzz", "#\u0444", "#" + "x" * 49, "#none"]
_CAPS = (
    "message-tags server-time batch labeled-response echo-message draft/chathistory soju.im/search draft/read-marker"
)
_MORE_CAPS = "draft/message-redaction draft/multiline away-notify extended-join account-tag extended-monitor setname"

_IRC = """
    CAP w|CAP LS 302|CAP REQ c|CAP REQ :-c|AUTHENTICATE x|REGISTER n * p|VERIFY n 1|NS INFO n|NS IDENTIFY n p
    NS DROP n p|NS GHOST n p|NS SET PASSWORD p p|NS SET REPLAY w|NS LOGOUT|NS REGISTER p|NICKSERV w w w|PASS p
    NICK n|USER w 0 * :x|SETNAME :x|PING x|PONG x|JOIN r|JOIN r,r,r q,q|JOIN 0|JOIN r|JOIN r q|PART r|PART r,r :x
    TOPIC r|TOPIC r :x|NAMES r|NAMES|LIST|LIST f|INVITE n r|INVITE|KICK r n|KICK r n,n :x|KICK r n t x|BAN r n
    BAN r m t x|BAN r n t :x|UNBAN r m|UNBAN r n|MUTE r n t x|MUTE r m|UNMUTE r n|MODE r|MODE r +o n|MODE r -o+v n n
    MODE r +b m|MODE r -b m|MODE r +beI m m m|MODE r +k-l q|MODE r +lW i i|MODE r +imnstC|MODE r -imnstCklW q|MODE n
    MODE n +iwB|MODE n -o|MODE r w x|MODE r b|PRIVMSG r :x|PRIVMSG n :x|PRIVMSG r,n,r :x|NOTICE r :x|NOTICE @r :x
    TAGMSG r|@+typing=active TAGMSG r|@+draft/reply=i TAGMSG n|@+draft/reply=y;+draft/react=e TAGMSG r
    @+draft/reply=y;+draft/unreact=e TAGMSG r|@+reply=y PRIVMSG r :x|BATCH +b draft/multiline r|@batch=b PRIVMSG r :x
    @batch=b;draft/multiline-concat PRIVMSG r :x|BATCH -b|CHATHISTORY LATEST r * i|CHATHISTORY BEFORE r s i
    CHATHISTORY AFTER n s i|CHATHISTORY AROUND r s i|CHATHISTORY BETWEEN r s s i|CHATHISTORY TARGETS s s i
    SEARCH text=x|SEARCH in=r;from=n;text=w;limit=i|MARKREAD r|MARKREAD r s|MARKREAD n s|REDACT r y|REDACT r y :x
    REDACT n y|AWAY :x|AWAY|WHO r|WHO m o|WHO m %tcuihsnfdlaor,i|WHO f|WHOIS n|WHOIS n n|WHOWAS n i|WHOWAS m
    USERHOST n n n|ISON n n|MONITOR + n,n,w|MONITOR - n|MONITOR L|MONITOR S|MONITOR C|MOTD|LUSERS|VERSION|TIME|INFO
    ADMIN|LINKS|CLUSTER|STATS u|STATS k|STATS d|STATS w|HELP w|HELP|HELPOP w|OPER w p|OPER w z|KILL n :x|KILL n
    ISUPPORT|MENTIONS|METADATA * SET w :x|METADATA n GET w|METADATA r SYNC
    METADATA * SUB w|METADATA * CLEAR|METADATA r LIST|SILENCE|SILENCE +n|SILENCE -m|SILENCE n
    LANGUAGE pl|LANGUAGE w w|LANGUAGE|RENAME r r|RENAME r w :x|PERSISTENCE GET|PERSISTENCE SET w|PERSISTENCE SET ON
    WALLOPS :x|KLINE t m :x|KLINE n|UNKLINE m|UNKLINE n|DLINE t a :x|DLINE a|UNDLINE a|REHASH|QUIT :x
    """
_PLAIN = """
    /help|/nick n|/join r q|/join r|/leave|/rooms|/who r|/who m|/who|/whois n|/msg n x|/me x|/topic x|/topic
    /invite r n|/invite n|/kick r n t x|/kick n|/ban r n t x|/ban r m|/unban r n|/unban m|/mute r n t x|/mute n x
    /unmute r n|/bans r|/op r n|/deop r n|/voice n|/devoice r n|/slow r t|/slow off|/key r q|/key off|/mode r +b m
    /mode +imnstC|/mode -mislkC q|/mode r w x|/oper p|/oper z|/away x|/back|/history i|/search x|/set replay on
    /set stay on|/rename r w x|/rename w
    /devices|/mentions|/ignore n|/ignore m|/ignore|/unignore n|/lang w|/lang pl|/lang|/reply n x|/reply n|/react n e
    /react n x|/unreact n e|/set w w|/servers|/register p|/login n p|/login p|/logout|/password p p|/quit x|x|//x
    """
_SHAPES = {
    "irc": [shape.strip() for row in _IRC.strip().splitlines() for shape in row.split("|")],
    "plain": [shape.strip() for row in _PLAIN.strip().splitlines() for shape in row.split("|")],
}
_RARE = re.compile(
    r"QUIT|/quit|KILL|OPER|/oper|KLINE [nt]|DLINE|REGISTER|/register|DROP|/logout|LOGOUT|PASSWORD|/password"
)
_RARELY = 0.1  # of these shapes are used: each of them ends or changes much


class _Maker:
    """Makes lines. `ids` are those of messages that were said of late."""

    def __init__(self, chance: random.Random) -> None:
        self.ids: deque[str] = deque(["1"], maxlen=200)
        self._chance = chance

    def line(self, dialect: str) -> bytes:
        """One line, without its end."""
        chance = self._chance
        if chance.random() < _RUBBISH:
            return rubbish(chance).rstrip(b"\r\n")
        shape = chance.choice(_SHAPES[dialect])
        while _RARE.search(shape) and chance.random() > _RARELY:
            shape = chance.choice(_SHAPES[dialect])
        made = re.sub(r"(?<![A-Za-z/+\-*%.])[a-z](?![a-z=A-Z])", lambda found: self._argument(found[0]), shape)
        tag = f"@label={chance.randrange(9)} " if dialect == "irc" and chance.random() < _LABELLED else ""
        if tag and made.startswith("@"):
            tag, made = f"{tag.rstrip()};", made.removeprefix("@")
        return re.sub(r"[\r\n]", " ", tag + made).encode(errors="replace")

    def _argument(self, letter: str) -> str:
        kind = self._chance.choice(list(_MADE)) if self._chance.random() < _STRANGE else letter
        return _MADE[kind](self, self._chance) if kind in _MADE else letter


def _one_of(*values: str) -> Callable[[_Maker, random.Random], str]:
    return lambda maker, chance: chance.choice(values)


_TEXTS = (
    *(
        "hello there",
        "",
        " ",
        ":",
        ":x",
        "\x01ACTION waves\x01",
        "\x01VERSION\x01",
        "\u202eevil",
        "a\u0301" * 30,
        "\ufeff",
    ),
    *(
        "x" * 600,
        "\U0001f600" * 100,
        "\x0304red\x0f",
        "%s %d {0} {nick}",
        "\x1b[2J",
        "'; DROP TABLE messages; --",
        "\0",
    ),
    *('"unbalanced', "NEAR(", "*", "a AND", "-", "^x", "{", "\\", "http://[", "12:00", "1h", "\t", "\u2028", "\ud7ff"),
)
_MADE: dict[str, Callable[[_Maker, random.Random], str]] = {
    "r": lambda maker, chance: chance.choice(
        _ROOMS[:4] if chance.random() < 0.7 else [*_ROOMS, "#", "##", "# ", "&x", "0"]
    ),
    "n": lambda maker, chance: (
        f"{chance.choice(['op', 'own', 'guest'])}{chance.randrange(12)}"
        if chance.random() < 0.8
        else chance.choice(["NickServ", "0p1", "\u043ep1", "*", "root", "a" * 40, "", "op1!*@*", "1", "\u0142", "[x]"])
    ),
    "m": _one_of(
        *("*!*@*", "a:own1", "a:*", "m:*!*@*", "m:a:own1", "*", "?", "*!*@127.0.0.1", "op*!*@*", "guest?!*@*", "m:m:x"),
        *(
            "*" * 8 + "x",
            "*" * 9,
            "!",
            "@",
            "!@",
            "::1",
            ":x",
            "*!*@*.ip",
            "x" * 161,
            "?" * 80 + "*",
            "\u0130*",
            "a:",
            "m:",
        ),
        *("1.2.3.4/8", "*!*@1.2.3.0/24", "[", "~a", "*\x02*", "*!~u@*"),
    ),
    "a": _one_of(
        "192.0.2.1", "192.0.2.0/24", "::/0", "0.0.0.0/0", "127.0.0.2", "1.2.3", "2001:db8::/32", "fe80::1%lo", "/", "9"
    ),
    "t": _one_of("1s", "5s", "10m", "0s", "1w", "99999999999w", "-1s", "1.5h", "1", "s", "1h1h", "\u0661s"),
    "i": _one_of("1", "0", "-1", "10", "200", "99999999999999999999", "\u0661", "1e3", "x", "", "+5", "0x10"),
    "e": _one_of(
        "\U0001f44d",
        "\u2764\ufe0f",
        "x",
        "",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "x" * 99,
        "\u202e",
        "\\s",
        "{",
    ),
    "q": _one_of("key", "k,k", "", "*", ":k", "x" * 99, "\u0142", "k k"),
    "p": lambda maker, chance: (
        _PASSWORD if chance.random() < 0.7 else chance.choice(["wrong-password", "short", "", "x" * 400])
    ),
    "z": lambda maker, chance: _OPERATORS_PASSWORD if chance.random() < 0.5 else "guessed-wrongly",
    "s": lambda maker, chance: chance.choice(
        [
            *(
                f"msgid={chance.choice(maker.ids)}",
                f"msgid={chance.randrange(1 << 70)}",
                "*",
                "timestamp=2026",
                "msgid=",
            ),
            *(
                "timestamp=2026-11-29T00:00:00.000Z",
                "timestamp=9999-12-31T23:59:59.999Z",
                "timestamp=0001-01-01T00:00:00Z",
            ),
        ]
    ),
    "y": lambda maker, chance: chance.choice([*list(maker.ids)[-9:], "0", "-1", "x", str(1 << 70), ""]),
    "f": _one_of(
        "*f*", "!*f*", ">0", "<3,*", "C>1", "T<99999999999999", ">", "C<-1", "#fuzz,#lobby", "," * 50, "<\u0661"
    ),
    "w": _one_of(
        "JOIN", "LS", "END", "LIST", "*", "x", "on", "off", "+b", "-o+v", "\u0130", "", "[", "+" + "b" * 60, "OPER"
    ),
    "c": _one_of(*_CAPS.split(), *_MORE_CAPS.split(), "sasl", "no-such", "cap-notify", ""),
    "x": _one_of(*_TEXTS),
}


class _Kind(NamedTuple):
    """Who somebody is, and by which way they come."""

    who: str  # op, own or guest: the first part of their name
    way: str  # irc, plain or web


_KINDS = [_Kind(who, way) for who in ("op", "own", "guest") for way in ("irc", "plain", "web")]


class _Person:
    """A client that comes again when it was closed. What it is told is only looked at for messages' ids."""

    def __init__(self, port: int, number: int, maker: _Maker) -> None:
        self.kind = _KINDS[number % len(_KINDS)]
        self._nick = f"{self.kind.who}{number % 12}"
        self._maker = maker
        self._port = port
        self._sock: socket.socket | None = None
        self._again_at = 0.0

    def act(self, lines: int) -> int:
        """Sends so many lines; returns how many it could."""
        if not self._sock and not self._come():
            return 0
        dialect = "plain" if self.kind.way == "plain" else "irc"
        self._send(*[self._maker.line(dialect) for _ in range(lines)])
        self._hear()
        return lines

    def _come(self) -> bool:
        if time.monotonic() < self._again_at:
            return False
        self._again_at = time.monotonic() + 1.0
        self._sock = socket.create_connection(("127.0.0.1", self._port), _PATIENCE)
        nick, is_member = self._nick, self.kind.who != "guest"
        if self.kind.way == "plain":
            lines = [nick, *([_PASSWORD, f"/register {_PASSWORD}", "/join #own"] if is_member else [])]
            self._send(*map(str.encode, lines))
        else:
            if self.kind.way == "web":
                self._sock.sendall(
                    b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n" % (self._port, KEY.encode())
                )
            login = [f"PASS {nick}:{_PASSWORD}"] if is_member else []
            come = [
                "CAP LS 302",
                f"CAP REQ :{_CAPS}",
                f"CAP REQ :{_MORE_CAPS}",
                *login,
                f"NICK {nick}",
                "USER u 0 * :r",
            ]
            claim = [f"NS REGISTER {_PASSWORD}"] if is_member else []
            self._send(*map(str.encode, [*come, "CAP END", *claim, "JOIN #lobby,#fuzz,#quiet,#own"]))
        if self.kind.who == "op":
            self._send(f"{'/oper' if self.kind.way == 'plain' else 'OPER x'} {_OPERATORS_PASSWORD}".encode())
        return self._sock is not None

    def _send(self, *lines: bytes) -> None:
        if not self._sock:
            return
        pieces = [frame(TEXT, each) for each in lines] if self.kind.way == "web" else [each + b"\r\n" for each in lines]
        try:
            self._sock.settimeout(_PATIENCE)
            self._sock.sendall(b"".join(pieces))
        except OSError:
            self.close()

    def _hear(self) -> None:
        """Reads what has come."""
        try:
            while self._sock:
                self._sock.setblocking(False)
                data = self._sock.recv(262_144)
                if not data:
                    self.close()
                self._maker.ids += [each.decode() for each in re.findall(rb"msgid=([0-9]{1,30})[; ]", data)[-5:]]
        except BlockingIOError:
            pass
        except OSError:
            self.close()

    def close(self) -> None:
        if self._sock:
            self._sock.close()
            self._sock = None


class _Witness:
    """Is answered, sees nothing unclean, and lifts bans from the server, so that the others can come again."""

    def __init__(self, port: int) -> None:
        self.bad: list[str] = []
        self.longest = 0.0
        self._irc = Irc(port, "onlooker", *_CAPS.split()[:2], room="#lobby", source="127.0.0.77")
        self._irc.send(f"OPER x {_OPERATORS_PASSWORD}")
        self._irc.wait(" 381 ")
        self._words = count(1)

    def look(self) -> None:
        word = f"seen-{next(self._words)}"
        began = time.monotonic()
        self._irc.send("STATS k", "STATS d", "JOIN #lobby,#fuzz,#quiet", f"PING {word}")
        heard = self._irc.until(rf" PONG [^ ]+ :?{word}$", _PATIENCE)
        self.longest = max(self.longest, time.monotonic() - began)
        bans = [(match[1], match[2]) for each in heard if (match := re.match(r"\S+ (216|225) \S+ \S+ (\S+)", each))]
        self._irc.send(*[f"{'UNKLINE' if numeric == '216' else 'UNDLINE'} {mask}" for numeric, mask in bans])
        self.bad += [each for each in heard if text.clean_irc(each) != each]
        self._irc.heard.clear()

    def close(self) -> None:
        self._irc.close()


def deeds(short: bool) -> list[Check]:
    seconds, rate = (3.0, 400) if short else (_SECONDS, _LINES_PER_SECOND)
    chance = random.Random(_SEED)
    done: Counter[str] = Counter()
    problem = ""
    with TemporaryDirectory() as place:
        secret = Path(place) / "operators"
        secret.write_text(_OPERATORS_PASSWORD)
        secret.chmod(0o600)
        with start("--unlimited", "--log-level", "warning", "--operator-password-file", str(secret)) as server:
            maker = _Maker(chance)
            witness = _Witness(server.port)
            people = [_Person(server.port, number, maker) for number in range(_CLIENTS)]
            began = time.monotonic()
            try:
                while (passed := time.monotonic() - began) < seconds:
                    person = chance.choice(people)
                    done[f"{person.kind.who} by {person.kind.way}"] += person.act(chance.randrange(1, 10))
                    if chance.random() < 0.1:
                        witness.look()
                    time.sleep(max(0.0, done.total() / rate - passed))
                witness.look()
            except (AssertionError, RoundError, OSError) as error:
                problem = f"after {time.monotonic() - began:.0f} s: {error!r}"[:2000]
            finally:
                for person in people:
                    person.close()
                witness.close()
            log = server.log().splitlines()
    for each in log[:400]:
        print(f"  log: {each}")
    missing = [*(IRC_COMMANDS.keys() - _commands("irc")), *(PLAIN_COMMANDS.keys() - _commands("plain"))]
    return [
        *(Check(f"lines of {who}", number, "told only", True) for who, number in sorted(done.items())),
        exactly("commands without a shape", len(missing), 0),
        exactly("tracebacks", server_errors(log), 0),
        Check("what went wrong", problem or "nothing", "nothing", not problem),
        exactly("lines that the witness should not see", len(witness.bad), 0),
        Check("the witness's longest wait, s", witness.longest, "told only", True),
    ]


def _commands(dialect: str) -> set[str]:
    return {word for shape in _SHAPES[dialect] for word in shape.split() if word[0] not in "@#"}
