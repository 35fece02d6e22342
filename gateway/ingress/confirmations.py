"""URLs that confirm a subscription, asked for once their senders are proven and before they are answered.

So a confirmation that was answered has its event in the journal, whatever comes then; a sender whose answer is late
sends again.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from gateway.errors import Refused
from gateway.model import Cause
from gateway.observe import logs
from gateway.outbound.fetch import NotFetched
from gateway.verify.handshake import Reply

AT_ONCE: Final = 8
"""How many are asked for at once: on an open route anybody may send one."""

_RETRY: Final = 10

_log = logs.get("handshake")


class Confirmations:
    """`fetch` asks for a URL on one of these hosts, or raises NotFetched; without it every URL is taken for fetched."""

    def __init__(self, fetch: Callable[[str, Sequence[str]], Awaitable[None]] | None = None) -> None:
        self._fetch = fetch
        self._running = 0

    async def confirm(self, route: str, reply: Reply) -> str:
        """Ask for the URL of a handshake; the answer says why that failed, "" if it did not. Raises Refused (503)."""
        if self._running >= AT_ONCE:
            detail = "too many subscriptions are being confirmed"
            raise Refused(503, "Service Unavailable", detail, cause=Cause.WORK, retry=_RETRY)
        self._running += 1
        try:
            if self._fetch is not None:
                await self._fetch(reply.value, reply.hosts)
        except NotFetched as error:
            _log.warning("subscription not confirmed", route=route, why=str(error))
            return str(error)
        finally:
            self._running -= 1
        _log.info("subscription confirmed", route=route)
        return ""
