"""Failures that a test asks the stand-in for: modes, refusals of the next requests, and the rate limit."""

import asyncio
from collections.abc import Mapping
from time import monotonic as clock

from aiohttp import web
from msgspec import Struct

from gateway.standin.serversettings import RateLimitSettings

PAGE = "<!DOCTYPE html><html><head><title>Mattermost</title></head><body>This page needs JavaScript.</body></html>"


class Rate(Struct):
    """A leaky bucket (contract 1.8): `per_second` requests, `burst` more at once."""

    per_second: float
    burst: int
    full_at: float = 0.0

    def take(self, now: float) -> tuple[bool, dict[str, str]]:
        """Whether a request at `now` (seconds) passes, and the headers that say how things stand."""
        spacing = 1 / self.per_second
        full_at = max(self.full_at, now) + spacing
        allowed = full_at - now <= spacing * (self.burst + 1) + 1e-9
        if allowed:
            self.full_at = full_at
        waiting = max(self.full_at - now, 0.0)
        headers = {
            "X-Ratelimit-Limit": str(self.burst + 1),
            "X-Ratelimit-Remaining": str(max(int(self.burst + 1 - waiting / spacing + 1e-9), 0)),
            "X-Ratelimit-Reset": str(int(waiting + 0.999)),
        }
        if not allowed:
            headers["Retry-After"] = str(max(int(full_at - now - spacing * (self.burst + 1) + 0.999), 1))
        return allowed, headers


class _Failure(Struct):
    """The answer to the next `left` requests, instead of theirs."""

    left: int
    status: int
    headers: Mapping[str, str]
    body: str


class Trouble:
    """What requests meet instead of an answer: see `StandIn` for the modes; `delay` is the seconds of "slow"."""

    def __init__(self, settings: RateLimitSettings) -> None:
        self._settings = settings
        self.mode = "ok"
        self.delay = 0.2
        self.rate: Rate | None = None
        self._failure = _Failure(0, 500, {}, "")

    def order(self, count: int, status: int, headers: Mapping[str, str], body: str) -> None:
        """Answer the next `count` requests with this."""
        self._failure = _Failure(count, status, headers, body)

    def limited(self, settings: RateLimitSettings) -> tuple[bool, dict[str, str]]:
        """Whether the rate limit lets a request pass now, and its headers; changed settings begin a new one."""
        if settings is not self._settings:
            self._settings = settings
            self.rate = Rate(settings.per_sec, settings.max_burst) if settings.enable else None
        return self.rate.take(clock()) if self.rate else (True, {})

    def failed(self) -> web.Response | None:
        """The answer that a test set for this request, if any."""
        if self._failure.left <= 0:
            return None
        self._failure.left -= 1
        return web.Response(status=self._failure.status, headers=self._failure.headers, text=self._failure.body)

    async def met(self, request: web.Request) -> web.Response | None:
        """The answer of the present mode, if it gives one before the request is handled."""
        if self.mode == "down":
            return web.Response(status=503, text="upstream connect error")
        if self.mode == "html":
            return page()
        if self.mode == "drop":
            return drop(request)
        if self.mode == "slow":
            await asyncio.sleep(self.delay)
        return None


def page() -> web.Response:
    """The web app, whatever was asked for."""
    return web.Response(text=PAGE, content_type="text/html")


def drop(request: web.Request) -> web.Response:
    """Cut the connection; what is returned never arrives."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
