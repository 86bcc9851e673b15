"""The colours of the window, light and dark.

Every text colour has a contrast of at least 4.5 : 1 on its background (WCAG 2 AA); a test computes it.
"""

import subprocess
import sys
from dataclasses import dataclass

_ASK_SECONDS = 1.0  # for the desktop to say which theme it has


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #RRGGBB. `accent_text` stands on `accent`, `text` on `bg`, `surface`, `selection` and `mention`."""

    bg: str
    surface: str
    text: str
    muted: str
    accent: str
    accent_text: str
    error: str
    ok: str
    warn: str
    outline: str
    border: str
    selection: str
    mention: str
    nicks: tuple[str, ...]


LIGHT = Palette(
    bg="#FFFFFF",
    surface="#F4F5F7",
    text="#1F2328",
    muted="#57606A",
    accent="#0B5CC4",
    accent_text="#FFFFFF",
    error="#B42318",
    ok="#1A7F37",
    warn="#8A5300",
    outline="#7A8494",
    border="#D0D5DD",
    selection="#CFE3FF",
    mention="#FFF3C4",
    nicks=("#B3261E", "#8F4700", "#6A5700", "#2B6612", "#00665C", "#005A9E", "#5B3FBF", "#9C2379"),
)
DARK = Palette(
    bg="#15181D",
    surface="#1E222A",
    text="#E6E8EB",
    muted="#9BA5B4",
    accent="#6CB2FF",
    accent_text="#0B1420",
    error="#FF8F86",
    ok="#5AD08A",
    warn="#F0C35A",
    outline="#76808F",
    border="#333A45",
    selection="#274B73",
    mention="#3A3110",
    nicks=("#FF9C94", "#FFB066", "#E3C94A", "#8FD16F", "#4FD1C5", "#79B8FF", "#B9A5FF", "#F59ADB"),
)


def choose(theme: str) -> Palette:
    """The palette for a preference: light, dark or system."""
    if theme == "system":
        theme = "dark" if _system_is_dark() else "light"
    return DARK if theme == "dark" else LIGHT


def _system_is_dark() -> bool:
    """Whether the desktop has a dark theme; false where it doesn't say."""
    if sys.platform == "win32":
        return _windows_is_dark()
    command = (
        ["defaults", "read", "-g", "AppleInterfaceStyle"]
        if sys.platform == "darwin"
        else ["gsettings", "get", "org.gnome.desktop.interface", "color-scheme"]
    )
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_SECONDS, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "dark" in said.lower()


def _windows_is_dark() -> bool:
    if sys.platform != "win32":
        return False
    import winreg  # exists on Windows alone

    try:
        path = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
            return winreg.QueryValueEx(key, "AppsUseLightTheme")[0] == 0
    except OSError:
        return False
