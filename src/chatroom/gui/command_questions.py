"""Asks for what a command still needs, a text or consent, and has the command carried out with the answer."""

from collections.abc import Callable

from chatroom.client.room import Room
from chatroom.client.state import SessionState
from chatroom.gui.view_models import HARM, Act
from chatroom.gui.view_protocol import Question, View


class CommandQuestions:
    """`command` carries out a line as if it were typed; false if that can't be done."""

    def __init__(self, view: View, command: Callable[[str], bool]) -> None:
        self._view = view
        self._command = command

    def ask_for_act(self, act: Act) -> None:
        """Does what was chosen in a menu, after asking for what it needs: nothing, where the act has no label."""
        if not act.label:
            self._command(act.command)
            return
        question = Question(
            act.name.removesuffix("…"), act.text, act.label, is_secret=act.is_secret, may_be_empty=act.may_be_empty
        )
        self._view.ask(question, lambda text: self._act_with(act, text))

    def _act_with(self, act: Act, text: str) -> None:
        line = act.command.format(text).rstrip()
        if not self._command(line) and not act.is_secret:
            self._view.set_composer(self._view.composer_text() or line)

    def act_on_member(self, state: SessionState, nick: str, action: str, length: str) -> None:
        """Does what was chosen in a member's menu. Asks first where it does harm. `length` is as it is typed."""
        verb, place = HARM.get(action, ("", ""))
        question = f"{verb} {nick} {place} {state.current.name}{f' for {length}' if length else ''}?"
        if verb and not self._view.confirm(question, verb):
            return
        self._command(f"/{action} {nick} {length}".rstrip())
        if action == "ban" and not state.knows_times("BAN"):  # there it throws out as well
            self._command(f"/kick {nick}")

    def ask_key(self, room: Room) -> None:
        """Asks for the key of a room that did not let us in."""
        self._view.ask(
            Question(
                f"{room.name} is locked", "Whoever runs the room knows the key.", "Key", "Go there", is_unasked=True
            ),
            lambda key: self._join_with(room.name, key),
        )

    def _join_with(self, name: str, key: str) -> None:
        self._command(f"/join {name} {key}")
