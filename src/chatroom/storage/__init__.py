"""The SQLite file that keeps what was said and what rooms and accounts are; the only home of `sqlite3`.

May import `model` and `common`.
"""
