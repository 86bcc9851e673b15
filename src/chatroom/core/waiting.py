"""Messages that wait: what is said to a claimed name alone while its owner is not here.

It is kept, and told at the next login, with its time. It counts as received a moment later. So a server that is killed
in between tells it once more rather than never. It is in the history of both, as any talk; of a guest's with an account
it is in the account's.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import find, own
from chatroom.common.names import conversation, fold
from chatroom.common.text import CTCP
from chatroom.core import notify
from chatroom.core.context import Appliers, Context, Handlers
from chatroom.core.ignoring import ignores
from chatroom.model.audience import Audience
from chatroom.model.commands import Say
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Account, Session, User, user_of
from chatroom.model.events import Kept, Kicked, Killed, Received, Said
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import PersonalNotice, WaitingAre, WillWait
from chatroom.model.social_commands import NoteReceived
from chatroom.model.state import ChatState, sender
from chatroom.model.values import MessageKind, Person, Quote

WAITING_PER_SENDER = 200  # messages of one sender for one person: a long talk; a guest is known by their address
WAITING_OF_SENDER = 1000  # messages of one sender for anybody: so that one alone fills no more than a twentieth of all
# Messages for one person: all of them are told at once. Of more, the oldest goes of who has said most of them.
WAITING_PER_PERSON = 1000
WAITING_MAX = 20_000  # messages for anybody: some 20 MB of usual ones


def say_to_absent(ctx: Context, session: Session, account: Account, command: Say) -> list[Outcome]:
    """Has it wait. Raises `ChatError` if too much waits already."""
    state, key, user = ctx.state, fold(account.name), user_of(session)
    if command.kind in (MessageKind.NOTICE, MessageKind.TAGS):
        return []  # both are for the moment
    if CTCP in command.text:
        raise ChatError(Code.NO_SUCH_NICK, account.name)
    if ignores(state, key, user.person):  # they are told as anybody else, their echo included
        unheard = Said(user.person, account.name, command.text, command.kind, device=session.uid)
        return [unheard, WillWait(account.name)]
    waiting = state.waiting.get(key, [])
    by = sender(user.person)
    own = state.waiting_senders[by]
    is_full = own >= WAITING_OF_SENDER or state.waiting_senders.total() >= WAITING_MAX
    if is_full or (own and not _has_place(waiting, by)):
        raise ChatError(Code.WAITING_FULL, account.name)
    kept = Kept(
        user.person,
        account.name,
        command.text,
        command.kind,
        conversation(user.person.account or user.person.nick, account.name),
        Quote(command.answers) if command.answers and isinstance(command.answers, int) else None,
        session.uid,
        account.id,
    )
    return [kept, WillWait(account.name)]


def tell_thrown_out(state: ChatState, *events: Kicked | Killed) -> list[Outcome]:
    """A notice for each who stays without a device, and is thrown out of a room or off the server by these events.

    Whoever is here is told at once. The notice is the server's, in the language of the account.
    """
    told: list[Outcome] = []
    server = state.server_session.user
    assert server
    for event in events:
        user = state.users.get(event.who.uid)
        account = state.account_of(user) if user and not user.devices else None
        if account:
            places = {"nick": event.by.nick, "why": f" ({event.reason})" if event.reason else ""}
            tr = (find(account.language) or own()).tr
            if isinstance(event, Kicked):
                text = tr("{nick} threw you out of {room} while you were not here{why}.", room=event.room, **places)
            else:
                text = tr("{nick} threw you off the server while you were not here{why}.", **places)
            talk = conversation(server.person.nick, account.name)
            told.append(Kept(server.person, account.name, text, MessageKind.NOTICE, talk, made=account.id))
    return told


def _has_place(waiting: list[Said], by: str) -> bool:
    """Whether another message of this sender may wait for somebody. Where it is full, whose most wait have none."""
    own = sum(sender(said.by) == by for said in waiting)
    if len(waiting) < WAITING_PER_PERSON:
        return own < WAITING_PER_SENDER
    return own < max(Counter(sender(said.by) for said in waiting).values())


def _make_place(state: ChatState, account: str) -> int:
    """If too much waits for somebody, the oldest message goes of whoever has said most of it; returns its id, or 0."""
    waiting = state.waiting.get(account, [])
    if len(waiting) < WAITING_PER_PERSON:
        return 0
    ((most, _),) = Counter(sender(said.by) for said in waiting).most_common(1)
    oldest = next(said for said in waiting if sender(said.by) == most)
    state.stop_waiting(account, [said for said in waiting if said is not oldest])
    return oldest.id


def kept(ctx: Context, event: Kept, delivery: Delivery) -> None:
    """If the owner has come meanwhile, they are told at once."""
    state = ctx.state
    account, sender = state.accounts.get(fold(event.account)), state.users.get(event.by.uid)
    if account is None or account.id != event.made:
        return
    said, here = event.said(account.name), state.presence_of(account.name)
    if here and here.devices:
        to_them = replace(said, target=here.person.nick)
        state.direct_messages.append((to_them, here.person.uid))
        delivery.broadcast(to_them, Audience.of(here.sessions))
    else:
        state.direct_messages.append((said, ""))
        dropped = _make_place(state, fold(account.name))
        state.let_wait(fold(account.name), said)
        delivery.broadcast(said, notify.NOBODY)
        delivery.broadcast(replace(event, dropped=dropped), notify.NOBODY)
    for session in sender.sessions if sender else ():
        if session.echo or session.uid != event.device:
            delivery.reply(session, PersonalNotice(said))


def unheard(ctx: Context, people: Iterable[Person], since: int, delivery: Delivery) -> None:
    """Has wait what was said to these people, whose server is lost, since it gave its last sign of life.

    It may have reached nobody. Who is here by another server has heard it. `since` is in milliseconds.
    """
    state, gone = ctx.state, dict[str, Account]()
    for person in people:
        account, here = state.accounts.get(fold(person.account)), state.presence_of(person.account)
        if account and not (here and here.devices):
            gone[person.uid] = account
    for said, uid in list(state.direct_messages) if gone else ():
        account = gone.get(uid)
        if account and said.time > since and said.kind is not MessageKind.NOTICE:
            key = fold(account.name)
            if all(each.id != said.id for each in state.waiting.get(key, ())):
                dropped = _make_place(state, key)
                state.let_wait(key, replace(said, target=account.name))
                kept = Kept(said.by, account.name, said.text, said.kind, said.conversation, said.quote, said.device)
                kept = replace(kept, made=account.id, dropped=dropped, id=said.id, time=said.time)
                if said.conversation:  # a guest's words are in no history: those wait in memory alone
                    delivery.broadcast(kept, notify.NOBODY)


def deliver(state: ChatState, user: User, delivery: Delivery, told: int = 0) -> None:
    """Tells somebody who has just logged in what waits for them; from then on they are a party to it.

    Messages up to the id `told` their clients have read already.
    """
    waiting = state.waiting.get(fold(user.person.account)) if user.person.account else None
    if not waiting:
        return
    ids = {said.id for said in waiting}
    for number, (each, _) in enumerate(state.direct_messages):
        if each.id in ids:
            state.direct_messages[number] = each, user.person.uid
            ids.remove(each.id)
    state.direct_messages += [(said, user.person.uid) for said in waiting if said.id in ids]  # from before a restart
    if user.sessions:
        said = tuple([replace(each, target=user.person.nick) for each in waiting if each.id > told])
        if said:
            notify.one(user, WaitingAre(said), delivery)
        state.received[fold(user.person.account)] = waiting[-1].id


def forget(state: ChatState, said: int) -> bool:
    """The message with this id is taken back; whether it has waited for anybody."""
    for key, waiting in state.waiting.items():
        left = [each for each in waiting if each.id != said]
        if len(left) < len(waiting):
            state.stop_waiting(key, left)
            return True
    return False


def note_received(ctx: Context, session: Session, command: NoteReceived) -> list[Outcome]:
    """What was told a moment ago is with those it waited for."""
    told, ctx.state.received = ctx.state.received, {}
    nobody = Person("", ctx.state.server_session.nick, "", "")
    return [Received(nobody, account, last) for account, last in told.items()]


def received(ctx: Context, event: Received, delivery: Delivery) -> None:
    left = [said for said in ctx.state.waiting.get(event.account, []) if said.id > event.last]
    ctx.state.stop_waiting(event.account, left)
    delivery.broadcast(event, notify.NOBODY)


HANDLERS: Handlers = {NoteReceived: note_received}
APPLIERS: Appliers = {Kept: kept, Received: received}
