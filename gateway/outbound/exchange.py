"""One request and its answer, bounded in time and bytes. Redirects are answers, not detours: nothing follows them."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from gateway.errors import MattergateError
from gateway.model import Later, Never
from gateway.outbound.unanswered import unanswered

BODY_LIMIT = 64 * 1024
"""Bytes of an answer that are read where nobody asks for more; what follows is not waited for."""

_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=None)


class Unsent(MattergateError):  # noqa: N818 - states a condition
    """A request did not lead to what it was for; `result` is what that means for the delivery."""

    def __init__(self, result: Later | Never) -> None:
        super().__init__(result.reason)
        self.result = result


class Reply(NamedTuple):
    """An answer of a server; `headers` looks names up in any case, what is too long of `body` is cut off."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


async def exchange(
    http: aiohttp.ClientSession,
    method: str,
    url: URL | str,
    body: bytes | None,
    headers: Mapping[str, str] | None,
    timeout: float,  # noqa: ASYNC109 - one timer around the whole exchange
    limit: int = BODY_LIMIT,
) -> Reply:
    """Send one request and read its answer, at most `limit` bytes, within `timeout` seconds, connecting included.

    Raises Unsent when there is no answer.
    """
    try:
        async with (
            asyncio.timeout(timeout),
            http.request(
                method, url, data=body, headers=headers, allow_redirects=False, timeout=_NO_TIMEOUT
            ) as response,
        ):
            return Reply(response.status, response.headers, await _read_body(response, limit))
    except (aiohttp.ClientError, OSError) as error:
        raise Unsent(unanswered(error)) from None


async def _read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the body, at most `limit` bytes; a connection with more on it is not used again."""
    body = await response.content.read(limit)
    while len(body) < limit:
        more = await response.content.read(limit - len(body))
        if not more:
            return body
        body += more
    response.close()
    return body
