"""What is typed with a slash, and what it becomes on the wire."""

import pytest

from chatroom.client import slash_commands
from chatroom.client.misuse import Misuse
from chatroom.client.slash_commands import COMMANDS, run
from tests.client.script import Script, texts


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("hello", "PRIVMSG #lobby hello"),
        ("//etc", "PRIVMSG #lobby /etc"),
        ("/me waves", "PRIVMSG #lobby :\x01ACTION waves\x01"),
        ("/join dev", "JOIN #dev"),
        ("/j #dev key", "JOIN #dev key"),
        ("/leave", "PART #lobby"),
        ("/msg bob hi there", "PRIVMSG bob :hi there"),
        ("/nick other", "NICK other"),
        ("/topic a b", "TOPIC #lobby :a b"),
        ("/away for lunch", "AWAY :for lunch"),
        ("/back", "AWAY"),
        ("/rooms", "LIST"),
        ("/whois bob", "WHOIS bob"),
        ("/invite bob", "INVITE bob #lobby"),
        ("/kick bob too loud", "KICK #lobby bob :too loud"),
        ("/ban bob", "MODE #lobby +b bob!*@*"),
        ("/op bob", "MODE #lobby +o bob"),
        ("/devoice bob", "MODE #lobby -v bob"),
        ("/bans", "MODE #lobby b"),
        ("/set strangers off", "MODE me +R"),
        ("/set strangers on", "MODE me -R"),
        ("/set", "PRIVMSG NickServ SET"),
        ("/set replay off", "PRIVMSG NickServ :SET replay off"),
        ("/set stay on", "PRIVMSG NickServ :SET stay on"),
        ("/key sesame", "MODE #lobby +k sesame"),
        ("/key off", "MODE #lobby -k *"),
        ("/mode +lm 5", "MODE #lobby +lm 5"),
        ("/raw who #lobby", "WHO #lobby"),
        ("/raw PRIVMSG #a :b c", "PRIVMSG #a :b c"),
    ],
)
def test_what_is_typed_becomes_a_line(script: Script, typed: str, line: str) -> None:
    """Each command's IRC."""
    slash_commands.run(script.state, script.lobby, typed)
    assert script.take()[0] == line


@pytest.mark.parametrize(
    ("typed", "secret"),
    [
        ("/", False), (" /", False), ("", False), ("/msg", False), ("hello", False), ("/join #a", False),
        ("/register x", True), (" /register x", True), ("\x1b[D/login x", True), ("/msg NickServ x", True),
    ],
)  # fmt: skip
def test_a_line_with_a_password_is_known(typed: str, secret: bool) -> None:
    """Also where something has slipped in before the slash. Such a line is kept nowhere."""
    assert slash_commands.is_secret(typed) is secret


@pytest.mark.parametrize(
    "typed",
    [
        "/",
        "/msg :) hi",
        "/invite :x",
        "/oper :x y",
        "/mode :x y",
        "/kick :b c",
        "/nosuch",
        "/join",
        "/join #a,#b",
        "/kick",
        "/mute bob",
        "/set colour on",
        "/set strangers",
    ],
)
def test_misuse_is_told_and_nothing_is_sent(script: Script, typed: str) -> None:
    """An unknown command, a missing argument, a mode that the server doesn't have."""
    with pytest.raises(Misuse):
        slash_commands.run(script.state, script.lobby, typed)
    assert script.take() == []


@pytest.mark.parametrize(
    ("token", "line"),
    [
        ("EXTBAN=,m", "MODE #lobby +b m:bob!*@*"),
        ("EXTBAN=~,am", "MODE #lobby +b ~m:bob!*@*"),
        ("CHANMODES=bq,k,l,imnst", "MODE #lobby +q bob!*@*"),
    ],
)
def test_muting_is_done_as_the_server_has_it(script: Script, token: str, line: str) -> None:
    """A list of its own, or a ban of its own kind."""
    script.feed(f":irc 005 me {token} :are supported")
    slash_commands.run(script.state, script.lobby, "/mute bob")
    assert script.take() == [line]


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("/ban bob", "BAN #lobby bob"),
        ("/ban bob 2h too loud", "BAN #lobby bob 2h :too loud"),
        ("/ban bob loud", "BAN #lobby bob loud"),
        ("/unban bob", "UNBAN #lobby bob"),
        ("/mute bob 10m", "MUTE #lobby bob 10m"),
        ("/unmute bob", "UNMUTE #lobby bob"),
        ("/kick bob 10m a walk", "KICK #lobby bob 10m :a walk"),
        ("/kick bob a walk", "KICK #lobby bob :a walk"),
        ("/slow 10", "MODE #lobby +W 10"),
        ("/slow 1m", "MODE #lobby +W 60"),
        ("/slow off", "MODE #lobby -W"),
    ],
)
def test_a_server_that_keeps_times_is_told_how_long_and_why(script: Script, typed: str, line: str) -> None:
    """chatroom's own commands, as it says in TIMEDBANS."""
    script.feed(":irc 005 me TIMEDBANS=BAN,MUTE,KICK CHANMODES=beI,k,lW,imnst :are supported")
    slash_commands.run(script.state, script.lobby, typed)
    assert script.take() == [line]


@pytest.mark.parametrize("typed", ["/ban bob 2h", "/mute bob 10m", "/kick bob 1d", "/slow 5"])
def test_a_server_that_keeps_no_times_is_not_asked_to(script: Script, typed: str) -> None:
    """It would ban for good, or take the time for a reason."""
    with pytest.raises(Misuse):
        slash_commands.run(script.state, script.lobby, typed)
    assert script.take() == []


def test_who_is_banned_and_what_modes_there_are_is_told_in_words(script: Script) -> None:
    """367, 368, 324."""
    script.feed(
        ":irc 367 me #lobby bob!*@* al!u@h 1", ":irc 367 me #lobby m:eve!*@* al!u@h 1", ":irc 368 me #lobby :End",
        ":irc 324 me #lobby +ntl 5",
    )  # fmt: skip
    assert [entry.text for entry in script.lobby.entries[-4:]] == [
        "Banned in #lobby: bob, by al",
        "Muted in #lobby: eve, by al",
        "These are all who are banned or muted in #lobby.",
        "Modes of #lobby: only those speak who are in it; only operators set the topic; at most 5 people come in.",
    ]


def test_help_lists_every_command(script: Script) -> None:
    """Nothing that can be typed is a secret."""
    slash_commands.run(script.state, script.lobby, "/help")
    assert all(any(f"/{name}" in text for text in texts(script.lobby.entries)) for name in COMMANDS)


@pytest.mark.parametrize("before", [" ", "\t", "\x1b[D", "[D", "\ufeff", "\u200b"])
def test_a_password_behind_something_unseen_is_not_said_aloud(before: str) -> None:
    """A blank or an arrow key's rest before the slash would make a message of the command."""
    script = Script()
    script.connect()
    for command in ("/register", "/login me", "/password"):
        with pytest.raises(Misuse, match="before the slash"):
            run(script.state, script.lobby, f"{before}{command} open-sesame")
    assert not script.take()


@pytest.mark.parametrize(
    "line",
    [
        "/nick bob builder", "/whois bob carol", "/invite bob #dev", "/unban bob carol", "/unmute bob carol",
        "/op bob carol", "/slow 10 seconds", "/key open sesame", "/join #dev key more", "/leave #lobby bye",
        "/register my name open-sesame", "/password old two words",
    ],
)  # fmt: skip
def test_words_that_would_be_dropped_are_refused(line: str) -> None:
    """Half of what was typed is never carried out as if it were all."""
    script = Script()
    script.connect()
    with pytest.raises(Misuse, match="more words than that takes"):
        run(script.state, script.lobby, line)
    assert not script.take()


@pytest.mark.parametrize(
    "command", ["/topic a\nQUIT :b", "/away a\nb", "/kick bob a\nb", "/login me a\nb", "/raw a\nb"]
)
def test_a_command_is_one_line(command: str) -> None:
    """A second line would be a command of its own for the server."""
    script = Script()
    script.connect()
    with pytest.raises(Misuse):
        run(script.state, script.lobby, command)
    assert not script.take()


def test_leaving_a_room_that_one_is_not_in_leaves_nothing() -> None:
    """A slip of the finger in the name does not close where one is."""
    script = Script()
    script.connect()
    with pytest.raises(Misuse, match="#typo"):
        run(script.state, script.lobby, "/leave #typo")
    assert not script.take()
    assert script.lobby.joined


def test_what_is_said_may_have_several_lines() -> None:
    """`/me` and `/msg` say a text, as the composer does."""
    script = Script()
    script.connect()
    for command in ("/me waves\nand leaves", "/msg bob one\ntwo"):
        run(script.state, script.lobby, command)
    assert len([line for line in script.take() if line.startswith("PRIVMSG")]) == 4


def test_help_has_every_command_in_one_group(script: Script) -> None:
    """So that nobody reads forty lines for one of them."""
    grouped = [name for names in slash_commands.GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS)
    slash_commands.run(script.state, script.lobby, "/help part")
    assert texts(script.lobby.entries)[-1].startswith("/leave [ROOM]")


@pytest.mark.parametrize("typed", ["/kick bob 1.5h", "/ban bob 10min loud", "/mute bob 3rd time"])
def test_what_looks_like_a_time_and_is_none_is_not_taken_for_a_reason(script: Script, typed: str) -> None:
    """Where the server keeps times; it would refuse it, or remove somebody for good."""
    script.feed(":irc 005 me TIMEDBANS=BAN,MUTE,KICK :are supported")
    with pytest.raises(Misuse, match="is no time"):
        slash_commands.run(script.state, script.lobby, typed)
    assert script.take() == []
