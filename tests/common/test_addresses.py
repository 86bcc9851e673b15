"""IP addresses in texts."""

from chatroom.common import addresses


def test_what_is_longer_than_any_address_is_not_remembered() -> None:
    """Strangers send it, as often as they like and each time another."""
    remembered = addresses._cached_address.cache_info().currsize
    assert addresses.address_of("x" * 8000) is None
    assert str(addresses.address_of(f"fe80::1%{'x' * 8000}")) == "fe80::1"
    assert addresses._cached_address.cache_info().currsize == remembered
