"""The sentences that netcat, the console, the log of operators and the exported history share."""

import pytest

from chatroom.common.errors import ChatError, Code
from chatroom.model import replies
from chatroom.model.events import Event, Invited, Kicked, Killed, ModesSet, Said
from chatroom.model.outcomes import Labelled
from chatroom.model.replies import AwayNoted, PersonalNotice, Refused, Reply
from chatroom.model.values import MessageKind, ModeChange, Person
from chatroom.protocols import reply_sentences, sentences
from chatroom.protocols.refusals import describe_refusal
from chatroom.protocols.reply_sentences import describe_reply
from chatroom.protocols.sentences import describe_event
from tests.chat import TOLD_AS_OTHERS, TOLD_NOBODY, kinds

AL = Person("1", "al", "u", "127.0.0.1")
BOB = Person("2", "bob", "u", "127.0.0.1")
FOR_IRC_ALONE = {
    *(replies.NamesAre, replies.AllNamesAre, replies.CountsAre, replies.InvitationsAre, replies.Here, replies.NotHere),
    *(replies.WatchedAre, replies.WhowasIs, replies.UsersAre, replies.UptimeIs),
    *(replies.MarkerIs, replies.TargetsAre, replies.Reloaded),
}


def refusal(code: Code) -> ChatError:
    return ChatError(code, "7", "empty" if code is Code.NICK_BAD else "7", "7", "7", "w")


def test_every_event_has_its_sentences() -> None:
    """Whatever happens, the courier can tell of it."""
    assert set(sentences._EVENTS) == kinds(Event) - (TOLD_AS_OTHERS - {Killed}) - TOLD_NOBODY


def test_every_reply_has_its_sentences() -> None:
    """But for those that nothing asks for except IRC clients, and those that are made of others."""
    assert set(reply_sentences._REPLIES) == kinds(Reply) - FOR_IRC_ALONE - {replies.Raw, Labelled}


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.PASSWORD_ALOUD])
def test_a_refusal_names_commands_as_they_are_typed(code: Code) -> None:
    """With a slash for clients, without one at the console; what only a client can do keeps it."""
    with_slash = describe_refusal(refusal(code), "/")
    if code is Code.NO_SUCH_ACCOUNT:
        assert describe_refusal(refusal(code)) == with_slash and "/register" in with_slash
        return
    assert describe_refusal(refusal(code)) == with_slash.replace("/", "")
    assert not with_slash.startswith("*")


def test_what_clients_wrote_keeps_its_slashes() -> None:
    """Only those of commands are the reader's."""
    assert describe_refusal(ChatError(Code.NO_SUCH_ROOM, "#/who")) == "there is no room #/who; rooms lists them"


@pytest.mark.parametrize(
    ("event", "sentences"),
    [
        (Said(AL, "#a", "one\u2028two", MessageKind.MESSAGE), ["al: one", "al: two"]),
        (Said(AL, "#a", "waves", MessageKind.ACTION), ["al waves"]),
        (Said(AL, "bob", "hi", MessageKind.MESSAGE), ["[private] al: hi"]),
        (Said(AL, "#a", "\x01VERSION\x01", MessageKind.MESSAGE), []),
        (Kicked(AL, "#a", BOB, "rude"), ["al threw bob out (rude)"]),
        (Invited(AL, "#a", BOB), []),
        (
            ModesSet(AL, "#a", (ModeChange(False, "o", "bob"), ModeChange(False, "b", "eve!*@*", until=7, whom="eve"))),
            ["The ban on eve has ended", "al decided that bob is no longer an operator"],
        ),
    ],
)
def test_an_event_is_told_in_sentences(event: Event, sentences: list[str]) -> None:
    """Without what marks a line of the server's for netcat."""
    assert describe_event(event) == sentences


def test_a_reply_is_told_in_sentences() -> None:
    """Commands in them bear the slash that is asked for."""
    invitation = PersonalNotice(Invited(AL, "#a", BOB))
    assert describe_reply(invitation) == ["al invites you to #a; join #a takes you there"]
    assert describe_reply(invitation, "/") == ["al invites you to #a; /join #a takes you there"]
    assert describe_reply(AwayNoted(True), "/") == ["You are away; /away alone says that you are back."]
    assert describe_reply(Refused(ChatError(Code.NO_TEXT))) == ["there is nothing to send"]
