"""Fixtures for all tests, and the meaning of the marker `needs`."""

import os
import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test whose programs are not installed; with CHATROOM_REQUIRE_ALL set it fails instead."""
    needed = [program for mark in item.iter_markers("needs") for program in mark.args]
    missing = [program for program in needed if shutil.which(program) is None]
    if missing:
        reason = f"not installed: {', '.join(missing)}"
        if os.environ.get("CHATROOM_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
