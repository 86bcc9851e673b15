"""What people set about themselves and their rooms: IRCv3 draft/metadata-3."""

import pytest

from chatroom.model.limits import METADATA_VALUE_BYTES
from tests.chat import Chat, Client

CAPS = ("draft/metadata-3", "batch")


@pytest.fixture
def chat() -> Chat:
    return Chat()


def listed(client: Client, target: str) -> list[str]:
    """The keys and values in the batch of an answer."""
    first, *lines, last = client.send(f"METADATA {target} LIST").heard()
    assert " BATCH +k metadata " in first and " BATCH -k" in last
    return [line.partition(" * :")[0].rpartition(" ")[2] + "=" + line.partition(" * :")[2] for line in lines]


def test_what_one_sets_others_can_ask_for(chat: Chat) -> None:
    alice, bob = chat.irc("alice", *CAPS), chat.irc("bob", *CAPS)
    alice.send("METADATA * SET pronouns :they/them")
    assert alice.heard() == [":chatroom.test 761 alice alice pronouns * :they/them"]
    assert listed(bob, "alice") == ["pronouns=they/them"]
    alice.send("METADATA * SET pronouns")
    assert alice.heard() == [":chatroom.test 766 alice alice pronouns :not set"]
    assert listed(bob, "alice") == []


def test_who_follows_a_key_is_told_of_changes_in_their_rooms_and_when_they_join(chat: Chat) -> None:
    alice, bob = chat.irc("alice", *CAPS, room="#tea"), chat.irc("bob", *CAPS)
    bob.send("METADATA * SUB status color")
    assert bob.heard() == [":chatroom.test 770 bob status color"]
    alice.send("METADATA * SET status :busy", "METADATA #tea SET color :#ff0000", "METADATA * SET homepage :x")
    assert bob.heard() == []
    bob.send("JOIN #tea")
    told = [line for line in bob.heard() if " 761 " in line]
    assert told == [":chatroom.test 761 bob #tea color * :#ff0000", ":chatroom.test 761 bob alice status * :busy"]
    alice.send("METADATA * SET status :free", "METADATA * SET homepage :y")
    assert bob.heard() == [":chatroom.test 761 bob alice status * :free"]
    bob.send("METADATA * UNSUB status")
    bob.heard()
    alice.send("METADATA * SET status :gone")
    assert bob.heard() == []


def test_who_follows_a_key_later_is_told_what_is_set_in_their_rooms(chat: Chat) -> None:
    """A further device of somebody is in their rooms before it can say what it follows: no JOIN tells it."""
    alice = chat.irc("alice", *CAPS, room="#tea")
    alice.send("METADATA * SET status :busy", "METADATA #tea SET color :#ff0000", "METADATA * SET homepage :x")
    bob = chat.irc("bob", *CAPS, room="#tea")
    known = [":chatroom.test 761 bob #tea color * :#ff0000", ":chatroom.test 761 bob alice status * :busy"]
    bob.send("METADATA * SUB status color")
    assert bob.heard() == [":chatroom.test 770 bob status color", *known]
    bob.send("METADATA * SUB status")
    assert bob.heard() == [":chatroom.test 770 bob status"]
    bob.send("METADATA #tea SYNC")
    began, *lines, ended = bob.heard()
    assert [began, ended] == [":chatroom.test BATCH +k metadata #tea", ":chatroom.test BATCH -k"]
    assert lines == [f"@batch=k {line}" for line in known]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("METADATA bob SET status :x", "KEY_NO_PERMISSION bob status"),
        ("METADATA #tea SET status :x", "KEY_NO_PERMISSION #tea status"),
        ("METADATA #tea CLEAR", "KEY_NO_PERMISSION #tea *"),
        ("METADATA nobody LIST", "INVALID_TARGET nobody"),
        ("METADATA #other LIST", "INVALID_TARGET #other"),
        ("METADATA * SET colour :x", "KEY_INVALID colour"),
        ("METADATA * SET status", "KEY_NOT_SET alice status"),
        (f"METADATA * SET status :{'x' * (METADATA_VALUE_BYTES + 1)}", "INVALID_VALUE status"),
        ("METADATA * SET display-name :b0b", "INVALID_VALUE display-name"),
        ("METADATA * SET display-name : @bob\u200b", "INVALID_VALUE display-name"),
        ("METADATA * SET display-name :\x0304bob\x0f", "INVALID_VALUE display-name"),
        ("METADATA * SET display-name :NickServ", "INVALID_VALUE display-name"),
        ("METADATA * SET display-name :chatroom.test", "INVALID_VALUE display-name"),
        ("METADATA * NONSENSE", "SUBCOMMAND_INVALID NONSENSE"),
    ],
)
def test_what_is_not_ones_own_or_would_deceive_is_refused(chat: Chat, line: str, refusal: str) -> None:
    bob = chat.irc("bob", *CAPS, room="#tea")
    chat.irc("carol", room="#other")
    alice = chat.irc("alice", *CAPS, room="#tea")
    bob.heard(), alice.heard()
    alice.send(line)
    (told,) = alice.heard()
    assert told.startswith(f":chatroom.test FAIL METADATA {refusal} :")
    assert bob.heard() == []


def test_whois_tells_it_to_those_who_know_it(chat: Chat) -> None:
    alice, bob, carol = chat.irc("alice", *CAPS), chat.irc("bob", *CAPS), chat.irc("carol")
    alice.send("METADATA * SET status :busy")
    assert ":chatroom.test 760 bob alice status * :busy" in bob.send("WHOIS alice").heard()
    assert not any(" 760 " in line for line in carol.send("WHOIS alice").heard())


def test_it_ends_with_the_person(chat: Chat) -> None:
    alice, bob = chat.irc("alice", *CAPS), chat.irc("bob", *CAPS)
    alice.send("METADATA * SET status :busy")
    alice.leave()
    chat.irc("alice")
    assert listed(bob, "alice") == []


def test_what_the_server_supports_may_be_asked_before_one_has_a_name(chat: Chat) -> None:
    """In a batch: IRCv3 draft/extended-isupport."""
    client = chat.irc()
    client.send("CAP LS 302", "ISUPPORT")
    assert " 451 " in client.heard()[-1]
    client.send("CAP REQ :batch draft/extended-isupport")
    client.heard()
    client.send("ISUPPORT")
    first, *lines, last = client.heard()
    assert first == ":chatroom.test BATCH +i draft/isupport"
    assert last == ":chatroom.test BATCH -i"
    assert lines and all(line.startswith("@batch=i :chatroom.test 005 * ") for line in lines)


def test_what_is_set_before_one_has_a_name_is_set_when_one_has() -> None:
    """IRCv3 metadata, before-connect: told in a batch behind the greeting; nothing but that may be asked before."""
    chat = Chat()
    al = chat.irc().send("CAP REQ :draft/metadata-3 batch message-tags", "METADATA * SET status :busy")
    assert al.heard()[-1] == ":chatroom.test 761 * * status * :busy"
    al.send(
        "METADATA * SET zodiac :x",
        f"METADATA * SET status :{'x' * 400}",
        "METADATA * GET status",
        "METADATA bob SET status :x",
    )
    assert [line.split()[1:4] for line in al.heard()] == [
        ["FAIL", "METADATA", "KEY_INVALID"],
        ["FAIL", "METADATA", "INVALID_VALUE"],
        ["451", "*", ":You"],
        ["451", "*", ":You"],
    ]
    al.send("METADATA * SET display-name :Bob", "NICK al", "USER u 0 * :Al", "CAP END")
    assert any(line.endswith(" 761 al al status * :busy") for line in al.heard())
    assert chat.hub.state.nicks.get("al").metadata == {"status": "busy", "display-name": "Bob"}  # type: ignore[union-attr]


def test_a_name_that_deceives_is_refused_when_one_comes_in() -> None:
    """It was not known before whether it is somebody else's."""
    chat = Chat()
    chat.irc("bob")
    al = chat.irc().send(
        "CAP REQ :draft/metadata-3 batch", "METADATA * SET display-name :Bob", "NICK al", "USER u 0 * :Al", "CAP END"
    )
    assert [line.split()[3] for line in al.heard() if " FAIL " in line] == ["INVALID_VALUE"]
    assert chat.hub.state.nicks.get("al").metadata == {}  # type: ignore[union-attr]


PASSWORD = "open-sesame"


def test_it_is_kept_with_a_claimed_name(chat: Chat) -> None:
    """And there again at the next login, also one under another name; what the account has counts."""
    al = chat.irc("al", *CAPS)
    al.send("METADATA * SET pronouns :she/her", f"NICKSERV REGISTER {PASSWORD}", "METADATA * SET status :busy")
    al.send("METADATA * SET color :#ff0000", "METADATA * SET color", "QUIT")
    assert chat.hub.state.profiles == {"al": {"pronouns": "she/her", "status": "busy"}}
    al, bob = chat.irc("al2", *CAPS, room="#a"), chat.irc("bob", *CAPS, room="#a")
    bob.send("METADATA * SUB status pronouns")
    al.send("METADATA * SET status :new here")
    bob.heard()
    al.send(f"NICKSERV IDENTIFY al {PASSWORD}")
    told = [line.partition(" 761 ")[2] for line in bob.heard() if " 761 " in line]
    al.heard()
    assert sorted(told) == ["bob al2 pronouns * :she/her", "bob al2 status * :busy"]
    assert listed(al, "*") == ["status=busy", "pronouns=she/her"]
    assert chat.hub.state.profiles == {"al": {"pronouns": "she/her", "status": "busy"}}


def test_it_ends_with_a_logout_and_with_the_account(chat: Chat) -> None:
    """Who is a guest now is not shown as the owner of the name; and who claims it next has nothing of it."""
    al, bob = chat.irc("al", *CAPS, room="#a"), chat.irc("bob", *CAPS, room="#a")
    bob.send("METADATA * SUB status")
    al.send(f"NICKSERV REGISTER {PASSWORD}", "METADATA * SET status :busy", "METADATA #a SET status :open")
    bob.heard()
    al.send("NICKSERV LOGOUT")
    assert [line.partition(" 766 ")[2] for line in bob.heard() if " 766 " in line] == ["bob al status :not set"]
    al.heard()
    assert listed(al, "*") == []
    al.send(f"NICKSERV IDENTIFY al {PASSWORD}").heard()
    assert listed(al, "*") == ["status=busy"]
    al.send(f"NICKSERV DROP al {PASSWORD}").heard()
    assert chat.hub.state.profiles == {}
    assert listed(al, "*") == []
