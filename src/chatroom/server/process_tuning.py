"""What a process that serves thousands of threads is told at its start, once and for all of it."""

import ctypes
import gc
import resource
import sys
import threading

THREAD_STACK_BYTES = 256 * 1024  # bytes; virtual memory only, but 10,000 threads add up where it is limited
# seconds a thread may keep the interpreter while others wait; the default, 5 ms, adds up in a flood
SWITCH_INTERVAL_SECONDS = 0.0005
# of malloc: each keeps what it once needed, and with 8 a processor they come to 50 MB in a few hours
MALLOC_ARENAS = 2
# objects made before the collector looks for cycles: messages make none, and walking them costs 3 %
GC_THRESHOLD_OBJECTS = 50_000

_M_ARENA_MAX = -8  # malloc.h of glibc: mallopt(3)


def tune() -> None:
    """May be called again."""
    threading.stack_size(THREAD_STACK_BYTES)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, MALLOC_ARENAS)
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
