"""One request and its answer, bounded in time and bytes. Redirects are not followed: they are answers."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from gateway.errors import MattergateError
from gateway.model import Later, Never
from gateway.outbound.unanswered import unanswered, was_sent

BODY_LIMIT = 64 * 1024
"""Default limit of an answer's body, in bytes; the rest is not read."""


@functools.lru_cache(64)
def _bounded(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=None)


class Unsent(MattergateError):  # noqa: N818 - states a condition
    """A request failed; `result` is the outcome of the delivery attempt that needed it.

    `unsure` says that the server may have taken the request all the same: only its answer is missing.
    """

    def __init__(self, result: Later | Never, *, unsure: bool = False) -> None:
        super().__init__(result.reason)
        self.result = result
        self.unsure = unsure


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
        raise Unsent(unanswered(error), unsure=was_sent(error)) from None


async def _read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the body, at most `limit` bytes; a connection with unread bytes is closed."""
    chunks: list[bytes] = []
    while limit > 0:
        chunk = await response.content.read(limit)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        limit -= len(chunk)
    response.close()
    return b"".join(chunks)
