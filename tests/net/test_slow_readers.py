"""What outboxes hold is counted once, however many hold it."""

import tracemalloc
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from chatroom.net.slow_readers import OBJECT_BYTES, POINTER_BYTES, TIDY_CHUNKS, OutboxMemory


def test_what_two_hold_counts_once() -> None:
    """And one place in each."""
    held = OutboxMemory()
    payload = b"x" * 1000
    held.add(payload)
    held.add(payload)
    assert held.bytes == OBJECT_BYTES + 1000 + 2 * POINTER_BYTES
    held.remove([payload])
    assert held.bytes == OBJECT_BYTES + 1000 + POINTER_BYTES
    held.remove([payload])
    assert held.bytes == 0


def test_equal_bytes_in_two_objects_count_twice() -> None:
    """They are in memory twice."""
    held = OutboxMemory()
    one, other = b"x" * 1000, bytes(bytearray(b"x" * 1000))
    held.add(one)
    held.add(other)
    assert held.bytes == 2 * OBJECT_BYTES + 2000 + 2 * POINTER_BYTES


def test_a_part_counts_as_the_whole_that_it_keeps_alive() -> None:
    """Also when it was whole at first."""
    held = OutboxMemory()
    payload = b"x" * 1000
    held.add(payload)
    held.add(memoryview(payload)[990:])
    assert held.bytes == OBJECT_BYTES + 1000 + 2 * POINTER_BYTES
    held.remove([memoryview(memoryview(payload)[500:])[499:]])
    assert held.bytes == OBJECT_BYTES + 1000 + POINTER_BYTES


def test_what_was_abandoned_is_counted_off_bit_by_bit() -> None:
    """So that nobody waits while thousands are closed."""
    held = OutboxMemory()
    payloads = [bytes(bytearray(100)) for _ in range(TIDY_CHUNKS + 1)]
    for payload in payloads:
        held.add(payload)
    held.discard(deque(payloads))
    assert held.bytes == len(payloads) * (OBJECT_BYTES + 100 + POINTER_BYTES)
    held.tidy()
    assert held.bytes == OBJECT_BYTES + 100 + POINTER_BYTES
    assert held.discarded
    held.tidy()
    assert held.bytes == 0
    assert not held.discarded


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.booleans())))
def test_it_is_what_is_there(steps: list[tuple[int, int, bool]]) -> None:
    """Whoever takes and drops what in whatever order."""
    held = OutboxMemory()
    payloads = [bytes([number]) * (number + 1) * 10 for number in range(6)]
    outboxes: list[deque[bytes]] = [deque() for _ in range(4)]
    for who, what, more in steps:
        if more:
            outboxes[who].append(payloads[what])
            held.add(payloads[what])
        elif outboxes[who]:
            held.remove([outboxes[who].popleft()])
        there = {payload for outbox in outboxes for payload in outbox}
        assert held.bytes == OBJECT_BYTES * len(there) + sum(map(len, there)) + POINTER_BYTES * sum(map(len, outboxes))


def test_it_is_what_the_interpreter_takes() -> None:
    """Small chunks take many times their length; what is counted is at least that, and not much more."""
    held = OutboxMemory()
    outbox: deque[bytes] = deque()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(20_000):
            chunk = b"%d hi\n" % number
            outbox.append(chunk)
            held.add(chunk)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) <= held.bytes <= 2 * (after - before)
