"""Where links end, and what happens where nothing opens them."""

import threading

import pytest

from chatroom.gui.links import LinkOpener
from chatroom.gui.markup import segments
from tests.gui.people import wait_for


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://pl.wikipedia.org/wiki/Jan_(malarz)", "https://pl.wikipedia.org/wiki/Jan_(malarz)"),
        ("(https://example.org/a)", "https://example.org/a"),
        ("(see https://example.org/a_(b)).", "https://example.org/a_(b)"),
        ("https://example.org/?q=[1], then", "https://example.org/?q=[1]"),
        ("https://example.org/x?y=1.", "https://example.org/x?y=1"),
        ("https://).", ""),
    ],
)
def test_brackets_that_are_opened_in_a_link_belong_to_it(text: str, link: str) -> None:
    """And the sentence around it does not."""
    assert [part for part, tag in segments(text, "body") if tag == "link"] == ([link] if link else [])


def test_a_browser_that_keeps_us_waiting_stops_nothing() -> None:
    """A browser for terminals runs until its user has read."""
    read = threading.Event()
    opener = LinkOpener(lambda url: read.wait(10))
    opener.open("https://example.org/")
    assert opener.take_unopened() == []
    read.set()


def test_where_nothing_opens_links_that_is_told() -> None:
    """By the link itself, so that it can be copied."""
    opener = LinkOpener(lambda url: False)
    opener.open("https://example.org/")
    assert wait_for(opener.take_unopened, "it is told") == ["https://example.org/"]
