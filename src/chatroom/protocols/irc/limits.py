"""Limits of IRC lines that several files share."""

USERNAME_CHARACTERS = 10  # the customary USERLEN
TARGETS_PER_COMMAND = 20  # rooms or people in one command: one line may not become a flood
