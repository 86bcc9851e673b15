"""Limits of lines, of all protocols."""

PLAIN_LINE_BYTES = 4096  # bytes; about a screen of text. Longer lines are refused, never cut
MESSAGE_BYTES = PLAIN_LINE_BYTES  # in one PRIVMSG or NOTICE: many programs send more than a line holds
