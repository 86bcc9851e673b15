"""The client without a window: lines in, lines out.

On a terminal there is a prompt where prompt_toolkit is installed. Everywhere else stdin is read and stdout written as
they are. When stdin ends, the program stays until the server has everything that was said, and its exit code tells: 0
when all of it arrived.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue

from chatroom.client import plaintext, strings
from chatroom.client import settings as storage
from chatroom.client.client import Client
from chatroom.client.misuse import EndProgram
from chatroom.client.server_connection import Target
from chatroom.client.session import Session
from chatroom.client.settings import Server
from chatroom.common.language import own, tr
from chatroom.common.names import describe_fault, nick_fault, without_spaces
from chatroom.common.streams import decoded, readable, refusal
from chatroom.tui.conversation import TICK_SECONDS, YES, Conversation, Trouble, UntrustedCertificate

__all__ = ["Trouble", "converse"]


def converse(server: Server, room: str, password: str) -> None:
    """Talks until stdin ends or the user leaves; raises `Trouble` when that is not possible, or not delivered."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    nick = server.nick or (_ask_name() if interactive else "")
    if not nick and not interactive:
        raise Trouble(tr("Without a terminal, --nick NAME has to say who you are."))
    if fault := nick_fault(nick):
        raise Trouble(strings.no_name(nick, describe_fault(fault, own())))
    path = storage.default_path()
    settings, trouble = storage.load(path)
    danger = plaintext.danger(server, settings, password)
    if danger and interactive and not _ask(danger, tr("Go on without TLS?")):
        raise Trouble(tr("Not connected. With --tls, nobody can read along."))
    if danger and not interactive:
        raise Trouble("\n".join([danger, tr("Use --tls, or connect from a terminal to be asked.")]))
    keyboard = _Keyboard()
    while True:
        target = Target(server.host, server.port, server.tls, settings.trusted.get(server.place, ""))
        conversation = Conversation(Client(target, Session(nick, (room,), password, program="text")), interactive)
        if trouble:
            conversation.show(trouble)
        try:
            _run(conversation, keyboard)
            return
        except UntrustedCertificate as untrusted:
            if not interactive:
                hint = tr("Connect once from a terminal or the window to trust it.")
                raise Trouble(f"{untrusted}\n{hint}") from None
            keyboard.forget()  # what was typed before the question is no answer to it
            conversation.give_up_waiting()
            if not _ask(str(untrusted), tr("Trust it from now on?"), keyboard.line):
                raise Trouble(tr("Not connected, because the certificate is not trusted.")) from None
            settings.trusted[server.place] = untrusted.fingerprint
            trouble = storage.save(settings, path)
        finally:
            if conversation.state.was_registered:
                _remember(server, settings, path)
            if conversation.language:
                settings.language = conversation.language
                storage.save(settings, path)


def _remember(server: Server, settings: storage.Settings, path: Path) -> None:
    """Keeps that a server was used with TLS, or that the user agreed to go without, so that a change is noticed."""
    if plaintext.used_tls(server, settings, otherwise=False) is not server.tls:
        settings.remember(server)
        storage.save(settings, path)


def _run(conversation: Conversation, keyboard: "_Keyboard") -> None:
    conversation.client.start()
    try:
        is_whole = True
        if not (conversation.interactive and _prompted(conversation)):
            is_whole = _type_stdin(conversation, keyboard)
        conversation.deliver()
        if not is_whole:
            raise Trouble(tr("A line was not sent, nor what follows it. {why}", why=refusal()))
    except EndProgram:
        pass
    finally:
        if conversation.interactive:
            _echo(True)
        conversation.close()


def _prompted(conversation: Conversation) -> bool:
    """Talks by a prompt until the user ends it; false where prompt_toolkit is missing."""
    try:
        from chatroom.tui import prompt
    except ModuleNotFoundError:
        return False
    try:
        asyncio.run(prompt.run(conversation))
    finally:
        conversation.out = sys.stdout  # the prompt's own shows nothing any more
    return True


def _type_stdin(conversation: Conversation, keyboard: "_Keyboard") -> bool:
    """Talks until stdin ends; false at a line of a script that the locale can't read, which ends it as well."""
    lines = keyboard.lines()
    asked = ""  # what the cursor stands behind
    is_secret = False
    while True:
        conversation.pump()
        if conversation.interactive:
            if is_secret and not conversation.asks_secret:
                keyboard.forget()  # it may be a password that nobody asks for any more
            is_secret = conversation.asks_secret
            _echo(not is_secret)
            if conversation.question != asked:
                asked = conversation.question
                print(asked, end="", flush=True)
        try:
            line = lines.get(timeout=TICK_SECONDS)
        except Empty:
            continue
        if line is None:
            return True
        if not (conversation.interactive or readable(line)):
            return False
        if conversation.interactive and conversation.asks_secret:
            print()  # Enter was not shown either
        asked = ""
        conversation.typed(line)


def _echo(on: bool) -> None:
    """Shows what is typed on the terminal, or hides it; does nothing where a terminal can't be told."""
    try:
        import termios
    except ModuleNotFoundError:
        return
    mode = termios.tcgetattr(sys.stdin)
    if bool(mode[3] & termios.ECHO) is not on:
        mode[3] ^= termios.ECHO
        termios.tcsetattr(sys.stdin, termios.TCSANOW, mode)


class _Keyboard:
    """Stdin, read by one thread from its first line on: a second reader would take lines away from it."""

    def __init__(self) -> None:
        self._lines: SimpleQueue[str | None] | None = None

    def lines(self) -> "SimpleQueue[str | None]":
        """The lines that come, then None."""
        if self._lines is None:
            self._lines = SimpleQueue()
            threading.Thread(target=_read_lines, args=(self._lines,), daemon=True).start()
        return self._lines

    def forget(self) -> None:
        """Drops what has been typed on the terminal and not been taken yet."""
        try:
            import termios
        except ModuleNotFoundError:
            return
        termios.tcflush(sys.stdin, termios.TCIFLUSH)
        while self._lines and not self._lines.empty():
            if self._lines.get() is None:
                self._lines.put(None)
                return

    def line(self, prompt: str) -> str:
        """The answer to a question; raises `EOFError` at the end of stdin."""
        if self._lines is None:
            return input(prompt)
        print(prompt, end="", flush=True)
        line = self._lines.get()
        if line is None:
            raise EOFError
        return line


def _read_lines(lines: "SimpleQueue[str | None]") -> None:
    """Stdin, line by line, then None. Reads the descriptor itself: `sys.stdin` can't be left in a reading thread."""
    rest = b""
    while data := os.read(sys.stdin.fileno(), 65_536):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            lines.put(decoded(line).rstrip("\r"))
    if rest.strip():
        lines.put(decoded(rest))
    lines.put(None)


def _ask_name() -> str:
    try:
        return without_spaces(input(tr("Your name:") + " "))
    except (EOFError, KeyboardInterrupt):
        raise Trouble(tr("No name, no chat.")) from None


def _ask(text: str, question: str, line: Callable[[str], str] = input) -> bool:
    print(text, file=sys.stderr)
    try:
        return line(" ".join([question, tr("[y/N]"), ""])).strip().lower() in tr(YES).split()
    except (EOFError, KeyboardInterrupt):
        return False
