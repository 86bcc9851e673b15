"""The server: accepts clients, gives each its thread, and ends well.

A client's thread (`handler.ChatHandler`) only reads; all the rest follows from there.
Who closes what: the courier closes sockets; a reader says when it is done with one. A stopping server says goodbye to
all, waits until what is left is written, and gives up after `DRAIN_SECONDS` seconds.

`ChatServer.lock` guards `connections` and `refusals`.
"""

import errno
import logging
import os
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from itertools import count
from socketserver import ThreadingTCPServer
from typing import Any

from chatroom.cluster.redis_event_log import RedisEventLog
from chatroom.cluster.redis_stream import ClusterError
from chatroom.cluster.servers import Timing
from chatroom.common.clock import Clock, steady
from chatroom.common.logs import alike
from chatroom.common.names import fold
from chatroom.core import last_seen
from chatroom.core.bans import on_address
from chatroom.core.event_log import EventLog, LocalEventLog
from chatroom.core.hub import Hub
from chatroom.core.last_seen import ABSENCES_REMEMBERED
from chatroom.model.commands import Expire, Quit
from chatroom.model.entities import Account
from chatroom.model.replies import Announcement, Raw, Saving
from chatroom.model.server_info import ServerInfo
from chatroom.net.connection import Connection
from chatroom.net.courier import Courier
from chatroom.net.sockets import refuse, resolve, tune_socket
from chatroom.protocols.english import of_entry
from chatroom.protocols.plain import PLAIN, PlainDialect
from chatroom.server.connection_limits import CLIENTS_MAX, FULL, ConnectionLimiter, is_loopback
from chatroom.server.handler import ChatHandler
from chatroom.server.limits import ACCEPT_PAUSE_SECONDS
from chatroom.server.process_tuning import tune
from chatroom.server.reloadable_settings import Settings
from chatroom.server.timeouts import UNREAD, TimeoutMonitor
from chatroom.storage.history_service import HistoryService
from chatroom.storage.maintenance import Maintenance
from chatroom.storage.reader import Reader, StoredRoom
from chatroom.storage.store import Store

# connections that wait to be accepted: socketserver's 5 makes a join storm take minutes
ACCEPT_QUEUE_CONNECTIONS = 1024
DRAIN_SECONDS = 5.0  # seconds that a stopping server waits for its clients to read what is left
STOP_SECONDS = 8.0  # seconds in all until a server has stopped, whatever hangs: the program is to end within 10
CLOSE_FILES_SECONDS = 1.0  # seconds of these, or besides, that are left for closing the files
# events of one room that are looked at for it at the start, and `ABSENCES_REMEMBERED` in all: some 0.1 s
ABSENCE_EVENTS_READ = 1000
LINK_DRAIN_SECONDS = 2.0  # seconds that a stopping server waits until the others know

log = logging.getLogger(__name__)

BANNED = "you are banned from this server"


def now() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class ChatServer(ThreadingTCPServer):
    """Carries the chat, from `start` to `stop`."""

    allow_reuse_address = True
    daemon_threads = True  # they are counted in `connections`; socketserver's own list is walked at each accept
    block_on_close = False
    request_queue_size = ACCEPT_QUEUE_CONNECTIONS

    def __init__(
        self,
        host: str,
        port: int,
        info: ServerInfo,
        *,
        store: Store | None = None,
        keep: int = 0,
        max_clients: int = CLIENTS_MAX,
        unlimited: bool = False,
        tls_only: bool = False,
        cluster: str = "",
        timing: Timing = Timing(),  # noqa: B008  # a tuple
    ) -> None:
        """Binds and listens; raises `OSError` if it can't. `port` 0 takes any that is free.

        With `cluster`, a Redis's URL, it is one of several servers of a chat, and listens once `start` has made it so.

        Without a store nothing is kept. With one, it is the server's from here on: `stop` closes it. What is older than
        `keep` days is pruned, nothing if that is 0.
        `unlimited` lifts the limits on floods and addresses, for hosts that are trusted. With `tls_only`, nobody from
        another machine talks without TLS.
        """
        self._cluster = cluster
        self.address_family, address = resolve(host, port)
        super().__init__(address, ChatHandler)  # first: if it fails, there is nothing to give back
        self.info = replace(info, history=store is not None)
        self.unlimited = unlimited
        self.tls: ssl.SSLContext | None = None
        self.tls_only = tls_only
        self.door = ConnectionLimiter(max_clients, unlimited)
        self.lock = threading.Lock()
        self.connections: dict[socket.socket, Connection] = {}
        self.refusals: Counter[str] = Counter()  # clients that were refused or closed, by reason
        self._none_left = threading.Condition(self.lock)
        self._uids = count(1)
        self.store = store
        self.courier = Courier(store.save if store else None)
        self.courier.on_closed = self._closed
        self.link: RedisEventLog | None = None
        self.clock = Clock(self._wall if cluster else now)
        self.hub = Hub(self.courier, self.clock, bool(store or cluster), info.name, steady)
        self.hub.registrar.guesses.unlimited = unlimited
        last_id, last_time = self._remember(store) if store else (0, 0)
        self._archive = HistoryService(store) if store else None
        self.log: EventLog
        if cluster:
            self.log = self.link = self._linked(cluster, last_id, last_time, timing)
        else:
            self.clock.start_from(last_time)
            self.log = LocalEventLog(self.hub, self.courier, self.clock, last_id, last_time, self._archive)
        self.hub.keep = keep * 86_400_000 if store else 0
        self._keeper = Maintenance(store, self._saving, keep) if store else None
        self.watch = TimeoutMonitor(self.everybody, self.log, self.courier, self._run_moderation)
        self._pause = ACCEPT_PAUSE_SECONDS[0]
        self._reserve = -1  # a descriptor given up to tell a newcomer that there is none left; -1 while there is none
        self._take_reserve()
        self._stopping = threading.Event()
        self._reloading = threading.Lock()  # held by `reload`, which is asked for again while it reads, perhaps
        self._acceptor = threading.Thread(target=self.serve_forever, name="acceptor", daemon=True)

    def _linked(self, url: str, last: int, last_time: int, timing: Timing) -> RedisEventLog:
        """A log that is shared with other servers."""
        saved = self.store.last_saved_id if self.store else None
        chat, settled = (self.store.chat, self.store.last_change_id) if self.store else (0, 0)
        name, archive, admit = self.info.name, self._archive, self.courier.wait_for_backlog
        return RedisEventLog(
            self.hub, self.courier, url, name, archive, last, last_time, saved, admit, timing, chat, settled
        )

    def _wall(self) -> int:
        """Unix time in milliseconds, by the clock of the Redis that servers share."""
        return now() + (self.link.skew if self.link else 0)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # "::" is IPv4 too
        super().server_bind()

    def server_activate(self) -> None:
        if not self._cluster:
            super().server_activate()

    def configure(self, settings: Settings) -> None:
        """Changes what may change while the server runs; newcomers meet the new message of the day and certificate.

        Called before `start`, or under the log's lock: it must not take it.
        """
        self.info = replace(self.info, motd=settings.motd)
        self.hub.operator_password = settings.operator_password
        self.hub.password = settings.password
        self.tls = settings.tls

    def reload(self) -> None:
        """Reads the files again, while nobody waits for it, and then uses them, unless one can't be read."""
        with self._reloading:
            use = self.hub.reload()
            if use:
                with self.log.lock:
                    use()

    def start(self) -> None:
        """Accepts clients in a thread of its own, until `stop`. Raises `ClusterError`."""
        tune()
        self.courier.start()
        if self.link:
            try:
                self.link.start()
            except ClusterError:
                self._give_back()
                raise
            super().server_activate()
        if self._keeper:
            self._keeper.start()
        self.watch.start()
        self._acceptor.start()

    def stop(self, reason: str = "the server is shutting down") -> None:
        """Says goodbye to all, closes every connection and ends. May be called once.

        It takes no longer than about `STOP_SECONDS` seconds, whatever hangs: a Redis, a client, a disk. They share
        this time.
        """
        end = time.monotonic() + STOP_SECONDS
        self._stopping.set()
        self.watch.end()
        if self.link:
            self.link.hasten(time.monotonic() + LINK_DRAIN_SECONDS)
        self._stop_listening()
        connections = self.everybody()
        for connection in connections:
            connection.goodbye = reason
        self.log.submit_all([(connection, Quit(reason)) for connection in connections], deaf=connections)
        self.courier.flush()
        with self._none_left:
            if not self._none_left.wait_for(lambda: not self.connections, min(DRAIN_SECONDS, end - time.monotonic())):
                log.warning("%d clients did not read what was left for them", len(self.connections))
        self._run_moderation()
        if self.link:
            self.link.close(max(0.1, min(LINK_DRAIN_SECONDS, end - time.monotonic())))
        self.courier.stop(max(0.0, end - time.monotonic()))
        closing = threading.Thread(target=self._close, name="closing", daemon=True)
        closing.start()
        closing.join(max(CLOSE_FILES_SECONDS, end - time.monotonic()))
        if closing.is_alive():
            log.error("what was said last could not be saved in time")

    def _close(self) -> None:
        """Waits for those who use the files, which may hang, and closes these."""
        self.courier.join()
        if self._keeper:
            self._keeper.stop()
        self._close_files()

    def _give_back(self) -> None:
        """What a server that can't start has taken."""
        self.server_close()
        self.courier.stop(0)
        self.courier.join()
        self._close_files()

    def _close_files(self) -> None:
        if self._archive:
            self._archive.close()
        if self.store:
            self.store.close()
        self._give_up_reserve()

    def _remember(self, store: Store) -> tuple[int, int]:
        """Puts the rooms back as they were; returns the last id and time of the history."""
        with closing(store.reader()) as reader:
            self.hub.restore_accounts(map(Account._make, reader.accounts()), reader.owners(), reader.modes())
            rooms = list(reader.rooms())
            for room in reversed(rooms):
                self.hub.restore(*room)
            self.hub.absent = _absent(reader, rooms, store.previous_start_id)
            for room_key, letter, entry in reader.lists():
                self.hub.restore_entry(room_key, letter, entry)
        ahead = store.last_saved_time - now()
        if ahead > 0:
            log.warning(
                "the clock is %d s behind the history; until it has caught up, times go at half speed", ahead // 1000
            )
        return store.reserved_id, store.last_saved_time

    def _run_moderation(self) -> None:
        """Ends bans and mutes that have lasted their time, and logs what operators have done."""
        with self.log.lock:
            due = self.hub.is_due(self.clock())
            deeds = list(self.hub.audit_log)
            self.hub.audit_log.clear()
        if due:
            self.log.submit(self.hub.server_session, [Expire()])
        for deed in deeds:
            room = getattr(deed, "room", "")
            for sentence in PLAIN.render(deed).decode().splitlines():
                log.info("%s%s (by %s)", f"{room}: " if room else "", sentence.removeprefix("* "), deed.by.mask)

    def _saving(self, works: bool, lost: int) -> None:
        with self.log.lock:
            self.hub.saving(Saving(works, lost))
        self.courier.flush()

    def _stop_listening(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the acceptor, which otherwise looks up twice a second
        except OSError:
            pass  # not everywhere has a listening socket something to shut down
        self.shutdown()
        self.server_close()

    def everybody(self) -> list[Connection]:
        """All connections of this moment."""
        with self.lock:
            return list(self.connections.values())

    def count_refusal(self, reason: str) -> None:
        """`reason` is one of few: no text of a client's."""
        with self.lock:
            self.refusals[reason] += 1

    def announce(self, text: str) -> None:
        """Says something to everybody."""
        if self.link:
            self.link.announce(text)
            return
        for connection in self.everybody():
            self.log.submit(connection, [Announcement(text)])

    # ---- what socketserver calls ------------------------------------------------------------------------------------

    def get_request(self) -> tuple[Any, Any]:
        """Accepts a client. socketserver takes an `OSError` for nothing and tries again at once; so wait before it.

        Nobody waits for a client that has left before it was accepted, of which there can be many (ECONNABORTED).
        """
        try:
            accepted = super().get_request()
        except OSError as error:
            if error.errno != errno.ECONNABORTED and not self._stopping.is_set():
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._out_of_descriptors()
                else:
                    log.warning(f"a client could not be accepted: {error.strerror}")  # each reason is worth a line
                self._stopping.wait(self._pause)
                self._pause = min(2 * self._pause, ACCEPT_PAUSE_SECONDS[1])
            raise
        self._pause = ACCEPT_PAUSE_SECONDS[0]
        return accepted

    def _out_of_descriptors(self) -> None:
        log.warning("no descriptors left for new clients; raise the limit on open files (ulimit -n)")
        self._give_up_reserve()
        try:
            newcomer, _ = self.socket.accept()
            refuse(newcomer, FULL)
            newcomer.close()
            self.count_refusal("no descriptors left")
        except OSError:
            pass  # somebody else took the descriptor
        self._take_reserve()

    def _take_reserve(self) -> None:
        try:
            self._reserve = os.open(os.devnull, os.O_RDONLY)
        except OSError:
            pass  # somebody else was faster; the next time that there are none left it is tried again

    def _give_up_reserve(self) -> None:
        """At most once for each that was taken: a second time, its number may be somebody else's."""
        reserve, self._reserve = self._reserve, -1
        if reserve != -1:
            os.close(reserve)

    def _refusal(self, host: str) -> str:
        """Why the client that is there now may not come in; "" if it may."""
        refusal = self._banned(host)
        if refusal:
            self.door.knock(host)
        else:
            refusal = self.door.admit(host)
        if refusal:
            reason = "banned" if refusal.startswith(BANNED) else refusal
            log.info("%s refused (%s)", host, refusal, extra=alike(f"refused: {reason}"))
            self.count_refusal(reason)
        return refusal

    def _banned(self, host: str) -> str:
        """Why an address may not come in; "" if it may."""
        if not self.hub.bans:  # without the lock: most servers ban nobody
            return ""
        with self.log.lock:
            ban = on_address(self.hub, host)
        return BANNED + "".join(of_entry(ban.until, ban.reason)) if ban else ""

    def process_request(self, request: Any, client_address: Any) -> None:
        """Gives a client its thread. Who may not come in is told why by theirs, which knows what they speak."""
        refusal = self._refusal(client_address[0])
        if refusal and not self.door.hear_out(client_address[0]):
            refuse(request, refusal)
            self.shutdown_request(request)
            return
        connection = self._register(request, client_address, refusal)
        tune_socket(request)
        try:
            super().process_request(request, client_address)
        except RuntimeError as error:  # no more threads
            log.warning("no thread left for %s: %s", client_address[0], error)
            if not refusal:
                self.count_refusal("no thread left")
            self.log.submit(connection, [Raw(f"ERROR :{refusal or FULL}\r\n".encode())])
            self.shutdown_request(request)

    def _register(self, request: Any, client_address: Any, refusal: str) -> Connection:
        """Makes a connection known before its thread exists, so that `stop` misses none."""
        host = client_address[0].removeprefix("::ffff:")
        number = str(next(self._uids))
        uid = f"{self.link.id}.{number}" if self.link else number
        connection = Connection(uid, f"0{host}" if host.startswith(":") else host, PLAIN, request)
        connection.address = client_address[0]
        connection.refusal = refusal
        connection.near = is_loopback(connection.address)
        connection.dialect = PlainDialect(connection)
        with self.lock:
            self.connections[request] = connection
        self.watch.add(connection)
        with self.log.lock:
            self.hub.attach(connection)
        return connection

    def shutdown_request(self, request: Any) -> None:
        """The reader is done, or never came to be: the courier closes the socket when it has written what is left."""
        with self.lock:
            connection = self.connections.get(request)
        if connection is None:
            super().shutdown_request(request)
            return
        with self.log.lock:
            self.hub.detach(connection)
            connection.closing = True  # so nothing is told to it any more
            del connection.dialect  # which knows the connection: a circle that only the collector would undo
        connection.reader_done_at = time.monotonic()
        self.courier.close(connection)

    def _closed(self, connection: Connection) -> None:
        """A connection's socket is closed: until then it takes a place, and has its time. May be told twice."""
        with self._none_left:
            if not self.connections.pop(connection.sock, None):
                return
            if not self.connections:
                self._none_left.notify_all()
        self.watch.remove(connection)
        if connection.refusal:
            self.door.go_away()
        else:
            self.door.leave(connection.address)
        if connection.close_reason == UNREAD and not connection.refusal:  # its reader, which logs all else, was gone
            self.count_refusal(UNREAD)
            log.info("%s was closed (%s)", connection.address, UNREAD)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception("error while serving %s", client_address[0])


def _absent(reader: Reader, rooms: Iterable[StoredRoom], began: int) -> dict[str, int]:
    """What people saw last of these rooms, those last used first."""
    found: dict[str, int] = {}
    left = ABSENCES_REMEMBERED  # events to look at
    for room in rooms:
        if room.recent and left > 0:
            events = reader.history(fold(room.name), limit=min(left, ABSENCE_EVENTS_READ), everything=True)
            left -= len(events)
            found |= last_seen.from_history(room.name, room.recent, reversed(events), began)
    return found
