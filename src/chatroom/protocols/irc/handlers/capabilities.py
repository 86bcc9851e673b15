"""Reads CAP, by which a client says what it can do beyond RFC 2812: IRCv3 capability-negotiation."""

from collections.abc import Iterable, Iterator

from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.text import number
from chatroom.model.limits import METADATA_KEYS, METADATA_VALUE_BYTES
from chatroom.model.outcomes import Command
from chatroom.model.replies import Raw
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.account_replies import PERSISTENCE
from chatroom.protocols.irc.client_state import PRE_AWAY, ClientState
from chatroom.protocols.irc.event_lines import RENAMING
from chatroom.protocols.irc.handlers.account_registration import REGISTRATION
from chatroom.protocols.irc.handlers.languages import LANGUAGES, offered
from chatroom.protocols.irc.handlers.multiline import LIMITS, MULTILINE
from chatroom.protocols.irc.handlers.read_marker import READ_MARKER
from chatroom.protocols.irc.handlers.redaction import REDACTION
from chatroom.protocols.irc.handlers.registration import registration
from chatroom.protocols.irc.handlers.sasl import MECHANISMS, SASL
from chatroom.protocols.irc.history_replies import CHATHISTORY, PLAYBACK, SEARCH
from chatroom.protocols.irc.metadata_replies import METADATA
from chatroom.protocols.irc.params import echo

# Seconds for which a client that has come by TLS comes by nothing else: longer than people stay away, and short enough
# to give up TLS some day.
STS_SECONDS = 30 * 86_400
_VERSION_MAX = 9999  # of capability negotiation; 302 is the highest there is
CAPABILITIES = (
    "account-notify",
    "account-tag",
    "away-notify",
    "batch",
    "cap-notify",
    REGISTRATION,
    RENAMING,
    "draft/chathistory",
    "draft/event-playback",
    "draft/extended-isupport",
    LANGUAGES,
    REDACTION,
    METADATA,
    MULTILINE,
    PERSISTENCE,
    PRE_AWAY,
    READ_MARKER,
    "echo-message",
    "extended-join",
    "extended-monitor",
    "invite-notify",
    "labeled-response",
    "message-tags",
    "multi-prefix",
    "no-implicit-names",
    SASL,
    "server-time",
    "setname",
    "soju.im/search",
    "standard-replies",
    "userhost-in-names",
)
# Not offered where there is no history: a client that can ask for it is not shown the latest messages.
_OF_HISTORY = frozenset({CHATHISTORY, PLAYBACK, SEARCH})
_OF_PASSWORDS = frozenset({SASL, REGISTRATION})  # offered only where nobody on the way can read them
_KEYS = len(METADATA_KEYS)
_VALUES = {
    METADATA: f"before-connect,max-subs={_KEYS},max-keys={_KEYS},max-value-bytes={METADATA_VALUE_BYTES}",
    MULTILINE: LIMITS,
    SASL: MECHANISMS,
    REGISTRATION: "before-connect",
    LANGUAGES: offered(),
}


def cap(client: ClientState, params: list[str]) -> Iterator[Command]:
    handler = _VERBS.get(params[0].upper())
    if handler is None:
        yield client.say(numerics.ERR_INVALIDCAPCMD, echo(params[0]))
    else:
        yield from handler(client, params[1:])


def _offered(client: ClientState) -> tuple[str, ...]:
    missing = frozenset() if client.writer.server.history else _OF_HISTORY
    missing |= frozenset() if client.viewer.confidential else _OF_PASSWORDS
    return tuple([name for name in CAPABILITIES if name not in missing])


def _ls(client: ClientState, params: list[str]) -> Iterator[Command]:
    client.negotiating = not client.viewer.nick
    client.version = max(client.version, number(params[0], _VERSION_MAX) or 0 if params else 0)
    if client.version >= 302:  # which has cap-notify without asking for it
        client.capabilities.add("cap-notify")
    values = _VALUES if client.version >= 302 else {}
    names = [f"{name}={values[name]}" if name in values else name for name in _offered(client)]
    if values and client.writer.server.sts_port:
        names += _sts(client)
    yield _line(client, "LS", names if values else _that_fit(client, names))


def _that_fit(client: ClientState, names: list[str]) -> list[str]:
    """Those that fit one line, as clients of version 301 know no more; drafts give way. They may be asked for."""
    fitting: list[str] = []
    space = _space(client, "LS")
    for name in sorted(names, key=lambda name: name.startswith("draft/")):
        if len(" ".join([*fitting, name])) <= space:
            fitting.append(name)
    return sorted(fitting)


def _sts(client: ClientState) -> list[str]:
    """The value of `sts`: without TLS the port that has it, with TLS for how long to stay. CAP LS tells it, no REQ.

    Clients on this machine are left alone: the certificate is not for the address by which they come.
    """
    if client.viewer.secure:
        return [f"sts=duration={STS_SECONDS}"]
    return [] if client.viewer.confidential else [f"sts=port={client.writer.server.sts_port}"]


def _list(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield _line(client, "LIST", sorted(client.capabilities))


def _req(client: ClientState, params: list[str]) -> Iterator[Command]:
    """Grants all that is asked for, or nothing."""
    client.negotiating = client.negotiating or not client.viewer.nick
    asked = " ".join(params).split()
    if not all(name.removeprefix("-") in _offered(client) for name in asked):
        yield _line(client, "NAK", [echo(name) for name in asked])
        return
    wanted = set(client.capabilities)
    for name in asked:
        if name.startswith("-"):
            wanted.discard(name[1:])
        else:
            wanted.add(name)
    yield client.set_capabilities(wanted)
    yield _line(client, "ACK", asked)


def _end(client: ClientState, params: list[str]) -> Iterator[Command]:
    client.negotiating = False
    yield from registration(client)


def _head(client: ClientState, verb: str) -> str:
    return f"CAP {client.viewer.nick or '*'} {verb}"


def _space(client: ClientState, verb: str) -> int:
    """How many bytes of names fit one line of several."""
    return LINE_BYTES - len(client.send(f"{_head(client, verb)} * :").data)


def _line(client: ClientState, verb: str, names: Iterable[str]) -> Raw:
    """Names in as many lines as it takes; all but the last have a `*`, which clients of version 302 know."""
    head = _head(client, verb)
    space = _space(client, verb)
    rows = [""]
    for name in names:
        longer = f"{rows[-1]} {name}" if rows[-1] else name
        if len(longer.encode()) <= space:
            rows[-1] = longer
        else:
            rows.append(name)
    *most, last = rows
    lines = [client.send(f"{head} * :{row}").data for row in most]
    return Raw(b"".join([*lines, client.send(f"{head} :{last}").data]))


_VERBS = {"LS": _ls, "LIST": _list, "REQ": _req, "END": _end}
