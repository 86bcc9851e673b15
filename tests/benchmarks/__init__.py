"""Measures `chatroom serve`, and other servers beside it: `python -m tests.benchmarks --help`."""
