"""The journal for commands, also while a gateway runs: opening it, paging through events, completing ids."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from msgspec.structs import replace

from gateway import journal as journals
from gateway.cli.output import fail, plural
from gateway.journal import Journal, Query, Record
from gateway.model import Outcome
from gateway.settings import Settings

SHORTEST: Final = 6
"""Characters that the beginning of an id has at least."""
PAGE: Final = 500
"""Events that are read at a time."""
_LISTED: Final = 10
"""Events that are listed where the beginning of an id fits several."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Journal]:
    """Open the journal of the settings for as long as the block runs. Raises JournalError."""
    kept = settings.journal
    journal = await journals.open(kept.url, retention=kept.retention, max_size=kept.max_size)
    try:
        yield journal
    finally:
        await journal.close()


async def walk(journal: Journal, query: Query) -> AsyncIterator[Record]:
    """Give the events of a query, newest first; `query.limit` is that of a page."""
    while True:
        page = await journal.find(query)
        for record in page.records:
            yield record
        if not page.next:
            return
        query = replace(query, before=page.next)


async def complete(journal: Journal, text: str) -> str:
    """The id that is, or begins with, this text; ends the command where there is none or more than one."""
    if (await journal.find(Query(event_id=text, bodies=False))).records:
        return text
    if len(text) < SHORTEST:
        fail(f"{text!r} is too short for the beginning of an id: write at least {SHORTEST} characters of it", 2)
    found: list[Record] = []
    for outcome in ("", Outcome.REFUSED):
        async for record in walk(journal, Query(outcome=outcome, text=text, limit=PAGE, bodies=False)):
            if record.event.id.startswith(text.lower()):
                found.append(record)
                if len(found) > _LISTED:
                    break
    if not found:
        fail(f"the journal has no event {text}; `mattergate events list` shows those that it has")
    if len(found) > 1:
        known = [f"  {one.event.id}  route {one.event.route}  {one.event.name}".rstrip() for one in found[:_LISTED]]
        more = "\n  ..." if len(found) > _LISTED else ""
        count = f"more than {_LISTED} events" if more else plural(len(found), "event")
        fail(f"{text} is the beginning of {count}; write more of it:\n" + "\n".join(known) + more, 2)
    return found[0].event.id


async def knows(journal: Journal, query: Query) -> bool:
    """Whether the journal has any event of this query."""
    async for _ in walk(journal, replace(query, bodies=False, limit=1)):
        return True
    return False
