"""What a sender does with the HTTP client, and what may come of it: for tests of odd destinations."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import TCPConnector

from gateway.model import Later
from gateway.outbound.exchange import Unsent, exchange
from gateway.outbound.sessions import Sessions
from gateway.secret import Secret
from tests.conftest import PATIENCE, eventually
from tests.outbound.wire import Wire, breathe

CERTIFICATES = Path(__file__).parents[1] / "data" / "tls"
HEADERS = {"Content-Type": "application/json"}

Post = Callable[..., Awaitable[Any]]


@asynccontextmanager
async def client(ca_file: Path | None = None, proxy: str = "", keepalive: float | None = None) -> AsyncIterator[Post]:
    """Give a function that exchanges one request; all its connections close with the context.

    `keepalive` is for how many seconds a connection is kept that nothing uses, in place of the usual half a minute.
    """

    def connector(**more):
        assert more.pop("keepalive_timeout") == 30.0
        return TCPConnector(keepalive_timeout=keepalive, **more)

    async with AsyncExitStack() as stack:
        if keepalive is not None:
            stack.enter_context(pytest.MonkeyPatch.context()).setattr(aiohttp, "TCPConnector", connector)
        sessions = Sessions(stack)

        async def post(url, body=b"{}", method="POST", headers=HEADERS, timeout=PATIENCE, **more):
            session = await sessions.to(str(url), str(ca_file) if ca_file else None, Secret(proxy) if proxy else None)
            return await exchange(session, method, url, body, headers, timeout, **more)

        yield post


async def outcome(post: Post, url: str, **more: Any) -> tuple:
    """Status and body of the answer, or the result and the doubt of a request that got none."""
    try:
        reply = await post(url, **more)
    except Unsent as unsent:
        return unsent.result, unsent.unsure
    return reply.status, reply.body


async def twice(wire: Wire, post: Post, url: str, expected: object, *, kept: bool, **more: Any) -> None:
    """Two posts come to the same; only where `kept` they go over the same connection, else it is closed at once."""
    for _ in range(2):
        assert await outcome(post, url, **more) == expected
        await eventually(lambda: wire.open == kept)
        await breathe()
    assert wire.accepted == (1 if kept else 2)


def failed(reason: str, code: str = "network", *, unsure: bool = True) -> tuple[Later, bool]:
    """The outcome of a request without an answer."""
    return Later(reason, None, code), unsure


OK = 200, b"ok"
BROKE = failed("the connection broke before the answer was complete")
RESET = failed("the connection broke before the answer was complete (Connection reset by peer)")
CUT = failed("the answer broke off or could not be decoded")
NOT_HTTP = failed("the answer is not proper HTTP: check what listens at that address")
TIMEOUT = failed("no answer in time: check that the server is up and reachable, or raise `timeout`", "timeout")
UNCONNECTED = failed(TIMEOUT[0].reason, "timeout", unsure=False)
REFUSED = failed(
    "cannot connect: check that the server is up, and the firewall between (Connection refused)", unsure=False
)
UNVERIFIED = failed(
    "the certificate does not verify: check the host name and the expiry, or set `ca_file` to the authority",
    "tls",
    unsure=False,
)
NO_TLS = failed("no TLS connection: check that the port speaks https, and its protocol versions", "tls", unsure=False)
PROXY_DOWN = failed(
    "the proxy cannot be reached: check `proxy` of the destination, or HTTPS_PROXY and HTTP_PROXY (Connection refused)",
    unsure=False,
)
