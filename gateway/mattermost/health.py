"""Whether a Mattermost server answers at all, asked without a message."""

from yarl import URL

from gateway.outbound.exchange import Unsent, exchange
from gateway.outbound.sessions import HttpSession

LONGEST = 5.0
"""Seconds that the question may take; a server needs milliseconds."""


async def answers(http: HttpSession, server: str, timeout: float) -> bool:  # noqa: ASYNC109
    """Whether the server at this base URL answers GET /api/v4/system/ping, within `timeout` seconds.

    Any answer below 500 counts, also that of a proxy that lets only some paths pass: connection and TLS work then, and
    a message will tell the rest. A proxy whose server is down answers 502 to 504.
    """
    url = URL(f"{server.rstrip('/')}/api/v4/system/ping", encoded=True)
    try:
        reply = await exchange(http, "GET", url, None, None, min(timeout, LONGEST))
    except Unsent:
        return False
    return reply.status < 500
