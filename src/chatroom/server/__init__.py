"""What runs: the server that accepts clients, its threads, its console.

May import all but `client`, `gui`, `tui` and `cli`.
"""
