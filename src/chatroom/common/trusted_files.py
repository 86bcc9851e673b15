"""Checks that a file was not put where it is by another user of this machine.

Others can put a symbolic link, or a file of their own, where a program is about to write, if they may write to a
directory on the way. A link or a file is trusted if it belongs to whoever runs this program, to root, or to the owner
of the directory it is in, who can replace it anyhow.
"""

import os
import stat
from pathlib import Path

from chatroom.common.language import tr

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class UntrustedFileError(Exception):
    """The text is a sentence that says which file can't be trusted, and what to do."""


def check_own_file(path: Path) -> None:
    """Raises `UntrustedFileError` if something is there that is no file, or is a file of others; also for any link."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    if stat.S_ISLNK(found.st_mode):
        raise UntrustedFileError(
            tr(
                "{path} is a symbolic link, and the server's own files are not used through links; put"
                " the file itself there, or name the directory that it is in.",
                path=path,
            )
        )
    if not stat.S_ISREG(found.st_mode):
        raise UntrustedFileError(tr("{path} is no file; move it away.", path=path))
    if not _is_trusted(found, path):
        raise UntrustedFileError(
            tr(
                "{path} belongs to another user ({user}), who could change it at any time; move it"
                " away, or make it yours with chown.",
                path=path,
                user=_name(found.st_uid),
            )
        )


def check_way(path: Path) -> None:
    """Raises `UntrustedFileError` if a symbolic link of others is a part of the path."""
    whole = path.absolute()
    for part in (whole, *whole.parents):
        try:
            found = part.lstat()
        except OSError:
            continue  # it is missing, or its name is too long: whoever uses it will say so
        if stat.S_ISLNK(found.st_mode) and not _is_trusted(found, part):
            raise UntrustedFileError(
                tr(
                    "{part} is a symbolic link that another user ({user}) has made; choose another place.",
                    part=part,
                    user=_name(found.st_uid),
                )
            )


def may_be_changed_by_others(directory: Path) -> bool:
    """Whether other users can put files into a directory, or take some away; False if it can't be looked at."""
    try:
        found = directory.stat()
    except OSError:
        return False
    return bool(found.st_mode & _OTHERS_WRITE) or found.st_uid not in (_user(), 0)


def _is_trusted(found: os.stat_result, path: Path) -> bool:
    return found.st_uid in (_user(), 0) or found.st_uid == path.parent.stat().st_uid


def _user() -> int:
    """Who runs this program; 0 on Windows, where files have no number of their owner either."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


def _name(uid: int) -> str:
    try:
        import pwd  # which Windows lacks

        return pwd.getpwuid(uid).pw_name
    except (KeyError, ModuleNotFoundError):
        return str(uid)
