"""Rooms that get another name: IRCv3 draft/channel-rename."""

import pytest

from chatroom.common.irc_message import parse
from chatroom.core import restore
from chatroom.core.renaming import PAUSE_MS
from chatroom.model.dormant_rooms import DormantRooms
from chatroom.model.limits import READ_MARKERS_PER_USER
from chatroom.model.modes import BAN
from chatroom.model.redirects import REDIRECT_MS, REDIRECTS_PER_ROOM
from tests.chat import Chat, Client

RENAMING = "draft/channel-rename"
MARKING = "draft/read-marker"


@pytest.fixture
def chat() -> Chat:
    return Chat()


def told(client: Client) -> list[str]:
    """What a client heard, without the source of each line."""
    return [line.partition(" ")[2] for line in client.heard()]


def rename(chat: Chat, client: Client, old: str, new: str) -> list[str]:
    """Renames a room once it may be, and returns what the client is told."""
    chat.time += PAUSE_MS
    client.send(f"RENAME {old} {new}")
    return told(client)


def test_everybody_is_told_in_their_own_way(chat: Chat) -> None:
    """Who knows RENAME by that; other programs leave and join, and read who is there; people read a sentence."""
    al, bob = chat.irc("al", RENAMING, room="#old"), chat.irc("bob", room="#old")
    cy = chat.plain("cy")
    cy.send("/join #old")
    al.send("TOPIC #old :tea")
    for client in (al, bob, cy):
        client.heard()
    al.send("RENAME #old #new :a typo")
    assert al.heard() == [f":{al.mask} RENAME #old #new :a typo"]
    left, joined, topic, *names = bob.heard()
    assert (left, joined) == (f":{bob.mask} PART #old :a typo", f":{bob.mask} JOIN #new")
    assert parse(topic).params == ("bob", "#new", "tea")
    assert [parse(line).params for line in names[1:]] == [
        ("bob", "=", "#new", "@al bob cy"),
        ("bob", "#new", "End of /NAMES list"),
    ]
    assert cy.heard() == ["* al renamed #old to #new (a typo)"]


def test_who_renames_without_the_capability_is_told_as_such_programs_are(chat: Chat) -> None:
    bob = chat.irc("bob", "extended-join", "multi-prefix", room="#old")
    assert [line.split()[0] for line in rename(chat, bob, "#old", "#new")] == ["PART", "JOIN", "353", "366"]


def test_a_crowd_of_old_programs_is_told_no_names(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them to all would take long; they may ask."""
    monkeypatch.setattr("chatroom.core.renaming.NAMES_TOLD_MAX", 8)
    al = chat.irc("al", room="#old")
    others = [chat.irc(nick, room="#old") for nick in ("bob", "cy")]
    al.heard()
    assert [line.split()[0] for line in rename(chat, al, "#old", "#new")] == ["PART", "JOIN", "366"]
    assert all(told(other)[-1].startswith("366 ") for other in others)


def test_all_that_is_the_rooms_goes_with_it(chat: Chat) -> None:
    """Members, ranks, modes, bans, topic, what was said, reactions, read markers, invitations, where netcat is."""
    state = chat.hub.state
    al = chat.irc("al", RENAMING, MARKING, "message-tags", "echo-message", room="#old")
    cy, zoe = chat.plain("cy"), chat.irc("zoe")
    cy.send("/join #old")
    al.send(
        "PRIVMSG #old :hi",
        "MODE #old +lm 9",
        "MODE #old +v cy",
        "BAN #old eve 2h",
        "INVITE zoe #old",
        "TOPIC #old :tea",
    )
    [said] = state.rooms["#old"].recent
    al.send(f"@+draft/react=x;+reply={said.id:x} TAGMSG #old", "MARKREAD #old timestamp=2020-01-01T00:00:00.000Z")
    before = {entry.mask: entry for entry in state.rooms["#old"].lists[BAN].values()}
    assert before
    rename(chat, al, "#old", "#new")
    room = state.rooms["#new"]
    assert list(state.rooms) == ["#lobby", "#new"] or "#old" not in state.rooms
    assert room.name == "#new"
    assert [user.person.nick for user in room.members.values()] == ["al", "cy"]
    assert room.modes == {"n": "", "t": "", "l": "9", "m": ""}
    assert {entry.mask: entry for entry in state.lists["#new"][BAN].values()} == before
    assert state.lists["#new"] is room.lists
    assert "#old" not in state.lists
    assert [(each.target, each.text) for each in room.recent] == [("#new", "hi")]
    [reacted] = state.reactions.of([said.id])
    assert reacted.target == "#new"
    al.heard()
    al.send("MARKREAD #new")
    assert told(al) == ["MARKREAD #new timestamp=2020-01-01T00:00:00.000Z"]
    cy.send("still here")
    assert next(line for line in al.heard() if "still here" in line).split(" ")[2:4] == ["PRIVMSG", "#new"]
    zoe.send("JOIN #new")  # full of +m, but invited: nothing else lets one in at +i
    assert any(" JOIN #new" in line for line in zoe.heard())
    chat.time += 2 * 3_600_000 + 1
    assert state.expiries.is_due(chat.time)  # the ban still ends


def test_what_people_have_read_goes_with_the_room_wherever_they_are(chat: Chat) -> None:
    """Of whoever has read it, here or not, also before a restart. What they have read of another one does not count."""
    state = chat.hub.state
    al, bob, guest = chat.irc("al", room="#old"), chat.irc("bob", MARKING), chat.irc("guest", MARKING)
    bob.send("NICKSERV REGISTER open-sesame")
    state.accounts["cy"] = state.accounts["bob"]._replace(name="cy")
    restore.markers(state, [("cy", "#old", 1000), ("cy", "#new", 3000), ("cy", "al", 4000), ("gone", "#old", 5000)])
    for client in (bob, guest):
        client.send("MARKREAD #old timestamp=2020-01-01T00:00:00.000Z")
    bob.leave()
    rename(chat, al, "#old", "#new")
    read = state.markers.names
    assert read("cy") == {"#new": 1000, "": 3000, "al": 4000} and read("bob") == {"#new": 1577836800000}
    assert [state.guest_markers.names(uid) for uid in state.guest_markers.readers] == [{"#new": 1577836800000}]
    rename(chat, al, "#new", "#newer")
    assert read("cy") == {"#newer": 1000, "": 3000, "al": 4000}
    assert (state.markers.read("cy", "#Newer"), state.markers.read("cy", "#new")) == (1000, 0)


def test_who_has_read_a_room_is_known_no_longer_than_that_is(chat: Chat) -> None:
    """Of too many rooms that one has read the first goes; with the account all go."""
    state, al = chat.hub.state, chat.irc("al", MARKING)
    al.send("NICKSERV REGISTER open-sesame")
    al.send(*[f"MARKREAD #r{i} timestamp=2025-01-01T00:00:00.000Z" for i in range(READ_MARKERS_PER_USER + 1)])
    assert set(state.markers.names("al")) == {f"#r{i + 1}" for i in range(READ_MARKERS_PER_USER)}
    al.send("NICKSERV DROP al open-sesame")
    assert not state.markers.readers and not state.markers._marked and not state.markers._counts


def test_an_owner_keeps_the_room_under_its_new_name(chat: Chat) -> None:
    """Also when all have left; and the place for it among their rooms."""
    al = chat.irc("al", RENAMING)
    al.send("NICKSERV REGISTER open-sesame")
    al.send("JOIN #old", "MODE #old +i")
    rename(chat, al, "#old", "#new")
    assert (chat.hub.state.owners, chat.hub.state.owned) == ({"#new": "al"}, {"al": {"#new": None}})
    al.send("PART #new", "JOIN #new")
    assert "@al" in " ".join(al.heard())
    assert "i" in chat.hub.state.rooms["#new"].modes


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("#tea", "CHANNEL_NAME_IN_USE"),
        ("#TEA", "CHANNEL_NAME_IN_USE"),
        ("#t\u0435a", "CHANNEL_NAME_IN_USE"),  # a Cyrillic letter
        ("#lobby", "CHANNEL_NAME_IN_USE"),
        ("#l0bby", "CHANNEL_NAME_IN_USE"),
        ("#old", "CHANNEL_NAME_IN_USE"),
        ("#owned", "CHANNEL_NAME_IN_USE"),
    ],
)
def test_a_name_that_another_room_has_or_that_looks_like_it_is_refused(chat: Chat, name: str, code: str) -> None:
    chat.irc("bob", room="#tea")
    own = chat.irc("own")
    own.send("NICKSERV REGISTER open-sesame", "JOIN #owned", "PART #owned")
    al = chat.irc("al", room="#old")
    assert [line.rpartition(" :")[0] for line in rename(chat, al, "#old", name)] == [f"FAIL RENAME {code} #old {name}"]
    assert "#old" in chat.hub.state.rooms


def test_a_name_may_look_like_the_one_before(chat: Chat) -> None:
    """Also differ in case alone, of which programs that hold both to be the same are not told."""
    al, bob, cy = chat.irc("al", RENAMING, room="#tea1"), chat.irc("bob", room="#tea1"), chat.plain("cy")
    cy.send("/join #tea1")
    al.heard()
    assert rename(chat, al, "#tea1", "#teal")[0].startswith("RENAME #tea1 #teal")
    bob.heard()
    cy.heard()
    assert rename(chat, al, "#teal", "#TeaL")[0].startswith("RENAME #teal #TeaL")
    assert bob.heard() == []
    assert cy.heard() == ["* al renamed #teal to #TeaL"]
    al.send("RENAME #teal #tea2")
    assert told(al)[0].startswith("FAIL RENAME CANNOT_RENAME")  # at once
    chat.time += PAUSE_MS
    al.send("RENAME #teal #tea,x", "RENAME #teal tea", "RENAME #nowhere #tea", "RENAME #teal")
    assert [line.split()[0] for line in told(al)] == ["476", "476", "403", "461"]


def test_only_operators_rename(chat: Chat) -> None:
    al, bob = chat.irc("al", room="#old"), chat.irc("bob", room="#old")
    assert rename(chat, bob, "#old", "#new")[0].startswith("482 bob #old ")
    cy = chat.irc("cy")
    assert rename(chat, cy, "#old", "#new")[0].startswith("442 cy #old ")
    cy.send("JOIN #lobby")
    cy.heard()
    assert rename(chat, cy, "#lobby", "#new")[0].startswith("482 cy #lobby ")
    chat.hub.context.operator_password = "sesame"
    cy.send("OPER cy sesame")
    cy.heard()
    assert rename(chat, cy, "#lobby", "#new")[0].startswith("FAIL RENAME CANNOT_RENAME #lobby #new ")
    assert rename(chat, cy, "#old", "#new") == ["RENAME #old #new :"]  # from outside, told to them alone
    al.send("PART #new")
    assert any(" PART #new" in line for line in al.heard())


# ---- the old name ---------------------------------------------------------------------------------------------------


def test_the_old_name_leads_to_the_room_for_a_week(chat: Chat) -> None:
    """470 and the JOIN, or a FAIL for programs that join by themselves; netcat goes there, and reads why."""
    al = chat.irc("al", room="#old")
    rename(chat, al, "#old", "#new")
    bob, new, cy = chat.irc("bob"), chat.irc("new", RENAMING), chat.plain("cy")
    bob.send("JOIN #OLD")
    assert [line.split()[:4] for line in told(bob)[:2]] == [["470", "bob", "#OLD", "#new"], ["JOIN", "#new"]]
    new.send("JOIN #old")
    assert [line.rpartition(" :")[0] for line in told(new)] == ["FAIL JOIN CHANNEL_RENAMED #old #new"]
    cy.send("/join #old")
    assert cy.heard()[0] == "* #old is called #new now."
    assert cy.room == "#new"
    bob.send("PRIVMSG #old :hi", "TOPIC #old", "PART #old")  # what crossed the new name on its way
    assert cy.heard()[-2:] == ["bob: hi", "* bob left"]
    chat.time += REDIRECT_MS
    bob.send("JOIN #old")
    assert "JOIN #old" in told(bob)


def test_what_was_said_is_taken_back_by_the_old_name_too(chat: Chat) -> None:
    """It crossed the new name on its way."""
    al, bob = chat.irc("al", room="#old"), chat.irc("bob", "draft/message-redaction", "message-tags", room="#old")
    bob.send("PRIVMSG #old :hi")
    [said] = chat.hub.state.rooms["#old"].recent
    rename(chat, al, "#old", "#new")
    bob.heard()
    bob.send(f"REDACT #old {said.id:x}")
    assert [line.partition(" REDACT ")[2] for line in bob.heard()] == [f"#new {said.id:x}"]
    assert not chat.hub.state.rooms["#new"].recent


def test_the_old_name_leads_on_and_back(chat: Chat) -> None:
    """Over several names, of which the last few count; and a room may have its first name again."""
    al, bob = chat.irc("al", room="#n0"), chat.irc("bob")
    for n in range(1, REDIRECTS_PER_ROOM + 2):
        rename(chat, al, f"#n{n - 1}", f"#n{n}")
    assert set(chat.hub.state.renamed) == {f"#n{n}" for n in range(1, REDIRECTS_PER_ROOM + 1)}
    assert {name for name, _ in chat.hub.state.renamed.values()} == {f"#n{n}"}
    rename(chat, al, f"#n{n}", "#n2")
    assert "#n2" not in chat.hub.state.renamed
    bob.send("JOIN #n1")
    assert "JOIN #n2" in told(bob)


def test_nobody_takes_a_name_that_leads_elsewhere(chat: Chat) -> None:
    """Not by renaming; who is in a room that nobody owns may open another by its old name, for all to see."""
    al, eve = chat.irc("al", room="#old"), chat.irc("eve", room="#eve")
    rename(chat, al, "#old", "#new")
    assert rename(chat, eve, "#eve", "#old")[0].startswith("FAIL RENAME CHANNEL_NAME_IN_USE #eve #old ")
    al.send("JOIN #old")
    assert "JOIN #old" in told(al)
    eve.send("JOIN #old")
    assert "JOIN #old" in told(eve)


def test_an_owned_rooms_old_name_is_nobodys(chat: Chat) -> None:
    al, eve = chat.irc("al"), chat.irc("eve", room="#new")
    al.send("NICKSERV REGISTER open-sesame", "JOIN #old")
    rename(chat, al, "#old", "#fresh")
    eve.send("JOIN #old", "JOIN #old")
    assert "#old" not in chat.hub.state.rooms


def test_a_room_that_was_opened_by_the_old_name_is_its_owners(chat: Chat) -> None:
    """Also when all have left it: nobody is led from there to the other."""
    al, bob, eve = (chat.irc(nick, room="#old") for nick in ("al", "bob", "eve"))
    rename(chat, al, "#old", "#new")
    bob.send("NICKSERV REGISTER open-sesame", "JOIN #old", "PART #old", "PART #new")
    bob.heard()
    bob.send("JOIN #old")
    assert "JOIN #old" in told(bob)
    eve.send("JOIN #old")
    assert "JOIN #old" in told(eve)


def test_a_room_that_is_remembered_under_the_old_name_keeps_it(chat: Chat) -> None:
    """So does one that was opened by the old name, is nobody's, and is empty now."""
    chat.hub.state.dormant_rooms = DormantRooms()
    al, eve = chat.irc("al", room="#old"), chat.irc("eve")
    rename(chat, al, "#old", "#new")
    al.send("JOIN #old", "PRIVMSG #old :hi", "PART #old")
    for client in (eve, al):
        told(client)
        client.send("JOIN #old")
        assert "JOIN #old" in told(client)
        client.send("PART #old")


def test_a_secret_rooms_new_name_is_not_told(chat: Chat) -> None:
    """The old name is then one as any."""
    al, eve = chat.irc("al", room="#old"), chat.irc("eve")
    al.send("MODE #old +s")
    rename(chat, al, "#old", "#new")
    eve.send("JOIN #old", "PRIVMSG #old :hi", "MODE #old")
    assert not [line for line in eve.heard() if "#new" in line]


def test_who_may_not_come_in_is_refused_by_the_old_name_too(chat: Chat) -> None:
    """A ban can't be slipped out of, nor a key."""
    al, eve = chat.irc("al", room="#old"), chat.irc("eve")
    al.send("BAN #old eve")
    rename(chat, al, "#old", "#new")
    eve.send("JOIN #old")
    assert [line.split()[0] for line in told(eve)] == ["474"]
    al.send("UNBAN #new eve", "MODE #new +k sesame")
    eve.send("JOIN #old", "JOIN #old sesame")
    assert [line.split()[0] for line in told(eve)][:3] == ["475", "470", "JOIN"]


def test_the_console_renames(chat: Chat) -> None:
    """As an operator of the server; the audit log has who did it."""
    al = chat.plain("al")
    al.send("/join #old", "/rename old2 because", "/rename")
    assert al.heard()[-2:] == [
        "* al renamed #old to #old2 (because)",
        "* /rename needs more: /rename [#ROOM] NEW [WHY]",
    ]
