"""A class of 30, one of whom floods and insults: what a teacher with netcat can do about it, and what the others see.

A real server process with its limits on, 30 pupils with netcat and IRC clients, each from an address of their own, but
for three who share one. Max is muted, kicked and banned, and comes back: under other names, with another client, from
another address, from the one that others share, and after the server was killed.
"""

import re
from collections.abc import Callable
from pathlib import Path

from tests.peers import Irc, Peer, Plain, Served

ROOM = "#class"
PUPILS = (
    *("ada", "ben", "cem", "dana", "emil", "finn", "gaia", "hugo", "ines", "jan", "kaja", "lisa", "mehmet", "nora"),
    *("oskar", "pia", "quirin", "rosa", "sofia", "timo", "ulla", "vera", "wanda", "xaver", "yara", "zoe", "anouk"),
    *("bruno", "clara"),
)  # 29, and max
SHARED = "127.0.3.1"  # the library's: ada, ben and cem come from there
_SECRET = re.compile("/register .*")
INSULTS = ("you are all idiots", "IDIOTS", "nobody can stop me", "ha ha", "me again", "and again")


class Person:
    """Somebody at a client, and everything they saw and typed."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.transcript: list[str] = []
        self._seen = 0

    def types(self, *lines: str) -> "Person":
        self._look()
        self.transcript += [f"> {_SECRET.sub('/register ********', line)}" for line in lines]
        self.peer.send(*lines)
        return self

    def sees(self, pattern: str) -> str:
        line = self.peer.wait(pattern).string
        self._look()
        return line

    def end(self) -> list[str]:
        """Reads what there is, up to the end of the connection."""
        self.peer.rest()
        self._look()
        self.peer.close()
        return self.transcript

    def _look(self) -> None:
        self.transcript += [f"  {line}" for line in self.peer.heard[self._seen :]]
        self._seen = len(self.peer.heard)


class School:
    """The server, and who is at it."""

    def __init__(self, serve: Callable[..., Served], data: Path) -> None:
        self._serve = serve
        self._data = data
        self._peers: list[Peer] = []
        self.transcripts: dict[str, list[str]] = {}
        self.open()

    def open(self) -> None:
        self.server = self._serve("--data", str(self._data))

    def plain(self, name: str, address: str) -> Person:
        return self._person(Plain(self.server.port, name, source=address))

    def irc(self, name: str, address: str) -> Person:
        return self._person(Irc(self.server.port, name, room="", source=address))

    def stranger(self, address: str) -> Person:
        return self._person(Peer(self.server.port, source=address))

    def _person(self, peer: Peer) -> Person:
        self._peers.append(peer)
        return Person(peer)

    def close(self) -> None:
        for peer in self._peers:
            peer.close()

    def take_class(self) -> tuple[Person, dict[str, Person]]:
        """The teacher opens the room, and the pupils come."""
        teacher = self.plain("teacher", "127.0.1.1")
        teacher.types("/register open-sesame").sees("^\\* teacher is yours now")
        teacher.types(f"/join {ROOM}").sees("You are in #class now")
        pupils: dict[str, Person] = {}
        for number, name in enumerate(PUPILS):
            address = SHARED if number < 3 else f"127.0.2.{number}"
            pupils[name] = self.plain(name, address) if number % 2 else self.irc(name, address)
            pupils[name].types(f"/join {ROOM}" if number % 2 else f"JOIN {ROOM}")
            pupils[name].sees(r"^\* You are in #class now| 366 ")
        teacher.sees("^\\* clara joined$")
        return teacher, pupils


def play(serve: Callable[..., Served], data: Path) -> dict[str, list[str]]:
    """The whole lesson; returns everybody's transcript."""
    school = School(serve, data)
    try:
        lesson(school)
    finally:
        school.close()
    return school.transcripts


def lesson(school: School) -> None:
    teacher, pupils = school.take_class()
    everybody = {"teacher": teacher, **pupils}
    max_ = school.plain("max", "127.0.4.1")
    max_.types(f"/join {ROOM}").sees("You are in #class now")

    flood(teacher, pupils, max_)
    muted(teacher, pupils, max_)
    come_back(school, teacher, pupils, max_)
    shared_address(school, teacher, pupils)
    school.transcripts["max"] = max_.transcript
    teacher.types("That was all for today.")
    for person in pupils.values():
        person.sees("That was all for today")
    school.server.process.kill()
    school.server.ends()
    for name, person in everybody.items():
        school.transcripts[name] = person.end()
    after_the_kill(school)


def flood(teacher: Person, pupils: dict[str, Person], max_: Person) -> None:
    """The server slows him down by itself; slow mode does the rest, and spares the teacher."""
    max_.types(*[INSULTS[i % 2] for i in range(12)])
    teacher.sees("^max: IDIOTS$")
    teacher.types("/slow 60").sees("^\\* teacher slowed the room down: one message every 60 seconds$")
    max_.sees(r"^\* #class is in slow mode: one message every 1m; yours may follow in .*; its operators: teacher$")
    teacher.types("Good morning!", "Please open your books.")
    for person in pupils.values():
        person.sees("Please open your books")
    pupils["nora"].types("which page?")
    pupils["clara"].types(f"PRIVMSG {ROOM} :page 12")
    teacher.sees("^clara: page 12$")


def muted(teacher: Person, pupils: dict[str, Person], max_: Person) -> None:
    """He reads on, and can't speak, be called otherwise, or write it into the topic."""
    teacher.types("/mute max 10m insults").sees(r"^\* teacher muted max for 10m \(insults\)$")
    max_.types(INSULTS[2]).sees(r"^\* teacher has muted you in #class for .* more \(insults\)")
    max_.types("/nick moritz").sees("^\\* you can't take another name while you are banned or muted in #class$")
    max_.types("/topic IDIOTS").sees("^\\* only operators of #class may do that; they are: teacher$")
    max_.types("/op max").sees("^\\* only operators of #class may do that; they are: teacher$")
    teacher.types("/slow off").sees("ended slow mode")
    pupils["pia"].types("thank you")
    teacher.sees("^pia: thank you$")
    teacher.types("/kick max 5m calm down").sees(r"^\* teacher threw max out \(calm down\)$")
    max_.sees("threw max out")
    max_.types(f"/join {ROOM}").sees(r"^\* teacher has banned you from #class for .* more \(calm down\)")


def come_back(school: School, teacher: Person, pupils: dict[str, Person], max_: Person) -> None:
    """Other names and clients from his address, names of others, and then another address."""
    moritz = school.plain("moritz", "127.0.4.1")
    moritz.types(f"/join {ROOM}").sees("^\\* teacher has banned you from #class")
    other = school.irc("paul", "127.0.4.1")
    other.types(f"JOIN {ROOM}").sees(" 474 paul #class :.* teacher has banned you")
    thief = school.stranger("127.0.4.2")
    thief.types("1isa").sees("^\\* 1isa looks like lisa, which is taken; choose another name$")
    thief.types("tеacher").sees("^\\* that can't be a name: a name is written in one script$")
    thief.types("teacher").sees("^\\* teacher is claimed; give its password")
    thief.types("12345", "").sees("^Username$")
    thief.types("Admin").sees("^\\* that can't be a name: that name would pass for the server$")
    thief.types("quiet").sees("Welcome, quiet")
    thief.types(f"/join {ROOM}", INSULTS[4])
    teacher.sees(f"^quiet: {INSULTS[4]}$")
    teacher.types("/ban quiet 1d it is max again").sees(r"^\* teacher threw quiet out \(it is max again\)$")
    thief.sees("threw quiet out")
    school.server.type("ban 127.0.4.2 1d max")
    school.server.out.wait("banned 127.0.4.2/32 from the server for 1d")
    thief.sees(r"^\* Goodbye: chatroom\.local threw you off the server \(max\)\.$")
    refused = school.stranger("127.0.4.2")
    refused.sees(r"^\* Goodbye \(you are banned from this server for .* more \(max\)\)")
    for name, person in (("max as moritz", moritz), ("max as paul", other), ("max as quiet", thief)):
        school.transcripts[name] = person.transcript
        person.peer.close()
    school.transcripts["max at the door"] = refused.end()


def shared_address(school: School, teacher: Person, pupils: dict[str, Person]) -> None:
    """The three who share the library's address are not out with him; who is let in is then by invitation."""
    guest = school.plain("guest", SHARED)
    guest.types(f"/join {ROOM}", INSULTS[5])
    teacher.sees(f"^guest: {INSULTS[5]}$")
    teacher.types("/ban guest").sees("^\\* teacher threw guest out")
    teacher.types("/mode +i").sees("closed the room to those who aren't invited")
    again = school.plain("newcomer", SHARED)
    again.types(f"/join {ROOM}").sees("^\\* #class is by invitation only; its operators invite: teacher$")
    pupils["ada"].types(f"PRIVMSG {ROOM} :we are still here")
    teacher.sees("^ada: we are still here$")
    for name, person in (("max as guest", guest), ("max as newcomer", again)):
        school.transcripts[name] = person.transcript
        person.peer.close()


def after_the_kill(school: School) -> None:
    """The room is the teacher's, and closed as before; the bans are what they were, and the address is refused."""
    school.open()
    max_ = school.plain("max", "127.0.4.1")
    max_.types(f"/join {ROOM}").sees("^\\* teacher has banned you from #class for .* more \\(calm down\\)")
    visitor = school.plain("visitor", "127.0.4.3")
    visitor.types(f"/join {ROOM}").sees(
        "^\\* #class is by invitation only; its operators invite: none of them is here now$"
    )
    refused = school.stranger("127.0.4.2")
    refused.sees(r"^\* Goodbye \(you are banned from this server for .* more")
    refused.peer.close()
    teacher = school.stranger("127.0.1.1")
    teacher.types("teacher").sees("^Password$")
    teacher.peer.send("open-sesame")
    teacher.sees("Welcome, teacher")
    teacher.types(f"/join {ROOM}").sees("You are in #class now")
    teacher.types("/mode -i").sees("opened the room to all")
    visitor.types(f"/join {ROOM}").sees("You are in #class now")
    max_.types(f"/join {ROOM}").sees("^\\* teacher has banned you from #class for .* more \\(calm down\\)")
    teacher.types("/bans").sees("^\\* Muted: max")
    assert any(
        re.match(r"\* Banned: quiet .* by teacher for .* more \(it is max again\)", t) for t in teacher.peer.heard
    )
    school.transcripts["max after the server was killed"] = max_.transcript
    school.transcripts["teacher after the server was killed"] = teacher.transcript


def test_a_class_of_30_of_whom_one_floods_and_insults(serve: Callable[..., Served], data: Path) -> None:
    """Every pupil reads the whole lesson, and of max only what was said before somebody could do something."""
    transcripts = play(serve, data)
    lesson = ["Good morning!", "Please open your books.", "page 12", "thank you", "we are still here", "That was all"]
    for name in PUPILS:
        text = "\n".join(transcripts[name])
        said = [line for line in lesson if re.search(rf"(teacher|clara|pia|ada)(: |!.* :){re.escape(line)}", text)]
        own = {"clara": ["page 12"], "pia": ["thank you"], "ada": ["we are still here"]}.get(name, [])
        assert said == [line for line in lesson if line not in own], name
        assert [text.index(line) for line in said] == sorted(text.index(line) for line in said), name
        assert INSULTS[2] not in text and "is now known as" not in text, name
        assert len(re.findall(r"(max: |:max!.* PRIVMSG .*)(you are all|IDIOTS)", text)) <= 12, name
