"""Captures: for an hour, what is sent to an address that nobody can guess is kept in memory and goes nowhere.

A person who drafts a service points its sender at `/in/capture-RANDOM`. A request there becomes no event: nothing of it
is journalled, translated, delivered or logged. It is answered 200, or with the echo that a handshake asks for. Ten
requests and one megabyte are kept of a capture; then, and after its hour, its address answers 404 as any unknown one.

A capture is no route and survives a reload, so no door has it: doors are opened again at each reload.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify import handshake
from gateway.verify.echoes import RULES

PREFIX: Final = "/in/capture-"
LIFE: Final = 3600.0
"""Seconds that a capture lasts."""
REQUESTS: Final = 10
"""Requests that are kept of one."""
ROOM: Final = 1_000_000
"""Bytes of all requests of one: bodies, headers and URLs."""
CAPTURES: Final = 8
"""Captures at once: with their requests they take `CAPTURES` times `ROOM`."""

_CAPTURED: Final = b'{"outcome":"captured"}'


class Capture:
    """One address and what was sent to it; `expires` is by the clock of its `Captures`."""

    def __init__(self, expires: float) -> None:
        self.key = secrets.token_hex(16)
        self.expires = expires
        self.room = ROOM
        self._requests: list[Request] = []

    @property
    def path(self) -> str:
        """The path of its URL."""
        return PREFIX + self.key

    @property
    def requests(self) -> Sequence[Request]:
        """The requests so far, the oldest first."""
        return tuple(self._requests)

    @property
    def is_full(self) -> bool:
        """Whether it takes no more."""
        return len(self._requests) >= REQUESTS or self.room <= 0

    def keep(self, request: Request) -> handshake.Reply:
        """Keep a request, and give the answer to it. Raises Refused (404, 413) where there is no room for it."""
        if self.is_full:
            raise unknown()
        size = (
            len(request.body) + len(request.url) + sum(len(name) + len(text) for name, text in request.headers.items())
        )
        if size > self.room:
            raise Refused(
                413, "Content Too Large", f"a capture keeps {ROOM:,} bytes, {self.room:,} are left of this one"
            )
        self._requests.append(request)
        self.room -= size
        return _reply(request)


class Captures:
    """The captures that are under way; `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._captures: dict[str, Capture] = {}

    def begin(self) -> Capture:
        """Begin one. Raises Refused (429) when there are as many as there may be."""
        self._drop_old()
        if len(self._captures) >= CAPTURES:
            first = min(one.expires for one in self._captures.values()) - self._clock()
            detail = (
                f"{CAPTURES} captures are under way; end one, or wait {first / 60:.0f} minutes for the first to expire"
            )
            raise Refused(429, "Too Many Requests", detail)
        capture = Capture(self._clock() + LIFE)
        self._captures[capture.key] = capture
        return capture

    def get(self, key: str) -> Capture | None:
        """The capture of this key; None when there is none, or no longer."""
        self._drop_old()
        return self._captures.get(key)

    def at(self, path: str) -> Capture | None:
        """The capture that takes what is sent to a raw path; None when there is none, or it is full."""
        capture = self.get(path.removeprefix(PREFIX)) if path.startswith(PREFIX) else None
        return None if capture is None or capture.is_full else capture

    def left(self, capture: Capture) -> float:
        """The seconds until a capture expires."""
        return max(0.0, capture.expires - self._clock())

    def end(self, key: str) -> None:
        """End one, if it is there."""
        self._captures.pop(key, None)

    def _drop_old(self) -> None:
        now = self._clock()
        for key in [key for key, one in self._captures.items() if one.expires <= now]:
            del self._captures[key]


def unknown() -> Refused:
    """The refusal of a request to an address that takes none."""
    return Refused(404, "Not Found", "no route of this name; the path is /in/{route}")


def _reply(request: Request) -> handshake.Reply:
    try:
        content = Content.of(request, ROOM)
    except Refused:  # it does not inflate: what it is shows when it is read
        content = Content(request)
    return handshake.answer(RULES, content, ()) or handshake.Reply(200, "application/json", body=_CAPTURED)
