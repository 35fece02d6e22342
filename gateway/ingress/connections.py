"""How many connections senders may have open: in all, and from one address half of them.

Where one too many is opened, another makes room for it: one that waits for a request and never had one accepted, else
the oldest body that still arrives, else one that has waited long. A connection whose request is being worked on stays.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

RESTED: Final = 1.0
"""Seconds that a connection with an accepted request stays safe between two requests."""


class Client(Protocol):
    """A connection; `proven` tells whether a request of it was accepted."""

    proven: bool

    def force_close(self) -> None:
        """Close it."""


class Connections:
    """At most `limit` connections; `shed` gives up one request that is still arriving, and tells if there was one."""

    def __init__(self, limit: int, shed: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._each = max(1, limit // 2)
        self._shed = shed
        self._clock = clock
        self._peers: dict[Client, str] = {}
        self._counts: Counter[str] = Counter()
        self._waiting: dict[Client, float] = {}  # since when, the longest first

    def admit(self, connection: Client, peer: str) -> bool:
        """Take in a new connection, which waits for a request; False when there is no room for it.

        `peer` is its address, or "" for a proxy, which has no bound of its own.
        """
        crowded = bool(peer) and self._counts[peer] >= self._each
        full = len(self._peers) >= self._limit
        if (crowded or full) and not self._make_room(peer if crowded else ""):
            return False
        self._peers[connection] = peer
        self._counts[peer] += 1
        self._waiting[connection] = self._clock()
        return True

    def leave(self, connection: Client) -> None:
        """A connection was closed."""
        peer = self._peers.pop(connection, None)
        self._waiting.pop(connection, None)
        if peer is not None:
            self._counts[peer] -= 1
            if not self._counts[peer]:
                del self._counts[peer]

    def busy(self, connection: Client) -> None:
        """A request of a connection is being worked on."""
        self._waiting.pop(connection, None)

    def idle(self, connection: Client) -> None:
        """A connection waits for its next request."""
        if connection in self._peers:
            self._waiting[connection] = self._clock()

    def _make_room(self, peer: str) -> bool:
        """Close a connection, one of `peer` if that is given; one whose body is given up closes a moment later."""
        mine = [one for one in self._waiting if not peer or self._peers[one] == peer]
        stranger = next((one for one in mine if not one.proven), None)
        if stranger is None and not peer and self._shed():
            return True
        if stranger is None and mine and self._clock() - self._waiting[mine[0]] > RESTED:
            stranger = mine[0]
        if stranger is None:
            return False
        self.leave(stranger)
        stranger.force_close()
        return True
