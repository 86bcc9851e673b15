"""The server's password: who doesn't know it doesn't come in, whatever they speak."""

from collections.abc import Callable

import pytest

from chatroom.core.login_throttle import (
    LOGIN_WINDOW_MS,
    WRONG_OPERATOR_PASSWORDS,
    WRONG_PASSWORDS_PER_WINDOW,
    Attempt,
)
from chatroom.model.limits import WRONG_PASSWORDS_PER_CONNECTION
from tests.chat import Chat, Client
from tests.core.test_accounts import claim, sasl


def guarded() -> Chat:
    chat = Chat()
    chat.hub.context.password = "open sesame"
    return chat


def test_a_plain_client_is_asked_for_it_before_its_name() -> None:
    """Again after a wrong one, and then for the name."""
    pat = guarded().plain()
    assert pat.send("guess").heard() == ["* that password is wrong", "Password"]
    assert pat.send("open sesame").heard() == ["Username"]
    assert pat.send("pat").heard()[0].startswith("* Welcome, pat.")


def test_wrong_ones_end_a_plain_connection() -> None:
    """After so many tries."""
    pat = guarded().plain()
    told = pat.send(*["guess"] * WRONG_PASSWORDS_PER_CONNECTION).heard()
    assert told[-1] == "* Goodbye (too many wrong passwords)."
    assert pat.closing


def turns(chat: Chat, session: Client, *, operator: bool = False) -> int:
    """For how many lines whoever gives a password now has to wait."""
    throttle, now = chat.hub.context.throttle, chat.hub.context.steady()
    begin = throttle.begin_operator_password if operator else throttle.begin_server_password
    attempt = begin(session, now)
    throttle.end(attempt, None)
    return len(attempt.turns)


def test_guesses_are_counted_whatever_name_they_are_given_for() -> None:
    """Also for an account that is at home at that address, of which wrong passwords count by themselves."""
    chat = Chat()
    claim(chat, "mal")
    chat.hub.context.password = "open sesame"
    for number in range(WRONG_PASSWORDS_PER_WINDOW):
        mal = chat.irc().send("CAP REQ :sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl('mal', f'guess-{number}')}")
        assert " 904 " in mal.heard()[-1]
    assert turns(chat, chat.plain()) == 1


def test_who_connects_again_and_again_is_slowed_down() -> None:
    """After so many a minute from an address; who knows it comes in all the same, and others are not concerned."""
    chat = guarded()
    pat = chat.plain()
    assert turns(chat, pat) == 0
    chat.plain().send(*["guess"] * WRONG_PASSWORDS_PER_WINDOW)
    assert turns(chat, pat) == 1
    other = chat.plain()
    other.host = "192.0.2.7"
    assert turns(chat, other) == 0
    assert pat.send("open sesame").heard() == ["Username"]
    assert irc(chat, "PASS :open sesame", "NICK al", "USER u 0 * :Al").nick == "al"
    chat.time += LOGIN_WINDOW_MS
    assert turns(chat, pat) == 0


@pytest.mark.parametrize("line", ["PASS open:sesame", "AUTHENTICATE {}"])
def test_a_login_is_no_faster_way_to_guess_it(line: str) -> None:
    """Some clients give it in an account's place. After too many guesses it has to wait for its turn there, too."""
    chat = Chat()
    chat.hub.context.password = "open:sesame"
    throttle, waiting = chat.hub.context.throttle, list[tuple[bool, bool]]()
    in_turn = throttle.in_turn
    for number in range(WRONG_PASSWORDS_PER_WINDOW):
        told = irc(chat, "CAP REQ :sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl(f'al{number}', 'guess')}").heard()
        assert "not the password" in told[-1]
    guesser = irc(chat, "CAP REQ :sasl", "AUTHENTICATE PLAIN")

    def look(attempt: Attempt, check: Callable[[], bool | None]) -> bool | None:
        waiting.append((bool(attempt.turns), guesser.admitted))
        return in_turn(attempt, check)

    throttle.in_turn = look  # type: ignore[method-assign]
    guesser.send(line.format(sasl("al", "open:sesame")), "CAP END", "NICK al", "USER u 0 * :Al")
    assert waiting == [(True, False)]
    assert guesser.admitted


def test_who_guesses_at_the_operators_password_is_slowed_down() -> None:
    """From an address, and in all, however many addresses guess; the operators are told, once a minute."""
    chat = Chat()
    chat.hub.context.operator_password = "sesame"
    root = chat.irc("rita").send("OPER rita sesame")
    pat = chat.plain("pat").send("/oper sesame")
    for client in (root, pat):
        client.heard()
    for number in range(WRONG_OPERATOR_PASSWORDS):
        guesser = chat.irc(f"al{number}")
        guesser.host = f"192.0.2.{number}"
        assert turns(chat, guesser, operator=True) == 0
        assert guesser.send("OPER al guess").heard()[-1].split()[1] == "464"
    assert turns(chat, guesser, operator=True) == 1
    assert root.heard() == [":chatroom.test WALLOPS :al0 gave a wrong password of the operators"]
    assert pat.heard() == ["* al0 gave a wrong password of the operators"]
    chat.time += LOGIN_WINDOW_MS - 1
    for _ in range(WRONG_PASSWORDS_PER_WINDOW - 1):
        guesser.send("OPER al guess")
    assert root.heard() == []
    assert chat.irc("carol").send("OPER carol sesame").heard()[0].split()[1] == "381"


def irc(chat: Chat, *lines: str) -> Client:
    return chat.irc().send(*lines)


def test_an_irc_client_gives_it_with_pass() -> None:
    """Before NICK and USER are both there: RFC 2812 §3.1.1."""
    chat = guarded()
    al = irc(chat, "PASS :open sesame", "NICK al", "USER u 0 * :Al")
    assert al.nick == "al"
    coming = ["NICK bob", "USER u 0 * :Bob"]
    for lines in (["PASS x", *coming], coming, [*coming, "PASS :open sesame"]):
        bob = irc(chat, *lines)
        told = bob.heard()
        assert (told[0].split()[1], told[-1].split()[0]) == ("464", "ERROR")
        assert bob.closing
        assert not bob.nick


def test_without_a_password_any_is_right() -> None:
    """Clients are often set to send one."""
    assert irc(Chat(), "PASS x", "NICK al", "USER u 0 * :Al").nick == "al"
    assert irc(Chat(), "PASS x", "NICK al", "USER u 0 * :Al", "PASS x").heard()[-1].split()[1] == "462"
