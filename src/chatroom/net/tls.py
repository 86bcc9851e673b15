"""Encryption: TLS on the same port as everything else.

An `SSLSocket` must not be shared by a reading and a writing thread, so each client has an `SSLObject` between two
memory BIOs, under one lock: bytes go in and out of it, and it never sees the socket.

    socket ──► Tls.read ──► _incoming ──► SSLObject ──► plain bytes        (the client's thread)
    plain bytes ──► Tls.seal ──► SSLObject ──► _outgoing ──► socket        (the courier)

The laws:
- Records leave in the order in which they were made. Until the handshake is done only the client's thread writes to the
  socket; from then on only the courier does. What reading makes (an alert, a new key) waits in `_outgoing` for it.
- A handshake happens in the client's own thread, and has a deadline of its own.
"""

import ssl
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Protocol

from chatroom.net.sockets import READ_BYTES


class Socket(Protocol):
    def recv(self, size: int, /) -> bytes: ...
    def sendall(self, data: bytes, /) -> None: ...


def context(certificate: Path, key: Path) -> ssl.SSLContext:
    """For TLS 1.2 and later; raises `OSError` if the files are no certificate and its key, or the key has a passphrase.

    Nobody is asked for one: the server may be a service, or its terminal in use, when it reads its files again.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION
    # A client that ends its side of the TCP connection without a farewell still gets what waits for it. Where OpenSSL
    # is too old to know this option, it does so by itself.
    made.options |= getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    try:
        made.load_cert_chain(certificate, key, _no_passphrase)
    except ValueError:
        raise OSError(f"{key} has a passphrase; openssl pkey -in {key} -out NEW.pem makes a key without one") from None
    except ssl.SSLError as error:
        raise OSError(
            f"{certificate} and {key} are no certificate and its key, in PEM ({error.reason or error})"
        ) from None
    return made


def _no_passphrase() -> str:
    raise ValueError


class Tls:
    """One client's encryption. `read` is for its own thread, `seal` and `farewell` for the courier's.

    `flush` is called when something waits to be sent that nobody has said.
    """

    def __init__(self, sock: Socket, context: ssl.SSLContext, flush: Callable[[], None]) -> None:
        self._sock = sock
        self._flush = flush
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._lock = Lock()  # guards all of the following, and the BIOs
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._ready = False  # whether the handshake is done, and its last bytes are written
        self._ended = False

    def handshake(self, first: bytes) -> None:
        """Agrees on keys; `first` is what came already. Raises `ssl.SSLError`, or `OSError` if the client is gone."""
        self._incoming.write(first)
        while True:
            try:
                with self._lock:
                    self._object.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            except ssl.SSLError:
                self._send_made()  # the alert that says why
                raise
            self._send_made()
            if done:
                break
            self._take_in()
        with self._lock:
            self._ready = True

    def _send_made(self) -> None:
        """Sends what the handshake has made; without the lock, which the courier takes: sending may block."""
        with self._lock:
            made = self._outgoing.read()
        if made:
            self._sock.sendall(made)

    def read(self, size: int = READ_BYTES) -> bytes:
        """Plain bytes as soon as there are any; b"" at the end, also where what came was no TLS."""
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
            self._take_in()

    def has_some(self) -> bool:
        """Whether bytes have come that were not read yet."""
        with self._lock:
            return bool(self._incoming.pending or self._object.pending())

    def seal(self, data: bytes | memoryview) -> bytes:
        """The records for these plain bytes, and for all that waits before them."""
        with self._lock:
            if not self._ready or self._ended:
                return b""  # to nobody: there are no keys yet, or no more
            try:
                if data:
                    self._object.write(data)
            except ssl.SSLError:  # the client has ended the conversation
                self._ended = True
                return b""
            return self._outgoing.read()

    def farewell(self) -> bytes:
        """The record that tells the client that this is the end and nothing was cut off (close_notify)."""
        with self._lock:
            if not self._ready or self._ended:
                return b""
            self._ended = True
            try:
                self._object.unwrap()
            except ssl.SSLError:
                pass  # it waits for the client's own farewell, which nobody will read
            return self._outgoing.read()

    def _take_in(self) -> None:
        """Waits for bytes from the socket, without the lock."""
        came = self._sock.recv(READ_BYTES)
        with self._lock:
            if came:
                self._incoming.write(came)
            else:
                self._incoming.write_eof()
