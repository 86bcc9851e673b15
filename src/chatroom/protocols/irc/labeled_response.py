"""The answers to a labelled command, marked as such: IRCv3 labeled-response and batch.

An answer of one line bears the label; one of many is a batch that bears it; where there would be none, ACK does.
"""

from itertools import count

from chatroom.common.irc_message import render_tags

_numbers = count(1)  # of batches; they need only differ


def labelled(label: str, answer: bytes, server: str) -> bytes:
    """`answer`, whole lines, with its label."""
    tag = render_tags({"label": label}).encode()
    lines = answer.split(b"\r\n")[:-1]
    if not lines:
        return b"@%s :%s ACK\r\n" % (tag, server.encode())
    if len(lines) == 1 or _is_batch(lines):
        return _with_tag(tag, lines[0]) + b"".join([line + b"\r\n" for line in lines[1:]])
    name = b"%x" % next(_numbers)
    start = b"@%s :%s BATCH +%s labeled-response\r\n" % (tag, server.encode(), name)
    inside = b"".join([_with_tag(b"batch=" + name, line) for line in lines])
    return b"%s%s:%s BATCH -%s\r\n" % (start, inside, server.encode(), name)


def _is_batch(lines: list[bytes]) -> bool:
    """Whether the answer is one batch already."""
    first, last = lines[0].partition(b" BATCH +"), lines[-1].partition(b" BATCH -")
    return bool(first[1]) and first[2].split(b" ")[0] == last[2]


def _with_tag(tag: bytes, line: bytes) -> bytes:
    """The line with one more tag; a line that is in a batch already stays in that alone."""
    if not line.startswith(b"@"):
        return b"@%s %s\r\n" % (tag, line)
    if tag.startswith(b"batch=") and b"batch=" in line.partition(b" ")[0]:
        return line + b"\r\n"
    return b"@%s;%s\r\n" % (tag, line[1:])
