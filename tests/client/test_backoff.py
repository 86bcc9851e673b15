"""How long the client waits before it connects again."""

import pytest

from chatroom.client.backoff import Backoff


@pytest.mark.parametrize(("draw", "factor"), [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)])
def test_backoff_doubles_to_half_a_minute_within_a_fifth(draw: float, factor: float) -> None:
    """1, 2, 4, 8, 16, 30, 30 … s, ± 20 %; once in, from the start again."""
    backoff = Backoff(lambda: draw)
    assert [backoff.delay() for _ in range(7)] == pytest.approx([s * factor for s in (1, 2, 4, 8, 16, 30, 30)])
    backoff.reset()
    assert backoff.delay() == pytest.approx(factor)
