"""Renders metadata for one IRC client: IRCv3 draft/metadata-3. Who has not negotiated it is told nothing of it."""

from collections.abc import Iterable, Iterator

from chatroom.model.replies import FollowedAre, MetadataIs
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.reply_writer import ReplyWriter

METADATA = "draft/metadata-3"
_BATCH = "k"  # batches of a client never overlap, so one name will do


def metadata_is(to: ReplyWriter, reply: MetadataIs) -> Iterator[str]:
    lines = [_line(to, reply.target, key, value) for key, value in reply.entries]
    return batched(to, lines, f"metadata {reply.target}") if reply.whole else iter(lines)


def _line(to: ReplyWriter, target: str, key: str, value: str | None) -> str:
    if value is None:
        return to.line(numerics.RPL_KEYNOTSET, target, key)
    return to.line(numerics.RPL_KEYVALUE, target, key, value)


def followed_are(to: ReplyWriter, reply: FollowedAre) -> Iterator[str]:
    if reply.on is None:
        return batched(to, [to.line(numerics.RPL_METADATASUBS, key) for key in reply.keys], "metadata-subs")
    numeric = numerics.RPL_METADATASUBOK if reply.on else numerics.RPL_METADATAUNSUBOK
    return iter([to.line(numeric, " ".join(reply.keys))])


def batched(to: ReplyWriter, lines: Iterable[str], batch: str) -> Iterator[str]:
    if "batch" not in to.capabilities:
        yield from lines
        return
    yield f":{to.server.name} BATCH +{_BATCH} {batch}\r\n"
    for line in lines:
        yield f"@batch={_BATCH} {line}"
    yield f":{to.server.name} BATCH -{_BATCH}\r\n"
