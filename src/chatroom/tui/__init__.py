"""The terminal client.

May import `client` and `common`.
"""
