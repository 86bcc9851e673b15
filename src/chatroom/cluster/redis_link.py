"""The link to Redis: read and written, broken, mended, and begun anew.

Two threads use it. The reader reads the stream and has the replica apply what comes; it alone connects anew. The writer
appends what this server proposes, and gives its signs of life.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from chatroom.cluster import snapshots
from chatroom.cluster.delivery_filters import New
from chatroom.cluster.redis_stream import ClusterError, LinkError, Stream, StreamEntry, order
from chatroom.cluster.replica import LinkStatus, Replica
from chatroom.cluster.servers import Heartbeat, Timing
from chatroom.cluster.spool import Proposal, Spool
from chatroom.common.language import tr
from chatroom.core import notify
from chatroom.core.event_log import look_at
from chatroom.model.delivery import Delivery, DeliveryQueue
from chatroom.model.replies import Link, Reply

LINK_RETRY_SECONDS = (0.02, 1.0)  # seconds until a broken link is tried again: doubled from the first to the second
LINK_UP_SECONDS = 30.0  # seconds that a starting server may take to become part of the chat
SNAPSHOT_ENTRIES = 5_000  # entries between two snapshots: what a new server reads within a second or so
SNAPSHOT_BYTES = 16 * 1024 * 1024  # of entries, likewise: in a flood they are large, and Redis holds them in memory
ENTRIES_PER_READ = 64  # entries applied in one go, for which the lock is held
TOLD_AT_ONCE = 250  # people told of something that all are told of while the lock is held: half a millisecond

log = logging.getLogger(__name__)


class RedisLink:
    """One server's link to the others, with its two threads.

    It has no lock of its own: each attribute is changed by one thread, which is named beside it. For the replica it
    takes the event log's lock. `start` and `stop` belong to whoever runs the server. `admit` waits while the courier
    has too much to do. Times are in monotonic seconds.
    """

    def __init__(
        self,
        url: str,
        lock: threading.Lock,
        replica: Replica,
        spool: Spool,
        delivery: DeliveryQueue,
        admit: Callable[[], None],
        timing: Timing,
    ) -> None:
        # Milliseconds that Redis's clock, by which events have their times, is ahead of this machine's: the reader's.
        self.skew = 0
        self._url = url
        self._lock = lock
        self._replica = replica
        self._spool = spool
        self._delivery = delivery
        self._admit = admit
        self._timing = timing
        self._broken_since = 0.0  # 0 while reading works: the reader's
        self._entries = 0  # applied since the last snapshot, and their bytes: the reader's
        self._bytes = 0
        self._check_at = 0.0  # when to look whether Redis has lost anything: the reader's
        self._failure: ClusterError | None = None  # why this server has to go on alone: the reader's
        self._refused_since = 0.0  # 0 while writing works: the writer's
        self._beat_at = 0.0  # when to give the next sign of life: the writer's
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._reading: Stream
        self._writing: Stream

    # ---- from start to end ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns when this server has caught up and is part of the chat; raises `ClusterError`."""
        protocol = self._replica.codec.schema ^ snapshots.SCHEMA ^ self._timing.agreed
        self._reading = Stream(self._url, protocol, self._timing.timeout)
        self._writing = Stream(self._url, protocol, self._timing.timeout)
        try:
            self._agree()
            self._begin_anew()
            self._look_for_namesake()
        except LinkError as error:
            raise ClusterError(
                tr("{place} can't be used: {reason}.", place=self._reading.where, reason=error)
            ) from None
        except ClusterError:
            self._reading.close()
            raise
        for run, name in ((self._write, "to the others"), (self._read, "from the others")):
            thread = threading.Thread(target=run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        if not self._replica.steady.wait(LINK_UP_SECONDS) or self._failure:
            self.stop(time.monotonic())
            text = tr("{place} did not take what this server wrote.", place=self._reading.where)
            raise self._failure or ClusterError(text)

    @property
    def runs(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def stop(self, end: float) -> None:
        """Ends the threads, and waits for them until `end`. A thread that still runs then ends with the process."""
        self._stopping.set()
        self._spool.end()
        for stream in (self._reading, self._writing):
            stream.interrupt()
        for thread in self._threads:
            thread.join(max(0.1, end - time.monotonic()))
        if not self.runs:
            self._reading.close()
            self._writing.close()

    def _agree(self) -> None:
        self._reading.agree(self._timing.lease)
        self.skew = self._reading.time() - time.time_ns() // 1_000_000

    def _look_for_namesake(self) -> None:
        """Raises `ClusterError` if a server has this one's name and gives signs of life."""
        known = self._replica.namesakes()
        end = time.monotonic() + 1.5 * self._timing.beat
        while known and time.monotonic() < end:
            self._apply(self._reading.read(self._replica.at, ENTRIES_PER_READ, wait=0.1), self._delivery)
            now = self._replica.namesakes()
            if any(now.get(id_, heard) > heard for id_, heard in known.items()):
                text = tr(
                    "There is a server called {name} already; --name gives this one its own.", name=self._replica.name
                )
                raise ClusterError(text)
            known = {id_: heard for id_, heard in known.items() if id_ in now}

    def _repeat(self, step: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        """Takes one step after the other until the end. After a failure the next one waits, each time longer."""
        pause = LINK_RETRY_SECONDS[0]
        while not self._stopping.is_set():
            try:
                step()
                pause = LINK_RETRY_SECONDS[0]
            except Exception as error:  # a mistake in the program, too, must not end the chat for everybody
                failed(error)
                self._stopping.wait(pause)
                pause = min(2 * pause, LINK_RETRY_SECONDS[1])

    # ---- reading ----------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        self._spool.let(open=True)
        self._repeat(self._read_on, self._stumble)

    def _stumble(self, error: Exception) -> None:
        """Something went wrong; the reading goes on, whatever comes of it."""
        try:
            if isinstance(error, ClusterError):
                self._fail(error)
                return
            if not isinstance(error, LinkError):
                log.error("what came from %s could not be applied", self._reading.where, exc_info=error)
            self._disconnected(error if isinstance(error, LinkError) else LinkError("an error in the program"))
        except Exception:
            log.exception("it could not be told that the link is broken")

    def _read_on(self) -> None:
        if self._broken_since:
            self._reconnect()
        self._check_redis()
        wait = min(0.25, self._timing.beat / 2)
        self._apply(self._reading.read(self._replica.at, ENTRIES_PER_READ, wait), self._delivery)
        self._update_status()
        due = self._entries >= SNAPSHOT_ENTRIES or self._bytes >= SNAPSHOT_BYTES
        if due and self._replica.takes_snapshots():
            self._take_snapshot()

    def _take_snapshot(self) -> None:
        with self._lock:
            at, text = self._replica.snapshot()
        self._entries = self._bytes = 0
        self._reading.keep(at, text)

    def _apply(self, entries: list[StreamEntry], delivery: Delivery) -> None:
        if entries:
            self._entries += len(entries)
            self._bytes += sum([len(content) for _, content in entries])
            with self._lock:
                self._replica.apply_entries(entries, delivery)
                announced, self._replica.announced = self._replica.announced, []
            for reply in announced:
                self._tell_everybody(reply)
            self._delivery.flush()
        self._admit()

    def _tell_everybody(self, reply: Reply) -> None:
        """Tells all clients of this server that have a name."""
        look_at(self._lock, self._replica.users, lambda user: notify.one(user, reply, self._delivery), TOLD_AT_ONCE)

    def _check_redis(self) -> None:
        """With each beat, makes sure that Redis has lost nothing: reading and writing don't notice all of it."""
        now = time.monotonic()
        if now >= self._check_at:
            self._check_at = now + self._timing.beat
            self._reading.renew()
            if not self._reading.has(self._replica.at):
                raise LinkError("it has lost what it had")

    # ---- broken, and mended -----------------------------------------------------------------------------------------

    def _disconnected(self, error: LinkError) -> None:
        if self._stopping.is_set():
            return
        if not self._broken_since:
            log.warning("the link to %s is broken: %s", self._reading.where, error)
            self._broken_since = time.monotonic()
            self._spool.let(open=False)
        self._update_status()

    def _fail(self, error: ClusterError) -> None:
        """There is no way back: this server goes on alone, as one whose link is down."""
        log.error("%s", error)
        self._failure = error
        self._spool.let(open=False)
        self._change_status(LinkStatus.DOWN)
        self._stopping.wait()

    def _update_status(self) -> None:
        """Tells everybody when the link is down for longer than a moment, and when it is there again."""
        since = self._broken_since or self._refused_since
        if since and time.monotonic() - since > self._timing.grace:
            self._change_status(LinkStatus.DOWN)
        elif not since and self._replica.status is LinkStatus.DOWN and not self._replica.is_apart:
            self._change_status(LinkStatus.UP)

    def _change_status(self, status: LinkStatus) -> None:
        if self._replica.status is not status:
            with self._lock:
                self._replica.set_status(status)
            self._tell_everybody(Link(works=status is LinkStatus.UP))
            self._delivery.flush()

    def _reconnect(self) -> None:
        self._agree()
        if self._reading.has(self._replica.at):
            self._catch_up(self._delivery)
        else:
            log.warning("%s has lost what it had; the chat is put together again", self._reading.where)
            self._begin_anew()
        self._broken_since = 0.0
        log.info("the link to %s is there again", self._reading.where)
        self._update_status()
        self._spool.unsend()
        self._spool.let(open=True)

    def _catch_up(self, delivery: Delivery) -> None:
        """Applies all there is."""
        end = order(self._reading.last())
        while order(self._replica.at) < end:
            self._apply(self._reading.read(self._replica.at, ENTRIES_PER_READ), delivery)

    def _begin_anew(self) -> None:
        """Takes the state from a snapshot and what followed; what this server knows alone, it brings."""
        self._replica.cloaks.key = self._reading.share("cloaks", self._replica.cloaks.key)
        with self._lock:
            own = self._replica.leave_chat(self._delivery)
        self._reading.found(own.snapshot, own.number)
        kept = [(at, text) for at in self._reading.snapshots() if (text := self._reading.snapshot(at))]
        at, text = self._replica.choose(kept)
        goes_on = self._reading.cut_behind(self._replica.at)  # else it was set back: a Redis that lacked the latest
        with self._lock:
            self._replica.return_to(at, text, own, goes_on, self._delivery)
        self._entries = self._bytes = 0
        self._reading.chat = self._replica.chat
        try:
            self._catch_up(New(self._delivery, own.known))
        finally:
            with self._lock:  # as they are now: of what was saved once before, nothing was handed on
                self._replica.save_openings(self._delivery)

    # ---- writing ----------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        self._repeat(self._write_on, self._refused)

    def _write_on(self) -> None:
        now = time.monotonic()
        if now >= self._beat_at and self._spool.open:  # from here, because reading may be held up by a full disk
            self._beat_at = now + self._timing.beat
            beat = Proposal(None, [], [self._heartbeat()])
            beat.since = now
            self._spool.add(beat)
        batch = self._spool.take(max(0.0, self._beat_at - now) if self._spool.open else self._timing.beat)
        if batch:
            self._writing.append(self._content(batch))
            self._refused_since = 0.0

    def _heartbeat(self) -> list[Any]:
        return self._replica.codec.write(Heartbeat(self._replica.lag))

    def _content(self, batch: list[Proposal]) -> bytes:
        """The entry for these proposals. One that can't be written is left out, or it would hold up the others."""
        try:
            return self._entry(batch)
        except (TypeError, ValueError, RecursionError):
            log.exception("something can't be told to the other servers, and does not happen")
            for proposal in batch:
                try:
                    _as_json(proposal.rows)
                except (TypeError, ValueError, RecursionError):
                    proposal.since = time.monotonic()
                    proposal.rows = [self._heartbeat()]
            return self._entry(batch)

    def _entry(self, batch: list[Proposal]) -> bytes:
        return _as_json([self._replica.id, batch[0].number, [proposal.rows for proposal in batch]])

    def _refused(self, error: Exception) -> None:
        """Writing failed. What was to be written may have arrived or not: it is written again."""
        if not isinstance(error, LinkError):
            log.error("an error in the program keeps this server from writing", exc_info=error)
        elif not self._refused_since and not self._stopping.is_set():
            log.warning("%s takes nothing: %s", self._writing.where, error)
        self._refused_since = self._refused_since or time.monotonic()
        self._spool.unsend()


def _as_json(content: list[Any]) -> bytes:
    """What can't be encoded, as half a character from a console, becomes "?"."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
