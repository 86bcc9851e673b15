"""A real irssi, in a real terminal, and a real netcat live in the room together."""

from collections.abc import Callable

import pytest

from chatroom.server.chat_server import ChatServer
from tests.peers import Guests, eventually
from tests.programs import Irssi, Netcat

WORDS = "zażółć gęślą jaźń 😀"


@pytest.mark.needs("irssi", "tmux", "nc")
def test_irssi_lives_in_the_room_with_netcat(
    irssi: Callable[[int, str], Irssi], netcat: Callable[[int, str], Netcat], server: ChatServer
) -> None:
    """It joins, talks both ways, asks and sets the topic, lists names, renames itself, whispers, and quits."""
    client, alice = irssi(server.port, "irma"), netcat(server.port, "alice")
    client.type("/join #lobby")
    alice.wait(r"^\* irma joined$")
    client.sees(r"#lobby.*(nicks|users)")

    client.type(WORDS)
    alice.wait(f"^irma: {WORDS}$")
    alice.send(f"and back: {WORDS}")
    client.sees(f"alice.*and back: {WORDS}")

    client.type("/me waves")
    alice.wait(r"^\*\* irma waves$")
    alice.send("/me bows")
    client.sees("alice bows")

    client.type(f"/topic {WORDS}")
    alice.wait(rf"^\* irma set the topic: {WORDS}$")
    alice.send("/topic tea")
    client.sees("alice.* (changed|set) the topic.*tea")

    client.type("/names")
    client.sees(r"\[.?alice *\].*\[.?irma *\]")
    client.type("/nick irmina")
    alice.wait(r"^\* irma is now known as irmina$")
    client.sees("now known as irmina")
    alice.send("/nick alicja")
    client.sees("alice is now known as alicja")

    client.type("/window 1")
    client.type("/whois alicja")
    client.sees("End of WHOIS")
    client.type("/query alicja")
    client.type(f"/msg alicja {WORDS}")
    alice.wait(rf"^\[private\] irmina: {WORDS}$")
    alice.send(f"/msg irmina whisper {WORDS}")
    client.sees(f"whisper {WORDS}")

    client.type("/quit good night")
    alice.wait(r"^\* irmina left \(Quit: good night\)$")
    eventually(client.gone, "irssi has ended")


@pytest.mark.needs("irssi", "tmux")
def test_irssi_shows_who_comes_and_goes(irssi: Callable[[int, str], Irssi], server: ChatServer, guests: Guests) -> None:
    """With the reasons that plain and IRC clients give."""
    client = irssi(server.port, "irma")
    client.type("/join #lobby")
    client.sees(r"#lobby.*(nicks|users)")
    bob, carol = guests.plain("bob"), guests.irc("carol")
    client.sees("bob.* has joined #lobby")
    client.sees("carol.* has joined #lobby")
    bob.send("/quit see you")
    client.sees("bob.* has quit.*see you")
    carol.send("PART #lobby :elsewhere")
    client.sees("carol.* has left #lobby.*elsewhere")


@pytest.mark.needs("irssi", "tmux")
def test_irssi_keeps_order_in_its_room(irssi: Callable[[int, str], Irssi], server: ChatServer, guests: Guests) -> None:
    """Its own modes, kicks and bans as it sends them, and those of others as it shows them."""
    client = irssi(server.port, "irma")
    client.type("/join #tea")
    client.sees(r"Join to #tea was synced")  # NAMES, MODE, the ban list and WHO have all been answered to their end
    bob = guests.irc("bob", room="#tea")
    client.type("/op bob")
    client.sees(r"mode/#tea \[\+o bob\] by irma")
    bob.wait(r"MODE #tea \+o bob")
    bob.send("MODE #tea +m-t")
    client.sees(r"mode/#tea \[\+m-t\] by bob")
    client.type("/voice bob")
    bob.wait(r"MODE #tea \+v bob")
    client.type("/kick bob too loud")
    bob.wait(r"KICK #tea bob :too loud")
    client.sees(r"bob was kicked from #tea by irma \[too loud\]")
    client.type("/ban bob!*@*")
    client.sees(r"mode/#tea \[\+b ")
    bob.send("JOIN #tea")
    bob.wait(" 474 bob #tea ")
    client.type("/unban bob!*@*")
    client.type("/mode #tea +i")
    client.sees(r"mode/#tea \[\+i\] by irma")
    client.type("/invite bob")
    bob.wait("INVITE bob #tea")
    bob.send("JOIN #tea")
    client.sees(r"bob .*has joined #tea.*\n(.*\n)*.*bob .*has joined #tea")


@pytest.mark.needs("irssi", "tmux")
def test_it_logs_in_by_sasl_and_gets_its_name_back(
    server: ChatServer, guests: Guests, irssi: Callable[..., Irssi]
) -> None:
    """Who is logged in is one person with every client, and operator in a room of their own."""
    irma = guests.irc("irma", room="#tea")
    irma.send("NICKSERV REGISTER open-sesame")
    irma.wait("is yours, and you are logged in")
    irma.send("PART #tea", "JOIN #tea", "TOPIC #tea :green")
    again = irssi(server.port, "irma", "open-sesame")
    again.sees("You are now logged in as irma")
    again.sees("SASL authentication succeeded")
    again.type("/window goto #tea")
    again.sees("Topic for #tea: green")
    again.sees(r"\[@irma\]")
    again.type("/msg #tea from irssi")
    irma.wait(r"^:irma!\S+ PRIVMSG #tea :from irssi$")
    irma.send("PRIVMSG #tea :and from here")
    again.sees(r"irma> and from here")
