"""An IRC client without a screen: what was said (`room`), what it means (`session`), how it travels (`link`).

`session` is fed lines and never touches a socket; `link` moves lines in a thread of its own and knows nothing of rooms.
The window and the terminal each put a face on the two.
"""
