"""Encryption: TLS on the same port as everything else.

An `SSLSocket` must not be shared by a reading and a writing thread. So each client has an `SSLObject` between two
memory BIOs, under one lock; it never sees the socket.

    socket ──► Tls.read ──► _incoming ──► SSLObject ──► plain bytes        (the client's thread)
    plain bytes ──► Tls.encrypt ──► SSLObject ──► _outgoing ──► socket        (the courier)

The laws:
- Records leave in the order in which they were made. Until the handshake is done only the client's thread writes to the
  socket; from then on only the courier does. Records made while reading (an alert, a new key) wait in `_outgoing` for
  the courier.
- A handshake runs in the client's own thread, and has a deadline of its own.
"""

import ssl
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Protocol

from chatroom.common.language import tr
from chatroom.net.sockets import READ_BYTES

_ROUND_TRIPS_MAX = 10  # of a handshake with oneself, which takes two or three


class Socket(Protocol):
    def recv(self, size: int, /) -> bytes: ...
    def sendall(self, data: bytes, /) -> None: ...


def context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A context for TLS 1.2 and later. Raises `OSError` if the files are no certificate and its key without passphrase.

    Nobody is asked for a passphrase: when the server reads its files again, it may have no terminal.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION
    # A client that ends its side of the TCP connection without close_notify still gets what waits for it. An OpenSSL
    # too old to have this option behaves so by default.
    made.options |= getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    try:
        made.load_cert_chain(certificate, key, _no_passphrase)
    except ValueError:
        text = tr("{key} has a passphrase; openssl pkey -in {key} -out NEW.pem makes a key without one", key=key)
        raise OSError(text) from None
    except ssl.SSLError as error:
        places = {"certificate": certificate, "key": key, "reason": error.reason or error}
        text = tr("{certificate} and {key} are no certificate and its key, in PEM ({reason})", **places)
        raise OSError(text) from None
    return made


def is_trusted(server: ssl.SSLContext, name: str) -> bool:
    """Whether a client that trusts whom this machine trusts takes the certificate for `name`: tried in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = ssl.create_default_context().wrap_bio(to_client, to_server, server_hostname=name)
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(_ROUND_TRIPS_MAX):
        try:
            theirs.do_handshake()
            return True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            return False
        try:
            ours.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            return False
    return False


def _no_passphrase() -> str:
    raise ValueError


class Tls:
    """One client's encryption. `read` is for its own thread, `encrypt` and `close_notify` for the courier's.

    `flush` is called when records wait to be sent that were made while reading.
    """

    def __init__(self, sock: Socket, context: ssl.SSLContext, flush: Callable[[], None]) -> None:
        self._sock = sock
        self._flush = flush
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._lock = Lock()  # guards all of the following, and the BIOs
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._ready = False  # whether the handshake is done, and its last bytes are sent
        self._ended = False

    def handshake(self, first: bytes) -> None:
        """Runs the handshake; `first` is what was read already. Raises `ssl.SSLError`; `OSError` without a client."""
        self._incoming.write(first)
        while True:
            try:
                with self._lock:
                    self._object.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            except ssl.SSLError:
                self._send_records()  # the alert that says why
                raise
            self._send_records()
            if done:
                break
            self._receive()
        with self._lock:
            self._ready = True

    def _send_records(self) -> None:
        """Sends the handshake's records. Not under the lock, which the courier takes: sending may block."""
        with self._lock:
            records = self._outgoing.read()
        if records:
            self._sock.sendall(records)

    def read(self, size: int = READ_BYTES) -> bytes:
        """Waits for plain bytes; b"" at the end of the stream, also if what came was not TLS."""
        while True:
            with self._lock:
                try:
                    data = self._object.read(size)
                except ssl.SSLWantReadError:
                    data = None
                except ssl.SSLError:
                    data = b""
                waiting = self._outgoing.pending
            if waiting:
                self._flush()
            if data is not None:
                return data
            self._receive()

    def has_unread(self) -> bool:
        """Whether bytes have been received that were not read yet."""
        with self._lock:
            return bool(self._incoming.pending or self._object.pending())

    def encrypt(self, data: bytes | memoryview) -> bytes:
        """The records for these plain bytes, and all records that wait before them."""
        with self._lock:
            if not self._ready or self._ended:
                return b""  # dropped: there are no keys yet, or no more
            try:
                if data:
                    self._object.write(data)
            except ssl.SSLError:  # the client has ended the conversation
                self._ended = True
                return b""
            return self._outgoing.read()

    def close_notify(self) -> bytes:
        """The record that tells the client that the stream ends here and was not cut off."""
        with self._lock:
            if not self._ready or self._ended:
                return b""
            self._ended = True
            try:
                self._object.unwrap()
            except ssl.SSLError:
                pass  # it waits for the client's close_notify, which nobody will read
            return self._outgoing.read()

    def _receive(self) -> None:
        """Waits for bytes from the socket; not under the lock."""
        came = self._sock.recv(READ_BYTES)
        with self._lock:
            if came:
                self._incoming.write(came)
            else:
                self._incoming.write_eof()
