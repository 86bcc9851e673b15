"""How long a connection or a server may give no sign of life."""

WRITE_STALL_SECONDS = 30  # seconds in which a client that is behind must take something
DROP_AFTER_SECONDS = 150  # seconds of silence, after which it is gone
LEASE_SECONDS = 10.0  # seconds without a sign of life, after which a server's people are seen to leave
