"""The small parts of the client: backoff, outgoing text, completion, commands, sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.client import slash_commands, splitting, strings
from chatroom.client.backoff import Backoff
from chatroom.client.completion import Completion, SentMessages, candidates
from chatroom.client.slash_commands import COMMANDS, Misuse
from tests.client.script import Script, texts


@pytest.mark.parametrize(("draw", "factor"), [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)])
def test_backoff_doubles_to_half_a_minute_within_a_fifth(draw: float, factor: float) -> None:
    """1, 2, 4, 8, 16, 30, 30 … s, ± 20 %; once in, from the start again."""
    backoff = Backoff(lambda: draw)
    assert [backoff.delay() for _ in range(7)] == pytest.approx([s * factor for s in (1, 2, 4, 8, 16, 30, 30)])
    backoff.reset()
    assert backoff.delay() == pytest.approx(factor)


@given(st.text(), st.integers(8, 60))
def test_split_loses_nothing_but_the_spaces_it_cuts_at(text: str, size: int) -> None:
    """Each piece fits."""
    [line, *_] = [*splitting.lines(text), ""]
    pieces = splitting.split(line, size)
    assert all(len(piece.encode()) <= size for piece in pieces)
    assert "".join(pieces).replace(" ", "") == line.replace(" ", "")


def test_hostile_text_is_cleaned_before_it_goes_out() -> None:
    """Control characters, surrogates and line ends from a paste."""
    assert splitting.lines("a\x00b\x1b[0m\r\nc\ud800d\n\n\te") == ["ab[0m", "cd", "    e"]


@pytest.fixture
def script() -> Script:
    script = Script()
    script.connect()
    script.joined("#lobby", "alice", "Albert", "bob", "melanie")
    script.take()
    return script


def test_a_name_is_completed_last_speaker_first_own_name_last(script: Script) -> None:
    """With a colon at the start of a line, a space elsewhere; again and again goes round."""
    script.feed(":Albert!u@h PRIVMSG #lobby :hi")
    state, lobby = script.state, script.lobby
    assert candidates(state, lobby, "al") == ["Albert: ", "alice: "]
    assert candidates(state, lobby, "hello @al") == ["@Albert ", "@alice "]
    assert candidates(state, lobby, "me") == ["melanie: ", "me: "]
    completion = Completion()
    text: str | None = "hey AL"
    seen = []
    for _ in range(3):
        assert text
        text = completion.next(state, lobby, text)
        seen.append(text)
    assert seen == ["hey Albert ", "hey alice ", "hey Albert "]
    assert completion.next(state, lobby, "xyz") is None
    assert completion.next(state, lobby, "") is None


def test_commands_and_rooms_are_completed(script: Script) -> None:
    """/jo and #lo."""
    assert candidates(script.state, script.lobby, "/jo") == ["/join "]
    assert candidates(script.state, script.lobby, "see #lo") == ["#lobby "]


def test_sent_messages_come_back_and_the_draft_is_kept() -> None:
    """Up, up, down, down."""
    sent = SentMessages()
    sent.add("one")
    sent.add("two")
    assert [sent.older("draft"), sent.older("two"), sent.older("one")] == ["two", "one", None]
    assert [sent.newer("one"), sent.newer("two"), sent.newer("draft")] == ["two", "draft", None]


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("+o bob", "al made bob an operator."),
        ("+b bob!*@*", "al banned bob."),
        ("-b *!*@bad.host", "al lifted the ban on *!*@bad.host."),
        ("+b m:bob!*@*", "al muted bob."),
        ("-b ~m:bob!*@*", "al lets bob speak again."),
        ("+q bob!*@*", "al muted bob."),
        ("+im", "al set the mode +im"),
        ("+oo bob eve", "al set the mode +oo bob eve"),
        ("+b jim:x!*@*", "al banned jim:x."),
    ],
)
def test_a_change_of_mode_is_told_in_words(change: str, said: str) -> None:
    """The usual ones; the rest as they are."""
    assert strings.mode("al", change) == said


def test_help_lists_every_command(script: Script) -> None:
    """Nothing that can be typed is a secret."""
    slash_commands.run(script.state, script.lobby, "/help")
    assert all(any(f"/{name}" in text for text in texts(script.lobby.entries)) for name in COMMANDS)


@pytest.mark.parametrize(
    ("names", "said"),
    [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c"), ("abcd", "a, b and 2 others")],
)
def test_names_are_folded(names: str, said: str) -> None:
    """carol, dave and 3 others."""
    assert strings.names(list(names)) == said
