"""What stands on one line together: changes of modes, rooms with their keys; and what is told of it."""

import pytest

from chatroom.common.names import fold
from chatroom.model.limits import MASKS_PER_LIST
from chatroom.model.masks import mask as whole
from chatroom.model.values import ListEntry
from tests.chat import Chat, Client
from tests.core.test_accounts import PASSWORD, claim


@pytest.fixture
def op() -> Client:
    """The operator of #r, where bob is, too."""
    chat = Chat()
    op = chat.irc("op", room="#r")
    chat.irc("bob", room="#r")
    op.heard()
    return op


@pytest.mark.parametrize(
    ("changes", "told", "modes"),
    [
        ("+m-m", [], "+nt"),
        ("-n+n", [], "+nt"),
        ("+m-m+m", ["+m"], "+ntm"),
        ("-t+t-t", ["-t"], "+n"),
        ("+kk one two", ["+k two"], "+ntk two"),
        ("+k-k one *", [], "+nt"),
        ("+l-l+l 5 6", ["+l 6"], "+ntl 6"),
        ("+o-o bob bob", [], "+nt"),
        ("+v-v+v bob bob bob", ["+v bob"], "+nt"),
        ("+b-b a!*@* A!*@*", [], "+nt"),
        ("+bb a!*@* A!*@*", ["+b A!*@*"], "+nt"),
        ("-b+b a!*@* a!*@*", ["+b a!*@*"], "+nt"),
        ("+mi-m", ["+i"], "+nti"),
    ],
)
def test_of_changes_on_one_line_their_net_effect_is_made(op: Client, changes: str, told: list[str], modes: str) -> None:
    """RFC 2812 §3.2.3: one after the other. What comes to nothing is not told."""
    lines = op.send(f"MODE #r {changes}").heard()
    assert [line.split(" ", 3)[3] for line in lines if " MODE " in line] == told
    [now] = [line.split("#r ", 1)[1] for line in op.send("MODE #r").heard() if " 324 " in line]
    assert now == modes


def test_a_ban_that_is_lifted_and_set_anew_is_for_good(op: Client) -> None:
    """Though there was one of the same mask with an end."""
    op.send("BAN #r a!*@* 10m :noise", "MODE #r -b+b a!*@* a!*@*")
    [entry] = op.chat.hub.state.rooms["#r"].lists["b"].values()
    assert (entry.until, entry.reason) == (0, "")


def test_a_list_grows_to_its_bound_and_no_further(op: Client) -> None:
    """Counted over the whole line: what goes makes room, what is there already takes none."""
    bans = op.chat.hub.state.rooms["#r"].lists["b"]
    for number in range(MASKS_PER_LIST - 1):
        op.send(f"MODE #r +b u{number}!*@*")
    op.heard()
    lines = op.send(f"MODE #r +{'b' * 20} {' '.join(f'v{n}!*@*' for n in range(20))}").heard()
    assert (len(bans), [line.split()[1] for line in lines]) == (MASKS_PER_LIST, ["478"] * 19 + ["MODE"])
    assert op.send("MODE #r +b-b+b x!*@* u0!*@* y!*@*").heard()[0].split()[1] == "478"
    assert set(bans) >= {"y!*@*"} and len(bans) == MASKS_PER_LIST
    op.send("BAN #r y!*@* 10m").heard()
    assert bans["y!*@*"].until  # again: that takes no place


def test_of_ones_own_modes_the_last_change_counts(op: Client) -> None:
    """Nobody becomes an operator of the server that way."""
    assert op.send("MODE op +i-i").heard() == []
    assert op.send("MODE op +i-i+w").heard() == [":op!u@127.0.0.1 MODE op +w"]
    op.send("MODE op -o+o").heard()
    assert op.user and op.user.modes == {"w"}


# ---- rooms and what belongs to them ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "JOIN #a,#b ka,kb",
        "JOIN #a,#a,#b ka,ka,kb",
        "JOIN ,#a,#b ,ka,kb",
        "JOIN #a,,#b ka,,kb",
        "JOIN #a,#c,#b ka,,kb",
        "JOIN #b,#a kb,ka,kx",
    ],
)
def test_each_room_has_the_key_at_its_place(line: str) -> None:
    """RFC 2812 §3.2.1; where a name is empty, or there twice, too."""
    chat = Chat()
    chat.irc("op").send("JOIN #a", "JOIN #b", "MODE #a +k ka", "MODE #b +k kb")
    bob = chat.irc("bob").send(line)
    assert bob.user and {"#a", "#b"} <= set(bob.user.rooms)


def test_each_is_thrown_out_of_the_room_at_their_place() -> None:
    """RFC 2812 §3.2.8; the same one of two rooms, too."""
    chat = Chat()
    op = chat.irc("op").send("JOIN #a", "JOIN #b")
    bob = chat.irc("bob").send("JOIN #a,#b")
    carol = chat.irc("carol").send("JOIN #a,#b")
    op.send("KICK #a,#b bob,bob :out")
    assert bob.user and not bob.user.rooms
    op.send("KICK #a,,#b carol,,carol :out", "KICK #a")
    assert carol.user and not carol.user.rooms


def test_a_topic_that_is_set_from_outside_is_answered() -> None:
    """By an operator of the server, who is not there; once, to whoever is."""
    chat = Chat()
    chat.hub.context.operator_password = "sesame"
    op = chat.irc("op").send("OPER op sesame")
    bob = chat.irc("bob", room="#r")
    op.heard()
    told = [":op!u@127.0.0.1 TOPIC #r :tea"]
    assert op.send("TOPIC #r :tea").heard() == told == bob.heard()
    op.send("JOIN #r").heard()
    assert op.send("TOPIC #r :milk").heard() == [":op!u@127.0.0.1 TOPIC #r :milk"]


def test_a_mode_tells_the_nickname_that_is_valid_at_its_place() -> None:
    """An owner who logs in as a guest is called otherwise by then."""
    chat = Chat()
    claim(chat, "alice").send("/join #own").leave()
    chat.hub.state.owners["#own"] = "alice"
    carol = chat.irc("carol", room="#own")
    guest = chat.plain("guest").send("/join #own")
    carol.heard()
    guest.send(f"/login alice {PASSWORD}")
    assert [line for line in carol.heard() if " NICK " in line or " MODE " in line] == [
        ":guest!plain@127.0.0.1 NICK alice",
        ":alice!plain@127.0.0.1 MODE #own +o alice",
    ]


def test_no_such_ban_is_no_refusal_to_join(op: Client) -> None:
    """696: clients take 477 for a room that one can't join, and close its window."""
    assert op.send("UNBAN #r nobody").heard() == [":chatroom.test 696 op #r b nobody :There is no such ban or mute"]


@pytest.mark.parametrize(
    ("mask", "answer"),
    [
        (":evil!*@*", "696 op #r b evil!*@* :That is no parameter for this mode"),
        ("*a*b*c*d*!*@*e*f*", "696 op #r b *a*b*c*d*!*@*e*f* :A mask has at most 8 stars"),
    ],
)
def test_a_mask_that_can_not_be_told_or_costs_too_much_is_refused(op: Client, mask: str, answer: str) -> None:
    """Clients read a parameter that begins with a colon as the rest of the line; each star is one more search."""
    room = op.chat.hub.state.rooms["#r"]
    assert [line.split(" ", 1)[1] for line in op.send(f"MODE #r +b :{mask}").heard()] == [answer]
    assert not room.lists["b"]
    key = fold(whole(mask))
    room.lists["b"][key] = ListEntry(whole(mask), "op!u@127.0.0.1", 0)  # as an older version has let it be set
    op.send(f"MODE #r -b :{mask}")
    assert not room.lists["b"]
