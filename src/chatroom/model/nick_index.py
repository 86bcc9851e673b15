"""Who has which nickname, and which nicknames look alike."""

from collections.abc import Iterable

from chatroom.common.names import fold, skeleton
from chatroom.model.entities import User


class NickIndex:
    """Finds users by their nicknames, in any case of letters, and by what these look like."""

    def __init__(self) -> None:
        self.by_nick: dict[str, User] = {}  # by folded nickname
        self.by_looks: dict[str, User] = {}  # by the skeleton of the nickname; of those who look alike the first

    def get(self, nick: str) -> User | None:
        return self.by_nick.get(fold(nick))

    def lookalike(self, nick: str) -> User | None:
        """The user whose nickname looks like this one, or is the same."""
        return self.by_looks.get(skeleton(nick))

    def add(self, user: User) -> None:
        self.by_nick[fold(user.person.nick)] = user
        self.by_looks.setdefault(skeleton(user.person.nick), user)

    def remove(self, user: User) -> None:
        del self.by_nick[fold(user.person.nick)]
        looks = skeleton(user.person.nick)
        if self.by_looks.get(looks) is user:
            del self.by_looks[looks]

    def rebuild(self, users: Iterable[User]) -> None:
        """Indexes these users and no others."""
        self.by_nick.clear()
        self.by_looks.clear()
        for user in users:
            self.add(user)
