"""How often passwords may be tried, and names be claimed.

Nobody is locked out. What was tried too often is tried from then on one after the other, with a pause after each wrong
one. Those who wait take turns, so that nobody waits for all that another has asked for.

- Tries at an account are limited together, wherever they come from, and so are those that come from one address. But an
  account is *at home* at the addresses where it was claimed or used last. There only wrong passwords for this account
  from that very address count, so that its owner need not wait for strangers.
- At home, the first password that a connection gives waits for no turn: so its owner need not wait for those who share
  the address either. As many more passwords can be guessed from there as an address may open connections.
- Right passwords are limited, too: to check one that was not given before takes as long as to check a wrong one.
"""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event
from time import monotonic
from typing import NamedTuple

from chatroom.common.addresses import limit_key, site_key
from chatroom.common.fair_semaphore import FairSemaphore
from chatroom.common.names import fold
from chatroom.model.entities import Account, Session

LOGIN_WINDOW_MS = 60_000  # milliseconds
WRONG_PASSWORDS_PER_WINDOW = 3  # within `LOGIN_WINDOW_MS`, for an account, and from an address, before others wait
LOGINS_PER_ACCOUNT = 10  # right or wrong, likewise: somebody's devices after the network was gone, some times over
LOGINS_PER_ADDRESS = 60  # likewise: a class or two behind one NAT
WRONG_OPERATOR_PASSWORDS = 10  # in all, likewise: few people know that password
WRONG_KEYS_PER_ROOM = 10  # in all, likewise: 10,000 keys of four digits take a day
WRONG_KEYS_TOLD = 3  # for a room, of which its operators are told: one may be a slip
WRONG_PASSWORD_PAUSE_SECONDS = 5.0  # seconds after a wrong one before the next is looked at: 6 million a year
ACCOUNT_PAUSE_SECONDS = 5.0  # seconds between logins to an account that come too often
ADDRESS_PAUSE_SECONDS = 1.0  # seconds between logins from an address that come too often
TURN_WAIT_SECONDS = 15.0  # seconds that one waits at most: half of what there is for coming in
CLAIMS_PER_ADDRESS = 60  # accounts made from one address within `CLAIM_WINDOW_MS`: a class or two behind one NAT
CLAIMS_PER_SITE = 8 * CLAIMS_PER_ADDRESS  # likewise from an IPv6 /48, as with connections
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

    def count(self, key: str, now: int) -> int:
        """How often it has happened."""
        return len([t for t in self._times.get(key, ()) if now - self._span < t <= now])

    def is_full(self, key: str, now: int) -> bool:
        """Whether it happened as often as it may."""
        return self.count(key, now) >= self._most

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


class Limit(NamedTuple):
    """How often something may be tried: how often it was, by which key, and what follows if that was too often.

    `owner` is who takes turns there: addresses that try the same account, accounts that are tried from one address.
    """

    window: SlidingWindow
    key: str
    owner: str
    pause: float = WRONG_PASSWORD_PAUSE_SECONDS
    only_wrong: bool = True  # whether a right one is not counted


class Turn(NamedTuple):
    """A place in the line for something that was tried too often."""

    limit: Limit
    line: FairSemaphore


class Attempt(NamedTuple):
    """A password that is being checked: what it counts for, and where it has to wait for its turn."""

    limits: tuple[Limit, ...]
    turns: tuple[Turn, ...]


UNCOUNTED = Attempt((), ())


class LoginThrottle:
    """How often somebody may give a password. A try counts from its beginning, so many at once are many.

    All of it is used under the event log's lock, but for `in_turn`.
    """

    def __init__(self) -> None:
        self.unlimited = False
        self.stopping = Event()  # set when the server stops: there are no pauses any more
        self.claims = SlidingWindow(CLAIMS_PER_ADDRESS, CLAIM_WINDOW_MS)  # accounts made, by address
        self.claims_of_site = SlidingWindow(CLAIMS_PER_SITE, CLAIM_WINDOW_MS)  # likewise, by IPv6 network
        # Passwords changed, by account: each takes as long as a guess.
        self.password_changes = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)
        self._wrong = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)
        self._wrong_operator = SlidingWindow(WRONG_OPERATOR_PASSWORDS, LOGIN_WINDOW_MS)
        self._wrong_keys = SlidingWindow(WRONG_KEYS_PER_ROOM, LOGIN_WINDOW_MS)
        self._told = SlidingWindow(1, LOGIN_WINDOW_MS)  # what operators were told of
        self._of_account = SlidingWindow(LOGINS_PER_ACCOUNT, LOGIN_WINDOW_MS)
        self._of_address = SlidingWindow(LOGINS_PER_ADDRESS, LOGIN_WINDOW_MS)
        # Who waits, by what was tried too often; with how many attempts there are.
        self._lines: dict[tuple[int, str], tuple[FairSemaphore, int]] = {}

    # ---- kinds of passwords -----------------------------------------------------------------------------------------

    def begin_login(
        self, name: str, session: Session, account: Account | None, now: int, of_server: bool = False
    ) -> Attempt:
        """A password for an account, None if there is none of that name: all such names share their turns.

        `of_server`: it may also be the server's, and is limited as such, whatever name it is given for.
        """
        key, network = fold(name), limit_key(session.host)
        at_home = account is not None and account.is_at_home(network)
        target = f"{key} {network}" if at_home else key
        owner = key if account else ""
        wrong = [Limit(self._wrong, f"account {target}", session.uid if at_home else network)]
        if not at_home:
            wrong.append(Limit(self._wrong, f"address {network}", owner))
        every = [
            Limit(self._of_account, target, network, ACCOUNT_PAUSE_SECONDS, only_wrong=False),
            Limit(self._of_address, network, owner, ADDRESS_PAUSE_SECONDS, only_wrong=False),
        ]
        waits_for = [self._server_password(session)] if of_server else []
        is_first, session.has_tried = not session.has_tried, True
        return self._begin([*wrong, *every, *waits_for], session, now, waits_for if at_home and is_first else None)

    def begin_server_password(self, session: Session, now: int) -> Attempt:
        return self._begin([self._server_password(session)], session, now)

    def _server_password(self, session: Session) -> Limit:
        return Limit(self._wrong, f"server {limit_key(session.host)}", session.uid)

    def begin_operator_password(self, session: Session, now: int) -> Attempt:
        network = limit_key(session.host)
        limits = [
            Limit(self._wrong_operator, "", network),
            Limit(self._wrong, f"operator {network}", session.uid),
        ]
        return self._begin(limits, session, now)

    # ---- one try ----------------------------------------------------------------------------------------------------

    def _begin(self, limits: list[Limit], session: Session, now: int, waits_for: list[Limit] | None = None) -> Attempt:
        """A try counts for all limits; it waits for those of `waits_for` that are full, all of them if that is None."""
        if self.unlimited:
            return UNCOUNTED
        waits_for = limits if waits_for is None else waits_for
        full = [limit for limit in waits_for if limit.window.is_full(limit.key, now)]
        for limit in limits:
            limit.window.add(limit.key, now)
        session.paced = session.paced or bool(full)  # that it waits is not its silence
        return Attempt(tuple(limits), tuple([Turn(limit, self._enter_line(limit)) for limit in full]))

    def _enter_line(self, limit: Limit) -> FairSemaphore:
        key = id(limit.window), limit.key
        line, attempts = self._lines.get(key) or (FairSemaphore(1), 0)
        self._lines[key] = line, attempts + 1
        return line

    def _leave_line(self, limit: Limit) -> None:
        key = id(limit.window), limit.key
        line, attempts = self._lines.pop(key)
        if attempts > 1:
            self._lines[key] = line, attempts - 1

    def in_turn(self, attempt: Attempt, check: Callable[[], bool | None]) -> bool | None:
        """Has a password checked in its turn, in the client's own thread; None if its turn did not come in time."""
        end = monotonic() + TURN_WAIT_SECONDS
        with ExitStack() as turns:
            for turn in attempt.turns:
                if not turns.enter_context(turn.line.slot(turn.limit.owner, max(0.0, end - monotonic()))):
                    return None
            fits = check()
            pauses = [limit.pause for limit, _ in attempt.turns if not (fits and limit.only_wrong)]
            if pauses and fits is not None:
                self.stopping.wait(max(pauses))
            return fits

    def end(self, attempt: Attempt, fits: bool | None) -> None:
        """Ends a try. One that could not be checked (None) is not counted."""
        for limit in attempt.limits:
            if fits is None or (fits and limit.only_wrong):
                limit.window.take_back(limit.key)
        for limit, _ in attempt.turns:
            self._leave_line(limit)

    # ---- keys of rooms, and what operators are told -----------------------------------------------------------------

    def may_try_key(self, room: str, host: str, is_known: bool, now: int) -> bool:
        """Whether another key may be tried from this address; `is_known` lifts the limit on what others have tried."""
        from_here = self._wrong.is_full(f"key {room} {limit_key(host)}", now)
        return self.unlimited or not (from_here or (self._wrong_keys.is_full(room, now) and not is_known))

    def note_wrong_key(self, room: str, host: str, now: int) -> int:
        """Counts a wrong key; returns how many there were of late if the operators are to be told now, else 0."""
        if self.unlimited:
            return 0
        self._wrong.add(f"key {room} {limit_key(host)}", now)
        self._wrong_keys.add(room, now)
        count = self._wrong_keys.count(room, now)
        return self._once(room, count, now) if count >= WRONG_KEYS_TOLD else 0

    def operator_guesses(self, now: int) -> int:
        """How many wrong operators' passwords there were of late if the operators are to be told now, else 0."""
        return self._once("", self._wrong_operator.count("", now), now)

    def _once(self, target: str, count: int, now: int) -> int:
        """The count, once within `LOGIN_WINDOW_MS`; else 0."""
        if self._told.is_full(target, now) or not count:
            return 0
        self._told.add(target, now)
        return count

    # ---- claims -----------------------------------------------------------------------------------------------------

    def may_claim(self, host: str, now: int) -> bool:
        """Whether another account may be made from this address."""
        full = self.claims.is_full(limit_key(host), now) or self.claims_of_site.is_full(site_key(host), now)
        return self.unlimited or not full

    def claim(self, host: str, now: int) -> None:
        """Counts that an account is made from this address."""
        self.claims.add(limit_key(host), now)
        if site_key(host):
            self.claims_of_site.add(site_key(host), now)
