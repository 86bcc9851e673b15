"""Reads AUTHENTICATE, which logs a client in to an account: ircv3.net/specs/extensions/sasl-3.2."""

import base64
import binascii
from collections.abc import Iterator

from chatroom.common.names import fold
from chatroom.model.commands import LogIn
from chatroom.model.outcomes import Command
from chatroom.model.replies import Raw
from chatroom.model.values import Via
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.client_state import ClientState

SASL_CHUNK_CHARACTERS = 400  # characters of one AUTHENTICATE: IRCv3 sasl
SASL_CHUNKS_MAX = 4  # in one message: a name and a password of `PASSWORD_MAX_BYTES` need two

SASL = "sasl"
MECHANISMS = "PLAIN"


def authenticate(client: ClientState, params: list[str]) -> Iterator[Command]:
    data = params[0]
    if SASL not in client.capabilities:
        yield client.say(
            numerics.ERR_SASLFAIL, why=client.writer.tr("the capability sasl comes first, and TLS before it")
        )
    elif client.viewer.account:
        yield client.say(numerics.ERR_SASLALREADY)
    elif client.sasl is None:
        yield from _begin(client, data)
    elif data == "*":
        client.sasl = None
        yield client.say(numerics.ERR_SASLABORTED)
    elif len(data) > SASL_CHUNK_CHARACTERS:
        client.sasl = None
        yield client.say(numerics.ERR_SASLTOOLONG)
    elif len(client.sasl) + len(data) > SASL_CHUNK_CHARACTERS * SASL_CHUNKS_MAX:
        client.sasl = None
        yield client.say(numerics.ERR_SASLFAIL, why=client.writer.tr("that is more than a name and a password"))
    else:
        client.sasl += "" if data == "+" else data
        if len(data) < SASL_CHUNK_CHARACTERS:
            yield _prove(client)


def _begin(client: ClientState, mechanism: str) -> Iterator[Command]:
    if mechanism == "*":
        yield client.say(numerics.ERR_SASLABORTED)
    elif mechanism.upper() != MECHANISMS:
        yield client.say(numerics.RPL_SASLMECHS, MECHANISMS)
        yield client.say(numerics.ERR_SASLFAIL, why=client.writer.tr("that mechanism is not known here"))
    else:
        client.sasl = ""
        yield Raw(b"AUTHENTICATE +\r\n")


def _prove(client: ClientState) -> Command:
    """The login that a message of PLAIN asks for: RFC 4616 §2, ``[authzid] NUL authcid NUL passwd``."""
    message, client.sasl = client.sasl or "", None
    try:
        acting, account, password = (
            base64.b64decode(message, validate=True).decode().split("\0") if message else [""] * 3
        )
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return client.say(numerics.ERR_SASLFAIL, why=client.writer.tr("that can't be read"))
    if not account or not password:
        return client.say(numerics.ERR_SASLFAIL, why=client.writer.tr("a name and a password are needed"))
    if acting and fold(acting) != fold(account):
        return client.say(numerics.ERR_SASLFAIL, why=client.writer.tr("nobody acts for somebody else here"))
    return LogIn(account, password, via=Via.SASL)
