"""What the writer is asked to do and what it answers, in a form that travels to another thread or process."""

from collections.abc import Sequence

from msgspec import Struct

from gateway.journal import Entry, Settlement


class Settle(Struct, frozen=True, tag=True):
    """Record how deliveries stand; answered by None."""

    settlements: Sequence[Settlement]


class Requeue(Struct, frozen=True, tag=True):
    """Send deliveries again as received `now`; answered by their count."""

    seqs: Sequence[int]
    now: float


class Prune(Struct, frozen=True, tag=True):
    """Delete these events, the last first, and keys and cards that expired, little by little; answered by None."""

    numbers: list[int]
    now: float
    cards_before: float


class Checkpoint(Struct, frozen=True, tag=True):
    """Move the rest of the log into the file, so that the log starts over; answered by None."""


class Stop(Struct, frozen=True, tag=True):
    """Finish what was asked for before and let go of the file; answered by None."""


Work = Entry | Settle | Requeue | Prune | Checkpoint | Stop


class Stored(Struct, frozen=True, tag=True):
    """The answer to an Entry: the id of the stored event, or of the earlier one that this repeats.

    `before` is the number of the delivery before its first.
    """

    event_id: str
    duplicate: bool = False
    before: int = 0


class JobFailed(Struct, frozen=True, tag=True):
    """The work could not be done, for this reason; `damaged`: nothing can be done with the file."""

    reason: str
    damaged: bool = False


Answer = Stored | JobFailed | int | None


class Job(Struct, frozen=True, array_like=True):
    """Some work under a number, by which it is answered."""

    number: int
    work: Work


class Answers(Struct, frozen=True, array_like=True):
    """Answers, each to the number of its job; the seconds that a commit took, and the bytes it put into the log."""

    answers: Sequence[tuple[int, Answer]]
    seconds: float | None = None
    logged: int = 0
