"""Takes telnet's commands out of what a client sends, and refuses the options that they offer (RFC 854).

They begin with the byte IAC, which is never part of UTF-8. PuTTY offers options before the first key; `telnet` asks for
a sign of life when its user presses Ctrl+C (RFC 860), and shows nothing more until that is answered.
"""

import re

IAC = b"\xff"
_OPTION_BYTES = 64  # of an option's details; no client sends them without an option that was agreed on

# A command: with an option, an option's details up to IAC SE, or one byte. A twofold IAC is the byte itself. What may
# be the beginning of a command, at the end, is kept until the rest comes. Anything else is no telnet: somebody's text
# in another encoding, such as UTF-16, which begins like a DONT.
_DETAIL = rb"(?:[^\xff]|\xff\xff){0,%d}" % _OPTION_BYTES
_COMMAND = re.compile(
    rb"\xff(?:(?P<verb>[\xfb-\xfd])(?P<option>.)|\xfe[\x00-\x1f\x7f-\xff]|\xfa%b\xff\xf0|[\xf0-\xf9]|(?P<itself>\xff)"
    rb"|(?P<open>(?:[\xfb-\xfe]|\xfa%b\xff?)?)\Z)" % (_DETAIL, _DETAIL),
    re.DOTALL,
)
_REFUSALS = {b"\xfb": b"\xfe", b"\xfd": b"\xfc"}  # WILL: DONT, DO: WONT. What is not done already is not answered


class Telnet:
    """The telnet commands in what one client sends."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open = b""

    @property
    def is_open(self) -> bool:
        """Whether a command has begun that is not over yet."""
        return bool(self._open)

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """`data` without commands, and the answer to these: an option that is named many times is refused once."""
        answers: dict[bytes, None] = {}

        def take_out(found: re.Match[bytes]) -> bytes:
            if found["open"] is not None:
                self._open = found[0]
            elif refusal := _REFUSALS.get(found["verb"] or b""):
                answers[IAC + refusal + found["option"]] = None
            return IAC if found["itself"] else b""

        data, self._open = self._open + data, b""
        return _COMMAND.sub(take_out, data), b"".join(answers)
