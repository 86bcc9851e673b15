"""The sentences about who is banned or muted: what was done, and what is in force."""

from chatroom.client import strings
from chatroom.client.bans import Ban
from chatroom.common.language import mark, tr

# What one has done, by the change; for a time, with a reason, and both. {span} is such as "10 minutes".
_DONE = {
    ("ban", False, False): mark("{by} banned {nick}."),
    ("ban", True, False): mark("{by} banned {nick} for {span}."),
    ("ban", False, True): mark("{by} banned {nick}: {why}"),
    ("ban", True, True): mark("{by} banned {nick} for {span}: {why}"),
    ("mute", False, False): mark("{by} muted {nick}."),
    ("mute", True, False): mark("{by} muted {nick} for {span}."),
    ("mute", False, True): mark("{by} muted {nick}: {why}"),
    ("mute", True, True): mark("{by} muted {nick} for {span}: {why}"),
}
_LIFTED = {"ban": mark("{nick} lifted the ban on {whom}."), "mute": mark("{nick} lets {whom} speak again.")}
_ENDED = {"ban": mark("The ban on {nick} has ended."), "mute": mark("The mute on {nick} has ended.")}


def told(ban: Ban, adding: bool, by: str, time: float) -> str:
    """A sentence for what somebody did at `time`. What has lasted its time ends by itself: then `ban.by` is ""."""
    if adding:
        span = strings.time_span(ban.until - time) if ban.until else ""
        sentence = _DONE[ban.kind, bool(ban.until), bool(ban.reason)]
        return tr(sentence, by=by, nick=ban.who, span=span, why=ban.reason)
    if not ban.by:
        return tr(_ENDED[ban.kind], nick=ban.who)
    return tr(_LIFTED[ban.kind], nick=by, whom=ban.who)


def more(ban: Ban, now: float) -> list[str]:
    """What is known besides whom it is for: for how long it lasts, and why."""
    left = tr("{span} left", span=strings.time_span(max(0.0, ban.until - now))) if ban.until else ""
    return [each for each in (left, ban.reason) if each]


def about(ban: Ban, now: float) -> str:
    """All that is known: "Muted by bob · 9 minutes left · noise"."""
    if ban.by:
        what = tr("Muted by {nick}", nick=ban.by) if ban.is_mute else tr("Banned by {nick}", nick=ban.by)
    else:
        what = tr("Muted") if ban.is_mute else tr("Banned")
    return " · ".join([what, *more(ban, now)])


def listed(room: str, ban: Ban) -> str:
    """What a line of the list of bans says of whom, and by whom where that is known."""
    if ban.is_mute:
        sentence = mark("Muted in {room}: {who}, by {by}") if ban.by else mark("Muted in {room}: {who}")
    else:
        sentence = mark("Banned in {room}: {who}, by {by}") if ban.by else mark("Banned in {room}: {who}")
    return tr(sentence, room=room, who=ban.who, by=ban.by)
