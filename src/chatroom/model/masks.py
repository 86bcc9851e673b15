"""Masks: patterns such as `*!*@192.0.2.*` that say who is banned, excepted or invited."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from types import MappingProxyType

from chatroom.common.cloaks import is_of_addresses
from chatroom.common.names import fold
from chatroom.model.values import ListEntry, Person

MASK_BYTES = 160  # a mask, its room and who set it fit one line
STARS_MAX = 8  # `*` in a mask: a name, a user and a host with two in each have six; each is one more search

MUTE = "m:"  # a ban that begins so meets speaking only
ACCOUNT = "a:"  # a mask that begins so means an account: IRCv3 account-extban


def mask(text: str) -> str:
    """`text` as a whole mask, nick!user@host, with `*` for what it leaves open; a:account as it is."""
    mute = MUTE if text.startswith(MUTE) else ""
    text = text.removeprefix(mute)
    if text.startswith(ACCOUNT):
        return f"{mute}{text}"
    nick, bang, rest = text.partition("!")
    user, at, host = rest.partition("@")
    if not bang:
        nick, at, host = text.partition("@")
        if at:  # user@host
            nick, user = "*", nick
        elif "." in text or ":" in text:  # a host: no nickname has these
            nick, host = "*", text
    return f"{mute}{nick or '*'}!{user or '*'}@{host or '*'}"


def is_valid(whole: str) -> bool:
    """Whether a whole mask may be put on a list.

    It must fit its line, and be one parameter there: what begins with a colon is the rest of a line (RFC 2812 §2.3.1).
    """
    return not (" " in whole or whole.startswith(":") or len(whole.encode()) > MASK_BYTES)


class Form:
    """Somebody as masks see them, all of it folded: by what others see, by the cloak and by the address."""

    __slots__ = ("account", "address", "keys", "texts")

    def __init__(self, person: Person) -> None:
        self.texts = [fold(person.mask)]
        self.account = fold(person.account)
        # The usual masks that match them: whole, for their host, for their name, for their account.
        self.keys = [self.texts[0], f"*!*@{fold(person.host)}", f"{fold(person.nick)}!*@*"]
        self.address = ""  # the mask with that, where others don't see it
        if person.cloak and person.cloak != person.host:
            self.texts.append(self._with(person, person.cloak))
        if person.address and person.address != person.host:
            self.address = self._with(person, person.address)
        if self.account:
            self.keys.append(ACCOUNT + self.account)

    def _with(self, person: Person, host: str) -> str:
        """The person's mask with another host, which becomes one of the keys."""
        text = fold(f"{person.nick}!{person.username}@{host}")
        self.keys += [text, f"*!*@{fold(host)}"]
        return text


class _Pattern:
    """A whole mask without `MUTE`, ready to be held against many people."""

    __slots__ = ("_glob", "_is_of_account", "_is_of_addresses")

    def __init__(self, whole: str) -> None:
        self._is_of_account = whole.startswith(ACCOUNT)
        self._is_of_addresses = is_of_addresses(whole)
        self._glob = Glob(whole.removeprefix(ACCOUNT))

    def matches(self, form: Form) -> bool:
        if self._is_of_account:
            return form.account != "" and self._glob.fullmatch(form.account)
        if self._is_of_addresses and form.address:
            return self._glob.fullmatch(form.address)  # a mask that can match no cloak
        return any(map(self._glob.fullmatch, form.texts))


def matcher(masks: list[str]) -> Callable[[Person], bool]:
    """A function that says whether any of these whole masks (without `MUTE`) matches a person."""
    patterns = [_Pattern(each) for each in masks]

    def matches_any(person: Person) -> bool:
        form = Form(person)
        return any(pattern.matches(form) for pattern in patterns)

    return matches_any


def matches(whole: str, person: Person) -> bool:
    """Whether a whole mask (without `MUTE`) is one for this person."""
    return _Pattern(whole).matches(Form(person))


class MaskList(MutableMapping[str, ListEntry]):
    """A list of masks: its entries by their folded masks, in the order in which they came.

    The usual masks are found by the keys of a person (`Form.keys`), however many there are. Only the others, its
    patterns, are held against each person.
    """

    __slots__ = ("_patterns", "entries")

    def __init__(self, entries: Mapping[str, ListEntry] = MappingProxyType({})) -> None:
        self.entries: dict[str, ListEntry] = {}
        self._patterns: dict[bool, dict[str, _Pattern]] = {False: {}, True: {}}  # those of mutes under True
        if entries:
            self.update(entries)

    def refresh(self) -> None:
        """Makes the patterns anew."""
        self._patterns = {False: {}, True: {}}
        self.update(dict(self.entries))

    def __getitem__(self, key: str) -> ListEntry:
        return self.entries[key]

    def __setitem__(self, key: str, entry: ListEntry) -> None:
        self.entries[key] = entry
        whole = key.removeprefix(MUTE)
        if not _is_usual(whole):
            self._patterns[key.startswith(MUTE)][key] = _Pattern(whole)

    def __delitem__(self, key: str) -> None:
        del self.entries[key]
        self._patterns[key.startswith(MUTE)].pop(key, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def find(self, form: Form, *, mutes: bool = False) -> ListEntry | None:
        """An entry that matches somebody: one of the mutes, or one of all others."""
        if not self.entries:
            return None
        for key in form.keys:
            entry = self.entries.get(MUTE + key if mutes else key)
            if entry:
                return entry
        return next((self.entries[key] for key, each in self._patterns[mutes].items() if each.matches(form)), None)


def _is_usual(whole: str) -> bool:
    """Whether a mask is among the keys of everybody whom it matches."""
    fixed = whole[4:] if whole.startswith("*!*@") else whole.removesuffix("!*@*")
    return "*" not in fixed and "?" not in fixed


class Glob:
    """A pattern with `*` and `?`, held against folded text piece by piece: nothing is compiled or cached.

    One that is longer than `MASK_BYTES` characters matches nothing.
    """

    __slots__ = ("_first", "_last", "_middle")

    def __init__(self, pattern: str) -> None:
        first, *middle = [_Piece(text) for text in fold(pattern).split("*")]
        self._first = first if len(pattern) <= MASK_BYTES else None
        self._last = middle.pop() if middle else None
        self._middle = [(piece.text, piece.size, piece) for piece in middle]

    def fullmatch(self, text: str) -> bool:
        """Whether the whole text is as the pattern says."""
        first, last = self._first, self._last
        if first is None or not first.is_at(text, 0):
            return False
        if last is None:
            return len(text) == first.size
        start, end = first.size, len(text) - last.size
        if start > end or not last.is_at(text, end):
            return False
        for plain, size, piece in self._middle:  # the leftmost place leaves the most room for those that follow
            place = text.find(plain, start, end) if plain else piece.find(text, start, end)
            if place < 0:
                return False
            start = place + size
        return True


class _Piece:
    """The part of a mask between two stars: texts, and any number of `?` before, between and after them."""

    __slots__ = ("_offset", "_others", "_rarest", "size", "text")

    def __init__(self, piece: str) -> None:
        self.size = len(piece)
        self.text = "" if "?" in piece else piece  # "" where `str.find` alone can't find it
        texts: list[tuple[int, str]] = []  # with their offsets in the piece
        offset = 0
        for text in piece.split("?"):
            if text:
                texts.append((offset, text))
            offset += len(text) + 1
        # The longest is looked for, since it is the rarest; where it is, the others are compared.
        self._offset, self._rarest = max(texts, key=lambda at: len(at[1]), default=(0, ""))
        self._others = [each for each in texts if each[0] != self._offset]

    def is_at(self, text: str, place: int) -> bool:
        if not text.startswith(self._rarest, place + self._offset):
            return False
        return not self._others or all(text.startswith(other, place + offset) for offset, other in self._others)

    def find(self, text: str, start: int, end: int) -> int:
        """The first place between `start` and `end` where the piece is; -1 if none."""
        until = end - self.size + self._offset + len(self._rarest)
        while True:
            place = text.find(self._rarest, start + self._offset, until) - self._offset
            if place < start or self.is_at(text, place):
                return place if place >= start else -1
            start = place + 1
