"""A queue in which every key has its turn: however much one of them has, another waits for one item of it only."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Rota(Generic[T]):
    """Items that wait, the oldest of each key first. Only keys with items are remembered."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[T]] = {}  # in the order of their turns

    def __bool__(self) -> bool:
        return bool(self._queues)

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def count(self, key: str) -> int:
        """How many items of a key wait."""
        return len(self._queues.get(key, ()))

    def add(self, key: str, item: T) -> None:
        """Add an item, behind the others of its key."""
        self._queues.setdefault(key, deque()).append(item)

    def take(self) -> T:
        """Take the next item out of a queue that is not empty; its key goes behind the others."""
        key, queue = next(iter(self._queues.items()))
        item = queue.popleft()
        del self._queues[key]
        if queue:
            self._queues[key] = queue
        return item
