"""The client against ngIRCd, a server that is not ours."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.client import slash_commands
from chatroom.client.client import Client, Phase
from chatroom.client.server_connection import Target
from chatroom.client.session import Session
from chatroom.client.transcript_entry import DeliveryState
from tests.gui.people import Irc, wait_for
from tests.ports import free_port

pytestmark = pytest.mark.needs("ngircd")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    number = free_port()
    config = tmp_path / "ngircd.conf"
    config.write_text(
        f"[Global]\nName = irc.test\nAdminInfo1 = test\nListen = 127.0.0.1\nPorts = {number}\nMotdPhrase = Hello\n"
        "[Options]\nPAM = no\nDNS = no\nIdent = no\n[Limits]\nMaxConnectionsIP = 0\n",
        "utf-8",
    )
    log = (tmp_path / "ngircd.log").open("wb")
    process = subprocess.Popen(["ngircd", "-n", "-f", str(config)], stdout=log, stderr=log)
    wait_for(lambda: "Now listening" in (tmp_path / "ngircd.log").read_text(errors="replace"), "ngircd listens")
    yield number
    process.terminate()
    process.wait(10)
    log.close()


def test_a_session_with_another_server(port: int) -> None:
    """Join, talk, names, topic, a direct message, each in both directions."""
    with Irc(port, "bob") as bob:
        session = Session("alice", ("#lobby",))
        client = Client(Target("127.0.0.1", port), session)
        client.start()

        def until(condition: object, what: str) -> None:
            assert callable(condition)
            wait_for(lambda: client.pump(0.01) is not None and condition(), what)

        try:
            lobby = session.state.rooms["#lobby"]
            until(lambda: client.phase is Phase.ONLINE and len(lobby.members) == 2, "in the room, with bob")
            assert lobby.member("bob").prefix == "@"  # type: ignore[union-attr]
            [said] = session.state.say(lobby, "zażółć 😀")
            bob.wait("PRIVMSG #lobby :zażółć 😀")
            until(lambda: said.delivery is DeliveryState.DONE, "confirmed")
            bob.send("PRIVMSG #lobby :alice: hi", "TOPIC #lobby :about us", "PRIVMSG alice :psst", "NICK robert")
            until(lambda: "robert" in session.state.rooms and lobby.member("robert"), "all of it came")
            assert lobby.topic == "about us" and lobby.entries[-3].mention
            session.state.say(session.state.rooms["robert"], "hush")
            bob.wait("PRIVMSG robert :hush")
        finally:
            client.stop()
        bob.wait("QUIT")


def test_what_another_server_refuses_is_told_in_ones_own_words(port: int) -> None:
    """A key, a quiet room, a local room; each typed line is sent or answered."""
    with Irc(port, "bob", "#locked") as bob:
        bob.send("MODE #locked +k s3cret", "JOIN #quiet", "MODE #quiet +m")
        bob.wait("MODE #quiet :?\\+m")
        session = Session("alice", ("#lobby",))
        client = Client(Target("127.0.0.1", port), session)
        client.start()
        state = session.state

        def seen(text: str) -> bool:
            client.pump(0.01)
            return any(text in entry.text for room in state.rooms.values() for entry in room.entries)

        def type_in(line: str) -> None:
            state.current = slash_commands.run(state, state.current, line) or state.current

        try:
            wait_for(lambda: client.pump(0.01) is not None and state.current.is_listed, "in the room")
            type_in("/join #locked")
            wait_for(lambda: seen("#locked needs a key."), "the key is asked for")
            type_in("/join #locked s3cret")
            wait_for(lambda: client.pump(0.01) is not None and state.current.is_here, "let in with the key")
            type_in("/join #quiet")
            wait_for(lambda: client.pump(0.01) is not None and state.current.is_here, "in the quiet room")
            type_in("hello?")
            wait_for(lambda: seen("You may not speak in #quiet."), "the line is refused")
            [said] = [entry for entry in state.current.entries if entry.text == "hello?"]
            assert said.delivery is DeliveryState.FAILED
            type_in("/join &local")
            wait_for(lambda: client.pump(0.01) is not None and state.current.is_here, "in a local room")
            type_in("one\ntwo")
            wait_for(lambda: client.pump(0.01) is not None and not state.current.pending(), "both are confirmed")
            type_in("/mode +m")
            wait_for(lambda: seen("alice made the room quiet"), "a mode is told as what it means")
        finally:
            client.stop()
