"""Modes as they are written, and masks."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.common.names import fold
from chatroom.model.masks import MASK_BYTES, MUTE, Form, Glob, MaskList, mask, matches
from chatroom.model.modes import written
from chatroom.model.values import ListEntry, ModeChange, Person

BOB = Person("1", "Bob[x]", "u", "192.0.2.7")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("bob", "bob!*@*"),
        ("bob!u", "bob!u@*"),
        ("bob!u@h", "bob!u@h"),
        ("u@h", "*!u@h"),
        ("@h", "*!*@h"),
        ("192.0.2.*", "*!*@192.0.2.*"),
        ("2001:db8::1", "*!*@2001:db8::1"),
        ("", "*!*@*"),
        ("m:bob", "m:bob!*@*"),
        ("m:u@h", "m:*!u@h"),
    ],
)
def test_a_short_mask_is_made_whole(text: str, whole: str) -> None:
    """What it leaves open is anything; a part is told by its signs."""
    assert mask(text) == whole
    assert mask(whole) == whole


@pytest.mark.parametrize("text", ["bob[x]!*@*", "BOB*!*@*", "*!u@192.0.2.?", "*!*@*", "b?b[x]!*@192.*.7"])
def test_a_mask_meets_whom_it_is_like(text: str) -> None:
    """Whatever the case; brackets are letters."""
    assert matches(text, BOB)


@pytest.mark.parametrize("text", ["bob!*@*", "*!u@192.0.2", "?!*@*", "bobx!*@*"])
def test_a_mask_meets_nobody_else(text: str) -> None:
    """The whole of somebody's mask must be like it."""
    assert not matches(text, BOB)


_LETTERS = st.text(st.sampled_from("ab*?[].^\\"), max_size=8)


@given(_LETTERS, st.text(st.sampled_from("ab[].^\\"), max_size=12))
def test_a_pattern_is_stars_and_question_marks_and_nothing_else(pattern: str, text: str) -> None:
    """As a plain regular expression has it."""
    plainly = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    assert bool(Glob(pattern).fullmatch(text)) == bool(re.fullmatch(plainly, text))


_MASKS = st.one_of(
    st.builds("{}!{}@{}".format, *[st.sampled_from(["*", "bob", "b*", "?ob", "carol", "192.0.2.7", "*.7", "u"])] * 3),
    st.sampled_from(["a:bob", "a:b*", "a:?", "a:*", "a:carol"]),
)


@given(st.lists(st.tuples(_MASKS, st.booleans()), max_size=6), st.sampled_from(["", "bob", "Carol"]), st.booleans())
def test_a_list_finds_a_mask_if_and_only_if_one_of_its_masks_matches(
    masks: list[tuple[str, bool]], account: str, mutes: bool
) -> None:
    """Whether it is found by a key, or held against the person; a mute is found as a mute alone."""
    person = Person("1", "bob", "u", "192.0.2.7", account=account)
    listed = MaskList()
    for whole, mute in masks:
        written = MUTE + whole if mute else whole
        listed[fold(written)] = ListEntry(written, "op", 0)
    found = listed.find(Form(person), mutes=mutes)
    matching = [whole for whole, mute in masks if mute is mutes and matches(whole, person)]
    assert (found.mask.removeprefix(MUTE) in matching) if found else not matching


def test_a_mask_that_is_taken_off_a_list_is_found_no_more() -> None:
    """Be it a pattern or a usual mask."""
    listed = MaskList({fold(text): ListEntry(text, "op", 0) for text in ("b?b[x]!*@*", "bob[x]!*@*")})
    for key in list(listed):
        assert listed.find(Form(BOB))
        del listed[key]
    assert listed.find(Form(BOB)) is None and not listed


def test_many_stars_take_no_time() -> None:
    """A mask is tried under the lock of the whole server; in a naive matcher this one would outlive the sun."""
    assert not Glob("*a" * 60 + "b").fullmatch("a" * 300)


def test_a_pattern_that_is_too_long_meets_nothing() -> None:
    """To make it would take everybody's time, and to remember it their memory."""
    assert Glob("*" * MASK_BYTES).fullmatch("alice")
    assert not Glob("*" * (MASK_BYTES + 1)).fullmatch("alice")


def test_changes_are_written_with_their_signs_first() -> None:
    """Each sign once for a run: RFC 2812 §3.2.3."""
    changes = (
        ModeChange(True, "o", "al"),
        ModeChange(True, "i"),
        ModeChange(False, "k", "*"),
        ModeChange(True, "l", "5"),
    )
    assert written(changes) == "+oi-k+l al * 5"
