"""Cloaks, from an address to what others see."""

import pytest

from chatroom.common.addresses import address_of
from chatroom.common.cloaks import HOST_BYTES, Cloaks, is_of_addresses

KEY = bytes(range(32))
cloaks = Cloaks(KEY)


@pytest.mark.parametrize("host", ["192.0.2.7", "127.0.0.1", "2001:db8::7", "0::1", "255.255.255.255"])
def test_a_cloak_is_no_address_and_comes_of_the_key_alone(host: str) -> None:
    """The same for the same key, so that bans hold over a restart; another for another."""
    cloak = cloaks.of_address(host)
    assert cloak == Cloaks(KEY).of_address(host)
    assert cloak != Cloaks(KEY[::-1]).of_address(host)
    assert address_of(cloak) is None
    assert cloak.endswith(".ip")
    assert len(cloak) <= HOST_BYTES
    assert not is_of_addresses(f"*!*@{cloak}")


def test_networks_are_known_by_the_end_of_a_cloak() -> None:
    """The first part is the address's, the second the /24's, the third the /16's; of IPv6 /64, /56 and /48."""
    one, same_24, same_16, other = (
        cloaks.of_address(h).split(".") for h in ("10.1.2.3", "10.1.2.4", "10.1.9.3", "10.2.2.3")
    )
    assert one[1:] == same_24[1:]
    assert one[0] != same_24[0]
    assert one[2:] == same_16[2:]
    assert one[1] != same_16[1]
    assert one[2] != other[2]
    assert cloaks.of_address("2001:db8:1:2::3") == cloaks.of_address("2001:db8:1:2:aaaa::9")
    assert cloaks.of_address("2001:db8:1:2::3").split(".")[2] == cloaks.of_address("2001:db8:1:ff00::3").split(".")[2]


def test_what_is_no_address_stays_as_it_is() -> None:
    """Cloaks of the history, above all, which were kept as such."""
    cloak = cloaks.of_address("192.0.2.7")
    for host in (cloak, "alice.users.chat.example", "chat.example", "", "1.2.3"):
        assert cloaks.of_address(host) == host


def test_an_ipv4_address_in_ipv6_has_its_own_cloak() -> None:
    assert cloaks.of_address("::ffff:192.0.2.7") == cloaks.of_address("192.0.2.7")


@pytest.mark.parametrize(
    ("account", "server", "shown"),
    [
        ("alice", "chat.example", "alice.users.chat.example"),
        ("alice", "s" * 63, "alice.users"),
        ("ż" * 32, "chat.example", cloaks.of_address("192.0.2.7")),
    ],
)
def test_an_account_shows_as_far_as_a_line_holds_it(account: str, server: str, shown: str) -> None:
    """What is too long is left out, rather than cut: two might become one."""
    assert cloaks.of_account(account, server, "192.0.2.7") == shown


@pytest.mark.parametrize(
    ("mask", "kept"),
    [
        ("*!*@192.0.2.7", f"*!*@{cloaks.of_address('192.0.2.7')}"),
        ("m:bob!u@2001:db8::7", f"m:bob!u@{cloaks.of_address('2001:db8::7')}"),
        ("*!*@192.0.2.*", f"*!*@*.{'.'.join(cloaks.of_address('192.0.2.7').split('.')[1:])}"),
        ("*!*@192.0.*", f"*!*@*.{'.'.join(cloaks.of_address('192.0.2.7').split('.')[2:])}"),
        ("*!*@192.0.*.*", f"*!*@*.{'.'.join(cloaks.of_address('192.0.2.7').split('.')[2:])}"),
        *((same, same) for same in ("*!*@192.*", "*!*@192.0.?.7", "*!*@999.0.2.*", "bob!*@*", "a:bob", "*!*@*.ip")),
    ],
)
def test_a_mask_of_addresses_becomes_one_of_cloaks_where_there_is_such_a_one(mask: str, kept: str) -> None:
    assert cloaks.mask(mask) == kept


@pytest.mark.parametrize(
    "mask", ["*!*@192.0.2.7", "*!*@1*", "m:x!y@*:db8::*", "*!*@???.0.*", "*!*@2001:db8::", "*!*@::ﬀ00"]
)
def test_a_mask_that_can_only_mean_addresses_is_known(mask: str) -> None:
    """Who may set it could find out by it, step by step, what a cloak hides."""
    assert is_of_addresses(mask)


@pytest.mark.parametrize("mask", ["*!*@*", "bob!*@*", "a:bob1", "*!*@????????", "*!*@*.ip", "*!*@bob.users.x1"])
def test_any_other_mask_is_not(mask: str) -> None:
    assert not is_of_addresses(mask)
