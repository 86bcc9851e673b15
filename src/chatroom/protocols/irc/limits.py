"""Limits of IRC lines that several files share."""

USERNAME_CHARACTERS = 10  # the customary USERLEN
TARGETS_PER_COMMAND = 20  # rooms or people in one command: one line may not become a flood
HOST_CHARACTERS = 46  # characters; the longest address there is, and a 0 before one that begins with a colon
