"""Requests that the running gateway captures for a draft: a URL for an hour, of which nothing is delivered."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway import units
from gateway.cli import running
from gateway.cli import settings as settings_file
from gateway.cli.output import fail, plural, say, visible, warn
from gateway.cli.running import NoGatewayError
from gateway.console.captures import CapturedRequest, CaptureState
from gateway.model import Request
from gateway.settings import Settings

LOOK: Final = 0.5
"""Seconds between looks at what has arrived."""


def requests(config: Path, count: int) -> list[Request]:
    """The first `count` requests sent to a new URL, or those before Ctrl-C; without any, the command ends."""
    known = settings_file.require(config)
    found: list[CapturedRequest] = []
    try:
        asyncio.run(_capture(known, count, found))
    except KeyboardInterrupt:
        say("")
    except NoGatewayError as error:
        if not found:
            fail(error)
        warn(str(error))
    return [one.as_request() for one in found] or fail("nothing was sent, so nothing is drafted")


async def _capture(known: Settings, count: int, found: list[CapturedRequest]) -> None:
    """Begin a capture, follow it, and end it whatever happens."""
    begun = await running.change(known, "POST", "/captures", CaptureState)
    assert begun is not None  # noqa: S101 - it has content
    try:
        say(f"send requests to  {begun.url}")
        if begun.note:
            say(f"({begun.note})")
        most = min(count, begun.most)
        lasts = f"{units.written(round(begun.seconds))} or {plural(most, 'request')}"
        say(f"for {lasts}; Ctrl-C drafts from what has arrived")
        await _follow(known, begun.id, most, found)
    finally:
        with suppress(NoGatewayError):
            await running.change(known, "DELETE", f"/captures/{begun.id}")


async def _follow(known: Settings, key: str, most: int, found: list[CapturedRequest]) -> None:
    while True:
        seen = await running.change(known, "GET", f"/captures/{key}?after={len(found)}", CaptureState)
        assert seen is not None  # noqa: S101 - it has content
        for one in seen.requests[: most - len(found)]:
            found.append(one)
            say(f"{len(found)} of {most}: {_told(one)}")
        if len(found) >= most or seen.full:
            return
        await asyncio.sleep(LOOK)


def _told(one: CapturedRequest) -> str:
    """A request in a line, nothing of its content."""
    kind = one.headers.get("content-type", "no content type")
    size = len(one.as_request().body)
    return visible(f"{one.method}, {kind[:60]}, {size:,} bytes")
