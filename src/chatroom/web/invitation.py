"""What the page shows to invite others into a room: the address for them, and its QR code."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from chatroom.common import qr
from chatroom.common.addresses import is_this_machine
from chatroom.common.language import tr
from chatroom.web.requests import Request, RequestError
from chatroom.web.responses import Response

PATH = "/invitation"


def invitation(request: Request, reachable: Callable[[], str]) -> Response:
    """Answers `/invitation?at=ADDRESS`, where the page names an address of its own; raises `RequestError` for others.

    `reachable` says by which `HOST:PORT` other machines reach this server, or "". It takes the place of an address that
    works on this machine alone. The path draws the QR code on a square of `size` units; without a code, both are empty.
    """
    at = parse_qs(request.target.partition("?")[2]).get("at", [""])[0]
    try:
        parts = urlsplit(at)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != request.authority.lower():
        raise RequestError(400, tr("Only addresses of this page are drawn."))
    is_near = is_this_machine(host)
    place = reachable() if is_near else ""
    address = parts._replace(netloc=place or parts.netloc).geturl()
    drawn = qr.drawing(address) or qr.Drawing(0, "")
    told = {"address": address, "near": is_near and not place, **drawn._asdict()}
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(200, headers, json.dumps(told).encode() + b"\n")
