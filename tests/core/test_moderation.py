"""Order in a room: ranks, modes, bans, keys, limits, invitations, kicks; and the server's operators.

In IRC's words, without sockets: the rules are the hub's, the numerics the dialect's.
"""

from collections.abc import Callable

import pytest

from chatroom.model.dormant_rooms import DormantRooms
from chatroom.model.limits import MASKS_PER_LIST, MODES_PER_LINE, WRONG_PASSWORDS_PER_CONNECTION
from tests.chat import Chat, Client
from tests.core.test_accounts import PASSWORD, claim, proven

Room = tuple[Chat, Client, Client]


@pytest.fixture
def room() -> Room:
    """A room #a with its operator op and a member bob."""
    chat = Chat()
    op, bob = chat.irc("op", room="#a"), chat.irc("bob", room="#a")
    op.heard()
    return chat, op, bob


def numerics(client: Client, *lines: str) -> list[str]:
    """What these lines lead to: numerics, and the names of commands."""
    return [line.split()[1] for line in client.send(*lines).heard()]


# ---- ranks -----------------------------------------------------------------------------------------------------------


def test_who_opens_a_room_is_its_operator_and_who_comes_later_is_not(room: Room) -> None:
    """RFC 2811 §4.1; seen in NAMES, WHO and WHOIS."""
    _, op, bob = room
    assert bob.send("NAMES #a").heard()[0] == ":chatroom.test 353 bob = #a :@op bob"
    assert bob.send("WHO #a").heard()[0].split()[8] == "H@"
    assert ":chatroom.test 319 bob op :@#a" in bob.send("WHOIS op").heard()
    assert ":chatroom.test 319 op bob :#a" in op.send("WHOIS bob").heard()


def test_the_lobby_has_no_operators_and_anybody_sets_its_topic() -> None:
    """It is where everybody starts: whoever comes first is no better than the others."""
    chat = Chat()
    al = chat.irc("al", room="#lobby")
    assert al.send("NAMES #lobby").heard()[0].endswith(":al")
    assert numerics(al, "TOPIC #lobby :tea", "MODE #lobby +m") == ["TOPIC", "482"]


def test_an_operator_shares_the_rank_and_takes_it_back(room: Room) -> None:
    """Everybody in the room is told of each change that changes something."""
    _, op, bob = room
    assert numerics(bob, "MODE #a +v bob") == ["482"]
    assert op.send("MODE #a +ov bob BOB").heard() == [":op!u@127.0.0.1 MODE #a +ov bob bob"]
    assert bob.heard() == [":op!u@127.0.0.1 MODE #a +ov bob bob"]
    assert bob.send("NAMES #a").heard()[0] == ":chatroom.test 353 bob = #a :@op @bob"
    assert op.send("MODE #a +o bob").heard() == []
    assert bob.send("MODE #a -o op").heard() == [":bob!u@127.0.0.1 MODE #a -o op"]
    assert numerics(op, "MODE #a -o bob")[-1] == "482"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("MODE #a +o nobody", "401"),
        ("MODE #a +o stranger", "441"),
        ("MODE #none +o op", "403"),
        ("MODE #b +o op", "442"),
        ("MODE #a +Z", "472"),
        ("MODE #a +o", "461"),
        ("MODE #a +k", "461"),
        ("MODE #a +k :a b", "696"),
        ("MODE #a +k :", "696"),
        ("MODE #a +k " + "k" * 24, "696"),
        ("MODE #a +l 0", "696"),
        ("MODE #a +l -1", "696"),
        ("MODE #a +l x", "696"),
        ("MODE #a +b :a b", "696"),
        ("KICK #a stranger", "441"),
        ("KICK #a nobody", "401"),
        ("KICK #none bob", "403"),
        ("KICK #b stranger", "442"),
        ("INVITE nobody #a", "401"),
        ("INVITE bob #a", "443"),
        ("INVITE stranger #b", "442"),
        ("INVITE stranger #none", "403"),
        ("INVITE stranger", "461"),
    ],
)
def test_what_an_operator_can_not_do_is_refused_with_its_numeric(room: Room, line: str, answer: str) -> None:
    """And changes nothing."""
    chat, op, _ = room
    chat.irc("stranger", room="#b")
    before = op.send("MODE #a").heard()
    assert numerics(op, line) == [answer]
    assert op.send("MODE #a").heard() == before


@pytest.mark.parametrize("line", ["KICK #a op", "MODE #a +m", "MODE #a +b op", "TOPIC #a :x", "MODE #a +e"])
def test_who_is_no_operator_keeps_no_order(room: Room, line: str) -> None:
    """482; a voice does not help."""
    _, op, bob = room
    op.send("MODE #a +v bob")
    bob.heard()
    assert numerics(bob, line) == ["482"]


def test_who_asks_for_several_lists_is_refused_once(room: Room) -> None:
    """Whichever of them they may not see; what they may see they are shown."""
    _, op, bob = room
    op.send("MODE #a +beI x!*@* y!*@* z!*@*").heard()
    bob.heard()
    assert numerics(bob, "MODE #a +eI") == ["482"]
    assert numerics(bob, "MODE #a +beIb") == ["367", "368", "482"]
    assert numerics(bob, "MODE #a Ibe") == ["367", "368", "482"]
    assert numerics(op, "MODE #a +beI") == ["367", "368", "348", "349", "346", "347"]


def test_of_many_changes_each_is_made_or_refused_by_itself(room: Room) -> None:
    """One MODE tells of those that were made."""
    _, op, bob = room
    told = op.send("MODE #a +iZo-n nobody").heard()
    assert [line.split()[1] for line in told] == ["472", "401", "MODE"]
    assert told[-1] == ":op!u@127.0.0.1 MODE #a +i-n"
    assert bob.heard() == told[-1:]


def test_one_line_makes_so_many_changes_and_no_more(room: Room) -> None:
    """One line may not become a flood."""
    _, op, _ = room
    [told] = op.send("MODE #a +" + "b" * 30 + "".join(f" {i}" for i in range(30))).heard()
    assert told.split()[3] == "+" + "b" * MODES_PER_LINE


def test_modes_are_shown_with_their_parameters_to_members_alone(room: Room) -> None:
    """324; the key is not for strangers' eyes."""
    chat, op, bob = room
    op.send("MODE #a +kl sesame 5")
    assert bob.send("MODE #a").heard()[-2] == ":chatroom.test 324 bob #a +ntkl sesame 5"
    assert chat.irc("stranger").send("MODE #a").heard()[0] == ":chatroom.test 324 stranger #a +ntkl"
    assert op.send("MODE #a -kl x").heard()[-1] == ":op!u@127.0.0.1 MODE #a -kl *"


# ---- doors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "answer"),
    [("+i", "473"), ("+k sesame", "475"), ("+l 2", "471"), ("+b carol", "474"), ("+b *@127.*", "474")],
)
def test_a_closed_door_is_opened_by_an_operators_invitation(room: Room, mode: str, answer: str) -> None:
    """Once: who has come in and left needs another. Modern IRC lets invitations override +i, +l, +b and +k."""
    chat, op, bob = room
    op.send(f"MODE #a {mode}")
    carol = chat.irc("carol")
    assert numerics(carol, "JOIN #a") == [answer]
    op.heard()
    assert op.send("INVITE carol #a").heard() == [":chatroom.test 341 op carol #a"]
    assert carol.heard() == [":op!u@127.0.0.1 INVITE carol #a"]
    assert carol.send("INVITE").heard()[0] == ":chatroom.test 336 carol #a"
    assert numerics(carol, "JOIN #a")[0] == "JOIN"
    assert numerics(carol, "PART #a", "JOIN #a") == ["PART", answer]
    assert [line.split()[1] for line in bob.heard()] == ["MODE", "JOIN", "PART"]


def test_a_members_invitation_opens_nothing_and_into_a_closed_room_there_is_none(room: Room) -> None:
    """Else a key would be everybody's to give away."""
    chat, op, bob = room
    op.send("MODE #a +k sesame")
    carol = chat.irc("carol")
    assert numerics(bob, "INVITE carol #a")[-1] == "341"
    assert numerics(carol, "JOIN #a") == ["INVITE", "475"]
    assert numerics(carol, "JOIN #a sesame")[0] == "JOIN"
    carol.send("PART #a")
    op.send("MODE #a +i")
    bob.heard()
    assert numerics(bob, "INVITE carol #a") == ["482"]


@pytest.mark.parametrize("ban", ["BAN #a carol", "BAN #a carol 1h :x", "MODE #a +b carol", "MODE #a +b *!*@*"])
def test_a_ban_takes_back_an_invitation_given_before_it(room: Room, ban: str) -> None:
    """Whoever is invited after it comes in; and so does, still, whom it does not meet."""
    chat, op, bob = room
    carol, dave = chat.irc("carol"), chat.irc("dave")
    op.send(
        "MODE #a +i", "INVITE carol #a", "INVITE dave #a", "MODE #a +e dave", ban, "MODE #a +b eve", "BAN #a m:x!*@*"
    )
    for client in (carol, dave, bob):
        client.heard()
    assert numerics(carol, "JOIN #a") == ["474"]
    assert numerics(dave, "JOIN #a")[0] == "JOIN"
    op.send("INVITE carol #a", "MODE #a +b eve2", "MUTE #a carol")
    carol.heard()
    assert numerics(carol, "JOIN #a")[0] == "JOIN"
    op.send("KICK #a carol")  # an invitation is for one time, so none is left to take back
    carol.heard()
    assert numerics(carol, "JOIN #a") == ["474"]


@pytest.mark.parametrize("lasting", [False, True])
def test_nothing_that_was_said_in_a_closed_room_is_shown_to_who_opens_it_next(lasting: bool) -> None:
    """With --ephemeral, nothing of any room is."""
    chat = Chat()
    chat.hub.state.dormant_rooms = DormantRooms() if lasting else None
    op = chat.irc("op", room="#a,#b")
    op.send("MODE #a +i", "PRIVMSG #a :among us", "PRIVMSG #b :for all", "TOPIC #a :among us", "PART #a,#b")
    bob = chat.irc("bob").send("JOIN #a,#b")
    told = "\n".join(bob.heard())
    assert "among us" not in told and ("for all" in told) is lasting


def test_an_invitation_ends_with_the_room(room: Room) -> None:
    """A room of the same name that somebody else opens is another one."""
    chat, op, bob = room
    carol = chat.irc("carol")
    op.send("INVITE carol #a")
    op.send("PART #a")
    bob.send("PART #a", "JOIN #a", "MODE #a +i")
    carol.heard()
    assert numerics(carol, "JOIN #a") == ["473"]


def test_keys_go_with_their_rooms_and_exceptions_open_doors(room: Room) -> None:
    """JOIN #a,#b key,key; +I needs no invitation, +e no mercy."""
    chat, op, _ = room
    op.send("JOIN #b", "MODE #a +k one", "MODE #b +k two")
    carol = chat.irc("carol")
    assert numerics(carol, "JOIN #a,#b one,two").count("JOIN") == 2
    op.send("JOIN #c", "MODE #c +ibIe *!*@* dora *!*@*")
    assert numerics(chat.irc("dora"), "JOIN #c")[0] == "JOIN"


def test_a_ban_is_listed_to_anybody_and_the_other_lists_to_operators(room: Room) -> None:
    """367 and 368, as real clients ask on joining; 346 to 349."""
    _, op, bob = room
    op.send("MODE #a +bb x y@z", "MODE #a +e e", "MODE #a +I i")
    bob.heard()
    told = bob.send("MODE #a b").heard()
    assert [" ".join(line.split()[1:6]) for line in told[:2]] == [
        "367 bob #a x!*@* op!u@127.0.0.1",
        "367 bob #a *!y@z op!u@127.0.0.1",
    ]
    assert told[2].split()[1] == "368"
    op.heard()
    assert numerics(op, "MODE #a +e", "MODE #a I") == ["348", "349", "346", "347"]
    assert op.send("MODE #a -b X!*@*").heard() == [":op!u@127.0.0.1 MODE #a -b x!*@*"]


def test_a_list_has_a_longest_length(room: Room) -> None:
    """478: every newcomer is held against all of it."""
    _, op, _ = room
    for i in range(0, MASKS_PER_LIST, 10):
        op.send("MODE #a +" + "b" * 10 + "".join(f" {j}" for j in range(i, i + 10)))
    op.heard()
    assert numerics(op, "MODE #a +b more") == ["478"]


# ---- speaking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["+m", "+b bob", "+b m:bob", "+b m:*@127.0.0.1"])
def test_who_may_not_speak_is_told_so_until_there_is_a_voice(room: Room, mode: str) -> None:
    """404; moderation, bans and mutes; not for those with a rank, nor where an exception is."""
    _, op, bob = room
    op.send(f"MODE #a {mode}")
    bob.heard()
    assert numerics(bob, "PRIVMSG #a :hi", "NOTICE #a :hi") == ["404"]
    op.send("MODE #a +v bob")
    bob.heard()
    op.heard()
    assert bob.send("PRIVMSG #a :hi").heard() == []
    assert op.heard() == [":bob!u@127.0.0.1 PRIVMSG #a :hi"]
    op.send("PRIVMSG #a :mine", "MODE #a -v bob", "MODE #a +e bob")
    bob.heard()
    assert numerics(bob, "PRIVMSG #a :hi") == (["404"] if mode == "+m" else [])


def test_a_mute_keeps_nobody_out(room: Room) -> None:
    """It is a ban on speaking alone."""
    chat, op, _ = room
    op.send("MODE #a +b m:carol")
    assert numerics(chat.irc("carol"), "JOIN #a", "PRIVMSG #a :hi") == ["JOIN", "353", "366", "404"]


def test_strangers_speak_where_the_room_lets_them(room: Room) -> None:
    """-n."""
    chat, op, bob = room
    carol = chat.irc("carol")
    assert numerics(carol, "PRIVMSG #a :hi") == ["404"]
    op.send("MODE #a -n")
    bob.heard()
    assert carol.send("PRIVMSG #a :hi").heard() == []
    assert bob.heard() == [":carol!u@127.0.0.1 PRIVMSG #a :hi"]


def test_ctcp_stays_out_where_it_is_not_wanted(room: Room) -> None:
    """+C of a room, +T of a person; /me is always welcome."""
    _, op, bob = room
    op.send("MODE #a +C", "MODE op +T")
    bob.heard()
    assert numerics(bob, "PRIVMSG #a :\x01VERSION\x01", "PRIVMSG op :\x01VERSION\x01") == ["404", "404"]
    assert numerics(bob, "PRIVMSG #a :\x01ACTION waves\x01", "PRIVMSG op :\x01ACTION waves\x01") == []


def test_statusmsg_is_for_those_with_the_rank_or_a_higher_one(room: Room) -> None:
    """PRIVMSG @#a: to operators; +#a: to those with a voice, too."""
    chat, op, bob = room
    carol = chat.irc("carol", room="#a")
    op.send("MODE #a +v bob")
    for client in (op, bob, carol):
        client.heard()
    carol.send("PRIVMSG @#a :ops", "PRIVMSG +#a :voices")
    assert op.heard() == [":carol!u@127.0.0.1 PRIVMSG @#a :ops", ":carol!u@127.0.0.1 PRIVMSG +#a :voices"]
    assert bob.heard() == [":carol!u@127.0.0.1 PRIVMSG +#a :voices"]
    assert carol.heard() == []


# ---- throwing out, hiding --------------------------------------------------------------------------------------------


def test_a_kick_is_told_to_all_and_the_kicked_hear_no_more(room: Room) -> None:
    """Without a reason it bears the operator's name: RFC 2812 §3.2.8. Plain clients read a sentence."""
    chat, op, bob = room
    plain = chat.plain("pat")
    plain.send("/join #a")
    plain.heard()
    op.heard()
    bob.heard()
    assert op.send("KICK #a bob :enough", "KICK #a pat").heard() == [
        ":op!u@127.0.0.1 KICK #a bob :enough",
        ":op!u@127.0.0.1 KICK #a pat :op",
    ]
    assert bob.heard() == [":op!u@127.0.0.1 KICK #a bob :enough"]
    assert plain.heard() == ["* op threw bob out (enough)", "* op threw pat out"]
    assert numerics(bob, "PRIVMSG #a :hi") == ["404"]


def test_one_kick_can_be_of_many(room: Room) -> None:
    """KICK #a bob,carol and KICK #a,#a bob,carol; each told by itself."""
    chat, op, _ = room
    chat.irc("carol", room="#a")
    op.heard()
    assert numerics(op, "KICK #a,#a bob,carol") == ["KICK", "KICK"]


def test_a_secret_room_is_seen_by_its_members_alone(room: Room) -> None:
    """LIST, NAMES, WHO, WHOIS and MODE; `@` stands before its names."""
    chat, op, bob = room
    op.send("MODE #a +s")
    bob.heard()
    stranger = chat.irc("stranger")
    asked = ("LIST", "NAMES #a", "WHO #a", "MODE #a")
    assert numerics(stranger, *asked) == ["321", "323", "366", "315", "403"]
    assert "319" not in numerics(stranger, "WHOIS op")
    assert bob.send("NAMES #a").heard()[0] == ":chatroom.test 353 bob @ #a :@op bob"
    assert "322" in numerics(bob, "LIST")


def test_lists_mark_rooms_that_keep_people_out(room: Room) -> None:
    """`[+k]` before the topic of a room with a key, `[+i]` where one must be invited; netcat reads it in words."""
    chat, op, _ = room
    op.send("MODE #a +ik tea", "TOPIC #a :about tea", "JOIN #b", "TOPIC #b :[+k] a lie", "JOIN #c", "MODE #c +k x")
    op.heard()
    stranger = chat.irc("stranger")
    listed = [line for line in stranger.send("LIST").heard() if " 322 " in line]
    assert [line.partition(" stranger ")[2] for line in listed if "#lobby" not in line] == [
        "#a 2 :[+ik] about tea",
        "#b 1 :[+] [+k] a lie",
        "#c 1 :[+k]",
    ]
    assert {"* #a (2, by invitation, needs a key): about tea", "* #c (1, needs a key)"} <= set(
        chat.plain("netcat").send("/rooms").heard()
    )


def test_an_owner_is_told_of_a_room_that_is_empty() -> None:
    """It is kept, so it is listed for them, and no command says that there is none; nobody else is told of it."""
    chat = Chat()
    chat.hub.state.dormant_rooms = DormantRooms()
    claim(chat, "olga").leave()
    olga, netcat = proven(chat, "olga"), chat.plain("netcat")
    olga.send("JOIN #class", "MODE #class +k tea", "PART #class").heard()
    assert [line.partition(" olga ")[2] for line in olga.send("LIST").heard() if " #class " in line] == [
        "#class 0 :[+k]"
    ]
    assert olga.send("MODE #class").heard() == [":chatroom.test 403 olga #class :Nobody is in that channel"]
    assert "#class" not in "\n".join(netcat.send("/rooms").heard())
    assert netcat.send("/mode #class +i").heard() == ["* there is no room #class; /rooms lists them"]
    olga.leave()
    back = chat.plain().send("olga", PASSWORD)
    back.heard()
    assert back.send("/mode #class").heard() == ["* nobody is in #class now; /join #class takes you there"]
    assert "* #class (0, needs a key)" in back.send("/rooms").heard()


def test_a_marked_row_of_a_list_fits_a_line(room: Room) -> None:
    op = room[1]
    name = f"#{'x' * 49}"
    op.send(f"JOIN {name}", f"MODE {name} +ik tea", f"TOPIC {name} :{'y' * 300}").heard()
    [row] = [line for line in op.send(f"LIST {name}").heard() if " 322 " in line]
    assert " :[+ik] yyy" in row
    assert len(row.encode()) <= 510


def test_a_ban_tells_whom_it_is_for_until_when_and_why(room: Room) -> None:
    """By tags, to those who read tags: MODE and the list of bans have no place for it."""
    chat, op, bob = room
    al = chat.irc("al", "message-tags", "server-time", room="#a")
    op.send("MUTE #a bob 5m :spam; and more").heard()
    tags = r"chatroom/whom=bob;chatroom/until=2026-01-01T12:05:00.123Z;chatroom/reason=spam\:\sand\smore"
    [told] = al.heard()
    assert told.split(" ")[0].endswith(f";{tags}")
    assert " MODE #a +b m:bob!*@*" in told
    assert bob.heard()[-1].startswith(":op!")
    listed = al.send("MODE #a b").heard()
    assert listed[0].startswith(f"@{tags} :chatroom.test 367 al #a m:bob!*@* op!")
    assert bob.send("MODE #a b").heard()[0].startswith(":chatroom.test 367 ")
    op.send("MODE #a +b x!*@*").heard()
    assert "chatroom/" not in al.heard()[0]


def test_whose_room_it_is(room: Room) -> None:
    """MODE with an O: 325 with the account, or a star. An owner who comes in is told of as what they are."""
    chat, _, bob = room
    jan = chat.irc("jan").send("PRIVMSG NickServ :REGISTER long-password", "JOIN #own")
    nathan = chat.plain("nathan").send("/join #own")
    bob.heard()
    assert bob.send("MODE #own O", "MODE #a +O").heard() == [
        ":chatroom.test 325 bob #own jan",
        ":chatroom.test 325 bob #a *",
    ]
    assert numerics(bob, "MODE #own bO", "MODE #none O") == ["368", "325", "403"]
    assert "* #own belongs to jan." in nathan.send("/mode #own O").heard()
    jan.send("PART #own", "JOIN #own")
    assert nathan.heard()[-1] == "* jan is an operator here"


NAMING = """
    TOPIC #X|TOPIC #X :tea|NAMES #X|LIST #X|WHO #X|WHO #X %tcn,7|PART #X|INVITE bob #X|INVITE stranger #X
    MODE #X|MODE #X b|MODE #X O|MODE #X +b|MODE #X +e|MODE #X +m|MODE #X +b x|MODE #X +o bob
    KICK #X bob|KICK #X bob 10m :x|BAN #X bob|UNBAN #X bob|MUTE #X bob|UNMUTE #X bob|REDACT #X abc|MARKREAD #X
    PRIVMSG #X :hi|PRIVMSG @#X :hi|PRIVMSG #X :\x01VERSION\x01|NOTICE #X :hi|TAGMSG #X|@+a=b TAGMSG #X
    CHATHISTORY LATEST #X * 9|SEARCH in=#X;text=hi
"""
PLAINLY = """
    /who #X|/invite #X bob|/kick #X bob|/ban #X bob|/unban #X bob|/mute #X bob|/unmute #X bob|/bans #X|/op #X bob
    /mode #X|/mode #X +m|/slow #X 9|/key #X x|/msg #X hi|/leave #X|/history #X|/search #X hi
"""


@pytest.mark.parametrize("modes", ["+s", "+sm", "+sm-n", "+sk key", "+si"])
@pytest.mark.parametrize("there", ["#a", "#A"])
@pytest.mark.parametrize("dialect", ["irc", "plain"])
def test_a_secret_room_answers_outsiders_like_one_that_does_not_exist(
    room: Room, modes: str, there: str, dialect: str
) -> None:
    """Whatever command names it, and however it is written; but for JOIN, which would make one that does not exist."""
    chat, op, _ = room
    caps = ("message-tags", "batch", "standard-replies", "draft/chathistory", "draft/read-marker", "labeled-response")
    stranger = chat.irc("stranger", *caps) if dialect == "irc" else chat.plain("stranger")
    op.send(f"MODE #a {modes}")
    for line in (NAMING if dialect == "irc" else PLAINLY).replace("\n    ", "|").strip().strip("|").split("|"):
        answers = []
        for name in (there, "#z"):
            stranger.send(line.replace("#X", name))
            answers.append([told.replace(name, "#X") for told in stranger.heard()])
        assert answers[0] == answers[1], line


def test_the_owner_and_the_servers_operators_know_of_a_secret_room_from_outside(room: Room) -> None:
    """And may do there what they may."""
    chat, op, _ = room
    op.send("MODE #a +s")
    boss = chat.irc("boss")
    chat.hub.context.operator_password = "open-sesame"
    boss.send("OPER boss open-sesame")
    boss.heard()
    assert numerics(boss, "MODE #a", "MODE #a b", "KICK #a bob", "INVITE bob #a") == [
        "324",
        "329",
        "368",
        "KICK",
        "341",
    ]
    owner = chat.irc("al")
    owner.send("NICKSERV REGISTER open-sesame", "JOIN #own", "MODE #own +s")
    chat.irc("eve", room="#own")
    owner.send("PART #own")
    owner.heard()
    assert numerics(owner, "MODE #own", "KICK #own eve") == ["324", "329", "KICK"]


def test_the_invisible_are_found_by_name_or_in_a_shared_room(room: Room) -> None:
    """+i of a person."""
    chat, op, bob = room
    assert op.send("MODE op +i").heard() == [":op!u@127.0.0.1 MODE op +i"]
    stranger = chat.irc("stranger")
    assert numerics(stranger, "WHO o*", "WHO #a", "NAMES #a") == ["315", "352", "315", "353", "366"]
    assert numerics(stranger, "WHO op") == ["352", "315"]
    assert numerics(bob, "WHO o*") == ["352", "315"]
    assert "319" not in numerics(stranger, "WHOIS op")


# ---- one's own modes, and the server's operators ---------------------------------------------------------------------


def test_nobody_makes_themselves_an_operator_or_changes_another(room: Room) -> None:
    """+o is for OPER; 501 of what there isn't, 502 of others."""
    _, op, bob = room
    assert numerics(op, "MODE op +o", "MODE op +Z", "MODE bob +i", "MODE bob") == ["501", "502", "502"]
    assert bob.send("MODE bob").heard() == [":chatroom.test 221 bob +"]


@pytest.fixture
def oper(room: Room) -> Client:
    """An operator of the server, who shares no room with the others."""
    chat, _, _ = room
    chat.hub.context.operator_password = "sesame"
    rita = chat.irc("rita")
    assert numerics(rita, "OPER rita sesame") == ["381", "MODE"]
    return rita


def test_operators_are_told_apart_and_counted(room: Room, oper: Client) -> None:
    """WHO *, WHOIS 313, USERHOST *, LUSERS 252; -o ends it."""
    _, _, bob = room
    assert bob.send("WHO rita").heard()[0].split()[8] == "H*"
    assert "313" in numerics(bob, "WHOIS rita")
    assert "rita*=" in bob.send("USERHOST rita").heard()[0]
    assert ":chatroom.test 252 bob 1 :operator(s) online" in bob.send("LUSERS").heard()
    assert numerics(bob, "WHO * o") == ["352", "315"]
    assert oper.send("MODE rita -o").heard() == [":rita!u@127.0.0.1 MODE rita -o"]
    assert numerics(oper, "KILL bob") == ["481"]
    assert ":chatroom.test 252 bob 0 :operator(s) online" in bob.send("LUSERS").heard()


def test_wrong_passwords_end_the_connection() -> None:
    """464, and after so many the connection is closed; without a password there are no operators (491)."""
    chat = Chat()
    al = chat.irc("al")
    assert numerics(al, "OPER al x") == ["491"]
    chat.hub.context.operator_password = "sesame"
    told = al.send(*["OPER al wrong"] * WRONG_PASSWORDS_PER_CONNECTION).heard()
    assert [line.split()[1] for line in told] == ["464"] * WRONG_PASSWORDS_PER_CONNECTION + [":Closing"]
    assert al.closing


@pytest.mark.parametrize("line", ["KILL bob", "WALLOPS :hi", "REHASH"])
def test_what_operators_do_is_for_them_alone(room: Room, line: str) -> None:
    """481."""
    assert numerics(room[1], line) == ["481"]


def test_a_kill_ends_a_connection_and_the_room_is_told(room: Room, oper: Client) -> None:
    """To the others it is a QUIT that says who did it."""
    chat, op, bob = room
    op.heard()
    bob.heard()
    oper.send("KILL bob :flooding")
    assert op.heard() == [":bob!u@127.0.0.1 QUIT :Killed (rita: flooding)"]
    assert bob.heard() == ["ERROR :Closing link: Killed (rita: flooding)"]
    assert bob.closing
    assert bob.uid not in chat.hub.state.sessions


def test_wallops_is_for_those_who_want_it(room: Room, oper: Client) -> None:
    """+w."""
    _, op, bob = room
    bob.send("MODE bob +w")
    bob.heard()
    oper.send("WALLOPS :restart at nine")
    assert bob.heard() == [":rita!u@127.0.0.1 WALLOPS :restart at nine"]
    assert op.heard() == []


def test_rehash_reads_the_configuration(room: Room, oper: Client) -> None:
    """382, once it is done. Nobody waits while files are read, and nobody acts while they are put to use."""
    done: list[str] = []
    chat, _, _ = room

    def reload() -> Callable[[], None]:
        done.append(f"read, locked: {chat.log.lock.locked()}")
        return lambda: done.append(f"used, locked: {chat.log.lock.locked()}")

    chat.hub.context.reload = reload
    assert numerics(oper, "REHASH") == ["382"]
    assert done == ["read, locked: False", "used, locked: True"]
    chat.hub.context.reload = lambda: None  # a file can't be read
    assert oper.send("REHASH").heard()[-1].startswith(":chatroom.test NOTICE rita :A file can't be read")


def test_operators_of_the_server_keep_order_in_the_lobby(room: Room, oper: Client) -> None:
    """It is theirs."""
    chat, _, _ = room
    bob = chat.plain("pat")
    oper.send("JOIN #lobby")
    oper.heard()
    assert numerics(oper, "MODE #lobby +m", "KICK #lobby pat :out") == ["MODE", "KICK"]
    assert bob.heard()[-1] == "* rita threw pat out (out)"


def test_who_gives_no_reason_has_none(room: Room) -> None:
    """IRC needs a comment: it is the name of who did it, as RFC 2812 §3.2.8 has it. Nobody else is told one."""
    chat, op, bob = room
    ada = chat.plain("ada")
    ada.send("/join #a")
    ada.heard()
    op.send("KICK #a bob")
    assert bob.heard()[-1] == ":op!u@127.0.0.1 KICK #a bob :op"
    assert "(op)" not in ada.heard()[-1]
    bob.send("JOIN #a")
    bob.heard()
    op.send("BAN #a bob")
    assert bob.heard()[-1] == ":op!u@127.0.0.1 KICK #a bob :op"
    assert "(op)" not in ada.heard()[-1]
