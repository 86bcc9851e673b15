"""Answers and reactions in the history: real servers with a file, their ends, and what is deleted."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatroom.cli.main import main
from tests.hosting import running
from tests.peers import Guests, Irc, Served, asked

CAPS = ("batch", "server-time", "message-tags", "echo-message", "draft/chathistory", "draft/message-redaction")


def say(client: Irc, text: str, tags: str = "", to: str = "#lobby") -> str:
    """Has it said; returns the message's id."""
    client.send(f"{tags and f'@{tags} '}PRIVMSG {to} :{text}")
    return client.wait(f"msgid=([0-9a-f]+).* PRIVMSG {to} :{re.escape(text)}$")[1]


def react(client: Irc, msgid: str, reaction: str = "👍", verb: str = "react", to: str = "#lobby") -> None:
    client.send(f"@+reply={msgid};+draft/{verb}={reaction} TAGMSG {to}")
    client.wait(f"{verb}={reaction}.* :{client.nick}!.* TAGMSG {to}$")


def latest(client: Irc, of: str = "#lobby") -> list[str]:
    return [line.partition(";")[2] for line in asked(client, f"CHATHISTORY LATEST {of} * 50")[1:-1]]


def export(*options: str) -> str:
    done = CliRunner().invoke(main, ["history", "export", "#lobby", *options])
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def test_what_was_answered_and_reacted_to_is_known_after_a_kill(serve: Callable[..., Served], data: Path) -> None:
    """To CHATHISTORY, and to who joins."""
    served = serve("--data", str(data), "--unlimited")
    guests = Guests(served.port)
    al, bob = guests.irc("al", *CAPS), guests.irc("bob", *CAPS)
    msgid = say(al, "is this right?")
    answer = say(bob, "yes", f"+draft/reply={msgid}")
    react(bob, msgid)
    react(al, msgid)
    react(al, msgid, verb="unreact")
    served.process.kill()
    served.process.wait(10)
    guests.close()
    guests = Guests(serve("--data", str(data), "--unlimited").port)
    said, answered, reaction = latest(guests.irc("carol", *CAPS))
    assert f"msgid={msgid}" in said and said.endswith("PRIVMSG #lobby :is this right?")
    assert f"msgid={answer}" in answered
    assert f"+reply={msgid};+draft/reply={msgid} :bob!" in answered
    assert re.fullmatch(
        rf"time=\S+;\+draft/react=👍;\+reply={msgid};\+draft/reply={msgid} :bob!\S+ TAGMSG #lobby", reaction
    )
    dave = guests.stranger()
    dave.send("dave")
    lines = dave.until('bob .to al: "is this right.".: yes$')
    assert lines[-2] == '* 👍 by bob on al: "is this right?"'
    assert lines[-3].endswith("] al: is this right?")
    guests.close()


def test_a_person_with_netcat_is_told_by_the_server_itself(serve: Callable[..., Served], data: Path) -> None:
    """Within a second, by one line."""
    guests = Guests(serve("--data", str(data)).port)
    al, bob, carol = guests.irc("al", *CAPS), guests.irc("bob", *CAPS), guests.irc("carol", *CAPS)
    dave = guests.plain("dave")
    msgid = say(al, "lunch?")
    react(bob, msgid)
    react(carol, msgid, "🍕")
    dave.wait("^al: lunch")
    lines = dave.until("🍕")
    assert '"lunch?"' in lines[-1]
    dave.send("/history")
    assert dave.until('on al: "lunch."$')[-1] == '* 👍 by bob, 🍕 by carol on al: "lunch?"'
    guests.close()


def test_what_is_taken_back_leaves_nothing_in_the_history(data: Path) -> None:
    """No reaction to it and no quote of it, from the file either."""
    with running(data) as guests:
        al, bob = guests.irc("al", *CAPS), guests.irc("bob", *CAPS)
        msgid = say(al, "sorry")
        say(bob, "well", f"+reply={msgid}")
        react(bob, msgid)
        al.send(f"REDACT #lobby {msgid}")
        al.sync()
        assert not any("react" in line or "sorry" in line for line in latest(bob))
        dave = guests.plain("dave")
        dave.send("/history")
        assert dave.until("well$")[-1].endswith("] bob (to an earlier message): well")
    assert "sorry" not in export() and "👍" not in export()
    with running(data) as guests:
        lines = latest(guests.irc("carol", *CAPS))
        assert [line.rpartition(" :")[2] for line in lines] == ["well"]


def test_who_pages_through_the_history_misses_nothing_because_of_a_late_reaction(data: Path) -> None:
    """What is told last has neither an id nor a time behind the answer's last message."""
    with running(data) as guests:
        al, bob = guests.irc("al", *CAPS), guests.irc("bob", *CAPS)
        first = say(al, "first")
        for text in ("second", "third"):
            say(al, text)
        react(bob, first)
        page = asked(bob, "CHATHISTORY AFTER #lobby timestamp=2000-01-01T00:00:00.000Z 2")[1:-1]
        assert [line.rpartition(" :")[2] for line in page[:2]] == ["first", "second"]
        assert "react=" in page[2] and "msgid" not in page[2]
        times = [found[1] for line in page if (found := re.search(r"time=(\S+?);", line))]
        assert len(times) == 3 and times[1] == times[2]


def test_clients_that_know_no_tags_are_told_of_no_reactions(data: Path) -> None:
    with running(data) as guests:
        al = guests.irc("al", *CAPS)
        react(al, say(al, "hello"))
        bob = guests.irc("bob", "batch", "server-time", "draft/chathistory")
        assert [line.rpartition(" :")[2] for line in latest(bob)] == ["hello"]


def test_people_with_accounts_find_their_reactions_to_each_other(data: Path) -> None:
    with running(data) as guests:
        al, bob = guests.irc("al", *CAPS), guests.irc("bob", *CAPS)
        for each in (al, bob):
            each.send(f"PRIVMSG NickServ :REGISTER horse-{each.nick}")
            each.sync()
        msgid = say(al, "between us", to="bob")
        bob.sync()
        react(bob, msgid, to="al")
        assert "react=👍" in latest(al, "bob")[-1]
    with running(data) as guests:
        bob = guests.irc("bob", *CAPS, password="bob:horse-bob")
        assert "react=👍" in latest(bob, "al")[-1]
        assert f"+reply={msgid}" in latest(bob, "al")[-1]


def test_an_export_has_answers_and_reactions(data: Path) -> None:
    with running(data) as guests:
        al, bob = guests.irc("al", *CAPS), guests.irc("bob", *CAPS)
        msgid = say(al, "is *this* right?")
        answer = say(bob, "yes: really", f"+reply={msgid}")
        react(bob, msgid)
        react(al, msgid)
    lines = [line[26:] for line in export().splitlines()]
    assert '* 👍 by bob and al on al: "is *this* right?"' in lines
    assert 'bob (to al: "is *this* right?"): yes: really' in lines
    events = [json.loads(line) for line in export("--format", "jsonl").splitlines()]
    (answered,) = [event for event in events if event["id"] == answer]
    assert (answered["answers"], answered["text"]) == (msgid, "yes: really")
    reacted = [event for event in events if event["event"] == "reacted"]
    assert [(event["nick"], event["to"], event["reaction"]) for event in reacted] == [
        ("bob", msgid, "👍"),
        ("al", msgid, "👍"),
    ]
    page = export("--format", "html")
    assert "<b>bob</b> (to al: &quot;is *this* right?&quot;): yes: really</p>" in page
    assert "is <strong>this</strong> right?" in page
    times = re.findall('datetime="([^"]+)"', page)
    assert len(times) > 5 and times == sorted(times)  # a reaction stands with its message, however late it came


def test_reactions_are_pruned_with_their_messages(data: Path) -> None:
    with running(data) as guests:
        al = guests.irc("al", *CAPS)
        react(al, say(al, "old"))
    time.sleep(0.01)  # what is pruned is older than now
    done = CliRunner().invoke(main, ["history", "prune", "--older-than", "0h"])
    assert done.exit_code == 0, done.output
    assert "👍".encode() not in b"".join(path.read_bytes() for path in data.iterdir() if path.is_file())


@pytest.mark.parametrize("label", ["", "label={};"])
def test_a_reaction_costs_more_than_a_line(serve: Callable[..., Served], data: Path, label: str) -> None:
    """It waits its turn, with a label, too; nothing is lost."""
    guests = Guests(serve("--data", str(data)).port)
    al = guests.irc("al", *CAPS, "labeled-response")
    msgid = say(al, "hello")
    al.send(*[f"@{label.format(n)}+reply={msgid};+draft/react={n} TAGMSG #lobby" for n in range(8)])
    began = time.monotonic()
    al.until("react=7")
    assert time.monotonic() - began > 1.0
    guests.close()
