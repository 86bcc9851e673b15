"""What runs: the server that accepts clients, their threads, limits, deadlines, the console, metrics and signals.

May import all packages but `client`, `gui`, `tui` and `cli`.
"""
