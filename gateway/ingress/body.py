"""The body of a request: bounded in size, and as it arrives in time and by the budget of unproven bodies."""

import asyncio
from typing import Final

from aiohttp import web

from gateway.errors import Refused
from gateway.ingress.budget import Held, no_room

RECEIVE_BUFFER: Final = 65_536
"""Bytes that the kernel may hold of a connection, which takes twice as many for its own needs."""

UNREAD: Final = 2 * RECEIVE_BUFFER
"""Bytes of a body that may wait unread in the gateway: what pauses reading, and one read."""

_PIECE: Final = 32_768
"""Bytes of a body that are kept together at least; a chunk may be a single byte, which alone would take fifty."""

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


def arrived_body(incoming: web.BaseRequest, limit: int) -> bytes | None:
    """The body, of at most `limit` bytes, if it came with its headers, as most do; else None.

    Raises Refused (413).
    """
    if (length := incoming.content_length or 0) > limit:
        raise _too_large(limit, f"{length:,} bytes")
    content = incoming.content
    if not content.is_eof() or content.exception() is not None:
        return None
    body = content.read_nowait()
    if len(body) > limit:
        raise _too_large(limit, f"{len(body):,} bytes")
    return body


async def read_body(incoming: web.BaseRequest, limit: int, patience: float, held: Held | None = None) -> bytes:
    """The body, of at most `limit` bytes, sent within `patience` seconds; `held` is charged for it as it arrives.

    Raises Refused: 413, 408, 400 for one that is incomplete or badly framed, 503 where there is no room for it.
    """
    body = arrived_body(incoming, limit)
    return await _in_time(incoming, limit, patience, held) if body is None else body


async def _in_time(incoming: web.BaseRequest, limit: int, patience: float, held: Held | None) -> bytes:
    if incoming.headers.get("Expect", "").lower() == "100-continue" and incoming.transport is not None:
        incoming.transport.write(_CONTINUE)
    try:
        return await _arriving(incoming, limit, patience, held)
    except TimeoutError:
        if held is not None and held.lost:
            raise no_room() from None
        raise Refused(408, "Request Timeout", f"the body did not arrive within {patience:g} seconds") from None
    except (web.RequestPayloadError, ConnectionError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and incoming.transport is not None:
            raise  # else it is aiohttp's, as the connection was closed before the body was asked for
        raise Refused(400, "Bad Request", "the body is incomplete") from None


async def _arriving(incoming: web.BaseRequest, limit: int, patience: float, held: Held | None) -> bytes:
    # Pieces of about one size, and no buffer that grows to the whole: many of those leave holes in the memory.
    pieces, size = [bytearray()], 0
    async with asyncio.timeout(patience) as waiting:
        if held is not None:
            held.arriving(min(UNREAD, incoming.content_length or UNREAD), lambda: waiting.reschedule(0.0))
            await held.turn()
        async for chunk in incoming.content.iter_any():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit, f"more than {limit:,} bytes")
            if len(pieces[-1]) >= _PIECE:
                pieces.append(bytearray())
            pieces[-1] += chunk
            if held is not None:
                held.charge(len(chunk))
                await held.turn()
    if held is not None:
        held.arrived()
    return b"".join(pieces)


def _too_large(limit: int, size: str) -> Refused:
    hint = "raise `body_limit` of the route, or of [server]"
    detail = f"a request of this route has at most {limit} bytes"
    return Refused(413, "Content Too Large", detail, why=f"the body has {size}, the route takes {limit:,}", hint=hint)
