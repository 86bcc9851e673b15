"""What the window shows as code and as links."""

import pytest

from chatroom.client.room import Room
from chatroom.client.transcript_entry import Kind, TranscriptEntry
from chatroom.gui import markup
from chatroom.gui.markup import Block
from chatroom.gui.transcript import Transcript


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one", [Block(("one",))]),
        ("one\n\n  two", [Block(("one", "", "  two"))]),
        ("```x = 1```", [Block(("x = 1",), True)]),
        (
            "is this right?\n```python\ndef f():\n\treturn 1\n```\nit prints 1",
            [Block(("is this right?",)), Block(("def f():", "\treturn 1"), True), Block(("it prints 1",))],
        ),
        ("```never closed\nx", [Block(("```never closed", "x"))]),
        ("``````", [Block(("``````",))]),
        ("```\na\n``` ```\nb\n```", [Block(("a",), True), Block(("b",), True)]),
        ("", [Block(("",))]),
    ],
)
def test_fences_enclose_code(text: str, expected: list[Block]) -> None:
    """As the page for browsers reads them."""
    assert markup.blocks(text) == expected


def test_code_and_links_within_a_line() -> None:
    assert markup.segments("run `ls -l` on https://a.b/c(d), then `", "body") == [
        ("run ", "body"),
        ("ls -l", "mono"),
        (" on ", "body"),
        ("https://a.b/c(d)", "link"),
        (", then `", "body"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "use `a*b*c` *now* in",
            [("use ", "body"), ("a*b*c", "mono"), (" ", "body"), ("now", "body bold"), (" in", "body")],
        ),
        ("2*3*4 and * not * bold", [("2*3*4 and * not * bold", "body")]),
        ("**no** and *a b*.", [("**no** and ", "body"), ("a b", "body bold"), (".", "body")]),
        ("zażółć*nie* _*tak*_", [("zażółć*nie* _", "body"), ("tak", "body bold"), ("_", "body")]),
        ("see https://a.b/c*, *x", [("see ", "body"), ("https://a.b/c", "link"), ("*, *x", "body")]),
    ],
)
def test_words_between_stars_are_bold(text: str, expected: list[tuple[str, str]]) -> None:
    """By the rule of the page for browsers: a star between letters or digits is a star."""
    assert markup.segments(text, "body") == expected


def test_a_message_has_a_row_for_each_line_and_offers_to_copy_its_code() -> None:
    """The first stands behind the name; what is copied is the code, with its indentation."""
    room = Room("#r")
    room.add(TranscriptEntry(Kind.MESSAGE, 0.0, "bob", "look:\n```\nif x:\n\ty()\n```\ngood?"))
    rows = Transcript(room).rows[1:]
    assert [row.text.partition("\t")[2] if row.tag == "line" else row.text for row in rows] == [
        "bob  look:",
        "Copy the code",
        "if x:",
        "\ty()",
        "good?",
    ]
    assert rows[1].code == "if x:\n\ty()"
    assert len({row.position for row in rows}) == 1
