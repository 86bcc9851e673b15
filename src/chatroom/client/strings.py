"""The sentences that the client says itself, in one place."""

from datetime import datetime

from chatroom.client.screen_events import ListedRoom
from chatroom.client.transcript_entry import Kind, TranscriptEntry
from chatroom.common.language import tr
from chatroom.common.names import fold

_FINGERPRINT_LENGTH = 95  # characters: 32 bytes in hex, with colons between
REFUSALS = {
    "nick-taken": "Somebody here is called {0} already, or looks like it. Choose another name.",
    "nick-bad": "{0} can't be a name here: {1}",
    "nick-claimed": "{0} belongs to somebody here. If it is you, give your password; else choose another name.",
    "login-refused": (
        "{0} belongs to somebody here, and that password was not accepted. Try again, or choose another name."
    ),
    "elsewhere": "You have come in again from elsewhere, so this connection was closed. Connect to come back here.",
    "banned": "This server doesn't let you in: {0}",
    "server-password": "This server asks everybody for its own password. Whoever runs it can tell you.",
    "server-password-wrong": "That is not the password of this server. Whoever runs it can tell you.",
    "certificate-changed": (
        "The certificate of {0} is not the one you trusted.\nTrusted: {1}\nNow: {2}\n"
        "Somebody may be reading along. Ask who runs the server before you connect."
    ),
    "certificate-name": (
        "The certificate of {0} is for another name: whoever answers there may not be who you mean.\n"
        "Check the address. The fingerprint (SHA-256) of the certificate is\n{1}\n"
        "Trust it only if the person who runs the server tells you the same."
    ),
    "certificate-unknown": (
        "Nobody vouches for the certificate of {0}. Its fingerprint (SHA-256) is\n{1}\n"
        "Compare it with what the person who runs the server tells you."
    ),
}
# Answers to WHOIS, by numeric; the numbers are the places of its parameters (RFC 2812 §5.1).
WHOIS = {
    "301": "{1} is away: {2}",
    "311": "{1} is {2}@{3} ({5})",
    "312": "{1} is connected to {2}",
    "313": "{1} runs this server",
    "317": "{1} has said nothing for {2} s",
    "319": "{1} is in {2}",
    "330": "{1} is logged in as {2}",
    "378": "{1} {2}",
    "671": "{1} is connected through TLS",
}
# Refusals that the user can answer: with a password of the name or of the server, or with another name.
ANSWERS = {
    **dict.fromkeys(("nick-claimed", "login-refused"), "password"),
    **dict.fromkeys(("server-password", "server-password-wrong"), "server_password"),
    **dict.fromkeys(("nick-taken", "nick-bad"), "nick"),
}
LABELS = {"password": "Password of the name {0}", "server_password": "Password of the server", "nick": "Another name"}
NOTHING_FOUND = "Nothing was found."
LOGIN_FAILED = "The password was not accepted for the account {0}; you are here without it."
AWAY = "You are marked as away."
BACK = "You are not away any more."


def taken_back(nick: str, author: str) -> str:
    """What stands in place of a message that `nick` took back."""
    return tr("(taken back)") if fold(nick) == fold(author) else tr("(taken back by {nick})", nick=nick)


def listed_room(room: ListedRoom) -> str:
    """What a list of rooms says of one: how many are there, who is let in, the topic."""
    words = [people(room.people)]
    if "k" in room.closed:
        words.append(tr("needs a key"))
    if "i" in room.closed:
        words.append(tr("by invitation"))
    return " · ".join(filter(None, [*words, room.topic]))


def said(entry: TranscriptEntry, nick: str = "") -> str:
    """An entry as text; `nick` stands for the name in it, such as one with a colour."""
    nick = nick or entry.nick
    match entry.kind:
        case Kind.MESSAGE:
            return f"{nick}: {entry.text}"
        case Kind.NOTICE:
            return tr("{nick} (notice): {text}", nick=nick, text=entry.text)
        case Kind.ACTION:
            return f"* {nick} {entry.text}"
        case Kind.JOIN:
            return tr("→ {nick} joined", nick=nick)
        case Kind.LEAVE if entry.text:
            return tr("← {nick} left ({reason})", nick=nick, reason=entry.text)
        case Kind.LEAVE:
            return tr("← {nick} left", nick=nick)
        case Kind.RENAME:
            return tr("{nick} is now called {name}", nick=nick, name=entry.text)
        case _:
            return entry.text


def clock(time: float) -> str:
    """Local time of day: 12:41."""
    return datetime.fromtimestamp(time).strftime("%H:%M")


def day(time: float) -> str:
    """Tuesday 4 March 2025."""
    moment = datetime.fromtimestamp(time)
    return f"{moment:%A} {moment.day} {moment:%B} {moment.year}"


def sentence(text: str) -> str:
    """The text with a full stop, so that another sentence can follow."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def refusal(reason: str, *about: str) -> str:
    return REFUSALS[reason].format(*map(_fingerprint_in_lines, about))


def _fingerprint_in_lines(text: str) -> str:
    """A fingerprint in two lines, so that it can be compared with another; anything else as it is."""
    is_fingerprint = len(text) == _FINGERPRINT_LENGTH and text.count(":") == _FINGERPRINT_LENGTH // 3
    return f"{text[: _FINGERPRINT_LENGTH // 2]}\n{text[_FINGERPRINT_LENGTH // 2 + 1 :]}" if is_fingerprint else text


def kicked(by: str, room: str, reason: str) -> str:
    return f"{by} removed you from {room}" + (f": {reason}" if reason else ".")


def kicked_other(nick: str, by: str, reason: str) -> str:
    return f"{by} removed {nick}" + (f": {reason}" if reason else ".")


def topic(nick: str, text: str) -> str:
    return f"{nick} set the topic: {text}" if text else f"{nick} removed the topic."


def key_not_used(room: str) -> str:
    return f"{room} has no key, so yours was not needed. Operators can set one with /key KEY."


def bans_end(room: str) -> str:
    return f"These are all who are banned or muted in {room}."


def invited(nick: str, room: str) -> str:
    return f"{nick} invites you to {room}. /join {room} goes there."


def place(room: str, others: int, topic: str) -> str:
    """Which room the user is in, and with how many."""
    company = f"with {people(others)}" if others else "alone"
    return f"You are in {room}, {company}." + (f" Topic: {topic}" if topic else "")


def left(nick: str) -> str:
    return f"{nick} has left. Who comes back under that name may be somebody else."


def changed_hands(nick: str) -> str:
    return f"{nick} may be somebody else now: the name has changed hands, or its address is another."


def now_called(old: str, new: str) -> str:
    return f"{old} is called {new} now. Who is called {old} next may be somebody else."


def said_elsewhere(nick: str, name: str, text: str) -> str:
    """A message that has no conversation of its own, because there are too many."""
    return f"{nick} to you: {text}" if nick == name else f"{nick} to {name}: {text}"


def goes_to(nick: str, room: str) -> str:
    return f"What you type goes to {nick} now; /join {room} goes back."


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def names(nicks: list[str], most: int = 2) -> str:
    """carol; carol and dave; carol, dave and 3 others."""
    if len(nicks) <= most + 1 and len(nicks) > 1:
        return f"{', '.join(nicks[:-1])} and {nicks[-1]}"
    if len(nicks) <= most:
        return ", ".join(nicks)
    return f"{', '.join(nicks[:most])} and {len(nicks) - most} others"
