"""Captures: addresses whose requests are kept for a while and go nowhere, for whoever drafts a service.

What is captured holds whatever its senders sent, credentials among it: an administrator alone sees it.
"""

import base64
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from gateway.console.catalog import public_base
from gateway.console.port import Gateway
from gateway.console.web.auth import Role
from gateway.console.web.operations import Ask, Operation
from gateway.errors import Refused
from gateway.ingress.captures import REQUESTS, Capture
from gateway.model import Request


class CapturedRequest(Struct, frozen=True):
    """One request as it was sent; header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Annotated[str, Meta(description="The bytes of the body in base64.")]

    def as_request(self) -> Request:
        """The request as the gateway received it."""
        return Request(self.method, self.headers, self.query, base64.b64decode(self.body), "", self.url)


class CaptureState(Struct, frozen=True):
    """A capture and what it holds. `seconds` are left of its life; `most` is how many requests it keeps.

    `note` says what has to be replaced in the URL, "" for nothing.
    """

    id: str
    url: str
    note: str
    seconds: float
    most: int
    full: bool
    requests: tuple[CapturedRequest, ...]


class CaptureFilter(Struct, frozen=True):
    """Which requests are wanted."""

    after: Annotated[int, Meta(ge=0, description="Leave out the first so many.")] = 0


def begin(gateway: Gateway) -> CaptureState:
    """Begin a capture. Raises Refused (429) while there are too many."""
    return _state(gateway, gateway.captures.begin(), 0)


def state(gateway: Gateway, key: str, after: int = 0) -> CaptureState:
    """A capture as it is now, without its first `after` requests. Raises Refused (404)."""
    capture = gateway.captures.get(key)
    if capture is None:
        raise Refused(404, "Not Found", "there is no such capture; it lasts for an hour, and ends with the gateway")
    return _state(gateway, capture, after)


def _state(gateway: Gateway, capture: Capture, after: int) -> CaptureState:
    base, note = public_base(gateway.settings)
    return CaptureState(
        capture.key,
        base + capture.path,
        note,
        gateway.captures.left(capture),
        REQUESTS,
        capture.is_full,
        tuple(map(_captured, capture.requests[after:])),
    )


def _captured(one: Request) -> CapturedRequest:
    legible = {name: text.encode("utf-8", "replace").decode() for name, text in one.headers.items()}
    url = one.url.encode("utf-8", "replace").decode()
    return CapturedRequest(one.method, url, legible, one.query, base64.b64encode(one.body).decode())


async def _begin(ask: Ask) -> CaptureState:
    return begin(ask.gateway)


async def _state_of(ask: Ask) -> CaptureState:
    return state(ask.gateway, ask.path["id"], ask.query.after)


async def _end(ask: Ask) -> None:
    ask.gateway.captures.end(ask.path["id"])


OPERATIONS = (
    Operation(
        method="POST",
        path="/captures",
        name="beginCapture",
        summary="Keep what is sent to a new address for an hour: ten requests; nothing is delivered or stored.",
        call=_begin,
        result=CaptureState,
        status=201,
        problems={429: "Too many captures are under way."},
    ),
    Operation(
        method="GET",
        path="/captures/{id}",
        name="capture",
        summary="A capture and its requests, the oldest first.",
        call=_state_of,
        result=CaptureState,
        query=CaptureFilter,
        role=Role.ADMIN,
        problems={404: "There is no such capture, or no longer."},
    ),
    Operation(
        method="DELETE",
        path="/captures/{id}",
        name="endCapture",
        summary="End a capture and forget its requests. One that is gone is no problem.",
        call=_end,
    ),
)
