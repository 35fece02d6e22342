"""The lanes of one destination in memory: ready lanes, waiting lanes, and the parking of deliveries without room.

No clock and no task: times, `not_before` of deliveries among them, are seconds on one monotonic clock. A lane is in
exactly one of three places: `ready` (its first delivery may be sent), the heap of waiting lanes, or claimed (by a
worker, until `advance` or `put_off`).

Room is per destination, so that one that is down does not fill the memory of the others. A delivery without room is
parked: it and everything behind it stay in the journal, until `unpark` takes them in from there in order.
"""

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappop, heappush

from gateway.model import Delivery


class Lane:
    """Deliveries that are sent one after the other. `probes` counts failed probes with the first of them."""

    __slots__ = ("name", "probes", "queue")

    def __init__(self, name: str) -> None:
        self.name = name
        self.probes = 0
        self.queue: deque[Delivery] = deque()


class Lanes:
    """All lanes of one destination. `room` is deliveries, `byte_room` bytes of payload; one delivery always fits.

    `ready` are the lanes that can be claimed; `waiting` is a heap of those whose time is to come, with that time.
    """

    def __init__(self, room: int, byte_room: int) -> None:
        self._room = room
        self._byte_room = byte_room
        self._lanes: dict[str, Lane] = {}
        self.ready: deque[Lane] = deque()
        self.waiting: list[tuple[float, int, Lane]] = []
        self._bytes = 0
        self._count = 0
        self._last = 0  # the highest number that entered or was parked
        self._parked = 0  # the highest number that was parked, 0: none
        self.read_to = 0  # while something is parked: everything up to this number has entered
        self.depth = 0

    def __len__(self) -> int:
        return self._count

    @property
    def hungry(self) -> bool:
        """Whether deliveries are parked and at least half of the room is free again."""
        return bool(self._parked) and self._count * 2 <= self._room and self._bytes * 2 <= self._byte_room

    def resize(self, room: int, byte_room: int) -> None:
        """Change the room; deliveries that are in memory stay."""
        self._room, self._byte_room = room, byte_room

    def accept(self, delivery: Delivery, now: float) -> None:
        """Take in or park a delivery of this destination; one whose number is not above the last is ignored."""
        if delivery.seq <= self._last:
            return
        self._last = delivery.seq
        self.depth += 1
        if self._parked or self._full(delivery):
            if not self._parked:
                self.read_to = delivery.seq - 1
            self._parked = delivery.seq
        else:
            self._enter(delivery, now)

    def parked_up_to(self) -> int:
        """The highest parked number, 0 for none; `unpark` needs its value from before the read of the journal."""
        return self._parked

    def unpark(self, destination: str, chunk: Sequence[Delivery], complete: bool, parked: int, now: float) -> bool:
        """Take in deliveries that were read from the journal behind `read_to`; False when there was no room for all.

        `complete` says that `chunk` reaches the end of the journal; `parked` is `parked_up_to` from before the read.
        """
        for delivery in chunk:
            if delivery.destination == destination and delivery.seq <= self._last:
                if self._full(delivery):
                    return False
                self._enter(delivery, now)
            self.read_to = delivery.seq
        if complete:
            self.read_to = max(self.read_to, parked)
        if self.read_to >= self._parked:
            self._parked = 0
            self.depth = self._count  # another process may have settled parked deliveries
        return True

    def promote(self, now: float) -> None:
        """Move the lanes whose waiting time has passed to `ready`."""
        waiting = self.waiting
        while waiting and waiting[0][0] <= now:
            self.ready.append(heappop(waiting)[2])

    def due(self) -> float:
        """The time when the next waiting lane becomes ready; infinity when none waits."""
        return self.waiting[0][0] if self.waiting else float("inf")

    def claim(self) -> tuple[Lane, Delivery]:
        """Claim the next ready lane, with the delivery to send."""
        lane = self.ready.popleft()
        return lane, lane.queue[0]

    def put_off(self, lane: Lane, delivery: Delivery, until: float) -> None:
        """Return a claimed lane; its first delivery, replaced by `delivery`, waits until the time `until`."""
        lane.queue[0] = delivery
        heappush(self.waiting, (until, delivery.seq, lane))

    def advance(self, lane: Lane, now: float) -> None:
        """Return a claimed lane whose first delivery is delivered or dead."""
        settled = lane.queue.popleft()
        lane.probes = 0
        self._count -= 1
        self._bytes -= len(settled.payload)
        self.depth -= 1
        if lane.queue:
            self._place(lane, now)
        else:
            del self._lanes[lane.name]

    def update(self, changed: Callable[[Delivery], Delivery]) -> None:
        """Replace every delivery by the result of `changed`, which keeps its place."""
        for lane in self._lanes.values():
            lane.queue = deque(map(changed, lane.queue))

    def oldest(self) -> float:
        """The time when the oldest delivery in memory was received, 0 when there is none."""
        return min((lane.queue[0].received for lane in self._lanes.values()), default=0.0)

    def _full(self, delivery: Delivery) -> bool:
        if not self._count:
            return False
        return self._count >= self._room or self._bytes + len(delivery.payload) > self._byte_room

    def _enter(self, delivery: Delivery, now: float) -> None:
        self._count += 1
        self._bytes += len(delivery.payload)
        lane = self._lanes.get(delivery.lane)
        if lane is not None:
            lane.queue.append(delivery)
            return
        lane = self._lanes[delivery.lane] = Lane(delivery.lane)
        lane.queue.append(delivery)
        self._place(lane, now)

    def _place(self, lane: Lane, now: float) -> None:
        first = lane.queue[0]
        if first.not_before <= now:
            self.ready.append(lane)
        else:
            heappush(self.waiting, (first.not_before, first.seq, lane))
