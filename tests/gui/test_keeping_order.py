"""Keeping order from the window: what is typed, and a member's menu."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gui.people import Netcat, Server, environment
from tests.gui.window import Window

pytestmark = pytest.mark.needs("Xvfb", "xdotool")

MENU = """if True:
    import json, tkinter as tk
    from chatroom.gui.sidebar_w import Members

    class Presenter:
        times, done = (), []
        def ban_times(self): return self.times
        def member_actions(self, nick): return ("msg", "whois", "", "op", "voice", "mute", "kick", "ban")
        def member_action(self, nick, action, length=""): self.done.append([nick, action, length])

    def entries(menu):
        rows = []
        for i in range(menu.index("end") + 1):
            kind = menu.type(i)
            if kind == "cascade":
                rows.append([menu.entrycget(i, "label"), entries(menu.nametowidget(menu.entrycget(i, "menu")))])
            elif kind == "command":
                rows.append(menu.entrycget(i, "label"))
                menu.invoke(i)
        return rows

    root = tk.Tk()
    members = Members(root, Presenter(), 100)
    told = []
    for times in ((), ("10m",)):
        Presenter.times = times
        members.fill_menu("bob")
        told.append(entries(members._menu))
    print(json.dumps([told, Presenter.done]))
"""


def test_a_members_menu_offers_times_where_the_server_keeps_them(display: str) -> None:
    """Each entry does what it says."""
    output = subprocess.run(
        [sys.executable, "-c", MENU], env=environment(DISPLAY=display), capture_output=True, text=True, check=True
    ).stdout
    (without, with_times), done = json.loads(output)
    assert without[-3:] == ["Mute bob…", "Remove bob…", "Ban bob…"]
    assert with_times[-3:] == [
        ["Mute bob", ["for 10m…", "for good…"]],
        ["Remove bob", ["for 10m…", "just once…"]],
        ["Ban bob", ["for 10m…", "for good…"]],
    ]
    assert ["bob", "ban", "10m"] in done and ["bob", "op", ""] in done


def test_who_opens_a_room_in_the_window_keeps_order_there(display: str, server: Server, tmp_path: Path) -> None:
    """By commands with times and reasons; netcat reads what was done."""
    arguments = ("-p", str(server.port), "--nick", "alice", "--room", "#tea")
    with Netcat(server.port, "bob") as bob, Window(display, tmp_path, *arguments) as window:
        window.wait_online()
        bob.send("/join #tea")
        window.wait(lambda state: "bob" in state["members"], "bob is there")
        window.type("/mute bob 10m noise")
        window.key("Return")
        bob.wait(r"\* alice muted bob for 10m \(noise\)")
        window.wait_row("alice muted bob.")
        window.type("/ban bob 1h enough")
        window.key("Return")
        bob.wait(r"\* alice banned bob for 1h \(enough\)")
        bob.wait(r"\* alice threw bob out \(enough\)")
        window.wait(lambda state: "bob" not in state["members"], "bob is out")
        window.type("/bans")
        window.key("Return")
        window.wait_row("Banned in #tea: bob, by alice")
        window.wait_row("Muted in #tea: bob, by alice")
