"""Passwords: secrets, how they are checked, and how often one may guess."""

import hashlib
import threading
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.common.addresses import limit_key
from chatroom.common.common_passwords import is_common
from chatroom.common.errors import ChatError, Code
from chatroom.core import login_throttle, passwords
from chatroom.core.login_throttle import (
    CLAIMS_PER_SITE,
    LOGIN_WINDOW_MS,
    LOGINS_PER_ACCOUNT,
    LOGINS_PER_ADDRESS,
    THROTTLE_KEYS_KEPT,
    WRONG_PASSWORDS_PER_WINDOW,
    LoginThrottle,
    SlidingWindow,
)
from chatroom.core.passwords import SCRYPT_CONCURRENCY, SCRYPT_N_R_P, Passwords, acceptable
from chatroom.model.entities import Account, Session
from chatroom.model.limits import PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARACTERS
from chatroom.protocols.plain import PLAIN
from tests.chat import NOON, QUICK
from tests.peers import DEADLINE, eventually


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=50))
def test_only_the_password_fits_its_secret(password: str) -> None:
    """And it can't be read from it; two secrets for one password differ, as each has its own salt."""
    quick = Passwords(QUICK)
    secret = quick.make(password)
    assert quick.check(password, secret) is True
    assert quick.check(f"{password}x", secret) is False
    assert quick.check(password, "") is False
    assert quick.make(password) != secret


def test_a_secret_is_made_at_the_full_cost() -> None:
    """And an older one, made at another, can still be checked."""
    full = Passwords()
    secret = full.make("open sesame")
    assert secret.startswith("scrypt$32768$8$1$")
    assert "sesame" not in secret
    assert Passwords(QUICK).check("open sesame", secret)
    assert full.check("open sesame", Passwords(QUICK).make("open sesame"))


def test_a_password_is_the_same_however_its_letters_are_composed() -> None:
    """One keyboard sends é as one character, another as two: RFC 8265."""
    quick = Passwords(QUICK)
    assert quick.check("cafe\u0301", quick.make("caf\u00e9"))


def test_an_unknown_account_costs_as_much_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same computation, once: its time tells nobody which names are claimed."""
    asked: list[dict[str, Any]] = []
    compute = hashlib.scrypt

    def scrypt(password: bytes, **how: Any) -> bytes:
        asked.append({**how, "salt": len(how["salt"])})
        return compute(password, **how)

    monkeypatch.setattr(hashlib, "scrypt", scrypt)
    quick = Passwords(QUICK)
    secret = quick.make("sesame")
    asked.clear()
    assert (quick.check("wrong!", secret), quick.check("wrong!", "")) == (False, False)
    assert asked[0] == asked[1]
    assert len(asked) == 2


def test_what_was_right_before_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is computed then, and nobody waits behind those who guess. It holds for that secret alone."""
    passwords = Passwords(QUICK)
    secret, other = Passwords(QUICK).make("right-horse"), passwords.make("other-horse")
    assert passwords.check("right-horse", secret)
    assert passwords.check("wrong-horse", secret) is False
    monkeypatch.setattr(Passwords, "_hash", lambda *_: b"")  # there is no turn for anybody
    assert passwords.check("right-horse", secret)
    assert passwords.check("wrong-horse", secret) is None
    assert passwords.check("right-horse", other) is None
    assert passwords.check("other-horse", other)  # as it was made here
    assert passwords.check("right-horse", "") is None


def test_two_are_computed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask: that bounds the memory that they take."""
    gate, lock = threading.Event(), threading.Lock()
    running, most = 0, 0

    def scrypt(password: bytes, **how: Any) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        assert gate.wait(DEADLINE)
        with lock:
            running -= 1
        return bytes(32)

    monkeypatch.setattr(hashlib, "scrypt", scrypt)
    all_ = Passwords(QUICK)
    threads = [threading.Thread(target=all_.make, args=("sesame",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    eventually(lambda: running == SCRYPT_CONCURRENCY, "as many as may are being computed")
    gate.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert most == SCRYPT_CONCURRENCY


def test_who_would_wait_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is neither a right nor a wrong password: nothing was looked at."""
    monkeypatch.setattr(passwords, "SCRYPT_WAIT_SECONDS", 0.01)
    quick = Passwords(QUICK)
    secret = Passwords(QUICK).make("sesame")
    with ExitStack() as others:
        for _ in range(SCRYPT_CONCURRENCY):
            others.enter_context(quick._turns.slot("busy"))
        assert quick.check("sesame", secret) is None
        assert quick.make("sesame") == ""


def test_addresses_take_turns() -> None:
    """Who asks last from an address of their own is not behind all that another address asked before."""
    quick = Passwords(QUICK)
    served: list[str] = []

    def ask(owner: str) -> None:
        quick.make("sesame", owner)
        served.append(owner)

    threads = [threading.Thread(target=ask, args=(owner,)) for owner in [*["busy"] * 40, "other"]]
    with ExitStack() as others:
        for _ in range(SCRYPT_CONCURRENCY):
            others.enter_context(quick._turns.slot("first"))
        for number, thread in enumerate(threads, 1):
            thread.start()
            eventually(lambda number=number: quick._turns.waiting() == number, "it waits")  # type: ignore[misc]
    for thread in threads:
        thread.join(DEADLINE)
    assert served.index("other") < 20


def test_without_memory_it_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is short of it loses no client; and the next one has its turn."""

    def scrypt(password: bytes, **how: Any) -> bytes:
        raise MemoryError

    quick = Passwords(QUICK)
    secret = Passwords(QUICK).make("sesame")
    with monkeypatch.context() as short:
        short.setattr(hashlib, "scrypt", scrypt)
        for _ in range(SCRYPT_CONCURRENCY + 1):
            assert quick.check("sesame", secret) is None
    assert quick.check("sesame", secret)


COMMON = (
    *("password", "Password1!", "p@$$w0rd", "iloveyou2", "123letmein", "dragon12", "Summer2024!", "lovelove"),
    *("12345678", "19901231", "aaaaaaaa", "12121212", "qwertyuiop", "poiuytre", "1q2w3e4r", "1qaz2wsx", "abcdefgh1"),
    *("!@#$%^&*", "chatroom", "пароль123"),
)


@pytest.mark.parametrize("password", ["correct-horse", "open-sesame", "k7#wLq9z", "dragon-sunshine", "8412 9903 1770"])
def test_other_passwords_are_nobody_s_first_guess(password: str) -> None:
    """Two common words are better than one."""
    assert not is_common(password)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x" * (PASSWORD_MIN_CHARACTERS - 1), Code.PASSWORD_WEAK),
        *[(word, Code.PASSWORD_WEAK) for word in ("Caroline", "caroline2010", "!Caroline!")],
        *[(word, Code.PASSWORD_COMMON) for word in COMMON],
        ("two words", Code.PASSWORD_BAD),
        ("bell\x07bell", Code.PASSWORD_BAD),
        ("é" * (PASSWORD_MAX_BYTES // 2 + 1), Code.PASSWORD_BAD),
    ],
)
def test_some_passwords_are_refused(password: str, code: Code) -> None:
    """Too short, the name itself, with spaces, with what can't be typed, too long."""
    with pytest.raises(ChatError) as refused:
        acceptable(password, "caroline")
    assert refused.value.code is code
    acceptable("k7#wLq9z", "caroline")
    acceptable("caroline-horse", "caroline")
    acceptable("4823-9107-5561", "12345")


# ---- guessing -------------------------------------------------------------------------------------------------------


def client(host: str, uid: str = "") -> Session:
    return Session(uid or host, host, PLAIN)


def known(name: str, home: str = "") -> Account:
    return Account(name, "", 1, 1, home=home)


def guess(
    throttle: LoginThrottle,
    account: str,
    host: str,
    now: int = NOON,
    fits: bool | None = False,
    at_home: bool = False,
    uid: str = "",
) -> bool:
    """Whether the guess was looked at without waiting for a turn."""
    attempt = throttle.begin_login(account, client(host, uid), known(account, host if at_home else ""), now)
    throttle.end(attempt, fits)
    return not attempt.turns


def test_an_account_can_be_guessed_at_so_often_a_minute_from_wherever() -> None:
    """Many addresses are no way around it; whoever comes then waits for a turn."""
    throttle = LoginThrottle()
    at_once = [guess(throttle, "Bob", f"192.0.2.{i}") for i in range(10)]
    assert at_once == [True] * WRONG_PASSWORDS_PER_WINDOW + [False] * (10 - WRONG_PASSWORDS_PER_WINDOW)
    assert not guess(throttle, "bOB", "192.0.2.99")
    assert guess(throttle, "bob", "192.0.2.99", NOON + LOGIN_WINDOW_MS)


def test_an_address_can_guess_so_often_a_minute_at_whatever() -> None:
    """Many accounts are no way around it; nor are the addresses of one IPv6 network."""
    for hosts in (["192.0.2.1"] * 10, [f"2001:db8:0:1::{i}" for i in range(10)]):
        throttle = LoginThrottle()
        at_once = [guess(throttle, f"name{i}", host) for i, host in enumerate(hosts)]
        assert sum(at_once) == WRONG_PASSWORDS_PER_WINDOW
    assert guess(throttle, "name", "2001:db8:0:2::1")


def test_guesses_that_are_being_checked_count_already() -> None:
    """Else a thousand connections could guess at once."""
    throttle = LoginThrottle()
    begun = [throttle.begin_login("bob", client(f"192.0.2.{i}"), known("bob"), NOON) for i in range(4)]
    assert [len(attempt.turns) for attempt in begun] == [0, 0, 0, 1]
    for attempt in begun:
        throttle.end(attempt, False)
    assert not throttle._lines


def test_a_right_password_is_no_guess() -> None:
    """A class behind one address comes in at once; and what was not looked at is nothing at all."""
    throttle = LoginThrottle()
    assert all(guess(throttle, f"pupil{i}", "192.0.2.1", fits=True) for i in range(30))
    assert all(guess(throttle, "bob", "192.0.2.1", fits=None) for _ in range(2 * LOGINS_PER_ADDRESS))


def test_right_passwords_are_limited_too() -> None:
    """They cost as much as wrong ones: so many a minute for an account, and from an address."""
    throttle = LoginThrottle()
    at_once = [guess(throttle, "bob", f"192.0.2.{i}", fits=True) for i in range(LOGINS_PER_ACCOUNT + 1)]
    assert at_once == [True] * LOGINS_PER_ACCOUNT + [False]
    throttle = LoginThrottle()
    at_once = [guess(throttle, f"pupil{i}", "192.0.2.1", fits=True) for i in range(LOGINS_PER_ADDRESS + 1)]
    assert at_once == [True] * LOGINS_PER_ADDRESS + [False]


def test_strangers_never_hold_up_who_is_at_home() -> None:
    """Neither from afar, nor at other accounts from the same address."""
    throttle = LoginThrottle()
    for i in range(10):
        guess(throttle, "bob", f"198.51.100.{i}")
        guess(throttle, f"name{i}", "192.0.2.7")
    assert guess(throttle, "bob", "192.0.2.7", fits=True, at_home=True)
    assert not guess(throttle, "bob", "203.0.113.1", fits=True)


def test_at_home_a_connection_s_first_password_waits_for_nobody() -> None:
    """However many others from that address have guessed. Its second one waits, as do those for other accounts."""
    throttle = LoginThrottle()
    at_once = [guess(throttle, "bob", "192.0.2.7", at_home=True, uid=str(i)) for i in range(100)]
    assert all(at_once)
    owner, bob = client("192.0.2.7", "owner"), known("bob", "192.0.2.7")
    first, second = [throttle.begin_login("bob", owner, bob, NOON) for _ in range(2)]
    assert not first.turns
    assert second.turns
    throttle.end(first, True)
    throttle.end(second, None)
    assert not throttle._lines


def test_at_home_a_connection_guesses_no_faster_than_others() -> None:
    """All of them together have the same few tries a minute, besides their first."""
    throttle = LoginThrottle()
    bob = known("bob", "192.0.2.7")
    waits = []
    for session in [client("192.0.2.7", str(i)) for i in range(2)]:
        for _ in range(4):
            attempt = throttle.begin_login("bob", session, bob, NOON)
            waits.append(bool(attempt.turns))
            throttle.end(attempt, False)
    assert waits == [False, False, False, True, False, True, True, True]


def test_at_home_the_server_s_password_is_guessed_no_faster() -> None:
    """What may be the server's password waits for its turn, whatever name it is given for."""
    throttle = LoginThrottle()
    bob = known("bob", "192.0.2.7")
    attempts = [
        throttle.begin_login("bob", client("192.0.2.7", str(i)), bob, NOON, of_server=True)
        for i in range(WRONG_PASSWORDS_PER_WINDOW + 1)
    ]
    assert [len(attempt.turns) for attempt in attempts] == [0] * WRONG_PASSWORDS_PER_WINDOW + [1]


def come(throttle: LoginThrottle, host: str, fits: bool, served: list[str]) -> threading.Thread:
    """Tries a password for bob in a thread, as clients do; notes when it was looked at."""
    attempt = throttle.begin_login("bob", client(host), known("bob"), NOON)

    def check() -> bool:
        served.append(host)
        return fits

    def run() -> None:
        throttle.end(attempt, throttle.in_turn(attempt, check))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_who_waits_for_a_turn_is_not_behind_all_that_another_has_asked_for() -> None:
    """An owner on the way is next, however many guesses of an address wait. After each wrong one there is a pause."""
    throttle = LoginThrottle()
    for _ in range(WRONG_PASSWORDS_PER_WINDOW):
        guess(throttle, "bob", "198.51.100.1")
    served: list[str] = []
    threads = [come(throttle, "198.51.100.1", False, served)]
    eventually(lambda: served == ["198.51.100.1"], "the first guess is looked at")
    [(line, attempts)] = [entry for (_, key), entry in throttle._lines.items() if key == "account bob"]
    assert attempts == 1
    for number in range(1, 6):
        threads.append(come(throttle, "198.51.100.1", False, served))
        eventually(lambda number=number: line.waiting() == number, "it waits")  # type: ignore[misc]
    threads.append(come(throttle, "203.0.113.5", True, served))
    eventually(lambda: line.waiting() == 6, "the owner waits")
    assert len(served) == 1  # the first one has its pause
    throttle.stopping.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert served[1] == "203.0.113.5"
    assert len(served) == 7


def test_whose_turn_does_not_come_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was looked at then, and nothing counts."""
    monkeypatch.setattr(login_throttle, "TURN_WAIT_SECONDS", 0.01)
    throttle = LoginThrottle()
    for _ in range(WRONG_PASSWORDS_PER_WINDOW):
        guess(throttle, "bob", "198.51.100.1")
    held = throttle.begin_login("bob", client("198.51.100.2"), known("bob"), NOON)
    attempt = throttle.begin_login("bob", client("198.51.100.3"), known("bob"), NOON)

    def check() -> bool:
        assert throttle.in_turn(attempt, lambda: True) is None
        return True

    assert throttle.in_turn(held, check)
    for each, fits in ((held, True), (attempt, None)):
        throttle.end(each, fits)
    assert not throttle._lines


def test_names_that_nobody_has_share_their_turns() -> None:
    """From an address where many are made up, an owner on the way is not behind them all."""
    throttle = LoginThrottle()
    for name in ("x", "y", "z"):
        guess(throttle, name, "198.51.100.1")
    made_up = [throttle.begin_login(f"name{i}", client("198.51.100.1"), None, NOON) for i in range(3)]
    own = throttle.begin_login("bob", client("198.51.100.1"), known("bob"), NOON)
    owners = [[turn.limit.owner for turn in attempt.turns] for attempt in (*made_up, own)]
    assert owners == [[""], [""], [""], ["bob"]]


def test_an_ipv6_site_makes_only_so_many_accounts() -> None:
    """A /48 has 65,536 networks of 64 bits."""
    throttle = LoginThrottle()
    made = 0
    while throttle.may_claim(f"2001:db8:1:{made:x}::1", NOON):
        throttle.claim(f"2001:db8:1:{made:x}::1", NOON)
        made += 1
    assert made == CLAIMS_PER_SITE
    assert throttle.may_claim("2001:db8:2::1", NOON)


def test_what_is_remembered_of_guesses_is_bounded() -> None:
    """However many addresses guess at however many names; and it is forgotten when it is over."""
    window = SlidingWindow(WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS)
    for i in range(3 * THROTTLE_KEYS_KEPT):
        window.add(str(i), NOON)
    assert len(window) == THROTTLE_KEYS_KEPT
    window.add("later", NOON + LOGIN_WINDOW_MS)
    assert len(window) == 1


def test_an_ipv6_address_counts_with_its_network() -> None:
    """As hosts are written here: with a 0 before a leading colon, and perhaps an interface."""
    assert limit_key("192.0.2.1") == "192.0.2.1"
    assert limit_key("2001:db8::1") == limit_key("2001:db8::ffff:2%eth0")
    assert limit_key("0::1") == limit_key("::1")


def test_the_cost_is_the_one_that_was_chosen() -> None:
    """32 MiB for each guess."""
    n, r, p = SCRYPT_N_R_P
    assert 128 * n * r * p == 32 * 1024 * 1024
