"""Reads REGISTER and VERIFY: IRCv3 draft/account-registration."""

from collections.abc import Iterator

from chatroom.common.language import mark
from chatroom.common.names import fold
from chatroom.model.commands import MakeAccount
from chatroom.model.outcomes import Command
from chatroom.model.values import Via
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.params import echo

REGISTRATION = "draft/account-registration"


def register(client: ClientState, params: list[str]) -> Iterator[Command]:
    """The account gets the nickname as its name. No e-mail address is needed; one that is given is not kept."""
    account, _, password = params[:3]
    nick = client.viewer.nick or client.nick
    if not client.viewer.confidential:
        text = mark("Passwords need TLS; connect with it")
        yield client.fail("REGISTER", "TEMPORARILY_UNAVAILABLE", echo(account), text=text)
    elif not nick:
        yield client.fail("REGISTER", "NEED_NICK", "*", text=mark("Send NICK first: the account will have that name"))
    elif account != "*" and fold(account) != fold(nick):
        text = mark("The account is named like you; change your nickname first")
        yield client.fail("REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", echo(account), text=text)
    else:
        yield MakeAccount(password, nick, via=Via.REGISTER)


def verify(client: ClientState, params: list[str]) -> Iterator[Command]:
    """No account waits for a code here."""
    yield client.fail("VERIFY", "INVALID_CODE", echo(params[0]), text=mark("Accounts need no verification here"))
