"""The positions of listeners: up to when each has heard everything, so that it goes on from there after a restart."""

from typing import Protocol


class Positions(Protocol):
    """How far listeners by name have come, in milliseconds since the epoch by the clock of their server."""

    async def position(self, name: str) -> float | None:
        """The position of a listener; None for one that has none yet. Raises JournalError."""

    async def advance(self, name: str, ms: float) -> None:
        """Store durably that a listener has come so far; it never goes back. Raises JournalError."""
