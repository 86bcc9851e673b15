"""Says which firewall may keep others out, if nobody from another machine has come for a while."""

import shutil
import sys
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

from chatroom.common.addresses import is_this_machine
from chatroom.common.language import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatroom.server.chat_server import ChatServer

PATIENCE_SECONDS = 300.0  # seconds after the start: who was told the address has tried it by then
_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"  # users may not have all of it on theirs
_KERNEL = Path("/proc/sys/kernel/osrelease")
_UFW = Path("/etc/ufw/ufw.conf")

_NOBODY = mark("Nobody from another machine has come in yet. If somebody tried, look at the firewall of this machine.")
_ADVICE = {
    "ufw": mark("It has ufw: sudo ufw allow {port}/tcp lets others in."),
    "firewalld": mark("It has firewalld: sudo firewall-cmd --add-port={port}/tcp lets others in."),
    "macos": mark(
        "In macOS it is in System Settings, Network, Firewall, Options: allow incoming connections for Python."
    ),
    "windows": mark("In Windows it is Windows Defender Firewall: allow Python in private networks."),
    "wsl": mark(
        "In WSL, Windows keeps others out: set networkingMode=mirrored in .wslconfig, and allow port {port} in Windows"
        " Defender Firewall."
    ),
    "other": mark("It must let others in on TCP port {port}; sudo nft list ruleset shows its rules."),
}
_OTHER_REASONS = mark("Networks of schools and guests often keep their devices apart; then use another network.")


def watch(server: "ChatServer", say: "Callable[[str], None]", seconds: float = PATIENCE_SECONDS) -> Timer | None:
    """Says what to look at unless somebody has come after so many seconds; None if nobody else could come anyhow."""
    if is_this_machine(str(server.server_address[0])):
        return None

    def tell() -> None:
        if not server.was_reached:
            say(" ".join([tr(_NOBODY), tr(_ADVICE[firewall()], port=server.port), tr(_OTHER_REASONS)]))

    timer = Timer(seconds, tell)
    timer.daemon = True
    timer.start()
    return timer


def firewall(platform: str = sys.platform) -> str:
    """Which firewall this machine has, as a key of `_ADVICE`."""
    if platform in ("darwin", "win32"):
        return {"darwin": "macos", "win32": "windows"}[platform]
    if "microsoft" in _text(_KERNEL).lower():
        return "wsl"
    if "enabled=yes" in _text(_UFW).lower():
        return "ufw"
    return "firewalld" if shutil.which("firewall-cmd", path=_SYSTEM_PATH) else "other"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
