"""Sentences about claimed names and the devices of who is logged in; `reply_sentences` has all others."""

from chatroom.common.durations import moment
from chatroom.common.language import mark
from chatroom.common.text import clean
from chatroom.model.replies import (
    AccountChange,
    AccountDone,
    AccountIs,
    AccountLapses,
    DeviceClosed,
    DeviceIs,
    DevicesAre,
    ReplayIs,
    SettingsAre,
    StayIs,
)
from chatroom.protocols.sentence_parts import Reader

ACCOUNT_CHANGES = {
    AccountChange.CLAIMED: mark(
        "{account} is yours now, and you are logged in. Next time, give your password when you are asked for it, "
        "or type {slash}login {account} PASSWORD."
    ),
    AccountChange.LOGGED_IN: mark("You are logged in as {account}."),
    AccountChange.LOGGED_OUT: mark("You are logged out."),
    AccountChange.PASSWORD_SET: mark("The password of {account} is changed."),
    AccountChange.DROPPED: mark("{account} is nobody's any more."),
    AccountChange.FREED: mark(
        "{account} is nobody's any more, so you are logged out; {slash}register PASSWORD claims it anew."
    ),
    AccountChange.GHOST_CLOSED: mark("The other connection that was called {account} is closed."),
    AccountChange.ADMITTED: mark("That is the server's password; nobody has claimed the name {account}."),
}
NOT_LASTING = mark("This server keeps nothing on disk: the name is yours until it ends.")


def account_done(reply: AccountDone, to: Reader) -> list[str]:
    sentence = to.tr(ACCOUNT_CHANGES[reply.change], account=clean(reply.account))
    return [
        f"{sentence} {to.tr(NOT_LASTING)}" if reply.change is AccountChange.CLAIMED and not reply.lasting else sentence
    ]


def devices_are(reply: DevicesAre, to: Reader) -> list[str]:
    rows = [_device(each, to) for each in reply.devices]
    return [*rows, to.tr("{slash}logout DEVICE ends one of them.")] if len(rows) > 1 else rows


def _device(device: DeviceIs, to: Reader) -> str:
    return to.tr(
        _DEVICES[device.is_this],
        number=device.number,
        kind=to.tr(device.kind),
        time=moment(device.since),
        place=f"{device.address}, {device.server}" if device.server else device.address,
    )


_DEVICES = {  # whether it is the one that asks
    True: mark("Device {number}, this one: {kind}, since {time}, from {place}"),
    False: mark("Device {number}: {kind}, since {time}, from {place}"),
}


def device_closed(reply: DeviceClosed, to: Reader) -> list[str]:
    return [to.tr("The connection of device {number}, {kind}, is closed.", number=reply.number, kind=to.tr(reply.kind))]


def account_is(reply: AccountIs, to: Reader) -> list[str]:
    places = {"account": reply.account, "time": moment(reply.made)}
    if reply.here:
        return [to.tr("{account} has been claimed since {time}, and is here.", **places)]
    return [to.tr("{account} has been claimed since {time}.", **places)]


def replay_is(reply: ReplayIs, to: Reader) -> list[str]:
    return [to.tr(_REPLAY[reply.on, bool(reply.account)], account=reply.account)]


_REPLAY = {  # whether it is on, and whether an account keeps that
    (True, True): mark("When you join a room you are shown what was said since you left it (kept for {account})."),
    (False, True): mark("When you join a room you are shown nothing from before (kept for {account})."),
    (True, False): mark(
        "When you join a room you are shown what was said since you left it (until you leave; log in to have it kept)."
    ),
    (False, False): mark(
        "When you join a room you are shown nothing from before (until you leave; log in to have it kept)."
    ),
}


def stay_is(reply: StayIs, to: Reader) -> list[str]:
    return [to.tr(_STAY[reply.on], account=reply.account)]


_STAY = {
    True: mark("You stay in your rooms, away, when your last device has gone (kept for {account})."),
    False: mark("You leave your rooms when your last device has gone (kept for {account})."),
}


def settings_are(reply: SettingsAre, to: Reader) -> list[str]:
    set_ = {"replay": reply.replay, "strangers": reply.strangers, "stay": reply.stay}
    named = ", ".join([f"{name} {'on' if on else 'off'}" for name, on in set_.items()])  # as one types them
    return [to.tr("Your settings: {settings}.", settings=named)]


def account_lapses(reply: AccountLapses, to: Reader) -> list[str]:
    return [
        to.trn(
            "Your name {account} and your room are freed after {days} days without a login.",
            "Your name {account} and your {count} rooms are freed after {days} days without a login.",
            reply.rooms,
            account=reply.account,
            days=reply.days,
        )
    ]
