"""`python -m tests.benchmarks.cluster`: what it costs that several servers are one chat, on this machine alone.

For one server by itself, and for 1, 2 and 3 that share a Redis:

- *latency*: somebody says something 200 times a second; how long it takes until it is read by somebody on the same
  server, and by somebody on the last one.
- *throughput*: senders on all servers say as much as is taken; messages a second, each delivered on every server.

All processes share the machine's processors, the load generator too: with two of them, the figures are a lower bound.
"""

import argparse
import json
import os
import select
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median, quantiles

from chatroom.cluster.redis_stream import Stream
from tests.peers import Irc, Served, eventually
from tests.ports import free_port

TEXT = "x" * 64


def redis(directory: Path, stack: ExitStack) -> str:
    """Starts a Redis; returns its URL."""
    port = free_port()
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)],
        stdout=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)

    def listens() -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(listens, "redis-server listens")
    return f"redis://127.0.0.1:{port}/0"


def serve(directory: Path, stack: ExitStack, url: str, count: int) -> list[Served]:
    servers = []
    for number in range(count):
        options = ["--cluster", url, "--name", f"s{number}"] if url else []
        data = str(directory / f"s{number}")
        served = Served("-p", "0", "--unlimited", "--log-level", "warning", "--data", data, *options)
        stack.callback(served.close)
        servers.append(served)
    return servers


def latency(servers: list[Served], stack: ExitStack, messages: int) -> tuple[list[float], list[float]]:
    """Milliseconds, to somebody on the same server and on the last one."""
    sender = Irc(servers[0].port, "sender", room="#l")
    near, far = Irc(servers[0].port, "near", room="#l"), Irc(servers[-1].port, "far", room="#l")
    for peer in (sender, near, far):
        stack.callback(peer.close)
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.sock.setblocking(True)
    time.sleep(0.5)
    took: dict[str, list[float]] = {"near": [], "far": []}

    def read(peer: Irc) -> None:
        pending = b""
        while len(took[peer.nick]) < messages:
            pending += os.read(peer.sock.fileno(), 65536)
            now = time.perf_counter()
            *lines, pending = pending.split(b"\n")
            for line in lines:
                if b" PRIVMSG " in line:
                    took[peer.nick].append((now - float(line.rpartition(b":")[2])) * 1000)

    readers = [threading.Thread(target=read, args=(peer,), daemon=True) for peer in (near, far)]
    for reader in readers:
        reader.start()
    for _ in range(messages):
        time.sleep(0.005)
        sender.send(f"PRIVMSG #l :{time.perf_counter()}")
    for reader in readers:
        reader.join(30)
    return took["near"], took["far"]


def throughput(servers: list[Served], stack: ExitStack, messages: int, senders: int, text: str) -> float:
    """Messages a second, from the first sent to the last read everywhere; `senders` on each server."""
    ears = [Irc(served.port, f"ear{i}", room="#t") for i, served in enumerate(servers)]
    mouths = [Irc(served.port, f"m{i}-{n}", room="#t") for i, served in enumerate(servers) for n in range(senders)]
    for peer in (*ears, *mouths):
        stack.callback(peer.close)
        peer.sock.setblocking(False)
    time.sleep(0.5)
    for ear in ears:
        while select.select([ear.sock], [], [], 0)[0]:
            os.read(ear.sock.fileno(), 1 << 20)
    each = messages // len(mouths)
    total = each * len(mouths)
    chunk = f"PRIVMSG #t :{text}\r\n".encode() * each
    left = {mouth.sock: memoryview(chunk) for mouth in mouths}
    heard = dict.fromkeys([ear.sock for ear in ears], 0)
    poll = {peer.sock.fileno(): peer.sock for peer in (*ears, *mouths)}
    epoll = select.epoll()
    for fd, sock in poll.items():
        epoll.register(fd, select.EPOLLIN | (select.EPOLLOUT if sock in left else 0))
    start = time.perf_counter()
    while min(heard.values()) < total:
        ready = epoll.poll(30)
        assert ready, f"nothing comes any more: {list(heard.values())} of {total}"
        for fd, what in ready:
            sock = poll[fd]
            if what & select.EPOLLIN:
                data = os.read(fd, 1 << 20)
                if sock in heard:
                    heard[sock] += data.count(b"\n")  # nothing else comes
            if what & select.EPOLLOUT:
                left[sock] = left[sock][os.write(fd, left[sock][:65536]) :]
                if not left[sock]:
                    epoll.modify(fd, select.EPOLLIN)
    took = time.perf_counter() - start
    epoll.close()
    return total / took


def simulate(stack: ExitStack, servers: int, entries: int, messages: int) -> tuple[float, float]:
    """What Redis does for so many servers that write and read: microseconds of its CPU, bytes it sends; an entry.

    The servers are only their connections, so that one machine can play many of them.
    """
    url = redis(Path(stack.enter_context(tempfile.TemporaryDirectory())), stack)
    content = json.dumps(["01234567", 1, [[["Said", "01234567.1", "#t", TEXT, "message", "", ""]]] * messages]).encode()
    founder = Stream(url, 1)
    founder.found("", 1)
    beginning = founder.last()
    founder.close()
    before = _figures(url)

    def play(each: int) -> None:
        writing, reading = Stream(url, 1), Stream(url, 1)
        reading.chat = 1
        total = entries // servers * servers
        at, seen, number = beginning, 0, 0
        while seen < total:
            if number < total and number % servers == each:
                writing.append(content)
            number += 1
            read = reading.read(at, 64, 0.0 if number < total else 0.1)
            if read:
                at, seen = read[-1][0], seen + len(read)
        writing.close()
        reading.close()

    threads = [threading.Thread(target=play, args=(each,)) for each in range(servers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cpu, sent = (after - start for after, start in zip(_figures(url), before, strict=True))
    return cpu * 1e6 / entries, sent / entries


def _figures(url: str) -> tuple[float, float]:
    """Seconds of CPU that a Redis has used, and bytes that it has sent."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"INFO\r\n")
        text = b""
        while b"errorstat" not in text and b"# Keyspace" not in text:
            text += sock.recv(65536)
    values = dict(line.split(":", 1) for line in text.decode().splitlines() if ":" in line)
    return float(values["used_cpu_user"]) + float(values["used_cpu_sys"]), float(values["total_net_output_bytes"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cluster", description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000, help="for the throughput (default: 200,000)")
    parser.add_argument("--senders", type=int, default=8, help="on each server (default: 8)")
    parser.add_argument("--rounds", type=int, default=3, help="the figures are medians of so many (default: 3)")
    parser.add_argument("--singly", action="store_true", help="messages that are looked at one by one (they have an é)")
    parser.add_argument("--simulate", action="store_true", help="only what a Redis does for 1 to 16 servers")
    options = parser.parse_args()
    if options.simulate:
        print("servers  messages/entry  Redis: us/entry  bytes/entry", flush=True)
        for count in (1, 2, 4, 8, 16):
            for messages in (1, 100):
                with ExitStack() as stack:
                    cpu, sent = simulate(stack, count, 4000, messages)
                print(f"{count:>7}{messages:>16}{cpu:>17.1f}{sent:>13,.0f}", flush=True)
        return
    print("servers      same ms  p99    other ms  p99    messages/s", flush=True)
    for count, shared in ((1, False), (1, True), (2, True), (3, True)):
        rows = [measure(count, shared, options) for _ in range(options.rounds)]
        same, same99, other, other99, rate = map(median, zip(*rows, strict=True))
        name = f"{count} of a chat" if shared else "1 alone"
        print(f"{name:<12}{same:>7.2f}{same99:>7.2f}{other:>9.2f}{other99:>7.2f}{rate:>13,.0f}", flush=True)


def measure(count: int, shared: bool, options: argparse.Namespace) -> tuple[float, float, float, float, float]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chatroom-bench-")))
        servers = serve(directory, stack, redis(directory, stack) if shared else "", count)
        near, far = latency(servers, stack, 400)
        text = "é" + TEXT[2:] if options.singly else TEXT
        rate = throughput(servers, stack, options.messages, options.senders, text)
        return median(near), quantiles(near, n=100)[98], median(far), quantiles(far, n=100)[98], rate


if __name__ == "__main__":
    main()
