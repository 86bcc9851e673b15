"""What a page's own work costs: how long its longest task kept the processor, whatever else the machine does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

_CATEGORIES = ["toplevel", "__metadata"]


class Tasks:
    """The tasks of a page's thread, longest first, once they are measured; in milliseconds."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []


@contextmanager
def measured(browser: Browser, page: Page) -> Iterator[Tasks]:
    """Measures the tasks of a page meanwhile. While one runs, no key is seen and nothing is drawn.

    A thread that waits for a processor doesn't use one. The clock that tells this counts in steps of some milliseconds,
    and a task has never used more time than has passed.
    """
    tasks = Tasks()
    browser.start_tracing(page=page, categories=_CATEGORIES)
    try:
        yield tasks
    finally:
        events = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    used = [
        min(event["dur"], event["tdur"]) / 1000
        for event in events
        if event["ph"] == "X" and "tdur" in event and (event["pid"], event["tid"]) in threads
    ]
    tasks.milliseconds = sorted(used, reverse=True)
