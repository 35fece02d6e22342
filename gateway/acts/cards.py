"""The message with a button as the journal has it, and as it looks once the button has done something."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from gateway.callbacks.ticket import Ticket
from gateway.journal import Archive, Query
from gateway.journal.audit import ACTS_LIMIT, Audit, AuditLine, AuditOutcome, AuditQuery
from gateway.mattermost.acts_shown import with_acts
from gateway.model import JSON

_SHOWN: Final = frozenset({AuditOutcome.DONE, AuditOutcome.UNKNOWN})


class _Source(Archive, Audit, Protocol):
    """The journal, as far as this module reads it."""


class Offer(Struct, frozen=True):
    """The message that has a button: its JSON, and when the event was received whose message it is."""

    message: bytes
    received: float


class Cards:
    """Reads messages and what was done at them from the journal."""

    def __init__(self, journal: _Source) -> None:
        self._journal = journal

    async def offer(self, ticket: Ticket) -> Offer | None:
        """The message with the button of a ticket; None once it is deleted. Raises JournalError."""
        page = await self._journal.find(Query(event_id=ticket.event, limit=1)) if ticket.event else None
        for record in page.records if page is not None else ():
            for one in record.deliveries:
                found = (one.card.payload.encode() if one.card is not None else b"") or one.payload
                if one.destination == ticket.destination and b'"integration":' in found:
                    return Offer(found, record.event.received)
        return None

    async def shown(self, ticket: Ticket, line: AuditLine) -> bytes | None:
        """The message with the button, with a line for what was done at its post; the last one is `line`."""
        if line.outcome not in _SHOWN or not line.post:
            return None
        offer = await self.offer(ticket)
        if offer is None:
            return None
        query = AuditQuery(shown_at=line.post, limit=ACTS_LIMIT - 1)
        done = (await self._journal.audit(query)).lines
        return _with_lines(offer, [*reversed(done), line])


def _with_lines(offer: Offer, lines: Sequence[AuditLine]) -> bytes:
    raw: dict[str, JSON] = msgspec.json.decode(offer.message)
    raw["attachments"] = with_acts(raw.get("attachments", []), lines, offer.received)
    return msgspec.json.encode(raw)
