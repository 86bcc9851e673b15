"""What the window decides, without a window."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chatroom.client import server_connection as wire
from chatroom.client import slash_commands
from chatroom.client.server_connection import Security
from chatroom.client.settings import Server, chosen_language, load
from chatroom.common.language import ENGLISH, speak
from chatroom.gui import menus, view_models
from chatroom.gui.message_pane import QUICK_REACTIONS
from chatroom.gui.presenter import Presenter
from tests.gui.fakes import Stage

HOST = Server("127.0.0.1", 9090, False, "me")
CLAIMED = [":irc FAIL NICK NICKNAME_RESERVED me :Log in", ":irc 433 * me :Nickname is claimed; log in"]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """In the lobby with bob, the window in use."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=True)
    stage.connect()
    return stage


# --- who one is -------------------------------------------------------------------------------------------------------


def test_the_bottom_line_tells_who_one_is_logged_in_as(stage: Stage) -> None:
    """The name alone where it is the same; nothing when logged out."""
    for line, told in (
        (":irc 900 me me!u@h me :You are now logged in as me", "as me (logged in)"),
        (":irc 901 me me!u@h :You are now logged out", "as me"),
        (":irc 900 me me!u@h bob :You are now logged in as bob", "as me (logged in as bob)"),
    ):
        stage.tick(line)
        assert stage.view.shown["status"].text == f"Connected to 127.0.0.1:9090 {told}"


def test_a_password_that_was_typed_does_not_come_back_with_up(stage: Stage) -> None:
    """The line before it does."""
    stage.presenter.send("hello")
    stage.presenter.send("/login open-sesame")
    assert stage.presenter.sent.older("") == "hello"


# --- the panel --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "fields"),
    [
        (Server("host", 9090, False, ""), {"name"}),
        (Server("host", 9090, False, "two/words"), {"name"}),
        (Server("", 9090, False, "me"), {"server"}),
        (Server("host", 0, False, ""), {"name", "port"}),
    ],
)
def test_what_is_wrong_in_the_panel_stands_under_its_field(tmp_path: Path, server: Server, fields: set[str]) -> None:
    """And nothing is connected to."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=False)
    stage.presenter.connect(server, "")
    assert stage.view.shown["panel"].errors.keys() == fields and not stage.connections


def test_a_link_in_the_field_for_the_server_leads_there(tmp_path: Path) -> None:
    """One that leads nowhere is told under the field."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=False)
    stage.presenter.connect(Server("gopher://host", 9090, False, "al"), "")
    assert stage.view.shown["panel"].errors.keys() == {"server"} and not stage.connections
    stage.presenter.connect(Server("ircs://chat.example.org:7000/#tea", 9090, False, "al"), "")
    assert stage.presenter.server == Server("chat.example.org", 7000, True, "al")
    assert len(stage.connections) == 1


def test_a_server_that_let_us_in_is_remembered_without_the_password(tmp_path: Path) -> None:
    """First among the recent ones."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=False)
    stage.presenter.connect(HOST, "secret")
    stage.connect()
    assert load(stage.path)[0].recent == [HOST]
    assert "secret" not in stage.path.read_text("utf-8")


def test_while_there_is_no_first_connection_the_panel_says_why(tmp_path: Path) -> None:
    """The reason, and when it is tried again; Cancel ends it."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=True)
    stage.connections[0].queue.put(wire.Lost("Nobody is listening.", 4.0, False))
    stage.tick()
    assert "Nobody is listening. Trying again in 4 s" in stage.view.shown["panel"].errors["server"]
    stage.presenter.cancel()
    assert stage.connections[0].closed and not stage.view.shown["panel"].connecting


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([":irc 433 * me :in use"], "name"),
        (CLAIMED, "password"),
        ([":irc 464 * :wrong"], "server_password"),
        ([":irc 465 * :You are banned"], "notice"),
    ],
)
def test_a_refusal_ends_the_tries_and_goes_back_to_the_panel(tmp_path: Path, lines: list[str], field: str) -> None:
    """Name taken, wrong password, banned."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=True)
    stage.tick(*lines)
    assert stage.view.shown["panel"].errors[field] and stage.connections[0].closed and not stage.view.in_chat


def test_a_wrong_password_is_told_from_none(tmp_path: Path) -> None:
    """Else it would look as if nothing had happened."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=True)
    errors = []
    for password in ("", "guess!"):
        stage.presenter.connect(HOST, password)
        stage.connections[-1].queue.put(wire.Connected(1, Security.NONE))
        stage.tick(*CLAIMED * 2)
        errors.append(stage.view.shown["panel"].errors["password"])
    assert "not accepted" not in errors[0] and "that password was not accepted" in errors[1]


def test_without_tls_a_password_leaves_this_machine_only_after_a_question(tmp_path: Path) -> None:
    """Refused, nothing is connected to, and the panel says what to do."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=False)
    away = Server("chat.example.org", 9090, False, "me")
    stage.view.consents = False
    stage.presenter.connect(away, "secret")
    assert not stage.connections and "Encrypted (TLS)" in stage.view.shown["panel"].errors["server"]
    assert "your password can be read" in stage.view.questions[-1]
    stage.view.consents = True
    stage.presenter.connect(away, "secret")
    assert len(stage.connections) == 1


def test_an_unknown_certificate_is_asked_about_once_and_then_pinned(tmp_path: Path) -> None:
    """Its fingerprint is shown; trusted, it is kept in the settings and used from then on."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=False)
    secure = Server("127.0.0.1", 9090, True, "me")
    stage.presenter.connect(secure, "")
    stage.connections[0].queue.put(wire.Untrusted("ab12", ""))
    stage.tick()
    assert "AB:12" in stage.view.shown["panel"].question
    stage.presenter.trust(once=False)
    assert stage.connections[1].target.fingerprint == "ab12"
    assert load(stage.path)[0].trusted == {"127.0.0.1:9090": "ab12"}
    stage.connections[1].queue.put(wire.Untrusted("ffff", "ab12"))
    stage.tick()
    panel = stage.view.shown["panel"]
    assert "FF:FF" in panel.errors["server"] and not panel.question and stage.connections[1].closed


# --- messages ---------------------------------------------------------------------------------------------------------


def test_an_own_message_stands_at_once_and_clears_with_the_answer(stage: Stage) -> None:
    """(sending…) until then."""
    stage.presenter.send("hello")
    assert stage.view.texts[-1] == "me  hello  (sending…)"
    token = stage.connections[0].sent[-1].split()[-1]
    stage.tick(f":irc PONG irc {token}")
    assert stage.view.texts[-1] == "me  hello"


def test_a_failed_message_is_retried_or_deleted(stage: Stage) -> None:
    """By a click on its words."""
    stage.presenter.send("hello")
    stage.tick(":irc 404 me #lobby :Cannot send")
    row = next(i for i, text in enumerate(stage.view.texts) if "Not sent" in text)
    stage.presenter.pane.clicked(row, "retry", "Retry")
    assert stage.view.texts[-1] == "me  hello  (sending…)"
    stage.tick(":irc 404 me #lobby :Cannot send")
    row = next(i for i, text in enumerate(stage.view.texts) if "Not sent" in text)
    stage.presenter.pane.clicked(row, "delete", "Delete")
    assert not any("hello" in text for text in stage.view.texts)


def test_follow_is_changed_by_scrolling_alone(stage: Stage) -> None:
    """Scrolled up, what comes is counted and nothing else happens; back at the bottom it follows again."""
    stage.said("bob", *map(str, range(50)))
    assert stage.presenter.pane.following and stage.view.shown["pill"] == ""
    stage.presenter.pane.scrolled(at_top=False, at_bottom=False)
    assert stage.view.shown["pill"] == "↓ Latest"
    stage.said("bob", "one")
    assert stage.view.shown["pill"] == "↓ 1 new message"
    stage.said("bob", "two", "three")
    assert stage.view.shown["pill"] == "↓ 3 new messages" and not stage.presenter.pane.following
    stage.presenter.pane.scrolled(at_top=False, at_bottom=True)
    assert stage.view.shown["pill"] == "" and stage.presenter.pane.following


def test_sending_scrolls_to_the_end(stage: Stage) -> None:
    """Whoever speaks wants to see the answer."""
    stage.presenter.pane.scrolled(at_top=False, at_bottom=False)
    stage.presenter.send("hello")
    assert stage.presenter.pane.following


def test_links_are_opened_and_nothing_else(stage: Stage) -> None:
    """http and https, without the full stop behind."""
    stage.said("bob", "see https://example.org/x?y=1. and file:///etc/passwd")
    [link] = [text for text, tag in stage.view.rows[-1].segments if tag == "link"]
    assert link == "https://example.org/x?y=1"
    stage.presenter.pane.clicked(len(stage.view.rows) - 1, "link", link)
    assert stage.view.links == [link]


# --- rooms ------------------------------------------------------------------------------------------------------------


def test_each_room_keeps_its_draft(stage: Stage) -> None:
    """Also while the connection is lost; a command that changes the room leaves none."""
    stage.view.composer = "for the lobby"
    stage.presenter.rooms.go("#dev")
    stage.tick(":me!u@h JOIN #dev")
    assert stage.view.composer == ""
    stage.view.composer = "for dev"
    stage.lose()
    stage.presenter.rooms.step(1)
    assert stage.view.composer == "for the lobby"
    stage.presenter.rooms.nth(2)
    assert stage.view.composer == "for dev"
    stage.view.composer = "/msg bob"
    stage.presenter.send("/msg bob")
    stage.presenter.rooms.nth(2)
    assert stage.view.composer == ""


def test_what_is_written_in_a_room_that_is_left_is_there_when_one_comes_back(stage: Stage) -> None:
    """As is what waits there; the menu leaves a room in one click."""
    stage.presenter.command("/msg bob")
    stage.lose()
    stage.presenter.send("hello?")
    stage.view.composer = "half a thought"
    stage.presenter.command("/leave")
    assert stage.view.composer == ""
    stage.presenter.command("/msg bob")
    assert stage.view.composer == "hello?\nhalf a thought"
    stage.presenter.rooms.step(1)
    stage.presenter.command("/msg bob")
    assert stage.view.composer == "hello?\nhalf a thought"


def test_unread_is_bold_and_a_mention_is_counted_apart(stage: Stage) -> None:
    """#dev 1, #ops @1; looking at the room clears it."""
    stage.presenter.rooms.go("#dev")
    stage.tick(":me!u@h JOIN #dev", ":bob!u@h PRIVMSG #lobby :hi")
    assert [(row.name, row.count, row.alert) for row in stage.view.shown["rooms"]] == [
        ("#lobby", "1", False),
        ("#dev", "", False),
    ]
    stage.said("bob", "me: hi")
    assert stage.view.shown["rooms"][0].count == "@1" and stage.view.shown["title"] == "(@1) #dev – chatroom"
    stage.presenter.rooms.select("#lobby")
    assert stage.view.shown["rooms"][0].count == "" and any("new since" in text for text in stage.view.texts)
    stage.presenter.rooms.select("#dev")
    stage.presenter.rooms.select("#lobby")
    assert not any("new since" in text for text in stage.view.texts)


def test_a_notification_comes_only_while_nobody_looks_and_not_often(stage: Stage) -> None:
    """A mention or a direct message; at most one in five seconds; not at all when switched off."""
    stage.said("bob", "me: now")
    assert not stage.view.alerts
    stage.presenter.focus(False)
    stage.said("bob", "nothing", "me: one", "me: two")
    assert stage.view.alerts == [("bob in #lobby", "me: one")]
    stage.clock += 6
    stage.tick(":bob!u@h PRIVMSG me :three")
    assert stage.view.alerts[1:] == [("bob", "three")]
    stage.clock += 6
    stage.presenter.prefer(notify=False)
    stage.said("bob", "me: four")
    assert len(stage.view.alerts) == 2
    stage.presenter.focus(True)
    assert stage.view.shown["rooms"][0].count == ""


def test_what_harms_is_asked_about_first(stage: Stage) -> None:
    """Remove, ban, mute; nothing is sent before the answer."""
    stage.connections[0].sent.clear()
    stage.presenter.questions.act_on_member("bob", "kick")
    question = stage.view.shown["question"]
    assert question.title == "Remove bob from #lobby?" and question.is_harmful and not question.times
    assert not stage.connections[0].sent
    stage.view.answer("too loud")
    stage.presenter.questions.act_on_member("bob", "ban")
    assert not stage.view.shown["question"].label  # a mode has no place for a reason
    stage.view.answer("")
    assert stage.connections[0].sent == [
        "KICK #lobby bob :too loud",
        "MODE #lobby +b bob!*@*",
        "KICK #lobby bob",
    ]


def test_where_times_are_kept_a_member_is_banned_for_one(stage: Stage) -> None:
    """The question offers some, and a reason; the server throws out who is banned."""
    stage.tick(":irc 005 me TIMEDBANS=BAN,MUTE,KICK :are supported")
    stage.connections[0].sent.clear()
    stage.presenter.questions.act_on_member("bob", "ban")
    question = stage.view.shown["question"]
    assert question.title == "Ban bob from #lobby?" and ("10m", "for 10 minutes") in question.times
    stage.view.answer("10m too loud")
    stage.presenter.questions.act_on_member("bob", "mute")
    assert stage.view.shown["question"].title == "Mute bob in #lobby?"
    stage.view.answer("")
    assert stage.connections[0].sent == ["BAN #lobby bob 10m :too loud", "MUTE #lobby bob"]


def test_clicking_a_member_opens_a_conversation(stage: Stage) -> None:
    """The direct message goes to them alone."""
    stage.presenter.questions.act_on_member("bob", "msg")
    assert stage.view.shown["header"].name == "bob"
    stage.presenter.send("psst")
    assert stage.connections[0].sent[0] == "PRIVMSG bob psst"


# --- the connection ---------------------------------------------------------------------------------------------------


def test_a_loss_counts_down_and_a_return_is_said_for_three_seconds(stage: Stage) -> None:
    """Retry now doesn't wait."""
    stage.lose(4.0)
    assert "Retrying in 4 s" in stage.view.shown["banner"].text and stage.view.shown["banner"].button
    stage.clock += 3
    stage.tick()
    assert "Retrying in 1 s" in stage.view.shown["banner"].text
    assert stage.view.shown["status"].text.startswith("Reconnecting to 127.0.0.1:9090 as me")
    stage.presenter.retry_now()
    assert stage.connections[0].sent == ["(retry)"]
    stage.connections[0].queue.put(wire.Connecting())
    stage.connect(2)
    assert stage.view.shown["banner"].text == "Reconnected"
    stage.clock += 3
    stage.tick()
    assert stage.view.shown["banner"] is None


def test_a_name_held_by_our_own_ghost_is_tried_again_later(stage: Stage) -> None:
    """The server hasn't noticed yet that we were gone: no panel, no question, another try."""
    stage.lose()
    stage.connections[0].queue.put(wire.Connected(2, Security.NONE))
    stage.tick(":irc 433 * me :in use")
    assert "(drop 2)" in stage.connections[0].sent and stage.view.in_chat


def test_somebody_who_says_nothing_is_not_waited_for_for_ever(stage: Stage) -> None:
    """Half a minute; then it is no chat server."""
    stage.lose()
    stage.connections[0].queue.put(wire.Connected(2, Security.NONE))
    stage.tick()
    assert "(drop 2)" not in stage.connections[0].sent
    stage.clock += 31
    stage.tick()
    assert "(drop 2)" in stage.connections[0].sent


def test_a_misused_command_stays_in_the_composer(stage: Stage) -> None:
    """With a word about it in the room; Esc never clears text."""
    stage.presenter.send("/nosuch thing")
    assert stage.view.composer == "/nosuch thing" and "/nosuch" in stage.view.texts[-1]
    stage.presenter.escape()
    assert stage.view.composer == "/nosuch thing"


def test_search_goes_through_what_is_loaded(stage: Stage) -> None:
    """The newest match first, F3 up, Shift+F3 down, round the end; Esc gives the room back."""
    stage.said("bob", "an apple", "a pear", "two Apples")
    stage.presenter.search.open()
    stage.presenter.search.find("apple")
    assert stage.view.shown["search"] == "2 of 2" and stage.view.rows[stage.view.shown["row"]].tag == "found"
    stage.presenter.search.step(-1)
    assert stage.view.shown["search"] == "1 of 2"
    stage.presenter.search.step(-1)
    assert stage.view.shown["search"] == "2 of 2"
    stage.presenter.escape()
    assert stage.view.shown["search"] is None and all(row.tag != "found" for row in stage.view.rows)


def test_the_servers_findings_are_shown_by_themselves(tmp_path: Path) -> None:
    """And Esc goes back to the room."""
    stage = Stage(tmp_path, HOST, "batch soju.im/search message-tags")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.said("bob", "here")
    stage.presenter.search.open()
    stage.presenter.search.find("old")
    stage.tick(":i BATCH +s soju.im/search", "@batch=s;msgid=1 :bob!u@h PRIVMSG #lobby :an old thing", ":i BATCH -s")
    assert stage.view.texts[-1] == "bob  an old thing" and "1 found" in stage.view.shown["header"].people
    stage.presenter.escape()
    assert stage.view.texts[-1] == "bob  here"


@pytest.mark.parametrize("line", ["hello", "/nonsense"])
def test_who_says_something_sees_it_in_place_of_what_was_found(tmp_path: Path, line: str) -> None:
    """Or why that could not be done."""
    stage = Stage(tmp_path, HOST, "batch soju.im/search message-tags")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.presenter.search.open()
    stage.presenter.search.find("old")
    stage.tick(":i BATCH +s soju.im/search", "@batch=s;msgid=1 :bob!u@h PRIVMSG #lobby :an old thing", ":i BATCH -s")
    assert "an old thing" in stage.view.texts[-1]
    stage.presenter.send(line)
    assert line in stage.view.texts[-1] and stage.view.shown["search"] is None


def test_one_steps_through_what_the_server_found(tmp_path: Path) -> None:
    """Also where none of it is loaded; and what is loaded is found without its accents, as by the server."""
    stage = Stage(tmp_path, HOST, "batch soju.im/search message-tags")
    stage.presenter.begin(connect=True)
    stage.connect()
    search = stage.presenter.search
    search.open()
    search.find("rownanie")
    found = [f"@batch=s;msgid={n} :bob!u@h PRIVMSG #lobby :równanie {n}" for n in (1, 2)]
    stage.tick(":i BATCH +s soju.im/search", *found, ":i BATCH -s")
    for shown in ("2 of 2", "1 of 2"):
        search.find("rownanie")
        assert stage.view.shown["search"] == shown
        row = stage.view.rows[stage.view.shown["row"]]
        assert row.tag == "found" and row.text.endswith(f"równanie {shown[0]}")
    stage.presenter.escape()
    stage.tick("@msgid=3 :bob!u@h PRIVMSG #lobby :Równanie trzy")
    search.open()
    search.find("rownanie")
    assert stage.view.shown["search"] == "1 of 1"


def test_an_announcement_is_marked(stage: Stage) -> None:
    """Who runs the server speaks to everybody: no grey line as of who joins."""
    stage.tick(":irc NOTICE * :Break until ten", ":irc NOTICE me :only for you")
    told, grey = stage.view.rows[-2:]
    assert told.text.endswith("Announcement: Break until ten") and told.tag == "mention"
    assert "announced" in [tag for _, tag in told.segments]
    assert grey.tag == "line" and "Announcement" not in grey.text


def test_one_s_own_star_comes_and_goes_with_the_right(stage: Stage) -> None:
    def me() -> str:
        return next(str(row.text) for row in stage.view.shown["members"] if row.nick == "me")

    stage.tick(":irc 353 me = #lobby :me bob", ":irc 366 me #lobby :End", ":irc 381 me :You are")
    assert me() == "me ★"
    stage.tick(":me!u@h MODE me -o")
    assert me() == "me"


def test_preferences_hold_at_once_and_are_kept(stage: Stage) -> None:
    """Times and join lines off; zoom within its limits."""
    stage.said("bob", "hi")
    stage.tick(":eve!u@h JOIN #lobby")
    assert "\t" in stage.view.rows[1].text and "eve joined" in stage.view.texts[-1]
    stage.presenter.prefer(timestamps=False, moves=False, zoom=99)
    assert "\t" not in stage.view.rows[-1].text and stage.view.texts[-1] == "bob  hi"
    kept = load(stage.path)[0]
    assert (kept.timestamps, kept.moves, kept.zoom) == (False, False, 12)


def test_the_presenter_fits_the_view(stage: Stage) -> None:
    """The fake has every method of the protocol: mypy checks that too."""
    assert isinstance(stage.presenter, Presenter) and not stage.view.closed
    stage.presenter.close()
    assert stage.view.closed and stage.connections[0].sent[-1] == "QUIT Goodbye"


def test_a_claimed_name_is_asked_about_in_place_and_what_waits_stays(stage: Stage) -> None:
    """After a restart of the server the name is ours only with its password; drafts and unsent messages are kept."""
    stage.presenter.send("before")
    stage.lose()
    stage.presenter.send("meanwhile")
    stage.connections[-1].queue.put(wire.Connected(2, Security.NONE))
    stage.tick(*CLAIMED)
    assert stage.view.in_chat and stage.phase == "ASKING" and stage.connections[-1].closed
    assert "me" in stage.view.shown["question"].label and stage.view.shown["question"].is_secret
    assert "meanwhile" in " ".join(stage.view.texts)
    stage.view.answer("open-sesame")
    assert len(stage.connections) == 2
    stage.connections[-1].queue.put(wire.Connected(1, Security.NONE))
    stage.tick(*CLAIMED)
    assert "PASS me:open-sesame" in stage.connections[-1].sent
    stage.tick(":irc 001 me :Welcome", ":me!u@h JOIN #lobby", ":irc 353 me = #lobby :me", ":irc 366 me #lobby :End")
    assert any("meanwhile" in line for line in stage.connections[-1].sent)
    assert stage.phase == "ONLINE"


def test_a_name_that_stays_taken_is_asked_about(stage: Stage) -> None:
    """First it is most likely our own dead connection; after three minutes it is somebody else."""
    stage.lose()
    stage.connections[-1].queue.put(wire.Connected(2, Security.NONE))
    stage.tick(":irc 433 * me :in use")
    assert stage.phase != "ASKING" and stage.connections[-1].sent[-1] == "(drop 2)"
    stage.clock += 200
    stage.connections[-1].queue.put(wire.Connected(3, Security.NONE))
    stage.tick(":irc 433 * me :in use")
    assert stage.phase == "ASKING" and not stage.view.shown["question"].is_secret
    stage.view.answer("no/name")
    assert "can't be a name" in stage.view.shown["question"].text
    stage.view.answer("you")
    stage.connections[-1].queue.put(wire.Connected(1, Security.NONE))
    stage.tick()
    assert "NICK you" in stage.connections[-1].sent


def test_a_server_that_says_nothing_is_given_up_soon(tmp_path: Path) -> None:
    """Ten seconds without a line; whoever has said something may take longer."""
    for lines, after in (([], 11), ([":irc NOTICE * :Looking up your hostname"], 31)):
        stage = Stage(tmp_path, HOST)
        stage.presenter.begin(connect=True)
        stage.connections[-1].queue.put(wire.Connected(1, Security.NONE))
        stage.tick(*lines)
        stage.clock += after - 2
        stage.tick()
        assert "(drop 1)" not in stage.connections[-1].sent
        stage.clock += 2
        stage.tick()
        assert stage.connections[-1].sent[-1] == "(drop 1)"


def test_a_server_that_owes_an_answer_is_told_soon(tmp_path: Path) -> None:
    """After ten seconds in the bottom line, and only while it is silent; nobody has to answer who is asked nothing."""
    stage = Stage(tmp_path, HOST, "echo-message labeled-response")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.clock += 60
    stage.tick()
    assert stage.view.shown["status"].role == "ok"
    stage.presenter.send("anybody?")
    stage.clock += 9
    stage.tick()
    assert stage.view.shown["status"].role == "ok"
    stage.clock += 2
    stage.tick()
    assert stage.view.shown["status"].text.startswith("No answer from") and stage.view.shown["status"].role == "warn"
    stage.said("bob", "it is slow today")
    assert stage.view.shown["status"].role == "ok"


def test_the_menu_of_a_member_fits_rank_and_state(stage: Stage) -> None:
    """The acts of operators are offered to operators alone, and of two opposites the one that changes something."""
    state = stage.client.state
    assert menus.member_actions(state, "bob") == ("msg", "whois")
    assert menus.member_actions(state, "me") == ("whois",)
    stage.tick(":irc 005 me CHANMODES=beI,k,lW,imnst :are supported", ":bob!u@h MODE #lobby +o me")
    offered = menus.member_actions(state, "bob")
    assert {"deop", "mute", "kick", "ban"} <= set(offered) and not {"op", "unmute", "unban"} & set(offered)
    stage.tick(":me!u@h MODE #lobby -o+v bob bob", ":me!u@h MODE #lobby +bb m:bob!*@* bob!*@*")
    offered = menus.member_actions(state, "bob")
    assert {"op", "devoice", "unmute", "unban"} <= set(offered)
    assert not {"deop", "voice", "mute", "ban"} & set(offered)
    stage.tick(":me!u@h MODE #lobby -bb m:bob!*@* bob!*@*", ":me!u@h MODE #lobby -o me")
    assert menus.member_actions(state, "bob") == ("msg", "whois")
    stage.tick(":irc 381 me :You are now an IRC operator")
    assert "mute" in menus.member_actions(state, "bob")


def test_who_is_muted_is_found_as_the_server_compares_names(stage: Stage) -> None:
    """By CASEMAPPING rfc1459, { is the small letter of [: the menu offers to let them speak, and tells why not yet."""
    state = stage.client.state
    state.is_operator = True
    stage.tick(
        ":irc 005 me CASEMAPPING=rfc1459 :are supported", ":b[x!u@h JOIN #lobby",
        ":bob!u@h MODE #lobby +bb m:b[x!*@* b[x!*@*",
    )  # fmt: skip
    assert "b[x (muted)" in [row.text for row in stage.view.shown["members"]]
    assert {"unmute", "unban"} <= set(menus.member_actions(state, "b[x"))
    assert menus.about_member(state, "b{x") == ["Muted by bob"]


def test_the_menu_of_a_room_fits_rank_and_modes(stage: Stage) -> None:
    """What is in force is asked once, silently, when the room is looked at."""

    def names() -> list[str]:
        return [act.name for act in menus.room_acts(stage.client.state)]

    stage.tick(
        ":irc 005 me CHANMODES=beI,k,lW,imnst :are supported", ":irc 324 me #lobby +ntk s3cret",
        ":irc 367 me #lobby m:eve!*@* bob 1", ":irc 368 me #lobby :End",
    )  # fmt: skip
    assert not [text for text in stage.view.texts if "eve" in text or "Modes" in text]
    assert names() == ["Invite somebody…", "Who is banned or muted…", "Show the address…"]
    stage.tick(":bob!u@h MODE #lobby +o me")
    assert names() == [
        "Topic…", "Invite somebody…", "Who is banned or muted…", "Show the address…", "Take the key away", "Key…",
        "Let in only who is invited", "Quiet: only operators and those with a voice speak", "Slow mode…",
    ]  # fmt: skip
    stage.tick(":bob!u@h MODE #lobby +miW-k 10 *")
    assert names()[4:] == ["Key…", "Let in everybody", "Let everybody speak", "End slow mode"]


def test_ones_own_menu_fits_what_one_is(stage: Stage) -> None:
    """Claim or log in, or log out; away or back; an operator of the server need not become one."""

    def names() -> list[str]:
        return [act.name for act in menus.own_acts(stage.client.state)]

    assert names() == ["Claim this name…", "Log in…", "Away…", "Another name…", "Operator of the server…"]
    stage.tick(":irc 900 me me!u@h me :You are now logged in as me", ":irc 306 me :away", ":me MODE me :+o")
    assert names() == ["Change the password…", "Log out", "Back", "Another name…"]
    stage.tick(":irc 005 me TIMEDBANS=BAN,MUTE,KICK :are supported", ":irc PERSISTENCE STATUS OFF OFF")
    assert names()[1:3] == ["Your devices", "Mentions of you"]
    assert names()[-2:] == ["Only logged-in people may write to me", "Stay in my rooms when I go"]
    before = len(stage.view.texts)
    stage.tick(":me MODE me :+R")
    assert names()[-2] == "Everybody may write to me" and len(stage.view.texts) == before, "so it was before the login"
    for act, sent, answer, told in (
        ("Everybody may write to me", "MODE me -R", ":me MODE me :-R", "Everybody may write to you alone."),
        ("Stay in my rooms when I go", "PERSISTENCE SET ON", ":irc PERSISTENCE STATUS ON ON", "You stay in your rooms"),
    ):
        stage.client.state.capabilities.add("draft/persistence")
        acts = {each.name: each for each in menus.own_acts(stage.client.state)}
        stage.presenter.questions.ask_for_act(acts[act])
        assert sent in stage.connections[-1].sent[-1]
        stage.tick(answer)
        assert told in stage.view.texts[-1] and act not in names()
    stage.presenter.questions.ask_for_act(menus.CHANGE_PASSWORD)
    stage.view.answer("old-sesame")
    assert stage.view.shown["question"].label == "New password" and stage.view.shown["question"].is_secret
    stage.view.answer("new-sesame")
    assert stage.connections[-1].sent[-1] == "PRIVMSG NickServ :SET PASSWORD old-sesame new-sesame"


def test_the_menu_of_a_person_offers_to_ignore_them_or_to_hear_them_again(stage: Stage) -> None:
    """Whom one ignores is asked once, silently; a list that one asks for is shown."""
    state = stage.client.state
    assert "ignore" not in menus.member_actions(state, "bob")
    stage.tick(":irc 005 me SILENCE=100 :are supported")
    assert stage.connections[0].sent[-1] == "SILENCE"
    before = len(stage.view.rows)
    stage.tick(":irc 271 me me eve!*@*", ":irc 271 me me ~a:dan", ":irc 272 me :End")
    assert len(stage.view.rows) == before
    assert [menus.member_actions(state, nick)[-1] for nick in ("bob", "eve", "DAN")] == ["ignore"] + ["unignore"] * 2
    stage.presenter.questions.act_on_member("bob", "ignore")
    assert stage.connections[0].sent[-1] == "SILENCE +bob"
    stage.tick(":me!u@h SILENCE +bob!*@*", ":me!u@h SILENCE -eve!*@*")
    assert [menus.member_actions(state, nick)[-1] for nick in ("bob", "eve")] == ["unignore", "ignore"]
    stage.tick(":irc 271 me me bob!*@*", ":irc 272 me :End")
    assert "You ignore bob." in stage.view.texts


def test_members_stand_in_sections_with_their_marks(stage: Stage) -> None:
    """Operators, who is here, who is away; with a sign for those who run the server and those who are muted."""
    stage.tick(
        ":irc 353 me = #lobby :carol +dave eve", ":irc 366 me #lobby :End", ":carol!u@h AWAY :lunch",
        ":bob!u@h MODE #lobby +b m:eve!*@*",
    )  # fmt: skip
    stage.client.state.awaited.asked_who.add("#lobby")
    stage.tick(":irc 352 me #lobby bob h irc bob H*@ :0 bob")
    assert [row.text for row in stage.view.shown["members"]] == [
        "Operators — 1", "@bob ★", "Here — 3", "+dave", "eve (muted)", "me", "Away — 1", "carol",
    ]  # fmt: skip


def test_a_conversation_is_saved_as_text(stage: Stage, tmp_path: Path) -> None:
    """What people said and did, with date and time; where it can't be written, the reason is told."""
    stage.said("bob", "hello")
    stage.view.file = str(tmp_path / "lobby.txt")
    stage.presenter.save_conversation()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d bob: hello\n", (tmp_path / "lobby.txt").read_text("utf-8"))
    stage.tick()
    assert stage.view.texts[-1].startswith("1 line is saved in ")
    stage.view.file = str(tmp_path)
    stage.presenter.save_conversation()
    stage.tick()
    assert stage.view.texts[-1].startswith("That can't be saved (Is a directory): ")


def test_a_room_that_needs_a_key_asks_for_it(stage: Stage) -> None:
    """In place, and in the client's own words."""
    stage.presenter.send("/join #klasa3b")
    stage.tick(":irc 475 me #klasa3b :Cannot join channel (+k)")
    assert "#klasa3b needs a key. /join #klasa3b KEY goes there." in stage.view.texts
    assert stage.view.shown["question"].title == "#klasa3b is locked"
    stage.view.answer("s3cret")
    assert stage.connections[-1].sent[-1] == "JOIN #klasa3b s3cret"
    stage.tick(":irc 475 me #klasa3b :Cannot join channel (+k)")
    assert len([text for text in stage.view.texts if "needs a key" in text]) == 2
    stage.tick(":me!u@h JOIN #klasa3b", ":irc 353 me = #klasa3b :me @Anna", ":irc 366 me #klasa3b :End")
    assert not any("needs a key" in text for text in stage.view.texts)


def test_an_answer_stands_where_its_command_was_typed(stage: Stage) -> None:
    """The server may be slow, and the user somewhere else by then."""
    stage.presenter.send("/raw FOO")
    stage.presenter.send("/msg bob")
    assert stage.view.shown["header"].name == "bob"
    stage.presenter.rooms.select("#lobby")
    stage.presenter.send("/raw FOO")
    stage.presenter.rooms.select("bob")
    stage.tick(":irc 421 me FOO :Unknown command")
    assert not any("FOO" in text for text in stage.view.texts)
    stage.presenter.rooms.select("#lobby")
    assert stage.view.texts[-1] == "This server knows no command FOO."


def test_the_head_tells_what_keeps_people_out_or_silent(stage: Stage) -> None:
    """Also to those who came later; before the topic."""
    stage.tick(":irc 005 me CHANMODES=b,k,lW,imnst :are supported")
    stage.tick(":irc 332 me #lobby :Tea", ":irc 324 me #lobby +kmW * 30")
    assert stage.view.shown["header"].topic == "needs a key · quiet · slow: 30 seconds · Tea"
    stage.tick(":bob!u@h MODE #lobby -k+W * 60", ":bob!u@h MODE #lobby -m")
    assert stage.view.shown["header"].topic == "slow: 1 minute · Tea"
    stage.tick(":bob!u@h MODE #lobby -W")
    assert stage.view.shown["header"].topic == "Tea"


def test_one_person_has_one_colour_in_the_room_and_alone(stage: Stage) -> None:
    """The talk has the colours of a room where both are."""
    state = stage.presenter.state
    assert state
    lobby = state.room("#lobby")
    lobby.colour("eve")
    lobby.colour("bob")
    talk = state.room("bob")
    assert [talk.colour(nick) for nick in ("me", "bob")] == [lobby.colour(nick) for nick in ("me", "bob")]


def test_the_question_of_a_room_stands_over_that_room_alone(stage: Stage) -> None:
    """It names who knows the key, as far as the server does. Whoever comes back to the room is asked again."""

    def asked() -> str:
        question = stage.view.shown.get("question")
        return f"{question.title}: {question.text}" if question else ""

    stage.presenter.send("/join #klasa3b")
    stage.presenter.rooms.select("#lobby")
    stage.tick(":irc 475 me #klasa3b :Cannot join channel (+k); ask an operator for the key: Anna")
    assert asked() == ""
    stage.presenter.rooms.select("#klasa3b")
    assert asked() == "#klasa3b is locked: Ask an operator for the key: Anna."
    stage.presenter.rooms.select("#lobby")
    assert asked() == ""
    stage.presenter.rooms.select("#klasa3b")
    assert asked().startswith("#klasa3b is locked")
    stage.presenter.rooms.select("#lobby")
    stage.tick(":me!u@h JOIN #klasa3b", ":irc 353 me = #klasa3b :me @Anna", ":irc 366 me #klasa3b :End")
    stage.presenter.rooms.select("#klasa3b")
    assert asked() == ""


def test_the_address_of_a_room_is_shown_and_copied(stage: Stage) -> None:
    """That of the page, where the server is ours; one of this machine says so."""
    stage.presenter.questions.ask_for_act(menus.ADDRESS)
    assert stage.view.shown["question"].typed == "irc://127.0.0.1:9090/lobby"
    stage.tick(":irc 005 me TIMEDBANS=BAN,MUTE,KICK :are supported")
    stage.presenter.questions.ask_for_act(menus.ADDRESS)
    question = stage.view.shown["question"]
    assert question.typed == "http://127.0.0.1:9090/#lobby" and "this machine alone" in question.text
    stage.view.answer(question.typed)
    assert stage.view.copied == question.typed
    stage.presenter.server = replace(HOST, host="2001:db8::1", tls=True)
    stage.presenter.questions.ask_for_act(menus.ADDRESS)
    question = stage.view.shown["question"]
    assert question.typed == "https://[2001:db8::1]:9090/#lobby" and "comes into the room" in question.text


def test_a_room_of_a_server_that_renames_can_be_renamed_in_its_menu(tmp_path: Path) -> None:
    """Not the lobby, and not by everybody."""
    stage = Stage(tmp_path, HOST, "draft/channel-rename")
    stage.presenter.begin(connect=True)
    stage.connect()
    state = stage.client.state
    stage.presenter.send("/join #tea")
    stage.tick(":me!u@h JOIN #tea", ":irc 353 me = #tea :me @Anna", ":irc 366 me #tea :End")
    assert menus.RENAME not in menus.room_acts(state)
    stage.tick(":Anna!u@h MODE #tea +o me")
    assert menus.RENAME in menus.room_acts(state)
    stage.presenter.questions.ask_for_act(menus.RENAME)
    stage.view.answer("#coffee more awake")
    assert stage.connections[-1].sent[-1].endswith("RENAME #tea #coffee :more awake")
    stage.presenter.rooms.select("#lobby")
    stage.tick(":Anna!u@h MODE #lobby +o me")
    assert menus.RENAME not in menus.room_acts(state)


def test_what_a_menu_asks_for_is_typed_as_a_command(stage: Stage) -> None:
    """A password is hidden while it is typed and never comes into the composer."""
    stage.client.state.is_operator = True
    stage.tick(":irc 005 me CHANMODES=beI,k,lW,imnst :are supported")
    acts = {act.name: act for act in every_act(stage)}
    for name, typed, sent in (
        ("Topic…", "tea at five", "TOPIC #lobby :tea at five"),
        ("Key…", "s3cret", "MODE #lobby +k s3cret"),
        ("Claim this name…", "open-sesame", "PRIVMSG NickServ :REGISTER open-sesame"),
        ("Operator of the server…", "open-sesame", "OPER me open-sesame"),
        ("Away…", "", "AWAY away"),
    ):
        stage.presenter.questions.ask_for_act(acts[name])
        assert stage.view.shown["question"].is_secret is ("open-sesame" in typed)
        stage.view.answer(typed)
        assert stage.connections[-1].sent[-1] == sent
    stage.presenter.questions.ask_for_act(acts["Quiet: only operators and those with a voice speak"])
    assert stage.connections[-1].sent[-1] == "MODE #lobby +m"
    stage.presenter.questions.ask_for_act(acts["Key…"])
    stage.view.answer("two words")
    assert stage.view.composer == "/key two words"


def every_act(stage: Stage) -> list[menus.Act]:
    """All that menus can offer."""
    state, acts = stage.client.state, []
    for state.is_operator, state.account, state.away in ((True, "", ""), (False, "me", "away")):
        acts += [*menus.room_acts(state), *menus.own_acts(state)]
    return acts


def test_every_act_of_a_menu_is_a_command_that_there_is(stage: Stage) -> None:
    """Filled in, the line has no word too many. The address alone is shown without one."""
    for act in every_act(stage):
        if act is menus.ADDRESS:
            continue
        assert act.command[1:].split()[0] in slash_commands.COMMANDS
        assert bool(act.label) is ("{}" in act.command)
        assert act.is_secret is slash_commands.is_secret(act.command)


def test_a_message_can_be_answered_and_taken_back_in_its_menu(tmp_path: Path) -> None:
    """Our own as long as the server can; others see that it was taken back, and so do we."""
    stage = Stage(tmp_path, HOST, "message-tags draft/message-redaction")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.tick("@msgid=a1 :bob!u@h PRIVMSG #lobby :theirs", "@msgid=a2 :me!u@h PRIVMSG #lobby :mine, from elsewhere")
    pane = stage.presenter.pane
    theirs, mine = len(stage.view.rows) - 2, len(stage.view.rows) - 1
    assert pane.actions(theirs) == [("reply", "Reply to bob")]
    pane.act(theirs, "reply")
    stage.presenter.refresh()
    assert stage.view.composer == "" and stage.view.shown["note"].text == "Reply to bob: theirs"
    stage.presenter.escape()
    assert stage.view.shown["note"].text == ""
    assert pane.actions(mine) == [("edit", "Edit…"), ("take back", "Take back")]
    pane.act(mine, "take back")
    assert stage.connections[-1].sent[-1] == "REDACT #lobby a2"
    stage.tick(":me!u@h REDACT #lobby a2 :")
    assert "mine" not in " ".join(stage.view.texts) and "(taken back)" in stage.view.texts[-1]
    assert pane.actions(0) == []


def test_a_device_that_was_ended_stays_out_and_forgets_the_password(tmp_path: Path) -> None:
    """It may be in other hands. Who is thrown off the server reads by whom and why, and may come again."""
    for fail, password, field, told in (
        ("SESSION_ENDED :you have ended it", "", "password", "ended from one of your devices"),
        ("SESSION_KILLED olga :a break", "s3cret", "notice", "olga has thrown you off this server: a break"),
    ):
        stage = Stage(tmp_path, HOST, "standard-replies")
        stage.presenter.use_password("s3cret")
        stage.presenter.begin(connect=True)
        stage.connect()
        stage.tick(f":irc FAIL * {fail}", "ERROR :bye")
        assert not stage.view.in_chat and stage.presenter.client is None
        panel = stage.view.shown["panel"]
        assert told in panel.errors[field] and panel.password == password


def test_who_keeps_order_takes_back_what_others_said(tmp_path: Path) -> None:
    """Nobody else does, nor anybody in a conversation of two."""
    stage = Stage(tmp_path, HOST, "message-tags draft/message-redaction")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.tick("@msgid=a1 :bob!u@h PRIVMSG #lobby :theirs")
    pane, last = stage.presenter.pane, len(stage.view.rows) - 1
    assert ("take back", "Take back") not in pane.actions(last)
    stage.tick(":bob!u@h MODE #lobby +o me")
    last = next(i for i, row in enumerate(stage.view.rows) if row.entry and row.entry.msgid == "a1")
    assert pane.actions(last) == [("reply", "Reply to bob"), ("take back", "Take back")]
    stage.view.consents = False
    pane.act(last, "take back")
    assert "theirs" in stage.view.questions[-1] and "REDACT #lobby a1" not in stage.connections[-1].sent
    stage.view.consents = True
    pane.act(last, "take back")
    assert stage.connections[-1].sent[-1] == "REDACT #lobby a1"


def test_one_reacts_in_the_menu_of_a_message(tmp_path: Path) -> None:
    """And takes it back there: what one has reacted with has a tick."""
    stage = Stage(tmp_path, HOST, "message-tags")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.tick("@msgid=a1 :bob!u@h PRIVMSG #lobby :lunch?")
    pane = stage.presenter.pane
    row = next(i for i, row in enumerate(stage.view.rows) if row.entry and row.entry.msgid == "a1")
    assert [label for _, label in pane.reactions(row)] == list(QUICK_REACTIONS)
    pane.act(row, "react 👍")
    assert stage.connections[-1].sent[-1] == "@+draft/react=👍;+draft/reply=a1;+reply=a1 TAGMSG #lobby"
    stage.tick("@+draft/react=👍;+reply=a1 :me!u@h TAGMSG #lobby")
    assert "👍\u00a01" in stage.view.texts[-1]
    assert pane.reactions(row)[0] == ("react 👍", "👍 ✓  me")
    pane.act(row, "react 👍")
    assert "+draft/unreact=👍" in stage.connections[-1].sent[-1]
    stage.tick(":bob!u@h REDACT #lobby a1 :")
    assert pane.reactions(0) == []


def test_names_are_sorted_by_their_letters() -> None:
    """As in a dictionary, whatever is on the letters."""
    names = ["Zoe", "marek", "Łukasz", "Élodie", "fred", "Lucy"]
    assert sorted(names, key=view_models.sort_key) == ["Élodie", "fred", "Lucy", "Łukasz", "marek", "Zoe"]


def test_a_match_opens_its_place_and_back_returns(tmp_path: Path) -> None:
    """The history around it is fetched, the words are marked; Esc goes back to the matches, then to the room."""
    stage = Stage(tmp_path, HOST, "batch message-tags labeled-response draft/chathistory soju.im/search server-time")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.presenter.search.open()
    stage.presenter.search.find("Żółw")
    stage.tick(
        ":irc BATCH +s soju.im/search", "@batch=s;msgid=7 :bob!u@h PRIVMSG #lobby :a ZOLW swims", ":irc BATCH -s"
    )
    assert stage.view.shown["header"].people == "1 found"
    assert ("ZOLW", "hit") in stage.view.rows[-1].segments
    stage.presenter.pane.clicked(len(stage.view.rows) - 1, "place", "")
    asked = stage.connections[-1].sent[-1]
    assert asked.endswith("CHATHISTORY AROUND #lobby msgid=7 100")
    stage.tick(
        f"{asked.partition(' ')[0]} :irc BATCH +h chathistory #lobby",
        "@batch=h;msgid=6;time=2023-11-14T22:00:06.000Z :eve!u@h PRIVMSG #lobby :before",
        "@batch=h;msgid=7;time=2023-11-14T22:00:07.000Z :bob!u@h PRIVMSG #lobby :a żółw swims",
        "@batch=h;msgid=8;time=2023-11-14T22:00:08.000Z :eve!u@h PRIVMSG #lobby :after",
        ":irc BATCH -h",
    )
    assert stage.view.texts[1:] == ["eve  before", "bob  a żółw swims", "eve  after"]
    assert ("żółw", "hit") in stage.view.rows[2].segments and stage.view.rows[2].tag == "found"
    assert stage.view.shown["back"]
    stage.presenter.escape()
    assert stage.view.texts[1:] == ["bob  a ZOLW swims  Show its place"] and not stage.view.shown["back"]
    stage.presenter.escape()
    assert stage.view.shown["header"].people == "2 people" and stage.view.shown["search"] is None


def test_a_new_name_in_the_list_of_rooms_makes_a_room(stage: Stage) -> None:
    """With or without its #."""
    stage.tick(":irc 322 me #tea 3 :[+k] hot", ":irc 323 me :End")
    assert stage.view.shown["picker"] == [("#tea", "3 people · needs a key · hot")]
    assert stage.view.new_row("dev") == ("#dev", "a new room")
    stage.tick(":irc 005 me CHANTYPES=#+ :are supported")
    assert [stage.view.new_row(typed)[0] for typed in ("+dev", "&dev")] == ["+dev", "#&dev"]
    stage.presenter.rooms.offer_open()
    assert stage.view.new_row("bob") == ("bob", "talk to them alone")


def test_an_answer_stands_under_what_it_answers(tmp_path: Path) -> None:
    """A line of it, with who said it."""
    stage = Stage(tmp_path, HOST, "message-tags")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.tick("@msgid=1 :bob!u@h PRIVMSG #lobby :tea?", "@msgid=2;+draft/reply=1 :eve!u@h PRIVMSG #lobby :yes")
    assert stage.view.texts[-3:] == ["bob  tea?", "↩ bob: tea?", "eve  yes"]
    stage.presenter.pane.act(len(stage.view.rows) - 1, "reply")
    stage.presenter.send("good")
    assert stage.connections[-1].sent[-2] == "@+draft/reply=2 PRIVMSG #lobby good"
    assert stage.view.shown["note"].text == ""
    stage.presenter.send("bye")
    assert stage.connections[-1].sent[-2] == "PRIVMSG #lobby bye"


def test_where_messages_have_no_ids_an_answer_begins_with_the_name(tmp_path: Path) -> None:
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.tick(":bob!u@h PRIVMSG #lobby :tea?")
    stage.presenter.pane.act(len(stage.view.rows) - 1, "reply")
    assert stage.view.composer == "bob: "


def test_the_next_run_begins_with_the_name_that_one_has_logged_in_to(tmp_path: Path) -> None:
    """Not with a nickname that one has just for now."""
    for nick, login, begins in (("guest", "", HOST.nick), ("anna", "anna", "anna")):
        stage = Stage(tmp_path, HOST)
        stage.presenter.begin(connect=True)
        stage.connect()
        stage.tick(f":{HOST.nick}!u@h NICK {nick}")
        if login:
            stage.tick(f":irc 900 {nick} {nick}!u@h {login} :You are logged in")
        stage.presenter.disconnect()
        assert stage.presenter.settings.recent[0].nick == begins


def test_drafts_come_back_to_who_wrote_them(tmp_path: Path) -> None:
    """Several may use one desktop, by different names."""
    stage = Stage(tmp_path, HOST)
    for number, (nick, found) in enumerate(((HOST.nick, ""), ("tina", ""), (HOST.nick, "half a thought")), 1):
        stage.presenter.server = replace(HOST, nick=nick)
        stage.view.composer = ""
        stage.presenter.begin(connect=True)
        stage.connect(number)
        assert stage.view.composer == found
        if number == 1:
            stage.view.composer = "half a thought"
        stage.presenter.disconnect()


def test_what_waits_to_be_sent_comes_back_as_a_draft(tmp_path: Path) -> None:
    """Also what was on its way when the connection was lost; before what was being written, and as it was typed."""
    stage = Stage(tmp_path, HOST, "labeled-response echo-message")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.presenter.send("//usr is full")
    stage.lose()
    stage.presenter.send("hello?")
    stage.view.composer = "/login open-sesame"
    stage.presenter.disconnect()
    assert stage.view.composer == ""
    stage.presenter.begin(connect=True)
    stage.connect(2)
    assert stage.view.composer == "//usr is full\nhello?"


def test_what_is_on_its_way_when_one_leaves_is_no_draft(tmp_path: Path) -> None:
    """It is sent before the goodbye."""
    stage = Stage(tmp_path, HOST, "labeled-response echo-message")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.presenter.send("bye")
    stage.presenter.disconnect()
    stage.presenter.begin(connect=True)
    stage.connect(2)
    assert stage.view.composer == ""


def test_a_message_that_waits_comes_back_as_it_was_typed(stage: Stage) -> None:
    """What began with two slashes, or with /me, does so again."""
    stage.lose()
    for typed in ("//usr is full", "/me waves"):
        stage.view.composer = ""
        stage.presenter.send(typed)
        stage.presenter.pane.act(len(stage.view.rows) - 1, "take back")
        assert stage.view.composer == typed


def test_other_colours_are_shown_everywhere(stage: Stage) -> None:
    """The line at the bottom is told anew, since its colours are those of a theme."""
    stage.view.shown.pop("status")
    stage.presenter.prefer(theme="dark")
    stage.tick()
    assert "status" in stage.view.shown


def test_where_the_user_was_named_is_shown_with_its_rooms(tmp_path: Path) -> None:
    """/mentions; each opens its place in the room where it was said."""
    stage = Stage(tmp_path, HOST, "batch message-tags labeled-response draft/chathistory soju.im/search server-time")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.presenter.send("/join #dev")
    stage.tick(f":{stage.presenter.server.nick}!u@h JOIN #dev")
    stage.presenter.rooms.select("#lobby")
    stage.presenter.send("/mentions")
    assert stage.connections[-1].sent[-1] == "@label=mentions MENTIONS"
    nick = stage.presenter.server.nick
    stage.tick(
        "@label=mentions :irc BATCH +s soju.im/search", f"@batch=s;msgid=7 :bob!u@h PRIVMSG #dev :thanks, {nick}",
        ":irc BATCH -s",
    )  # fmt: skip
    assert stage.view.texts[-1] == f"bob  thanks, {nick}  #dev  Show its place"
    stage.presenter.pane.clicked(len(stage.view.rows) - 1, "place", "")
    assert stage.connections[-1].sent[-1].endswith("CHATHISTORY AROUND #dev msgid=7 100")
    stage.presenter.escape()
    stage.presenter.send("/mentions")
    stage.tick("@label=mentions :irc BATCH +s soju.im/search", ":irc BATCH -s")
    assert "Nothing was found." in stage.view.texts[-1]


def test_a_language_that_is_chosen_is_remembered(tmp_path: Path) -> None:
    """In the file of settings; a damaged one names none."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.begin(connect=True)
    stage.connect()
    try:
        stage.presenter.send("/lang pl")
        stage.tick()
    finally:
        speak(ENGLISH)
    path = next(tmp_path.rglob("*.json"))
    assert chosen_language(path) == "pl"
    path.write_text("{")
    assert chosen_language(path) == ""


def test_a_name_that_no_line_can_say_is_refused_and_the_window_goes_on(stage: Stage) -> None:
    """A smiley is no person; what was typed stays."""
    for typed in ("/msg :) hi", "/invite :x", "/oper :x y", "/mode :x y"):
        stage.presenter.send(typed)
        assert stage.view.composer == typed
        stage.tick()
        assert "can't be the name" in stage.view.texts[-1]
    assert stage.connections[-1].sent == [] and list(stage.client.state.rooms) == ["#lobby"]
    stage.presenter.rooms.go("Frau Keller")
    assert "frau_keller" in stage.client.state.rooms


def test_whoever_is_let_back_from_a_list_is_asked_about_first(stage: Stage) -> None:
    """Enter in the list alone lifts no ban."""
    stage.tick(":irc MODE #lobby +o me", ":irc 367 me #lobby mia!*@* bob 1700000000", ":irc 368 me #lobby :End")
    stage.presenter.questions.ask_for_act(menus.BANS)
    stage.connections[-1].sent.clear()
    stage.view.pick("mia")
    assert stage.connections[-1].sent == []
    assert stage.view.shown["question"].title == "Let mia back into #lobby?" and stage.view.shown["question"].is_harmful
    stage.view.answer("")
    assert stage.connections[-1].sent[0] == "MODE #lobby -b mia!*@*"


def test_a_name_with_a_space_is_taken_as_it_can_be(tmp_path: Path) -> None:
    """Where one is asked for a name: on the form, and in the menu."""
    stage = Stage(tmp_path, HOST)
    stage.presenter.connect(replace(HOST, nick=" Frau  Keller "), "")
    stage.connect()
    assert stage.client.state.nick == "Frau_Keller"
    rename = next(act for act in menus.own_acts(stage.client.state) if act.name == "Another name…")
    stage.presenter.questions.ask_for_act(rename)
    stage.view.answer("Frau Doktor Keller")
    assert stage.connections[-1].sent[0] == "NICK Frau_Doktor_Keller"


def test_a_command_whose_password_is_refused_stands_there_for_the_next_one(stage: Stage) -> None:
    """Else that would be said. Who writes something else by then goes on with it."""
    stage.tick(":irc CAP me ACK :message-tags")
    refused = "@chatroom/code=password-weak :NickServ!NickServ@irc NOTICE me :A password has at least 8 characters"
    stage.presenter.send("/register short")
    stage.tick(refused)
    assert stage.view.composer == "/register "
    stage.view.composer = ""
    stage.tick(refused)
    assert stage.view.composer == ""  # nothing of the user's has been refused
    stage.presenter.send("/register short")
    stage.view.composer = "hello"
    stage.tick(refused)
    assert stage.view.composer == "hello"
    stage.presenter.send("/register open-sesame")
    stage.tick("@chatroom/code=claimed :NickServ!NickServ@irc NOTICE me :The name me is yours")
    assert stage.view.composer == ""


def test_a_name_that_is_too_long_here_is_told_as_that(stage: Stage) -> None:
    """Servers tell how long a name may be; their own words are not needed."""
    stage.tick(":irc 005 me NICKLEN=9 :are supported", ":irc 432 me a_very_long_name :Erroneous nickname")
    assert "A name has at most 9 characters here." in stage.view.texts[-1]
