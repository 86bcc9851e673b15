"""IRCv3: what a client negotiates changes what it is told, and nobody else's lines."""

import logging
from dataclasses import replace

import pytest

from chatroom.common.irc_message import parse
from chatroom.model.limits import READ_MARKERS_PER_USER
from chatroom.protocols.irc.handlers.capabilities import CAPABILITIES
from chatroom.protocols.irc.limits import TARGETS_PER_COMMAND
from chatroom.server.audit import log_actions
from tests.chat import INFO, NOON, Chat, Client

LABELS = ("batch", "labeled-response")


def numerics(client: Client, *lines: str) -> list[str]:
    """What these lines lead to, without tags: numerics, and the names of commands."""
    return [parse(line).command for line in client.send(*lines).heard()]


# ---- negotiation -----------------------------------------------------------------------------------------------------


def test_what_is_listed_can_be_had_and_given_back() -> None:
    """LS, REQ, LIST, -name: IRCv3 capability-negotiation."""
    al = Chat().irc("al")

    def names(lines: list[str]) -> list[str]:
        """In as many lines as it takes."""
        return [word.partition("=")[0] for line in lines for word in line.rpartition(" :")[2].split()]

    assert names(al.send("CAP LS 302").heard()) == list(CAPABILITIES)
    for part in (CAPABILITIES[:20], CAPABILITIES[20:]):
        assert names(al.send(f"CAP REQ :{' '.join(part)}").heard()) == list(part)
    assert names(al.send("CAP LIST").heard()) == sorted(CAPABILITIES)
    for part in (CAPABILITIES[:20], CAPABILITIES[20:]):
        al.send(f"CAP REQ :{' '.join(f'-{name}' for name in part)}")
    al.heard()
    assert al.send("CAP LIST").heard() == [":chatroom.test CAP al LIST :"]


def test_a_request_is_granted_whole_or_not_at_all() -> None:
    """NAK changes nothing."""
    al = Chat().irc("al")
    assert al.send("CAP REQ :setname nonsense", "CAP LIST").heard() == [
        ":chatroom.test CAP al NAK :setname nonsense",
        ":chatroom.test CAP al LIST :",
    ]


# ---- what is told to whom --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capability", "line", "told"),
    [
        ("away-notify", "AWAY :tea", ":bob!u@127.0.0.1 AWAY :tea"),
        ("setname", "SETNAME :Bob the Builder", ":bob!u@127.0.0.1 SETNAME :Bob the Builder"),
        ("invite-notify", "INVITE carol #a", ":bob!u@127.0.0.1 INVITE carol #a"),
    ],
)
def test_some_news_are_for_those_who_asked_for_it(capability: str, line: str, told: str) -> None:
    """Clients that don't know them would show them as rubbish, or worse."""
    chat = Chat()
    plain, modern = chat.irc("plain", room="#a"), chat.irc("modern", capability, room="#a")
    bob = chat.irc("bob", room="#a")
    chat.irc("carol")
    plain.heard()
    modern.heard()
    bob.send(line)
    assert modern.heard() == [told]
    assert plain.heard() == []


def test_back_from_away_is_told_without_a_message_and_who_comes_away_is_told_as_such() -> None:
    """IRCv3 away-notify."""
    chat = Chat()
    modern, bob = chat.irc("modern", "away-notify", room="#a"), chat.irc("bob")
    bob.send("AWAY :tea", "JOIN #a", "AWAY")
    assert modern.heard() == [
        ":bob!u@127.0.0.1 JOIN #a",
        ":bob!u@127.0.0.1 AWAY :tea",
        ":bob!u@127.0.0.1 AWAY",
    ]
    assert bob.heard()[-1].split()[1] == "305"


def test_extended_join_tells_account_and_real_name() -> None:
    """IRCv3 extended-join; `*` is nobody's account."""
    chat = Chat()
    modern = chat.irc("modern", "extended-join", room="#a")
    chat.irc("bob", room="#a")
    assert modern.heard() == [":bob!u@127.0.0.1 JOIN #a * :Real Name"]


def test_names_come_with_all_signs_and_hosts_where_asked_for_or_not_at_all() -> None:
    """multi-prefix, userhost-in-names, no-implicit-names."""
    chat = Chat()
    op = chat.irc("op", "multi-prefix", "userhost-in-names", room="#a").send("MODE #a +v op", "NAMES #a")
    assert op.heard()[1] == ":chatroom.test 353 op = #a :@+op!u@127.0.0.1"
    assert op.send("WHO #a").heard()[0].split()[8] == "H@+"
    plain = chat.irc("plain", room="#a").send("NAMES #a")
    assert plain.heard()[0] == ":chatroom.test 353 plain = #a :@op plain"
    quiet = chat.irc("quiet", "no-implicit-names").send("JOIN #a")
    assert quiet.heard() == [":quiet!u@127.0.0.1 JOIN #a"]
    assert numerics(quiet, "NAMES #a") == ["353", "366"]


def test_bots_are_told_apart() -> None:
    """IRCv3 bot-mode: a tag on what they say, B in WHO, 335 in WHOIS."""
    chat = Chat()
    modern, bot = chat.irc("modern", "message-tags", room="#a"), chat.irc("bot", room="#a")
    assert bot.send("MODE bot +B").heard()[-1] == ":bot!u@127.0.0.1 MODE bot +B"
    modern.heard()
    bot.send("PRIVMSG #a :beep")
    assert "bot" in parse(modern.heard()[0]).tags
    assert "HB" in modern.send("WHO bot").heard()[0]
    assert "335" in numerics(modern, "WHOIS bot")


# ---- client-only tags ------------------------------------------------------------------------------------------------


def test_client_only_tags_are_passed_on_to_those_who_read_tags_and_others_are_not() -> None:
    """`+typing` and the like, escaped as they came: IRCv3 message-tags."""
    chat = Chat()
    al, modern = chat.irc("al", "message-tags", room="#a"), chat.irc("modern", "message-tags", room="#a")
    plain = chat.irc("plain", room="#a")
    pat = chat.plain("pat").send("/join #a")
    for client in (al, modern, plain, pat):
        client.heard()
    al.send(r"@+typing=active;+x=a\:b\sc;time=1;evil=2 PRIVMSG #a :hi", "@+typing=done TAGMSG #a", "@time=1 TAGMSG #a")
    said, tagged = (parse(line) for line in modern.heard())
    assert said.tags["+typing"] == "active"
    assert said.tags["+x"] == "a;b c"
    assert set(said.tags) == {"msgid", "+typing", "+x"}
    assert (tagged.command, tagged.params, tagged.tags["+typing"]) == ("TAGMSG", ("#a",), "done")
    assert plain.heard() == [":al!u@127.0.0.1 PRIVMSG #a :hi"]
    assert pat.heard() == ["al: hi"]
    assert al.heard() == []


def test_tagmsg_is_unknown_to_those_who_read_no_tags() -> None:
    """421."""
    assert numerics(Chat().irc("al", room="#a"), "@+x TAGMSG #a") == ["421"]


# ---- labels ----------------------------------------------------------------------------------------------------------


def test_an_answer_of_one_line_bears_the_label() -> None:
    """IRCv3 labeled-response; refusals, too."""
    al = Chat().irc("al", *LABELS)
    assert al.send("@label=a PING x", "@label=b NONSENSE").heard() == [
        "@label=a :chatroom.test PONG chatroom.test :x",
        "@label=b :chatroom.test 421 al NONSENSE :Unknown command",
    ]


def test_an_answer_of_many_lines_is_a_batch() -> None:
    """Its start bears the label; every line names the batch."""
    al = Chat().irc("al", *LABELS, "server-time")
    first, *inside, last = map(parse, al.send("@label=a JOIN #a").heard())
    assert first.tags == {"label": "a"}
    assert (first.command, first.params[1]) == ("BATCH", "labeled-response")
    batch = first.params[0][1:]
    assert [message.command for message in inside] == ["JOIN", "353", "366"]
    assert {message.tags["batch"] for message in inside} == {batch}
    assert "time" in inside[0].tags
    assert (last.command, last.params) == ("BATCH", (f"-{batch}",))


def test_where_there_is_no_answer_there_is_an_ack() -> None:
    """So that the label comes back once, whatever happens."""
    chat = Chat()
    al, bob = chat.irc("al", *LABELS, room="#a"), chat.irc("bob", room="#a")
    bob.heard()
    al.heard()
    assert al.send("@label=a PONG", "@label=b PRIVMSG #a :hi").heard() == [
        "@label=a :chatroom.test ACK",
        "@label=b :chatroom.test ACK",
    ]
    assert bob.heard() == [":al!u@127.0.0.1 PRIVMSG #a :hi"]


def test_the_echo_bears_the_label_and_what_others_read_does_not() -> None:
    """In a room, in private, and to oneself: there the label is on the echo alone."""
    chat = Chat()
    al, bob = chat.irc("al", *LABELS, "echo-message", room="#a"), chat.irc("bob", room="#a")
    al.heard()
    bob.heard()
    assert al.send("@label=a PRIVMSG #a :hi", "@label=b PRIVMSG bob :hi").heard() == [
        "@label=a :al!u@127.0.0.1 PRIVMSG #a :hi",
        "@label=b :al!u@127.0.0.1 PRIVMSG bob :hi",
    ]
    assert bob.heard() == [":al!u@127.0.0.1 PRIVMSG #a :hi", ":al!u@127.0.0.1 PRIVMSG bob :hi"]
    assert al.send("@label=c PRIVMSG al :hi").heard() == [
        ":al!u@127.0.0.1 PRIVMSG al :hi",
        "@label=c :al!u@127.0.0.1 PRIVMSG al :hi",
    ]


def test_who_speaks_from_outside_a_room_has_the_echo_too() -> None:
    """Once; and those in the room read it as any message."""
    chat = Chat()
    al, bob, cy = chat.irc("al", room="#a"), chat.irc("bob", *LABELS, "echo-message"), chat.irc("cy")
    al.send("MODE #a -n").heard()
    assert bob.send("@label=a PRIVMSG #a :hi").heard() == ["@label=a :bob!u@127.0.0.1 PRIVMSG #a :hi"]
    assert cy.send("PRIVMSG #a :ho").heard() == []
    assert al.heard() == [":bob!u@127.0.0.1 PRIVMSG #a :hi", ":cy!u@127.0.0.1 PRIVMSG #a :ho"]


def test_a_label_is_nothing_without_the_capability_and_a_long_one_is_none() -> None:
    """64 bytes at most."""
    chat = Chat()
    assert chat.irc("al").send("@label=a PING x").heard() == [":chatroom.test PONG chatroom.test :x"]
    bob = chat.irc("bob", *LABELS)
    assert bob.send(f"@label={'x' * 65} PING x").heard() == [":chatroom.test PONG chatroom.test :x"]


def test_a_labelled_line_that_can_not_be_read_is_refused_with_its_label() -> None:
    """UTF8ONLY, and lines that are too long."""
    al = Chat().irc("al", *LABELS, "standard-replies")
    al.send_bytes(b"@label=a PRIVMSG #a :\xff\r\n@label=b TOPIC #a :" + b"x" * 600 + b"\r\n")
    first, second = map(parse, al.heard())
    assert (first.tags, first.command) == ({"label": "a"}, "FAIL")
    assert (second.tags, second.command) == ({"label": "b"}, "417")


def test_a_labelled_quit_says_goodbye_as_any_other() -> None:
    """Nothing is told to a client after ERROR."""
    al = Chat().irc("al", *LABELS)
    assert al.send("@label=a QUIT :bye").heard() == ["ERROR :Closing link: Quit: bye"]


# ---- monitor ---------------------------------------------------------------------------------------------------------


def test_who_is_watched_is_told_of_as_they_come_and_go() -> None:
    """730 and 731: IRCv3 monitor; a change of case is no news."""
    chat = Chat()
    al = chat.irc("al")
    bob = chat.irc("bob")
    assert al.send("MONITOR + BOB,carol").heard() == [
        ":chatroom.test 730 al :bob!u@127.0.0.1",
        ":chatroom.test 731 al :carol",
    ]
    bob.send("NICK Bob", "NICK Carol")
    assert al.heard() == [":chatroom.test 731 al :Bob", ":chatroom.test 730 al :Carol!u@127.0.0.1"]
    bob.leave()
    assert al.heard() == [":chatroom.test 731 al :Carol"]
    assert al.send("MONITOR L").heard() == [
        ":chatroom.test 732 al :BOB,carol",
        ":chatroom.test 733 al :End of MONITOR list",
    ]
    assert al.send("MONITOR S").heard() == [":chatroom.test 731 al :BOB,carol"]
    assert al.send("MONITOR - carol", "MONITOR C", "MONITOR L").heard() == [
        ":chatroom.test 733 al :End of MONITOR list"
    ]
    al.leave()
    assert not chat.hub.state.watchers


def test_one_may_watch_so_many_and_no_more() -> None:
    """734, with those that did not fit."""
    al = Chat().irc("al")
    al.send(*[f"MONITOR + {','.join(f'n{i}' for i in range(start, start + 50))}" for start in (0, 50)])
    al.heard()
    assert al.send("MONITOR + n1,more").heard()[-1] == ":chatroom.test 734 al 100 more :Monitor list is full"


def test_with_extended_monitor_one_is_told_what_members_of_ones_rooms_are_told() -> None:
    """AWAY and SETNAME, as far as those were negotiated, and once."""
    chat = Chat()
    al = chat.irc("al", "extended-monitor", "away-notify", "setname", room="#a")
    other = chat.irc("other", "extended-monitor")
    bob = chat.irc("bob")
    for client in (al, other):
        client.send("MONITOR + bob")
        client.heard()
    bob.send("AWAY :tea", "SETNAME :B", "JOIN #a", "AWAY")
    assert al.heard() == [
        ":bob!u@127.0.0.1 AWAY :tea",
        ":bob!u@127.0.0.1 SETNAME :B",
        ":bob!u@127.0.0.1 JOIN #a",
        ":bob!u@127.0.0.1 AWAY :tea",
        ":bob!u@127.0.0.1 AWAY",
    ]
    assert other.heard() == []


# ---- questions -------------------------------------------------------------------------------------------------------


def test_whox_answers_what_was_asked_for_in_its_own_order() -> None:
    """354: `ircv3.net/specs/extensions/whox`."""
    chat = Chat()
    al = chat.irc("al", room="#a")
    assert al.send("WHO #a %rntcuhsfdla,7").heard()[0] == (
        ":chatroom.test 354 al 7 #a u 127.0.0.1 chatroom.test al H@ 0 0 0 :Real Name"
    )
    assert al.send("WHO al %n").heard()[0] == ":chatroom.test 354 al al"
    assert al.send("WHO al").heard()[0].split()[1] == "352"


def test_whowas_remembers_those_who_left_and_those_who_changed_their_names() -> None:
    """314 and 312, the last first; 406 of nobody; always 369."""
    chat = Chat()
    al = chat.irc("al")
    for _ in range(2):
        bob = chat.irc("bob")
        bob.send("NICK rob", "QUIT")
    assert numerics(al, "WHOWAS bob") == ["314", "312", "314", "312", "369"]
    assert numerics(al, "WHOWAS ROB 1") == ["314", "312", "369"]
    assert numerics(al, "WHOWAS nobody") == ["406", "369"]
    assert parse(al.send("WHOWAS *ob 1").heard()[-1]).params[1] in ("bob", "rob")  # whom the mask turned out to mean
    assert parse(al.send("WHOWAS *ob").heard()[-1]).params[1] == "*ob"
    assert numerics(al, "WHOWAS") == ["431"]


@pytest.mark.parametrize(
    ("line", "rooms"),
    [
        ("LIST", ["#one", "#two"]),
        ("LIST #TWO,#none", ["#two"]),
        ("LIST >1", ["#two"]),
        ("LIST <2", ["#one"]),
        ("LIST >0,<2", ["#one"]),
        ("LIST #t*", ["#two"]),
        ("LIST !#t*", ["#one"]),
        ("LIST C<5", ["#two"]),
        ("LIST C>5", ["#one"]),
        ("LIST T<5", ["#two"]),
        ("LIST T>5", ["#one"]),
    ],
)
def test_list_is_filtered(line: str, rooms: list[str]) -> None:
    """ELIST=CMNTU: `modern.ircdocs.horse/#elist-parameter`; ages in minutes."""
    chat = Chat()
    al = chat.irc("al", room="#one").send("TOPIC #one :x")
    chat.time = NOON + 10 * 60_000
    bob = chat.irc("bob", room="#two").send("TOPIC #two :y")
    al.send("JOIN #two")
    bob.heard()
    al.heard()
    assert sorted(row.split()[3] for row in bob.send(line).heard()[1:-1]) == rooms


@pytest.mark.parametrize("command", ["PRIVMSG {} :hi", "JOIN {}", "NAMES {}", "KICK #p0 {}", "LIST {}"])
def test_what_is_beyond_the_most_targets_is_told(command: str) -> None:
    """TARGMAX of them are served, and no name is passed over in silence."""
    chat = Chat()
    al = chat.irc("al", room="#p0")
    names = [f"{'#' if command[:4] in ('JOIN', 'LIST') else ''}p{number}" for number in range(TARGETS_PER_COMMAND + 2)]
    told = al.send(command.format(",".join(names))).heard()
    assert told[-1] == f":chatroom.test 407 al {names[-2]},{names[-1]} :At most 20 at once: nothing was done for these"
    assert any(f" {names[-3]} " in f"{line} " for line in told) or told[-2].split()[1] == "323"
    assert not any(f" {names[-2]} " in f"{line} " for line in told)


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("LUSERS", ["251", "252", "253", "254", "255", "265", "266"]),
        ("VERSION", ["351", "005", "005", "005"]),
        ("TIME", ["391"]),
        ("TIME chatroom.*", ["391"]),
        ("TIME elsewhere", ["402"]),
        ("INFO", ["371", "371", "374"]),
        ("ADMIN", ["256", "257", "259"]),
        ("LINKS", ["364", "365"]),
        ("CLUSTER", ["364", "365"]),
        ("STATS u", ["242", "219"]),
        ("STATS x", ["219"]),
        ("HELP", None),
        ("HELP privmsg", ["704", "706"]),
        ("HELP nonsense", ["524"]),
        ("AUTHENTICATE PLAIN", ["904"]),
        ("REGISTER * * short", ["FAIL"]),
        ("REGISTER * * :long enough", ["FAIL"]),
        ("REGISTER * * open-sesame", ["REGISTER", "900"]),
        ("VERIFY al 1234", ["FAIL"]),
        ("MOTD", ["422"]),
        ("JOIN 0", ["PART"]),
        ("INVITE", ["337"]),
        ("NAMES", ["353", "366"]),
    ],
)
def test_the_server_answers_for_itself(line: str, answers: list[str] | None) -> None:
    """With the numerics that clients wait for."""
    told = numerics(Chat().irc("al", room="#a"), line)
    if answers is None:
        assert (told[0], set(told[1:-1]), told[-1]) == ("704", {"705"}, "706")
    else:
        assert told == answers


def test_isupport_says_what_there_is() -> None:
    """Tokens without spaces, 13 a line at most, and only what the server keeps to."""
    al = Chat().irc("al").send("VERSION")
    lines = [parse(line) for line in al.heard() if " 005 " in line]
    assert all(len(line.params) <= 15 for line in lines)
    tokens = dict(token.partition("=")[::2] for line in lines for token in line.params[1:-1])
    assert tokens["CHANMODES"] == "beI,k,lW,Cimnst"
    assert tokens["PREFIX"] == "(ov)@+"
    assert tokens["STATUSMSG"] == "@+"
    assert tokens["EXTBAN"] == ",am"
    assert tokens["ACCOUNTEXTBAN"] == "a"
    assert {"WHOX", "UTF8ONLY", "MONITOR", "BOT", "ELIST", "EXCEPTS", "INVEX", "TARGMAX"} <= tokens.keys()


def test_the_icon_of_the_server_is_told_where_there_is_one() -> None:
    """IRCv3 network-icon: with `=` written as such values are, and in a line that is not too long."""
    info = replace(INFO, icon="https://example.org/i.svg?v=1" + "x" * 270)
    al = Chat(info).irc("al" * 16).send("VERSION")
    [line] = [line for line in al.heard() if " draft/ICON=" in line]
    assert f" draft/ICON=https://example.org/i.svg?v\\x3D1{'x' * 270} :" in line
    assert len(line.encode()) <= 510
    assert not [line for line in Chat().irc("al").send("VERSION").heard() if "ICON" in line]


def test_people_are_hidden_where_the_server_says_so() -> None:
    """Found by those alone who share a room; until they say otherwise. LUSERS counts them."""
    chat = Chat()
    chat.hub.context.are_hidden = True
    al, bob = chat.irc("al"), chat.irc("bob", room="#a")
    assert numerics(al, "WHO *")[:-1] == ["352"]  # oneself
    counted = al.send("LUSERS").heard()[0]
    assert "1 users and 2 invisible" not in counted
    assert "0 users and 2 invisible" in counted
    bob.send("MODE bob -i")
    assert numerics(al, "WHO *")[:-1] == ["352", "352"]


def test_a_client_of_version_301_is_told_of_capabilities_in_one_line() -> None:
    """It knows no more; of those that don't fit the drafts are left out, and may be asked for all the same."""
    info = replace(INFO, name="a.server.with.rather.a.long.name.that.takes.much.of.every.line")
    al = Chat(info).irc("al" * 16)
    [line] = al.send("CAP LS").heard()
    assert " LS :" in line and len(line.encode()) <= 510
    told = set(parse(line).params[-1].split())
    assert told >= {name for name in CAPABILITIES if not name.startswith("draft/")}
    assert told < set(CAPABILITIES)
    left_out = next(name for name in CAPABILITIES if name not in told)
    assert parse(al.send(f"CAP REQ :{left_out}").heard()[0]).params[1] == "ACK"
    assert len(al.send("CAP LS 302").heard()) > 1


# ---- read markers ----------------------------------------------------------------------------------------------------

MARKING = ("draft/read-marker", "message-tags")


def test_how_far_one_has_read_is_remembered_and_only_moves_ahead() -> None:
    """Set, asked for, told on joining before the end of the names; never later than now: IRCv3 read-marker."""
    al = Chat().irc("al", *MARKING)
    first, second = "timestamp=2025-01-01T00:00:00.000Z", "timestamp=2025-02-01T00:00:00.500Z"
    assert al.send("MARKREAD #a").heard() == [":chatroom.test MARKREAD #a *"]
    assert al.send(f"MARKREAD #a {second}").heard() == [f":chatroom.test MARKREAD #a {second}"]
    assert al.send(f"MARKREAD #a {first}").heard() == [f":chatroom.test MARKREAD #a {second}"]
    assert numerics(al, "JOIN #A") == ["JOIN", "MARKREAD", "353", "366"]
    assert al.send(f"MARKREAD bob {first}", "MARKREAD BOB").heard()[-1] == f":chatroom.test MARKREAD BOB {first}"
    future = al.send("MARKREAD #a timestamp=2999-01-01T00:00:00.000Z").heard()[0]
    assert parse(future).params[1] < "timestamp=2900"


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("MARKREAD", "NEED_MORE_PARAMS"),
        ("MARKREAD #a *", "INVALID_PARAMS"),
        ("MARKREAD #a timestamp=yesterday", "INVALID_PARAMS"),
        ("MARKREAD #a 2025-01-01T00:00:00.000Z", "INVALID_PARAMS"),
        ("MARKREAD not+a+name", "INVALID_PARAMS"),
        ("MARKREAD #a,#b timestamp=2025-01-01T00:00:00.000Z", "INVALID_PARAMS"),
    ],
)
def test_a_marker_that_makes_no_sense_is_refused(line: str, failure: str) -> None:
    """By a FAIL that names the command."""
    al = Chat().irc("al", *MARKING)
    assert parse(al.send(line).heard()[0]).params[:2] == ("MARKREAD", failure)


def test_a_guests_markers_are_gone_with_the_guest_and_they_are_bounded() -> None:
    """Whoever has the name next has read nothing; so many rooms and people, and the one set longest ago goes first."""
    chat = Chat()
    al = chat.irc("al", *MARKING)
    al.send(*[f"MARKREAD #r{i} timestamp=2025-01-01T00:00:00.000Z" for i in range(READ_MARKERS_PER_USER + 1)])
    al.heard()
    assert [parse(line).params[1] for line in al.send("MARKREAD #r0", "MARKREAD #r1").heard()] == [
        "*",
        "timestamp=2025-01-01T00:00:00.000Z",
    ]
    al.leave()
    assert not chat.hub.state.guest_markers.readers
    assert not chat.hub.state.marking
    assert chat.irc("al", *MARKING).send("MARKREAD #r1").heard() == [":chatroom.test MARKREAD #r1 *"]


def test_all_clients_of_an_account_are_told_how_far_it_has_read() -> None:
    """And nobody else."""
    chat = Chat()
    desk, phone, other = (chat.irc(nick, *MARKING) for nick in ("al", "phone", "other"))
    desk.send("MARKREAD #b timestamp=2025-01-01T00:00:00.000Z").heard()  # a guest still
    desk.send("NICKSERV REGISTER open-sesame").heard()
    phone.send("NICKSERV IDENTIFY al open-sesame").heard()
    desk.send("MARKREAD #a timestamp=2025-01-01T00:00:00.000Z")
    assert phone.heard() == [":chatroom.test MARKREAD #a timestamp=2025-01-01T00:00:00.000Z"]
    assert other.heard() == []
    desk.leave()
    phone.leave()
    assert list(chat.hub.state.markers.readers) == ["al"]
    back = chat.irc("back", *MARKING)
    back.send("NICKSERV IDENTIFY al open-sesame").heard()
    assert back.send("MARKREAD #a").heard() == [":chatroom.test MARKREAD #a timestamp=2025-01-01T00:00:00.000Z"]


# ---- redaction -------------------------------------------------------------------------------------------------------

REDACTING = ("draft/message-redaction", "message-tags", "echo-message")


def said(client: Client, line: str) -> str:
    """The id of the message that `client` sends by this line."""
    return parse(client.send(line).heard()[-1]).tags["msgid"]


def test_what_was_said_can_be_taken_back_by_its_author() -> None:
    """IRC clients that can are told by REDACT, netcat in words, the others not at all: IRCv3 message-redaction."""
    chat = Chat()
    op, al = chat.irc("op", *REDACTING, room="#a"), chat.irc("al", *REDACTING, room="#a")
    old, pat = chat.irc("old", "message-tags", room="#a"), chat.plain("pat").send("/join #a")
    msgid = said(al, "PRIVMSG #a :oops")
    for client in (op, al, old, pat):
        client.heard()
    al.send(f"REDACT #A {msgid} :wrong room")
    for client in (op, al):
        [line] = client.heard()
        assert (parse(line).nick, parse(line).params) == ("al", ("#a", msgid, "wrong room"))
    assert old.heard() == []
    assert pat.heard() == ["* al removed a message (wrong room)"]
    assert not chat.hub.state.rooms["#a"].recent
    assert numerics(al, f"REDACT #a {msgid}") == ["FAIL"]


def test_the_room_and_the_log_are_told_that_an_operator_took_back_the_words_of_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In words, with whose it was, where a client knows no REDACT."""
    caplog.set_level(logging.INFO)
    chat = Chat()
    op, al = chat.irc("op", *REDACTING, room="#a"), chat.irc("al", *REDACTING, room="#a")
    old, pat = chat.irc("old", room="#a"), chat.plain("pat").send("/join #a")
    msgid = said(al, "PRIVMSG #a :oops")
    for client in (op, old, pat):
        client.heard()
    chat.hub.state.audit_log.clear()
    op.send(f"REDACT #a {msgid} :rude")
    assert pat.heard() == ["* op removed a message of al (rude)"]
    assert [parse(line).params for line in old.heard()] == [("#a", "op removed a message of al (rude)")]
    assert parse(op.heard()[0]).command == "REDACT"
    log_actions(chat.hub.state.audit_log)
    assert "#a: op removed a message of al (rude) (by op!" in caplog.text
    op.send(f"REDACT #a {said(op, 'PRIVMSG #a :mine')}")
    assert len(chat.hub.state.audit_log) == 1, "what is one's own is not logged"


def test_operators_take_back_what_others_said_and_members_do_not() -> None:
    """REDACT_FORBIDDEN."""
    chat = Chat()
    op, al = chat.irc("op", *REDACTING, room="#a"), chat.irc("al", *REDACTING, room="#a")
    by_op, by_al = said(op, "PRIVMSG #a :mine"), said(al, "PRIVMSG #a :yours")
    al.heard()
    op.heard()
    assert parse(al.send(f"REDACT #a {by_op}").heard()[0]).params[:4] == ("REDACT", "REDACT_FORBIDDEN", "#a", by_op)
    assert parse(op.send(f"REDACT #a {by_al}").heard()[0]).params == ("#a", by_al)


def test_private_words_are_taken_back_by_their_author_alone() -> None:
    """Both are told, even if the other is called something else by now."""
    chat = Chat()
    al, bob, eve = (chat.irc(nick, *REDACTING) for nick in ("al", "bob", "eve"))
    msgid = said(al, "PRIVMSG bob :secret")
    bob.heard()
    for other, target in ((eve, "bob"), (bob, "bob"), (bob, "al"), (al, "eve")):
        assert parse(other.send(f"REDACT {target} {msgid}").heard()[0]).params[1] == "UNKNOWN_MSGID"
    bob.send("NICK rob")
    eve.send("NICK bob")
    eve.heard()
    bob.heard()
    al.send(f"REDACT bob {msgid}")
    assert [parse(client.heard()[0]).params for client in (al, bob)] == [("bob", msgid)] * 2
    assert eve.heard() == []
    assert not chat.hub.state.direct_messages


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("REDACT #elsewhere 1", "INVALID_TARGET"),
        ("REDACT #none 1", "INVALID_TARGET"),
        ("REDACT #none nonsense!", "INVALID_TARGET"),
        ("REDACT #a 1", "UNKNOWN_MSGID"),
        ("REDACT #a nonsense!", "UNKNOWN_MSGID"),
        ("REDACT nobody 1", "UNKNOWN_MSGID"),
    ],
)
def test_what_can_not_be_taken_back_is_refused(line: str, failure: str) -> None:
    """By a FAIL that names the command and the target."""
    chat = Chat()
    chat.irc("bob", room="#elsewhere")
    al = chat.irc("al", *REDACTING, room="#a")
    assert parse(al.send(line).heard()[0]).params[:3] == ("REDACT", failure, line.split()[1])


def test_without_the_capability_there_is_no_such_command() -> None:
    """421."""
    assert numerics(Chat().irc("al", room="#a"), "REDACT #a 1", "MARKREAD #a") == ["421", "421"]


@pytest.mark.parametrize(
    ("version", "secure", "near", "told"),
    [
        (" 302", False, False, "sts=port=6697"),
        (" 302", True, False, "sts=duration=2592000"),
        (" 302", False, True, ""),
        ("", False, False, ""),
    ],
)
def test_sts_sends_clients_without_tls_where_tls_is(version: str, secure: bool, near: bool, told: str) -> None:
    """Not those on this machine, for whose address there is no certificate; nor those that know no values."""
    chat = Chat(replace(INFO, sts_port=6697))
    client = chat.irc()
    client.secure, client.near = secure, near
    offered = "".join(client.send(f"CAP LS{version}").heard())
    assert ("".join(word for word in offered.split() if "sts" in word)) == told
