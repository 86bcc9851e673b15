"""One display for all window tests of a process, and a server of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gui.people import Server
from tests.gui.window import screen


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """An X server without a screen."""
    with screen() as name:
        yield name


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running
