"""chatroom: a chat server for browsers, netcat, IRC and a window of its own, all in the same rooms."""

__version__ = "0.2.0"
