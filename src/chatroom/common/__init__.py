"""What several packages share: errors, names, texts, durations, the clock, addresses, IRC lines, logs, streams.

May import nothing else of chatroom.
"""
