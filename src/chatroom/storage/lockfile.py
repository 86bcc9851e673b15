"""A file lock that one process holds until it releases it or ends, in whatever way."""

import os
from pathlib import Path


class LockedError(Exception):
    """Another process holds the lock. `pid` is its number as it stands in the file, or ""."""

    def __init__(self, pid: str) -> None:
        super().__init__(pid)
        self.pid = pid


class NoLocksError(Exception):
    """The file system has no locks. The text is part of a sentence that says why."""


class LockFile:
    """A lock on the file `path`, taken when the object is made.

    Raises `LockedError`, `NoLocksError`, `OSError` if the file can't be created, or `ModuleNotFoundError` on Windows.
    """

    def __init__(self, path: Path) -> None:
        import fcntl  # which Windows lacks, where a server without data can run

        self._path = path
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(self._file, 20).decode(errors="replace").strip()
            os.close(self._file)
            raise LockedError(pid) from None
        except OSError as error:
            os.close(self._file)
            raise NoLocksError(error.strerror) from None
        os.truncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def is_in_place(self) -> bool:
        """Whether the locked file is still the one at `path`. If it was deleted, others can lock a new one."""
        try:
            return os.path.samestat(os.fstat(self._file), self._path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """Gives up the lock. The file stays: after a deletion two others could each lock a file of that name."""
        os.close(self._file)
