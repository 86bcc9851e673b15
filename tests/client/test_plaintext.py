"""Which connections without TLS are asked about first."""

import pytest

from chatroom.client.misuse import Unconfirmed
from chatroom.client.plaintext import danger
from chatroom.client.settings import Server, Settings
from chatroom.client.slash_commands import run
from tests.client.script import Script

AWAY = Server("chat.example.org", 9090)
HERE = Server("127.0.0.1", 9090)


def test_a_password_to_another_machine_is_asked_about() -> None:
    """Not without one, not with TLS, not on this machine."""
    assert "is another machine" in danger(AWAY, Settings(), "secret")
    assert not danger(AWAY, Settings(), "")
    assert not danger(HERE, Settings(), "secret")
    assert not danger(Server("chat.example.org", 9090, tls=True), Settings(), "secret")


@pytest.mark.parametrize(
    "known",
    [Settings(trusted={"127.0.0.1:9090": "ab"}), Settings(recent=[Server("127.0.0.1", 9090, tls=True)])],
)
def test_a_server_known_with_tls_is_not_used_without_unasked(known: Settings) -> None:
    """With and without a password; once the user went without, it is not asked again."""
    assert "with TLS before" in danger(HERE, known, "")
    assert not danger(Server("127.0.0.1", 9091), known, "")
    known.remember(HERE)
    assert not danger(HERE, known, "secret")


def test_a_line_with_a_password_is_sent_when_it_is_entered_again() -> None:
    """Where others can read along."""
    script = Script()
    script.connect()
    script.state.asks_before_secrets = True
    with pytest.raises(Unconfirmed, match="not encrypted"):
        run(script.state, script.lobby, "/login secret")
    assert not script.take()
    run(script.state, script.lobby, "/login secret")
    assert script.take() == ["PRIVMSG NickServ :IDENTIFY secret"]
