"""Old names of rooms, which lead to the new ones for a while: as the state has them, and as the file does."""

from collections.abc import Callable

from chatroom.common.names import fold

REDIRECT_MS = 7 * 86_400_000  # milliseconds for which the old name of a room leads to it: programs join by it
REDIRECTS_PER_ROOM = 3  # old names that lead to one room: more of them would only keep names from others
REDIRECTS_MAX = 1_000  # in all; those to rooms that nobody owns go first

Redirects = dict[str, tuple[str, int]]  # the new name, and since when in milliseconds, by the fold of the old one


def redirect(renamed: Redirects, old: str, name: str, now: int, is_owned: Callable[[str], bool]) -> None:
    """Has the old name of a room, by its fold, and those that led to it, lead to the new one.

    `is_owned` tells of the fold of a name whether a room of that name has an owner.
    """
    new = fold(name)
    renamed.pop(new, None)
    renamed.pop(old, None)
    renamed[old] = name, now
    for key, (target, time) in list(renamed.items()):
        if now - time >= REDIRECT_MS:
            del renamed[key]
        elif fold(target) == old:
            renamed[key] = name, time
    to_it = [key for key, (target, _) in renamed.items() if fold(target) == new]
    for key in to_it[:-REDIRECTS_PER_ROOM]:
        del renamed[key]
    if len(renamed) > REDIRECTS_MAX:
        first = next((key for key, (target, _) in renamed.items() if not is_owned(fold(target))), next(iter(renamed)))
        del renamed[first]
