"""Which texts may be a reaction: an emoji, or a short word."""

from chatroom.common.errors import ChatError, Code
from chatroom.common.text import clean, is_visible, plain
from chatroom.model.reactions import REACTION_BYTES


def require_reaction(target: str, text: str) -> str:
    """The reaction, cleaned; raises `ChatError` if it can't be shown.

    It has no spaces: it stands in a sentence, and must not pass for a part of that.
    """
    reaction = plain(clean(text)).strip()
    if not is_visible(reaction) or any(c.isspace() for c in reaction) or len(reaction.encode()) > REACTION_BYTES:
        raise ChatError(Code.REACTION_BAD, target, str(REACTION_BYTES))
    return reaction
