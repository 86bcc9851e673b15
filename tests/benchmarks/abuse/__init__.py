"""Attacks on `chatroom serve`, each bounded in count and time: `python -m tests.benchmarks.abuse --help`."""
