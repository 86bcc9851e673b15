"""The server: accepts clients, has a thread for each, and stops.

A client's thread accepts the client itself (`serve_forever`), so that nothing is handed over from thread to thread. It
serves the client until it leaves (`handler.ChatHandler`), and then accepts the next one. It only reads; the courier
writes. When the thread is done with a socket, it tells the courier, which closes it.

A server that stops says goodbye to all clients, and waits at most `DRAIN_SECONDS` seconds until what is left is
written.

`ChatServer.lock` guards `connections` and `refusals`.
"""

import logging
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import count
from socketserver import ThreadingTCPServer
from typing import Any

from chatroom.cluster.redis_event_log import RedisEventLog
from chatroom.cluster.redis_stream import ClusterError
from chatroom.cluster.replica import OwnHistory
from chatroom.cluster.servers import Timing
from chatroom.common.addresses import Network, is_in, is_loopback
from chatroom.common.clock import Clock, steady
from chatroom.common.language import languages, own
from chatroom.core import connections, notify
from chatroom.core.event_log import EventLog, LocalEventLog
from chatroom.core.hub import Hub
from chatroom.model.commands import Quit
from chatroom.model.entities import User
from chatroom.model.replies import Announcement, Raw, Saving
from chatroom.model.server_info import ServerInfo
from chatroom.net.connection import ClientSession, Connection
from chatroom.net.courier import Courier
from chatroom.net.outbox import Outbox
from chatroom.net.sockets import OPTIONS_ARE_INHERITED, error_line, refuse, resolve, tune_socket, wake_listeners
from chatroom.protocols.plain import PlainDialect, plain_format
from chatroom.protocols.proxy_header import Origin
from chatroom.protocols.reasons import told
from chatroom.server.accept_failures import AcceptFailures
from chatroom.server.admission import Admission
from chatroom.server.client_threads import ClientThreads
from chatroom.server.connection_limits import (
    CLIENTS_MAX,
    CONNECTIONS_PER_ADDRESS,
    FULL,
    ConnectionLimiter,
)
from chatroom.server.handler import ChatHandler
from chatroom.server.housekeeping import Housekeeping
from chatroom.server.invitations import is_from_elsewhere, reachable_authority
from chatroom.server.process_tuning import tune
from chatroom.server.reloadable_settings import Settings
from chatroom.server.startup_restore import restore_chat
from chatroom.server.timeouts import UNREAD, TimeoutMonitor
from chatroom.server.unused_accounts import UnusedAccounts
from chatroom.storage.clock_leaps import ClockLeaps
from chatroom.storage.history_service import HistoryService
from chatroom.storage.maintenance import Maintenance
from chatroom.storage.store import Store
from chatroom.web.site import Health, Site

ACCEPT_QUEUE_CONNECTIONS = 1024  # connections that wait to be accepted: with socketserver's 5 a rush takes minutes
DRAIN_SECONDS = 5.0  # seconds that a stopping server waits for its clients to read what is left
STOP_SECONDS = 8.0  # seconds in all until a server has stopped, whatever hangs: the program must end within 10
CLOSE_FILES_SECONDS = 1.0  # seconds of these at least, or besides, for closing the files
LINK_DRAIN_SECONDS = 2.0  # seconds that a stopping server waits until the other servers know

log = logging.getLogger(__name__)


def host_of(address: str) -> str:
    """An address as the host of somebody: IPv4 as such, and none begins with a colon, which IRC takes for the rest."""
    host = address.removeprefix("::ffff:")
    return f"0{host}" if host.startswith(":") else host


def now() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class ChatServer(ThreadingTCPServer):
    """One server of the chat, from `start` to `stop`."""

    allow_reuse_address = True
    daemon_threads = True  # `connections` has them; socketserver would walk a list of all threads at each accept
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
        history_size: int = 0,
        max_clients: int = CLIENTS_MAX,
        unlimited: bool = False,
        per_address: int = CONNECTIONS_PER_ADDRESS,
        trusted_networks: tuple[Network, ...] = (),
        trusted_proxies: tuple[Network, ...] = (),
        show_addresses: bool = False,
        tls_only: bool = False,
        web: bool = True,
        web_hosts: tuple[str, ...] = (),
        cluster: str = "",
        timing: Timing = Timing(),  # noqa: B008  # a tuple
    ) -> None:
        """Binds and listens; raises `OSError` if it can't. `port` 0 takes any that is free.

        - `store`: the history, which `stop` closes. Without it nothing is kept.
        - `keep`: history older than so many days is deleted; none if it is 0.
        - `history_size`: the oldest history is deleted where the files have more bytes than this; 0: never.
        - `unlimited`: lifts the limits on floods and addresses, for trusted hosts.
        - `per_address`: how many clients one address may have; private networks more, `trusted_networks` any number.
        - `trusted_proxies`: connections from there must begin with whose they are, and count as theirs.
        - `show_addresses`: everybody sees everybody's address, not a cloak.
        - `tls_only`: clients on other machines must use TLS.
        - `web`: browsers get the page. `web_hosts` are names that the server has in their addresses.
        - `cluster`: the URL of the Redis that joins several servers to one chat. Then `start` begins to listen.
        """
        self._cluster = cluster
        self.address_family, address = resolve(host, port)
        super().__init__(address, ChatHandler)  # first: if it fails, nothing else is to be closed
        self.info = replace(info, history=store is not None)
        self.unlimited = unlimited
        self.tls: ssl.SSLContext | None = None
        self.tls_only = tls_only
        self.site = Site(web_hosts, self._health, self._reachable, trusted_proxies) if web else None
        self.webirc_password = ""  # that trusted proxies may give with WEBIRC; "" if they may not
        self._trusted_proxies = trusted_proxies
        self.limiter = ConnectionLimiter(max_clients, unlimited, per_address, trusted_networks)
        self.lock = threading.Lock()
        self.connections: dict[socket.socket, Connection] = {}
        self.was_reached = False  # whether anybody has connected from another machine
        self.refusals: Counter[str] = Counter()  # clients that were refused or closed, by reason
        self._none_left = threading.Condition(self.lock)
        self._uids = count(1)
        self.store = store
        self.courier = Courier(store.save if store else None)
        self.courier.on_closed = self._closed
        self.link: RedisEventLog | None = None
        self.clock = Clock(self._wall if cluster else now)
        self.hub = Hub(self.clock, bool(store or cluster), info.name, steady)
        self.hub.context.throttle.unlimited = unlimited
        self.hub.context.cloaks.is_shown = show_addresses
        if store:
            restore_chat(self.hub, store, now(), show_addresses, cluster)
        self._history = HistoryService(store) if store else None
        self.event_log = self._make_event_log(timing)
        self.hub.context.keep_ms = keep * 86_400_000 if store else 0
        leaps = ClockLeaps(store)
        self._unused_accounts = UnusedAccounts(self.hub, self.event_log, leaps)
        self._housekeeping = Housekeeping(self.hub, self.event_log, store, self._unused_accounts)
        self._maintenance = Maintenance(store, self._announce_saving, keep, history_size, leaps) if store else None
        self.timeouts = TimeoutMonitor(self.everybody, self.event_log, self.courier, self._housekeeping.run)
        self._admission = Admission(self.hub, self.event_log, self.limiter, self.count_refusal)
        self._stopping = threading.Event()
        self._goodbye = ""  # what who still comes is told, once `stop` has looked who is here
        self._reloading = threading.Lock()  # held by `reload`, which may be called again meanwhile
        self._client_threads = ClientThreads(self.serve_forever, self.courier.client_threads)
        self._accept_failures = AcceptFailures(self.socket, self._stopping, self.count_refusal)

    def _make_event_log(self, timing: Timing) -> EventLog:
        """One that goes on where the history ends; in a cluster it is shared with the other servers."""
        store = self.store
        last, last_time = (store.reserved_id, store.last_saved_time) if store else (0, 0)
        if not self._cluster:
            self.clock.start_from(last_time)
            return LocalEventLog(self.hub, self.courier, self.clock, last, last_time, self._history)
        own = OwnHistory(last, last_time)
        if store:
            own = OwnHistory(last, last_time, store.last_saved_id, store.chat, store.last_change_id)
        name, admit = self.info.name, self.courier.wait_for_backlog
        self.link = RedisEventLog(self.hub, self.courier, self._cluster, name, self._history, own, admit, timing)
        return self.link

    def _wall(self) -> int:
        """Unix time in milliseconds, by the clock of the Redis that the servers share."""
        return now() + (self.link.skew if self.link else 0)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # "::" is IPv4 too
        if OPTIONS_ARE_INHERITED:
            tune_socket(self.socket)
        super().server_bind()

    def server_activate(self) -> None:
        if not self._cluster:
            super().server_activate()

    def configure(self, settings: Settings) -> None:
        """Uses these settings from now on; the message of the day and the certificate for new clients.

        Called before `start`, or under the event log's lock, which it doesn't take.
        """
        assert self.event_log.lock.locked() or not self._client_threads.have_begun
        # Behind a proxy it isn't known by which port clients come.
        has_sts = settings.has_authority and not self._trusted_proxies
        self.info = replace(self.info, motd=settings.motd, sts_port=self.port if has_sts else 0)
        self.hub.context.operator_password = settings.operator_password
        self.hub.context.password = settings.password
        self.webirc_password = settings.webirc_password
        self.tls = settings.tls

    def reload(self) -> None:
        """Reads the settings again, without a lock, and uses them unless a file can't be read."""
        with self._reloading:
            use = self.hub.context.reload()
            if use:
                with self.event_log.lock:
                    use()

    def start(self) -> None:
        """Accepts clients in a thread of its own, until `stop`. Raises `ClusterError`."""
        tune()
        languages()  # reads the catalogues, which the first who chooses one would do under the lock
        self.courier.start()
        if self.link:
            try:
                self.link.start()
            except ClusterError:
                self._close_unstarted()
                raise
            if self.store:
                self.store.keep_cloak_key()
            super().server_activate()
        if self._maintenance:
            self._maintenance.start()
        self.timeouts.start()
        self._client_threads.start_one()

    def stop(self, reason: str = "the server is shutting down") -> None:
        """Says goodbye to all, closes every connection and ends. May be called once.

        It takes about `STOP_SECONDS` seconds at most, whatever hangs: a Redis, a client, a disk. They share this time.
        """
        end = time.monotonic() + STOP_SECONDS
        self._stopping.set()
        self.hub.context.throttle.stopping.set()
        self.timeouts.stop()
        if self.link:
            self.link.hasten(time.monotonic() + LINK_DRAIN_SECONDS)
        wake_listeners(self.socket)
        self.server_close()
        with self.lock:
            self._goodbye = reason
            sessions = [connection.session for connection in self.connections.values()]
        with self.event_log.lock:
            for session in sessions:
                session.goodbye = reason
        self.event_log.submit_all([(session, Quit(reason)) for session in sessions], deaf=sessions)
        self.courier.flush()
        with self._none_left:
            if not self._none_left.wait_for(lambda: not self.connections, min(DRAIN_SECONDS, end - time.monotonic())):
                log.warning("%d clients did not read what was left for them", len(self.connections))
        self._housekeeping.run()
        if self.link:
            self.link.close(max(0.1, min(LINK_DRAIN_SECONDS, end - time.monotonic())))
            self._housekeeping.run()  # what operators on other servers did until now
        self.courier.stop(max(0.0, end - time.monotonic()))
        closer = threading.Thread(target=self._close, name="closer", daemon=True)
        closer.start()
        closer.join(max(CLOSE_FILES_SECONDS, end - time.monotonic()))
        if closer.is_alive():
            log.error("what was said last could not be saved in time")

    def _close(self) -> None:
        """Waits for the threads that use sockets and files, and closes these. A disk that hangs may keep it waiting."""
        self.courier.join()
        for connection in self.everybody():  # those that have not read what was left for them
            connection.outbox.shut_down()
            connection.outbox.close()
        if self._maintenance:
            self._maintenance.stop()
        self._close_files()

    def _close_unstarted(self) -> None:
        """Closes all that a server has opened that can't start."""
        self.server_close()
        self.courier.stop(0)
        self.courier.join()
        self._close_files()

    def _close_files(self) -> None:
        if self._history:
            self._history.close()
        if self.store:
            self.store.close()
        self._accept_failures.spare.release()

    def _announce_saving(self, works: bool, lost: int) -> None:
        """Tells everybody that the history is being saved or not, and how many messages were lost."""
        context, state = self.hub.context, self.hub.state

        def hearers() -> Iterable[User]:
            context.is_saving = works  # whoever comes from now on is told when they come
            return state.users.values()

        self.event_log.look_at(hearers, lambda user: notify.one(user, Saving(works, lost), self.courier))
        self.courier.flush()

    def everybody(self) -> list[Connection]:
        """All connections of this moment."""
        with self.lock:
            return list(self.connections.values())

    def count_refusal(self, reason: str) -> None:
        """Counts a client that was refused or closed. `reason` is one of few: it holds no text of a client."""
        with self.lock:
            self.refusals[reason] += 1

    def _health(self) -> Health:
        clients = sum(not each.outbox.downloads for each in self.everybody())
        return Health(self.info.version, clients, self.store is not None and not self.store.failure)

    def _reachable(self) -> str:
        return reachable_authority(str(self.server_address[0]), self.port)

    def announce(self, text: str) -> None:
        """Says something to everybody who has a name."""
        if self.link:
            self.link.announce(text)
            return
        users = self.hub.state.users.values
        self.event_log.look_at(users, lambda user: notify.one(user, Announcement(text), self.courier))
        self.courier.flush()

    # ---- what socketserver calls, or would call ---------------------------------------------------------------------

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Accepts a client and serves it until it leaves, then the next one; the work of each client's thread.

        It ends when the server stops, or when enough other threads accept clients. It never polls: the kernel wakes one
        of the threads that wait for a client.
        """
        while not self._stopping.is_set():
            try:
                request, client_address = self.get_request()
            except OSError:
                continue
            try:
                self.process_request(request, client_address)
            except Exception:
                self.handle_error(request, client_address)
                self.shutdown_request(request)
            if self._client_threads.may_end():
                return

    def get_request(self) -> tuple[Any, Any]:
        """Accepts a client; raises `OSError` if that fails, after some time."""
        try:
            accepted = super().get_request()
        except OSError as error:
            self._accept_failures.wait_after(error)
            raise
        self._accept_failures.are_over()
        return accepted

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serves a client in this thread. One that may not come in has a thread, too, which says why in its protocol.

        Called by each thread as soon as it has accepted the client.
        """
        address = client_address[0]
        self.was_reached = self.was_reached or is_from_elsewhere(request, address)
        refusal, give_up_place = "", None
        is_proxy = is_in(address, self._trusted_proxies)
        if not is_proxy:
            refusal, give_up_place = self._place_for(address)
            if give_up_place is None:
                refuse(request, told(refusal, own()))
                self.shutdown_request(request)
                return
        connection = self._connection(request, address, refusal)
        connection.give_up_place = give_up_place
        connection.is_introduced = not is_proxy
        if not self._register(connection):
            refuse(request, told(self._goodbye, own()))
            self.shutdown_request(request)
            return
        if not OPTIONS_ARE_INHERITED:
            tune_socket(request)
        try:
            self._client_threads.begin()
        except RuntimeError as error:  # no more threads
            log.warning("no thread left for %s: %s", address, error)
            if not refusal:
                self.count_refusal("no thread left")
            self.event_log.submit(connection.session, [Raw(error_line(told(refusal or FULL, own())))])
            self.shutdown_request(request)
            return
        self.process_request_thread(request, client_address)
        self._client_threads.done()

    def _place_for(self, address: str) -> tuple[str, Callable[[], None] | None]:
        """Why a client may not come in, "" if it may; and what gives up its place, None if it can't even be told."""
        refusal = self._admission.refusal(address)
        if not refusal:
            return "", partial(self.limiter.leave, address)
        return refusal, self.limiter.leave_explained if self.limiter.admit_to_explain(address) else None

    def admit_from_proxy(self, connection: Connection, client: Origin) -> None:
        """Lets a connection count as that of the client whom its proxy names, who is refused as any other would be.

        Called by the connection's own thread. What the proxy says of TLS holds if nobody can read along behind it.
        """
        is_proxy_near = is_loopback(connection.address)
        session = connection.session
        with self.event_log.lock:
            session.host = host_of(client.address)
            session.near = is_proxy_near and is_loopback(client.address)
            session.secure = client.secure and (session.secure or is_proxy_near)
        connection.address = client.address
        connection.refusal, connection.give_up_place = self._place_for(client.address)
        connection.is_introduced = True

    def _connection(self, request: Any, address: str, refusal: str) -> Connection:
        number = str(next(self._uids))
        uid = f"{self.link.id}.{number}" if self.link else number
        session = ClientSession(uid, host_of(address), plain_format(own()), Outbox(request))
        session.near = is_loopback(address)
        session.dialect = PlainDialect(session)
        return Connection(session, address, refusal)

    def _register(self, connection: Connection) -> bool:
        """Registers a connection before it is read; returns whether that may be. `stop` misses none that is."""
        with self.lock:
            if self._goodbye:
                return False
            self.connections[connection.sock] = connection
        self.timeouts.add(connection)
        with self.event_log.lock:
            connections.attach(self.hub.context, connection.session)
        return True

    def shutdown_request(self, request: Any) -> None:
        """Ends a client whose thread is done, or could not start. The courier closes the socket once all is written."""
        with self.lock:
            connection = self.connections.get(request)
        if connection is None:
            super().shutdown_request(request)
            return
        session = connection.session
        with self.event_log.lock:
            connections.detach(self.hub.state, session)
            session.closing = True  # so that nothing more is sent to it
            del session.dialect  # it refers to the session: only the garbage collector would free the two
        connection.reader_done_at = time.monotonic()
        self.courier.close(session)

    def _closed(self, outbox: Outbox) -> None:
        """Removes a connection whose socket is closed: until then it counts. May be called twice for one."""
        with self._none_left:
            connection = self.connections.pop(outbox.sock, None)
            if connection is None:
                return
            if not self.connections:
                self._none_left.notify_all()
        self.timeouts.remove(connection)
        if connection.give_up_place:
            connection.give_up_place()
        if outbox.close_reason == UNREAD and not connection.refusal:  # its reader, which logs all else, was gone
            self.count_refusal(UNREAD)
            log.info("%s was closed (%s)", connection.address, UNREAD)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception("error while serving %s", client_address[0])
