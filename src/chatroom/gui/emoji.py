"""What Tk 8.6 can't draw, as what it can: it shows each part of an emoji by itself, or a box."""

import re

_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")  # two letters of a country
_REGION = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+")  # a flag of a part of a country: England
_KEYCAP = re.compile("([0-9#*])\ufe0f?\u20e3")
_PEOPLE = "\U0001f466-\U0001f469\U0001f9d1-\U0001f9d3"
_FAMILY = re.compile(f"[{_PEOPLE}](?:[\U0001f3fb-\U0001f3ff]?\u200d(?:\u2764\ufe0f?\u200d)?[{_PEOPLE}])+")
_JOINED = re.compile("([\u2190-\u2bff\U0001f000-\U0001faff])(?:[\ufe0f\U0001f3fb-\U0001f3ff]*\u200d[^\\s\x00-\x7f])+")
_SHADES = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")  # skin tones, and which look is wanted
_FIRST_LETTER = 0x1F1E6


def simplified(text: str) -> str:
    """The text with one character for each emoji of several, or its name: a family, a hand without its tone, (PL)."""
    if text.isascii():
        return text
    text = _FLAG.sub(lambda flag: f"({''.join(chr(ord(c) - _FIRST_LETTER + ord('A')) for c in flag[0])})", text)
    text = _KEYCAP.sub(r"\1", _REGION.sub("\U0001f3f4", text))
    text = _JOINED.sub(r"\1", _FAMILY.sub("\U0001f46a", text))
    return _SHADES.sub("", text)
