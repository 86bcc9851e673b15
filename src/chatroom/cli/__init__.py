"""The command line: `chatroom` and its commands, each in the file of its name; `main` is where it starts.

May import everything; nothing but `__main__` imports it.
"""
