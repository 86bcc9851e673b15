"""What outboxes hold is counted once, however many hold it."""

import tracemalloc
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from chatroom.net.slow_readers import OBJECT, PLACE, TIDY_CHUNKS, OutboxMemory


def test_what_two_hold_counts_once() -> None:
    """And one place in each."""
    held = OutboxMemory()
    parcel = b"x" * 1000
    held.add(parcel)
    held.add(parcel)
    assert held.bytes == OBJECT + 1000 + 2 * PLACE
    held.drop([parcel])
    assert held.bytes == OBJECT + 1000 + PLACE
    held.drop([parcel])
    assert held.bytes == 0


def test_equal_bytes_in_two_objects_count_twice() -> None:
    """They are in memory twice."""
    held = OutboxMemory()
    one, other = b"x" * 1000, bytes(bytearray(b"x" * 1000))
    held.add(one)
    held.add(other)
    assert held.bytes == 2 * OBJECT + 2000 + 2 * PLACE


def test_a_part_counts_as_the_whole_that_it_keeps_alive() -> None:
    """Also when it was whole at first."""
    held = OutboxMemory()
    parcel = b"x" * 1000
    held.add(parcel)
    held.add(memoryview(parcel)[990:])
    assert held.bytes == OBJECT + 1000 + 2 * PLACE
    held.drop([memoryview(memoryview(parcel)[500:])[499:]])
    assert held.bytes == OBJECT + 1000 + PLACE


def test_what_was_abandoned_is_counted_off_bit_by_bit() -> None:
    """So that nobody waits while thousands are closed."""
    held = OutboxMemory()
    parcels = [bytes(bytearray(100)) for _ in range(TIDY_CHUNKS + 1)]
    for parcel in parcels:
        held.add(parcel)
    held.abandon(deque(parcels))
    assert held.bytes == len(parcels) * (OBJECT + 100 + PLACE)
    held.tidy()
    assert held.bytes == OBJECT + 100 + PLACE
    assert held.litter
    held.tidy()
    assert held.bytes == 0
    assert not held.litter


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.booleans())))
def test_it_is_what_is_there(steps: list[tuple[int, int, bool]]) -> None:
    """Whoever takes and drops what in whatever order."""
    held = OutboxMemory()
    parcels = [bytes([number]) * (number + 1) * 10 for number in range(6)]
    outboxes: list[deque[bytes]] = [deque() for _ in range(4)]
    for who, what, more in steps:
        if more:
            outboxes[who].append(parcels[what])
            held.add(parcels[what])
        elif outboxes[who]:
            held.drop([outboxes[who].popleft()])
        there = {parcel for outbox in outboxes for parcel in outbox}
        assert held.bytes == OBJECT * len(there) + sum(map(len, there)) + PLACE * sum(map(len, outboxes))


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
