"""Sockets: the connections, their outboxes, TLS, and the one thread that writes to all of them.

May import `model`, `common` and `protocols.base`.
"""
