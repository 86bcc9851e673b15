"""Runs the steps of the Containerfile in a directory with a bare Python, where there may be no builder.

What the file says of `/src` and `/data` is done below that directory. The port is another one, and so it stands for
the number 9090. The rights of root, and another user, are left out.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from socket import socket

SECONDS = 60  # until the server must be healthy
SOURCE = Path(__file__).parents[1]


def main() -> None:
    """Ends with a traceback at the first step that doesn't work."""
    text = re.sub(r"\\\n", " ", (SOURCE / "Containerfile").read_text(encoding="utf-8"))
    steps = [line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    with tempfile.TemporaryDirectory() as root, socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        subprocess.run([sys.executable, "-m", "venv", f"{root}/python"], check=True)
        environment = {"PATH": f"{root}/python/bin:{os.environ['PATH']}", "HOME": root, "CHATROOM_SERVE_PORT": port}
        commands: dict[str, list[str]] = {}
        for step, rest in steps:
            here = re.sub(r"(?<![\w.])/(src|data)", rf"{root}/\1", rest)
            if step == "COPY":
                copy(here.split())
            elif step == "RUN":
                here = re.sub(r" -o \d+", "", here)
                subprocess.run(["sh", "-ec", here], env=environment, cwd=root, check=True)
            elif step == "ENV":
                environment |= dict(pair.split("=", 1) for pair in here.split())
            elif step in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
                commands[step] = json.loads(here[here.index("[") :].replace(":9090", f":{port}"))
        run([*commands["ENTRYPOINT"], *commands["CMD"]], commands["HEALTHCHECK"], environment, root)
        assert (Path(root) / "data" / "chatroom.db").exists()
    print("The Containerfile's steps made a server that is healthy.")


def copy(words: list[str]) -> None:
    """As COPY does: several files go into a directory, one directory becomes the target."""
    *sources, target = words
    for source in sources:
        if (SOURCE / source).is_dir():
            shutil.copytree(SOURCE / source, target)
        else:
            Path(target).mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / source, target)


def run(command: list[str], check: list[str], environment: dict[str, str], root: str) -> None:
    """The server becomes healthy, and ends when it is told to."""
    program = shutil.which(command[0], path=environment["PATH"])
    assert program
    server = subprocess.Popen([program, *command[1:]], env=environment, cwd=root, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + SECONDS
        while subprocess.run(check, env=environment, stderr=subprocess.DEVNULL, check=False).returncode:
            assert time.monotonic() < deadline and server.poll() is None, "the server is not healthy"
            time.sleep(0.2)
    finally:
        server.terminate()
        assert server.wait(SECONDS) == 0


if __name__ == "__main__":
    main()
