"""Links: where they stand in a text, and what opens them. No Tk."""

import threading
import webbrowser
from collections.abc import Callable
from queue import Empty, SimpleQueue

PATTERN = r"https?://[^\s<>\"]+"  # of a link, in any case, with what belongs to the sentence around it
_BEHIND = "'.,;:!?*_`"  # what belongs to the sentence, not to the link before it
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def end_of(link: str) -> str:
    """The link without what is the sentence's; "" if nothing is left. A closing bracket belongs to what opens it."""
    while link[-1] in _BEHIND or (link[-1] in _BRACKETS and link.count(link[-1]) > link.count(_BRACKETS[link[-1]])):
        link = link[:-1]
    return "" if link.endswith("://") else link


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
