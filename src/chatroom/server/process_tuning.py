"""What a process that serves thousands of threads is told at its start, once and for all of it."""

import ctypes
import gc
import resource
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


def allow_files(number: int) -> None:
    """Raises the limit on open files as far as this process may, up to `number`: many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if resource.RLIM_INFINITY != soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            pass  # macOS has a limit besides
