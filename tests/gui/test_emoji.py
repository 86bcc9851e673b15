"""What Tk 8.6 can't draw is one character, or a name."""

import pytest

from chatroom.gui.emoji import simplified


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("żółw 😀", "żółw 😀"),
        ("hi 🇵🇱!", "hi (PL)!"),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏴"),
        ("👋🏽", "👋"),
        ("👨‍👩‍👧‍👦 and 👩🏽‍❤️‍👨", "👪 and 👪"),
        ("🧑🏽‍🚀", "🧑"),
        ("🏳️‍🌈", "🏳"),
        ("1️⃣ ❤️", "1 ❤"),
        ("क्‍ष", "क्‍ष"),  # a joiner between letters stays
    ],
)
def test_an_emoji_of_several_parts_is_one(text: str, shown: str) -> None:
    assert simplified(text) == shown
