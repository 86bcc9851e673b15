"""Which language a client reads: the server's, until it chooses one or logs in to an account that has.

What a client asks for while it connects is for that connection. What is chosen later is kept for the account.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import find, tags
from chatroom.common.names import fold
from chatroom.core import notify
from chatroom.core.account_use import who
from chatroom.core.connections import speak, speak_as_account
from chatroom.core.context import Appliers, Context, Handlers
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Account, Session
from chatroom.model.events import LanguageSet
from chatroom.model.outcomes import Outcome
from chatroom.model.preferences import SetLanguage
from chatroom.model.replies import LanguageIs


def set_language(ctx: Context, session: Session, command: SetLanguage) -> list[Outcome]:
    """Changes the session at once: what a connection reads is nobody's business but its own."""
    for tag in command.tags:
        if find(tag) is None:
            raise ChatError(Code.NO_SUCH_LANGUAGE, tag, ", ".join(tags()))
    if not command.tags:
        return [LanguageIs(session.language, (), session.account)]
    language = find(command.tags[0])
    assert language
    speak(session, language)
    if session.user is None:  # a program asks for what it shows itself: it is for this connection, and no choice
        session.has_asked_for_language = True
        return [LanguageIs(session.language, (session.language.tag,), "")]
    session.has_chosen_language = True
    done = LanguageIs(language, command.tags, session.account)
    account = ctx.state.accounts.get(fold(session.account))
    if account is None or account.language == language.tag:
        return [done]
    return [LanguageSet(who(ctx, session, account.name), account.name, language.tag), done]


def remembered(ctx: Context, session: Session, account: Account) -> list[Outcome]:
    """What a client that logs in has chosen before, if nothing was chosen for the account yet."""
    if account.language or not session.has_chosen_language:
        return []
    return [LanguageSet(who(ctx, session, account.name), account.name, session.language.tag)]


def language_set(ctx: Context, event: LanguageSet, delivery: Delivery) -> None:
    """All clients of the account read it from now on."""
    account = ctx.state.accounts.get(fold(event.account))
    if account is None:
        return
    ctx.state.accounts[fold(event.account)] = account._replace(language=event.language)
    delivery.broadcast(event, notify.NOBODY)
    for session in ctx.state.sessions.values():
        if session.account == account.name:
            speak_as_account(ctx.state, session)


HANDLERS: Handlers = {SetLanguage: set_language}
APPLIERS: Appliers = {LanguageSet: language_set}
