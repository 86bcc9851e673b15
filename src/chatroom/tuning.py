"""What a process that serves thousands of threads is told at its start, once and for all of it."""

import ctypes
import gc
import sys
import threading

from chatroom.limits import ARENAS, GARBAGE, SWITCH, THREAD_STACK

_M_ARENA_MAX = -8  # malloc.h of glibc: mallopt(3)


def tune() -> None:
    """May be called again."""
    threading.stack_size(THREAD_STACK)
    sys.setswitchinterval(SWITCH)
    gc.set_threshold(GARBAGE)
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
    except (AttributeError, OSError):
        pass  # another C library, which has no arenas
