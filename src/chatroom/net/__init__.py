"""Sockets: who is connected, what waits for them, the one thread that writes.

May import `model`, `common` and `protocols.base`.
"""
