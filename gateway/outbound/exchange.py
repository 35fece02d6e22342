"""One request and its answer, bounded in time and bytes. Redirects are not followed: they are answers."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from gateway.errors import MattergateError
from gateway.model import Later, Never
from gateway.outbound.unanswered import unanswered

BODY_LIMIT = 64 * 1024
"""Default limit of an answer's body, in bytes; the rest is not read."""


@functools.lru_cache(64)
def _bounded(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=None)


class Unsent(MattergateError):  # noqa: N818 - states a condition
    """A request failed; `result` is the outcome of the delivery attempt that needed it."""

    def __init__(self, result: Later | Never) -> None:
        super().__init__(result.reason)
        self.result = result


class Reply(NamedTuple):
    """An answer of a server; `headers` ignores the case of names, `body` is cut off at the limit."""

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
    """Send one request and read its answer, at most `limit` bytes, within `timeout` seconds including the connection.

    Raises Unsent when there is no answer.
    """
    try:
        async with http.request(
            method, url, data=body, headers=headers, allow_redirects=False, timeout=_bounded(timeout)
        ) as response:
            return Reply(response.status, response.headers, await _read_body(response, limit))
    except (aiohttp.ClientError, OSError) as error:
        raise Unsent(unanswered(error)) from None


async def _read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the body, at most `limit` bytes; a connection with unread bytes is closed."""
    body = await response.content.read(limit)
    while len(body) < limit:
        more = await response.content.read(limit - len(body))
        if not more:
            return body
        body += more
    response.close()
    return body
