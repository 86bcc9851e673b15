"""Limits that several files of the server share."""

# seconds to wait when nobody can be accepted: doubled from the first to the second
ACCEPT_PAUSE_SECONDS = (0.01, 1.0)
