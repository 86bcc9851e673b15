"""Bytes to commands; events and replies to bytes, for each kind of client. Knows no socket and no rule.

May import `model` and `common`.
"""
