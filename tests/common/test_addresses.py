"""IP addresses in texts."""

import pytest

from chatroom.common import addresses
from chatroom.common.addresses import is_this_machine


def test_what_is_longer_than_any_address_is_not_remembered() -> None:
    """Strangers send it, as often as they like and each time another."""
    remembered = addresses._cached_address.cache_info().currsize
    assert addresses.address_of("x" * 8000) is None
    assert str(addresses.address_of(f"fe80::1%{'x' * 8000}")) == "fe80::1"
    assert addresses._cached_address.cache_info().currsize == remembered


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST."])
def test_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["127.0.0.1.example.org", "localhost.example.org", "10.0.0.1", "::2", "", "1"])
def test_another_machine(host: str) -> None:
    assert not is_this_machine(host)
