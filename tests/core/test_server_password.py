"""The server's password: who doesn't know it doesn't come in, whatever they speak."""

from chatroom.core.login_throttle import LOGIN_WINDOW_MS, WRONG_PASSWORDS_PER_WINDOW
from chatroom.model.limits import WRONG_PASSWORDS_PER_CONNECTION
from tests.chat import Chat, Client


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


def test_who_connects_again_and_again_has_no_more_tries() -> None:
    """So many a minute from an address, and not even the right one is taken then; others are not concerned."""
    chat = guarded()
    chat.plain().send(*["guess"] * WRONG_PASSWORDS_PER_WINDOW)
    pat = chat.plain()
    often = "* that was tried too often; wait a minute, then try again"
    assert pat.send("open sesame").heard() == [often, "Password"]
    told = irc(chat, "PASS :open sesame", "NICK al", "USER u 0 * :Al").heard()
    assert told[0] == ":chatroom.test 464 * :That was tried too often; wait a minute, then try again"
    other = chat.plain()
    other.host = "192.0.2.7"
    assert other.send("open sesame").heard() == ["Username"]
    chat.time += LOGIN_WINDOW_MS
    assert pat.send("open sesame").heard() == ["Username"]


def test_who_guesses_at_the_operators_password_has_no_more_tries_either() -> None:
    """On however many connections."""
    chat = Chat()
    chat.hub.context.operator_password = "sesame"
    for number in range(WRONG_PASSWORDS_PER_WINDOW):
        assert chat.irc(f"al{number}").send("OPER al guess").heard()[-1].split()[1] == "464"
    assert "too often" in chat.irc("bob").send("OPER bob sesame").heard()[-1]
    chat.hub.context.password = "open sesame"
    assert chat.plain().send("open sesame").heard() == ["Username"]  # which is another password
    chat.hub.context.password = ""
    chat.time += LOGIN_WINDOW_MS
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
