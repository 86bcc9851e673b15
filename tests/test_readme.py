"""The README tells the truth about what can be looked up in the program."""

import re
from pathlib import Path

import click
import pytest

from chatroom import cli, config, limits
from chatroom.dialects.plain import COMMANDS
from chatroom.ircwire import LINE_BYTES

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [cli.serve, cli.connect], ids=lambda command: command.name)
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
        ("a nickname", f"{limits.NICK_LENGTH} characters ({limits.NICK_BYTES} bytes)"),
        ("a room's name", f"{limits.ROOM_LENGTH} characters ({limits.ROOM_BYTES} bytes)"),
        ("a topic", f"{limits.TOPIC_BYTES} bytes"),
        ("a reason", f"{limits.REASON_BYTES} bytes"),
        (
            "taking back",
            f"one of the last {limits.RECENT} messages of a room, by who said it or an operator; one of the "
            f"last {limits.WHISPERS:,} private ones",
        ),
        ("a line", f"{limits.PLAIN_LINE:,} bytes"),
        ("rooms a person", f"{limits.ROOMS_A_USER} "),
        ("people or rooms", f"{limits.TARGETS} at once, and {limits.TARGETS * LINE_BYTES:,} bytes"),
        ("what may wait", f"{limits.OUTBOX // 2**20} MiB; {limits.OUTBOXES // 2**20} MiB for all"),
        ("a client that takes", f"closed after {limits.STUCK} seconds"),
        ("choosing a name", f"within {limits.REGISTRATION} seconds"),
        ("a TLS handshake", f"within {limits.HANDSHAKE} seconds"),
        ("lines a client", f"{limits.FLOOD_BURST} at once, then {limits.FLOOD_RATE:g} a second"),
        ("a client that gives", f"asked after {limits.PING_AFTER} seconds, closed after {limits.DROP_AFTER}"),
        ("wrong passwords", f"{limits.LOGIN_TRIES} a minute"),
        ("names claimed", f"{limits.CLAIMS} an hour; {limits.ACCOUNTS:,} in all"),
        ("rooms that one", f"{limits.ROOMS_OWNED} "),
        ("clients from one", f"{limits.ADDRESS_LIVE}, and {limits.ADDRESS_RATE} connections a minute"),
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
        config.read(file, click.Context(cli.serve))
