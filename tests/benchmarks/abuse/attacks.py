"""All attacks, by name."""

from tests.benchmarks.abuse.attack import Attack
from tests.benchmarks.abuse.clock import clock
from tests.benchmarks.abuse.crowds import churn, churn_by_web, idle, unread, unread_by_web
from tests.benchmarks.abuse.deeds import deeds
from tests.benchmarks.abuse.encrypted import encrypted
from tests.benchmarks.abuse.endings import half_open, network, sigterm
from tests.benchmarks.abuse.fuzz import fuzz
from tests.benchmarks.abuse.lock import lock
from tests.benchmarks.abuse.pictures import pictures
from tests.benchmarks.abuse.scarce import descriptors, disk, threads
from tests.benchmarks.abuse.strangers import babbler, slowloris, slowloris_by_web, stalled
from tests.benchmarks.abuse.web_fuzz import web_fuzz

ATTACKS = (
    Attack("idle", "10,000 clients that say nothing, in 100 rooms", idle),
    Attack("unread", "200, then 1,000 that never read, among as many that do", unread),
    Attack("unread-web", "200 browsers that never read, among as many that do", unread_by_web),
    Attack("slowloris", "500, then 5,000 clients that choose a name at one byte a second", slowloris),
    Attack(
        "slowloris-web",
        "500 browsers whose WebSocket brings a byte a second: half frames, parts, pings",
        slowloris_by_web,
    ),
    Attack("tls", "500 clients with half of a TLS handshake", stalled),
    Attack("encrypted", "200 clients with TLS that send and receive 4 KiB messages at once for 10 minutes", encrypted),
    Attack("babbler", "5 MB of commands before registration, from a client that never reads", babbler),
    Attack("fuzz", "1,000,000 lines of rubbish in both dialects, before two witnesses", fuzz),
    Attack("fuzz-web", "20,000 connections with mistaken requests and any frames of WebSocket", web_fuzz),
    Attack("deeds", "operators, owners and strangers use every command with hostile arguments for an hour", deeds),
    Attack("churn", "100,000 clients come and go, every other one with a reset", churn),
    Attack("churn-web", "20,000 browsers come and go, every other one with a reset", churn_by_web),
    Attack("files", "400 clients where there are descriptors for fewer", descriptors),
    Attack("threads", "clients where there are threads for fewer (needs root)", threads),
    Attack("disk", "the disk is full, five times, while people talk (needs root)", disk),
    Attack("half-open", "clients whose process is stopped (SIGSTOP)", half_open),
    Attack("network", "clients whose network drops everything (needs root and iptables)", network),
    Attack("sigterm", "SIGTERM under load, and a restart at once", sigterm),
    Attack("clock", "the clock is set back a day while people talk (needs libfaketime)", clock),
    Attack("lock", "every command with its dearest arguments: how long all others wait for it", lock),
    Attack("pictures", "500 clients do everything at random for 30 minutes", pictures),
)
