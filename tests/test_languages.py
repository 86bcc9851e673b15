"""Languages with real servers: the first word, restarts, kills, several servers, and other machines' settings."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cluster.conftest import Node, Redis, agree, node, redis
from tests.peers import Guests, Irc, Peer, Served

__all__ = ["Redis", "node", "redis"]  # fixtures
PASSWORD = "open-sesame"


def test_a_server_asks_and_answers_in_its_language(serve: Callable[..., Served]) -> None:
    """The first prompt, the welcome, the console; whoever chooses another one reads that."""
    served = serve("--language", "pl")
    with closing(Peer(served.port)) as ola, closing(Peer(served.port)) as bob:
        ola.send("ola")
        ola.wait("^Nazwa$")
        ola.wait(r"^\* Witaj, ola! .* Polecenia pokaże /help\.$")
        bob.send("bob")
        bob.wait("^Nazwa$")
        bob.send("/lang en")
        bob.wait(r"^\* From now on you read English")
        ola.wait(r"^\* bob dołącza$")
        served.type("say hello")
        served.type("bans")
        served.out.wait("^Nikt nie ma bana")
        ola.send("/me macha", "/quit pa")
        bob.wait(r"^\*\* ola macha$")
        bob.wait(r"^\* ola left \(pa\)$")


@pytest.mark.parametrize("environment", [{"LC_ALL": "pl_PL.UTF-8"}, {"LC_ALL": "C.UTF-8", "LANGUAGE": "pl:en"}])
def test_a_server_speaks_the_machine_s_language(serve: Callable[..., Served], environment: dict[str, str]) -> None:
    served = serve(env={"PYTHONUTF8": "1", **environment})
    with closing(Peer(served.port)) as ola:
        ola.send("")
        ola.wait("^Nazwa$")


def test_what_an_account_has_chosen_survives_a_kill(data: Path, serve: Callable[..., Served]) -> None:
    """kill -9 right after the answer, with netcat and IRC alike."""
    served = serve("--data", str(data))
    guests = Guests(served.port)
    with closing(guests):
        ola = guests.plain("ola")
        ola.send(f"/register {PASSWORD}", "/lang pl")
        ola.wait(r"polski \(zapisany dla konta ola\)")
        served.process.kill()
        served.process.wait()
    served = serve("--data", str(data))
    with closing(Irc(served.port, "ola", password=f"ola:{PASSWORD}")) as again:
        assert any(" 001 ola :Witaj" in line for line in again.heard)
        again.send("LANGUAGE en")
        again.wait(" 687 ola en :Language preferences have been set")
        served.process.kill()
        served.process.wait()
    served = serve("--data", str(data))
    with closing(Irc(served.port, "ola", password=f"ola:{PASSWORD}")) as again:
        assert any(" 001 ola :Welcome" in line for line in again.heard)


@pytest.mark.needs("redis-server")
def test_a_language_that_was_chosen_on_one_server_holds_on_all(node: Callable[..., Node]) -> None:
    """At once for who is logged in elsewhere, and for who comes later."""
    one, two = node("one"), node("two")
    ola = one.guests.plain("ola")
    ola.send(f"/register {PASSWORD}")
    ola.wait("is yours now")
    agree(one, two)
    there = two.guests.irc("ola", password=f"ola:{PASSWORD}")
    ola.send("/lang pl")
    ola.wait("polski")
    agree(one, two)
    there.send("TOPIC #lobby")
    there.wait("331 .* :Temat nie jest ustawiony")
    later = two.guests.irc("ola", password=f"ola:{PASSWORD}")
    later.send("TOPIC #lobby")
    later.wait("331 .* :Temat nie jest ustawiony")
