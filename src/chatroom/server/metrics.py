"""Metrics of a running server for Prometheus, at `http://ADDRESS:PORT/metrics`: `pip install chatroom[metrics]`.

Most are looked up when they are scraped. Only deliveries are counted all the time: by the courier, once for
each batch after it is sent, and only where metrics are on.
"""

import logging
import sys
from bisect import bisect_left
from collections.abc import Iterator
from socket import SHUT_RDWR
from socketserver import ThreadingTCPServer
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any

from prometheus_client import CollectorRegistry, MetricsHandler
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from chatroom.model.audience import Audience
from chatroom.model.events import Departed, Event, Said
from chatroom.net.batches import Item
from chatroom.net.sockets import resolve
from chatroom.server.chat_server import ChatServer, now
from chatroom.server.connection_limits import ACCEPT_PAUSE_SECONDS

CONCURRENT_SCRAPES = 8  # each has a thread and a descriptor; a scrape takes milliseconds, and few programs do it
SCRAPE_SECONDS = 10  # seconds in all for one scrape: as long as Prometheus waits by default

log = logging.getLogger(__name__)

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Meter:
    """Counts deliveries. `lock` guards all of it; it is taken once for each batch."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.messages = 0
        self.deliveries = 0
        self.batches = 0
        self.seconds = 0.0
        self.buckets = [0] * (len(BUCKETS_SECONDS) + 1)

    def count(self, batch: list[Item]) -> None:
        """Counts a batch that was sent. Its first event has waited longest, but for departures, which may wait."""
        messages = deliveries = first = 0
        audience, readers = None, 0
        for what, to, skip in batch:
            if not (isinstance(what, Event) and isinstance(to, Audience)):
                continue
            if to is not audience:
                audience, readers = to, to.size()
            messages += type(what) is Said
            deliveries += max(0, readers - (skip is not None))  # who is skipped may have left the audience
            first = first or (type(what) is not Departed and what.time)
        with self.lock:
            self.messages += messages
            self.deliveries += deliveries
            if not first:
                return
            seconds = max(0, now() - first) / 1000
            self.batches += 1
            self.seconds += seconds
            self.buckets[bisect_left(BUCKETS_SECONDS, seconds)] += 1


class Figures:
    """A collector, as prometheus-client calls it: `collect` is called for each scrape."""

    def __init__(self, server: ChatServer, meter: Meter) -> None:
        self._server = server
        self._meter = meter

    def collect(self) -> Iterator[Any]:
        yield from self._gauges()
        yield from self._counters()
        with self._meter.lock:
            buckets, seconds = list(self._meter.buckets), self._meter.seconds
        sums = [sum(buckets[: number + 1]) for number in range(len(buckets))]
        names = [*map(str, BUCKETS_SECONDS), "+Inf"]
        yield HistogramMetricFamily(
            "chatroom_courier_seconds",
            "From a client's line to its delivery, of the first in each batch.",
            buckets=list(zip(names, sums, strict=True)),
            sum_value=seconds,
        )

    def _gauges(self) -> Iterator[Any]:
        server = self._server
        with server.event_log.lock:
            users, rooms, servers = server.hub.state.here, len(server.hub.state.rooms), len(server.hub.state.servers)
        waiting, behind = server.courier.queue()
        for name, about, value in (
            ("connections", "Clients that are connected.", len(server.everybody())),
            ("users", "Clients with a name.", users),
            ("rooms", "Rooms.", rooms),
            ("queue_items", "Events and answers that wait for the courier.", waiting),
            ("queue_bytes", "Bytes that wait for clients to read them.", behind),
            ("servers", "Servers that are this chat.", max(1, servers)),
            ("spool_items", "What the other servers are not told yet.", server.link.waiting() if server.link else 0),
        ):
            yield GaugeMetricFamily(f"chatroom_{name}", about, value=value)

    def _counters(self) -> Iterator[Any]:
        server, meter = self._server, self._meter
        with meter.lock:
            messages, deliveries = meter.messages, meter.deliveries
        saved = server.store.events_saved if server.store else 0
        for name, about, value in (
            ("messages_in", "Messages that clients have sent.", messages),
            ("messages_out", "Deliveries: each event counts once for each client that is told of it.", deliveries),
            ("history_writes", "Events handed to the history.", saved),
        ):
            yield CounterMetricFamily(f"chatroom_{name}", about, value=value)
        refused = CounterMetricFamily("chatroom_refusals", "Clients refused or closed, by reason.", labels=["reason"])
        with server.lock:
            refusals = dict(server.refusals)
        for reason, count in refusals.items():
            refused.add_metric([reason], count)
        yield refused


class MetricsServer(ThreadingTCPServer):
    """Answers at most `CONCURRENT_SCRAPES` scrapes at a time, each within `SCRAPE_SECONDS` seconds."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        """Binds and listens; raises `OSError` if it can't."""
        self.address_family, address = resolve(host, port)
        self._accepted_at: dict[Any, float] = {}  # in monotonic seconds; of scrapes being answered, by socket
        super().__init__(address, MetricsHandler.factory(registry))

    def get_request(self) -> tuple[Any, Any]:
        """Accepts a scrape. After an error it waits, as socketserver ignores an `OSError` and tries again at once."""
        try:
            return super().get_request()
        except OSError as error:
            # Formatted here, so that `Calm` takes each reason for another warning.
            log.warning(f"who asks for the figures could not be accepted: {error.strerror}")
            sleep(ACCEPT_PAUSE_SECONDS[1])
            raise

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for one more scrape; if not, socketserver closes it."""
        if len(self._accepted_at) < CONCURRENT_SCRAPES:
            return True
        log.warning(
            "%s is not shown the figures: %d others are being shown them", client_address[0], CONCURRENT_SCRAPES
        )
        return False

    def process_request(self, request: Any, client_address: Any) -> None:
        self._accepted_at[request] = monotonic()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._accepted_at.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Ends scrapes whose time has run out. socketserver calls it twice a second, and after each accept."""
        for request, came in list(self._accepted_at.items()):
            if monotonic() - came >= SCRAPE_SECONDS:
                try:
                    request.shutdown(SHUT_RDWR)  # wakes its thread
                except OSError:
                    pass  # it has gone meanwhile

    def handle_error(self, request: Any, client_address: Any) -> None:
        if isinstance(sys.exception(), OSError):
            log.debug("%s went before it was shown the figures", client_address[0])
        else:
            log.exception("error while showing %s the figures", client_address[0])


def publish(server: ChatServer, host: str, port: int) -> int:
    """Serves the metrics in a thread of its own; called before the server starts. Returns the port.

    Raises `OSError` if it can't listen.
    """
    meter = Meter()
    server.courier.on_sent = meter.count
    registry = CollectorRegistry()
    registry.register(Figures(server, meter))  # type: ignore[arg-type, unused-ignore]  # it has the methods of a collector
    http = MetricsServer(host, port, registry)
    Thread(target=http.serve_forever, name="metrics", daemon=True).start()
    return int(http.server_address[1])
