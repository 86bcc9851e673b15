"""Passwords that would be said aloud by a slip: `slips`."""

import pytest

from chatroom.model.events import Said
from tests.chat import Chat

ALOUD = [
    " /register open-sesame",
    "\t/login alice open-sesame",
    "\x1b[D/register open-sesame",
    "\x1b[1;5C/LOGIN open-sesame",
    "\x1b[200~/login open-sesame\x1b[201~",  # pasted
    "\x1b[A\x1b[A /oper open-sesame",
    "\x1bOD/password open-sesame",
    "\ufeff/password open-sesame",
    "\u200b/oper open-sesame",
    "  / register open-sesame",
    " /msg NickServ IDENTIFY open-sesame",
    " /ns identify al open-sesame",
    " /quote PASS al:open-sesame",
]
PROGRAMS = [
    "PASS al:open-sesame",
    "AUTHENTICATE YWwAYWwAb3Blbi1zZXNhbWU=",
    "IDENTIFY al open-sesame",
    "NICKSERV IDENTIFY open-sesame",
]
HARMLESS = [
    "how do I /register a name?",
    "`/login NAME PASSWORD` proves it",
    "- /register PASSWORD claims a name",
    " /me waves",
    " /path/to/register",
    " /registers of the land",
    "[DRAFT] /register it",
    "pass me the salt",
    "PASS or fail, that is the question here",
    "identify yourself!",
    "Identify it please",
    "ns is short for NickServ",
    "/register",
    "[1] one",
    " [x] done/undone",
]


@pytest.mark.parametrize("line", ALOUD + PROGRAMS)
def test_a_password_is_not_said_aloud_with_netcat(line: str) -> None:
    """The line is refused, and neither told nor kept."""
    chat = Chat()
    al, bob = chat.plain("al"), chat.plain("bob")
    al.heard()
    [told] = al.send(line).heard()
    assert told == "* that looks like a command with a password, so it was not sent; a command begins with its /"
    assert bob.heard() == []
    assert not any(isinstance(event, Said) for event, _ in chat.post.events)


@pytest.mark.parametrize("target", ["#lobby", "bob", "@#lobby", "#lobby,bob"])
@pytest.mark.parametrize("line", [line.replace("\x1b", "") for line in ALOUD if "OD" not in line])
@pytest.mark.parametrize("packet", ["alone", "with others", "in a batch"])
def test_a_password_is_not_said_aloud_on_irc(line: str, target: str, packet: str) -> None:
    """Alone, in a packet with other lines, or in a message of many lines."""
    chat = Chat()
    al = chat.irc("al", "batch", "message-tags", "draft/multiline", "standard-replies", room="#lobby")
    bob = chat.irc("bob", room="#lobby").send("MODE #lobby +v bob")
    for client in (al, bob):
        client.heard()
    if packet == "in a batch":
        lines = [f"BATCH +1 draft/multiline {target}", f"@batch=1 PRIVMSG {target} :look:"]
        al.send(*lines, f"@batch=1 PRIVMSG {target} :{line}", "BATCH -1")
    elif packet == "alone":
        al.send(f"PRIVMSG {target} :{line}")
    else:
        al.send(f"PRIVMSG {target} :see /this", f"PRIVMSG {target} :{line}", f"PRIVMSG {target} :{line}")
    assert "sesame" not in bob.wire.decode()
    assert ":chatroom.test FAIL * PASSWORD_ALOUD :That looks like a command with a password" in al.wire.decode()


@pytest.mark.parametrize("line", HARMLESS)
def test_other_lines_are_said(line: str) -> None:
    """What only speaks of commands, with netcat and on IRC."""
    chat = Chat()
    al, pat, bob = chat.irc("al", room="#lobby"), chat.plain("pat"), chat.plain("bob")
    al.send(f"PRIVMSG #lobby :{line}")
    assert bob.heard() == [f"al: {line}"]
    if not line.startswith("/"):
        pat.send(line)
        assert bob.heard() == [f"pat: {line}"]


def test_what_is_said_to_nickserv_is_for_it_alone() -> None:
    """There passwords belong."""
    chat = Chat()
    al = chat.irc("al", room="#lobby")
    assert "is yours" in al.send("PRIVMSG NickServ :REGISTER open-sesame").heard()[-1]
