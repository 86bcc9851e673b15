"""Asks over the messages for what lets us in again: a password or another name.

Drafts and what waits to be sent stay.
"""

from collections.abc import Callable
from functools import partial

from chatroom.client import plaintext, strings
from chatroom.client.client import Client, Phase
from chatroom.client.settings import Server, Settings
from chatroom.common.language import own, tr
from chatroom.common.names import describe_fault, nick_fault, without_spaces
from chatroom.gui.view_protocol import Question, View


class LoginQuestion:
    """The question of one client, each time the server refuses it. `answered` is called when the client tries again."""

    def __init__(
        self, view: View, settings: Settings, server: Server, client: Client, answered: Callable[[], None]
    ) -> None:
        self._view = view
        self._settings = settings
        self._server = server
        self._client = client
        self._answered = answered
        self._asked: tuple[str, tuple[str, ...]] = ("nick-taken", ())  # what keeps us out
        self._is_waiting = False  # for what the server makes of an answer

    def ask(self, reason: str, about: tuple[str, ...]) -> None:
        """Asks for the answer to a refusal, which is one of `strings.ANSWERS`."""
        self._asked, self._is_waiting = (reason, about), False
        self.ask_again()

    def ask_again(self) -> None:
        reason, about = self._asked
        kind = strings.ANSWERS[reason]
        name = self._client.state.login_name or self._client.state.nick
        self._view.ask(
            Question(
                _title(kind),
                strings.refusal(reason, *about),
                tr(strings.LABELS[kind], name=name),
                tr("Connect"),
                is_secret=kind != "nick",
                is_unasked=True,
                stays=True,
                other=tr("Another name…") if kind == "password" else "",
                on_other=self._ask_name,
            ),
            partial(self._answer, kind),
        )

    def _ask_name(self) -> None:
        self.ask("nick-taken", self._asked[1])

    def _answer(self, kind: str, text: str) -> None:
        """The user has answered."""
        if self._client.phase is not Phase.ASKING:
            self._view.end_question()
            return
        text = without_spaces(text) if kind == "nick" else text
        fault = nick_fault(text) if kind == "nick" else None
        if fault:
            self.ask("nick-bad", (text, describe_fault(fault, own())))
            return
        danger = "" if kind == "nick" else plaintext.danger(self._server, self._settings, text)
        question = "\n\n".join([danger, tr("Send it without TLS?")])
        if danger and not self._view.confirm(question, tr("Send")):
            self.ask_again()
            return
        self._client.answer(kind, text)
        self._wait(kind)
        self._answered()

    def _wait(self, kind: str) -> None:
        """Keeps the question where it is until the server has said what it makes of the answer.

        Else what is typed meanwhile, such as the password once more, would be said in the room.
        """
        self._is_waiting = True
        name = self._client.state.login_name or self._client.state.nick
        self._view.ask(
            Question(
                _title(kind), tr("The server is looking at your answer…"), tr(strings.LABELS[kind], name=name),
                tr("Connect"), is_secret=kind != "nick", stays=True, is_waiting=True,
            ),
            lambda text: None,
        )  # fmt: skip

    def let_in(self) -> None:
        """The server has let us in."""
        if self._is_waiting:
            self._is_waiting = False
            self._view.end_question()


def _title(kind: str) -> str:
    return tr("That name is taken") if kind == "nick" else tr("The server asks who you are")
