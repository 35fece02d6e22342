"""Turns at reading bodies that are still arriving: a few in one round of the event loop, every peer in its turn.

A crowd can send faster than the gateway reads. Without turns each round of the loop would read from all of its
connections, and every other request would wait for that several times. With them the kernel holds what is not read
yet, and the senders wait.
"""

import asyncio
from typing import Final

from gateway.ingress.rota import Rota

AT_ONCE: Final = 2
"""Turns in one round. In each of them about 60 kB are read, in some 0.1 ms."""


class Turns:
    """`take` waits for a turn of a peer. Only peers that wait are remembered."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._left = at_once
        self._waiting: Rota[asyncio.Future[None]] = Rota()

    async def take(self, peer: str) -> None:
        """Wait for a turn; while few bodies arrive there is always one."""
        loop = asyncio.get_running_loop()
        if self._left == self._at_once:
            loop.call_soon(self._begin, loop)
        if self._left:
            self._left -= 1
            return
        turn = loop.create_future()
        self._waiting.add(peer, turn)
        await turn

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a round: those that wait have their turns first."""
        self._left = self._at_once
        while self._left and self._waiting:
            turn = self._waiting.take()
            if not turn.done():
                turn.set_result(None)
                self._left -= 1
        if self._left < self._at_once:
            loop.call_soon(self._begin, loop)
