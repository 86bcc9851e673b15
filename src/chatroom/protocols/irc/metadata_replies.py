"""Renders metadata for one IRC client: IRCv3 draft/metadata-3. Who has not negotiated it is told nothing of it."""

from collections.abc import Iterator

from chatroom.model.replies import FollowedAre, MetadataIs
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.reply_writer import ReplyWriter

METADATA = "draft/metadata-3"
BATCH = "k"


def metadata_is(to: ReplyWriter, reply: MetadataIs) -> Iterator[str]:
    found = ((reply.target, reply.entries), *reply.members)
    lines = [_line(to, target, key, value) for target, entries in found for key, value in entries]
    return to.batched(BATCH, f"metadata {reply.target}", lines) if reply.whole else iter(lines)


def _line(to: ReplyWriter, target: str, key: str, value: str | None) -> str:
    if value is None:
        return to.line(numerics.RPL_KEYNOTSET, target, key)
    return to.line(numerics.RPL_KEYVALUE, target, key, value)


def followed_are(to: ReplyWriter, reply: FollowedAre) -> Iterator[str]:
    if reply.on is None:
        lines = [to.line(numerics.RPL_METADATASUBS, key) for key in reply.keys]
        return to.batched(BATCH, "metadata-subs", lines)
    numeric = numerics.RPL_METADATASUBOK if reply.on else numerics.RPL_METADATAUNSUBOK
    return iter([to.line(numeric, " ".join(reply.keys))])
