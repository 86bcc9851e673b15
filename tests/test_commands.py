"""Which command is where: netcat, the page, and the client (the window and --text, which share one table).

What can be typed in one place can be typed in all of them, or a reason stands here. What IRC clients can do by a
command of IRC or by a request to NickServ has a command for people, or stands here as a thing of programs.
"""

import re
from pathlib import Path

import pytest

import chatroom
from chatroom.client import slash_commands
from chatroom.protocols import plain
from chatroom.protocols.irc import command_table
from chatroom.protocols.irc.handlers import nickserv

PLACES = {
    "netcat": {name.removeprefix("/") for name in plain.COMMANDS},
    "client": set(slash_commands.COMMANDS),
    "page": set(
        re.findall(
            r"^  (\w+): \{",
            (Path(chatroom.__file__).parent / "web" / "static" / "slash.js")
            .read_text("utf-8")
            .partition("SLASH_COMMANDS = {")[2]
            .partition("\n};")[0],
            re.MULTILINE,
        )
    ),
}
LACKING = {  # why a command is not there
    "netcat": {
        "undo": "messages have no ids there",
        "edit": "messages have no ids there",
        "quiet": "/mode +m",
        "raw": "it is not IRC",
    },
    "page": {
        "edit": "the menu of a message",
        "raw": "nothing that people need",
    },
    "client": {},
}
IRC = {  # what does the same for an IRC client; of a request to NickServ, the first words
    "help": "HELP", "nick": "NICK", "join": "JOIN", "leave": "PART", "rooms": "LIST", "who": "NAMES", "whois": "WHOIS",
    "msg": "PRIVMSG", "me": "PRIVMSG", "reply": "PRIVMSG", "react": "TAGMSG", "unreact": "TAGMSG", "undo": "REDACT",
    "edit": "REDACT", "topic": "TOPIC", "invite": "INVITE", "kick": "KICK", "ban": "BAN", "unban": "UNBAN",
    "mute": "MUTE", "unmute": "UNMUTE", "bans": "MODE", "op": "MODE", "deop": "MODE", "voice": "MODE",
    "devoice": "MODE", "slow": "MODE", "rename": "RENAME", "key": "MODE", "quiet": "MODE",
    "mode": "MODE", "oper": "OPER", "away": "AWAY",
    "back": "AWAY", "history": "CHATHISTORY", "search": "SEARCH", "mentions": "MENTIONS", "ignore": "SILENCE",
    "unignore": "SILENCE", "set": "SET REPLAY", "lang": "LANGUAGE", "servers": "LINKS", "register": "REGISTER",
    "login": "IDENTIFY", "devices": "DEVICES", "logout": "LOGOUT", "password": "SET PASSWORD", "quit": "QUIT",
    "raw": "HELP",
}  # fmt: skip
FOR_PROGRAMS = {  # of IRC; a person has no command for it, but may have a menu or what the program does by itself
    "CAP", "AUTHENTICATE", "VERIFY", "NICKSERV", "NS", "PASS", "USER", "SETNAME", "PING", "PONG", "NOTICE", "BATCH",
    "MARKREAD", "METADATA", "ISUPPORT", "WHO", "WHOWAS", "USERHOST", "ISON", "MONITOR", "MOTD", "LUSERS", "VERSION",
    "TIME", "INFO", "ADMIN", "CLUSTER", "STATS", "HELPOP", "KILL", "WALLOPS", "KLINE", "UNKLINE", "DLINE", "UNDLINE",
    "REHASH",
    "GHOST", "DROP",  # requests to NickServ
    "PERSISTENCE", "SET STAY", "SET",  # /set
}  # fmt: skip


def test_every_command_of_the_page_is_found() -> None:
    """Or the rest of this says nothing of it."""
    assert len(PLACES["page"]) >= 40


@pytest.mark.parametrize("name", sorted(set.union(*PLACES.values())))
def test_a_command_is_everywhere(name: str) -> None:
    """Or why it isn't stands above."""
    assert not [place for place, there in PLACES.items() if name not in there | LACKING[place].keys()]
    assert name in IRC


@pytest.mark.parametrize("command", sorted({*command_table.COMMANDS, *nickserv._REQUESTS}))
def test_what_irc_clients_can_do_has_a_command_for_people(command: str) -> None:
    """Or is for programs."""
    assert (command in IRC.values()) != (command in FOR_PROGRAMS)


def test_the_table_speaks_of_what_there_is() -> None:
    """A command that goes leaves no row behind."""
    assert IRC.keys() == set.union(*PLACES.values())
    assert {*IRC.values()} | FOR_PROGRAMS == {*command_table.COMMANDS, *nickserv._REQUESTS}
    assert not [name for names in LACKING.values() for name in names if name not in IRC]
