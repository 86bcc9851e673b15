"""One display for all window tests of a process, and a server of its own for each test."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gui.people import DEADLINE, Server


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """An X server without a screen; it chooses its own number."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-r", "-noreset", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        process.terminate()
        process.wait(DEADLINE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running
