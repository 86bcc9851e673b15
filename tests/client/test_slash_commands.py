"""What is typed with a slash, and what it becomes on the wire."""

import pytest

from chatroom.client import slash_commands
from chatroom.client.slash_commands import COMMANDS, Misuse
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


@pytest.mark.parametrize("typed", ["/nosuch", "/join", "/join #a,#b", "/kick", "/mute bob"])
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
        "Modes of #lobby: +ntl 5",
    ]


def test_help_lists_every_command(script: Script) -> None:
    """Nothing that can be typed is a secret."""
    slash_commands.run(script.state, script.lobby, "/help")
    assert all(any(f"/{name}" in text for text in texts(script.lobby.entries)) for name in COMMANDS)
