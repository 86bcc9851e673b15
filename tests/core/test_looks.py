"""Names of people and rooms that would pass for others."""

import pytest

from chatroom.common.names import LOBBY, fold
from chatroom.model.dormant_rooms import DormantRooms
from tests.chat import Chat
from tests.core.test_accounts import PASSWORD, claim


def codes(lines: list[str]) -> list[str]:
    return [line.split()[1] for line in lines]


@pytest.mark.parametrize("name", ["root", "Operators", "chatroom_test", "ChatroomTest"])
def test_nobody_takes_or_claims_a_reserved_name(name: str) -> None:
    """The server's own among them."""
    chat = Chat()
    al = chat.irc("al")
    al.heard()
    assert codes(al.send(f"NICK {name}").heard()) == ["432"]
    newcomer = chat.plain()
    newcomer.heard()
    assert newcomer.send(name).heard()[0] == "* that can't be a name: that name would pass for the server"
    stranger = chat.irc("", "draft/account-registration").send(f"NICK {name}", f"REGISTER {name} * {PASSWORD}")
    assert " BAD_ACCOUNT_NAME " in stranger.heard()[-1]


def test_who_has_claimed_a_name_before_it_was_reserved_gets_in(chat_with_root: Chat) -> None:
    """With its password, as ever; others don't."""
    rita = chat_with_root.plain("rita").send(f"/login root {PASSWORD}")
    assert rita.user and rita.user.person.nick == "root"
    assert codes(chat_with_root.irc("bob").send("NICK root").heard())[-1] == "433"


@pytest.fixture
def chat_with_root() -> Chat:
    """One in which somebody has claimed the name root in an older version."""
    chat = Chat()
    claim(chat, "rita").leave()
    account = chat.hub.state.accounts.pop("rita")
    chat.hub.state.accounts["root"] = account._replace(name="root")
    chat.hub.state.reindex()
    return chat


@pytest.mark.parametrize(
    ("there", "new"),
    [
        *(("#lobby", "#Iobby"), ("#lobby", "#l0bby"), ("#klasa3b", "#кlasa3b"), ("#Info", "#lnfo"), ("#lnfo", "#Info")),
        *(("#lobby", "#ⅼobby"), ("#lobby", "#l٥bby"), ("#klasa3b", "#𝐤lasa3b"), ("#klasa3b", "#klaｓa３b")),
    ],
)
def test_a_room_that_looks_like_another_is_not_opened(there: str, new: str) -> None:
    """Whoever comes into it would take it for the other."""
    chat = Chat()
    chat.irc("al").send(f"JOIN {there}")
    bob = chat.irc("bob")
    bob.heard()
    assert codes(bob.send(f"JOIN {new}").heard()) == ["476"]
    assert fold(new) not in chat.hub.state.rooms
    assert "366" in codes(bob.send(f"JOIN {there.upper()}").heard()) or there == "#Info"


def test_a_room_is_open_to_others_again_when_nothing_is_left_of_it() -> None:
    """As long as it is remembered, or has an owner, it is not; nor does it lose its place to a name like it."""
    chat = Chat()
    chat.hub.state.dormant_rooms = DormantRooms()
    al, bob = chat.irc("al"), chat.irc("bob")
    al.send("JOIN #tea1", "PART #tea1")
    assert "366" in codes(bob.send("JOIN #teal", "PART #teal").heard())
    al.send("JOIN #tea1", "TOPIC #tea1 :green", "PART #tea1")
    assert "476" in codes(bob.send("JOIN #teal").heard())
    assert "366" in codes(al.send("JOIN #tea1", "TOPIC #tea1 :", "PART #tea1").heard())
    assert "366" in codes(bob.send("JOIN #teal").heard())


def test_a_room_that_has_an_owner_is_no_other_room() -> None:
    """Though nobody is in it, and nothing was said there."""
    chat = Chat()
    claim(chat, "alice").send("/join #own1", "/leave #own1").leave()
    bob = chat.irc("bob")
    assert "476" in codes(bob.send("JOIN #ownl").heard())
    chat.hub.state.reindex()
    assert "476" in codes(bob.send("JOIN #ownl").heard())
    assert "366" in codes(bob.send("JOIN #own1").heard())
    assert LOBBY not in chat.hub.state.rooms
    assert "476" in codes(bob.send("JOIN #lobbY", "JOIN #Iobby").heard())
