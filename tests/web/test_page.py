"""The page in a real browser, with a real server and real clients of the other kinds in the room."""

import math
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="needs playwright, which pip install '.[dev]' brings")

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect, sync_playwright

import chatroom
from chatroom.server.chat_server import ChatServer
from tests.gui.window import Window
from tests.peers import Guests, Served, eventually, said
from tests.programs import Irssi, Netcat
from tests.web.tasks import measured
from tests.web.visitors import PHONE, Visit, Visitor

pytestmark = pytest.mark.needs("chromium")

Company = Callable[[Served], Guests]

WORDS = "zażółć gęślą jaźń 😀"
TOP_MESSAGE = (
    "[...document.querySelectorAll('.message')].find((row) => row.getBoundingClientRect().bottom > 60).innerText"
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all; each visitor has a memory of their own in it."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def company() -> Iterator[Company]:
    """Clients of a server that runs as a process: `company(served)`."""
    all_guests: list[Guests] = []

    def make(served: Served) -> Guests:
        all_guests.append(Guests(served.port))
        return all_guests[-1]

    yield make
    for guests in all_guests:
        guests.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Makes visitors: `visit(port)`. The page of none of them may complain."""
    visitors: list[Visitor] = []

    def make(port: int, *args: object, **more: object) -> Visitor:
        visitors.append(Visitor(chromium, port, *args, **more))  # type: ignore[arg-type]  # Visitor's own
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


# ---- coming in ------------------------------------------------------------------------------------------------------


@pytest.mark.needs("irssi", "tmux", "nc", "Xvfb", "xdotool")
def test_a_first_visit_leads_into_the_room_of_all_others(
    server: ChatServer,
    visit: Visit,
    irssi: Callable[[int, str], Irssi],
    netcat: Callable[[int, str], Netcat],
    display: str,
    tmp_path: Path,
) -> None:
    """A name is all that is asked for; netcat, irssi, the window and the page read each other whole."""
    nathan, irma = netcat(server.port, "nathan"), irssi(server.port, "irma")
    irma.type("/join #lobby")
    nathan.wait("irma joined")
    nora = visit(server.port).come("nora")
    nathan.wait("nora joined")
    with Window(display, tmp_path, "-p", str(server.port), "--nick", "wanda") as window:
        window.wait_online()
        nathan.wait("wanda joined")
        nora.say(f"from the page: {WORDS}")
        nathan.wait(f"^nora: from the page: {WORDS}$")
        irma.sees(f"nora.*from the page: {WORDS}")
        window.wait_row(f"from the page: {WORDS}")
        nathan.send(f"from netcat: {WORDS}")
        irma.type(f"from irssi: {WORDS}")
        window.type("from the window")
        window.key("Return")
        for text in (f"from netcat: {WORDS}", f"from irssi: {WORDS}", "from the window"):
            nora.sees(text)
        for name in ("irma", "nathan", "nora", "wanda"):
            expect(nora.member(name)).to_be_visible()
    nora.notes("wanda")


def test_three_requests_lead_to_the_first_message(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """The page, its colours and its script; what a browser wants for its tab comes later. A slow network will do."""
    bob = guests.irc("bob")
    nora = visit(server.port)
    asked: list[str] = []
    nora.page.on("request", lambda request: asked.append(request.url.removeprefix(nora.address)))
    network = nora.context.new_cdp_session(nora.page)
    slow = {"offline": False, "latency": 40, "downloadThroughput": 3e6 / 8, "uploadThroughput": 1e6 / 8}
    network.send("Network.emulateNetworkConditions", slow)
    begun = time.monotonic()
    nora.come("nora")
    nora.say("hello")
    bob.wait("PRIVMSG #lobby :hello")
    assert time.monotonic() - begun < 15
    assert sorted({*asked} - {"icon.svg", "manifest.webmanifest"}) == ["", "app.css", "app.js"]


def test_a_second_visit_comes_in_by_itself(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """With the rooms and the draft of the first, and with what was said meanwhile as new."""
    bob = guests.irc("bob", room="#tea")
    nora = visit(server.port).come("nora", "#tea", "#tea")
    nora.say("hello")
    bob.wait("PRIVMSG #tea :hello")
    nora.composer.fill("half a sen")
    nora.page.wait_for_timeout(1500)  # what is written is saved once a second
    nora.page.close()
    bob.wait("nora.* QUIT")
    bob.send("PRIVMSG #tea :are you there, nora?")
    bob.sync()
    nora.page = nora.tab()
    nora.page.goto(nora.address)
    nora.is_in("#tea")
    nora.sees("are you there, nora?")
    expect(nora.composer).to_have_value("half a sen")
    expect(nora.page.locator(".line.new")).to_be_visible()


def test_a_new_device_counts_what_is_new_to_its_account(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """From where it was read to elsewhere; where nothing has told that, from what was said there oneself."""
    served = serve("--data", str(tmp_path / "kept"))
    guests = company(served)
    nora, bob = guests.irc("nora", "draft/read-marker", room="#tea"), guests.irc("bob", room="#tea")
    for client in (nora, bob):
        client.send("JOIN #art")
    nora.send("PRIVMSG NickServ :REGISTER open-sesame")
    nora.wait(" 900 ")
    nora.send("PRIVMSG NickServ :SET stay on", "PRIVMSG #tea :hello", "PRIVMSG #art :hello")
    nora.wait("You stay in your rooms")
    nora.sync()
    bob.send("PRIVMSG #tea :one, nora", "PRIVMSG #art :one, nora")
    nora.wait("PRIVMSG #art :one")
    nora.send("MARKREAD #tea timestamp=2100-01-01T00:00:00.000Z")
    nora.wait("MARKREAD #tea timestamp=2")
    nora.send("QUIT")
    nora.rest()
    bob.send("PRIVMSG #tea :two, nora", "PRIVMSG #art :two, nora")
    bob.sync()
    page = visit(served.port).log_in("nora", "open-sesame")
    expect(page.room("#tea").locator(".count")).to_contain_text("@1")
    expect(page.room("#art").locator(".count")).to_contain_text("@2")


def test_the_form_tells_whose_server_this_is(serve: Callable[..., Served], visit: Visit) -> None:
    """What it is for, else its name; what that has of markup is text."""
    for options, about in (
        (("--name", "school.example", "--description", "Klasse <b>3a</b> & co"), "Klasse <b>3a</b> & co"),
        (("--name", "school.example"), "school.example"),
    ):
        nora = visit(serve(*options).port)
        nora.page.goto(nora.address)
        expect(nora.page.locator(".sign-in h1 + p")).to_have_text(about)


def test_people_who_were_hidden_stay_hidden(server: ChatServer, visit: Visit) -> None:
    """On this device, until they are shown again."""
    nora = visit(server.port).come("nora")
    nora.page.get_by_role("button", name="Show people").click()
    expect(nora.page.locator("#members")).to_be_hidden()
    nora.page.reload()
    nora.is_in("#lobby")
    expect(nora.page.locator("#members")).to_be_hidden()
    nora.page.get_by_role("button", name="Show people").click()
    expect(nora.page.locator("#members")).to_be_visible()


def test_who_leaves_leaves_nothing_to_the_next_one(server: ChatServer, visit: Visit) -> None:
    """Whose device others use, too: neither a name nor a draft, a room or a conversation stays."""
    paul = visit(server.port).come("paul")
    paul.say("/join secret")
    paul.is_in("#secret")
    paul.say("/msg bob")
    paul.is_in("bob")
    paul.composer.fill("half a sent")
    paul.page.locator(".self .account").click()
    paul.page.get_by_role("button", name="Leave the chat").click()
    expect(paul.page.get_by_label("Your name")).to_have_value("")
    paul.page.get_by_label("Your name").fill("paula")
    paul.page.keyboard.press("Enter")
    paul.is_in("#lobby")
    for left in ("#secret", "bob"):
        expect(paul.room(left)).to_have_count(0)
    assert not re.search("half|secret|bob", paul.run("JSON.stringify(localStorage)"))


def test_a_link_names_a_room(server: ChatServer, visit: Visit) -> None:
    """At the first visit and later, letters beyond ASCII included."""
    nora = visit(server.port).come("nora", "#łódź", "#łódź")
    nora.run("location.hash = '#tea'")
    nora.is_in("#tea")
    expect(nora.room("#łódź")).to_be_visible()


def test_a_name_that_is_taken_is_asked_for_again(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """With the reason, and what can be done."""
    guests.irc("bob")
    visitor = visit(server.port)
    visitor.page.goto(visitor.address)
    for name, answer in (("bob", "Somebody here is called bob already"), ("n*", "can't be a name. A name has letters")):
        visitor.page.get_by_label("Your name").fill(name)
        visitor.page.get_by_role("button", name="Come in").click()
        expect(visitor.page.get_by_role("alert")).to_contain_text(answer)
    visitor.page.get_by_label("Your name").fill("bob two")
    visitor.page.keyboard.press("Enter")
    visitor.is_in("#lobby")
    expect(visitor.page.locator(".self .name")).to_have_text("bob_two")


def test_a_claimed_name_asks_for_its_password(server: ChatServer, visit: Visit) -> None:
    """It is claimed in a form that password managers fill; the next visit asks for the password."""
    nora = visit(server.port).come("nora")
    page = nora.page
    nora.pick(page.locator(".account"), "Claim this name…")
    form = page.locator("dialog")
    form.get_by_label("New password").fill("abc")
    form.get_by_role("button", name="Claim it").click()
    expect(form.get_by_role("alert")).to_contain_text("at least 8 characters")
    form.get_by_label("New password").fill("open-sesame")
    form.get_by_role("button", name="Claim it").click()
    expect(page.locator(".self .account small")).to_have_text("logged in")
    expect(form).to_have_count(0)

    page.reload()
    password = page.get_by_label("Password of this name")
    expect(password).to_be_visible()
    assert page.get_by_label("Your name").get_attribute("autocomplete") == "username"
    assert password.get_attribute("autocomplete") == "current-password"
    password.fill("not-sesame")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not the password of nora")
    password.fill("open-sesame")
    page.keyboard.press("Enter")
    nora.is_in("#lobby")
    expect(page.locator(".self .account small")).to_have_text("logged in")

    nora.pick(page.locator(".account"), "Log out")
    expect(page.locator(".self .account small")).to_have_text("guest")
    nora.pick(page.locator(".account"), "Log in…")
    form.get_by_label("Password").fill("open-sesame")
    form.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator(".self .account small")).to_have_text("logged in")

    nora.pick(page.locator(".account"), "Change the password…")
    form.get_by_label("Old password").fill("not-sesame")
    form.get_by_label("New password").fill("open-barley")
    form.get_by_role("button", name="Change", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("not the password of nora")
    form.get_by_label("Old password").fill("open-sesame")
    form.get_by_role("button", name="Change", exact=True).click()
    expect(form).to_have_count(0)
    nora.notes("The password of nora is changed")
    page.reload()
    password.fill("open-barley")
    page.keyboard.press("Enter")
    nora.is_in("#lobby")
    expect(page.locator(".self .account small")).to_have_text("logged in")


def test_who_comes_back_is_welcomed(server: ChatServer, visit: Visit) -> None:
    """They are asked for the password of their name: nothing is wrong, so nothing is red. A stranger's name is."""
    nora = visit(server.port).come("nora")
    nora.say("/register open-sesame")
    expect(nora.page.locator(".self .account small")).to_have_text("logged in")
    nora.page.reload()
    expect(nora.page.get_by_role("alert")).to_have_text("Welcome back, nora. Give the password of this name.")
    expect(nora.page.locator(".form-error")).to_have_count(0)
    nora.page.get_by_label("Password of this name").fill("not-sesame")
    nora.page.keyboard.press("Enter")
    expect(nora.page.locator(".form-error")).to_have_text(
        "That is not the password of nora. Try again, or choose another name."
    )
    stranger = visit(server.port)
    stranger.page.goto(stranger.address)
    stranger.page.get_by_label("Your name").fill("nora")
    stranger.page.keyboard.press("Enter")
    expect(stranger.page.locator(".form-error")).to_contain_text("nora belongs to somebody here")


def test_the_password_of_the_server_is_asked_for(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """Only where there is one."""
    secret = tmp_path / "password"
    secret.write_text("swordfish\n")
    visitor = visit(serve("--password-file", str(secret)).port)
    page = visitor.page
    page.goto(visitor.address)
    expect(page.get_by_label("Password of this server")).to_be_hidden()
    page.get_by_label("Your name").fill("nora")
    page.keyboard.press("Enter")
    for word in ("wrong", "swordfish"):
        expect(page.get_by_role("button", name="Come in")).to_be_enabled()
        page.get_by_label("Password of this server").fill(word)
        page.keyboard.press("Enter")
        if word == "wrong":
            expect(page.get_by_role("alert")).to_contain_text("not the password of this server")
    visitor.is_in("#lobby")


def test_it_is_the_same_with_tls(encrypted: ChatServer, visit: Visit) -> None:
    """The page comes with https, and connects with wss."""
    nora = visit(encrypted.port, tls=True).come("nora")
    nora.say("hello")
    nora.sees("hello")
    assert nora.run("isSecureContext")


def test_a_second_tab_offers_to_take_over(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Two tabs don't throw each other out in turns."""
    bob = guests.irc("bob")
    nora = visit(server.port).come("nora")
    second = nora.tab()
    second.goto(nora.address)
    expect(second.get_by_text("open in another tab")).to_be_visible()
    second.get_by_role("button", name="Use it here").click()
    expect(nora.page.get_by_text("Another tab of this browser has taken over.")).to_be_visible()
    expect(second.locator("header h1")).to_have_text("#lobby")
    nora.page, first = second, nora.page
    nora.is_in("#lobby")
    nora.say("here now")
    bob.wait("nora!.* PRIVMSG #lobby :here now")
    first.get_by_role("button", name="Use it here").click()
    expect(second.get_by_text("has taken over")).to_be_visible()


def test_two_tabs_are_one_person_who_is_logged_in(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """The second asks for the password and for nothing else; both hear what is said in either."""
    bob = guests.irc("bob", room="#lobby")
    nora = visit(server.port).come("nora")
    nora.say("/register open-sesame")
    expect(nora.page.locator(".self .account small")).to_have_text("logged in")
    second = nora.tab()
    second.goto(nora.address)
    second.get_by_label("Password of this name").fill("open-sesame")
    second.keyboard.press("Enter")
    expect(second.locator("header h1")).to_have_text("#lobby")
    nora.say("from the first")
    expect(second.get_by_text("from the first")).to_be_visible()
    nora.page, first = second, nora.page
    nora.say("from the second")
    expect(first.get_by_text("from the second")).to_be_visible()
    told = bob.until("PRIVMSG #lobby :from the second")
    assert len([line for line in told if " JOIN " in line or " QUIT " in line]) == 1


# ---- lost and found -------------------------------------------------------------------------------------------------


def test_a_server_that_is_killed_loses_nothing(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """What is written meanwhile waits in sight, and arrives once and in order; what others said is fetched, once."""
    data = str(tmp_path / "kept")
    first = serve("--data", data)
    guests = company(first)
    bob = guests.irc("bob")
    nora = visit(first.port).come("nora")
    nora.say("before")
    bob.wait("PRIVMSG #lobby :before")
    first.process.kill()
    first.process.wait()
    expect(nora.page.get_by_role("status").filter(has_text="The connection is lost")).to_be_visible()
    for text in ("one", "two\nlines", "three"):
        nora.say(text)
    expect(nora.page.locator(".message.is-waiting")).to_have_count(3)
    nora.composer.fill("four, half wri")

    second = serve("--data", data, "-p", str(first.port))
    again = company(second)
    carol = again.irc("carol", "draft/multiline", "batch", "message-tags")
    nora.sees("three")
    expect(nora.page.get_by_role("status").filter(has_text="lost")).to_be_hidden()
    expect(nora.composer).to_have_value("four, half wri")
    nora.composer.press("Enter")
    nora.sees("four, half wri")
    came = [line for line in carol.until(r"PRIVMSG #lobby :four") if "PRIVMSG" in line]
    assert [line.rpartition(" :")[2] for line in came] == ["one", "two", "lines", "three", "four, half wri"]
    assert nora.texts() == ["before", "one", "two\nlines", "three", "four, half wri"]


def test_every_message_arrives_exactly_once(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """Whatever moment the server is killed at, with equal texts and many lines among them."""
    data = str(tmp_path / "kept")
    served = serve("--data", data, "--unlimited")
    port = str(served.port)
    nora = visit(served.port).come("nora")
    texts = ["again" if i % 5 == 2 else f"{i}\nof many lines" if i % 7 == 3 else f"number {i}" for i in range(90)]
    for i, text in enumerate(texts):
        nora.say(text)
        if i % 30 == 15:
            served.process.kill()
            served.process.wait()
        if i % 30 == 20:
            served = serve("--data", data, "--unlimited", "-p", port)
    expect(nora.page.locator(".message:is(.is-waiting, .is-sent, .is-failed)")).to_have_count(0)
    expect(nora.page.locator(".message .text")).to_have_count(len(texts))  # those that fit were drawn first
    assert nora.texts() == texts
    guests = company(served)
    reader = guests.irc("reader", "draft/chathistory", "draft/multiline", "batch", "message-tags", "server-time")
    reader.send("CHATHISTORY LATEST #lobby * 200")
    kept = said(reader.until("BATCH -h"))
    assert kept == [line for text in texts for line in text.split("\n")]


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_private_message_without_an_answer_is_sent_again_if_it_is_known_to_be_lost(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path, is_kept: bool
) -> None:
    """Where the server keeps the conversation, its history tells. Elsewhere nobody knows, and the user decides."""
    data = ("--data", str(tmp_path / "kept")) if is_kept else ()
    first = serve(*data)
    bob = company(first).irc("bob")
    bob.send("PRIVMSG NickServ :REGISTER open-barley")
    bob.wait(" 900 ")
    nora = visit(first.port).come("nora")
    if is_kept:
        nora.say("/register open-sesame")
        expect(nora.page.locator(".self .account small")).to_have_text("logged in")
    nora.say("/msg bob hello")
    bob.wait("PRIVMSG nora :|PRIVMSG bob :hello")
    nora.sees("hello")
    first.process.send_signal(signal.SIGSTOP)
    nora.say("psst")
    expect(nora.page.locator(".message.is-sent")).to_have_count(1)
    first.process.kill()
    first.process.wait()
    expect(nora.page.get_by_role("status").filter(has_text="The connection is lost")).to_be_visible()
    serve(*data, "-p", str(first.port))
    if is_kept:
        nora.sees("psst")
    else:
        expect(nora.page.locator(".message.is-failed")).to_contain_text("nobody can know whether this arrived")


def test_a_page_whose_server_was_upgraded_offers_to_be_loaded_again(
    serve: Callable[..., Served], visit: Visit, tmp_path: Path
) -> None:
    """It would go on with its old script. What is half written stays. The same script is not offered."""
    first = serve()
    port = str(first.port)
    nora = visit(first.port).come("nora")
    first.process.kill()
    with nora.page.expect_response(lambda answer: answer.request.method == "HEAD"):
        same = serve("-p", port)
    nora.is_in("#lobby")
    expect(nora.page.locator(".status")).to_be_hidden()

    shutil.copytree(Path(chatroom.__file__).parent, tmp_path / "chatroom")
    strings = tmp_path / "chatroom" / "web" / "static" / "strings.js"
    strings.write_text(strings.read_text("utf-8").replace('"Message {room}"', '"Write to {room}"'), "utf-8")
    same.process.kill()
    serve("-p", port, env={"PYTHONPATH": str(tmp_path)})
    expect(nora.page.get_by_role("status")).to_have_text("The server has a newer version of this page.")
    nora.composer.fill("half a sen")
    nora.page.get_by_role("button", name="Load it").click()
    expect(nora.composer).to_have_attribute("placeholder", "Write to #lobby")
    expect(nora.composer).to_have_value("half a sen")


def test_a_name_that_is_held_is_waited_for(serve: Callable[..., Served], company: Company, visit: Visit) -> None:
    """After a reconnect: the page says so, goes on trying, and lets one choose another."""
    first = serve()
    nora = visit(first.port).come("nora")
    first.process.kill()
    first.process.wait()
    guests = company(serve("-p", str(first.port)))
    other = guests.irc("nora")
    expect(nora.page.get_by_role("status").filter(has_text="nora is still held")).to_be_visible()
    nora.page.get_by_role("button", name="Choose another name").click()
    nora.page.get_by_label("Your name").fill("eleonora")
    nora.page.keyboard.press("Enter")
    nora.is_in("#lobby")
    other.wait("eleonora!.* JOIN #lobby")


def test_what_was_missed_is_fetched_once(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """The network goes and comes back; the page asks for what is behind its last message."""
    served = serve("--data", str(tmp_path / "kept"), "--unlimited")
    guests = company(served)
    bob = guests.irc("bob")
    nora = visit(served.port).come("nora")
    bob.send("PRIVMSG #lobby :one")
    nora.sees("one")
    nora.context.set_offline(True)
    nora.run("dispatchEvent(new Event('online'))")  # it looks whether its connection still lives
    expect(nora.page.get_by_role("status").filter(has_text="The connection is lost")).to_be_visible()
    bob.send(*[f"PRIVMSG #lobby :missed {i}" for i in range(250)])
    bob.sync()
    nora.context.set_offline(False)
    nora.sees("missed 249")
    bob.send("PRIVMSG #lobby :live")
    nora.sees("live")
    assert nora.texts()[-5:] == ["missed 246", "missed 247", "missed 248", "missed 249", "live"]


# ---- talking --------------------------------------------------------------------------------------------------------


def test_many_lines_are_one_message(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Shift+Enter breaks a line; code keeps its lines; whoever reads many-line messages gets one."""
    bob = guests.irc("bob", "draft/multiline", "batch", "message-tags")
    nora = visit(server.port).come("nora")
    nora.composer.press_sequentially("look:")
    nora.composer.press("Shift+Enter")
    nora.page.keyboard.insert_text("```\nif x:\n    y()\n```")
    nora.composer.press("Enter")
    lines = bob.until("BATCH -")
    assert [line.rpartition(" :")[2] for line in lines if "PRIVMSG" in line] == [
        "look:",
        "```",
        "if x:",
        "    y()",
        "```",
    ]
    assert nora.page.locator("pre").inner_text() == "if x:\n    y()"
    expect(nora.page.locator(".message")).to_have_count(1)


def test_unread_messages_and_mentions_are_counted(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """In the list, in the title, and gone when they are read."""
    bob = guests.irc("bob", room="#tea")
    nora = visit(server.port).come("nora", "#tea", "#tea")
    nora.say("/join lobby")
    nora.is_in("#lobby")
    bob.send("PRIVMSG #tea :one", "PRIVMSG #tea :two, nora", "PRIVMSG nora :psst")
    expect(nora.room("#tea").locator(".count")).to_contain_text("@1")
    expect(nora.room("bob").locator(".count")).to_contain_text("1")
    expect(nora.page).to_have_title("(2) #lobby – chatroom")
    nora.room("#tea").click()
    expect(nora.page.locator(".line.new")).to_be_visible()
    expect(nora.page.locator(".message.mention")).to_have_count(1)
    expect(nora.room("#tea").locator(".count")).to_have_count(0)
    nora.room("bob").click()
    nora.sees("psst")
    expect(nora.page).to_have_title("bob – chatroom")


def test_who_looks_elsewhere_is_called(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """By the title, and by a notification for what is meant for them; coming back is reading."""
    bob = guests.irc("bob")
    nora = visit(server.port, permissions=["notifications"]).come("nora")
    nora.run(
        """() => {
            window.called = [];
            window.Notification = class extends Notification {
                constructor(title, more) { super(title, more); window.called.push([title, more.body]); }
            };
            document.hasFocus = () => false;
            dispatchEvent(new Event("blur"));
        }"""
    )
    bob.send("PRIVMSG #lobby :just talk")
    expect(nora.page).to_have_title("• #lobby – chatroom")
    bob.send("PRIVMSG #lobby :Nora, look", "PRIVMSG nora :psst")
    expect(nora.page).to_have_title("(2) #lobby – chatroom")
    assert nora.run("window.called") == [["bob · #lobby", "Nora, look"], ["bob", "psst"]]
    nora.run("() => { document.hasFocus = () => true; dispatchEvent(new Event('focus')); }")
    expect(nora.page).to_have_title("(1) #lobby – chatroom")


def test_writing_many_lines_hides_no_message(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """The end of the room stays in sight while the field grows and shrinks, and what comes in counts as read."""
    bob = guests.irc("bob")
    bob.send(*[f"PRIVMSG #lobby :line {i}" for i in range(40)])
    bob.sync()
    nora = visit(server.port).come("nora")
    nora.sees("line 39")
    nora.composer.click()
    for i in range(7):
        nora.page.keyboard.type(f"row {i}")
        nora.page.keyboard.press("Shift+Enter")
        expect(nora.message("line 39")).to_be_in_viewport(ratio=1)
    bob.send("PRIVMSG #lobby :the latest")
    expect(nora.message("the latest")).to_be_in_viewport(ratio=1)
    expect(nora.page.locator(".to-latest")).to_be_hidden()
    nora.composer.fill("/nonsense\nand more")
    nora.page.keyboard.press("Enter")
    expect(nora.page.get_by_text("There is no command /nonsense")).to_be_visible()
    expect(nora.message("the latest")).to_be_in_viewport(ratio=1)
    expect(nora.page.locator(".to-latest")).to_be_hidden()


def test_an_error_goes_with_its_cause(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Who was not in a room and has joined it again is told so no more."""
    bob = guests.irc("bob", room="#tea")
    nora = visit(server.port).come("nora", "#tea", "#tea")
    bob.send("KICK #tea nora")
    nora.notes("bob removed you from #tea")
    nora.say("hello")
    error = nora.page.locator(".writing .form-error")
    expect(error).to_have_text("You are not in #tea.")
    nora.page.locator(".join-bar").get_by_role("button", name="Join").click()
    expect(nora.page.locator(".join-bar")).to_be_hidden()
    expect(error).to_have_text("")
    expect(nora.composer).to_have_value("hello")


def test_drafts_stay_in_their_rooms(server: ChatServer, visit: Visit) -> None:
    """A command that leads elsewhere leaves nothing behind."""
    nora = visit(server.port).come("nora")
    nora.say("/join #tea")
    nora.is_in("#tea")
    nora.composer.fill("for tea")
    nora.room("#lobby").click()
    expect(nora.composer).to_have_value("")
    nora.room("#tea").click()
    expect(nora.composer).to_have_value("for tea")


def test_the_keyboard_does_everything(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Completes, changes rooms, goes somewhere, goes through the messages, opens the menu of one."""
    bob = guests.irc("bob")
    nora = visit(server.port).come("nora")
    keys = nora.page.keyboard
    bob.send("PRIVMSG #lobby :first", "PRIVMSG #lobby :second")
    nora.sees("second")
    nora.composer.press_sequentially("bo")
    keys.press("Tab")
    keys.type("hi :thumbsu")
    keys.press("Tab")
    expect(nora.composer).to_have_value("bob: hi 👍 ")
    keys.press("Enter")
    bob.wait("PRIVMSG #lobby :bob: hi 👍")
    keys.type("/joi")
    keys.press("Tab")
    keys.type("tea")
    keys.press("Enter")
    nora.is_in("#tea")
    keys.press("Alt+ArrowUp")
    nora.is_in("#lobby")
    keys.press("Control+k")
    keys.type("te")
    keys.press("Enter")
    nora.is_in("#tea")
    keys.press("Alt+ArrowDown")
    nora.is_in("#lobby")
    keys.press("Control+k")
    keys.type("mal en")
    expect(nora.page.get_by_role("dialog")).to_contain_text("Nothing was found. Enter joins #mal-en.")
    keys.press("Enter")
    nora.is_in("#mal-en")
    keys.press("Alt+ArrowDown")
    nora.is_in("#lobby")

    nora.page.locator(".messages").focus()
    for _ in range(3):
        keys.press("ArrowUp")
    keys.press("Enter")
    expect(nora.page.locator("dialog").get_by_role("button", name="Reply")).to_be_visible()
    keys.press("Enter")
    expect(nora.page.locator(".answering")).to_contain_text("Reply to bob")
    expect(nora.composer).to_be_focused()
    keys.press("Escape")
    expect(nora.page.locator(".answering")).to_be_empty()
    # Every stop of Tab shows where it is.
    seen = set()
    for _ in range(30):
        keys.press("Tab")
        seen.add(nora.run("document.activeElement.className || document.activeElement.tagName"))
        outline = nora.run("getComputedStyle(document.activeElement).outlineStyle")
        elsewhere = nora.run(
            "document.activeElement === document.body || Boolean(document.activeElement.closest('.composer'))"
        )
        assert elsewhere or outline != "none", seen
    assert {"messages", "account"} <= {name.split(" ")[0] for name in seen}


# ---- history and search ---------------------------------------------------------------------------------------------


def test_scrolling_up_brings_the_history_without_a_jump(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """Page by page to the beginning; in order, each once; the way back to the end is one press."""
    served = serve("--data", str(tmp_path / "kept"), "--unlimited")
    guests = company(served)
    bob = guests.irc("bob")
    bob.send(*[f"PRIVMSG #lobby :number {i}" for i in range(700)])
    bob.sync()
    nora = visit(served.port).come("nora")
    nora.sees("number 699")
    nora.page.locator(".messages").hover()
    last = 700
    for _ in range(400):
        nora.page.mouse.wheel(0, -600)
        nora.page.wait_for_timeout(20)
        numbers = [int(text.split()[1]) for text in nora.texts()]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        top = nora.run(TOP_MESSAGE)
        number = int(re.findall(r"number (\d+)", top)[0])
        assert number <= last, "the reader was moved"
        last = number
        if numbers[0] == 0 and nora.run("document.querySelector('.messages').scrollTop") == 0:
            break
    nora.notes("This is where #lobby begins.")
    bob.send("PRIVMSG #lobby :news")
    nora.page.get_by_role("button", name="1 new message").click()
    nora.sees("news")


def test_what_was_found_is_shown_with_what_stands_around_it(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """A match far back is one press away, and so is the end."""
    served = serve("--data", str(tmp_path / "kept"), "--unlimited")
    guests = company(served)
    bob = guests.irc("bob")
    bob.send(*[f"PRIVMSG #lobby :{'the needle' if i == 300 else f'hay {i}'}" for i in range(1500)])
    bob.sync()
    nora = visit(served.port).come("nora")
    nora.sees("hay 1499")
    nora.page.get_by_role("button", name="Search", exact=True).click()
    nora.page.get_by_label("Words to search for").fill("needle")
    nora.page.keyboard.press("Enter")
    nora.page.locator(".result").click()
    expect(nora.page.locator(".message.found")).to_be_in_viewport()
    texts = nora.texts()
    at = texts.index("the needle")
    assert texts[at - 2 : at + 3] == ["hay 298", "hay 299", "the needle", "hay 301", "hay 302"]
    nora.page.get_by_label("Words to search for").press("Escape")
    expect(nora.page.get_by_role("complementary", name="Search")).to_be_hidden()
    expect(nora.page.locator(".message.found")).to_be_in_viewport()
    nora.page.get_by_role("button", name="To the latest message").click()
    nora.sees("hay 1499")


# ---- keeping order --------------------------------------------------------------------------------------------------


def test_an_operator_keeps_order_by_menu(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Topic, quiet, voice, mute and kick with time and reason; who is no operator has none of these in the menu."""
    nora = visit(server.port).come("nora", "#tea", "#tea")
    bob, carol = guests.irc("bob", room="#tea"), visit(server.port).come("carol", "#tea", "#tea")
    page = nora.page
    more = page.get_by_role("button", name="More about this room")
    nora.pick(more, "Topic…")
    page.locator("dialog").get_by_label("Topic").fill("Tea and *cake* <b>")
    page.keyboard.press("Enter")
    bob.wait("TOPIC #tea :Tea and ")
    expect(carol.page.locator("header .topic")).to_have_text("Tea and *cake* <b>")

    nora.pick(more, "Quiet: only operators and those with a voice speak")
    bob.wait(r"MODE #tea \+m")
    carol.say("may I?")
    expect(carol.page.locator(".message.is-failed")).to_contain_text("Not sent")
    nora.pick(nora.member("carol"), "Give a voice")
    bob.wait(r"MODE #tea \+v carol")
    carol.page.get_by_role("button", name="Send again").click()
    nora.sees("may I?")

    nora.pick(nora.member("bob"), "Mute…")
    page.locator("dialog").get_by_label("For how long").select_option("10m")
    page.locator("dialog").get_by_label("Why").fill("too loud")
    page.locator("dialog").get_by_role("button", name="Mute").click()
    bob.wait(r"MODE #tea \+b")
    bob.send("PRIVMSG #tea :mmm")
    bob.wait(" 404 bob #tea ")
    nora.pick(nora.member("bob"), "Remove from the room…")
    page.locator("dialog").get_by_label("Why").fill("still too loud")
    page.locator("dialog").get_by_role("button", name="Remove from the room", exact=True).click()
    bob.wait("KICK #tea bob :still too loud")
    carol.notes("nora removed bob: still too loud")

    carol.member("nora").click()
    expect(carol.page.locator("dialog")).to_be_visible()
    expect(carol.page.locator("dialog").get_by_text("Ban…")).to_have_count(0)


def test_a_room_with_a_key_asks_for_it(server: ChatServer, visit: Visit) -> None:
    """A link to it leads in, and so does another try after a wrong key."""
    keeper = visit(server.port).come("keeper", "#club", "#club")
    keeper.say("/key sesame")
    keeper.notes("locked the room with a key")
    nora = visit(server.port).come("nora")
    nora.run("location.hash = '#club'")
    form = nora.page.get_by_role("dialog", name="#club has a key")
    form.get_by_label("Key").fill("barley")
    nora.page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("#club has a key: that is not its key, ask an operator for it")
    expect(form.get_by_label("Key")).to_have_value("")
    nora.page.keyboard.press("Escape")
    expect(nora.page.locator(".note.error")).to_have_count(1)  # of two tries
    nora.page.locator(".join-bar").get_by_role("button", name="Join").click()
    form.get_by_label("Key").fill("sesame")
    nora.page.keyboard.press("Enter")
    expect(nora.member("keeper")).to_be_visible()
    expect(form).to_have_count(0)
    expect(nora.page.locator(".note.error")).to_have_count(0)
    nora.say("I am in")
    keeper.sees("I am in")


def test_who_comes_in_with_a_key_reads_what_was_said_before(
    serve: Callable[..., Served], visit: Visit, tmp_path: Path
) -> None:
    """What the page has said in the room meanwhile, such as why it was not let in, hides none of it."""
    served = serve("--data", str(tmp_path / "c.sqlite3"))
    keeper = visit(served.port).come("keeper", "#club", "#club")
    keeper.say("/key sesame")
    keeper.notes("locked the room with a key")
    keeper.say("said before")
    keeper.sees("said before")
    nora = visit(served.port)
    nora.page.goto(nora.address + "#club")
    nora.page.get_by_label("Your name").fill("nora")
    nora.page.keyboard.press("Enter")
    expect(nora.page.get_by_role("dialog").get_by_label("Key")).to_be_visible()
    nora.page.keyboard.press("Escape")
    nora.say("/who")
    nora.notes("In #club: nobody")
    nora.say("/join #club sesame")
    nora.sees("said before")


def test_a_command_without_its_text_asks_and_changes_nothing(server: ChatServer, visit: Visit) -> None:
    """A topic is shown; it is removed where its field is emptied."""
    nora = visit(server.port).come("nora", "#tea", "#tea")
    nora.say("/topic green")
    nora.notes("nora set the topic: green")
    nora.say("/topic")
    nora.notes("^The topic of #tea: green$")
    nora.say("/topic black")
    nora.notes("nora set the topic: black")
    nora.pick(nora.page.get_by_role("button", name="More about this room"), "Topic…")
    nora.page.get_by_role("dialog").get_by_label("Topic").fill("")
    nora.page.keyboard.press("Enter")
    nora.notes("nora removed the topic")
    nora.say("/topic")
    nora.notes("^#tea has no topic")


def test_the_history_and_the_servers_are_a_command_away(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """The first goes up as far as it can, for who does not scroll; the second names each server and tells of it."""
    served = serve("--data", str(tmp_path / "kept"), "--unlimited")
    bob = company(served).irc("bob")
    bob.send(*[f"PRIVMSG #lobby :number {i}" for i in range(250)])
    nora = visit(served.port).come("nora")
    nora.sees("number 249")
    nora.say("/history")
    nora.sees("number 100")
    expect(nora.page.locator(".to-latest")).to_be_visible()
    nora.say("/history")
    nora.sees("number 0")
    nora.say("/servers")
    nora.notes("^\\S+: (?!0 )")


def test_what_netcat_can_do_can_be_typed_here(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Answers, reactions, taking back, settings and the language; a refusal names the places in one's own language."""
    bob = guests.irc("bob", "message-tags", room="#lobby")
    bob.send("PRIVMSG #lobby :Tea?")
    nora = visit(server.port).come("nora")
    bob.send("PRIVMSG #lobby :Or coffee?")
    nora.sees("Or coffee?")
    nora.say("/reply bob Tea.")
    bob.wait(r"\+(draft/)?reply=.* PRIVMSG #lobby :Tea\.")
    nora.say("/react bob 👍")
    bob.wait(r"\+draft/react=👍.* TAGMSG #lobby")
    nora.say("/undo")
    expect(nora.message("Tea.")).to_have_count(0)
    nora.say("/react carol 👍")
    expect(nora.page.locator(".writing")).to_contain_text("There is no message of carol in #lobby.")
    nora.say("/set strangers off")
    nora.notes("Only people who are logged in can write to you alone")
    bob.send("PRIVMSG nora :buy")
    bob.wait(" 531 ")
    nora.say("/set strangers off")
    expect(nora.page.locator(".note", has_text="Only people who are logged in can write to you alone")).to_have_count(2)
    nora.say("/set sugar on")
    expect(nora.page.locator(".writing")).to_contain_text("There are: replay, strangers, stay.")
    nora.say("/invite bob")
    nora.notes("bob is in #lobby already")
    nora.say("/mentions")
    expect(nora.page.get_by_role("complementary", name="Search").locator("input")).to_have_value("nora")
    nora.page.keyboard.press("Escape")
    nora.say("/lang pl")
    expect(nora.page.locator(".self .account small")).to_have_text("gość")
    nora.say("/mute")
    expect(nora.page.locator(".writing")).to_contain_text("/mute [#POKÓJ] NAZWA [CZAS] [POWÓD]")


def test_a_room_gets_another_name(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Who is there stays there, with what was said; links and the field for writing follow."""
    nora = visit(server.port).come("nora", "#tea", "#tea")
    bob = guests.irc("bob", "draft/channel-rename", room="#tea")
    nora.say("hello")
    nora.sees("hello")
    nora.say("/rename coffee tea is out")
    bob.wait("RENAME #tea #coffee :tea is out")
    nora.is_in("#coffee")
    nora.notes("nora renamed #tea to #coffee: tea is out")
    nora.sees("hello")
    assert nora.page.url.endswith("#coffee")
    expect(nora.composer).to_have_attribute("placeholder", "Message #coffee")
    nora.say("still here")
    bob.wait("PRIVMSG #coffee :still here")
    expect(nora.room("#tea")).to_have_count(0)


def test_a_room_gets_another_name_by_its_menu(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Blanks in it become hyphens, as where one joins a room."""
    nora = visit(server.port).come("nora", "#tea", "#tea")
    bob = guests.irc("bob", "draft/channel-rename", room="#tea")
    nora.pick(nora.page.get_by_role("button", name="More about this room"), "Rename…")
    nora.page.get_by_label("Name of the room").fill("hot cocoa")
    nora.page.keyboard.press("Enter")
    bob.wait("RENAME #tea #hot-cocoa")
    nora.is_in("#hot-cocoa")


def test_a_conversation_that_is_opened_anew_has_what_was_said_before(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """On another device, too, when the first thing that it hears of it is a message of now."""
    served = serve("--data", str(tmp_path / "c.sqlite3"))
    guests = company(served)
    bob, nora = guests.irc("bob"), visit(served.port).come("nora")
    bob.send("PRIVMSG NickServ :REGISTER open-barley")
    bob.wait("is yours")
    nora.say("/register open-sesame")
    nora.notes("is yours")
    bob.send("PRIVMSG nora :said before")
    expect(nora.room("bob")).to_be_visible()
    other = visit(served.port).log_in("nora", "open-sesame")
    bob.send("PRIVMSG nora :said now")
    other.room("bob").click()
    other.sees("said before")
    other.sees("said now")


def whose_password_was_changed(visit: Visit, guests: Guests, port: int) -> Visitor:
    """Nora, whose phone has just made it open-barley: the page asks her for it."""
    nora = visit(port).come("nora")
    nora.say("/register open-sesame")
    nora.notes("is yours")
    phone = guests.irc("nora", password="nora:open-sesame")
    phone.send("PRIVMSG NickServ :SET PASSWORD open-sesame open-barley")
    expect(nora.page.get_by_text("The password of nora was changed on another device.")).to_be_visible()
    return nora


def test_a_password_that_was_changed_elsewhere_is_asked_for(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Nobody has typed the old one, so nobody is told that it is wrong."""
    nora = whose_password_was_changed(visit, guests, server.port)
    nora.page.get_by_label("Password of this name").fill("open-oats")
    nora.page.keyboard.press("Enter")
    expect(nora.page.get_by_role("alert")).to_contain_text("That is not the password of nora")
    nora.page.get_by_label("Password of this name").fill("open-barley")
    nora.page.keyboard.press("Enter")
    nora.is_in("#lobby")


def test_a_language_that_is_chosen_on_the_form_is_that_of_the_chat(
    server: ChatServer, visit: Visit, guests: Guests
) -> None:
    """Also for who has been in the chat before, and comes back to it."""
    nora = whose_password_was_changed(visit, guests, server.port)
    nora.page.get_by_role("button", name="polski").click()
    nora.page.get_by_label("Hasło do tej nazwy").fill("open-barley")
    nora.page.keyboard.press("Enter")
    expect(nora.page.locator(".self .account small")).to_have_text("zalogowano")
    expect(nora.page.locator(".rooms h2").first).to_have_text("Pokoje")


def test_a_phone_tells_that_something_waits_elsewhere(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """At the button that shows the rooms, which are out of sight."""
    bob = guests.irc("bob")
    nora = visit(server.port, PHONE, touch=True).come("nora")
    burger = nora.page.locator(".burger")
    expect(burger.locator(".waits")).to_have_count(0)
    bob.send("PRIVMSG nora :hello", "PRIVMSG nora :are you there?")
    expect(burger.locator(".waits")).to_have_text("2")
    expect(burger).to_have_attribute("aria-label", "Show rooms: 2 messages for you")
    burger.click()
    nora.room("bob").click()
    nora.sees("hello")
    expect(burger.locator(".waits")).to_have_count(0)


def test_on_a_phone_a_menu_leads_back_to_the_room(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """From the lists, which lie over it: the answer is told there, and what is to be written is written there."""
    guests.irc("bob")
    nora = visit(server.port, PHONE, touch=True).come("nora")
    nora.page.get_by_role("button", name="Show people").click()
    nora.pick(nora.member("bob"), "Mention")
    expect(nora.page.locator(".chat")).not_to_have_class(re.compile("-open"))
    expect(nora.composer).to_have_value("@bob ")
    nora.page.locator(".burger").click()
    nora.pick(nora.page.locator(".account"), "Mark yourself as away")
    nora.notes("You are marked as away")
    expect(nora.page.locator(".chat")).not_to_have_class(re.compile("-open"))


def test_an_announcement_is_told_as_one(server: ChatServer, visit: Visit) -> None:
    nora = visit(server.port).come("nora")
    server.announce("Ten minutes' break.")
    expect(nora.page.locator(".note.announcement")).to_have_text("Announcement: Ten minutes' break.")


def test_an_account_and_its_page_may_speak_two_languages(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """What the page asks for is for its connection; what is chosen by somebody is kept for the account."""
    ola = guests.irc("ola")
    ola.send("PRIVMSG NickServ :REGISTER open-barley", "LANGUAGE pl")
    ola.wait(" 687 ")
    ola.send("QUIT")
    page = visit(server.port).log_in("ola", "open-barley")
    page.say("/password open-barley short")
    page.notes("A password has at least")
    assert server.hub.state.accounts["ola"].language == "pl"
    page.pick(page.page.locator(".self .account"), "Language: English")
    page.page.locator("dialog").get_by_role("button", name="polski").click()
    page.pick(page.page.locator(".self .account"), "Język: polski")
    page.page.locator("dialog").get_by_role("button", name="English").click()
    expect(page.page.locator(".self .account small")).to_have_text("logged in")
    page.say("/password open-barley short")
    eventually(lambda: server.hub.state.accounts["ola"].language == "en", "what was chosen in the menu")


def test_menus_offer_what_can_be_done(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Either to mute or to let write, to make quiet or loud; who is banned or muted is listed, to be let off."""
    bob, jan = guests.irc("bob", room="#tea"), guests.irc("jan", room="#tea")
    bob.send("MODE #tea +m", "MUTE #tea jan 1h :noise", "BAN #tea spam")
    bob.wait("MODE #tea .*spam")
    nora = visit(server.port).come("nora", "#tea", "#tea")
    bob.send("MODE #tea +o nora")
    nora.notes("made nora an operator")
    page, dialog = nora.page, nora.page.locator("dialog")
    nora.pick(page.get_by_role("button", name="More about this room"), "Who is banned or muted")
    expect(dialog).to_contain_text("jan is muted, by bob")
    expect(dialog).to_contain_text("1 hour left · noise")
    page.keyboard.press("Escape")
    muted = page.locator(".member").filter(has=page.get_by_role("img", name="muted"))
    expect(muted).to_contain_text("jan")
    nora.pick(nora.member("jan"), "Let them speak again")
    jan.wait("MODE #tea -b")
    expect(muted).to_have_count(0)
    nora.member("jan").click()
    expect(dialog.get_by_role("button", name="Mute…")).to_be_visible()
    expect(dialog.get_by_role("button", name="Let them speak again")).to_have_count(0)
    page.keyboard.press("Escape")
    more = page.get_by_role("button", name="More about this room")
    nora.pick(more, "Let everybody speak again")
    bob.wait("MODE #tea -m")
    more.click()
    expect(dialog.get_by_role("button", name="Quiet")).to_be_visible()
    expect(dialog.get_by_role("button", name="Let everybody speak again")).to_have_count(0)
    page.keyboard.press("Escape")
    nora.pick(more, "Who is banned or muted")
    expect(dialog).to_contain_text("spam is banned, by bob")
    dialog.get_by_role("button", name="Lift it from spam").click()
    bob.wait("MODE #tea -b spam")


def test_the_room_is_told_how_long_and_why_somebody_is_muted(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Once, also where several masks are set for one person; and it is told when the time is over."""
    jan, bob = guests.irc("jan", room="#tea"), guests.irc("bob", room="#tea")
    nora = visit(server.port).come("nora", "#tea", "#tea")
    jan.send("MUTE #tea bob 5m :spam", "BAN #tea spam 1d", "MUTE #tea noise", "BAN #tea ads :no ads")
    jan.send("MUTE #tea bob 1s", "MODE #tea +o nora")
    nora.notes(r"^jan muted bob for 5 minutes: spam$")
    nora.notes(r"^jan banned spam for 1 day\.$")
    nora.notes(r"^jan muted noise\.$")
    nora.notes(r"^jan banned ads: no ads$")
    nora.notes(r"^The mute on bob has ended\.$")
    expect(nora.page.locator(".note").filter(has_text="for 5 minutes")).to_have_count(1)
    bob.send("PRIVMSG #tea :here I am again")
    nora.sees("here I am again")
    nora.notes("made nora an operator")
    nora.say("/kick bob 1.5h")
    nora.notes("That is no time")
    expect(nora.member("bob")).to_be_visible()


def test_up_to_eight_people_have_colours_of_their_own(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Also those whose names would give them the same one."""
    nora = visit(server.port).come("nora")
    names = ["bob", "dave", "carol", "wanda", "ola", "jan", "eva"]
    for name in names:
        guests.irc(name).send(f"PRIVMSG #lobby :I am {name}")
        nora.sees(f"I am {name}")
    nora.say("hello")
    nora.sees("hello")
    colours = nora.run("[...document.querySelectorAll('.messages .nick')].map((name) => name.className)")
    assert len(set(colours)) == len(colours) == 8


def test_owners_and_locks_are_marked(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """The owner of a room in the list of people, a key in the list of rooms. An owner who comes in makes no fuss."""
    jan = guests.irc("jan")
    jan.send("PRIVMSG NickServ :REGISTER open-barley", "JOIN #own", "JOIN #club", "MODE #club +k x", "TOPIC #club :tea")
    jan.wait("TOPIC #club")
    nora = visit(server.port).come("nora", "#own", "#own")
    mark = nora.page.get_by_role("img", name="owner of this room")
    expect(nora.page.locator(".member").filter(has=mark)).to_contain_text("jan")
    expect(nora.page.locator(".members h2")).to_have_text(["Owners — 1", "Here — 1"])
    jan.send("PART #own", "JOIN #own")
    nora.notes(r"^jan is an operator here\.$")
    expect(nora.page.locator(".member").filter(has=mark)).to_contain_text("jan")
    nora.page.get_by_role("button", name="Join a room").click()
    listed = nora.page.locator("dialog .listed").filter(has_text="#club")
    expect(listed.get_by_role("img", name="needs a key")).to_be_visible()
    expect(listed.locator(".topic")).to_have_text("tea")


def test_a_changed_password_closes_its_form(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """NickServ's answers are understood, not only shown: a refusal stays in the form."""
    nora = visit(server.port).come("nora")
    nora.say("/register open-barley")
    nora.notes("is yours")
    account = nora.page.locator(".self .account")
    nora.pick(account, "Change the password…")
    form = nora.page.get_by_role("dialog")
    form.get_by_label("Old password").fill("wrong-barley")
    form.get_by_label("New password").fill("closed-barley")
    nora.page.keyboard.press("Enter")
    expect(form).to_contain_text("not the password")
    form.get_by_label("Old password").fill("open-barley")
    nora.page.keyboard.press("Enter")
    expect(form).to_have_count(0)
    nora.notes("password")
    nora.say("/set replay off")
    nora.notes("nothing from before")
    nora.say("/set stay on")
    nora.notes("You stay in your rooms")


def test_a_form_for_a_password_stays_while_one_types(
    serve: Callable[..., Served], visit: Visit, tmp_path: Path
) -> None:
    """What is typed into it would be said in the room if it closed by itself, as when the page logs in again."""
    data = str(tmp_path / "kept")
    first = serve("--data", data)
    nora = visit(first.port).come("nora")
    nora.say("/register open-barley")
    nora.notes("is yours")
    nora.pick(nora.page.locator(".self .account"), "Change the password…")
    form = nora.page.get_by_role("dialog")
    form.get_by_label("Old password").fill("open-barley")
    form.get_by_label("New password").focus()
    nora.page.keyboard.type("closed-")
    first.process.kill()
    first.process.wait()
    expect(nora.page.locator(".status")).to_contain_text("The connection is lost")
    nora.page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_have_text("There is no connection right now.")
    serve("--data", data, "-p", str(first.port))
    expect(nora.page.locator(".status")).to_be_hidden()
    expect(nora.page.locator(".self .account small")).to_have_text(re.compile("logged in"))
    nora.page.keyboard.type("barley")
    expect(form.get_by_label("New password")).to_have_value("closed-barley")
    nora.page.keyboard.press("Enter")
    expect(form).to_have_count(0)


def test_a_password_behind_a_blank_is_not_said(server: ChatServer, visit: Visit) -> None:
    """The command is carried out: nobody means to say it."""
    nora = visit(server.port).come("nora")
    nora.composer.fill("  /Register open-barley")
    nora.run("dispatchEvent(new Event('pagehide'))")  # drafts are kept now
    assert "barley" not in nora.run("JSON.stringify(localStorage)")
    nora.composer.press("Enter")
    nora.notes("is yours")
    assert not [text for text in nora.texts() if "barley" in text]
    nora.composer.press("ArrowUp")
    expect(nora.composer).to_have_value("")


def test_a_swipe_brings_the_lists(server: ChatServer, visit: Visit) -> None:
    """To the right the rooms, to the left the people; the other way they go. Wide code, and the edges, keep theirs."""
    nora = visit(server.port, PHONE, touch=True).come("nora")
    finger = nora.context.new_cdp_session(nora.page)
    chat = nora.page.locator(".chat")

    def swipe(x: int, to: int, y: int = 300) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for part in (0.3, 0.6, 1.0):
            point = {"x": x + (to - x) * part, "y": y}
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    swipe(100, 250)
    expect(chat).to_have_class(re.compile("rooms-open"))
    swipe(250, 100)
    expect(chat).not_to_have_class(re.compile("-open"))
    swipe(250, 100)
    expect(chat).to_have_class(re.compile("members-open"))
    swipe(100, 250)
    expect(chat).not_to_have_class(re.compile("-open"))
    swipe(5, 200)
    swipe(100, 130)
    nora.composer.fill(f"```\n{'wide ' * 40}\n```")
    nora.page.get_by_role("button", name="Send").click()
    code = nora.page.locator(".message:not(.is-waiting, .is-sent) pre")  # its row is made anew when the server has it
    expect(code).to_be_visible()
    block = code.bounding_box()
    assert block
    swipe(250, 100, int(block["y"] + block["height"] / 2))
    expect(chat).not_to_have_class(re.compile("-open"))


def test_the_page_speaks_the_language_of_its_reader(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """That of the browser, or the one that was chosen, which is remembered. Numbers and dates are written its way."""
    bob = guests.irc("bob")
    nora = visit(server.port, locale="pl-PL")
    page = nora.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(nora.address)))
    page.goto(nora.address)
    page.get_by_label("Twoja nazwa").fill("server")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Nazwę server można wziąć za serwer. Wybierz inną nazwę.")
    page.get_by_label("Twoja nazwa").fill("nora")
    page.get_by_role("button", name="Wejdź").click()
    expect(page.locator(".self .account small")).to_have_text("gość")
    assert page.locator("html").get_attribute("lang") == "pl"
    assert sorted({*asked} - {"icon.svg", "manifest.webmanifest"}) == ["", "app.css", "app.pl.js"]
    expect(page.locator(".members h2")).to_have_text("Obecni – 2")
    for count, people in ((1, "ola dołącza"), (3, "ela, iga i 1"), (5, "a1, a2 i jeszcze 3 osoby dołączają")):
        more = {1: ["ola"], 3: ["ela", "iga"], 5: ["a1", "a2", "a3", "a4", "a5"]}[count]
        for nick in more:
            guests.irc(nick)
        if count != 3:
            nora.notes(people)
        bob.send(f"PRIVMSG #lobby :{count}")
        nora.sees(str(count))
    for nick in ("Łucja", "Lena", "Maja"):
        guests.irc(nick)
    expect(nora.member("Maja")).to_be_visible()
    names = [name for name in page.locator(".members .name").all_inner_texts() if name in ("Łucja", "Lena", "Maja")]
    assert names == ["Lena", "Łucja", "Maja"]
    for seen in (r"^niedziela|^poniedziałek|^wtorek|^środa|^czwartek|^piątek|^sobota",):
        expect(page.locator(".line").filter(has_text=re.compile(seen)).first).to_be_visible()

    nora.say("/register open")
    nora.notes("Hasło ma co najmniej")  # as the server says it
    nora.composer.fill("half a sen")
    nora.pick(page.locator(".self .account"), "Język: polski")
    page.locator("dialog").get_by_role("button", name="English").click()
    expect(page.locator(".self .account small")).to_have_text("guest")
    expect(nora.composer).to_have_value("half a sen")
    nora.sees("5")
    nora.say("/register open")
    nora.notes("A password has at least")
    nora.say("still here")
    bob.wait("PRIVMSG #lobby :still here")
    page.wait_for_timeout(1500)  # what is chosen is saved once a second
    page.reload()
    nora.is_in("#lobby")
    assert page.locator("html").get_attribute("lang") == "en"


def test_who_has_chosen_no_language_gets_that_which_the_server_chose(server: ChatServer, visit: Visit) -> None:
    """By what the browser sends; the page doesn't choose once more by a rule of its own."""
    nora = visit(server.port, locale="pl-PL")
    nora.page.add_init_script("Object.defineProperty(navigator, 'languages', {value: ['en']})")
    nora.page.goto(nora.address)
    expect(nora.page.get_by_label("Twoja nazwa")).to_be_visible()


def test_a_page_whose_sentences_do_not_come_goes_on_as_it_is(server: ChatServer, visit: Visit) -> None:
    """Where there is no such language it is in English; where the file of another one doesn't come, in the old one."""
    nora = visit(server.port, locale="de-DE").come("nora")
    nora.page.route("**/strings/*", lambda route: route.abort())
    nora.pick(nora.page.locator(".self .account"), "Language: English")
    nora.page.locator("dialog").get_by_role("button", name="polski").click()
    expect(nora.page.locator("dialog")).to_have_count(0)
    nora.say("still here")
    nora.sees("still here")
    expect(nora.page.locator(".self .account small")).to_have_text("guest")


def test_answers_and_reactions_are_shown_and_made(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """A quote leads to what it answers, a chip toggles; who comes later sees both."""
    bob = guests.irc("bob", "message-tags", "echo-message", room="#tea")
    nora = visit(server.port).come("nora", "#tea", "#tea")
    page = nora.page
    bob.send("PRIVMSG #tea :is this right?")
    nora.sees("is this right?")
    question = page.locator(".message").filter(has_text="is this right?").first
    question.hover()
    question.get_by_role("button", name="Reply").click()
    expect(page.locator(".answering")).to_contain_text("Reply to bob: is this right?")
    nora.say("yes, it is")
    bob.wait(r"\+draft/reply=\w+ .*PRIVMSG #tea :yes, it is")
    expect(page.locator(".answering")).to_be_empty()
    reply = page.locator(".message").filter(has=page.locator(".text", has_text="yes, it is"))
    expect(reply.locator(".quote")).to_have_text("bob: is this right?")
    reply.locator(".quote").click()
    expect(page.locator(".message.found .text")).to_have_text("is this right?")

    question.hover()
    question.get_by_role("button", name="React", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="🎉").click()
    msgid = bob.wait(r"draft/react=🎉.*reply=(\w+)")
    chip = question.locator(".chip")
    expect(chip).to_have_text("🎉 1")
    bob.send(f"@+draft/react=🎉;+reply={msgid[1]} TAGMSG #tea")
    expect(chip).to_have_text("🎉 2")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(chip).to_have_attribute("title", "🎉 by nora and bob")
    chip.click()
    expect(chip).to_have_text("🎉 1")
    expect(chip).to_have_attribute("aria-pressed", "false")

    ola = visit(server.port, PHONE, touch=True).come("ola", "#tea", "#tea")
    late = ola.page.locator(".message").filter(has_text="is this right?").first
    expect(late.locator(".chip")).to_have_text("🎉 1")
    late.locator(".chip").click()
    expect(chip).to_have_text("🎉 2")
    nora.composer.fill("hmm")
    expect(ola.page.locator(".typing")).to_have_text("nora is typing…")
    nora.composer.fill("")
    expect(ola.page.locator(".typing")).to_have_text("")


def test_a_message_is_edited(server: ChatServer, visit: Visit) -> None:
    """It comes back into the field, and what is sent replaces it, with a hint; Escape leaves it as it was."""
    nora = visit(server.port).come("nora")
    ola = visit(server.port).come("ola")
    nora.say("teh answer")
    ola.sees("teh answer")

    def edit() -> None:
        nora.page.locator(".message").filter(has_text="teh answer").hover()
        nora.pick(nora.page.locator(".message:hover .more"), "Edit…")
        expect(nora.composer).to_have_value("teh answer")

    edit()
    nora.composer.press("Escape")
    expect(nora.composer).to_have_value("")
    expect(nora.page.locator(".answering")).to_be_empty()
    edit()
    nora.say("the answer")
    for visitor in (nora, ola):
        visitor.sees("the answer (edited)")
        expect(visitor.page.locator(".messages")).not_to_contain_text("teh")


def test_a_message_that_begins_with_a_slash_is_edited(server: ChatServer, visit: Visit) -> None:
    """It is no command, neither when it is brought back nor when it is said anew."""
    nora = visit(server.port).come("nora")
    nora.say("//quit leaves")
    nora.sees("/quit leaves")
    nora.page.locator(".message").filter(has_text="/quit leaves").hover()
    nora.pick(nora.page.locator(".message:hover .more"), "Edit…")
    expect(nora.composer).to_have_value("//quit leaves")
    nora.composer.press("End")
    nora.composer.press_sequentially(" the server")
    nora.composer.press("Enter")
    nora.sees("/quit leaves the server (edited)")


def test_who_is_ignored_is_heard_no_more_in_private(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """By the menu of a person, which offers the way back; and what waits for somebody who is away is told as that."""
    spam = guests.irc("spam")
    guests.irc("ola").send("PRIVMSG NickServ :REGISTER open-barley", "QUIT")
    nora = visit(server.port).come("nora")
    nora.say("/register open-sesame")
    nora.notes("is yours")
    nora.pick(nora.member("spam"), "Ignore what they write to you alone")
    nora.notes("You hear nothing more of what spam writes")
    spam.send("PRIVMSG nora :buy", "PRIVMSG #lobby :hello all")
    nora.sees("hello all")
    expect(nora.room("spam")).to_have_count(0)
    nora.pick(nora.member("spam"), "Ignore them no more")
    nora.notes("You hear again what spam writes")
    spam.send("PRIVMSG nora :hello")
    expect(nora.room("spam")).to_be_visible()
    nora.say("/devices")
    nora.notes("Device 1, this one")
    nora.say("/msg ola are you there?")
    nora.notes("^ola is not here. Your message is kept")


def test_a_quote_of_what_is_taken_back_is_gone(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """No words of it stay in an answer; and in a quiet room nobody complains of who types."""
    jan = guests.irc("jan", room="#tea")
    nora = visit(server.port).come("nora", "#tea", "#tea")
    nora.say("a secret")
    nora.sees("a secret")
    ola = visit(server.port).come("ola", "#tea", "#tea")
    row = ola.page.locator(".message").filter(has_text="a secret").first
    row.hover()
    row.get_by_role("button", name="Reply").click()
    ola.say("oh")
    nora.sees("oh")
    expect(nora.page.locator(".message.mention")).to_have_count(1)
    nora.page.locator(".message").filter(has=nora.page.locator(".text", has_text="a secret")).hover()
    nora.pick(nora.page.locator(".message:hover .more"), "Take back")
    expect(ola.page.locator(".quote")).to_have_text("An earlier message")
    expect(ola.page.locator(".messages")).not_to_contain_text("a secret")
    jan.send("MODE #tea +m")
    ola.notes("quiet")
    ola.composer.fill("may I?")
    ola.page.wait_for_timeout(500)
    expect(ola.page.locator(".note.error")).to_have_count(0)


def test_who_somebody_is_shows_over_the_chat(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """In words, without addresses, where the question was asked: on a phone the messages are behind the people."""
    guests.irc("bob", room="#tea")
    nora = visit(server.port, PHONE, touch=True).come("nora", "#tea", "#tea")
    nora.page.get_by_role("button", name="Show people").click()
    nora.pick(nora.member("bob"), "Who is this?")
    told = nora.page.get_by_role("dialog", name="bob")
    expect(told).to_contain_text("bob is in #tea.")
    expect(told).to_contain_text("bob has said nothing for ")
    expect(told).not_to_contain_text("@")
    expect(nora.page.locator(".messages")).not_to_contain_text("bob is in")


def test_operators_of_the_server_are_marked(serve: Callable[..., Served], visit: Visit, tmp_path: Path) -> None:
    """In the list of people, for the eye and for who has the page read aloud."""
    secret = tmp_path / "password"
    secret.write_text("open-barley\n")
    served = serve("--operator-password-file", str(secret))
    ola = visit(served.port).come("ola", "#tea", "#tea")
    ola.say("/oper open-barley")
    ola.notes("operator of the server now")
    nora = visit(served.port).come("nora", "#tea", "#tea")
    mark = nora.page.get_by_role("img", name="operator of this server")
    expect(nora.page.locator(".member").filter(has=mark)).to_contain_text("ola")


def test_a_long_name_is_refused_in_whole(server: ChatServer, visit: Visit) -> None:
    """It is not cut without a word."""
    nora = visit(server.port)
    nora.page.goto(nora.address)
    nora.page.get_by_label("Your name").fill("n" * 40)
    nora.page.keyboard.press("Enter")
    expect(nora.page.get_by_role("alert")).to_have_text("That name is too long: 32 characters at most.")
    expect(nora.page.get_by_label("Your name")).to_have_value("n" * 40)


def test_what_was_said_can_be_taken_back(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """It disappears for everybody who has the page open."""
    nora, carol = visit(server.port).come("nora"), visit(server.port).come("carol")
    nora.say("oops")
    carol.sees("oops")
    row = nora.page.locator(".message").filter(has_text="oops")
    row.hover()
    nora.pick(row.get_by_role("button", name="What to do with this message"), "Take back")
    carol.sees("oops", 0)
    nora.sees("oops", 0)


def test_nothing_of_what_was_taken_back_is_left_in_the_document(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """Neither where it was read aloud nor among what was found; who took it back of somebody else is named."""
    served = serve("--data", str(tmp_path / "kept"))
    guests = company(served)
    bob = guests.irc("bob", "draft/message-redaction", "echo-message", "message-tags", room="#tea")
    igor, nora = guests.irc("igor", room="#tea"), visit(served.port).come("nora", "#tea", "#tea")
    igor.send("PRIVMSG #tea :a secret *word* of wisdom")
    msgid = bob.wait("msgid=([^; ]+).* PRIVMSG #tea :a secret")[1]
    nora.sees("a secret word of wisdom")
    expect(nora.page.locator("[aria-live=polite]")).to_contain_text("a secret")
    nora.page.get_by_role("button", name="Search", exact=True).click()
    nora.page.get_by_label("Words to search for").fill("SECRET")
    nora.page.keyboard.press("Enter")
    expect(nora.page.locator(".result mark")).to_have_text("secret")
    expect(nora.page.locator(".result strong")).to_have_text("word")
    bob.send(f"REDACT #tea {msgid}")
    nora.notes("bob took back a message of igor.")
    expect(nora.page.locator(".result")).to_have_count(0)
    expect(nora.page.locator("body")).not_to_contain_text("a secret")


def test_who_has_joined_a_room_can_write_at_once(server: ChatServer, visit: Visit) -> None:
    """The form for joining leaves the focus where one writes."""
    nora = visit(server.port).come("nora")
    nora.page.get_by_role("button", name="+ Join a room").click()
    nora.page.get_by_label("Name of the room").fill("tea")
    nora.page.keyboard.press("Enter")
    nora.is_in("#tea")
    expect(nora.composer).to_be_focused()
    nora.say("/key two words")
    nora.notes("A key has no spaces")


def test_what_is_typed_after_a_dialog_is_written(server: ChatServer, visit: Visit) -> None:
    """Where the field has the focus it has the cursor, too; where a button has it, typing goes to the field."""
    nora = visit(server.port).come("nora")
    for name in ("#tea", "#coffee", "#lobby"):
        nora.page.keyboard.press("Control+k")
        nora.page.keyboard.type(name)
        nora.page.keyboard.press("Enter")
        nora.is_in(name)
        expect(nora.page.locator("dialog")).to_have_count(0)
        nora.page.keyboard.type("hello")
        expect(nora.composer).to_have_value("hello")
    nora.composer.fill("")
    nora.page.get_by_role("button", name="+ Join a room").click()
    nora.page.keyboard.press("Escape")
    expect(nora.page.locator("dialog")).to_have_count(0)
    nora.page.keyboard.type("two words")
    expect(nora.composer).to_have_value("two words")


def test_a_form_that_was_closed_stays_closed(server: ChatServer, visit: Visit) -> None:
    """Also where the list of rooms comes only then."""
    nora = visit(server.port).come("nora")
    nora.run("document.querySelector('.rooms .join').click(); document.querySelector('dialog').close()")
    nora.say("hello")  # is answered behind the list
    nora.sees("hello")
    expect(nora.page.locator("dialog")).to_have_count(0)
    nora.say("/rooms")
    expect(nora.page.get_by_role("dialog", name="Join a room")).to_be_visible()


# ---- strangers ------------------------------------------------------------------------------------------------------


def test_hostile_texts_are_text(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Markup, links that would run something, turned directions, words of 4 KB, names of many marks."""
    mallory = guests.irc("^_^", "draft/multiline", "batch", "message-tags", room="#tea")
    nora = visit(server.port, PHONE).come("nora", "#tea", "#tea")
    markup = "<img src=x onerror=alert(1)><script>alert(2)</script><svg/onload=alert(3)>"
    mallory.send(
        "TOPIC #tea :<b onmouseover=alert(4)>topic</b> \u202etxet",
        f"PRIVMSG #tea :{markup}",
        "PRIVMSG #tea :javascript:alert(5) data:text/html,<script>alert(6)</script>",
        'PRIVMSG #tea :https://a.example/"onclick=alert(7) `<i>` *<b>* #<u>',
        "PRIVMSG #tea :\u202eright to left\u202c \u2067isolated",
        "PRIVMSG #tea :\x0304red \x02bold\x0f plain",
        "BATCH +1 draft/multiline #tea",
        *[f"@batch=1{';draft/multiline-concat' if i else ''} PRIVMSG #tea :{'W' * 400}" for i in range(10)],
        "BATCH -1",
        "PRIVMSG #tea :the end",
    )
    nora.sees("the end")
    nora.sees(markup)
    nora.sees("red bold plain")
    nora.sees("right to left isolated")
    assert nora.run("document.querySelectorAll('main img, main script, main svg, main i, main b, main u').length") == 0
    links = nora.run("[...document.querySelectorAll('main a')].map((a) => a.href)")
    assert all(link.startswith(("https://a.example/", nora.address)) for link in links), links
    assert nora.run("document.documentElement.scrollWidth <= innerWidth")
    assert nora.run(
        "document.querySelector('.messages').scrollWidth <= document.querySelector('.messages').clientWidth"
    )


def test_a_flood_leaves_the_page_usable(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """Ten thousand messages come in while somebody types: keys show at once, and few elements are in the document."""
    served = serve("--data", str(tmp_path / "kept"), "--unlimited")
    guests = company(served)
    bob = guests.irc("bob")
    nora = visit(served.port).come("nora")
    nora.run(
        """() => {
            window.painted = [];
            document.querySelector(".composer textarea").addEventListener("keydown", (event) => {
                requestAnimationFrame(() => setTimeout(() => window.painted.push(performance.now() - event.timeStamp)));
            });
        }"""
    )
    nora.composer.click()
    for i in range(100):
        bob.send(*[f"PRIVMSG #lobby :{i * 100 + j} of a flood" for j in range(100)])
        if i % 5 == 0:
            nora.page.keyboard.press("x")
    nora.sees("9999 of a flood")
    assert len(nora.run("window.painted")) == 20
    assert nora.page.locator(".message").count() <= 400
    expect(nora.composer).to_have_value("x" * 20)


def test_no_work_of_the_page_keeps_a_key_waiting(
    server: ChatServer, visit: Visit, guests: Guests, chromium: Browser
) -> None:
    """A key shows within 50 ms in a flood: it waits for what the page is doing, and for the next frame."""
    bob = guests.irc("bob")
    nora = visit(server.port).come("nora")
    nora.composer.click()
    flood = [f"PRIVMSG #lobby :{i} of a flood, *bold*, `code`, https://a.example/{i}" for i in range(10_000)]
    with measured(chromium, nora.page) as tasks:
        begun = time.monotonic()
        for i in range(0, 8_000, 100):
            bob.send(*flood[i : i + 100])
            nora.page.keyboard.press("x")
            nora.page.wait_for_timeout(max(0, begun + i / 4_000 - time.monotonic()) * 1000)
        bob.send(*flood[8_000:])  # at once
        expect(nora.page.locator(".message").filter(has_text="9999 of")).to_have_count(1)
    expect(nora.composer).to_have_value("x" * 80)
    assert len(tasks.milliseconds) > 100
    assert tasks.milliseconds[0] < 40


def test_of_a_flood_no_more_is_drawn_than_fits(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Until it is over: then the rest is drawn, too. The test holds the frames of the page."""
    bob = guests.irc("bob")
    nora = visit(server.port).come("nora")
    bob.send("PRIVMSG #lobby :before")
    nora.sees("before")
    nora.run(
        """() => {
            window.frames_ = [];
            window.frame_ = window.requestAnimationFrame;
            window.requestAnimationFrame = (draw) => window.frames_.push(draw);
            window.came = "";
            const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
            Object.defineProperty(MessageEvent.prototype, "data", { get() { return (window.came = get.call(this)); } });
        }"""
    )
    draw = """async () => {
        window.frames_.splice(0).forEach((draw) => draw());
        for (let i = 0; i < 3; i++) await new Promise((next) => window.frame_(next));
        return document.querySelectorAll('.message').length;
    }"""
    bob.send(*[f"PRIVMSG #lobby :{i} of a flood" for i in range(500)])
    eventually(lambda: nora.run("window.came.includes('499 of a flood')"), "all has come")
    fits = math.ceil(nora.run("innerHeight") / 20)
    eventually(lambda: nora.run("window.frames_.length > 0"), "the page draws")
    assert 10 < nora.run(draw) <= fits
    nora.sees("499 of a flood")
    eventually(lambda: nora.run("window.frames_.length > 0"), "the page draws again")
    assert nora.run(draw) > fits


def test_a_flood_is_drawn_four_times_a_second(server: ChatServer, visit: Visit) -> None:
    """However fast it comes. The page itself makes it come, so that the machine's load does not stop it."""
    nora = visit(server.port)
    nora.page.add_init_script(
        """window.WebSocket = class extends WebSocket {
            constructor(...all) { super(...all); window.socket = this; }
        };"""
    )
    nora.come("nora")
    drawn = nora.run(
        """async () => {
            let draws = 0;
            new MutationObserver(() => draws++).observe(document.querySelector(".rows"), { childList: true });
            const begun = performance.now();
            for (let i = 0; performance.now() - begun < 3000; i++) {
                for (let j = 0; j < 60; j++) {
                    const data = `:bob!u@h PRIVMSG #lobby :${i} ${j}`;
                    window.socket.onmessage(new MessageEvent("message", { data }));
                }
                await new Promise((next) => setTimeout(next, 10));
            }
            return draws;
        }"""
    )
    assert 4 <= drawn <= 15  # in three seconds: one a quarter of a second, and some at its beginning


def test_a_hundred_thousand_messages_take_bounded_memory(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """Few are in the document, some thousand in memory; scrolling up goes through the rest in order."""
    served = serve("--data", str(tmp_path / "kept"), "--unlimited")
    bob = company(served).irc("bob")
    nora = visit(served.port).come("nora")
    for i in range(0, 100_000, 2_500):  # no more at once than the server keeps for who reads slowly
        bob.send(*[f"PRIVMSG #lobby :number {i + j}" for j in range(2_500)])
        nora.sees(f"number {i + 2_499}")
    memory = nora.context.new_cdp_session(nora.page)
    memory.send("HeapProfiler.collectGarbage")
    assert memory.send("Runtime.getHeapUsage")["usedSize"] < 20e6  # bytes; an empty page has 2.5e6
    nora.page.locator(".messages").hover()
    for _ in range(60):
        nora.page.mouse.wheel(0, -2000)
        nora.page.wait_for_timeout(20)
    numbers = [int(text.split()[1]) for text in nora.texts()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] < 99_000
    assert len(numbers) <= 400


def test_a_lost_connection_logs_in_again(
    serve: Callable[..., Served], company: Company, visit: Visit, tmp_path: Path
) -> None:
    """Who has claimed their name since they came in is not asked for the password when the server starts again."""
    data = str(tmp_path / "kept")
    first = serve("--data", data)
    nora = visit(first.port).come("nora")
    nora.say("/register open-sesame")
    expect(nora.page.locator(".self .account small")).to_have_text("logged in")
    first.process.kill()
    first.process.wait()
    nora.say("still here")
    bob = company(serve("--data", data, "-p", str(first.port))).irc("bob")
    nora.sees("still here")
    expect(nora.page.locator(".self .account small")).to_have_text("logged in")
    bob.sync()


# ---- sizes, colours, and those who don't see them -------------------------------------------------------------------


@pytest.mark.parametrize("size", [(320, 568), PHONE, (768, 1024), (3840, 2160)], ids=str)
def test_nothing_is_cut_off(server: ChatServer, visit: Visit, guests: Guests, size: tuple[int, int]) -> None:
    """From 320 pixels to 4K: the composer is in sight, and nothing has to be scrolled sideways."""
    bob = guests.irc("bob")
    nora = visit(server.port, size, touch=size[0] < 800).come("nora")
    bob.send("PRIVMSG #lobby :hello " + "very " * 60 + "long")
    expect(nora.page.locator(".message")).to_have_count(1)
    expect(nora.composer).to_be_in_viewport(ratio=1)
    assert nora.run("document.documentElement.scrollWidth <= innerWidth && document.body.scrollHeight <= innerHeight")
    nora.page.locator(".message .more").click(force=True)  # it shows where one points at it
    nora.page.get_by_role("dialog").get_by_role("button", name="Reply").click()
    expect(nora.page.locator(".answering")).to_contain_text("very long")
    expect(nora.page.locator(".composer")).to_be_in_viewport(ratio=1)
    if size[0] < 700:
        nora.page.get_by_role("button", name="Show rooms").click()
        expect(nora.room("#lobby")).to_be_in_viewport()
        nora.room("#lobby").click()
        expect(nora.room("#lobby")).not_to_be_in_viewport()
    if size[0] < 1000:
        nora.page.get_by_role("button", name="Show people").click()
        expect(nora.member("bob")).to_be_in_viewport()


def answered(visitor: Visitor, guests: Guests) -> None:
    """Has somebody answer a message of the visitor's, react to it, and type on."""
    zoe = guests.irc("zoe", "message-tags")
    visitor.composer.fill("is this right?")
    visitor.page.get_by_role("button", name="Send").click()
    msgid = zoe.wait(r"msgid=(\w+).*is this right")[1]
    zoe.send(f"@+draft/react=👍;+reply={msgid} TAGMSG #lobby", f"@+reply={msgid} PRIVMSG #lobby :it is")
    zoe.send("@+typing=active TAGMSG #lobby")
    expect(visitor.page.locator(".quote")).to_be_visible()
    expect(visitor.page.locator(".typing")).not_to_be_empty()


def test_fingers_find_their_targets(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """Where there is no mouse, whatever is pressed is at least 44 pixels high, but names in the text."""
    nora = visit(server.port, PHONE, touch=True, is_mobile=True)
    small = """[...document.querySelectorAll("button, input, textarea, select")]
        .filter((each) => each.offsetParent && !each.matches(".nick"))
        .filter((each) => each.getBoundingClientRect().height < 44)
        .map((each) => each.outerHTML.slice(0, 80))"""
    nora.page.goto(nora.address)
    expect(nora.page.get_by_role("button", name="polski")).to_be_visible()
    assert nora.run(small) == []
    nora.come("nora")
    assert nora.run(small) == []
    answered(nora, guests)
    nora.page.locator(".message").first.tap()
    expect(nora.page.locator(".tools button")).not_to_have_count(0)
    expect(nora.page.locator(".chip")).to_be_visible()
    assert nora.run(small) == []
    nora.page.get_by_role("button", name="More about this room").click()
    assert nora.run(small) == []


@pytest.mark.needs("convert")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_room_is_shown_as_an_address_and_a_code(server: ChatServer, visit: Visit, scheme: str) -> None:
    """A camera reads it from the screen of a phone; the address is copied by a button."""
    zxingcpp = pytest.importorskip("zxingcpp")
    nora = visit(server.port, PHONE, color_scheme=scheme).come("nora", "#tea", "#tea")
    nora.pick(nora.page.get_by_role("button", name="More about this room"), "Show the address…")
    code = nora.page.get_by_role("img", name="The address as a QR code")
    expect(nora.page.locator(".share")).to_contain_text("works on this machine alone")
    expect(nora.page.locator(".share a")).to_have_text(f"{nora.address}#tea")
    picture = code.screenshot()
    command = ["convert", "png:-", "-depth", "8", "gray:-"]
    pixels = subprocess.run(command, input=picture, capture_output=True, check=True, timeout=60).stdout
    box = code.bounding_box()
    assert box
    width = next(width for width in range(int(box["width"]), int(box["width"]) + 3) if len(pixels) % width == 0)
    [found] = zxingcpp.read_barcodes(memoryview(pixels).cast("B", (len(pixels) // width, width)))
    assert found.text == f"{nora.address}#tea"
    check(nora.page)
    nora.page.get_by_role("button", name="Copy the address").click()
    expect(nora.page.locator(".share").get_by_role("status")).to_have_text("The address is copied.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(server: ChatServer, visit: Visit, guests: Guests, scheme: str) -> None:
    """On the way in, in a room, in menus, forms and the search."""
    nora = visit(server.port, color_scheme=scheme)
    nora.page.goto(nora.address)
    expect(nora.page.get_by_label("Your name")).to_be_visible()
    check(nora.page)
    nora.come("nora")
    bob = guests.irc("bob")
    bob.send(
        "PRIVMSG nora :psst", "PRIVMSG #lobby :hi nora `code` https://a.example", "NOTICE #lobby :note", "AWAY :tea"
    )
    bob.send("PRIVMSG #lobby :\x01ACTION waves\x01")
    nora.say("```\nblock\n```\n*bold*")
    expect(nora.page.locator(".message")).to_have_count(4)
    expect(nora.room("bob").locator(".count")).to_be_visible()
    check(nora.page)
    answered(nora, guests)
    row = nora.page.locator(".message").filter(has_text="it is").last
    row.hover()
    row.get_by_role("button", name="React", exact=True).click()
    check(nora.page)
    nora.page.keyboard.press("Escape")
    row.hover()
    row.get_by_role("button", name="Reply").click()
    check(nora.page)
    nora.page.keyboard.press("Escape")
    nora.member("bob").click()
    check(nora.page)
    nora.page.keyboard.press("Escape")
    for command in ("/help", "/rooms", "/bans"):
        nora.say(command)
        expect(nora.page.get_by_role("dialog")).to_be_visible()
        check(nora.page)
        nora.page.keyboard.press("Escape")
    nora.page.locator(".composer").get_by_role("button", name="Emoji").click()
    check(nora.page)
    nora.page.keyboard.press("Escape")
    for opener, item in ((".account", "Language"), ("header .icon >> nth=-1", "Show the address…")):
        nora.page.locator(opener).click()
        nora.page.get_by_role("dialog").get_by_role("button", name=item).click()
        expect(nora.page.get_by_role("dialog")).to_be_visible()
        check(nora.page)
        nora.page.keyboard.press("Escape")
    nora.pick(nora.page.locator(".account"), "Claim this name…")
    check(nora.page)
    nora.page.keyboard.press("Escape")
    nora.page.get_by_role("button", name="Search", exact=True).click()
    nora.page.get_by_label("Words to search for").fill("nora")
    nora.page.keyboard.press("Enter")
    expect(nora.page.locator(".search").get_by_role("status")).not_to_have_text("Searching…")
    check(nora.page)


def check(page: Page) -> None:
    """Asks axe about the page as it is."""
    page.evaluate(AXE_SCRIPT)
    result = page.evaluate("axe.run()")
    assert result["passes"], "axe looked at nothing"
    found = [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in result["violations"]]
    assert not found


def test_new_messages_are_read_aloud_and_old_ones_are_not(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """The messages are a log; what is live in it is said in a region of its own."""
    bob = guests.irc("bob")
    bob.send("PRIVMSG #lobby :old")
    bob.sync()
    nora = visit(server.port).come("nora")
    expect(nora.page.get_by_role("log", name="Messages in #lobby")).to_be_visible()
    aloud = nora.page.locator("[aria-live=polite]")
    expect(aloud).to_have_text("")
    bob.send("PRIVMSG #lobby :new")
    expect(aloud).to_have_text("bob: new")


def test_colours_follow_the_system_or_the_user(server: ChatServer, visit: Visit) -> None:
    """The choice stays on this device."""
    nora = visit(server.port, color_scheme="dark").come("nora")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = nora.run(background)
    nora.pick(nora.page.locator(".account"), "Colours: as the system")
    light = nora.run(background)
    assert light != dark
    nora.page.reload()
    nora.is_in("#lobby")
    assert nora.run(background) == light


def test_a_page_that_was_ended_from_another_device_stays_out(server: ChatServer, visit: Visit, guests: Guests) -> None:
    """It says so, and has forgotten the password: somebody else may sit before it."""
    nora = visit(server.port).come("nora")
    nora.say("/register open-sesame")
    nora.notes("is yours")
    desk = guests.irc("desk")
    desk.send("PRIVMSG NickServ :IDENTIFY nora open-sesame")
    desk.wait(" 900 ")
    desk.send("PRIVMSG NickServ :LOGOUT 1")
    expect(nora.page.get_by_text("This connection was ended from one of your devices.")).to_be_visible()
    expect(nora.page.get_by_label("Your name")).to_have_value("nora")
    expect(nora.page.get_by_label("Password of this name")).to_have_value("")
    assert len(server.hub.state.presences["nora"].devices) == 1
    nora.page.get_by_label("Password of this name").fill("open-sesame")
    nora.page.keyboard.press("Enter")
    nora.is_in("#lobby")


def test_who_is_thrown_off_the_server_reads_by_whom_and_why(serve: Callable[..., Served], visit: Visit) -> None:
    """They come back at the press of a button, and not by themselves."""
    served = serve("--name", "lab.test")
    igor, nora = visit(served.port).come("igor"), visit(served.port).come("nora")
    expect(igor.member("nora")).to_be_visible()
    served.type("kick nora a break")
    expect(nora.page.get_by_text("lab.test has thrown you off this server: a break")).to_be_visible()
    igor.notes("threw nora off the server")
    nora.page.get_by_role("button", name="Come back here").click()
    nora.is_in("#lobby")
