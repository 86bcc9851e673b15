"""Whatever strangers send, it is read or refused: nothing is raised, and nothing unclean goes on to others.

`CHATROOM_EXAMPLES=100000 pytest tests/test_parsers.py` looks for longer.
"""

import os
import random
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.benchmarks.abuse.rubbish import line
from tests.parsers import PARSERS

_RUBBISH = st.integers(0, 1 << 32).map(lambda seed: line(random.Random(seed)))
_NUMERICS = [
    *range(1, 6),
    301,
    305,
    311,
    315,
    318,
    322,
    323,
    324,
    329,
    332,
    333,
    352,
    353,
    354,
    366,
    372,
    376,
    401,
    403,
]
_FROM_SERVER = st.builds(
    lambda number, params: f":irc {number:03} me {params}\n".encode(errors="replace"),
    st.sampled_from([*_NUMERICS, 421, 432, 433, 442, 461, 464, 471, 473, 474, 475, 482, 730, 731, 761, 900, 903, 904]),
    st.text(st.sampled_from("abc#@+: ,=*me\u0301😀\x01\x02;0123456789-")),
)
_LINES = st.lists(_RUBBISH | _FROM_SERVER | st.binary(max_size=80), max_size=12).map(b"".join)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.__name__)
def test_nothing_that_is_read_does_harm(parser: Callable[[bytes], None]) -> None:
    """Half commands, control characters, bad UTF-8, in whatever pieces."""

    @settings(max_examples=int(os.environ.get("CHATROOM_EXAMPLES", "60")))
    @given(st.tuples(st.binary(min_size=1, max_size=1), st.binary() | _LINES).map(b"".join))
    @example(b"")
    def fuzz(data: bytes) -> None:
        parser(data)

    fuzz()
