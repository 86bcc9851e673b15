"""The rules by which all servers come to the same conclusions, and the spool: without Redis."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.cluster.redis_stream import shown
from chatroom.cluster.servers import Servers, Timing
from chatroom.cluster.spool import Proposal, Spool
from chatroom.model.state import ChatState

TIMING = Timing(lease=10, stall=5, beat=2.5)


def servers(*ids: str, at: int = 0) -> Servers:
    """Servers that are part of a chat since a moment."""
    rules = Servers(ChatState("here", lasting=False), TIMING)
    rules.pass_to(at)
    for each in ids:
        rules.add(each, f"server {each}", 1)
    return rules


def test_a_server_without_a_sign_of_life_for_a_lease_is_lost() -> None:
    """With the first entry that is more than a lease later; every entry is a sign of life of its server."""
    rules = servers("a", "b", at=0)
    for moment in range(2500, 10_001, 2500):
        assert not rules.pass_to(moment)
        rules.hear("a")
    assert [server.id for server in rules.pass_to(10_001)] == ["b"]


def test_where_nothing_at_all_was_written_nobody_is_lost() -> None:
    """It was Redis that was away; everybody gets a whole lease again."""
    rules = servers("a", "b", at=0)
    assert not rules.pass_to(60_000)
    rules.hear("a")
    for moment in range(62_500, 70_001, 2500):
        assert not rules.pass_to(moment)
        rules.hear("a")
    assert [server.id for server in rules.pass_to(70_001)] == ["b"]


def test_what_a_server_did_counts_once_and_only_while_it_is_part_of_the_chat() -> None:
    """Numbers that were there before are there twice; a stranger's don't count at all."""
    rules = servers("a")
    assert [rules.counts("a", number) for number in (2, 3, 2, 3, 4)] == [True, True, False, False, True]
    assert not rules.counts("b", 1)
    rules.remove("a")
    assert not rules.counts("a", 5)


@settings(deadline=None)
@given(st.integers(0, 1 << 30), st.integers(1, 60))
def test_each_act_is_applied_once_and_in_order_however_often_the_link_breaks(seed: int, count: int) -> None:
    """What was written on an old connection may come after what was written on a new one."""
    chance = random.Random(seed)
    spool, rules = Spool(), servers("a")
    spool.let(open=True)
    pipes: list[list[int]] = [[]]  # what is on its way on each connection, old ones too
    applied: list[int] = []
    added = 0
    while len(applied) < count:
        step = chance.randrange(4)
        if step == 0 and added < count:
            spool.add(Proposal(None, [], [[str(added)]]))
            added += 1
        elif step == 1:
            pipes[-1] += [act.number for act in spool.take(0)]
        elif step == 2 and chance.random() < 0.5:  # the connection breaks; what was on its way arrives, or a part of it
            del pipes[-1][chance.randint(0, len(pipes[-1])) :]
            pipes.append([])
            spool.unsend()
        else:
            ready = [pipe for pipe in pipes if pipe]
            number = chance.choice(ready).pop(0) if ready else 0
            if number and rules.counts("a", number + 1):  # its coming was number 1
                act = spool.come_back(number)
                assert act
                applied.append(int(act.rows[0][0]))
    assert applied == list(range(count))


def test_a_url_is_shown_without_what_is_secret() -> None:
    """Wherever in it that stands."""
    for url in ("rediss://user:secret@redis.example:6379/0", "redis://:secret@redis.example:6379/0?password=secret"):
        assert shown(url).endswith("://redis.example:6379/0")
    for no_url in ("redis:secret@redis.example", "redis:/:secret@redis.example", "redis://:se/cret@redis.example", "x"):
        assert shown(no_url) == "that"
    for split in ("redis://:1/secret@redis.example:6379/0", "redis://a/secret@redis.example", "redis://:1#secret@r:1"):
        assert shown(split) == "that"
