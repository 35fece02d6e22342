"""What a connection brought and nobody has taken yet: in order, and bounded."""

import asyncio
from collections import deque
from typing import Any, Final

MOST: Final = 10_000
SIZE: Final = 64_000_000
"""How many things wait at most, and how many bytes of them."""


class Full(Exception):  # noqa: N818 - states a condition
    """There is no room: who brings more comes again when half of it is taken."""


class Inbox:
    """A queue of one taker. What is being taken stays in it until it is done."""

    def __init__(self, most: int = MOST, size: int = SIZE) -> None:
        self._most = most
        self._size = size
        self._waiting: deque[tuple[Any, int]] = deque()
        self._bytes = 0
        self._is_ended = False
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, thing: Any, size: int = 0) -> None:
        """Add a thing of so many bytes. Raises Full; what has no size always fits."""
        if size and (len(self._waiting) >= self._most or self._bytes >= self._size):
            self._room.clear()
            raise Full
        self._waiting.append((thing, size))
        self._bytes += size
        self._some.set()

    def replace(self, thing: Any) -> None:
        """Put a thing instead of all that is not being taken yet."""
        while len(self._waiting) > 1:
            self._bytes -= self._waiting.pop()[1]
        self.put(thing)
        self._look_for_room()

    async def next(self) -> Any:
        """The oldest thing, once there is one; it stays until `done`. None after the end."""
        while not self._waiting and not self._is_ended:
            self._some.clear()
            await self._some.wait()
        return None if self._is_ended else self._waiting[0][0]

    def end(self) -> None:
        """Give nothing more."""
        self._is_ended = True
        self._some.set()

    def done(self) -> None:
        """Take away the oldest thing."""
        self._bytes -= self._waiting.popleft()[1]
        self._look_for_room()

    async def room(self) -> None:
        """Wait until half of a full inbox is taken."""
        await self._room.wait()

    def _look_for_room(self) -> None:
        if len(self._waiting) <= self._most // 2 and self._bytes <= self._size // 2:
            self._room.set()
