"""One request and its answer, bounded in time and bytes. Redirects are not followed: they are answers."""

from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDictProxy
from yarl import URL

from gateway.errors import MattergateError
from gateway.model import Later, Never
from gateway.outbound.sessions import HttpSession
from gateway.outbound.unanswered import unanswered, was_sent

BODY_LIMIT = 64 * 1024
"""Default limit of an answer's body, in bytes; the rest is not read."""


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
    http: HttpSession,
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
        return Reply(*await http.request(method, url, body, headers or {}, timeout, limit))
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        raise Unsent(unanswered(error), unsure=was_sent(error)) from None
