"""How fast the window answers while messages pour in: `python -m tests.benchmarks.bench_window [MESSAGES]`.

Needs Xvfb and xdotool. Prints the time from a real key to the drawn character during a flood, the memory that a room
with that many messages takes, and the time a page of scrolling takes afterwards.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tkinter as tk
from pathlib import Path

from chatroom.client.settings import Server as Place
from chatroom.client.settings import Settings
from chatroom.gui.app import App
from chatroom.gui.presenter import Presenter
from chatroom.gui.view import TkView
from tests.gui.people import Server, wait_for

FLOOD = """
import socket, sys, time
port, count = int(sys.argv[1]), int(sys.argv[2])
sock = socket.create_connection(("127.0.0.1", port))
sock.sendall(b"NICK flood\\r\\nUSER flood 0 * flood\\r\\nJOIN #lobby\\r\\n")
time.sleep(0.5)
for start in range(0, count, 500):
    sock.sendall(b"".join(b"PRIVMSG #lobby :message number %d of a flood, long enough to be like others\\r\\n" % n
                          for n in range(start, min(count, start + 500))))
sock.sendall(b"PING done\\r\\n")
answer = b"."
while answer and b"PONG" not in answer:
    answer = sock.recv(65536)
"""


def memory() -> int:
    """Resident memory of this process, in KiB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


class Typist(threading.Thread):
    """Presses a key, waits until it is drawn, again and again; `latencies` in seconds."""

    def __init__(self, root: tk.Tk, view: TkView) -> None:
        super().__init__(daemon=True)
        self._xdotool = subprocess.Popen(["xdotool", "-"], stdin=subprocess.PIPE, text=True)
        self._drawn = threading.Event()
        self.latencies: list[float] = []
        self.over = threading.Event()
        text = view.composer.text
        text.bindtags(("drawn", *text.bindtags()))
        # The redraw is an idle task that the key's own binding queues; an idle task of an idle task comes behind it.
        root.bind_class("drawn", "<KeyPress>", lambda _: root.after_idle(lambda: root.after_idle(self._drawn.set)))

    def press(self, key: str) -> float:
        assert self._xdotool.stdin
        self._drawn.clear()
        start = time.perf_counter()
        self._xdotool.stdin.write(f"key --delay 0 {key}\n")
        self._xdotool.stdin.flush()
        self._drawn.wait(5)
        return time.perf_counter() - start

    def run(self) -> None:
        while not self.over.is_set():
            self.latencies.append(self.press(random.choice("abcdefgh")))
            time.sleep(random.uniform(0.005, 0.05))


def show(what: str, latencies: list[float]) -> None:
    ordered = sorted(1000 * value for value in latencies)
    print(
        f"{what}: {len(ordered)} keys, median {statistics.median(ordered):.1f} ms, "
        f"95 % {ordered[int(len(ordered) * 0.95)]:.1f} ms, worst {ordered[-1]:.1f} ms"
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    reading, writing = os.pipe()
    xvfb = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.environ["DISPLAY"] = f":{os.read(reading, 16).decode().strip()}"
    try:
        with tempfile.TemporaryDirectory() as directory, Server(Path(directory)) as server:
            measure(server, Path(directory), count)
    finally:
        xvfb.terminate()
        xvfb.wait()


def measure(server: Server, directory: Path, count: int) -> None:
    root = tk.Tk(className="chatroom")
    sys.setswitchinterval(0.0005)
    view = TkView(root)
    presenter = Presenter(
        view,
        Place("127.0.0.1", server.port, False, "typist"),
        Settings(theme="light"),
        directory / "s.json",
        ("#lobby",),
    )
    view.build(presenter)
    app = App(root, view, presenter)
    threading.Thread(target=drive, args=(root, view, presenter, server.port, count), daemon=True).start()
    app.run(True, False, "", "")


def drive(root: tk.Tk, view: TkView, presenter: Presenter, port: int, count: int) -> None:
    wait_for(lambda: presenter.client and presenter.client.state.rooms["#lobby"].is_here, "in the room")
    time.sleep(0.5)
    window = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--class", "chatroom"], capture_output=True, text=True, check=True
    ).stdout.split()[0]
    subprocess.run(["xdotool", "windowfocus", window], check=True)
    client = presenter.client
    assert client
    room = client.state.rooms["#lobby"]
    typist = Typist(root, view)
    show("idle", [typist.press("a") for _ in range(100)])
    before = memory()
    start = time.perf_counter()
    flood = subprocess.Popen([sys.executable, "-c", FLOOD, str(port), str(count)])
    typist.start()
    last = f"message number {count - 1} "
    wait_for(lambda: any(entry.text.startswith(last) for entry in room.entries[-3:]), "all is here", 60)
    taken = time.perf_counter() - start
    typist.over.set()
    typist.join()
    show(f"during {count:,} messages ({taken:.1f} s)", typist.latencies)
    print(f"memory: {before:,} KiB before, {memory():,} KiB after")
    rows = int(view.messages.text.index("end-1c").partition(".")[0]) - 1
    print(f"{len(room.entries):,} entries are remembered, {rows:,} rows are in the widget")
    flood.wait()
    show("PgUp afterwards", [typist.press("Prior") for _ in range(100)])
    root.after(0, presenter.close)


if __name__ == "__main__":
    main()
