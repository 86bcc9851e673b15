"""Sockets: the connections, their outboxes, TLS, and the courier, which writes to all of them.

May import `model`, `common` and `protocols.base`.
"""
