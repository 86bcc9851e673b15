"""Links lead to a server, and to a room on it."""

import pytest

from chatroom.client.links import Link, is_link, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chatroom://chat.example.org", Link("chat.example.org", 9090, False, "")),
        ("chatroom://10.0.0.5:7000/#tea", Link("10.0.0.5", 7000, False, "#tea")),
        ("irc://chat.example.org/tea", Link("chat.example.org", 6667, False, "#tea")),
        ("irc://chat.example.org/tea,needkey", Link("chat.example.org", 6667, False, "#tea")),
        ("IRCS://Chat.Example.org:7/%23tea", Link("chat.example.org", 7, True, "#tea")),
        ("ircs://[::1]/", Link("::1", 6697, True, "")),
        ("http://10.0.0.5:9090/#%C5%81", Link("10.0.0.5", 9090, False, "#Ł")),
        (" https://chat.example.org/ ", Link("chat.example.org", 443, True, "")),
    ],
)
def test_a_link_names_server_port_tls_and_room(text: str, expected: Link) -> None:
    """The port is the scheme's if it names none."""
    assert is_link(text)
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ftp://chat.example.org", "ftp:// leads to no chat; chatroom, irc,"),
        ("chatroom://", "names no server"),
        ("chatroom://x:70000/", "is no link"),
        ("chatroom://x:0/", "names no server"),
        ("irc://[::1", "is no link"),
        ("chatroom://x/#tea%0D%0AQUIT", "can't be a room's name"),
        ("chatroom://x/#tea,cake", "can't be a room's name"),
        ("chatroom://x/#" + "a" * 200, "can't be a room's name"),
    ],
)
def test_a_link_that_leads_nowhere_is_refused_with_a_sentence(text: str, told: str) -> None:
    """Nothing of it is sent to a server."""
    assert is_link(text)
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        parse(text)
    assert told in str(refused.value)


@pytest.mark.parametrize("text", ["chat.example.org", "10.0.0.5:9090", "::1", "[::1]:9090"])
def test_an_address_is_no_link(text: str) -> None:
    """It is read as before."""
    assert not is_link(text)
