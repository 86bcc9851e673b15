"""TLS on the same port, over real sockets, with a certificate made for the test."""

import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from chatroom.common.names import NICK_CHARACTERS
from chatroom.net import certificates, tls
from chatroom.server.chat_server import ChatServer
from chatroom.server.reloadable_settings import Settings
from chatroom.server.timeouts import TLS_HANDSHAKE_SECONDS
from tests.chat import INFO, QUICK
from tests.cli.test_cli import chatroom
from tests.hosting import watch_lock
from tests.peers import DEADLINE, Guests, Served, eventually, own_address
from tests.server.test_timeouts import make_older

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture
def server(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    server = ChatServer("127.0.0.1", 0, INFO, unlimited=True, show_addresses=True)
    unlocked = watch_lock(server, monkeypatch)
    server.configure(Settings(tls=tls.context(*certificate)))
    server.start()
    yield server
    server.stop()
    assert not unlocked


def test_a_key_with_a_passphrase_is_refused(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    """Nobody is asked for one, on whatever terminal: a server reads its files again while it runs."""
    made, key = certificate
    locked = tmp_path / "locked.pem"
    command = ["openssl", "pkey", "-in", str(key), "-aes128", "-passout", "pass:sesame", "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with pytest.raises(OSError, match=f"{locked} has a passphrase; openssl pkey -in {locked}"):
        tls.context(made, locked)


class Encrypted:
    """A client that trusts one certificate."""

    def __init__(
        self,
        port: int,
        certificate: Path,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        host: str = "127.0.0.1",
    ) -> None:
        context = ssl.create_default_context(cafile=str(certificate))
        context.minimum_version = context.maximum_version = version
        plain = socket.create_connection((host, port), timeout=DEADLINE)
        self.sock = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        self.pending = b""

    def send(self, *lines: str) -> None:
        self.sock.sendall("".join([f"{line}\r\n" for line in lines]).encode())

    def until(self, word: str) -> list[str]:
        """The lines up to the first with `word` in it."""
        lines: list[str] = []
        while not lines or word not in lines[-1]:
            while b"\n" not in self.pending:
                data = self.sock.recv(65536)
                assert data, lines
                self.pending += data
            line, _, self.pending = self.pending.partition(b"\n")
            lines.append(line.decode().rstrip("\r"))
        return lines

    def come(self, nick: str, room: str = "#lobby") -> "Encrypted":
        self.send(f"NICK {nick}", "USER u 0 * :x", f"JOIN {room}")
        self.until(" 366 ")
        return self

    def close(self) -> None:
        self.sock.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_one_port_takes_both_and_they_share_the_rooms(
    server: ChatServer, guests: Guests, certificate: tuple[Path, Path], version: ssl.TLSVersion
) -> None:
    """A first byte of 0x16 is TLS; WHOIS tells who is encrypted."""
    bob = guests.irc("bob")
    with closing(Encrypted(server.port, certificate[0], version).come("al")) as al:
        al.send("PRIVMSG #lobby :żółć")
        bob.wait("al!u@127.0.0.1 PRIVMSG #lobby :żółć")
        bob.send("PRIVMSG al :psst", "WHOIS al", "WHOIS bob")
        assert al.until("psst")[-1] == ":bob!u@127.0.0.1 PRIVMSG al :psst"
        assert [line.split()[3] for line in bob.until("318 bob bob") if " 671 " in line] == ["al"]
        al.send("QUIT :bye")
        assert al.until("ERROR")
        assert al.sock.recv(1) == b""  # a farewell: without one, SSLEOFError is raised


def test_who_may_not_come_in_is_told_encrypted(certificate: tuple[Path, Path]) -> None:
    """A full server agrees on TLS all the same: in plain text nothing could be read."""
    server = ChatServer("127.0.0.1", 0, INFO, max_clients=0)
    server.configure(Settings(tls=tls.context(*certificate)))
    server.start()
    try:
        with closing(Encrypted(server.port, certificate[0])) as al:
            al.send("NICK al", "USER u 0 * :x")
            assert al.until("ERROR") == ["ERROR :Closing link: the server is full; try again later"]
    finally:
        server.stop()


def test_much_goes_both_ways_whole_and_in_order(
    server: ChatServer, guests: Guests, certificate: tuple[Path, Path]
) -> None:
    """More than a socket's buffers hold, while nobody reads."""
    bob = guests.irc("bob")
    count, text = 2000, "x" * 300
    with closing(Encrypted(server.port, certificate[0]).come("al")) as al:
        bob.send(*[f"PRIVMSG #lobby :{i} {text}" for i in range(count)], "PRIVMSG #lobby :end")
        said = [line.split(" :")[1].split()[0] for line in al.until(":end") if "PRIVMSG" in line]
        assert said == [*map(str, range(count)), "end"]
        al.send(*[f"PRIVMSG #lobby :{i} {text}" for i in range(count)], "PRIVMSG #lobby :end")
        said = [line.split(" :")[1].split()[0] for line in bob.until(":end") if "PRIVMSG" in line]
        assert said == [*map(str, range(count)), "end"]


def test_a_farewell_comes_behind_all_that_was_left(
    server: ChatServer, guests: Guests, certificate: tuple[Path, Path]
) -> None:
    """However much it was: an encrypted end without one could be somebody else's doing."""
    bob = guests.irc("bob")
    count, text = 1000, "x" * 300
    with closing(Encrypted(server.port, certificate[0]).come("al")) as al:
        bob.send(*[f"PRIVMSG #lobby :{i} {text}" for i in range(count)])
        bob.sync()
        al.send("QUIT :bye")
        bob.wait(":al![^ ]+ QUIT")
        al.until(f":{count - 1} ")
        al.until("ERROR")
        assert al.sock.recv(1) == b""  # without a farewell, SSLEOFError is raised


@pytest.mark.skipif(not own_address(), reason="this machine has no address but its own")
def test_under_tls_one_logs_in_from_anywhere(certificate: tuple[Path, Path]) -> None:
    """SASL and REGISTER are offered to who can't be read on the way."""
    server = ChatServer("0.0.0.0", 0, INFO, unlimited=True)
    server.hub.context.passwords.scrypt = QUICK
    server.configure(Settings(tls=tls.context(*certificate)))
    server.start()
    try:
        for lines, answer in (
            (["NICK al", "USER u 0 * :Al", "REGISTER * * open-sesame"], "REGISTER SUCCESS al"),
            (["CAP REQ :sasl", "AUTHENTICATE PLAIN", "AUTHENTICATE AGFsAG9wZW4tc2VzYW1l"], " 900 * *!*@* al "),
        ):
            with closing(Encrypted(server.port, certificate[0], host=own_address())) as al:
                al.send("CAP LS 302")
                offered = " ".join(al.until(" LS :")).replace(":", " ").split()
                assert {"sasl=PLAIN", "draft/account-registration=before-connect"} <= set(offered)
                al.send(*lines)
                al.until(answer)
    finally:
        server.stop()


def test_a_plain_client_can_be_encrypted_too(server: ChatServer, certificate: tuple[Path, Path]) -> None:
    """It is asked for its name as anybody else."""
    with closing(Encrypted(server.port, certificate[0])) as pat:
        assert pat.until("Username")
        pat.send("pat")
        assert pat.until("Welcome, pat")


def test_rubbish_instead_of_a_handshake_ends_that_connection_alone(server: ChatServer, guests: Guests) -> None:
    """And is no error of the server's."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)) as sock:
        sock.sendall(b"\x16\x03\x01\x00\x05rubbish" * 100)
        while sock.recv(4096):
            pass
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)) as sock:
        sock.sendall(b"\x16\x03\x01")
    assert guests.irc("bob")
    eventually(lambda: len(server.everybody()) == 1, "both connections are gone")


def test_a_handshake_that_never_ends_holds_up_nobody(
    server: ChatServer, guests: Guests, certificate: tuple[Path, Path]
) -> None:
    """It waits in its own thread; the acceptor goes on."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)) as sock:
        sock.sendall(b"\x16\x03\x01")
        with closing(Encrypted(server.port, certificate[0]).come("al")):
            assert guests.irc("bob")


class Full:
    """A socket that takes nothing until it is told to."""

    def __init__(self) -> None:
        self.asked, self.takes = threading.Event(), threading.Event()
        self.taken = b""

    def recv(self, size: int, /) -> bytes:
        return b""

    def sendall(self, data: bytes, /) -> None:
        self.asked.set()
        assert self.takes.wait(DEADLINE)
        self.taken += data


def test_an_alert_that_is_not_taken_holds_up_its_own_thread_alone(certificate: tuple[Path, Path]) -> None:
    """The courier, which all depend on, must be able to end the conversation meanwhile."""
    sock = Full()
    agreeing = tls.Tls(sock, tls.context(*certificate), lambda: None)
    with ThreadPoolExecutor() as pool:
        try:
            shaking = pool.submit(agreeing.handshake, b"\x16\x03\x01\x00\x05rubbish")
            assert sock.asked.wait(DEADLINE)
            assert pool.submit(agreeing.encrypt, b"hi").result(DEADLINE / 2) == b""
            assert pool.submit(agreeing.close_notify).result(DEADLINE / 2) == b""
        finally:
            sock.takes.set()
        assert isinstance(shaking.exception(DEADLINE), ssl.SSLError)
    assert sock.taken[0] == 21  # an alert: RFC 8446 section 5.1


def test_an_announcement_breaks_no_handshake(server: ChatServer, certificate: tuple[Path, Path]) -> None:
    """Who has only connected may be about to begin TLS: plain words would be taken for a part of it."""
    context = ssl.create_default_context(cafile=str(certificate[0]))
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as plain:
        eventually(lambda: len(server.everybody()) == 1, "it is connected")
        server.announce("closing at ten")
        with context.wrap_socket(plain, server_hostname="localhost") as late:
            late.sendall(b"NICK al\r\nUSER u 0 * :x\r\n")
            assert b" 001 al " in late.recv(65536)
            server.announce("closing now")
            told = b""
            while b"\n" not in told.partition(b"closing now")[2]:
                told += late.recv(65536)
        assert b"closing at ten" not in told


def test_who_does_not_finish_a_handshake_in_time_is_closed(server: ChatServer) -> None:
    """The deadline is for all of it, and shorter than that for a name."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as half:
        half.sendall(b"\x16\x03\x01")
        eventually(lambda: [c for c in server.everybody() if c.handshake_at], "the handshake has begun")
        make_older(server, server.everybody()[0], TLS_HANDSHAKE_SECONDS + 1, "handshake_at")
        assert half.recv(100) == b""


def test_a_message_is_cut_off_nowhere(server: ChatServer, certificate: tuple[Path, Path]) -> None:
    """A client that ends its side while much is on the way to it gets all of it: a half-open connection."""
    with closing(Encrypted(server.port, certificate[0]).come("al", "#a")) as al:
        al.send(*["NAMES #a"] * 200, "QUIT")
        lines = al.until("ERROR")
        assert sum(" 366 " in line for line in lines) == 200
        assert all(len(line) < 100 + NICK_CHARACTERS for line in lines)


class ByHand:
    """A client that sees each byte of its encryption, and ends its side alone."""

    def __init__(self, port: int, certificate: Path, version: ssl.TLSVersion) -> None:
        context = ssl.create_default_context(cafile=str(certificate))
        context.minimum_version = context.maximum_version = version
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname="localhost")
        self._do(self._tls.do_handshake)
        self._flush()

    def send(self, *lines: str) -> None:
        self._tls.write("".join([f"{line}\r\n" for line in lines]).encode())
        self._flush()

    def say_farewell(self) -> None:
        """close_notify; the socket stays open both ways."""
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        self._flush()

    def rest(self) -> list[str]:
        """The lines up to the server's farewell; fails if there is none, or if the socket stays open."""
        read = b""
        with suppress(ssl.SSLZeroReturnError):
            while data := self._do(lambda: self._tls.read(65536)):
                read += data
        assert self.sock.recv(1) == b""
        return read.decode().splitlines()

    def _do(self, act: Callable[[], Any]) -> Any:
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                self._flush()
                came = self.sock.recv(65536)
                assert came, "the connection was cut off without a farewell"
                self._in.write(came)

    def _flush(self) -> None:
        if made := self._out.read():
            self.sock.sendall(made)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("farewell", [True, False], ids=["close_notify", "half-closed"])
@pytest.mark.parametrize("much", [1, 3000])
def test_who_ends_its_input_gets_what_waits_and_a_farewell(
    server: ChatServer, certificate: tuple[Path, Path], version: ssl.TLSVersion, farewell: bool, much: int
) -> None:
    """However much it is, and though it says no more itself: whether by close_notify, or by the socket alone."""
    client = ByHand(server.port, certificate[0], version)
    with closing(client.sock):
        client.send("NICK al", "USER u 0 * :x", *["MOTD"] * much, "JOIN #a")
        if farewell:
            client.say_farewell()
        else:
            client.sock.shutdown(socket.SHUT_WR)
        eventually(lambda: all(c.reader_done_at for c in server.everybody()), "the server is done with its input")
        lines = client.rest()
        assert sum(" 422 " in line for line in lines) >= much
        assert " 366 al #a " in lines[-1]


# ---- serve -----------------------------------------------------------------------------------------------------------


def test_serve_takes_a_certificate(serve: Callable[..., Served], certificate: tuple[Path, Path]) -> None:
    """--tls-cert and --tls-key; with --tls-only this machine's own clients may go without."""
    names = ("CERT", "KEY", "ONLY")
    served = serve(
        env={f"CHATROOM_SERVE_TLS_{n}": v for n, v in zip(names, (*map(str, certificate), "1"), strict=True)}
    )
    with closing(Encrypted(served.port, certificate[0]).come("al")) as al:
        al.send("PING x")
        assert al.until("PONG")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--tls-only"], "--tls-only needs"),
        (["--tls-cert", "{cert}"], "go together"),
        (["--tls-self-signed", "--tls-cert", "{cert}", "--tls-key", "{key}"], "who have no --tls-cert"),
        (["--tls-cert", "{key}", "--tls-key", "{cert}"], "Can't read the certificate"),
    ],
)
def test_serve_says_what_does_not_go_together(certificate: tuple[Path, Path], options: list[str], why: str) -> None:
    """Before it listens to anybody, in a sentence."""
    words = [option.format(cert=certificate[0], key=certificate[1]) for option in options]
    done = chatroom("serve", "-p", "0", *words)
    assert done.returncode in (1, 2)
    assert why in done.stderr


def test_it_prints_commands_that_encrypt(serve: Callable[..., Served], certificate: tuple[Path, Path]) -> None:
    """Ready to copy; the one that stands for netcat comes in, also where plain text is refused."""
    served = serve("--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1]), "--tls-only")
    shown = "\n".join([*served.out.heard, *served.out.until("ends the server")])
    assert f"https://127.0.0.1:{served.port}\n" in shown
    assert f"chatroom connect 127.0.0.1 -p {served.port} --tls\n" in shown
    assert f"/connect -tls 127.0.0.1 {served.port} " in shown
    command = re.search(r"netcat +(openssl .*)", shown)
    assert command
    pipe = subprocess.PIPE
    with subprocess.Popen(command[1].split(), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as netcat:
        said, _ = netcat.communicate(b"al\n/quit\n", DEADLINE)
    assert b"* Welcome, al." in said


def test_the_directory_of_a_certificate_is_for_its_owner(tmp_path: Path) -> None:
    """Whatever else will be kept there."""
    pytest.importorskip("cryptography")
    certificates.self_signed(tmp_path / "data", "localhost")
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_certificate_of_ones_own_is_for_the_names_that_the_server_prints(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    """Or whoever connects by these would be told that it is for another."""
    pytest.importorskip("cryptography")
    served = serve("--tls-self-signed", "--host", "0.0.0.0", "--data", str(tmp_path), "--name", "chat.example")
    where = re.search(r"-connect (\S+):\d+$", "\n".join([*served.out.heard, *served.out.until("netcat")]))
    assert where
    command = ["openssl", "x509", "-in", str(tmp_path / certificates.CERTIFICATE), "-noout", "-ext", "subjectAltName"]
    names = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    for name in ("DNS:chat.example", "DNS:localhost", "IP Address:127.0.0.1", f"IP Address:{where[1]}"):
        assert name in names


@pytest.mark.parametrize(
    ("name", "trusted", "options", "offered"),
    [
        ("localhost", True, (), True),
        ("localhost", False, (), False),
        ("other.example", True, (), False),
        ("localhost", True, ("--trusted-proxy", "192.0.2.1"), False),
    ],
)
def test_clients_are_told_to_stay_with_tls_where_they_trust_the_certificate(
    serve: Callable[..., Served],
    certificate: tuple[Path, Path],
    name: str,
    trusted: bool,
    options: tuple[str, ...],
    offered: bool,
) -> None:
    """IRCv3 sts, by an authority that this machine trusts, for the server's own name: or they could not come back."""
    tls_options = ("--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1]), "--name", name)
    served = serve(*tls_options, *options, env={"SSL_CERT_FILE": str(certificate[0])} if trusted else {})
    with closing(Encrypted(served.port, certificate[0])) as client:
        client.send("CAP LS 302")
        listed = " ".join(client.until(" LS :"))
        assert (" sts=duration=2592000" in listed) is offered
        client.send("CAP REQ :sts")
        assert " NAK " in client.until(" CAP ")[-1]


def test_a_certificate_of_ones_own_is_made_once(serve: Callable[..., Served], tmp_path: Path) -> None:
    """It is kept, its key is for its owner's eyes, and its fingerprint is told."""
    pytest.importorskip("cryptography")
    first = serve("--tls-self-signed", "--data", str(tmp_path), "--name", "localhost")
    made = tmp_path / certificates.CERTIFICATE
    told = f"TLS certificate, SHA-256: {certificates.fingerprint(made)}"
    assert told in first.out.heard
    assert (tmp_path / certificates.KEY).stat().st_mode & 0o077 == 0
    first.type("q")
    assert first.ends() == 0
    again = serve("--data", str(tmp_path), "--name", "localhost", env={"CHATROOM_SERVE_TLS_SELF_SIGNED": "1"})
    assert told in again.out.heard
    with closing(Encrypted(again.port, made).come("al")):
        pass
