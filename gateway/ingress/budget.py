"""The memory that bodies of requests may take before their senders are proven: one budget, and a share for each peer.

A body is charged for the bytes that have arrived, never for those that it announces, until the request is proven or
refused; while it arrives, also for what may wait in the buffers of its connection. Where room is short, the peer that
holds the most pays: its largest body that is still arriving is given up, and that request is refused (503). So
strangers with large bodies never push out the sender of a small one, and nobody holds room by announcing much and
sending slowly. All of it is for the thread of the event loop.
"""

from collections.abc import Callable
from typing import Final, Self

from gateway.errors import Refused
from gateway.ingress.turns import Turns

RETRY: Final = 5
"""Seconds after which a sender should try again when there was no room."""

_HELD, _GONE, _LOST = range(3)


class Held:
    """The memory of one body, as a context that gives it back at its end."""

    __slots__ = ("_account", "_budget", "_buffered", "_give_up", "_state", "size")

    def __init__(self, budget: "Budget", account: "_Account") -> None:
        self._budget = budget
        self._account = account
        self._give_up: Callable[[], None] | None = None
        self._state = _HELD
        self._buffered = 0
        self.size = 0
        account.bodies += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    @property
    def lost(self) -> bool:
        """Whether the body was given up in favour of others."""
        return self._state == _LOST

    def charge(self, size: int) -> None:
        """Hold `size` bytes more. Raises Refused (503) without room for them.

        Room is made at the cost of heavier bodies where there are any. After `release` it does nothing.
        """
        if self._state == _HELD:
            self._add(size)
            if self._budget.size > self._budget.limit or self._account.size > self._budget.share:
                self._budget.make_room(self)
        if self._state == _LOST:
            raise no_room()

    def arriving(self, buffered: int, give_up: Callable[[], None]) -> None:
        """The body begins to arrive, `buffered` bytes at a time: `give_up` is called if it is lost."""
        self._give_up = give_up
        self._account.arriving[self] = None
        self._buffered = buffered
        self.charge(buffered)

    async def turn(self) -> None:
        """Wait until more of the body is to be read."""
        await self._budget.turns.take(self._account.peer)

    def arrived(self) -> None:
        """The body is complete, and is not lost any more."""
        self._give_up = None
        self._account.arriving.pop(self, None)
        self._add(-self._buffered)
        self._buffered = 0

    def release(self) -> None:
        """Hold nothing any more: the request is proven or refused."""
        if self._state == _HELD:
            self.arrived()
            self._state = _GONE
            self._budget.take_back(self._account, self.size)

    def _add(self, size: int) -> None:
        self.size += size
        self._account.size += size
        self._budget.size += size

    def lose(self) -> None:
        """Give the body up."""
        give_up = self._give_up
        self.release()
        self._state = _LOST
        if give_up is not None:
            give_up()


class _Account:
    """What one peer holds: bytes, a number of bodies, and those of them that can be lost, the oldest first."""

    __slots__ = ("arriving", "bodies", "peer", "size")

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.size = 0
        self.bodies = 0
        self.arriving: dict[Held, None] = {}


class Budget:
    """`limit` bytes for all peers together, of which one may hold `share`. It remembers only peers that hold bodies."""

    def __init__(self, limit: int, share: int) -> None:
        self.size = 0
        self.turns = Turns()
        self._accounts: dict[str, _Account] = {}
        self.resize(limit, share)

    def resize(self, limit: int, share: int) -> None:
        """Change the limits, from the next byte on."""
        self.limit = limit
        self.share = min(share, limit)

    def hold(self, peer: str) -> Held:
        """The memory of one more body of this peer; nothing is charged yet."""
        account = self._accounts.get(peer)
        if account is None:
            account = self._accounts[peer] = _Account(peer)
        return Held(self, account)

    def make_room(self, newest: Held) -> None:
        """Lose the largest arriving bodies of the peers that hold most until the limits hold; last of all `newest`."""
        own = newest._account
        while newest._state == _HELD and (self.size > self.limit or own.size > self.share):
            heaviest = own if own.size > self.share else max(self._accounts.values(), key=_size)
            max(heaviest.arriving, key=_size, default=newest).lose()

    def shed(self) -> bool:
        """Lose the oldest arriving body of the peer with most of them, for the sake of its connection, if there is one.

        The answer tells whether there was.
        """
        crowd = max(self._accounts.values(), key=lambda account: len(account.arriving), default=None)
        oldest = next(iter(crowd.arriving), None) if crowd is not None else None
        if oldest is not None:
            oldest.lose()
        return oldest is not None

    def take_back(self, account: _Account, size: int) -> None:
        """Take back what a body of an account held; an account without bodies is forgotten."""
        self.size -= size
        account.size -= size
        account.bodies -= 1
        if not account.bodies:
            del self._accounts[account.peer]


def no_room() -> Refused:
    """The refusal of a request for whose body there is no room."""
    return Refused(503, "Service Unavailable", "too many requests arrive at once", cause="memory", retry=RETRY)


def _size(holder: Held | _Account) -> int:
    return holder.size
