"""The command line.

May import everything; nothing but `__main__` imports it.
"""
