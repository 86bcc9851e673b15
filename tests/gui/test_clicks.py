"""Clicks and keys at random, for some seconds."""

from pathlib import Path

import pytest

from tests.gui.clicks import Clicks

pytestmark = pytest.mark.needs("Xvfb", "xdotool")

SECONDS = 15


def test_nothing_that_was_said_is_lost_or_said_twice(display: str, tmp_path: Path) -> None:
    """In a room or to one person, while somebody clicks anywhere and the server is killed; and nothing breaks."""
    clicks = Clicks(tmp_path, display, 1)
    assert clicks.run(SECONDS, kills=0.03) == []
    assert clicks.said and clicks.said_twice == clicks.unseen == []
