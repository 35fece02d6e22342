"""Requests of aiohttp as the gateway's own values."""

from aiohttp import web

from gateway.ingress.refusals import Knock
from gateway.model import Request


def knock(incoming: web.BaseRequest, peer: str, route: str = "", service: str = "") -> Knock:
    """What is told of a request that is refused."""
    headers = incoming.headers
    return Knock(
        peer=peer,
        route=route,
        service=service,
        method=incoming.method,
        agent=headers.get("User-Agent", ""),
        content_type=headers.get("Content-Type", ""),
        size=incoming.content_length or 0,
    )


def as_request(incoming: web.BaseRequest, body: bytes, path_secret: str, public_url: str) -> Request:
    """Convert a request of aiohttp to the gateway's own type."""
    headers: dict[str, str] = {}
    for name, value in incoming.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    url = incoming.rel_url
    query = {name: url.query.getone(name) for name in url.query} if url.raw_query_string else {}
    base = public_url or f"{incoming.scheme}://{headers.get('host', '')}"
    return Request(incoming.method, headers, query, body, path_secret, base + url.raw_path_qs)
