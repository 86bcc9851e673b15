"""One chat on several servers, through Redis; the only home of `redis`.

May import `core`, `model` and `common`.
"""
