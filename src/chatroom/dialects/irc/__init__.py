"""The IRC dialect: RFC 1459 and 2812 as modern.ircdocs.horse describes their use today, and IRCv3.

`commands` reads (a table of commands), `numerics` holds the numbered replies (a table of templates), `answers` tells
one client of a reply, `format` tells many of an event.
"""

from chatroom.dialects.irc.commands import IrcDialect
from chatroom.dialects.irc.format import IrcFormat
from chatroom.dialects.irc.numerics import ServerInfo

__all__ = ["IrcDialect", "IrcFormat", "ServerInfo"]
