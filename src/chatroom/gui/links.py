"""Links: where they stand in a text, and what opens them. No Tk."""

import re
import threading
import webbrowser
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_BEHIND = "'.,;:!?"  # what belongs to the sentence, not to the link before it
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def find(text: str) -> Iterator[tuple[int, int]]:
    """Where links begin and end. A closing bracket belongs to a link that has the opening one."""
    for found in _LINK.finditer(text):
        link = found[0]
        while link[-1] in _BEHIND or (link[-1] in _BRACKETS and link.count(link[-1]) > link.count(_BRACKETS[link[-1]])):
            link = link[:-1]
        if not link.endswith("://"):
            yield found.start(), found.start() + len(link)


class LinkOpener:
    """Opens links in threads, as some browsers keep whoever starts them waiting."""

    def __init__(self, opens: Callable[[str], bool] = webbrowser.open) -> None:
        self._opens = opens
        self._unopened: SimpleQueue[str] = SimpleQueue()

    def open(self, url: str) -> None:
        threading.Thread(target=self._open, args=(url,), daemon=True).start()

    def take_unopened(self) -> list[str]:
        """The links that nothing could open, since the last call."""
        urls = []
        while True:
            try:
                urls.append(self._unopened.get_nowait())
            except Empty:
                return urls

    def _open(self, url: str) -> None:
        try:
            opened = self._opens(url)
        except (webbrowser.Error, OSError):
            opened = False
        if not opened:
            self._unopened.put(url)
