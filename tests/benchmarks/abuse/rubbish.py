"""Lines that no client should send, from a seed: half commands, control characters, bad UTF-8, verbs of HTTP."""

import random

_QUITS = 0.001  # of the lines end their connection, in one dialect or the other
_LONG = 0.001  # of the lines are 64 KiB long
_BYTES = 0.05  # of the lines are any bytes
_WORDS = b"""
    PRIVMSG NOTICE JOIN PART NICK USER MODE KICK TOPIC WHO WHOIS WHOWAS LIST NAMES CAP MONITOR TAGMSG PING PONG AWAY
    INVITE OPER HELP ISON USERHOST SETNAME BATCH CHATHISTORY SEARCH AUTHENTICATE REGISTER PASS KILL WALLOPS REHASH
    STATS MOTD LUSERS VERSION /msg /me /nick /join /leave /topic /who /rooms /away /history /search /help // / POST
    HEAD #lobby #fuzz @#fuzz first second * @ : :: REQ LS 302 END +b -o+v +k-k +l *!*@* m:*!*@* LATEST BETWEEN
    timestamp=2026 msgid=9
    """.split()
_PHRASES = [
    *(b"GET / HTTP/1.1", b"@a=b;+c=d\\:", b"@label=x", b"@batch=1", b"+1 draft/multiline #lobby", b"-1", b"\x01ACTION"),
    *(b"MODE #fuzz +e {9}\x02", b"MODE #fuzz -I+k {0.by} {\x03", b"/mode #fuzz +b {}", b"/mode", b"KLINE {}!*@*"),
    *(b"\x0304,12", b"\x1b[2J\x1b]0;x\x07", b"REQ :message-tags batch draft/multiline labeled-response server-time"),
]
_CODES = [
    b"\0",
    b"\r",
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\x1b[31m",
    b"\x08",
    b"\x7f",
    b"\t",
]
_LETTERS = ["\u202e", "\u2066", "\u2028", "\x85", "a" + "\u0301" * 40, "ß", "İ", "😀", "\ufeff", "\u200d", "ﷺ", "½"]
_SEPARATORS = [b" ", b" :", b"  "]
_ENDS = [b"\n", b"\r\n", b"\r\r\n", b"\0\n"]


def line(chance: random.Random) -> bytes:
    """One line, with its line feed, and no other in it."""
    kind = chance.random()
    if kind < _QUITS:
        return chance.choice([b"QUIT :", b"/quit "]) + _words(chance) + b"\n"
    if kind < _QUITS + _LONG:
        return chance.choice([b"x", b"\0", b"@", b"a "]) * 65_536 + b"\n"
    if kind < _QUITS + _LONG + _BYTES:
        return chance.randbytes(chance.randrange(600)).replace(b"\n", b"") + b"\n"
    return _words(chance) + chance.choice(_ENDS)


def _words(chance: random.Random) -> bytes:
    return chance.choice(_SEPARATORS).join([_word(chance) for _ in range(chance.randrange(1, 8))])


def _word(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.6:
        return chance.choice(_WORDS)
    if kind < 0.7:
        return chance.choice(_PHRASES)
    if kind < 0.8:
        return chance.choice(_CODES)
    if kind < 0.9:
        return chance.choice(_LETTERS).encode()
    return b"".join(chance.choices(_CODES + _WORDS, k=4)) + b"%d" % chance.randrange(10**9)
