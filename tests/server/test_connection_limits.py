"""Who is let in."""

import resource
from ipaddress import ip_network

import pytest

from chatroom.server.connection_limits import (
    CONNECTIONS_PER_ADDRESS,
    CONNECTS_PER_CONNECTION,
    FULL,
    PRIVATE_FACTOR,
    SITE_FACTOR,
    SPARE_DESCRIPTORS,
    ConnectionLimiter,
)

CONNECTS_PER_ADDRESS_PER_MINUTE = CONNECTIONS_PER_ADDRESS * CONNECTS_PER_CONNECTION
FAR = "2.3.4.5"  # any address of the public internet; nothing is sent there


def test_a_full_server_says_so_until_somebody_leaves() -> None:
    """No client beyond the number; each that leaves makes room for one."""
    limiter = ConnectionLimiter(clients=2)
    assert [limiter.admit("127.0.0.1") for _ in range(3)] == ["", "", FULL]
    limiter.leave("127.0.0.1")
    assert [limiter.admit("127.0.0.1") for _ in range(2)] == ["", FULL]


@pytest.mark.parametrize(
    ("descriptors", "clients"), [(100_000, 100_000 - SPARE_DESCRIPTORS), (1024, 1024 - SPARE_DESCRIPTORS), (256, 192)]
)
def test_descriptors_bound_the_clients(monkeypatch: pytest.MonkeyPatch, descriptors: int, clients: int) -> None:
    """However many clients are asked for, some descriptors are kept for the rest of the program; but not all of few."""
    monkeypatch.setattr(resource, "getrlimit", lambda which: (descriptors, descriptors))
    assert ConnectionLimiter(clients=10**9).clients_max == clients


@pytest.mark.parametrize("far", [FAR, f"::ffff:{FAR}", "2a00::1"])
def test_one_address_has_so_many_clients_and_no_more(far: str) -> None:
    """Others are not kept out by it, and one that leaves may come again; IPv4 on an IPv6 socket is no exception."""
    limiter = ConnectionLimiter()
    assert not any(limiter.admit(far) for _ in range(CONNECTIONS_PER_ADDRESS))
    assert "close one first" in limiter.admit(far)
    assert limiter.admit("2.3.4.6") == ""
    limiter.leave(far)
    assert limiter.admit(far) == ""


def test_an_ipv6_network_counts_as_one_address() -> None:
    """Its owner has 2^64 of them. The next network is somebody else's."""
    limiter = ConnectionLimiter()
    assert not any(limiter.admit(f"2a00:1:2:3::{number:x}") for number in range(CONNECTIONS_PER_ADDRESS))
    assert "close one first" in limiter.admit("2a00:1:2:3:ffff::1")
    assert limiter.admit("2a00:1:2:4::1") == ""
    limiter.leave("2a00:1:2:3::7")
    assert limiter.admit("2a00:1:2:3:ffff::1") == ""


def test_one_address_may_not_rush_in() -> None:
    """Not even when it leaves at once each time."""
    limiter = ConnectionLimiter()
    for _ in range(CONNECTS_PER_ADDRESS_PER_MINUTE):
        assert limiter.admit(FAR) == ""
        limiter.leave(FAR)
    assert "wait a little" in limiter.admit(FAR)


def test_who_is_banned_knocks_as_often_as_others() -> None:
    """And is told why no more often."""
    limiter = ConnectionLimiter()
    for _ in range(CONNECTS_PER_ADDRESS_PER_MINUTE):
        limiter.count_connect(FAR)
        assert limiter.admit_to_explain(FAR)
        limiter.leave_explained()
    limiter.count_connect(FAR)
    assert not limiter.admit_to_explain(FAR)


def test_to_be_told_why_is_no_second_knock() -> None:
    """Whoever has all the connections that it may have hears so until it rushes in."""
    limiter = ConnectionLimiter()
    for _ in range(CONNECTIONS_PER_ADDRESS):
        assert limiter.admit(FAR) == ""
    for _ in range(CONNECTS_PER_ADDRESS_PER_MINUTE - CONNECTIONS_PER_ADDRESS):
        assert "close one first" in limiter.admit(FAR)
        assert limiter.admit_to_explain(FAR)
        limiter.leave_explained()
    assert "wait a little" in limiter.admit(FAR)
    assert not limiter.admit_to_explain(FAR)


@pytest.mark.parametrize("near", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_exempt(near: str) -> None:
    """Whoever is on it could stop the server in other ways."""
    limiter = ConnectionLimiter()
    assert not any(limiter.admit(near) for _ in range(1000))


@pytest.mark.parametrize(
    "near", ["::ffff:10.0.0.9", "172.16.0.1", "192.168.3.4", "169.254.1.1", "fe80::1%eth0", "fd00::1"]
)
def test_an_address_of_a_private_network_has_more(near: str) -> None:
    """A class behind one NAT is no attack, but one machine doesn't fill the server."""
    limiter = ConnectionLimiter()
    assert not any(limiter.admit(near) for _ in range(CONNECTIONS_PER_ADDRESS * PRIVATE_FACTOR))
    assert "has 256 connections already" in limiter.admit(near)
    assert "wait a little" in [limiter.admit(near) for _ in range(256)][-1]


@pytest.mark.parametrize(
    "far",
    ["2001:0:53aa:64c:0:1234:5678:9abc", "2002:cb00:7109::1", "198.18.0.5", "240.0.0.1", "100.64.0.1", "172.32.0.1"],
)
def test_what_anybody_may_have_is_not_private(far: str) -> None:
    """Teredo and 6to4 are on the internet, whatever Python calls them; a provider's customers are strangers."""
    limiter = ConnectionLimiter()
    assert not any(limiter.admit(far) for _ in range(CONNECTIONS_PER_ADDRESS))
    assert "has 64 connections already" in limiter.admit(far)


def test_an_ipv6_site_has_a_limit_besides() -> None:
    """It is 65,536 networks of 64 bits. One that leaves makes room for another."""
    limiter = ConnectionLimiter()
    addresses = [f"2a00:1:2:{net:x}::1" for net in range(CONNECTIONS_PER_ADDRESS * SITE_FACTOR)]
    assert not any(map(limiter.admit, addresses))
    assert "has 512 connections already" in limiter.admit("2a00:1:2:ffff::1")
    assert limiter.admit("2a00:1:3::1") == ""
    limiter.leave(addresses[0])
    assert limiter.admit("2a00:1:2:ffff::1") == ""


def test_the_limit_and_the_networks_without_one_can_be_set() -> None:
    """A trusted network has none, whatever the limit is."""
    limiter = ConnectionLimiter(per_address=1, trusted=(ip_network("2.3.5.0/24"),))
    assert limiter.admit(FAR) == ""
    assert "has 1 connection already" in limiter.admit(FAR)
    assert not any(limiter.admit("2.3.5.6") for _ in range(500))


def test_unlimited_lifts_the_limits_on_addresses_only() -> None:
    """The server's own limit stays."""
    limiter = ConnectionLimiter(clients=CONNECTS_PER_ADDRESS_PER_MINUTE + 1, unlimited=True)
    assert not any(limiter.admit(FAR) for _ in range(CONNECTS_PER_ADDRESS_PER_MINUTE + 1))
    assert limiter.admit(FAR) == FULL
