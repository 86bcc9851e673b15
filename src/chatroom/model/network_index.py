"""Bans of addresses and networks, found by address in a few steps however many there are."""

from chatroom.common.addresses import address_of, network_of
from chatroom.model.values import ListEntry


class NetworkIndex:
    """Holds the bans of addresses and networks, and finds the one for an address without looking at each."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, int], dict[int, ListEntry]] = {}  # by version and length; then by their first bits

    def clear(self) -> None:
        self._of.clear()

    def put(self, entry: ListEntry) -> None:
        """Takes note of an entry, if it is about a network."""
        network = network_of(entry.mask)
        if network:
            self._of.setdefault((network.version, network.prefixlen), {})[int(network.network_address)] = entry

    def drop(self, mask: str) -> None:
        network = network_of(mask)
        if network:
            kind = (network.version, network.prefixlen)
            self._of.get(kind, {}).pop(int(network.network_address), None)
            if not self._of.get(kind):
                self._of.pop(kind, None)

    def find(self, host: str) -> ListEntry | None:
        """The entry for an address; None for what is none."""
        if not self._of:
            return None
        address = address_of(host)
        if address is None:
            return None
        for (version, length), networks in self._of.items():
            if version == address.version:
                rest = address.max_prefixlen - length
                entry = networks.get(int(address) >> rest << rest)
                if entry:
                    return entry
        return None
