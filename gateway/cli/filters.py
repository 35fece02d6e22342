"""The events that the filters of a command select; an unknown name in a filter ends the command."""

from collections.abc import Collection

from msgspec.structs import replace

from gateway.cli import catalog, journal
from gateway.cli.offline import OfflineGateway
from gateway.cli.output import fail
from gateway.journal import Query, Record


async def select(
    gateway: OfflineGateway,
    query: Query,
    limit: int | None = None,
) -> list[Record]:
    """The events of a query, newest first, at most `limit`, without their bodies.

    Where there are none, a name in the query that neither the settings nor the journal know ends the command.
    """
    if query.since is not None and query.until is not None and query.since > query.until:
        fail("--since is later than --until: nothing can be between them", 2)
    if query.before:
        query = replace(query, before=await journal.complete(gateway.journal, query.before))
    page = journal.PAGE if limit is None else min(limit, journal.PAGE)
    found: list[Record] = []
    async for record in journal.walk(gateway.journal, replace(query, limit=page, bodies=False)):
        found.append(record)
        if len(found) == limit:
            break
    if not found:
        await require_known(gateway, query)
    return found


async def require_known(gateway: OfflineGateway, query: Query) -> None:
    """End the command when a name in the query is unknown to settings, catalog and journal alike.

    A name that only the journal has is of something that was removed, and is found.
    """
    stored, routes = gateway.journal, gateway.settings.routes
    if query.route and query.route not in routes and not await journal.knows(stored, Query(route=query.route)):
        _unknown("route", query.route, {*routes, *(await stored.holdings()).last})
    goal, known = query.destination, gateway.destinations()
    if goal and goal not in known and not await journal.knows(stored, Query(destination=goal)):
        _unknown("destination", goal, known)
    key, folders = query.service, gateway.folders
    if key and key not in catalog.names(folders) and not await journal.knows(stored, Query(service=key)):
        fail(f"--service: {catalog.unknown(key, folders)}", 2)
    speaker = query.translator.partition("/")[0]
    spoken = Query(translator=query.translator)
    if speaker and speaker not in catalog.names(folders) and not await journal.knows(stored, spoken):
        fail(f"--translator: {catalog.unknown(speaker, folders)}", 2)


def _unknown(kind: str, name: str, known: Collection[str]) -> None:
    listed = ", ".join(sorted(known)) or "none"
    fail(f"--{kind}: neither the settings nor the journal have a {kind} {name!r}; known: {listed}", 2)
