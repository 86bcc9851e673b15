"""Claimed names over IRC: SASL PLAIN, IRCv3 account-registration, and a NickServ that is not there.

All of it becomes the same few commands, which bear the `Via` in which they were asked for: `account_answers` answers in
the form that belongs to it.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chatroom.common.names import fold
from chatroom.limits import SASL_CHUNK, SASL_CHUNKS
from chatroom.model.commands import (
    AskAccount,
    CloseGhost,
    DropAccount,
    LogIn,
    LogOut,
    MakeAccount,
    SetPassword,
    SetReplay,
)
from chatroom.model.outcomes import Command
from chatroom.model.replies import Raw
from chatroom.model.values import Via
from chatroom.protocols.irc import numerics as n
from chatroom.protocols.irc.account_replies import notice
from chatroom.protocols.irc.client_state import Client
from chatroom.protocols.irc.params import echo

SASL = "sasl"
REGISTRATION = "draft/account-registration"
MECHANISMS = "PLAIN"


# ---- SASL: ircv3.net/specs/extensions/sasl-3.2 ----------------------------------------------------------------------


def authenticate(client: Client, params: list[str]) -> Iterator[Command]:
    data = params[0]
    if SASL not in client.capabilities:
        yield client.say(n.ERR_SASLFAIL, "the capability sasl comes first, and TLS before it")
    elif client.viewer.account:
        yield client.say(n.ERR_SASLALREADY)
    elif client.sasl is None:
        yield from _begin(client, data)
    elif data == "*":
        client.sasl = None
        yield client.say(n.ERR_SASLABORTED)
    elif len(data) > SASL_CHUNK:
        client.sasl = None
        yield client.say(n.ERR_SASLTOOLONG)
    elif len(client.sasl) + len(data) > SASL_CHUNK * SASL_CHUNKS:
        client.sasl = None
        yield client.say(n.ERR_SASLFAIL, "that is more than a name and a password")
    else:
        client.sasl += "" if data == "+" else data
        if len(data) < SASL_CHUNK:
            yield _prove(client)


def _begin(client: Client, mechanism: str) -> Iterator[Command]:
    if mechanism == "*":
        yield client.say(n.ERR_SASLABORTED)
    elif mechanism.upper() != MECHANISMS:
        yield client.say(n.RPL_SASLMECHS, MECHANISMS)
        yield client.say(n.ERR_SASLFAIL, "that mechanism is not known here")
    else:
        client.sasl = ""
        yield Raw(b"AUTHENTICATE +\r\n")


def _prove(client: Client) -> Command:
    """What came as PLAIN: RFC 4616 §2, ``[authzid] NUL authcid NUL passwd``."""
    message, client.sasl = client.sasl or "", None
    try:
        acting, account, password = (
            base64.b64decode(message, validate=True).decode().split("\0") if message else [""] * 3
        )
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return client.say(n.ERR_SASLFAIL, "that can't be read")
    if not account or not password:
        return client.say(n.ERR_SASLFAIL, "a name and a password are needed")
    if acting and fold(acting) != fold(account):
        return client.say(n.ERR_SASLFAIL, "nobody acts for somebody else here")
    return LogIn(account, password, way=Via.SASL)


# ---- ircv3.net/specs/extensions/account-registration ----------------------------------------------------------------


def register(client: Client, params: list[str]) -> Iterator[Command]:
    """The account is named for the nickname; no e-mail address is needed, and one that is given is not kept."""
    account, _, password = params[:3]
    nick = client.viewer.nick or client.nick
    if not client.viewer.confidential:
        text = "Passwords need TLS; connect with it"
        yield client.fail("REGISTER", "TEMPORARILY_UNAVAILABLE", echo(account), text=text)
    elif not nick:
        yield client.fail("REGISTER", "NEED_NICK", "*", text="Send NICK first: the account will have that name")
    elif account != "*" and fold(account) != fold(nick):
        text = "The account is named like you; change your nickname first"
        yield client.fail("REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", echo(account), text=text)
    else:
        yield MakeAccount(password, nick, way=Via.REGISTER)


def verify(client: Client, params: list[str]) -> Iterator[Command]:
    """Nothing here waits for a code."""
    yield client.fail("VERIFY", "INVALID_CODE", echo(params[0]), text="Accounts need no verification here")


# ---- NickServ: what is said to it is not said to anybody ------------------------------------------------------------


class Request(NamedTuple):
    """`words` is the least and the most that may follow."""

    usage: str
    does: str
    words: tuple[int, int]
    parse: Callable[[Client, list[str]], Command]


def nickserv(client: Client, params: list[str]) -> Iterator[Command]:
    words = " ".join(params).split()
    name = words.pop(0).upper() if words else "HELP"
    if name == "SET" and words:
        name = f"SET {words.pop(0).upper()}"
    request = _REQUESTS.get(name)
    if request is None or not request.words[0] <= len(words) <= request.words[1]:
        yield from _usage(client, request)
    else:
        yield request.parse(client, words)


def _usage(client: Client, request: Request | None) -> Iterator[Command]:
    for each in [request] if request else _REQUESTS.values():
        yield client.lines([notice(client.speaker, f"{each.usage} – {each.does}")])


def _identify(client: Client, words: list[str]) -> Command:
    return LogIn(words[0] if len(words) == 2 else client.viewer.nick, words[-1], way=Via.SERVICE)


def _set_replay(client: Client, words: list[str]) -> Command:
    on = {"on": True, "off": False}.get(words[0].lower())
    if on is None:
        return next(_usage(client, _REQUESTS["SET REPLAY"]))
    return SetReplay(on, way=Via.SERVICE)


def _drop(client: Client, words: list[str]) -> Command:
    """With one word, an operator of the server means a name, anybody else their password."""
    password = words[1] if len(words) == 2 else ""
    return DropAccount(words[0], password, way=Via.SERVICE)


_REQUESTS: dict[str, Request] = {
    "REGISTER": Request(
        "REGISTER password", "claims the name that you have", (1, 2), lambda c, w: MakeAccount(w[0], way=Via.SERVICE)
    ),
    "IDENTIFY": Request("IDENTIFY [name] password", "proves that a name is yours", (1, 2), _identify),
    "LOGOUT": Request("LOGOUT", "ends that", (0, 0), lambda c, w: LogOut(way=Via.SERVICE)),
    "GHOST": Request(
        "GHOST name [password]",
        "closes an old connection that holds your name",
        (1, 2),
        lambda c, w: CloseGhost(w[0], w[1] if len(w) == 2 else "", way=Via.SERVICE),
    ),
    "SET PASSWORD": Request(
        "SET PASSWORD password", "changes your password", (1, 1), lambda c, w: SetPassword(w[0], way=Via.SERVICE)
    ),
    "SET REPLAY": Request(
        "SET REPLAY on|off", "says whether you are shown what you missed when you join a room", (1, 1), _set_replay
    ),
    "DROP": Request("DROP name password", "gives a name up", (1, 2), _drop),
    "INFO": Request(
        "INFO name", "tells whether a name is claimed", (1, 1), lambda c, w: AskAccount(w[0], way=Via.SERVICE)
    ),
}
