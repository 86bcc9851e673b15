"""IRC, as RFC 1459 and 2812 and IRCv3 have it.

May import what `protocols` may.
"""
