"""The client and claimed names: a session that talks with the server's own rules, over a wire that is a string."""

from chatroom.client import slash_commands
from chatroom.client.screen_events import Rejected
from chatroom.client.session import Session
from chatroom.client.transcript_entry import Kind
from chatroom.common.text import GHOST
from tests.chat import Chat, Client

PASSWORD = "open-sesame"


class Wire:
    """A `Session` and the server's end of its connection."""

    def __init__(self, chat: Chat, nick: str, password: str = "", near: bool = True, server_password: str = "") -> None:
        self.chat = chat
        self.near = near
        self.session = Session(nick, password=password, server_password=server_password)
        self.state = self.session.state
        self.end = self.connect()

    def connect(self) -> Client:
        self.end = self.chat.irc()
        self.end.near = self.near
        self.session.connected(lambda line: None if self.end.closing else self._say(line))
        self.run()
        return self.end

    def _say(self, line: str) -> None:
        self.end.send(line)

    def run(self) -> None:
        """Until neither has anything more to say."""
        while heard := self.end.heard():
            for line in heard:
                self.session.feed(line)

    def type(self, line: str) -> None:
        slash_commands.run(self.state, self.state.current, line)
        self.run()

    @property
    def told(self) -> list[str]:
        """What the user was told last."""
        return [entry.text for entry in self.state.current.entries if entry.kind in (Kind.INFO, Kind.ERROR)]


def claimed(chat: Chat, name: str = "bob") -> Chat:
    client = chat.plain(name).send(f"/register {PASSWORD}")
    assert client.account
    client.leave()
    return chat


def test_the_password_of_a_claimed_name_opens_the_door() -> None:
    """By SASL; where that is not to be had, by PASS, once the name is refused."""
    for near in (True, False):
        wire = Wire(claimed(Chat()), "bob", PASSWORD, near)
        assert wire.state.is_registered
        assert (wire.state.nick, wire.state.account, wire.end.account) == ("bob", "bob", "bob")


def test_a_claimed_name_without_its_password_is_refused_with_a_reason() -> None:
    """Not told as if it were merely taken: the field to look at is the password; if one was given, it was wrong."""
    for password, near, reason in (
        ("", True, "nick-claimed"), ("guess!", True, "login-refused"), ("guess!", False, "login-refused")
    ):  # fmt: skip
        wire = Wire(claimed(Chat()), "bob", password, near)
        [event] = wire.state.events
        assert isinstance(event, Rejected)
        assert (event.reason, event.about) == (reason, ("bob",))


def test_a_password_that_was_right_and_is_wrong_now_was_changed_elsewhere() -> None:
    """Nobody has typed a wrong one. What is typed next and refused is one."""
    chat = claimed(Chat())
    wire = Wire(chat, "bob", PASSWORD)
    chat.plain().send("bob", PASSWORD).send(f"/password {PASSWORD} another-one")
    wire.session.lost()
    wire.connect()
    assert [event.reason for event in wire.state.events if isinstance(event, Rejected)] == ["password-changed"]
    wire.state.events.clear()
    wire.state.password, wire.state.was_right = "guess!", False
    wire.session.lost()
    wire.connect()
    assert [event.reason for event in wire.state.events if isinstance(event, Rejected)] == ["login-refused"]


def test_who_can_prove_it_has_their_name_back_at_once() -> None:
    """They need not wait until the server notices that a connection is dead: it is one more device until then."""
    chat = claimed(Chat())
    wire = Wire(chat, "bob", PASSWORD)
    old = wire.end
    wire.session.lost()
    wire.connect()
    assert wire.state.is_registered
    assert not wire.state.name_is_held
    assert wire.end.user is old.user
    assert wire.end.nick == "bob"


def test_two_clients_of_one_person_hear_each_other() -> None:
    """Neither ends the other, and what is said with one is shown as one's own in the other."""
    chat = claimed(Chat())
    wire = Wire(chat, "bob", PASSWORD)
    netcat = chat.plain().send("bob", PASSWORD)
    netcat.send("from elsewhere")
    wire.run()
    assert wire.state.is_registered
    room = wire.state.rooms["#lobby"]
    [said] = [entry for entry in room.entries if entry.text == "from elsewhere"]
    assert said.nick == "bob"


def test_who_is_ended_as_a_ghost_does_not_come_back_by_itself() -> None:
    """Else two clients that want one name would throw each other out for ever."""
    chat = claimed(Chat())
    wire = Wire(chat, "bob", PASSWORD)
    wire.type("/logout")
    wire.state.events.clear()
    chat.plain().send("bob", PASSWORD)
    wire.run()
    assert [event.reason for event in wire.state.events if isinstance(event, Rejected)] == ["elsewhere"]
    assert wire.state.error.endswith(GHOST)


def test_claiming_and_logging_in_as_typed() -> None:
    """What NickServ answers is told where one looks, and no conversation with it is opened."""
    chat = claimed(Chat())
    wire = Wire(chat, "al")
    wire.type(f"/register {PASSWORD}")
    assert wire.state.account == "al"
    assert wire.told[-1].startswith("The name al is yours, and you are logged in.")
    wire.type("/logout")
    assert not wire.state.account
    wire.type("/login guess!")
    assert "not the password of al" in wire.told[-1]
    wire.type(f"/login bob {PASSWORD}")
    assert (wire.state.nick, wire.state.account) == ("bob", "bob")
    wire.type(f"/password {PASSWORD} another-one")
    assert wire.told[-1] == "The password of bob is changed."
    wire.type("/set replay off")
    assert wire.told[-1] == "When you join a room you are shown nothing from before (kept for bob)."
    assert list(wire.state.rooms) == ["#lobby"]


def test_a_line_with_a_password_is_not_offered_again() -> None:
    """Up brings back what was sent; not that."""
    secret = [f"/{name} x" for name in slash_commands.COMMANDS if slash_commands.is_secret(f"/{name} x")]
    assert secret == ["/oper x", "/register x", "/login x", "/password x"]
    assert not slash_commands.is_secret("login x")


def test_the_password_may_be_the_servers() -> None:
    """Then it lets one in, and nothing is said of an account that there isn't; with SASL or without."""
    for near in (True, False):
        chat = Chat()
        chat.hub.context.password = "let-me-in"
        wire = Wire(chat, "al", "let-me-in", near)
        assert (wire.state.is_registered, wire.state.account) == (True, "")
        assert not any("not accepted" in text for text in wire.told)
        wrong = Wire(chat, "bob", "guess!", near)
        assert [event.reason for event in wrong.state.events if isinstance(event, Rejected)] == [
            "server-password-wrong"
        ]


def test_a_password_that_was_typed_opens_the_next_connection_too() -> None:
    """Claimed, logged in to, or changed here: after a break nobody is asked again."""
    for near in (True, False):
        chat = claimed(Chat())
        wire = Wire(chat, "al", near=near)
        wire.type(f"/register {PASSWORD}")
        wire.session.lost()
        wire.connect()
        assert (wire.state.is_registered, wire.end.account) == (True, "al")
        wire.type(f"/password {PASSWORD} another-one")
        wire.session.lost()
        wire.connect()
        assert (wire.state.is_registered, wire.end.account) == (True, "al")
        other = Wire(chat, "carol", near=near)
        other.type(f"/login bob {PASSWORD}")
        other.session.lost()
        other.connect()
        assert (other.state.nick, other.end.account) == ("bob", "bob")


def test_a_password_whose_change_was_refused_is_not_forgotten() -> None:
    """The new one is too weak for the server, which no code tells: the old one still opens the door."""
    chat = claimed(Chat())
    wire = Wire(chat, "bob", PASSWORD)
    wire.type(f"/password {PASSWORD} bob")
    for _ in range(2):
        wire.session.lost()
        wire.connect()
    assert (wire.state.is_registered, wire.end.account) == (True, "bob")


def test_the_servers_password_and_the_names_are_two() -> None:
    """Whoever owns a name on a server that has a password gives both; each refusal says which it is about."""
    for near in (True, False):
        chat = claimed(Chat())
        chat.hub.context.password = "let-me-in"
        for password, server_password, reason in (
            ("", "", "server-password"),
            ("", "guess!", "server-password-wrong"),
            ("", "let-me-in", "nick-claimed"),
            (PASSWORD, "let-me-in", ""),
        ):
            wire = Wire(chat, "bob", password, near, server_password)
            reasons = [event.reason for event in wire.state.events if isinstance(event, Rejected)]
            assert reasons == ([reason] if reason else [])
        assert (wire.state.is_registered, wire.end.account) == (True, "bob")
