"""A prompt that arriving lines don't break, with completion. Needs prompt_toolkit (the extra `terminal`)."""

import asyncio
import sys
from collections.abc import Iterator

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.patch_stdout import patch_stdout

from chatroom.client.completion import candidates
from chatroom.client.state import SessionState
from chatroom.tui.conversation import TICK_SECONDS, Conversation, Trouble


async def run(conversation: Conversation) -> None:
    """Prompts for lines until the user ends the input (Ctrl+D)."""
    state = conversation.state
    prompt: PromptSession[str] = PromptSession(
        completer=NameCompleter(state),
        complete_while_typing=False,
        erase_when_done=False,
        is_password=Condition(lambda: conversation.asks_secret),
    )
    with patch_stdout(raw=True):
        conversation.out = sys.stdout
        pumping = asyncio.create_task(_keep_pumping(conversation))
        try:
            while True:
                try:
                    conversation.typed(await prompt.prompt_async(lambda: conversation.prompt))
                except KeyboardInterrupt:
                    continue
                except EOFError:
                    break
                if pumping.done():
                    pumping.result()  # raises what ended it
        finally:
            pumping.cancel()


async def _keep_pumping(conversation: Conversation) -> None:
    is_secret = False
    shown = ""
    try:
        while True:
            conversation.pump()
            if shown != conversation.prompt:
                shown = conversation.prompt
                get_app().invalidate()
            if is_secret and not conversation.asks_secret:
                get_app().current_buffer.reset()  # it may be a password that nobody asks for any more
            is_secret = conversation.asks_secret
            await asyncio.sleep(TICK_SECONDS)
    except Trouble:
        app = get_app()  # a dumb terminal has another one than `prompt.app`
        if app.is_running:
            app.exit(result="")
        raise


class NameCompleter(Completer):
    """Completes nicknames, rooms and commands."""

    def __init__(self, state: SessionState) -> None:
        self._state = state

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        text = document.text_before_cursor
        start = -len(text.rsplit(None, 1)[-1]) if text.strip() else 0
        return (Completion(choice, start) for choice in candidates(self._state, self._state.current, text))
