"""The sentences that the client says itself, in one place."""

from datetime import datetime

from chatroom.client.screen_events import ListedRoom
from chatroom.client.transcript_entry import Kind, TranscriptEntry
from chatroom.common.language import Language, mark, markn, own, tr, trn
from chatroom.common.names import fold
from chatroom.common.text import number

_NAMED_PEOPLE = 10  # of a room that one comes to; the others are counted
_SILENT_SECONDS_MAX = 100 * 365 * 86_400  # no server has heard nothing for longer
_FINGERPRINT_LINE = 23  # characters: 8 bytes, which fit into the window's narrowest label
_FINGERPRINT_LENGTH = 95  # characters: 32 bytes in hex, with colons between
REFUSALS = {
    "nick-taken": mark("Somebody here is called {a} already, or looks like it. Choose another name."),
    "nick-bad": mark("{a} can't be a name here: {b}"),
    "nick-claimed": mark("{a} belongs to somebody here. If it is you, give your password; else choose another name."),
    "login-refused": mark(
        "{a} belongs to somebody here, and that password was not accepted. Try again, or choose another name."
    ),
    "password-changed": mark("The password of {a} was changed on another device. Give the new one."),
    "elsewhere": mark(
        "You have come in again from elsewhere, so this connection was closed. Connect to come back here."
    ),
    "ended": mark("This connection was ended from one of your devices. Give your password to log in here again."),
    "killed": mark("{a} has thrown you off this server: {b}"),
    "banned": mark("This server doesn't let you in: {a}"),
    "server-password": mark("This server asks everybody for its own password. Whoever runs it can tell you."),
    "server-password-wrong": mark("That is not the password of this server. Whoever runs it can tell you."),
    "certificate-changed": mark(
        "The certificate of {a} is not the one you trusted.\nTrusted: {b}\nNow: {c}\n"
        "Somebody may be reading along. Ask who runs the server before you connect."
    ),
    "certificate-name": mark(
        "The certificate of {a} is for another name: whoever answers there may not be who you mean.\n"
        "Check the address. The fingerprint (SHA-256) of the certificate is\n{b}\n"
        "Trust it only if the person who runs the server tells you the same."
    ),
    "certificate-unknown": mark(
        "Nobody vouches for the certificate of {a}. Its fingerprint (SHA-256) is\n{b}\n"
        "Compare it with what the person who runs the server tells you."
    ),
}
NO_ANSWER = mark("The server has nothing to say to that. Most likely it was so already.")
_KEPT = mark("is not here; your message is kept for them")  # so a server of ours answers
# Answers to WHOIS, by numeric; the letters are the places of its parameters (RFC 2812 §5.1).
WHOIS = {
    "301": mark("{nick} is away: {b}"),
    "311": mark("{nick} is {b}@{c} ({e})"),
    "312": mark("{nick} is connected to {b}"),
    "313": mark("{nick} runs this server"),
    "317": mark("{nick} has said nothing for {span}"),
    "319": mark("{nick} is in {b}"),
    "330": mark("{nick} is logged in as {b}"),
    "338": mark("{nick} comes from {c}"),
    "378": "{nick} {b}",
    "671": mark("{nick} is connected through TLS"),
}
# Refusals that the user can answer: with a password of the name or of the server, or with another name.
ANSWERS = {
    **dict.fromkeys(("nick-claimed", "login-refused", "password-changed"), "password"),
    **dict.fromkeys(("server-password", "server-password-wrong"), "server_password"),
    **dict.fromkeys(("nick-taken", "nick-bad"), "nick"),
}
LABELS = {  # what is asked for then
    "password": mark("Password of the name {name}"),
    "server_password": mark("Password of the server"),
    "nick": mark("Another name"),
}
AWAY = mark("You are marked as away.")
BACK = mark("You are not away any more.")
_WEEKDAYS = (
    mark("Monday"), mark("Tuesday"), mark("Wednesday"), mark("Thursday"), mark("Friday"), mark("Saturday"),
    mark("Sunday"),
)  # fmt: skip
# Translators: as it stands in a date, behind the day.
_MONTHS = (
    mark("January"), mark("February"), mark("March"), mark("April"), mark("May"), mark("June"), mark("July"),
    mark("August"), mark("September"), mark("October"), mark("November"), mark("December"),
)  # fmt: skip


def taken_back(nick: str, author: str) -> str:
    """What stands in place of a message that `nick` took back."""
    return tr("(taken back)") if fold(nick) == fold(author) else tr("(taken back by {nick})", nick=nick)


# In seconds, the longest first; and what a number of them may be off, as a part of it: 90 minutes are no 2 hours.
_SPANS = (
    (86_400, markn("{count} day", "{count} days")),
    (3_600, markn("{count} hour", "{count} hours")),
    (60, markn("{count} minute", "{count} minutes")),
    (1, markn("{count} second", "{count} seconds")),
)
_SPAN_ERROR = 0.1


def time_span(seconds: float) -> str:
    """How long something lasts, in the largest unit that tells it well: 5 minutes."""
    for size, forms in _SPANS:
        count = round(seconds / size)
        if count and abs(count * size - seconds) <= _SPAN_ERROR * seconds:
            return trn(*forms, count)
    return trn(*_SPANS[-1][1], max(1, round(seconds)))


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
    nick, tr = nick or entry.nick, entry.language.tr
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
    weekday, month = tr(_WEEKDAYS[moment.weekday()]), tr(_MONTHS[moment.month - 1])
    # Translators: a date, such as Tuesday 4 March 2025.
    return tr("{weekday} {day} {month} {year}", weekday=weekday, day=moment.day, month=month, year=moment.year)


def whois(numeric: str, params: tuple[str, ...]) -> str:
    """A line of what a server tells about somebody; raises `KeyError` where it leaves something out."""
    if numeric == "301" and params[-1] in (_KEPT, tr(_KEPT)):
        return tr("{nick} is not here; your message is kept until they log in.", nick=params[1])
    places = dict(zip(("me", "nick", "b", "c", "d", "e"), params, strict=False))
    if numeric == "317":
        places["span"] = time_span(number(places["b"], _SILENT_SECONDS_MAX) or 0)
    return tr(WHOIS[numeric], **places)


def sentence(text: str) -> str:
    """The text with a full stop, so that another sentence can follow."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def refusal(reason: str, *about: str) -> str:
    places = dict(zip("abc", map(_fingerprint_in_lines, about), strict=False))
    return tr(REFUSALS[reason], **{"a": "", **places})


def _fingerprint_in_lines(text: str) -> str:
    """A fingerprint in four lines, so that it can be compared with another; anything else as it is."""
    is_fingerprint = len(text) == _FINGERPRINT_LENGTH and text.count(":") == _FINGERPRINT_LENGTH // 3
    if not is_fingerprint:
        return text
    starts = range(0, _FINGERPRINT_LENGTH, _FINGERPRINT_LINE + 1)
    return "\n".join([text[start : start + _FINGERPRINT_LINE] for start in starts])


def no_name(text: str, why: str) -> str:
    if text:
        return tr("{name} can't be a name: {why}.", name=text, why=why)
    return tr("That can't be a name: {why}.", why=why)


def no_place(text: str) -> str:
    return tr("{name} can't be the name of a person or a room: those have no spaces, and no colon in front.", name=text)


def kicked(by: str, room: str, reason: str) -> str:
    if reason:
        return tr("{by} removed you from {room}: {reason}", by=by, room=room, reason=reason)
    return tr("{by} removed you from {room}.", by=by, room=room)


def kicked_other(nick: str, by: str, reason: str) -> str:
    if reason:
        return tr("{by} removed {nick}: {reason}", by=by, nick=nick, reason=reason)
    return tr("{by} removed {nick}.", by=by, nick=nick)


def thrown_off(nick: str, by: str, why: str) -> str:
    if why:
        return tr("{by} threw {nick} off the server: {why}", by=by, nick=nick, why=why)
    return tr("{by} threw {nick} off the server.", by=by, nick=nick)


def topic(nick: str, text: str) -> str:
    if text:
        return tr("{nick} set the topic: {topic}", nick=nick, topic=text)
    return tr("{nick} removed the topic.", nick=nick)


def room_renamed(nick: str, room: str, name: str, why: str) -> str:
    if why:
        return tr("{nick} renamed {room} to {name}: {why}", nick=nick, room=room, name=name, why=why)
    return tr("{nick} renamed {room} to {name}.", nick=nick, room=room, name=name)


def called_now(room: str, name: str) -> str:
    return tr("{room} is called {name} now.", room=room, name=name)


def key_not_used(room: str) -> str:
    return tr("{room} has no key, so yours was not needed. Operators can set one with /key KEY.", room=room)


def bans_end(room: str) -> str:
    return tr("These are all who are banned or muted in {room}.", room=room)


def no_bans(room: str) -> str:
    return tr("Nobody is banned or muted in {room}.", room=room)


def invited(nick: str, room: str) -> str:
    return tr("{nick} invites you to {room}. /join {room} goes there.", nick=nick, room=room)


def place(room: str, others: list[str], topic: str) -> str:
    """Which room the user is in, and with whom."""
    if not others:
        here = tr("You are in {room}, alone.", room=room)
    else:
        here = tr("You are in {room}, with {names}.", room=room, names=names(others, _NAMED_PEOPLE))
    return " ".join([here, tr("Topic: {topic}", topic=topic)]) if topic else here


def not_in(room: str) -> str:
    return tr("You are not in {room}. /join {room} goes there.", room=room)


def left(nick: str) -> str:
    return tr("{nick} has left. Who comes back under that name may be somebody else.", nick=nick)


def changed_hands(nick: str) -> str:
    return tr("{nick} may be somebody else now: the name has changed hands, or its address is another.", nick=nick)


def now_called(old: str, new: str) -> str:
    return tr("{old} is called {new} now. Who is called {old} next may be somebody else.", old=old, new=new)


def said_elsewhere(nick: str, name: str, text: str) -> str:
    """A message that has no conversation of its own, because there are too many."""
    if nick == name:
        return tr("{nick} to you: {text}", nick=nick, text=text)
    return tr("{nick} to {name}: {text}", nick=nick, name=name, text=text)


def goes_to(nick: str, room: str) -> str:
    return tr("What you type goes to {nick} now; /join {room} goes back.", nick=nick, room=room)


def many_lines(count: int) -> str:
    """The question whether a long text is meant to be sent."""
    return trn("Send this {count} line to everybody here?", "Send these {count} lines to everybody here?", count)


def people(count: int) -> str:
    return trn("{count} person", "{count} people", count)


def names(nicks: list[str], most: int = 2, language: Language | None = None) -> str:
    """carol; carol and dave; carol, dave and 3 others."""
    language = language or own()
    if 1 < len(nicks) <= most + 1:
        return language.tr("{names} and {name}", names=", ".join(nicks[:-1]), name=nicks[-1])
    if len(nicks) <= most:
        return ", ".join(nicks)
    some, others = ", ".join(nicks[:most]), len(nicks) - most
    return language.trn("{names} and {count} other", "{names} and {count} others", others, names=some)


def typing(nicks: list[str]) -> str:
    """Who is typing; "" if nobody is."""
    return trn("{names} is typing…", "{names} are typing…", len(nicks), names=names(nicks)) if nicks else ""


def joined(nicks: list[str], language: Language) -> str:
    some = names(nicks, language=language)
    return language.trn("→ {names} joined", "→ {names} joined", len(nicks), names=some)


def came_back(nicks: list[str], language: Language) -> str:
    some = names(nicks, language=language)
    return language.trn("→ {names} left and came back", "→ {names} left and came back", len(nicks), names=some)


def gone(nicks: list[str], language: Language) -> str:
    some = names(nicks, language=language)
    return language.trn("← {names} left", "← {names} left", len(nicks), names=some)
