"""An IRC client without a screen; it knows the server by IRC alone.

May import `common`.
"""
