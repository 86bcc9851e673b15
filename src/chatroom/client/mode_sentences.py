"""What the modes of a room mean, in sentences: each change of one, and what is in force."""

from chatroom.client.room import Room
from chatroom.client.strings import time_span
from chatroom.common.language import mark, tr
from chatroom.common.mode_meanings import MEANINGS

# By the change; {nick} made it, {whom} is its parameter.
_CHANGES = {
    "+q": mark("{nick} made {whom} an owner."),  # of the rank; the list of that letter is of those who are muted
    "-q": mark("{nick} took the owner's rights from {whom}."),
    "+o": mark("{nick} made {whom} an operator."),
    "-o": mark("{nick} took the operator's rights from {whom}."),
    "+v": mark("{nick} gave {whom} a voice."),
    "-v": mark("{nick} took the voice from {whom}."),
    "+e": mark("{nick} excepted {whom} from bans."),
    "-e": mark("{nick} excepts {whom} from bans no more."),
    "+I": mark("{nick} lets {whom} in without an invitation."),
    "-I": mark("{nick} lets {whom} in without an invitation no more."),
    "+W": mark("{nick} slowed the room down: one message every {whom} seconds."),
    "-W": mark("{nick} ended slow mode."),
    "+k": mark("{nick} locked the room with a key."),
    "-k": mark("{nick} unlocked the room: nobody needs a key any more."),
    "+i": mark("{nick} closed the room: only who is invited comes in."),
    "-i": mark("{nick} opened the room: nobody needs an invitation any more."),
    "+m": mark("{nick} made the room quiet: only operators and those with a voice speak."),
    "-m": mark("{nick} lets everybody speak again."),
    "+l": mark("{nick} lets at most {whom} people into the room."),
    "-l": mark("{nick} lets any number of people into the room."),
    "+n": mark("{nick} lets only those speak who are in the room."),
    "-n": mark("{nick} lets people speak who are not in the room."),
    "+t": mark("{nick} lets only operators set the topic."),
    "-t": mark("{nick} lets everybody set the topic."),
    "+s": mark("{nick} hid the room: it is in no list."),
    "-s": mark("{nick} shows the room in lists."),
    "+C": mark("{nick} keeps messages for programs (CTCP) out of the room."),
    "-C": mark("{nick} lets messages for programs (CTCP) into the room."),
}


def told(nick: str, change: str, whom: str) -> str:
    """A sentence for a change of a mode: "+o" and "bob", "-m" and ""."""
    if change == "+o" and nick == whom:  # an owner has come
        return tr("{nick} is an operator here.", nick=nick)
    sentence = _CHANGES.get(change, "")
    if not sentence or ("{whom}" in sentence and not whom):
        change = f"{change} {whom}".rstrip()
        return tr("{nick} set the mode {change}.", nick=nick, change=change)
    return tr(sentence, nick=nick, whom=whom)


_IN_FORCE = (("k", mark("needs a key")), ("i", mark("by invitation")), ("m", mark("quiet")))


def in_force(room: Room) -> list[str]:
    """In a few words each: what keeps people out of a room, or from speaking there. It stands with the topic."""
    modes = room.modes or ()
    slow = [tr("slow: {span}", span=time_span(room.slow_seconds))] if "W" in modes and room.slow_seconds else []
    return [tr(words) for letter, words in _IN_FORCE if letter in modes] + slow


def listed(room: str, changes: list[tuple[str, str]]) -> str:
    """The modes of a room as an answer tells them: "+n" and "", "+W" and "10"."""
    meant = [tr(MEANINGS[mode[1]], whom=whom) if mode[1] in MEANINGS else mode for mode, whom in changes]
    if not meant:
        return tr("{room} has no modes.", room=room)
    return tr("Modes of {room}: {modes}.", room=room, modes="; ".join(meant))
