"""What the client remembers between runs: preferences, recent servers, trusted certificates. One JSON file.

It is replaced as a whole and atomically. A file that can't be understood is set aside (`.damaged`), never overwritten
and never a reason not to start; unknown keys are dropped, a wrong value falls back to its default. Passwords are
never in it.
"""

import json
import os
import re
import sys
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from chatroom.common.language import tr

RECENT_SERVERS = 8
THEMES = ("system", "light", "dark")
ZOOM_LEAST_POINTS, ZOOM_MOST_POINTS = -4, 12


@dataclass(frozen=True, slots=True)
class Server:
    """A server that was connected to, with the name used there."""

    host: str
    port: int
    tls: bool = False
    nick: str = ""

    @property
    def place(self) -> str:
        """Under which `Settings` keeps what it knows of a server."""
        return f"{self.host}:{self.port}"


@dataclass(slots=True)
class Settings:
    """`zoom` is in points added to the font.

    By server (`host:port`): `trusted` has the SHA-256 fingerprint, `rooms` where the user was. `drafts`
    has by NAME@SERVER what was not sent yet, by room.
    """

    theme: str = "system"
    zoom: int = 0
    notify: bool = True
    timestamps: bool = True
    moves: bool = True  # lines about who joins and leaves
    recent: list[Server] = field(default_factory=list)
    trusted: dict[str, str] = field(default_factory=dict)
    size: str = ""  # of the window: 960x600
    language: str = ""  # that the user has chosen; "" is the machine's
    rooms: dict[str, list[str]] = field(default_factory=dict)
    drafts: dict[str, dict[str, str]] = field(default_factory=dict)
    typing: bool = True  # others see that the user is typing
    read: dict[str, object] = field(default_factory=dict, compare=False, repr=False)  # as the file had it last

    def remember(self, server: Server) -> None:
        """Puts a server first among the recent ones."""
        others = [old for old in self.recent if (old.host, old.port) != (server.host, server.port)]
        self.recent = [server, *others][:RECENT_SERVERS]


def _home() -> Path:
    """The user's home directory; where there is none, / as in a container."""
    try:
        return Path.home()
    except RuntimeError:  # no HOME, and nobody has this user's id
        return Path("/")


def directory() -> Path:
    """The platform's directory for configuration, with our name; it need not exist."""
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or _home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = _home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or _home() / ".config")
    return base / "chatroom"


def default_path() -> Path:
    return directory() / "client.json"


def load(path: Path) -> tuple[Settings, str]:
    """The settings; and a sentence about a file that was damaged or can't be read, or ""."""
    try:
        settings = _from_json(json.loads(path.read_text("utf-8")))
        settings.read = _values(settings)
        return settings, ""
    except FileNotFoundError:
        return Settings(), ""
    except OSError as error:
        return Settings(), tr("Your settings can't be read ({reason}): {path}", reason=error.strerror, path=path)
    except (ValueError, TypeError, RecursionError):
        aside = path.with_name(path.name + ".damaged")
        try:
            path.replace(aside)
        except OSError:
            pass
        return Settings(), tr("Your settings were damaged and are set aside: {path}", path=aside)


def chosen_language(path: Path) -> str:
    """The language that the user has chosen, or ""; needed before anything is said, `load` says what is wrong."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    language = data.get("language") if isinstance(data, dict) else None
    return language if isinstance(language, str) else ""


def save(settings: Settings, path: Path) -> str:
    """Replaces the file; returns a sentence about why it couldn't, or "".

    Other clients of the same user may have changed it since it was read: what they changed and we didn't, is kept.
    """
    _take_over(settings, load(path)[0])
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(_values(settings), file, indent=1, ensure_ascii=False)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        return tr("Your settings can't be saved ({reason}): {path}", reason=error.strerror, path=path)
    return ""


def _values(settings: Settings) -> dict[str, object]:
    """What stands in the file, by field; a copy."""
    values = asdict(settings)
    del values["read"]
    return values


def _take_over(mine: Settings, theirs: Settings) -> None:
    """Takes what others have changed in the file; where both did, ours stays. Tables are compared entry by entry."""
    before = mine.read or _values(Settings())
    ours, other = _values(mine), _values(theirs)
    for name, value in ours.items():
        old, new = before[name], other[name]
        if isinstance(value, dict) and isinstance(old, dict) and isinstance(new, dict):
            setattr(mine, name, _merged(_table(value), _table(old), _table(new)))
        elif name == "recent":
            servers, mine.recent = [server for server in mine.recent if asdict(server) not in _list(old)], theirs.recent
            for server in reversed(servers):
                mine.remember(server)
        elif value == old:
            setattr(mine, name, new)
    mine.read = _values(mine)


def _merged(ours: dict[str, object], before: dict[str, object], theirs: dict[str, object]) -> dict[str, object]:
    """A table with what others have changed in it and what we have; likewise in each table in it."""
    merged = {key: each for key, each in theirs.items() if key in ours or key not in before}
    for key, each in ours.items():
        if before.get(key) != each:
            merged[key] = (
                _merged(_table(each), _table(before.get(key)), _table(theirs.get(key))) if _table(each) else each
            )
    return merged


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _from_json(data: object) -> Settings:
    """Raises `ValueError` or `TypeError` when this is no settings file at all."""
    if not isinstance(data, dict):
        raise TypeError("not an object")
    settings = Settings()
    for item in fields(Settings):
        value = data.get(item.name)
        if type(value) is type(getattr(settings, item.name)):
            setattr(settings, item.name, value)
    settings.theme = settings.theme if settings.theme in THEMES else "system"
    settings.zoom = max(ZOOM_LEAST_POINTS, min(settings.zoom, ZOOM_MOST_POINTS))
    settings.recent = [server for raw in settings.recent if (server := _server(raw))][:RECENT_SERVERS]
    settings.trusted = {str(key): value for key, value in settings.trusted.items() if isinstance(value, str)}
    settings.size = settings.size if re.fullmatch(r"\d{3,5}x\d{3,5}", settings.size) else ""
    settings.rooms = {str(key): names for key, names in settings.rooms.items() if _are_texts(names)}
    drafts = {str(key): texts for key, texts in settings.drafts.items() if isinstance(texts, dict)}
    settings.drafts = {key: texts for key, texts in drafts.items() if _are_texts([*texts, *texts.values()])}
    return settings


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _server(raw: object) -> Server | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("host"), str) or not isinstance(raw.get("port"), int):
        return None
    return Server(raw["host"], raw["port"], raw.get("tls") is True, str(raw.get("nick") or ""))
