"""Registers with a server: capabilities, password, nickname (IRCv3 capability-negotiation and sasl).

Everything is optional for the server: one that knows no CAP ignores it or says 421, and welcomes us all the same.
"""

import base64

from chatroom.client import multiline
from chatroom.client.state import PERSISTENCE, SessionState
from chatroom.common.irc_message import Message
from chatroom.common.language import own

WANTED = frozenset(
    {
        "server-time",
        "standard-replies",
        "message-tags",
        "echo-message",
        "batch",
        "labeled-response",
        "away-notify",
        "account-notify",
        "extended-join",
        "multi-prefix",
        "invite-notify",
        "draft/channel-rename",
        "draft/chathistory",
        "draft/message-redaction",
        PERSISTENCE,
        "draft/multiline",
        "draft/read-marker",
        "soju.im/search",
    }
)
_LANGUAGES = "draft/languages"  # its value is how many there are, and which: 2,en,pl
_USEFUL = WANTED | {"sasl", _LANGUAGES}  # no others are remembered, however many a server has
_SASL_CHUNK_CHARACTERS = 400  # IRCv3 sasl-3.1
_SASL_REFUSED = frozenset({"902", "904", "905", "906", "908"})
_SASL_DONE = frozenset({"903", "907"}) | _SASL_REFUSED


def tell_language(state: SessionState) -> None:
    """Has the server speak the language that the user reads here, if it can."""
    if own().tag in state.languages:
        state.send(Message("LANGUAGE", (own().tag,)))


class Handshake:
    """Registers with the server over one connection, and then keeps `capabilities` of the state up to date."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._offered: dict[str, str] = {}
        self._negotiating = True

    def start(self) -> None:
        self._state.send(Message("CAP", ("LS", "302")))
        if self._state.server_password:
            self._state.send(Message("PASS", (self._state.server_password,)))
        self._state.send(Message("NICK", (self._state.nick,)))
        self._state.send(Message("USER", ("chatroom", "0", self._state.program, self._state.nick)))

    def feed(self, message: Message) -> bool:
        """Handles a message that is about this; false for any other."""
        if message.command == "CAP":
            self._on_cap(message)
        elif message.command == "AUTHENTICATE":
            self._authenticate()
        elif message.command in _SASL_DONE:
            self._state.login_failed = message.command in _SASL_REFUSED
            self._end()
        else:
            return False
        return True

    def _on_cap(self, message: Message) -> None:
        if len(message.params) < 3:
            return
        verb, names = message.params[1].upper(), message.params[-1].split()
        if verb in ("LS", "NEW"):
            offered = (item.partition("=") for item in names)
            self._offered |= {name: value for name, _, value in offered if name in _USEFUL}
            if message.params[2] != "*":
                self._request()
        elif verb == "DEL":
            self._state.capabilities.difference_update(names)
        elif verb == "ACK":
            self._state.capabilities.update(_USEFUL.intersection(names))
            if multiline.MULTILINE in names:
                self._state.multiline = multiline.limits(self._offered.get(multiline.MULTILINE, ""))
            if "sasl" in names:
                self._state.send(Message("AUTHENTICATE", ("PLAIN",)))
            else:
                self._end()
        elif verb == "NAK":
            self._end()

    def _request(self) -> None:
        wanted = WANTED | ({"sasl"} if self._state.password and self._negotiating else frozenset())
        names = sorted(wanted & self._offered.keys() - self._state.capabilities)
        if "sasl" in names and "PLAIN" not in (self._offered["sasl"] or "PLAIN").upper().split(","):
            names.remove("sasl")
        if names:
            self._state.send(Message("CAP", ("REQ", " ".join(names))))
        else:
            self._end()

    def _authenticate(self) -> None:
        name = self._state.login_name or self._state.nick
        secret = base64.b64encode(f"{name}\0{name}\0{self._state.password}".encode()).decode()
        chunks = [secret[i : i + _SASL_CHUNK_CHARACTERS] for i in range(0, len(secret), _SASL_CHUNK_CHARACTERS)]
        if len(chunks[-1]) == _SASL_CHUNK_CHARACTERS:
            chunks.append("+")
        for chunk in chunks:
            self._state.send(Message("AUTHENTICATE", (chunk,)))

    def _end(self) -> None:
        if self._negotiating:
            self._negotiating = False
            self._state.languages = tuple(self._offered.get(_LANGUAGES, "").split(","))
            tell_language(self._state)
            self._state.send(Message("CAP", ("END",)))
