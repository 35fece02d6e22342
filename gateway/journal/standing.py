"""What the journal tells of destinations and of deliveries that wait: pauses, the newest results, places in lanes.

Pure but for the Protocol: `streak` says what the newest results mean after a restart.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from gateway.model import Attempt, AttemptResult, DeliveryState, Pause

UNREFUSED: Final = frozenset({0, 408, 425, 429, 502, 503, 504})
"""Statuses that are no refusal of a message: no answer, too slow, too early, too many, and a proxy without its server.

The judgement of an attempt itself (`Blame`) knows more, and is not stored.
"""

AHEAD_LIMIT: Final = 2_000
"""Pending deliveries of a destination that are looked at for those ahead in a lane."""


class Tried(Struct, frozen=True):
    """A delivery that was tried: how it stands, the reason, and its newest attempts, oldest first, at least one."""

    state: DeliveryState
    reason: str
    log: tuple[Attempt, ...]


class Streak(Struct, frozen=True):
    """What a destination refused since a message last passed there, as far as the journal keeps it.

    `dead` are messages that were given up since, `refusals` the attempts that were refused. `why` is the reason of the
    last one, `since` the time of the first.
    """

    dead: int = 0
    refusals: int = 0
    why: str = ""
    since: float = 0.0


def streak(tried: Sequence[Tried]) -> Streak:
    """What was refused since the last of these passed, in whatever order they come.

    A delivery that was buried, as the settings had no such destination, says nothing about that: its reason does not
    have the words of its last attempt.
    """
    passed = max((one.log[-1].at for one in tried if one.log[-1].result is AttemptResult.DELIVERED), default=0.0)
    open_ones = [one for one in tried if one.state is DeliveryState.PENDING]
    dead = [
        one
        for one in tried
        if one.state is DeliveryState.DEAD and one.log[-1].at > passed and one.log[-1].answer in one.reason
    ]
    refused = [
        (attempt.at, one)
        for one in (*dead, *open_ones)
        for attempt in one.log
        if attempt.at > passed and attempt.status not in UNREFUSED
    ]
    found = sorted([*refused, *((one.log[-1].at, one) for one in dead)], key=lambda each: each[0])
    if not found:
        return Streak()
    return Streak(len(dead), len(refused), found[-1][1].reason, found[0][0])


class Ahead(Struct, frozen=True):
    """The deliveries before one in its lane: how many, and the first of them, which is the next to be sent.

    `more`: only AHEAD_LIMIT deliveries of its destination were looked at, and there are others. Then it is not known
    which is the first (0, "").
    """

    count: int = 0
    seq: int = 0
    event_id: str = ""
    more: bool = False


class Standings(Protocol):
    """Pauses, the newest results of destinations, and places of deliveries in their lanes."""

    async def pauses(self) -> Mapping[str, Pause]:
        """The pauses of destinations that are paused, also of some that the settings do not have any more."""

    async def set_pause(self, destination: str, pause: Pause | None) -> None:
        """Store durably that a destination is paused, replacing an earlier pause, or with None that it is not."""

    async def tried(self) -> Mapping[str, Sequence[Tried]]:
        """Of destinations, those of their newest results that tell of refusals, or that there are none.

        A handful for each: the newest dead and delivered ones, and the oldest pending ones that were tried. What lies
        far back in the journal is not looked for.
        """

    async def ahead(self, seq: int) -> Ahead:
        """What is before a pending delivery in its lane; nothing for any other number."""
