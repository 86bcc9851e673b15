"""The rules of the chat: what a command leads to, and what an event changes; and the log that orders events.

May import `model` and `common`.
"""
