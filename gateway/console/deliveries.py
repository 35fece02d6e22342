"""Deliveries as lines of a list: those that are dead, and those that wait for a destination."""

from msgspec import Struct

from gateway.console.headline import headline
from gateway.journal import Record
from gateway.model import Delivery


class DeliveryRow(Struct, frozen=True):
    """One delivery, and the event that it is of; `title` is the headline of the event's first message.

    `received` is when the event was, or when its message was sent again as this delivery. `not_before` is the next
    attempt at one that waits, 0 or past: any time.
    """

    event: str
    seq: int
    received: float
    route: str
    name: str
    subject: str
    destination: str
    attempts: int
    reason: str
    title: str = ""
    not_before: float = 0.0


def row(record: Record, one: Delivery) -> DeliveryRow:
    """A delivery of a record as one line; its title is that of the first payload, which the record may not have."""
    event = record.event
    return DeliveryRow(
        event=event.id,
        seq=one.seq,
        received=one.received,
        route=event.route,
        name=event.name,
        subject=event.subject,
        destination=one.destination,
        attempts=one.attempts,
        reason=one.reason,
        title=headline(record.deliveries[0].payload),
        not_before=one.not_before,
    )
