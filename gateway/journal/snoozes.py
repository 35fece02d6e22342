"""The subjects of which nothing is told for a while, because a person said so in Mattermost."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Snooze(Struct, frozen=True):
    """Events about a subject that a route takes are not told before `until`, in seconds since the epoch.

    `by` is the name of the person, without its @.
    """

    route: str
    subject: str
    until: float
    by: str = ""


class Snoozes(Protocol):
    """The snoozes, one of each subject on a route at most."""

    async def snoozes(self) -> Sequence[Snooze]:
        """Those that are kept: some may have ended, and go by and by."""

    async def snooze(self, one: Snooze) -> None:
        """Store a snooze durably, in place of an earlier one of its subject on its route. Raises JournalError."""

    async def wake(self, route: str, subject: str) -> None:
        """End the snooze of a subject on a route durably, if there is one. Raises JournalError."""
