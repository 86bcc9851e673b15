"""In a language that is none, netcat, IRC and the console show no sentence of the program in plain English.

`tests.pseudo` has that language. What people wrote, commands and codes are the same in every language.
"""

import re
from collections.abc import Iterator

import pytest

from chatroom.common.irc_message import parse
from chatroom.common.language import ENGLISH, speak
from chatroom.protocols.irc.command_table import COMMANDS as IRC_COMMANDS
from chatroom.protocols.irc.handlers.capabilities import CAPABILITIES
from chatroom.protocols.plain import COMMANDS
from chatroom.server import console
from chatroom.server.chat_server import ChatServer
from chatroom.server.console import Console
from tests.chat import Chat
from tests.pseudo import PSEUDO, untouched

SECRET = "tea-at-five"
NETCAT = (
    *("/help", "/nick al", "/who", "/who *", "/who #tea", "/who zoe", "/whois bob", "/whois zoe", "/rooms"),
    *("/topic", "/topic tea", "/topic", "/rename tea", "/rename lobby"),
    *("/msg bob hi", "/msg zoe hi", "/me waves", "/reply bob yes"),
    *("/react bob x", "/servers", "/unreact bob x", "/invite bob", "/invite zoe", "/away tea", "/away"),
    *("/back", "/history", "/history 0", "/lang", "/search tea", "/search", "/set replay on", "/set replay x"),
    *(
        "/devices",
        "/mentions",
        "/ignore bob",
        "/ignore",
        "/unignore bob",
        "/kick",
        "/kick bob",
        "/ban bob 2h spam",
        "/bans",
    ),
    *("/bans", "/unban bob", "/mute bob 1h", "/mute bob", "/unmute bob", "/op zoe", "/voice zoe", "/slow x", "/slow 5"),
    *("/slow off", "/key x", "/key off", "/mode", "/mode +m", "/mode -m", "/mode +y", "/mode +b", "/mode +k"),
    *("/oper x", "/register short", f"/register {SECRET}", "/password x y", "/logout", "/login x"),
    *(f"/login {SECRET}", "/lang xx", "/x", "//x", "/join", "/join x,y", "/join #tea", "/leave"),
    *("/leave", "/unban zoe", "/deop al", "/nick bob", "/nick root", "/nick a b", "/nick \u0430b", "/quit"),
)
# What netcat shows of others' deeds, of what was typed, and of the program's own names.
KNOWN = {
    *("al", "bob", "zoe", "tea", "hi", "waves", "yes", "lobby", "spam", "UTC", "xx", "XA", "en", "pl", "polski"),
    *("chatroom", "test", "netcat", "IRC", "console", "ms", "NickServ", "lan", "http", "nick", "replay"),
}


@pytest.fixture(autouse=True)
def pseudo() -> Iterator[None]:
    """All that is made here speaks it."""
    speak(PSEUDO)
    yield
    speak(ENGLISH)


def test_netcat_reads_nothing_else() -> None:
    """Every command, as it should be and as it should not, and what others are told of it."""
    assert {line.split()[0] for line in NETCAT} >= set(COMMANDS) - {"/devoice", "/history", "/me"}
    chat = Chat()
    first = chat.plain()
    first.send_bytes(b"x")
    al, bob = chat.plain("al"), chat.plain("bob")
    bob.send("hi tea")
    for line in NETCAT:
        al.send(line)
        chat.time += 10_000
    told = al.heard() + bob.heard()
    english = [line for line in told if not set(untouched(line)) <= KNOWN | {"x"}]
    assert not english
    assert len(told) > 120


def test_irc_clients_read_nothing_else() -> None:
    """The last parameter of each line: the rest is for programs."""
    chat = Chat()
    al, bob = chat.irc("al", *CAPABILITIES, room="#a"), chat.irc("bob", room="#a")
    for name in sorted(IRC_COMMANDS.keys() - {"QUIT", "LANGUAGE"}):
        al.send(name, f"{name} x", f"{name} bob", f"{name} #a", f"{name} #a bob", f"{name} x y z w", f"HELP {name}")
        chat.time += 60_000
    al.send("NS", "NS INFO al", "NS REGISTER x", f"NS REGISTER {SECRET}", "NS DROP", "NS GHOST bob", "LANGUAGE xx")
    al.send("CHATHISTORY LATEST #zoe * 5", "AUTHENTICATE PLAIN", "STATS u", "MODE #a +y", "MODE bob", "INVITE zoe #a")
    told = al.heard() + bob.heard()
    bob.send("QUIT", "QUIT")
    told += al.heard()
    messages = [parse(line) for line in told]
    texts = [message.params[-1] for message in messages if message.params and message.command != "704"]  # syntax
    english = [text for text in texts if not set(untouched(text)) <= KNOWN | PARAMETERS]
    assert not english
    assert len(texts) > 250


# Last parameters that are no texts: capabilities, names, modes, what the programs of others read.
PARAMETERS = {
    *re.findall(r"[A-Za-z]{2,}", " ".join([*CAPABILITIES, *IRC_COMMANDS])),
    *(
        "are",
        "supported",
        "by",
        "this",
        "server",
        "nt",
        "Real",
        "Name",
        "plain",
        "END",
        "on",
        "off",
        "PLAIN",
        "or",
        "mask",
    ),
}


def test_the_console_shows_nothing_else(server: ChatServer) -> None:
    """Every command, with what it needs and without."""
    shown: list[str] = []
    shell = Console(server, shown.append, lambda: None, "")
    for name in console.COMMANDS.keys() - {"q"}:
        for rest in ("", " x", " #lobby", " #lobby zoe", " zoe 2h spam", " #zoe zoe"):
            shell.take(name + rest)
    for line in ("q now", "x", "/help", "servers"):
        shell.take(line)
    english = [line for text in shown for line in text.split("\n") if not set(untouched(line)) <= KNOWN]
    assert not english
    assert len(shown) > 80
