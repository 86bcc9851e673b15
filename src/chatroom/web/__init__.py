"""What browsers get: the page and its files over HTTP, and IRC over WebSocket (RFC 6455).

Nothing here reads or writes a socket: bytes become requests and lines, and responses and lines become bytes.
"""
