"""Settings of the process that serve thousands of threads: stack size, switch interval, malloc, open files."""

import ctypes
import gc
import sys
import threading

THREAD_STACK_BYTES = 256 * 1024  # virtual memory only, but 10,000 threads add up where that is limited
SWITCH_INTERVAL_SECONDS = 0.0005  # that a thread may keep the interpreter while others wait; by default it is 5 ms
MALLOC_ARENAS = 2  # each keeps what it once needed: the default of 8 a processor came to 50 MB in a few hours
FILES_WITHOUT_LIMIT = 8192  # where the system can't be asked for its limit on open files: what Windows' C library has
GC_THRESHOLD_OBJECTS = 50_000  # created between two collections: messages make no cycles, and walking them costs 3 %

_M_ARENA_MAX = -8  # malloc.h of glibc: mallopt(3)


def tune() -> None:
    """Applies all of these but the limit on open files; may be called again."""
    threading.stack_size(THREAD_STACK_BYTES)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, MALLOC_ARENAS)
    except (AttributeError, OSError, TypeError):
        pass  # another C library, without arenas; Windows, which can't be asked so


def files_max() -> int:
    """How many files this process may have open."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return FILES_WITHOUT_LIMIT
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def allow_files(number: int) -> None:
    """Raises the limit on open files as far as this process may, up to `number`: many systems begin with 1,024."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if resource.RLIM_INFINITY != soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            pass  # macOS has another limit besides
