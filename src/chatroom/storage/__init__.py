"""The SQLite file with the history, the rooms and the accounts; the only package that imports `sqlite3`.

`store` writes, `reader` reads. May import `model` and `common`.
"""
