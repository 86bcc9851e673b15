"""From a fresh connection to a welcome: capabilities, password, name. IRCv3 capability-negotiation and sasl.

Everything is optional for the server: one that knows no CAP ignores it or says 421, and welcomes us all the same.
"""

import base64
from collections.abc import Callable

from chatroom.common.irc_message import Message

WANTED = frozenset(
    {
        "server-time",
        "standard-replies",
        "message-tags",
        "echo-message",
        "batch",
        "labeled-response",
        "away-notify",
        "multi-prefix",
        "account-notify",
        "extended-join",
        "invite-notify",
        "draft/chathistory",
        "soju.im/search",
    }
)
_SASL_CHUNK = 400  # characters; IRCv3 sasl-3.1
_SASL_REFUSED = frozenset({"902", "904", "905", "906", "908"})
_SASL_DONE = frozenset({"903", "907"}) | _SASL_REFUSED


class Registration:
    """`send` takes a finished line. `enabled` are the capabilities in force; `login_failed` is about sasl."""

    def __init__(self, nick: str, password: str, send: Callable[[Message], None]) -> None:
        self.nick = nick
        self.enabled: set[str] = set()
        self.login_failed = False
        self._offered: dict[str, str] = {}
        self._password = password
        self._send = send
        self._negotiating = True

    def start(self) -> None:
        self._send(Message("CAP", ("LS", "302")))
        if self._password:
            self._send(Message("PASS", (self._password,)))
        self._send(Message("NICK", (self.nick,)))
        self._send(Message("USER", ("chatroom", "0", "*", self.nick)))

    def feed(self, message: Message) -> bool:
        """True when the message was about this and is dealt with."""
        if message.command == "CAP":
            self._on_cap(message)
        elif message.command == "AUTHENTICATE":
            self._authenticate()
        elif message.command in _SASL_DONE:
            self.login_failed = message.command in _SASL_REFUSED
            self._end()
        else:
            return False
        return True

    def _on_cap(self, message: Message) -> None:
        if len(message.params) < 3:
            return
        verb, names = message.params[1].upper(), message.params[-1].split()
        if verb in ("LS", "NEW"):
            self._offered |= {name: value for name, _, value in (item.partition("=") for item in names)}
            if message.params[2] != "*":
                self._request()
        elif verb == "DEL":
            self.enabled.difference_update(names)
        elif verb == "ACK":
            self.enabled.update(name for name in names if not name.startswith("-"))
            if "sasl" in names:
                self._send(Message("AUTHENTICATE", ("PLAIN",)))
            else:
                self._end()
        elif verb == "NAK":
            self._end()

    def _request(self) -> None:
        wanted = WANTED | ({"sasl"} if self._password and self._negotiating else frozenset())
        names = sorted(wanted & self._offered.keys() - self.enabled)
        if "sasl" in names and "PLAIN" not in (self._offered["sasl"] or "PLAIN").upper().split(","):
            names.remove("sasl")
        if names:
            self._send(Message("CAP", ("REQ", " ".join(names))))
        else:
            self._end()

    def _authenticate(self) -> None:
        secret = base64.b64encode(f"{self.nick}\0{self.nick}\0{self._password}".encode()).decode()
        chunks = [secret[i : i + _SASL_CHUNK] for i in range(0, len(secret), _SASL_CHUNK)]
        if len(chunks[-1]) == _SASL_CHUNK:
            chunks.append("+")
        for chunk in chunks:
            self._send(Message("AUTHENTICATE", (chunk,)))

    def _end(self) -> None:
        if self._negotiating:
            self._negotiating = False
            self._send(Message("CAP", ("END",)))
