"""A session in a lobby with four others."""

import pytest

from tests.client.script import Script


@pytest.fixture
def script() -> Script:
    script = Script()
    script.connect()
    script.joined("#lobby", "alice", "Albert", "bob", "melanie")
    script.take()
    return script
