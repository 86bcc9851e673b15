"""Replies about accounts, in the form in which the client asked: SASL's numerics, REGISTER, or NickServ's notices."""

from collections.abc import Iterator
from typing import NamedTuple

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import SERVICE
from chatroom.model.limits import PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARACTERS
from chatroom.model.replies import AccountChange, AccountDone, AccountIs, AccountLapses, ReplayIs
from chatroom.model.values import Via
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.event_lines import timestamp
from chatroom.protocols.irc.params import echo
from chatroom.protocols.irc.reply_writer import ReplyWriter
from chatroom.protocols.sentences import ACCOUNT_CHANGES, NOT_LASTING, describe_reply


def notice(to: ReplyWriter, text: str, code: str = "") -> str:
    """What NickServ says; `code` tells programs what it means, as a tag of our own."""
    tag = f"@chatroom/code={code} " if code and "message-tags" in to.capabilities else ""
    return f"{tag}:{SERVICE}!{SERVICE}@{to.server.name} NOTICE {to.nick} :{text}\r\n"


_DONE = {
    **ACCOUNT_CHANGES,
    AccountChange.CLAIMED: "The name {0} is yours, and you are logged in.",
    AccountChange.DROPPED: "The name {0} is nobody's any more.",
    AccountChange.FREED: "The name {0} is nobody's any more, so you are logged out; REGISTER claims it anew.",
}


def account_done(to: ReplyWriter, reply: AccountDone) -> Iterator[str]:
    text = _DONE[reply.change].format(reply.account)
    if reply.change is AccountChange.CLAIMED:
        text += "" if reply.lasting else NOT_LASTING
        if reply.via is Via.REGISTER:
            yield f":{to.server.name} REGISTER SUCCESS {reply.account} :{text}\r\n"
    if reply.change in (AccountChange.CLAIMED, AccountChange.LOGGED_IN):
        yield to.line(numerics.RPL_LOGGEDIN, to.mask, reply.account)
    elif reply.change in (AccountChange.LOGGED_OUT, AccountChange.FREED):
        yield to.line(numerics.RPL_LOGGEDOUT, to.mask)
    if reply.via is Via.SASL:
        yield to.line(numerics.RPL_SASLSUCCESS)
    elif reply.via is Via.SERVICE or reply.change is AccountChange.FREED:
        yield notice(to, text, reply.change.value)


def account_lapses(to: ReplyWriter, reply: AccountLapses) -> Iterator[str]:
    yield from (notice(to, sentence) for sentence in describe_reply(reply))


def replay_is(to: ReplyWriter, reply: ReplayIs) -> Iterator[str]:
    yield from (notice(to, sentence) for sentence in describe_reply(reply))


def account_is(to: ReplyWriter, reply: AccountIs) -> Iterator[str]:
    since = timestamp(reply.made)[:10]
    yield notice(to, f"{reply.account} has been claimed since {since}{', and is here' if reply.here else ''}.")


class Refusal(NamedTuple):
    """What NickServ says, and the code of `FAIL REGISTER`."""

    text: str
    code: str = "TEMPORARILY_UNAVAILABLE"


_REFUSALS: dict[Code, Refusal] = {
    Code.NICK_BAD: Refusal("{0} can't be the name of an account; choose another nickname.", "BAD_ACCOUNT_NAME"),
    Code.NICK_RESERVED: Refusal("{0} would pass for the server; choose another nickname.", "BAD_ACCOUNT_NAME"),
    Code.NICK_TAKEN: Refusal("Somebody else is called {0} at the moment; choose another nickname.", "ACCOUNT_EXISTS"),
    Code.NICK_LIKE: Refusal("{0} looks like another name; choose another nickname.", "BAD_ACCOUNT_NAME"),
    Code.NICK_BANNED: Refusal("{0} is banned from this server."),
    Code.NO_SUCH_NICK: Refusal("Nobody is called {0} at the moment."),
    Code.NOT_REGISTERED: Refusal("Choose a nickname first."),
    Code.PASSWORD_NEEDED: Refusal("Give the server's password first: PASS."),
    Code.ACCOUNT_EXISTS: Refusal(
        "{0} is claimed already; if it is yours: /msg NickServ IDENTIFY {0} password", "ACCOUNT_EXISTS"
    ),
    Code.ACCOUNT_RESERVED: Refusal(
        "{0} is named as an operator of this server, so only an operator can claim it.", "BAD_ACCOUNT_NAME"
    ),
    Code.NO_SUCH_ACCOUNT: Refusal("{0} is not claimed; whoever has that name can REGISTER it."),
    Code.LOGIN_FAILED: Refusal(
        "That is not the password of {0}, or nobody has claimed {0}; try again, or choose another nickname."
    ),
    Code.LOGIN_TOO_OFTEN: Refusal("That was tried too often; wait a minute, then try again."),
    Code.LOGIN_BUSY: Refusal("Too many are logging in at the moment; try again in a few seconds."),
    Code.LOGGED_IN_ALREADY: Refusal("You are logged in as {0}; LOGOUT first.", "ALREADY_AUTHENTICATED"),
    Code.LOGOUT_HELD: Refusal("You are banned or muted in {0}; leave it, and then log out."),
    Code.NOT_LOGGED_IN: Refusal("You are not logged in; IDENTIFY, or REGISTER your name."),
    Code.PASSWORD_WEAK: Refusal(
        f"A password has at least {PASSWORD_MIN_CHARACTERS} characters and is not the name; choose another.",
        "WEAK_PASSWORD",
    ),
    Code.PASSWORD_COMMON: Refusal(
        "That password is among the first that are guessed; choose one that nobody else has.",
        "WEAK_PASSWORD",
    ),
    Code.PASSWORD_BAD: Refusal(
        f"A password has no spaces and at most {PASSWORD_MAX_BYTES} bytes; choose another.", "UNACCEPTABLE_PASSWORD"
    ),
    Code.ACCOUNTS_FULL: Refusal("No more names can be claimed from where you are for now; try again in an hour."),
    Code.NOT_A_GHOST: Refusal("{0} is you."),
}


def refusal(to: ReplyWriter, error: ChatError, via: Via) -> Iterator[str]:
    sentence = _REFUSALS[error.code]
    about = list(map(echo, error.about)) or ["*"]
    text = sentence.text.format(*about)
    if via is Via.SASL:
        known = error.code is Code.LOGGED_IN_ALREADY
        yield to.line(numerics.ERR_SASLALREADY) if known else to.line(numerics.ERR_SASLFAIL, text)
    elif via is Via.REGISTER:
        yield f":{to.server.name} FAIL REGISTER {sentence.code} {about[0]} :{text}\r\n"
    else:
        yield notice(to, text, error.code.value)
