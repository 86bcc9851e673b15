"""README and docs tell the truth about what can be looked up in the program."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import click
import pytest

from chatroom.cli import config_file, connect, serve
from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.names import NICK_BYTES, NICK_CHARACTERS, ROOM_BYTES, ROOM_CHARACTERS
from chatroom.core.accounts import ACCOUNTS_MAX
from chatroom.core.login_throttle import (
    CLAIMS_PER_ADDRESS,
    CLAIMS_PER_SITE,
    LOGINS_PER_ACCOUNT,
    LOGINS_PER_ADDRESS,
    WRONG_KEYS_PER_ROOM,
    WRONG_OPERATOR_PASSWORDS,
    WRONG_PASSWORDS_PER_WINDOW,
)
from chatroom.core.membership import ROOMS_PER_OWNER
from chatroom.core.monitor import WATCHED_MAX
from chatroom.model.deadlines import DROP_AFTER_SECONDS, WRITE_STALL_SECONDS
from chatroom.model.limits import (
    MASKS_PER_LIST,
    REASON_BYTES,
    RECENT_MESSAGES,
    ROOMS_PER_USER,
    TOPIC_BYTES,
    WRONG_PASSWORDS_PER_CONNECTION,
)
from chatroom.model.mask_counts import MASKS_MAX, MASKS_PER_ADDRESS
from chatroom.model.state import DIRECT_MESSAGES_KEPT
from chatroom.net.slow_readers import OUTBOX_BYTES, OUTBOXES_TOTAL_BYTES
from chatroom.protocols.irc.handlers.capabilities import CAPABILITIES
from chatroom.protocols.irc.limits import TARGETS_PER_COMMAND
from chatroom.protocols.limits import PLAIN_LINE_BYTES
from chatroom.protocols.plain import COMMANDS
from chatroom.server import console
from chatroom.server.connection_limits import CONNECTIONS_PER_ADDRESS, CONNECTS_PER_CONNECTION
from chatroom.server.flood_limit import (
    FLOOD_BURST_LINES,
    FLOOD_LINES_PER_SECOND,
    FREE_LINES,
    FREE_ROOMS,
    LOOKUP_LINES_MAX,
    PRICES,
)
from chatroom.server.timeouts import PING_AFTER_SECONDS, REGISTRATION_SECONDS, TLS_HANDSHAKE_SECONDS
from tests.peers import DEADLINE, Served
from tests.ports import free_port
from tests.test_architecture import MAY_IMPORT, SOURCE

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


CONFIGURATION, USING, IRC, SECURITY, OPERATING, ARCHITECTURE = (
    text_of(DOCS / f"{name}.md") for name in ("configuration", "using", "irc", "security", "operating", "architecture")
)
README_LINES_MAX = 200  # what somebody reads who has never heard of it; the rest is in docs


@pytest.mark.parametrize("command", [serve.serve, connect.connect], ids=lambda command: command.name)
def test_every_option_is_in_the_table_and_nothing_else(command: click.Command) -> None:
    """With its flags, its variable and its default."""
    prefix = f"`CHATROOM_{str(command.name).upper()}_"
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in CONFIGURATION.splitlines() if f"| {prefix}" in line
    ]
    told = {variable.removeprefix(prefix).removesuffix("`"): (flags, default) for flags, variable, default, _ in rows}
    parameters = {str(parameter.name).upper(): parameter for parameter in command.params}
    assert sorted(told) == sorted(parameters)
    for variable, parameter in parameters.items():
        flags, default = told[variable]
        if isinstance(parameter, click.Option):
            assert set(re.findall(r"(?:^|[` ])(--?[a-z-]+)", flags)) == set(parameter.opts)
            has_default = isinstance(parameter.default, (str, int)) and parameter.default and not parameter.is_flag
            assert default == (f"`{parameter.default}`" if has_default else "")


def test_every_slash_command_is_in_the_table_and_nothing_else() -> None:
    """As /help shows them."""
    told = [usage.replace("\\|", "|") for usage in re.findall(r"^\| `(/.*?)` \| ", USING, re.MULTILINE)]
    assert told == [command.usage for command in COMMANDS.values()]


@pytest.mark.parametrize(
    ("thing", "value"),
    [
        ("a nickname", f"{NICK_CHARACTERS} characters ({NICK_BYTES} bytes)"),
        ("a room's name", f"{ROOM_CHARACTERS} characters ({ROOM_BYTES} bytes)"),
        ("a topic", f"{TOPIC_BYTES} bytes"),
        ("a reason", f"{REASON_BYTES} bytes"),
        (
            "taking back",
            f"one of the last {RECENT_MESSAGES} messages of a room, by who said it or an operator; one of the "
            f"last {DIRECT_MESSAGES_KEPT:,} private ones",
        ),
        ("a line", f"{PLAIN_LINE_BYTES:,} bytes"),
        ("rooms a person", f"{ROOMS_PER_USER} "),
        ("people or rooms", f"{TARGETS_PER_COMMAND} at once, and {TARGETS_PER_COMMAND * LINE_BYTES:,} bytes"),
        ("what may wait for one client", f"{OUTBOX_BYTES // 2**20} MiB"),
        ("what may wait for all clients", f"{OUTBOXES_TOTAL_BYTES // 2**20} MiB"),
        ("a client that takes", f"closed after {WRITE_STALL_SECONDS} seconds"),
        ("choosing a name", f"within {REGISTRATION_SECONDS} seconds"),
        ("a TLS handshake", f"within {TLS_HANDSHAKE_SECONDS} seconds"),
        ("lines a client", f"{FLOOD_BURST_LINES} at once, then {FLOOD_LINES_PER_SECOND:g} a second"),
        ("a client that gives", f"asked after {PING_AFTER_SECONDS} seconds, closed after {DROP_AFTER_SECONDS}"),
        ("wrong passwords for", f"{WRONG_PASSWORDS_PER_WINDOW} a minute"),
        ("wrong passwords from", f"{WRONG_PASSWORDS_PER_WINDOW} a minute"),
        ("logins to one name", f"{LOGINS_PER_ACCOUNT} a minute"),
        ("logins from one address", f"{LOGINS_PER_ADDRESS} a minute"),
        ("guesses at the server's", f"{WRONG_PASSWORDS_PER_WINDOW} a minute"),
        (
            "guesses at the operators'",
            f"{WRONG_PASSWORDS_PER_WINDOW} a minute from one address, {WRONG_OPERATOR_PASSWORDS} a minute in all",
        ),
        ("wrong passwords of these", f"{WRONG_PASSWORDS_PER_CONNECTION};"),
        (
            "wrong keys",
            f"{WRONG_PASSWORDS_PER_WINDOW} a minute from one address, {WRONG_KEYS_PER_ROOM} a minute in all",
        ),
        ("names claimed from one", f"{CLAIMS_PER_ADDRESS} an hour"),
        ("names claimed from an IPv6", f"{CLAIMS_PER_SITE} an hour"),
        ("names claimed in all", f"{ACCOUNTS_MAX:,}"),
        ("masks .* in one list", f"{MASKS_PER_LIST}"),
        ("masks set", f"{MASKS_PER_ADDRESS:,}"),
        ("masks in all", f"{MASKS_MAX:,}"),
        ("nicknames watched", f"{WATCHED_MAX:,}"),
        ("a long line", f"a line for every {PRICES.line_bytes:,} bytes"),
        (
            "what the server looks up",
            f"a line for every {PRICES.lookup_seconds * 1000:g} ms of processor time, "
            f"and at most {LOOKUP_LINES_MAX} lines",
        ),
        ("a new name", f"a line for every {PRICES.rooms} rooms"),
        ("entering rooms", f"nothing for the first {FREE_ROOMS} "),
        ("CAP and", f"{FREE_LINES} lines"),
        ("rooms that one", f"{ROOMS_PER_OWNER} "),
        (
            "clients from one",
            f"{CONNECTIONS_PER_ADDRESS}, and {CONNECTIONS_PER_ADDRESS * CONNECTS_PER_CONNECTION} connections a minute",
        ),
    ],
)
def test_limits_are_as_they_are(thing: str, value: str) -> None:
    """The tables' values are those of the program."""
    [row] = re.findall(rf"^\| {thing}.*$", SECURITY + IRC, re.MULTILINE)
    assert f"| {value}" in row


def test_the_configuration_file_is_a_good_one(tmp_path: Path) -> None:
    """Every block of TOML can be copied as it is."""
    blocks = re.findall(r"^```toml\n(.*?)^```", CONFIGURATION, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        file = tmp_path / "chatroom.toml"
        file.write_text(block, encoding="utf-8")
        config_file.read(file, click.Context(serve.serve))


def test_every_capability_is_listed_and_nothing_else() -> None:
    """And README says how many there are."""
    [row] = re.findall(r"^\| capabilities \| (.*) \|$", IRC, re.MULTILINE)
    assert re.findall("`(.*?)`", row) == sorted(CAPABILITIES)
    assert f"{len(CAPABILITIES)} capabilities" in text_of(README)


def test_every_figure_for_prometheus_is_in_the_table_and_nothing_else(serve: Callable[..., Served]) -> None:
    """As they are served."""
    port = free_port()
    serve("--metrics-port", str(port))
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE) as answer:
        served = re.findall(r"^# HELP (chatroom_\w+) ", answer.read().decode(), re.MULTILINE)
    assert sorted(re.findall(r"`(chatroom_\w+)`", OPERATING)) == sorted(served)


def test_every_command_of_the_console_is_in_the_table() -> None:
    """By its name."""
    section = OPERATING.partition("## The console")[2].partition("\n## ")[0]
    told = re.findall(r"`(\w+)(?: [^`]*)?`", "".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)))
    assert sorted(told) == sorted(set(console.COMMANDS) - {"help"})


def test_the_table_of_packages_is_that_of_the_test() -> None:
    """`test_architecture` holds the program to it."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*?) ?\|$", ARCHITECTURE.partition("## The way")[0], re.MULTILINE)
    told = {name: set(re.findall("`(.*?)`", allowed)) for name, allowed in rows}
    told["cli"] = set(told) - {"cli"}
    assert told | {"__main__": {"cli"}, "__init__": set()} == MAY_IMPORT


def test_every_file_that_is_named_in_the_architecture_exists() -> None:
    """Below `src/chatroom`."""
    named = re.findall(r"`((?:\w+/)+\w+\.py)`", ARCHITECTURE)
    assert named
    assert [name for name in named if not name.startswith("tests/") and not (SOURCE / name).exists()] == []


# ---- the pages ------------------------------------------------------------------------------------------------------


def test_readme_is_short() -> None:
    """And has the two commands that everybody needs first."""
    assert len(text_of(README).splitlines()) <= README_LINES_MAX
    assert "pip install . && chatroom serve -p 9090" in text_of(README)
    assert "pip install -e '.[dev]' && pytest" in text_of(README)


def anchors(page: Path) -> set[str]:
    """What can stand after # in a link to a page: its headings, as they are made into links."""
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """To a file that exists, and a heading that it has."""
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in link:
            continue
        file, _, heading = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        assert not heading or heading in anchors(target), link


def test_every_page_of_docs_can_be_reached_from_readme() -> None:
    """By a link of its own."""
    assert [page.name for page in DOCS.glob("*.md") if f"](docs/{page.name})" not in text_of(README)] == []
