"""The README tells the truth about what can be looked up in the program."""

import re
from pathlib import Path

import click
import pytest

from chatroom.cli import config_file, main
from chatroom.common.names import NICK_BYTES, NICK_CHARACTERS, ROOM_BYTES, ROOM_CHARACTERS
from chatroom.core.accounts import ACCOUNTS_MAX, CLAIMS_PER_ADDRESS
from chatroom.core.hub import ROOMS_PER_OWNER
from chatroom.core.login_throttle import WRONG_PASSWORDS_PER_WINDOW
from chatroom.model.limits import (
    DROP_AFTER_SECONDS,
    REASON_BYTES,
    RECENT_MESSAGES,
    ROOMS_PER_USER,
    TOPIC_BYTES,
    WRITE_STALL_SECONDS,
)
from chatroom.model.state import DIRECT_MESSAGES_KEPT
from chatroom.net.slow_readers import OUTBOX_BYTES, OUTBOXES_TOTAL_BYTES
from chatroom.protocols.irc.limits import TARGETS_PER_COMMAND
from chatroom.protocols.limits import PLAIN_LINE_BYTES
from chatroom.protocols.plain import COMMANDS
from chatroom.server.connection_limits import CONNECTIONS_PER_ADDRESS, CONNECTS_PER_ADDRESS_PER_MINUTE
from chatroom.server.flood_limit import FLOOD_BURST_LINES, FLOOD_LINES_PER_SECOND
from chatroom.server.timeouts import PING_AFTER_SECONDS, REGISTRATION_SECONDS, TLS_HANDSHAKE_SECONDS

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [main.serve, main.connect], ids=lambda command: command.name)
def test_every_option_is_in_the_table_and_nothing_else(command: click.Command) -> None:
    """With its flags, its variable and its default."""
    prefix = f"`CHATROOM_{str(command.name).upper()}_"
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in README.splitlines() if f"| {prefix}" in line]
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
    told = [usage.replace("\\|", "|") for usage in re.findall(r"^\| `(/.*?)` \| ", README, re.MULTILINE)]
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
        ("people or rooms", f"{TARGETS_PER_COMMAND}; "),
        ("what may wait", f"{OUTBOX_BYTES // 2**20} MiB; {OUTBOXES_TOTAL_BYTES // 2**20} MiB for all"),
        ("a client that takes", f"closed after {WRITE_STALL_SECONDS} seconds"),
        ("choosing a name", f"within {REGISTRATION_SECONDS} seconds"),
        ("a TLS handshake", f"within {TLS_HANDSHAKE_SECONDS} seconds"),
        ("lines a client", f"{FLOOD_BURST_LINES} at once, then {FLOOD_LINES_PER_SECOND:g} a second"),
        ("a client that gives", f"asked after {PING_AFTER_SECONDS} seconds, closed after {DROP_AFTER_SECONDS}"),
        ("wrong passwords", f"{WRONG_PASSWORDS_PER_WINDOW} a minute"),
        ("names claimed", f"{CLAIMS_PER_ADDRESS} an hour; {ACCOUNTS_MAX:,} in all"),
        ("rooms that one", f"{ROOMS_PER_OWNER} "),
        ("clients from one", f"{CONNECTIONS_PER_ADDRESS}, and {CONNECTS_PER_ADDRESS_PER_MINUTE} connections a minute"),
    ],
)
def test_limits_are_as_they_are(thing: str, value: str) -> None:
    """The table's values are those of `limits`."""
    [row] = re.findall(rf"^\| {thing}.*$", README, re.MULTILINE)
    assert f"| {value}" in row


def test_the_configuration_file_is_a_good_one(tmp_path: Path) -> None:
    """Every block of TOML can be copied as it is."""
    blocks = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        file = tmp_path / "chatroom.toml"
        file.write_text(block, encoding="utf-8")
        config_file.read(file, click.Context(main.serve))
