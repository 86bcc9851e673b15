"""Names of rooms by what they look like."""

from chatroom.common.names import fold, skeleton


class Looks:
    """Finds the names that look like another; in any case of letters, since a capital I looks like a small l."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}  # by what they look like

    def add(self, name: str) -> None:
        for form in _forms(name):
            self._names.setdefault(form, {})[fold(name)] = None

    def remove(self, name: str) -> None:
        """Does nothing if the name isn't there."""
        for form in _forms(name):
            alike = self._names.get(form, {})
            alike.pop(fold(name), None)
            if not alike:
                self._names.pop(form, None)

    def has_like(self, name: str, but: str = "") -> bool:
        """Whether another name, besides `but`, looks like this one."""
        same = (fold(name), fold(but))
        return any(key not in same for form in _forms(name) for key in self._names.get(form, ()))


def _forms(name: str) -> set[str]:
    return {skeleton(name), skeleton(fold(name))}
