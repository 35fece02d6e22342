"""Who did what from Mattermost, when, and how it ended: the lines of the audit, filtered."""

import time
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway import secret, units
from gateway.console.port import Gateway
from gateway.console.web.operations import Ask, Operation
from gateway.errors import Refused
from gateway.journal.audit import AuditLine, AuditOutcome, AuditQuery

_WHEN: Final = 'How long ago ("2h"), or a time ("2026-01-31T08:00", UTC unless it says else; seconds since the epoch).'

_WORDS: Final = ("callback", "action", "subject", "user", "user_name", "text", "done")

Word = Annotated[str, Meta(max_length=300)]
Moment = Annotated[str, Meta(max_length=40, description=_WHEN)]
Outcome = Literal[
    "", "done", "failed", "unknown", "cancelled", "denied", "repeated", "expired", "forged", "foreign", "unknown_key"
]


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which lines, newest first: those that match every field; an empty field matches all.

    `user` is a name or Mattermost's id, `callback` is TABLE/NAME. `before` is the `next` of the page before.
    """

    user: Word = ""
    callback: Word = ""
    action: Word = ""
    subject: Word = ""
    outcome: Outcome = ""
    since: Moment = ""
    until: Moment = ""
    before: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class AuditRows(Struct, frozen=True):
    """A page of lines. `next` continues the list as `before`; 0 at the end."""

    lines: Sequence[AuditLine]
    next: int = 0


async def listing(gateway: Gateway, wanted: AuditFilter) -> AuditRows:
    """A page of lines, newest first. Raises Refused (400) for a time that is none."""
    query = AuditQuery(
        user=wanted.user.removeprefix("@"),
        subject=wanted.subject,
        callback=wanted.callback,
        action=wanted.action,
        outcome=AuditOutcome(wanted.outcome) if wanted.outcome else None,
        since=_moment("since", wanted.since),
        until=_moment("until", wanted.until),
        before=wanted.before or None,
        limit=wanted.limit,
    )
    page = await gateway.journal.audit(query)
    return AuditRows([_shown(line) for line in page.lines], page.next or 0)


def _shown(line: AuditLine) -> AuditLine:
    return replace(line, **{name: secret.redact(getattr(line, name)) for name in _WORDS})


def _moment(name: str, text: str) -> float | None:
    try:
        return units.moment(text, time.time()) if text else None
    except ValueError as error:
        raise Refused(400, "Bad Request", f"{name}: {error}") from None


async def _listing(ask: Ask) -> AuditRows:
    return await listing(ask.gateway, ask.query)


OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/audit",
        name="listAudit",
        summary="Who clicked, commanded or answered what in Mattermost, and how it ended, newest first.",
        query=AuditFilter,
        call=_listing,
        result=AuditRows,
    ),
)
