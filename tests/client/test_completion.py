"""Tab, and messages that were sent before."""

from chatroom.client.completion import Completion, SentMessages, candidates
from tests.client.script import Script


def test_a_name_is_completed_last_speaker_first_own_name_last(script: Script) -> None:
    """With a colon at the start of a line, a space elsewhere; again and again goes round."""
    script.feed(":Albert!u@h PRIVMSG #lobby :hi")
    state, lobby = script.state, script.lobby
    assert candidates(state, lobby, "al") == ["Albert: ", "alice: "]
    assert candidates(state, lobby, "hello @al") == ["@Albert ", "@alice "]
    assert candidates(state, lobby, "me") == ["melanie: ", "me: "]
    completion = Completion()
    text: str | None = "hey AL"
    seen = []
    for _ in range(3):
        assert text
        text = completion.next(state, lobby, text)
        seen.append(text)
    assert seen == ["hey Albert ", "hey alice ", "hey Albert "]
    assert completion.next(state, lobby, "xyz") is None
    assert completion.next(state, lobby, "") is None


def test_commands_and_rooms_are_completed(script: Script) -> None:
    """/jo and #lo."""
    assert candidates(script.state, script.lobby, "/jo") == ["/join "]
    assert candidates(script.state, script.lobby, "see #lo") == ["#lobby "]


def test_sent_messages_come_back_and_the_draft_is_kept() -> None:
    """Up, up, down, down."""
    sent = SentMessages()
    sent.add("one")
    sent.add("two")
    assert [sent.older("draft"), sent.older("two"), sent.older("one")] == ["two", "one", None]
    assert [sent.newer("one"), sent.newer("two"), sent.newer("draft")] == ["two", "draft", None]
