"""What `chatroom --version` shows: what a report of a fault has to name."""

import platform
import re
from importlib.metadata import PackageNotFoundError, distribution, version

from chatroom import __version__
from chatroom.common.language import tr
from chatroom.storage.schema import SQLITE_VERSION

_FOR_DEVELOPERS = "dev"  # an extra that changes nothing for users
_EXTRA = re.compile(r"""(?P<library>[\w.-]+).*;\s*extra\s*==\s*["'](?P<name>[\w-]+)["']""")


def describe() -> str:
    """The versions of chatroom, Python and SQLite, and which extras are installed and missing."""
    there: list[str] = []
    missing: list[str] = []
    for extra, libraries in _extras().items():
        (there if all(map(_is_installed, libraries)) else missing).append(extra)
    system = f"{platform.system()} {platform.machine()}"
    names = ", ".join(there) or tr("none")
    extras = tr("Extras: {names}", names=names)
    if missing:
        extras = tr("Extras: {names}; not installed: {missing}", names=names, missing=", ".join(missing))
    return "\n".join(
        [f"chatroom {__version__}", f"Python {platform.python_version()}, SQLite {SQLITE_VERSION}, {system}", extras]
    )


def _extras() -> dict[str, list[str]]:
    """The libraries of each extra, as the installed package names them; none if chatroom is not installed."""
    try:
        requirements = distribution("chatroom").requires or []
    except PackageNotFoundError:  # it is run from its source
        return {}
    extras: dict[str, list[str]] = {}
    for match in filter(None, map(_EXTRA.match, requirements)):
        if match["name"] != _FOR_DEVELOPERS:
            extras.setdefault(match["name"], []).append(match["library"])
    return extras


def _is_installed(library: str) -> bool:
    try:
        version(library)
    except PackageNotFoundError:
        return False
    return True
