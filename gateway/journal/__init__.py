"""The durable store of events and deliveries, as the rest of the gateway sees it.

The Protocols that `Journal` is made of have operations that an embedded database and a server can both offer.
`tests/contract/test_journal.py` checks these promises for every implementation:

- `append` returns only when the event and all of its parcels and lines are durable, in one commit or not at all.
- Deliveries get growing numbers in commit order; `pending` returns them in that order, also after a crash.
- `pending` returns every unsettled delivery and no settled one. A settled delivery stays settled until `requeue`.
- Events are found in the order in which they were stored, page by page: events that are stored meanwhile shift no page,
  and a page costs about the same whatever the size of the journal.
- One event per duplicate key within the key's window.
- A ticket, trigger or post is used once, a ticket at one place; of each ring of keys two are valid at most.
- Of each route the newest refused requests can be looked at, and never more: whoever knocks cannot fill a disk.
- Dead deliveries stay until a person decides, or until they exceed limits of their own; what goes is told.
- One gateway delivers from a journal; any number of other processes may read it and send again.
- Every operation ends within a bounded time, if only with a JournalError.
- When nothing can be stored, `JournalError` is raised and nothing is half-written.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from time import time
from typing import Protocol

from msgspec import Struct

from gateway.journal.audit import Audit, AuditLine
from gateway.journal.keyrings import Keys, Secrets
from gateway.journal.past import Counts
from gateway.journal.positions import Positions
from gateway.journal.refusals import Refusals
from gateway.journal.snoozes import Snoozes
from gateway.journal.standing import Standings
from gateway.journal.uses import Pins, Uses
from gateway.journalurl import file_of
from gateway.model import Attempt, Delivery, DeliveryState, DiscardCause, Event, Outcome, Parcel, Refusal


class DuplicateKey(Struct, frozen=True):
    """A later request with the same `key` (see `duplicates`) within `window` seconds of the first is the same event."""

    key: bytes
    window: float


class Entry(Struct, frozen=True, tag=True, omit_defaults=True):
    """An event with its deliveries, and lines of the audit about it: one request as `append` stores it."""

    event: Event
    parcels: tuple[Parcel, ...] = ()
    keys: tuple[DuplicateKey, ...] = ()
    lines: tuple[AuditLine, ...] = ()


class Appended(Struct, frozen=True):
    """The answer to `append`: the id of the stored event, or of the earlier one when the request repeats it.

    It is empty for a repeat whose first event was deleted meanwhile.
    """

    event_id: str
    duplicate: bool = False
    deliveries: tuple[Delivery, ...] = ()


def deliveries(entry: Entry, before: int) -> tuple[Delivery, ...]:
    """The deliveries of a stored entry; `before` is the number of the delivery before its first."""
    event = entry.event
    return tuple(
        [
            Delivery(
                seq=seq,
                event_id=event.id,
                received=event.received,
                destination=parcel.destination,
                lane=parcel.lane,
                payload=parcel.payload,
                address=parcel.address,
                card=parcel.card,
                trace=parcel.trace,
            )
            for seq, parcel in enumerate(entry.parcels, before + 1)
        ]
    )


class CardPost(Struct, frozen=True):
    """The post that shows a subject at a destination, last used at `used`; `newer` is explained at `Cards.card`.

    `closed` says whether the subject ended; None in a Settlement leaves the stored value unchanged. `acts` is what was
    done at the post, in the lines of the audit, oldest first, the newest ACTS_LIMIT of them; a Settlement has none.
    """

    destination: str
    subject: str
    post_id: str
    used: float
    closed: bool | None = None
    newer: bool = False
    acts: tuple[AuditLine, ...] = ()


class Settlement(Struct, frozen=True):
    """The outcome of one attempt at a delivery. `state` PENDING means a retry at `not_before`.

    The same commit stores `card`, and appends `attempt` to the delivery's log. A settlement whose `attempts` are not
    above the stored number repeats an earlier one, and adds nothing to the log.
    """

    seq: int
    state: DeliveryState
    attempts: int
    not_before: float = 0.0
    reason: str = ""
    post_id: str = ""
    card: CardPost | None = None
    attempt: Attempt | None = None


LOG_LIMIT = 20
"""How many attempts the log of a delivery keeps, the newest ones."""


class Query(Struct, frozen=True):
    """The conditions for a search of events, newest first; an event matches all of them. `before` is an event id.

    `delivery_state`, `destination` and `reason` (the exact text of the last attempt's) must match the same delivery.
    `text` is words, TEXT_LIMIT characters at most; each must be part of the id, name, translator, subject or reason of
    the event, or of the JSON or reason of a delivery, in any case. An event matches `since` and `until` when it was
    received between them, both included. They bound the search, too: an event whose time differs by more than ORDER
    seconds from those that were stored before and after it may be missed.

    Refused requests are found with the outcome "refused", or by their id; then `text` is looked for in what is kept of
    them. `note` is an event's Note, or the Cause of a refused request.

    Without `bodies` the body of the request and the payloads are not read, and are returned empty. `first_payloads`
    reads all the same, of each event, the payload of the first delivery, unless it is longer than FIRST_PAYLOAD bytes.
    """

    event_id: str = ""
    route: str = ""
    service: str = ""
    outcome: str = ""
    note: str = ""
    translator: str = ""
    since: float | None = None
    until: float | None = None
    delivery_state: DeliveryState | None = None
    destination: str = ""
    reason: str = ""
    text: str = ""
    before: str = ""
    limit: int = 50
    bodies: bool = True
    first_payloads: bool = False


TEXT_LIMIT = 200

ORDER = 60.0
"""Seconds by which the order of events may differ from their times: clocks are set, and commits overtake each other."""

FIRST_PAYLOAD = 65_536
"""Bytes of the longest payload that is read of an event in a list: a page of such ones is some MB."""


class Record(Struct, frozen=True):
    """One event with its deliveries, in the order of their numbers.

    `refusal` is None for an accepted request. For a refused one it is what is known of it, and `event` is the same as
    far as an event can say it.
    """

    event: Event
    deliveries: tuple[Delivery, ...]
    refusal: Refusal | None = None


class Page(Struct, frozen=True):
    """Some of the events that match a query. `next` is the `before` of the next page, empty at the end.

    One call examines a bounded number of events: a page may be short of the limit, or empty, and yet not the last.
    """

    records: tuple[Record, ...] = ()
    next: str = ""


class Stranger(Struct, frozen=True):
    """What waits for an address at which nothing was delivered yet: deliveries, and the bytes of their events."""

    deliveries: int
    size: int


class Standing(Struct, frozen=True):
    """Counts of one destination: pending deliveries, when the oldest of them was received (0: none), dead ones."""

    pending: int = 0
    oldest: float = 0.0
    dead: int = 0


class DeadGroup(Struct, frozen=True):
    """Dead deliveries of one destination with the same reason: count, receipt times of the oldest and the newest."""

    destination: str
    reason: str
    count: int
    oldest: float
    newest: float


class DeadDiscard(Struct, frozen=True):
    """Dead deliveries of one destination that went without being sent, in one commit; receipt times as in DeadGroup.

    `reason` is that of the person who discarded them; those of other causes are deleted with their events.
    """

    destination: str
    cause: DiscardCause
    count: int
    oldest: float
    newest: float
    reason: str = ""


GROUPS_LIMIT = 200
"""How many groups are returned, the largest ones."""


class Last(Struct, frozen=True):
    """The newest event of a route."""

    received: float
    outcome: Outcome
    note: str = ""


class Holdings(Struct, frozen=True):
    """The contents of the journal: events and their bytes, when the oldest was received (0: none), the newest by route.

    `dead_events` and `dead_size` are those of them that have a dead delivery. These four are counted periodically, and
    may be HOLDINGS_AGE seconds old, and older where there is so much that counting takes seconds.
    """

    events: int = 0
    size: int = 0
    oldest: float = 0.0
    last: Mapping[str, Last] = {}
    dead_events: int = 0
    dead_size: int = 0


HOLDINGS_AGE = 20.0


class DeadLimits(Struct, frozen=True):
    """How long events with a dead delivery are kept, in seconds, and how many bytes of them."""

    max_age: float = 90 * 86_400.0
    max_size: int = 10**9


DEAD_LIMITS = DeadLimits()


ADDRESS_AGE = 400 * 86_400.0
"""Seconds for which an address is known after it last took a message. Only hooks that exist there become known."""


class Queue(Protocol):
    """The queue of deliveries, with the events that they belong to."""

    def append(self, entry: Entry) -> Awaitable[Appended]:
        """Store an entry durably. Raises JournalError when that is impossible."""

    async def pending(self, after: int, limit: int) -> list[Delivery]:
        """Pending deliveries with a number above `after`, in order, at most `limit`; without their logs."""

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record outcomes of pending deliveries; other numbers, unknown or settled, are ignored.

        The address of a delivered one is among `addresses` from the same commit on. One that is dead at any other
        address is no dead letter: the same commit deletes it, and when nothing else is left of its event, the event and
        its duplicate keys.
        """

    async def addresses(self, destination: str) -> Set[str]:
        """The addresses of a destination that have taken a message within about ADDRESS_AGE seconds."""

    async def strangers(self, destination: str) -> Mapping[str, Stranger]:
        """What waits for all other addresses of a destination. Reads every pending delivery: for the start."""

    async def requeue(self, seqs: Sequence[int]) -> int:
        """Send deliveries again: append a copy of each, with a new number and received now; returns how many.

        Only dead, delivered and discarded ones are copied, and become `replayed`; others are ignored. A large number is
        copied in several commits: an error leaves the copies of the earlier ones.
        """

    async def discard(self, seqs: Sequence[int], reason: str) -> int:
        """Put dead deliveries away: they become `discarded`, now and for this reason; returns how many.

        Others are ignored. A large number is changed in several commits, as by `requeue`.
        """

    def listen(self, added: Callable[[int], None]) -> None:
        """Call `added` on the event loop, with the number of the newest delivery, whenever deliveries were added.

        That is for deliveries added by other processes or by `requeue`, and for those stored although their `append`
        was cancelled or failed; not for those that an `append` returned. One call may stand for several additions. A
        call with 0 says that dead deliveries were discarded, or that others paused or resumed a destination.
        """


class Cards(Protocol):
    """The posts that show subjects."""

    async def card(self, destination: str, subject: str, seq: int = 0) -> CardPost | None:
        """The post that shows a subject, as last settled, with what was done there.

        `newer`: it shows a later event than delivery `seq` tells.
        """


class Archive(Protocol):
    """The stored events, for people who search them."""

    async def find(self, query: Query) -> Page:
        """Events with their deliveries, in the order in which they were stored, newest first.

        Raises JournalError for a text above TEXT_LIMIT.
        """

    async def census(self) -> Mapping[str, Standing]:
        """The counts of every destination with pending or dead deliveries; for all others they are `Standing()`."""

    async def dead_groups(self) -> Sequence[DeadGroup]:
        """The dead deliveries by destination and reason, the largest groups first, GROUPS_LIMIT of them at most.

        `find` with the same destination and reason pages through the events of one.
        """

    async def holdings(self) -> Holdings:
        """The contents of the journal. Cheap enough to be called every second."""

    def keep(self, retention: float, max_size: int, dead: DeadLimits) -> None:
        """Change the limits of retention (seconds, bytes) from now on; see `open`."""


class Journal(
    Queue, Cards, Secrets, Keys, Uses, Pins, Positions, Snoozes, Audit, Refusals, Archive, Counts, Standings, Protocol
):
    """All of the Protocols. A caller that needs fewer depends on those."""

    async def close(self) -> None:
        """Finish all operations, then release the store."""


async def open(  # noqa: A001 - `journal.open` is what it is called everywhere
    url: str,
    *,
    retention: float,
    max_size: int,
    dead: DeadLimits = DEAD_LIMITS,
    deliver: bool = False,
    on_commit: Callable[[float], None] | None = None,
    on_discard: Callable[[DeadDiscard], None] | None = None,
    clock: Callable[[], float] = time,
) -> Journal:
    """Open the journal at a URL (`sqlite:PATH`).

    `deliver` is for a gateway: it creates a missing journal, and is the only process that delivers from it, until it is
    closed or ends. Others (command line tools) read a journal and send again, also while a gateway runs.

    A gateway deletes settled events `retention` seconds after they were received (or a delivery of theirs was
    discarded), and the oldest of them earlier when they take more than `max_size` bytes together. Events with a dead
    delivery have limits of their own, `dead`: an age since that was received or sent again, and a size together. Those
    with a pending one are never deleted. Ages are those of `journal.clock.SteadyClock`.

    `on_commit` gets the seconds of each commit, `on_discard` of a gateway all that discards or deletes dead deliveries.

    Raises JournalDamaged for a store that cannot be used, JournalError for one that is unreachable or missing, or that
    another gateway delivers from; ValueError for a URL that names no store.
    """
    from gateway.journal.sqlite.journal import SqliteJournal  # which imports this module

    return await SqliteJournal.open(
        file_of(url),
        retention=retention,
        max_size=max_size,
        dead=dead,
        deliver=deliver,
        create=deliver,
        on_commit=on_commit,
        on_discard=on_discard,
        clock=clock,
    )
