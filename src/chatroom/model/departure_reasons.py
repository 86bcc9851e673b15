"""Why connections ended, or somebody is away, where something depends on it, such as what who is back is shown."""

from chatroom.model.deadlines import DROP_AFTER_SECONDS, WRITE_STALL_SECONDS

SILENT = f"no sign of life for {DROP_AFTER_SECONDS} seconds"
STALLED = f"read nothing for {WRITE_STALL_SECONDS} seconds"
TOO_SLOW = "too slow to read what was sent to it"
SLOWEST = "the slowest of too many slow readers"
OVERTAKEN = "came in again from elsewhere"
SAME_PERSON = "is {nick} now"  # a guest who has logged in as somebody who is here
LOGGED_OUT = "you have logged out"
DEVICE_ENDED = "you have ended this connection from another device"
ABSENT = "not at any device"  # somebody whose devices all say that nobody is there, or who has none
TIMED_OUT = "connection timed out"
LINK_LOST = ("the link to ", " was lost")


def link_lost(server: str) -> str:
    """Why somebody leaves whose server is not there any more."""
    return server.join(LINK_LOST)


PASSWORD_CHANGED = "the password of the account was changed"
STAYED_LONGEST = "too many stay without a device"  # who makes room then
NAME_GIVEN_UP = "the name is nobody's any more"
