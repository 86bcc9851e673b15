"""Limits that several files of the server share."""

# Seconds to wait after a connection could not be accepted: the first pause, doubled up to the second.
ACCEPT_PAUSE_SECONDS = (0.01, 1.0)
