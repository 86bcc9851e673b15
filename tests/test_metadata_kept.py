"""What people have set about themselves, over a kill of the server."""

from collections.abc import Callable
from pathlib import Path

from tests.peers import Guests, Served, asked

CAPS = ("draft/metadata-3", "batch")
PASSWORD = "open-sesame"


def test_what_the_owner_of_a_name_has_set_is_known_after_a_kill(serve: Callable[..., Served], data: Path) -> None:
    """Of a guest and of a room nothing is."""
    served = serve("--data", str(data), "--unlimited")
    guests = Guests(served.port)
    al, bob = guests.irc("al", *CAPS, room="#a"), guests.irc("bob", *CAPS)
    al.send(f"NICKSERV REGISTER {PASSWORD}")
    al.wait("kept for al|logged in")
    asked(bob, "METADATA * SET status :guest")
    asked(al, "METADATA * SET color :#00ff00")
    asked(al, "METADATA #a SET status :open")
    asked(al, "METADATA * SET status :busy")
    asked(al, "METADATA * SET color")
    served.process.kill()
    served.process.wait(10)
    guests.close()
    guests = Guests(serve("--data", str(data), "--unlimited").port)
    al, bob = guests.irc("al", *CAPS, room="#a", password=f"al:{PASSWORD}"), guests.irc("bob", *CAPS)
    assert [line.partition(" * :")[2] for line in asked(bob, "METADATA al LIST")[1:-1]] == ["busy"]
    assert len(asked(bob, "METADATA * LIST")) == 2
    assert len(asked(al, "METADATA #a LIST")) == 2
    guests.close()
