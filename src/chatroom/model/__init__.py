"""What a chat consists of: values, and the things whose state they change. No rules, no I/O.

May import `common`.
"""
