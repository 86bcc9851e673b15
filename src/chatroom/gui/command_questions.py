"""Asks for what a command still needs, a text or consent, and has the command carried out with the answer."""

from collections.abc import Callable

from chatroom.client import ban_sentences, bans, mode_handlers
from chatroom.client.links import link
from chatroom.client.room import Room
from chatroom.client.screen_events import Answered
from chatroom.client.settings import Server
from chatroom.client.state import SessionState
from chatroom.common.addresses import is_this_machine
from chatroom.common.language import mark, tr
from chatroom.common.names import without_spaces
from chatroom.gui.menus import ADDRESS, BANS, CHANGE_PASSWORD, HARM, NEW_PASSWORD, Act, keeps_order
from chatroom.gui.view_protocol import Question, View

# As the page says it.
_OPENS = mark("Whoever opens this address comes into the room.")
_NEAR = mark(
    "This address works on this machine alone. Others need the one that this machine has in their network; "
    "whoever runs the server knows it."
)


class CommandQuestions:
    """`command` carries out a line as if it were typed; false if that can't be done.

    `state` is None without a client.
    """

    def __init__(
        self,
        view: View,
        state: Callable[[], SessionState | None],
        command: Callable[[str], bool],
        server: Callable[[], Server],
    ) -> None:
        self._view = view
        self._state = state
        self._command = command
        self._server = server
        self._asked_in: Room | None = None  # where the user is, so that a question stands over its own room alone
        self._waiting: Act | None = None  # with a password: the server has still to say what it makes of it
        self._secret = ""  # the command of a line with a password that has no answer yet
        self._keys_wanted: dict[Room, str] = {}  # by rooms that want a key: what the server says of that

    def ask_for_act(self, act: Act, given: str = "", refusal: str = "") -> None:
        """Does what was chosen in a menu, after asking for what it needs: nothing, where the act has no label.

        `given` is what the user has answered before, and `refusal` why that was not right.
        """
        self._waiting = None
        if act is BANS and self.show_bans():
            return
        if act is ADDRESS:
            self._show_address()
            return
        if not act.label:
            self._command(act.command)
            return
        question = Question(
            tr(act.name).removesuffix("…"), refusal or tr(act.text), tr(act.label), is_secret=act.is_secret,
            may_be_empty=act.may_be_empty, stays=act.is_secret, is_unasked=bool(refusal),
        )  # fmt: skip
        self._view.ask(question, lambda text: self._act_with(act, given, text))

    def _act_with(self, act: Act, given: str, answer: str) -> None:
        text = without_spaces(answer) if act.is_name else f"{given} {answer}".strip()
        if act is CHANGE_PASSWORD:
            self.ask_for_act(NEW_PASSWORD, text)
            return
        line = act.command.format(text).rstrip()
        if not act.is_secret:
            self._run(line)
        elif self._command(line):
            self._wait(act)
        else:
            self.ask_for_act(act, given)

    def _wait(self, act: Act) -> None:
        """Keeps the question until the server has answered: else the next try would be said in the room."""
        self._waiting = act
        self._view.ask(
            Question(
                tr(act.name).removesuffix("…"), tr("The server is looking at your answer…"), tr(act.label),
                is_secret=True, stays=True, is_waiting=True,
            ),
            lambda text: None,
        )  # fmt: skip

    def note_secret(self, line: str) -> None:
        """The user has typed a command with a password. If it is refused, the command stands there for the next try.

        Else the next password would be typed there alone, and said in the room.
        """
        self._secret = f"{line.split()[0]} "

    def answered(self, answer: Answered) -> None:
        """The server says what it makes of a password: closes the question, or asks again."""
        typed, self._secret = self._secret, ""
        if self._waiting is None:
            if typed and answer.is_certain and not answer.is_done and not self._view.composer_text():
                self._view.set_composer(typed)
        elif answer.is_done:
            self._waiting = None
            self._view.end_question()
        else:
            self.ask_once_more(answer.text)

    def ask_once_more(self, refusal: str = "") -> None:
        """Asks again for a password that was not taken, or that the server has not answered for."""
        if self._waiting:
            self.ask_for_act(CHANGE_PASSWORD if self._waiting is NEW_PASSWORD else self._waiting, refusal=refusal)

    def _show_address(self) -> None:
        """Shows the address of the room for others, to be copied."""
        state = self._state()
        if state is None:
            return
        server, room = self._server(), state.current
        address = link(server.host, server.port, room.name, server.tls, has_page=state.knows_times("BAN"))
        near = is_this_machine(server.host)
        self._view.ask(
            Question(
                tr("The address of {room}", room=room.name), tr(_NEAR if near else _OPENS), tr("Address"),
                tr("Copy the address"), typed=address,
            ),
            self._view.copy_text,
        )  # fmt: skip

    def show_bans(self) -> bool:
        """Lists who is banned or muted here, to let them back; false where that is not known, or nobody is."""
        state = self._state()
        if state is None or not mode_handlers.knows_bans(state, state.current) or not state.current.bans:
            return False
        room, is_operator = state.current, keeps_order(state, state.current)
        rows = [(ban.who, ban_sentences.about(ban, state.now())) for ban in bans.people(room.bans.values())]
        title = mark("Choose whom you let back into {room}") if is_operator else mark("Banned or muted in {room}")
        pick = self._ask_lift if is_operator else lambda name: None
        self._view.show_picker(tr(title, room=room.name), rows, None, pick)
        return True

    def _ask_lift(self, name: str) -> None:
        if state := self._state():
            title = tr("Let {nick} back into {room}?", nick=name, room=state.current.name)
            question = Question(title, "", "", tr("Let them back"), may_be_empty=True, is_harmful=True)
            self._view.ask(question, lambda _: self._lift(name))

    def _lift(self, name: str) -> None:
        """Lets somebody back, whatever keeps them out."""
        if state := self._state():
            for verb, those in (("unban", state.current.banned()), ("unmute", state.current.muted())):
                if state.fold(name) in those:
                    self._command(f"/{verb} {name}")

    def _run(self, line: str) -> bool:
        """Carries out a line; one that can't be carried out stands where the user writes, if nothing stands there."""
        is_done = self._command(line)
        if not is_done:
            self._view.set_composer(self._view.composer_text() or line)
        return is_done

    def act_on_member(self, nick: str, action: str) -> None:
        """Does what was chosen in a member's menu. Asks first for a time and a reason where it does harm."""
        state, harm = self._state(), HARM.get(action)
        if state is None:
            return
        if harm is None:
            self._command(f"/{action} {nick}")
            return
        has_times = state.knows_times(action.upper())
        question = Question(
            tr(harm.question, nick=nick, room=state.current.name), "",
            tr("Reason, if you like") if has_times or action == "kick" else "", tr(harm.verb), may_be_empty=True,
            times=tuple((typed, tr(words)) for typed, words in harm.times) if has_times else (), is_harmful=True,
        )  # fmt: skip
        self._view.ask(question, lambda text: self._harm(state, action, nick, text))

    def _harm(self, state: SessionState, action: str, nick: str, text: str) -> None:
        is_done = self._run(f"/{action} {nick} {text}".rstrip())
        if is_done and action == "ban" and not state.knows_times("BAN"):  # where it does, it throws out as well
            self._command(f"/kick {nick}")

    def want_key(self, room: Room, about: str) -> None:
        """A room did not let us in without a key: asks for it there. `about` is what the server says of that."""
        self._keys_wanted[room] = about
        if (state := self._state()) and state.current is room:
            self._ask_key(room)

    def came_to(self, room: Room) -> None:
        """The user looks at another room: what was asked before goes, and a locked room asks for its key."""
        if room is self._asked_in:
            return
        self._asked_in, self._waiting = room, None
        self._view.end_question()
        if room.is_here:
            self._keys_wanted.pop(room, None)
        elif room in self._keys_wanted:
            self._ask_key(room)

    def _ask_key(self, room: Room) -> None:
        about = self._keys_wanted[room] or tr("Whoever runs the room knows the key.")
        title = tr("{room} is locked", room=room.name)
        question = Question(title, about, tr("Key"), tr("Go there"), is_unasked=True)
        self._view.ask(question, lambda key: self._join_with(room.name, key))

    def _join_with(self, name: str, key: str) -> None:
        self._command(f"/join {name} {key}")
