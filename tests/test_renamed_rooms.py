"""A room's new name over a kill of the server."""

from collections.abc import Callable
from pathlib import Path

from tests.peers import Guests, Served, asked, said

CAPS = ("batch", "server-time", "message-tags", "draft/chathistory", "draft/channel-rename")
PASSWORD = "open-sesame"


def test_after_a_kill_a_room_has_its_new_name_and_its_history(serve: Callable[..., Served], data: Path) -> None:
    """Its owner, its modes, who is banned, and the way from the old name, too."""
    served = serve("--data", str(data), "--unlimited")
    guests = Guests(served.port)
    al, eve = guests.irc("al", *CAPS, room=""), guests.irc("eve", room="")
    al.send(f"NICKSERV REGISTER {PASSWORD}")
    al.wait("kept for al|logged in")
    al.send("JOIN #old", "PRIVMSG #old :before", "MODE #old +m", "BAN #old eve")
    asked(al, "RENAME #old #new")
    asked(al, "PRIVMSG #new :after")
    served.process.kill()
    served.process.wait(10)
    guests.close()
    guests = Guests(serve("--data", str(data), "--unlimited").port)
    al, bob, eve = (
        guests.irc("al2", *CAPS, room=""),
        guests.irc("bob", "server-time", room=""),
        guests.irc("eve", room=""),
    )
    assert [line.split()[1:5] for line in asked(al, "JOIN #old")] == [["FAIL", "JOIN", "CHANNEL_RENAMED", "#old"]]
    assert said(asked(bob, "JOIN #old")) == ["before", "after"]
    assert " 474 " in "".join(asked(eve, "JOIN #new"))
    asked(al, "JOIN #new")
    assert said(asked(al, "CHATHISTORY LATEST #new * 9")) == ["before", "after"]
    assert "m" in asked(al, "MODE #new")[0].split()[4]
    assert asked(al, "MODE #new O")[0].split()[1:] == ["325", "al2", "#new", "al"]
    guests.close()
