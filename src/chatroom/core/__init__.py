"""The rules of the chat: what a command leads to, and what an event changes; and the log that orders events.

Each file has the rules of one topic. `hub` puts them together, `context` is what they work with, and `permissions` says
who may do what. May import `model` and `common`.
"""
