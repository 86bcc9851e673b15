"""The Tk window.

May import `client` and `common`; `tkinter` only in `app`, `view`, `style` and `*_w`.
"""
