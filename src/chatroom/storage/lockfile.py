"""A lock that one process holds as long as it lives, however it ends."""

import fcntl
import os
from pathlib import Path


class LockedError(Exception):
    """Somebody else holds the lock; `pid` is who, as far as the file says, or ""."""

    def __init__(self, pid: str) -> None:
        super().__init__(pid)
        self.pid = pid


class NoLocksError(Exception):
    """The file can't be locked, by anybody: a sentence's part that says why."""


class LockFile:
    """Holds the lock on `path` once it is made.

    Raises `LockedError`, `NoLocksError`, or `OSError` if there can be no file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
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
        """Whether it keeps others out: somebody may have deleted the file, and then another can be locked."""
        try:
            return os.path.samestat(os.fstat(self._file), self._path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """The file stays: to remove it would let two others lock two files of that name."""
        os.close(self._file)
