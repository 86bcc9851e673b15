"""No line is too long, whatever the names: 512 bytes with CR LF, without tags (RFC 1459 §2.3).

A house is filled with the longest names there are, and everything is asked, done and told of in it. What people say is
never cut: it comes in several lines, or is refused where it comes in.
"""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.common.errors import ChatError
from chatroom.common.irc_message import LINE_BYTES, parse
from chatroom.common.language import ENGLISH, speak
from chatroom.common.names import (
    NICK_BYTES,
    NICK_CHARACTERS,
    ROOM_BYTES,
    ROOM_CHARACTERS,
    is_nickname,
    nickname,
    room_name,
)
from chatroom.model.events import (
    AccountSet,
    Alerted,
    AwaySet,
    Departed,
    Event,
    Guessed,
    Invited,
    Joined,
    Kicked,
    Left,
    ModesSet,
    OperatorSet,
    Reacted,
    RealnameSet,
    Redacted,
    Renamed,
    RoomRenamed,
    Said,
    ServerBanned,
    ServerUnbanned,
    TopicSet,
    UserModesSet,
)
from chatroom.model.limits import (
    AWAY_BYTES,
    KEY_BYTES,
    MASKS_PER_LIST,
    MODES_PER_LINE,
    REALNAME_BYTES,
    REASON_BYTES,
    TOPIC_BYTES,
)
from chatroom.model.masks import MASK_BYTES
from chatroom.model.reactions import REACTION_BYTES
from chatroom.model.replies import (
    Announcement,
    CountsAre,
    Found,
    HistoryIs,
    Ping,
    Recent,
    Reloaded,
    Saving,
    TargetsAre,
    UptimeIs,
)
from chatroom.model.values import MessageKind, ModeChange, Person, Quote
from chatroom.protocols.irc.dialect import LABEL_BYTES
from chatroom.protocols.irc.event_lines import RENDERED, irc_format
from chatroom.protocols.irc.handlers.capabilities import CAPABILITIES
from chatroom.protocols.irc.limits import HOST_CHARACTERS, USERNAME_CHARACTERS
from tests.chat import LONG_INFO, NOON, TOLD_AS_OTHERS, TOLD_NOBODY, Chat, Client, kinds, place
from tests.pseudo import PSEUDO

AWAY_TOO_LONG = f" {AWAY_BYTES} "  # what a refusal names in any language
WIDE = "\U00020000"  # a letter of four bytes: CJK extension B
LETTERS = {1: "x", 2: "ж", 3: "語", 4: WIDE}  # by their bytes
HOST = f"0{'f' * (HOST_CHARACTERS - 1)}"


def nick(wide: int, number: int = 0) -> str:
    """The longest nickname of letters that have `wide` bytes, ending in two digits."""
    return f"{LETTERS[wide] * min(NICK_CHARACTERS - 2, (NICK_BYTES - 2) // wide)}{number:02}"


def room(wide: int, number: int = 0) -> str:
    return f"#{LETTERS[wide] * min(ROOM_CHARACTERS - 3, (ROOM_BYTES - 3) // wide)}{number:02}"


def of_bytes(size: int, wide: int = 4) -> str:
    """A text of exactly so many bytes, in words."""
    return f"{LETTERS[wide]} " * (size // (wide + 1)) + "x" * (size % (wide + 1))


def check(wire: bytes) -> list[str]:
    """The lines, none of which is too long, broken, or nothing."""
    assert wire.endswith(b"\r\n") or not wire
    lines = wire.decode().split("\r\n")[:-1]
    for line in lines:
        assert not set(line) & set("\r\n\0"), line
        assert parse(line).command
        untagged = line.partition(" ")[2] if line.startswith("@") else line
        assert len(untagged.encode()) <= LINE_BYTES - 2, (len(untagged.encode()), line)
    return lines


class Full:
    """A house of the longest names, whose people have said of themselves all that they may."""

    def __init__(self, wide: int) -> None:
        self.wide = wide
        self.chat = Chat(LONG_INFO)
        self.chat.hub.context.operator_password = "secret"
        self._numbers = count()
        self.al, self.bob, self.carol = (self.client() for _ in range(3))
        self.clients = [self.al, self.bob, self.carol]

    def client(self) -> Client:
        """Somebody with all capabilities."""
        client = self.chat.irc()
        client.host = HOST
        name = nick(self.wide, next(self._numbers))
        client.send(f"CAP REQ :{' '.join(CAPABILITIES)}", "CAP END", f"NICK {name}")
        client.send(f"USER {'u' * USERNAME_CHARACTERS} 0 * :{of_bytes(REALNAME_BYTES, self.wide)}")
        assert client.nick == name, client.wire
        return client

    def do(self, client: Client, *lines: str) -> list[str]:
        """What `client` is told of these lines; all that anybody is told of them is checked."""
        for line in lines:
            client.send(line)
            told = [check(each.wire) for each in self.clients]
            for each in self.clients:
                each.wire = b""
        return told[self.clients.index(client)]


# Texts are longest in a language whose sentences are longer than any real one's.
@pytest.fixture(params=[*((wide, ENGLISH) for wide in LETTERS), (4, PSEUDO)], ids=str)
def full(request: pytest.FixtureRequest) -> Iterator[Full]:
    wide, language = request.param
    speak(language)
    yield Full(wide)
    speak(ENGLISH)


def welcome(full: Full) -> Iterator[list[str]]:
    for client in full.clients:
        lines = check(client.wire)
        client.wire = b""
        yield lines


def test_the_welcome_fits(full: Full) -> None:
    """With every token and the whole message of the day."""
    for lines in welcome(full):
        motd = "".join(parse(line).params[1].removeprefix("- ") for line in lines if parse(line).command == "372")
        assert motd == "".join(LONG_INFO.motd)


def test_what_happens_in_a_room_fits(full: Full) -> None:
    """With the longest room, topic, reasons, keys, masks and people."""
    list(welcome(full))
    al, bob, carol = full.clients
    here, wide = room(full.wide), full.wide
    full.do(al, f"JOIN {here}")
    full.do(bob, f"AWAY :{of_bytes(AWAY_BYTES, wide)}", f"JOIN {here}")
    full.do(al, f"MODE {here} +kl {of_bytes(KEY_BYTES, wide).replace(' ', 'x')} 999999999", f"MODE {here}")
    topic = of_bytes(TOPIC_BYTES, wide)
    assert " TOPIC " in full.do(al, f"TOPIC {here} :{topic}")[-1]
    shown = full.do(
        al, f"TOPIC {here}", f"NAMES {here}", "NAMES", "LIST", f"WHO {here}", f"WHO {here} %tcuihsnfdlaor,123"
    )
    assert parse(shown[-1]).command == "315"
    assert parse(full.do(bob, f"TOPIC {here}")[0]).params[-1] == topic
    full.do(al, f"INVITE {carol.nick} {here}", f"MODE {here} -k+v * {bob.nick}", f"INVITE {bob.nick} {here}")
    full.do(carol, "INVITE", f"JOIN {here}", f"PRIVMSG {bob.nick} :hi", f"PART {here} :{of_bytes(REASON_BYTES, wide)}")
    full.do(carol, f"JOIN {here}", f"NICK {nick(wide, 77)}", f"SETNAME :{of_bytes(REALNAME_BYTES, wide)}")
    full.do(al, f"KICK {here} {carol.nick} :{of_bytes(REASON_BYTES, wide)}", f"KICK {here} {bob.nick}")
    full.do(bob, "QUIT :" + of_bytes(400, wide))


def test_lists_of_masks_fit(full: Full) -> None:
    """Each as long as it may be; and many that are set at once are told in several lines, each once."""
    list(welcome(full))
    al, bob = full.al, full.bob
    here = room(full.wide)
    full.do(al, f"JOIN {here}")
    full.do(bob, f"JOIN {here}")
    for letter in "beI":
        mask = f"{of_bytes(MASK_BYTES - 5, full.wide).replace(' ', 'x')}!*@*"
        assert " MODE " in full.do(al, f"MODE {here} +{letter} {mask}")[0]
        assert mask in full.do(al, f"MODE {here} {letter}")[0]
    short = [f"m:{number:02}" for number in range(MODES_PER_LINE)]
    told = [parse(line) for line in full.do(al, f"MODE {here} +{'b' * MODES_PER_LINE} {' '.join(short)}")]
    assert [mask for message in told for mask in message.params[2:]] == [f"{mask}!*@*" for mask in short]
    assert all(message.params[1] == f"+{'b' * len(message.params[2:])}" for message in told)


def test_lists_of_people_fit(full: Full) -> None:
    """USERHOST, ISON, MONITOR, WHOIS, WHOWAS, and what could not be watched."""
    list(welcome(full))
    al = full.al
    others = [full.client() for _ in range(5)]
    nicks = [client.nick for client in others]
    for number in range(MASKS_PER_LIST // 4):
        al.send(f"JOIN {room(full.wide, number)}")
    al.wire = b""
    told = full.do(al, f"USERHOST {' '.join(nicks)}")
    assert [word.partition("=")[0] for line in told for word in parse(line).params[1].split()] == nicks
    told = full.do(al, f"ISON {' '.join(nicks)}")
    assert [word for line in told for word in parse(line).params[1].split()] == nicks
    assert [parse(line).params for line in full.do(al, "ISON nobody")] == [(al.nick, "")]
    full.do(al, f"MONITOR + {','.join(nicks)}", "MONITOR L", "MONITOR S", f"WHOIS {al.nick}", f"WHOWAS {al.nick}")
    for number in range(20):
        strangers = ",".join([f"n{number}-{i}" for i in range(5)])
        full.do(al, f"MONITOR + {strangers}")
    refused = full.do(al, f"MONITOR + {','.join([f'more-{i:025}' for i in range(12)])}")
    assert [name for line in refused for name in parse(line).params[2].split(",")] == [
        f"more-{i:025}" for i in range(12)
    ]
    others[0].send("NICK brief", "QUIT :bye")
    full.do(al, f"WHOWAS {nicks[0]}")


def test_what_operators_say_and_do_fits(full: Full) -> None:
    """WALLOPS in several lines where it takes them; KILL with the longest reason."""
    list(welcome(full))
    full.do(full.al, "OPER al secret", f"MODE {full.al.nick} +w")
    text = of_bytes(490, full.wide)
    told = full.do(full.al, f"WALLOPS :{text}")
    assert "".join(parse(line).params[0] for line in told) == text
    full.do(full.al, f"KILL {full.bob.nick} :{of_bytes(400, full.wide)}")


def test_what_is_said_of_accounts_fits(full: Full) -> None:
    """Their names are as long as nicknames; refusals and NickServ's sentences hold them, too."""
    list(welcome(full))
    al, bob = full.al, full.bob
    long = of_bytes(200, full.wide).replace(" ", "_")
    told = full.do(al, f"NICKSERV REGISTER {'horse-' * 10}")
    assert "900" in [parse(line).command for line in told]
    full.do(al, f"JOIN {room(full.wide)}")
    full.do(bob, f"WHOIS {al.nick}", f"NICKSERV INFO {al.nick}", f"NICKSERV IDENTIFY {al.nick} wrong-{'x' * 60}")
    full.do(
        bob,
        f"NICKSERV IDENTIFY {long} {'x' * 60}",
        f"NICKSERV GHOST {long}",
        f"NICKSERV {long}",
        f"NICKSERV INFO {long}",
    )
    full.do(bob, f"PRIVMSG NickServ :{long} {long}", "PRIVMSG NickServ :HELP", f"REGISTER {long} * {'x' * 60}")
    full.do(bob, f"WHO {al.nick} %tcuihsnfdlaor,123", f"JOIN {room(full.wide)}")
    full.do(al, "NICKSERV LOGOUT", f"NICKSERV IDENTIFY {al.nick} {'horse-' * 10}", f"NICKSERV DROP {'horse-' * 10}")


def test_what_plain_clients_say_of_themselves_fits(full: Full) -> None:
    """Their lines are eight times as long: a departure's reason is cut as IRC has it, an absence's refused."""
    list(welcome(full))
    here = room(full.wide)
    full.do(full.al, f"JOIN {here}")
    pat = full.chat.plain(nick(full.wide, 99)).send(f"/join {here}")
    pat.heard()
    pat.send(f"/away {of_bytes(AWAY_BYTES + 1, full.wide)}")
    assert AWAY_TOO_LONG in pat.heard()[0]
    pat.send(f"/away {of_bytes(AWAY_BYTES, full.wide)}", f"/me {'x' * 4000}", f"/topic {'x' * 4000}")
    pat.send(f"/quit {of_bytes(4000, full.wide)}")
    check(full.al.wire)


@pytest.mark.parametrize(
    "line",
    [
        "CAP {long}",
        "CAP LS {long}",
        "CAP REQ :{long}",
        "PING {long}",
        "PONG {long}",
        "NICK {long}",
        "JOIN #{long}",
        "JOIN {long}",
        "PART {long}",
        "MODE {long}",
        "MODE #{long} b",
        "MODE #a +k {long}",
        "MODE #a +l {long}",
        "MODE #a +b {long}",
        "MODE #a +ovb {long} {long} {long}",
        "WHO {long}",
        "WHO {long} %tn,{long}",
        "WHOIS {long}",
        "WHOIS {long} al",
        "WHOWAS {long}",
        "NAMES {long}",
        "LIST {long}",
        "TOPIC #a :{long}",
        "KICK #a {long}",
        "INVITE {long} #a",
        "HELP {long}",
        "{long}",
        "TIME {long}",
        "STATS {long}",
        "ISON {long}",
        "USERHOST {long}",
        "MONITOR + {long}",
        "SETNAME :{long}",
        "AWAY :{long}",
        "BATCH +{long} draft/multiline #a",
        "BATCH -{long}",
        "CHATHISTORY {long} #a * 10",
        "CHATHISTORY LATEST {long} * 10",
        "CHATHISTORY LATEST #a {long} 10",
        "SEARCH in={long}",
        "SEARCH after={long}",
        "OPER {long} wrong",
        "MARKREAD {long}",
        "MARKREAD #a {long}",
        "REDACT {long} 1",
        "REDACT #a {long}",
        "KILL {long}",
        "AUTHENTICATE {long}",
        "REGISTER {long} * x",
        "PRIVMSG {long} :hi",
        "PRIVMSG al :{long}",
    ],
)
def test_a_clients_own_words_fit_where_they_come_back(full: Full, line: str) -> None:
    """However long they were."""
    list(welcome(full))
    full.do(full.al, "JOIN #a")
    times = max(1, line.count("{long}"))
    size = (LINE_BYTES - 2 - len(line)) // times
    full.do(full.al, line.format(long=of_bytes(size, full.wide).replace(" ", "_")))
    full.do(full.al, f"@label={'l' * LABEL_BYTES} {line.format(long='x' * size)}")


@pytest.mark.parametrize("caps", [(), ("batch",), ("batch", "server-time"), CAPABILITIES], ids=len)
def test_what_was_said_before_fits(full: Full, caps: tuple[str, ...]) -> None:
    """In a batch or not, with the time as a tag or in the text, in one line or in many."""
    reader = full.chat.irc()
    reader.host = HOST
    name = nick(full.wide, 50)
    reader.send(f"CAP REQ :{' '.join(caps)}", "CAP END", f"NICK {name}", f"USER {'u' * USERNAME_CHARACTERS} 0 * :x")
    here, by = room(full.wide), Person("1", nick(full.wide), "u" * USERNAME_CHARACTERS, HOST, account=nick(full.wide))
    text = "\u2028".join([of_bytes(480, full.wide), f"x\u2029{of_bytes(300, full.wide)}"])
    said = tuple(
        [Said(by, here, each, MessageKind.MESSAGE, id=n, time=NOON) for n, each in enumerate((text, text[:99]), 1)]
    )
    whispered = Said(by, name, of_bytes(480, full.wide), MessageKind.MESSAGE, id=9, time=NOON)
    events = (*said, Joined(by, here, id=7, time=NOON), Departed(by, of_bytes(REASON_BYTES), id=8, time=NOON))
    for reply in (
        Recent(here, said),
        HistoryIs(here, events),
        HistoryIs(name, (whispered,)),
        Found("x", (*said, whispered)),
        TargetsAre(((here, NOON), (name, NOON))),
        Saving(works=False),
        Saving(works=True, lost=10**12),
        UptimeIs(10**10),
        CountsAre(*[10**6] * 7),
        Ping(),
        Reloaded(),
    ):
        check(reader.dialect.answer(reply))


def test_what_the_console_says_to_all_fits(full: Full) -> None:
    """In as many lines as it takes."""
    list(welcome(full))
    text = of_bytes(2000, full.wide)
    al = full.al
    al.wire = al.dialect.answer(Announcement(text))
    assert "".join(parse(line).params[1] for line in check(al.wire)) == text


# ---- every event, as every format has it -----------------------------------------------------------------------------

_WIDTHS = st.sampled_from(list(LETTERS))
_PEOPLE = st.builds(
    lambda wide, size: Person(
        "1", nick(wide), "u" * USERNAME_CHARACTERS, HOST, of_bytes(REALNAME_BYTES, size), account=nick(wide), bot=True
    ),
    _WIDTHS,
    _WIDTHS,
)
_ROOMS = st.builds(room, _WIDTHS)


def _texts(most: int) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(of_bytes, st.integers(0, most), _WIDTHS),
        st.builds(lambda wide: LETTERS[wide] * (most // wide), _WIDTHS),
    )


_CHANGES = st.lists(
    st.builds(
        ModeChange, st.booleans(), st.sampled_from("bovkl"), _texts(MASK_BYTES).map(lambda t: t.replace(" ", "x"))
    ),
    max_size=MODES_PER_LINE,
)
_SAID = _texts(6000) | st.lists(_texts(480), min_size=1, max_size=30).map("\u2028".join)
_EVENTS: dict[type[Event], st.SearchStrategy[Event]] = {
    Said: st.builds(
        Said, _PEOPLE, _ROOMS | _ROOMS.map("@{}".format) | _WIDTHS.map(nick), _SAID, st.sampled_from(MessageKind)
    ),
    Joined: st.builds(Joined, _PEOPLE, _ROOMS),
    Left: st.builds(Left, _PEOPLE, _ROOMS, _texts(REASON_BYTES)),
    Departed: st.builds(Departed, _PEOPLE, _texts(REASON_BYTES + NICK_BYTES + len("Killed (: )"))),
    Renamed: st.builds(Renamed, _PEOPLE, _WIDTHS.map(nick)),
    Reacted: st.builds(
        Reacted,
        _PEOPLE,
        _ROOMS | _WIDTHS.map(nick),
        st.builds(Quote, st.integers(1, 2**50)),
        st.builds(of_bytes, st.integers(1, REACTION_BYTES), _WIDTHS),
        st.booleans(),
    ),
    Redacted: st.builds(
        Redacted,
        _PEOPLE,
        _ROOMS | _WIDTHS.map(nick),
        st.integers(1, 2**50),
        _texts(REASON_BYTES),
        st.just(""),
        st.just("") | _WIDTHS.map(nick),
    ),
    RoomRenamed: st.builds(RoomRenamed, _PEOPLE, _ROOMS, _ROOMS, _texts(REASON_BYTES)),
    TopicSet: st.builds(TopicSet, _PEOPLE, _ROOMS, _texts(TOPIC_BYTES)),
    AwaySet: st.builds(AwaySet, _PEOPLE, _texts(AWAY_BYTES)),
    Kicked: st.builds(Kicked, _PEOPLE, _ROOMS, _PEOPLE, _texts(REASON_BYTES)),
    Invited: st.builds(Invited, _PEOPLE, _ROOMS, _PEOPLE),
    ModesSet: st.builds(ModesSet, _PEOPLE, _ROOMS, _CHANGES.map(tuple)),
    UserModesSet: st.builds(UserModesSet, _PEOPLE, st.just((ModeChange(True, "i"),))),
    RealnameSet: st.builds(RealnameSet, _PEOPLE, _texts(REALNAME_BYTES)),
    AccountSet: st.builds(AccountSet, _PEOPLE, _WIDTHS.map(nick)),
    OperatorSet: st.builds(OperatorSet, _PEOPLE, _WIDTHS.map(nick), st.booleans()),
    Guessed: st.builds(Guessed, _PEOPLE, _WIDTHS.map(nick), _ROOMS | st.just(""), st.integers(1, 99)),
    Alerted: st.builds(Alerted, _PEOPLE, _texts(2000)),
    ServerBanned: st.builds(
        ServerBanned, _PEOPLE, _texts(MASK_BYTES), st.integers(0, 2**42), _texts(REASON_BYTES), st.just("")
    ),
    ServerUnbanned: st.builds(ServerUnbanned, _PEOPLE, _texts(MASK_BYTES)),
}


def test_no_kind_of_event_is_left_out() -> None:
    """Those aside that are told of as others."""
    assert set(_EVENTS) == kinds(Event) - TOLD_AS_OTHERS - TOLD_NOBODY


@pytest.mark.parametrize("kind", _EVENTS)
def test_every_event_fits_whatever_is_in_it(kind: type[Event]) -> None:
    """As each format tells of it, to many and to one alone; and nothing that was said is missing."""

    @given(_EVENTS[kind], st.sets(st.sampled_from(sorted(RENDERED))))
    def holds(event: Event, capabilities: set[str]) -> None:
        place(event, 2**50, NOON)
        format_ = irc_format(frozenset(capabilities))
        wires = (format_.render(event), format_.personal(event))
        assert check(format_.render_all([event, event])) == check(wires[0]) * 2
        for wire in wires:
            lines = [parse(line) for line in check(wire)]
            if (
                isinstance(event, Said)
                and event.kind in (MessageKind.MESSAGE, MessageKind.NOTICE)
                and event.text.strip("\u2028")
            ):
                said = [m.params[-1] for m in lines if m.command in ("PRIVMSG", "NOTICE")]
                assert "".join(said) == event.text.replace("\u2028", "")

    holds()


@given(st.text(max_size=60) | _WIDTHS.flatmap(lambda wide: st.text(st.sampled_from(LETTERS[wide] + "1"), max_size=60)))
def test_a_name_that_is_accepted_has_so_many_bytes_at_most(text: str) -> None:
    """Whatever its letters: the lines above hold as much as that."""
    for accept, name, most in ((nickname, text, NICK_BYTES), (room_name, f"#{text}", ROOM_BYTES)):
        try:
            assert len(accept(name).encode()) <= most
        except ChatError:
            pass


def test_the_longest_names_are_names() -> None:
    """Else nothing above would mean anything."""
    for wide in LETTERS:
        assert is_nickname(nick(wide))
        assert NICK_BYTES - wide < len(nick(wide).encode()) or len(nick(wide)) == NICK_CHARACTERS
        assert room_name(room(wide)) == room(wide)
        assert ROOM_BYTES - wide < len(room(wide).encode()) or len(room(wide)) == ROOM_CHARACTERS
        for one_more in (nick(wide) + LETTERS[wide], nick(wide) + "xxxx"):
            assert not is_nickname(one_more)
