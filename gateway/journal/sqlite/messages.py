"""What the writer is asked to do and what it answers, in a form that travels to another thread or process."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gateway.journal import Entry, Settlement

PROTOCOL: Final = 1
"""Counts the changes of what is in this module: a command line of one release may meet a gateway of another."""


LARGEST: Final = 16_000_000
"""Bytes of a job of a client that is not the owner."""


class Settle(Struct, frozen=True, tag=True):
    """Record how deliveries stand; answered by None."""

    settlements: Sequence[Settlement]


class Requeue(Struct, frozen=True, tag=True):
    """Send deliveries again as received `now`; answered by Requeued."""

    seqs: Sequence[int]
    now: float


class Remember(Struct, frozen=True, tag=True):
    """Store the secret of a route in the place of an earlier one; answered by None."""

    route: str
    secret: str


class Prune(Struct, frozen=True, tag=True):
    """Delete these events, the last first, and keys and cards that expired, little by little; answered by None."""

    numbers: list[int]
    now: float
    cards_before: float


class Checkpoint(Struct, frozen=True, tag=True):
    """Move the rest of the log into the file, so that the log starts over; answered by None."""


class Stop(Struct, frozen=True, tag=True):
    """Finish what was asked for before; answered by None. The gateway's also lets go of the file."""


Work = Entry | Settle | Requeue | Remember | Prune | Checkpoint | Stop


class Stored(Struct, frozen=True, tag=True):
    """The answer to an Entry: the id of the stored event, or of the earlier one that this repeats.

    `before` is the number of the delivery before its first.
    """

    event_id: str
    duplicate: bool = False
    before: int = 0


class Requeued(Struct, frozen=True, tag=True):
    """The answer to a Requeue: how many deliveries are sent again, and the number of the last of them."""

    count: int
    newest: int


class JobFailed(Struct, frozen=True, tag=True):
    """The work could not be done, for this reason; `damaged`: nothing can be done with the file."""

    reason: str
    damaged: bool = False


Answer = Stored | Requeued | JobFailed | None

OWNER: Final = 0
"""The client that started the writing: a gateway, or the one process that has a thread for it."""


class Job(Struct, array_like=True):
    """Some work under a number, by which it is answered. `client` is set where it arrives: whose number that is."""

    number: int
    work: Work
    client: int = OWNER


class Hello(Struct, frozen=True, array_like=True):
    """The first word to a client; `newest` is the number of the newest delivery."""

    protocol: int
    newest: int


class Answers(Struct, frozen=True, array_like=True):
    """Answers, each to the number of its job; the seconds that a commit took, and the bytes it put into the log.

    `newest` is the number of the newest delivery that others have added, 0 when they added none.
    """

    answers: Sequence[tuple[int, Answer]]
    seconds: float | None = None
    logged: int = 0
    newest: int = 0


def newest(work: Work, answer: Answer) -> int:
    """The number of the newest delivery that some work has added; 0 when it added none."""
    if isinstance(answer, Stored) and isinstance(work, Entry):
        return 0 if answer.duplicate or not work.parcels else answer.before + len(work.parcels)
    return answer.newest if isinstance(answer, Requeued) else 0
