"""The jobs for the writer and its answers, in a form that can be sent to another thread or process."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gateway.journal import DeadDiscard, Entry, Settlement
from gateway.journal.audit import AuditLine
from gateway.journal.keyrings import RingKey
from gateway.journal.snoozes import Snooze
from gateway.journal.uses import Pin
from gateway.model import DiscardCause, Pause, Refusal

PROTOCOL: Final = 5
"""Version of these messages, to raise with every change: a command line may connect to a gateway of another release."""


LARGEST: Final = 16_000_000
"""The largest job of a client that is not the owner, in bytes."""


class Settle(Struct, frozen=True, tag=True):
    """Record the outcomes of deliveries; answered by None."""

    settlements: Sequence[Settlement]


class Requeue(Struct, frozen=True, tag=True):
    """Send deliveries again as received `now`; answered by Requeued."""

    seqs: Sequence[int]
    now: float


class DiscardDead(Struct, frozen=True, tag=True):
    """Put dead deliveries away, `now` and for this reason; answered by Discarded."""

    seqs: Sequence[int]
    reason: str
    now: float


class Remember(Struct, frozen=True, tag=True):
    """Store the secret of a route, replacing an earlier one; answered by None."""

    route: str
    secret: str


class Refuse(Struct, frozen=True, tag=True):
    """Store refused requests; answered by None."""

    refusals: Sequence[Refusal]


class SetPause(Struct, frozen=True, tag=True):
    """Store that a destination is paused, or with None that it is not; answered by None."""

    destination: str
    pause: Pause | None


class Renew(Struct, frozen=True, tag=True):
    """Add a key to a ring, the former being valid until a time, or with None if there is none; answered by Ring."""

    ring: str
    fresh: RingKey
    former_until: float | None = None


class Release(Struct, frozen=True, tag=True):
    """Delete duplicate keys of an event; answered by None."""

    event_id: str
    keys: Sequence[bytes]


class Begin(Struct, frozen=True, tag=True):
    """Note that an attempt at a delivery begins, or with `back` that it came to nothing; answered by Begun."""

    seq: int
    back: bool = False


class PinTicket(Struct, frozen=True, tag=True):
    """Give a ticket a place until it expires, unless it has one; answered by Pinned."""

    ticket: str
    place: Pin
    expires: float


class Advance(Struct, frozen=True, tag=True):
    """Store how far a listener has come, in milliseconds since the epoch; answered by None."""

    name: str
    ms: float


class SetSnooze(Struct, frozen=True, tag=True):
    """Store a snooze in place of an earlier one; answered by None."""

    snooze: Snooze


class EndSnooze(Struct, frozen=True, tag=True):
    """End the snooze of a subject on a route; answered by None."""

    route: str
    subject: str


class Record(Struct, frozen=True, tag=True):
    """Store lines of the audit; answered by None."""

    lines: Sequence[AuditLine]


class Doomed(Struct, frozen=True):
    """Events to delete, the last first: those with a dead delivery for this cause, without one for None."""

    numbers: list[int]
    cause: DiscardCause | None = None


class Prune(Struct, frozen=True, tag=True):
    """Delete these events, then keys that expired before `now`, and what is older than its time.

    That is cards and addresses by their last use, refused requests, lines of the audit, which also go up to the number
    `audit_surplus`, and what ended before `ended`: places of tickets, keys of rings,
    snoozes. All in slices; answered by None.
    """

    doomed: list[Doomed]
    now: float
    cards_before: float
    addresses_before: float
    refusals_before: float
    audit_before: float = 0.0
    audit_surplus: int = 0
    ended: float = 0.0


class Migrate(Struct, frozen=True, tag=True):
    """Bring a slice of what is in the form of an earlier schema to the present one; answered by Migrated."""


class Checkpoint(Struct, frozen=True, tag=True):
    """Move the rest of the log into the file, so that the log starts over; answered by None."""


class Stop(Struct, frozen=True, tag=True):
    """Finish all jobs before this one; answered by None. The owner's also closes the file."""


Act = Renew | Release | Begin | PinTicket | Advance | SetSnooze | EndSnooze | Record
"""What acts from Mattermost ask for."""

Work = Entry | Settle | Requeue | DiscardDead | Remember | Refuse | SetPause | Act | Prune | Migrate | Checkpoint | Stop


class Stored(Struct, frozen=True, tag=True):
    """The answer to an Entry: the id of the stored event, or of the earlier one when the entry repeats it.

    `before` is the number of the delivery before its first.
    """

    event_id: str
    duplicate: bool = False
    before: int = 0


class Requeued(Struct, frozen=True, tag=True):
    """The answer to a Requeue: how many deliveries were copied, and the number of the last copy."""

    count: int
    newest: int


class Discarded(Struct, frozen=True, tag=True):
    """The answer to a DiscardDead: what it discarded, by destination."""

    discards: Sequence[DeadDiscard]


class Ring(Struct, frozen=True, tag=True):
    """The answer to a Renew: the keys of the ring, newest first."""

    keys: Sequence[RingKey]


class Begun(Struct, frozen=True, tag=True):
    """The answer to a Begin: whether no attempt at the delivery had begun before."""

    first: bool


class Pinned(Struct, frozen=True, tag=True):
    """The answer to a PinTicket: the place that the ticket has."""

    place: Pin


class Migrated(Struct, frozen=True, tag=True):
    """The answer to a Migrate: how many events were brought to the present form, and whether anything is left."""

    events: int
    left: bool


class JobFailed(Struct, frozen=True, tag=True):
    """The answer to a job that failed, with the reason; `damaged` means that the file cannot be used at all."""

    reason: str
    damaged: bool = False


Answer = Stored | Requeued | Discarded | Ring | Begun | Pinned | Migrated | JobFailed | None

OWNER: Final = 0
"""The number of the client that started the writer: the gateway, or the process whose thread writes."""


class Job(Struct, array_like=True):
    """Work with a number, which its answer repeats. The receiver sets `client`, whose number it is.

    `skew` is what the windows of duplicate keys add to the time at which an entry was received. `body_size` is the
    length of its request's body if that is packed (see `bodies`), else 0.
    """

    number: int
    work: Work
    client: int = OWNER
    skew: float = 0.0
    body_size: int = 0


class Hello(Struct, frozen=True, array_like=True):
    """The greeting to a client; `newest` is the number of the newest delivery."""

    protocol: int
    newest: int


class Answers(Struct, frozen=True, array_like=True):
    """Answers, each with the number of its job; the seconds of the commit, and the bytes it added to the log.

    `newest` is the number of the newest delivery that other clients added, 0 when they added none. `discards` is what
    other clients and pruning did to dead deliveries, `paused` that other clients paused or resumed a destination; only
    the owner gets these.
    """

    answers: Sequence[tuple[int, Answer]]
    seconds: float | None = None
    logged: int = 0
    newest: int = 0
    discards: tuple[DeadDiscard, ...] = ()
    paused: bool = False


def newest(work: Work, answer: Answer) -> int:
    """The number of the newest delivery that this work added; 0 when it added none."""
    if isinstance(answer, Stored) and isinstance(work, Entry):
        return 0 if answer.duplicate or not work.parcels else answer.before + len(work.parcels)
    return answer.newest if isinstance(answer, Requeued) else 0
