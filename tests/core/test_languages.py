"""Each person reads the chat in their own language, and those who share one share what is rendered."""

from base64 import b64encode

import pytest

from chatroom.common.language import ENGLISH, choose, speak
from chatroom.common.names import fold
from chatroom.core import connections
from chatroom.model.commands import BanFromServer
from chatroom.model.replies import Raw
from tests.chat import Chat, Client
from tests.pseudo import PSEUDO

POLISH = choose(["pl"])
SECRET = "tea-at-five"


def test_two_people_with_netcat_read_the_same_in_two_languages() -> None:
    """Each of them what happens, and what they are told themselves."""
    chat = Chat()
    al, ola = chat.plain("al"), chat.plain("ola")
    assert "polski" in ola.send("/lang pl").heard()[-1]
    al.heard()
    bob = chat.plain("bob")
    bob.send("/nick rob", "/quit")
    assert al.heard() == ["* bob joined", "* bob is now known as rob", "* rob left"]
    assert ola.heard() == ["* bob dołącza", "* bob zmienia nazwę na rob", "* rob wychodzi"]
    assert ola.send("/who nobody-here").heard() == [POLISH_NOBODY]
    assert al.send("/who nobody-here").heard() == ["* there is nobody called nobody-here; /who lists who is here"]


POLISH_NOBODY = (
    f"* {POLISH.tr('there is nobody called {nick}; {slash}who lists who is here', nick='nobody-here', slash='/')}"
)


def test_a_message_is_what_was_written_in_every_language() -> None:
    chat = Chat()
    al, ola = chat.plain("al"), chat.plain("ola")
    ola.send("/lang pl").heard()
    al.send("{nick} joined", "%s {0}")
    assert ola.heard() == ["al: {nick} joined", "al: %s {0}"]


def test_an_event_is_rendered_once_for_all_who_share_a_language() -> None:
    """A language is part of what a format is known by; IRC clients share messages across languages, too."""
    chat = Chat()
    people = [chat.plain(f"p{i}") for i in range(4)]
    people += [chat.irc(f"i{i}", room="#lobby") for i in range(4)]
    for client in people[::2]:
        client.send("/lang pl" if client.nick.startswith("p") else "LANGUAGE pl")
    groups = chat.hub.state.rooms["#lobby"].audience.groups
    assert sorted(len(sessions) for sessions in groups.values()) == [2, 2, 2, 2]
    from chatroom.model.events import Departed, Joined, Said

    irc = [format_ for format_ in groups if not format_.as_sentences]
    assert irc[0].variant(Said) == irc[1].variant(Said)
    assert irc[0].variant(Joined) == irc[1].variant(Joined)
    assert irc[0].variant(Departed) != irc[1].variant(Departed)


@pytest.mark.parametrize("tag", ["xx", "p", "../pl", "pl\\0", "polski"])
def test_a_language_that_there_is_not_is_refused(tag: str) -> None:
    """With those that there are; what is read stays as it was."""
    chat = Chat()
    al = chat.plain("al")
    al.heard()
    [told] = al.send(f"/lang {tag}").heard()
    assert told.startswith(f"* there is no language {tag} here; there are: en, pl")
    assert al.language is ENGLISH


def test_lang_alone_tells_what_there_is() -> None:
    al = Chat().plain("al")
    al.heard()
    assert al.send("/lang").heard() == [
        "* You read English.",
        "* /lang LANGUAGE changes that. There are: en (English), pl (polski).",
    ]


# ---- IRC ------------------------------------------------------------------------------------------------------------


def test_irc_clients_choose_by_language_as_on_ergo() -> None:
    """The numerics are Ergo's: 687, 981, 982."""
    al = Chat().irc("al", room="#a")
    al.heard()
    assert al.send("LANGUAGE xx").heard() == [":chatroom.test 982 al :Language xx is not supported by this server"]
    assert al.send("LANGUAGE a b c d e").heard()[0].startswith(":chatroom.test 981 al 2 :")
    assert al.send("LANGUAGE").heard() == [":chatroom.test 461 al LANGUAGE :Not enough parameters"]
    assert al.send("LANGUAGE ~PL en").heard()[0].startswith(":chatroom.test 687 al PL en :")
    assert al.language is POLISH
    assert al.send("TOPIC #a").heard() == [f":chatroom.test 331 al #a :{POLISH.tr('No topic is set')}"]
    assert al.send("LANGUAGE en", "TOPIC #a").heard()[1] == ":chatroom.test 331 al #a :No topic is set"


def test_the_capability_lists_the_languages() -> None:
    al = Chat().irc()
    assert "draft/languages=2,en,pl" in al.send("CAP LS 302").heard()[0].split()


def test_a_language_may_be_chosen_before_one_has_a_name() -> None:
    """What is told at the beginning is in it."""
    al = Chat().irc()
    al.send("LANGUAGE pl", "NICK al", "USER u 0 * :Al")
    first = al.heard()[1]
    assert " 001 al :" in first
    assert "Welcome" not in first


# ---- accounts -------------------------------------------------------------------------------------------------------


def test_an_account_remembers_what_was_chosen() -> None:
    """On every connection from then on, before the first word, and whatever the protocol."""
    chat = Chat()
    ola = chat.plain("ola")
    ola.send(f"/register {SECRET}", "/lang pl", "/quit")
    ola.leave()
    again = chat.irc()
    again.send("PASS ola:" + SECRET, "NICK ola", "USER u 0 * :Ola")
    assert again.language is POLISH
    assert not any("Welcome" in line for line in again.heard())


def test_what_was_chosen_before_is_remembered_with_the_name_that_is_claimed() -> None:
    chat = Chat()
    ola = chat.plain("ola")
    ola.send("/lang pl", f"/register {SECRET}")
    assert chat.hub.state.accounts[fold("ola")].language == "pl"


def test_what_was_chosen_before_a_login_is_remembered_if_nothing_was_yet() -> None:
    chat = Chat()
    chat.plain("ola").send(f"/register {SECRET}", "/logout", "/lang pl", f"/login {SECRET}")
    assert chat.hub.state.accounts[fold("ola")].language == "pl"


def test_an_account_s_language_wins_over_that_of_the_connection() -> None:
    chat = Chat()
    ola = chat.plain("ola")
    ola.send(f"/register {SECRET}", "/lang pl", "/logout", "/lang en", f"/login {SECRET}")
    assert (ola.language, chat.hub.state.accounts[fold("ola")].language) == (POLISH, "pl")


def test_what_a_program_asks_for_by_itself_is_no_choice() -> None:
    """Before it has a name: it is for this connection, and the account keeps what was chosen, or remembers nothing."""
    chat = Chat()
    chat.plain("ola").send(f"/register {SECRET}", "/lang en")
    chat.plain("ewa").send(f"/register {SECRET}")
    for name, kept in (("ola", "en"), ("ewa", "")):
        client = chat.irc("", "sasl")
        secret = b64encode(f"{name}\0{name}\0{SECRET}".encode()).decode()
        client.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}", "LANGUAGE pl", "CAP END")
        client.send(f"NICK {name}", "USER u 0 * :Name")
        assert (client.nick, client.language) == (name, POLISH)
        assert chat.hub.state.accounts[fold(name)].language == kept
    netcat = chat.plain("ola2")
    netcat.send(f"/login ola {SECRET}", "/lang en", "/lang pl", "/lang en")  # what is chosen elsewhere leaves it alone
    assert client.language is POLISH
    client.send("LANGUAGE en")
    assert (client.language.tag, chat.hub.state.accounts[fold("ewa")].language) == ("en", "en")


def test_to_choose_the_same_again_is_no_event() -> None:
    chat = Chat()
    ola = chat.plain("ola")
    ola.send(f"/register {SECRET}", "/lang pl")
    before = len(chat.post.events)
    ola.send(*["/lang pl"] * 5)
    assert len(chat.post.events) == before


def test_a_language_that_is_gone_is_not_missed() -> None:
    """An account may have chosen one that this version does not have."""
    chat = Chat()
    ola = chat.plain("ola")
    ola.send(f"/register {SECRET}", "/lang pl", "/quit")
    ola.leave()
    key = fold("ola")
    chat.hub.state.accounts[key] = chat.hub.state.accounts[key]._replace(language="xx")
    again = chat.irc()
    again.send("PASS ola:" + SECRET, "NICK ola", "USER u 0 * :Ola")
    assert again.nick == "ola"
    assert again.language is ENGLISH


# ---- nothing is left in English -------------------------------------------------------------------------------------


def in_pseudo(chat: Chat, client: Client) -> Client:
    client.language = PSEUDO
    connections.read_as(client, client.format.spoken(PSEUDO))
    return client


def test_a_server_has_a_language_for_those_who_choose_none() -> None:
    """`own` is that of the program."""
    try:
        speak(POLISH)
        stranger = Chat().plain()
        assert isinstance(stranger.dialect.prepared(Raw(b"")), Raw)
        assert stranger.language is POLISH
    finally:
        speak(ENGLISH)


def test_what_the_program_gives_as_a_reason_is_translated_and_what_people_write_is_not() -> None:
    chat = Chat()
    ola = in_pseudo(chat, chat.plain("ola"))
    bob, eve = chat.plain("bob"), chat.plain("eve")
    ola.heard()
    bob.leave()
    eve.send("/quit tea is ready")
    gone, said = ola.heard()
    assert "connection closed" not in gone
    assert "tea is ready" in said
    chat.submit(chat.hub.state.server_session, BanFromServer("ola", 60, "spam"))
