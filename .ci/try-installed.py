"""Tries the chatroom that is installed beside this Python: starts it, joins, speaks, asks for the page, and ends it."""

import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

SECONDS = 60  # for each step; generous, as the machine may be busy
PROGRAM = str(Path(sys.executable).with_name("chatroom"))


def main() -> None:
    """Ends with a traceback at the first thing that doesn't work."""
    print(subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout, end="")
    with tempfile.TemporaryDirectory() as data:
        server = subprocess.Popen([PROGRAM, "serve", "-p", "0", "--data", data], stdout=subprocess.PIPE, text=True)
        try:
            use(server)
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(SECONDS) == 0
        export = [PROGRAM, "history", "export", "#lobby", "--data", data]
        assert "it works" in subprocess.run(export, capture_output=True, text=True, check=True).stdout
    print("It was installed, started, joined and ended.")


def use(server: subprocess.Popen[str]) -> None:
    """Somebody speaks, and the page comes with a file of its own."""
    assert server.stdout
    match = re.search(r"port (\d+)", server.stdout.readline())
    assert match, "the server did not say where it listens"
    port = match[1]
    says = [PROGRAM, "connect", "--text", "--nick", "ci", "-p", port]
    subprocess.run(says, input="it works\n", text=True, timeout=SECONDS, check=True)
    for path in ("", "app.js", "app.css"):
        with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=SECONDS) as answer:
            assert answer.read(), path


if __name__ == "__main__":
    main()
