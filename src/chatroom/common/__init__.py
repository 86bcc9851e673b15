"""What several packages need: errors, names, texts, times, addresses, the IRC line.

May import nothing of chatroom.
"""
