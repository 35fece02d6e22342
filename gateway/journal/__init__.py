"""The durable store of events and deliveries, as the rest of the gateway sees it.

Verbs that an embedded database and a server can both keep, in four Protocols: `Queue`, `Cards`, `Secrets`, `Archive`.
Their promises are `tests/contract/test_journal.py`, which runs over every implementation:

- `append` returns only when the event and all of its parcels are durable, in one commit or not at all.
- Deliveries get growing numbers in commit order; `pending` hands them out in that order, also after a crash.
- A settled delivery is never handed out again; an unsettled one always is. What is settled stays so until `requeue`.
- Events are found in the order in which they were stored, page by page: what is stored meanwhile moves no page, and a
  page costs about the same whatever the journal keeps.
- One event per duplicate key within the key's window.
- One gateway delivers from a journal, any number of others may look into it and send again.
- Every verb answers within a bounded time, if only by a JournalError.
- When nothing can be stored, `JournalError` is raised and nothing is half-written.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import time
from typing import Protocol

from msgspec import Struct

from gateway.journalurl import file_of
from gateway.model import Attempt, Delivery, DeliveryState, Event, Outcome, Parcel


class DuplicateKey(Struct, frozen=True):
    """What makes a second request the same event: `key` (route included) within `window` seconds of the first."""

    key: str
    window: float


class Entry(Struct, frozen=True, tag=True):
    """What one request adds to the journal."""

    event: Event
    parcels: tuple[Parcel, ...] = ()
    keys: tuple[DuplicateKey, ...] = ()


class Appended(Struct, frozen=True):
    """The answer to `append`: the id of the stored event, or of the earlier one that this repeats."""

    event_id: str
    duplicate: bool = False
    deliveries: tuple[Delivery, ...] = ()


def deliveries(entry: Entry, before: int) -> tuple[Delivery, ...]:
    """The deliveries of an entry that was stored; `before` is the number of the one before its first."""
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
    """The post that shows a subject at a destination, last used at `used`.

    `closed` says whether the subject came to its end; None, when it is settled, leaves it as it was.
    """

    destination: str
    subject: str
    post_id: str
    used: float
    closed: bool | None = None


class Settlement(Struct, frozen=True):
    """How one delivery stands after an attempt. `state` PENDING keeps it for a later attempt at `not_before`.

    `card` is remembered in the same commit, and so is `attempt`, at the end of the delivery's log. A settlement whose
    `attempts` are not above those that are recorded repeats an earlier one, and adds nothing to the log.
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
"""How many attempts of a delivery are kept, the newest."""


class Query(Struct, frozen=True):
    """Which events to find, newest first. Every given condition must hold; `before` is an event id, for paging.

    `delivery_state`, `destination` and `reason` (that of a last attempt, word for word) must hold for one and the same
    delivery. `text` is words, TEXT_LIMIT characters at most, each of which must be part of the id, name, translator,
    subject or reason of the event, or the JSON or reason of a delivery; their case does not matter. Without `bodies`
    the body of the request and the payloads are not read: they come out empty.
    """

    event_id: str = ""
    route: str = ""
    service: str = ""
    outcome: str = ""
    delivery_state: DeliveryState | None = None
    destination: str = ""
    reason: str = ""
    text: str = ""
    before: str = ""
    limit: int = 50
    bodies: bool = True


TEXT_LIMIT = 200


class Record(Struct, frozen=True):
    """One event with its deliveries, in the order of their numbers."""

    event: Event
    deliveries: tuple[Delivery, ...]


class Page(Struct, frozen=True):
    """Some of the events that a query asks for. `next` is the `before` that goes on, empty at the end.

    One call looks at a bounded number of events: a page may be short of the limit, or empty, and yet not the last.
    """

    records: tuple[Record, ...] = ()
    next: str = ""


class Standing(Struct, frozen=True):
    """How one destination stands: deliveries waiting, when the oldest of them was received (0: none), dead ones."""

    pending: int = 0
    oldest: float = 0.0
    dead: int = 0


class DeadGroup(Struct, frozen=True):
    """Dead deliveries of one destination that have one reason: how many, and when the first and the last came in."""

    destination: str
    reason: str
    count: int
    oldest: float
    newest: float


GROUPS_LIMIT = 200
"""How many groups are told apart, the largest."""


class Last(Struct, frozen=True):
    """The newest event of a route."""

    received: float
    outcome: Outcome


class Holdings(Struct, frozen=True):
    """What the journal keeps: events and their bytes, when the oldest was received (0: none), the newest by route.

    `events` and `size` are counted now and then, and may be HOLDINGS_AGE seconds old.
    """

    events: int = 0
    size: int = 0
    oldest: float = 0.0
    last: Mapping[str, Last] = {}


HOLDINGS_AGE = 20.0


class Queue(Protocol):
    """Events and their deliveries on the way."""

    def append(self, entry: Entry) -> Awaitable[Appended]:
        """Store durably; JournalError when that cannot be done."""

    async def pending(self, after: int, limit: int) -> list[Delivery]:
        """Undelivered deliveries with a number above `after`, in order, at most `limit`; without their logs."""

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record how pending deliveries stand; other numbers, unknown or settled, are passed over."""

    async def requeue(self, seqs: Sequence[int]) -> int:
        """Send these again, each under a new number at the end and as received now; returns how many.

        Only dead and delivered ones: a pending one is on its way, a replayed one has its copy. The old ones become
        `replayed`. Of very many, those before a failure are sent again.
        """

    def listen(self, added: Callable[[int], None]) -> None:
        """Have `added` called on the event loop with the number of the newest delivery whenever there are new ones.

        Of whatever was added by others or by `requeue`, and of what was stored although its `append` was cancelled or
        failed. What an `append` answered with is not told. Marks of one moment may come as one.
        """


class Cards(Protocol):
    """The posts that show subjects."""

    async def card(self, destination: str, subject: str) -> CardPost | None:
        """The post that shows a subject at a destination, as last settled; None when there is none."""


class Secrets(Protocol):
    """The secrets that services told routes in handshakes."""

    async def secrets(self) -> Mapping[str, str]:
        """The secret of each route that has learned one."""

    async def remember(self, route: str, secret: str) -> None:
        """Store the secret of a route durably, in the place of an earlier one. Raises JournalError."""


class Archive(Protocol):
    """What was stored, for people who look."""

    async def find(self, query: Query) -> Page:
        """Events and their deliveries, in the order in which they were stored, newest first.

        Raises JournalError for a text that is too long.
        """

    async def census(self) -> Mapping[str, Standing]:
        """How the destinations stand that have anything pending or dead; the others stand at `Standing()`."""

    async def dead_groups(self) -> Sequence[DeadGroup]:
        """The dead deliveries by destination and reason, the largest groups first, GROUPS_LIMIT of them at most.

        `find` with the same destination and reason pages through the events of one.
        """

    async def holdings(self) -> Holdings:
        """What is kept at all. Cheap enough to be asked every second."""

    def keep(self, retention: float, max_size: int) -> None:
        """Forget by other limits (seconds, bytes) from now on; see `open`."""


class Journal(Queue, Cards, Secrets, Archive, Protocol):
    """All of it. Whoever needs less asks for less."""

    async def close(self) -> None:
        """Finish what was promised, then let go of the store."""


async def open(  # noqa: A001 - `journal.open` is what it is called everywhere
    url: str,
    *,
    retention: float,
    max_size: int,
    deliver: bool = False,
    on_commit: Callable[[float], None] | None = None,
    clock: Callable[[], float] = time,
) -> Journal:
    """Open the journal at a URL (`sqlite:PATH`).

    `deliver` is for a gateway: it makes a journal that is not there, and it alone delivers from it until it is closed
    or its process ends. Others (command line tools) look into a journal and send again, also while a gateway runs.
    A gateway forgets settled events `retention` seconds after they were received, the oldest of them earlier when they
    hold more than `max_size` bytes together. Events with a dead delivery go by age only, those with a pending one stay.
    `on_commit` is given the seconds of each commit.

    Raises JournalDamaged for a store that cannot be used, JournalError for one that cannot be reached, that is not
    there, or that another gateway delivers from; ValueError for a URL that names no store.
    """
    from gateway.journal.sqlite.journal import SqliteJournal  # which imports this module

    return await SqliteJournal.open(
        file_of(url),
        retention=retention,
        max_size=max_size,
        deliver=deliver,
        create=deliver,
        on_commit=on_commit,
        clock=clock,
    )
