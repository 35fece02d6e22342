"""Requests for addresses that have never taken a message: to invent a hook costs nothing, and only Mattermost knows it.

So what they leave in the journal is bounded until the destination has answered: a number of messages and their bytes
for one address, and for all of them, and the rate of each peer. An address that has delivered once is free of all this.
"""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from gateway.delivery.addresses import Addresses
from gateway.errors import Refused

WAITING: Final = 1000
"""Messages to such addresses that wait at once."""
WAITING_BYTES: Final = 32_000_000
"""Bytes of the requests and messages that wait so; one request may go above it when nothing else waits."""
EACH: Final = 100
"""Messages to one such address that wait at once."""
EACH_BYTES: Final = 8_000_000
"""Bytes of those; one request may go above it when nothing else waits there."""
RATE: Final = 5.0
"""Requests a second to such addresses from one peer, in the long run."""
BURST: Final = 100.0
"""How many of them one peer may send at once."""
PEERS: Final = 4096
"""How many peers' rates are remembered, the most recent ones."""
RETRY: Final = 10
"""Seconds after which a sender should try again while too much waits."""


class _Bucket(Struct):
    """A token bucket: `tokens` were there at `since`, on the monotonic clock."""

    tokens: float
    since: float


class Strangers:
    """Admits requests for addresses that are not among `addresses`, and takes back what waits as these are settled."""

    def __init__(self, addresses: Addresses, clock: Callable[[], float] = time.monotonic) -> None:
        self._addresses = addresses
        self._clock = clock
        self._waiting: dict[str, deque[int]] = {}
        self._count = 0
        self._bytes = 0
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        addresses.listen(self._on_settled)

    @property
    def waiting(self) -> tuple[int, int]:
        """How many messages wait for addresses that have never delivered, and their bytes."""
        return self._count, self._bytes

    def knows(self, address: str) -> bool:
        """Whether requests for this address are free: it is none, or it has delivered."""
        return not address or address in self._addresses

    def knock(self, address: str, peer: str) -> None:
        """Admit one request of a peer by its rate. Raises Refused (429)."""
        if self.knows(address):
            return
        now = self._clock()
        bucket = self._buckets.pop(peer, None) or _Bucket(BURST, now)
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.since) * RATE)
        bucket.since = now
        self._buckets[peer] = bucket
        if len(self._buckets) > PEERS:
            self._buckets.popitem(last=False)
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / RATE)
            raise Refused(429, "Too Many Requests", "hooks that have never delivered", cause="rate", retry=wait)
        bucket.tokens -= 1

    def admit(self, address: str, messages: int, size: int) -> Callable[[], None]:
        """Count the messages of one request, `size` bytes with the request, as waiting. Raises Refused (503).

        The answer takes them back, for a request that was not stored after all.
        """
        if self.knows(address) or not messages:
            return _nothing
        mine = self._waiting.get(address, ())
        full = self._count and (self._count + messages > WAITING or self._bytes + size > WAITING_BYTES)
        crowded = mine and (len(mine) + messages > EACH or sum(mine) + size > EACH_BYTES)
        if full or crowded:
            which = "this hook, which has" if crowded else "hooks that have"
            detail = f"too much waits for {which} never delivered"
            raise Refused(503, "Service Unavailable", detail, cause="strangers", retry=RETRY)
        self.count(address, messages, size)
        return lambda: self._take_back(address, messages)

    def count(self, address: str, messages: int, size: int) -> None:
        """Count messages that wait, whatever the bounds: those that the journal has from before the start, too."""
        shares = [size // messages] * messages
        self._waiting.setdefault(address, deque()).extend(shares)
        self._count += messages
        self._bytes += sum(shares)

    def _on_settled(self, address: str, delivered: bool) -> None:
        """One message was settled: an address that delivered is free, one that refused has one less that waits."""
        if address in self._waiting:
            self._take_back(address, len(self._waiting[address]) if delivered else 1)

    def _take_back(self, address: str, messages: int) -> None:
        queue = self._waiting.get(address, deque())
        for _ in range(min(messages, len(queue))):
            self._count -= 1
            self._bytes -= queue.popleft()
        if not queue:
            self._waiting.pop(address, None)


def _nothing() -> None:
    """Take nothing back."""
