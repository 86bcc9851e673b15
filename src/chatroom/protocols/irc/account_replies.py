"""Replies about accounts, in the form in which the client asked: SASL's numerics, REGISTER, or NickServ's notices."""

from collections.abc import Iterator
from typing import NamedTuple

from chatroom.common.clock import timestamp
from chatroom.common.errors import ChatError, Code
from chatroom.common.language import mark
from chatroom.common.names import SERVICE
from chatroom.model.limits import PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARACTERS
from chatroom.model.replies import (
    AccountChange,
    AccountDone,
    AccountIs,
    AccountLapses,
    DeviceClosed,
    DevicesAre,
    ReplayIs,
    SettingsAre,
    StayIs,
)
from chatroom.model.values import Via
from chatroom.protocols.account_sentences import ACCOUNT_CHANGES, NOT_LASTING
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.params import echo
from chatroom.protocols.irc.reply_writer import ReplyWriter
from chatroom.protocols.reply_sentences import describe_reply


def notice(to: ReplyWriter, text: str, code: str = "") -> str:
    """What NickServ says, in as many lines as it takes; `code` tells programs what it means, as a tag of our own."""
    tag = f"@chatroom/code={code} " if code and "message-tags" in to.capabilities else ""
    head = f":{SERVICE}!{SERVICE}@{to.server.name} NOTICE {to.nick} :"
    return "".join([f"{tag}{line}" for line in to.wrapped(head, text)])


_DONE = {
    **ACCOUNT_CHANGES,
    AccountChange.CLAIMED: mark("The name {account} is yours, and you are logged in."),
    AccountChange.DROPPED: mark("The name {account} is nobody's any more."),
    AccountChange.FREED: mark(
        "The name {account} is nobody's any more, so you are logged out; REGISTER claims it anew."
    ),
}


def account_done(to: ReplyWriter, reply: AccountDone) -> Iterator[str]:
    text = to.tr(_DONE[reply.change], account=reply.account, slash="/")
    if reply.change is AccountChange.CLAIMED:
        text += "" if reply.lasting else f" {to.tr(NOT_LASTING)}"
        if reply.via is Via.REGISTER:
            yield f":{to.server.name} REGISTER SUCCESS {reply.account} :{text}\r\n"
    if reply.change in (AccountChange.CLAIMED, AccountChange.LOGGED_IN):
        yield to.line(numerics.RPL_LOGGEDIN, mask=to.mask, account=reply.account)
    elif reply.change in (AccountChange.LOGGED_OUT, AccountChange.FREED):
        yield to.line(numerics.RPL_LOGGEDOUT, to.mask)
    if reply.via is Via.SASL:
        yield to.line(numerics.RPL_SASLSUCCESS)
    elif reply.via is Via.SERVICE or reply.change is AccountChange.FREED:
        yield notice(to, text, reply.change.value)


def in_words(
    to: ReplyWriter, reply: AccountLapses | DevicesAre | DeviceClosed | ReplayIs | SettingsAre | StayIs
) -> Iterator[str]:
    """What NickServ says in the sentences that netcat has, too."""
    yield from (notice(to, sentence) for sentence in describe_reply(reply, "/msg NickServ ", to.language))


PERSISTENCE = "draft/persistence"


def stay_is(to: ReplyWriter, reply: StayIs) -> Iterator[str]:
    """By IRCv3 draft/persistence, or in words to who has asked NickServ, or has not asked and does not know that."""
    if reply.via is Via.SERVICE or (reply.via is None and PERSISTENCE not in to.capabilities):
        yield from in_words(to, reply)
    else:
        yield stay_status(to, reply.on)


def stay_status(to: ReplyWriter, on: bool) -> str:
    """What is set, and what holds: both are the same here, and off is the default."""
    setting = "ON" if on else "OFF"
    return f":{to.server.name} PERSISTENCE STATUS {setting} {setting}\r\n"


def account_is(to: ReplyWriter, reply: AccountIs) -> Iterator[str]:
    since = timestamp(reply.made)[:10]
    if reply.here:
        yield notice(
            to, to.tr("{account} has been claimed since {time}, and is here.", account=reply.account, time=since)
        )
    else:
        yield notice(to, to.tr("{account} has been claimed since {time}.", account=reply.account, time=since))


class Refusal(NamedTuple):
    """What NickServ says, and the code of `FAIL REGISTER`."""

    text: str
    code: str = "TEMPORARILY_UNAVAILABLE"


_REFUSALS: dict[Code, Refusal] = {
    Code.NICK_BAD: Refusal(mark("{account} can't be the name of an account; choose another name."), "BAD_ACCOUNT_NAME"),
    Code.NICK_RESERVED: Refusal(mark("{account} would pass for the server; choose another name."), "BAD_ACCOUNT_NAME"),
    Code.NICK_TAKEN: Refusal(
        mark("Somebody else is called {account} at the moment; choose another name."), "ACCOUNT_EXISTS"
    ),
    Code.NICK_LIKE: Refusal(mark("{account} looks like another name; choose another name."), "BAD_ACCOUNT_NAME"),
    Code.NICK_BANNED: Refusal(mark("{account} is banned from this server.")),
    Code.NO_SUCH_NICK: Refusal(mark("Nobody is called {account} at the moment.")),
    Code.NOT_REGISTERED: Refusal(mark("Choose a name first.")),
    Code.PASSWORD_NEEDED: Refusal(mark("Give the server's password first: PASS.")),
    Code.ACCOUNT_EXISTS: Refusal(
        mark("{account} is claimed already; if it is yours: /msg NickServ IDENTIFY {account} password"),
        "ACCOUNT_EXISTS",
    ),
    Code.ACCOUNT_RESERVED: Refusal(
        mark("{account} is named as an operator of this server, so only an operator can claim it."), "BAD_ACCOUNT_NAME"
    ),
    Code.NO_SUCH_ACCOUNT: Refusal(mark("{account} is not claimed; whoever has that name can REGISTER it.")),
    Code.LOGIN_FAILED: Refusal(
        mark(
            "That is not the password of {account}, or nobody has claimed {account}; try again, or choose another name."
        )
    ),
    Code.LOGIN_TOO_OFTEN: Refusal(mark("That was tried too often; wait a minute, then try again.")),
    Code.LOGIN_BUSY: Refusal(mark("Too many are logging in at the moment; try again in a few seconds.")),
    Code.LOGGED_IN_ALREADY: Refusal(mark("You are logged in as {account}; LOGOUT first."), "ALREADY_AUTHENTICATED"),
    Code.LOGOUT_HELD: Refusal(mark("You are banned or muted in {account}; leave it, and then log out.")),
    Code.NOT_LOGGED_IN: Refusal(mark("You are not logged in; IDENTIFY, or REGISTER your name.")),
    Code.PASSWORD_WEAK: Refusal(
        mark("A password has at least {password_characters} characters and is more than the name; choose another."),
        "WEAK_PASSWORD",
    ),
    Code.PASSWORD_COMMON: Refusal(
        mark("That password is among the first that are guessed; choose one that nobody else has."),
        "WEAK_PASSWORD",
    ),
    Code.PASSWORD_BAD: Refusal(
        mark("A password has no spaces and at most {password_bytes} bytes; choose another."), "UNACCEPTABLE_PASSWORD"
    ),
    Code.ACCOUNTS_FULL: Refusal(mark("No more names can be claimed from where you are for now; try again in an hour.")),
    Code.NOT_A_GHOST: Refusal(mark("{account} is you.")),
    Code.GHOST_LOGGED_IN: Refusal(
        mark("{account} is logged in, so it is no old connection; IDENTIFY makes you {account} here, too.")
    ),
    Code.TOO_MANY_DEVICES: Refusal(
        mark("{account} is here by as many devices as may be; there, DEVICES lists them, and LOGOUT number ends one.")
    ),
    Code.NO_SUCH_DEVICE: Refusal(mark("You have no device {account}; DEVICES lists them.")),
    Code.NICK_HELD: Refusal(mark("You are banned or muted in a room; leave it, and then log in as {account}.")),
}


def refusal(to: ReplyWriter, error: ChatError, via: Via) -> Iterator[str]:
    sentence = _REFUSALS[error.code]
    account = echo(error.about[0]) if error.about else "*"
    text = to.tr(
        sentence.text, account=account, password_characters=PASSWORD_MIN_CHARACTERS, password_bytes=PASSWORD_MAX_BYTES
    )
    if via is Via.SASL:
        known = error.code is Code.LOGGED_IN_ALREADY
        yield to.line(numerics.ERR_SASLALREADY) if known else to.line(numerics.ERR_SASLFAIL, why=text)
    elif via is Via.REGISTER:
        yield to.standard("FAIL", "REGISTER", sentence.code, account, text)
    else:
        yield notice(to, text, error.code.value)
