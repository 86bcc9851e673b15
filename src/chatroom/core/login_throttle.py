"""How often somebody may guess a password, or make an account, by account and by address."""

from collections import OrderedDict

from chatroom.common.addresses import limit_key
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold

WRONG_PASSWORDS_PER_WINDOW = 3  # wrong passwords within `LOGIN_WINDOW_MS`, for an account and from an address
LOGIN_WINDOW_MS = 60_000  # milliseconds
CLAIMS_PER_ADDRESS = 60  # accounts made from one address within `CLAIM_WINDOW_MS`: a class or two behind one NAT
CLAIM_WINDOW_MS = 3_600_000  # milliseconds
THROTTLE_KEYS_KEPT = 10_000  # accounts, and addresses, whose tries are counted at a time


class SlidingWindow:
    """Counts what happened of late, by key: within `span` milliseconds, for `THROTTLE_KEYS_KEPT` keys at most.

    A time in the future was noted before the clock was set back, and counts no more.
    """

    def __init__(self, most: int, span: int) -> None:
        self._most = most
        self._span = span
        self._times: OrderedDict[str, list[int]] = OrderedDict()  # those that happened last come last

    def __len__(self) -> int:
        return len(self._times)

    def is_full(self, key: str, now: int) -> bool:
        """Whether it happened as often as it may."""
        return len([t for t in self._times.get(key, ()) if now - self._span < t <= now]) >= self._most

    def add(self, key: str, now: int) -> None:
        times = [t for t in self._times.pop(key, ()) if now - self._span < t <= now]
        self._times[key] = [*times, now]
        while len(self._times) > THROTTLE_KEYS_KEPT or next(iter(self._times.values()))[-1] <= now - self._span:
            self._times.popitem(last=False)

    def take_back(self, key: str) -> None:
        """Uncounts the last one."""
        times = self._times.get(key)
        if times:
            times.pop()
            if not times:
                del self._times[key]


class LoginThrottle:
    """How often somebody may give a wrong password. A guess counts from its beginning, so many at once are many.

    An account that somebody else guesses at stays open to the address from which it was last logged in to.
    """

    def __init__(self) -> None:
        self.unlimited = False
        self.server_password = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)  # wrong ones, by address
        self.operator_password = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)  # likewise
        self.claims = SlidingWindow(CLAIMS_PER_ADDRESS, CLAIM_WINDOW_MS)  # accounts made, by address
        # Passwords changed, by account: each takes as long as a guess.
        self.password_changes = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)
        self._accounts = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)
        self._addresses = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)
        self._known: OrderedDict[str, str] = OrderedDict()  # from where an account was last logged in to

    def begin(self, account: str, host: str, now: int) -> None:
        """Raises `ChatError` if there were too many."""
        account, network = fold(account), limit_key(host)
        if self.unlimited:
            return
        at_home = self._known.get(account) == network
        if self._addresses.is_full(network, now) or (self._accounts.is_full(account, now) and not at_home):
            raise ChatError(Code.LOGIN_TOO_OFTEN)
        self._accounts.add(account, now)
        self._addresses.add(network, now)

    def end(self, account: str, host: str, fits: bool | None) -> None:
        """Ends a guess. A right one (`fits`), or one that could not be checked (None), is not counted."""
        account, network = fold(account), limit_key(host)
        if self.unlimited:
            return
        if fits is not False:
            self._accounts.take_back(account)
            self._addresses.take_back(network)
        if fits:
            self._known.pop(account, None)
            self._known[account] = network
            if len(self._known) > THROTTLE_KEYS_KEPT:
                self._known.popitem(last=False)
