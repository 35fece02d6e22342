"""One event of the journal, with its route and service as settings and catalog are now."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from gateway.catalog.service import Service
from gateway.console import acts, masked
from gateway.console.port import Gateway
from gateway.errors import Refused
from gateway.journal import Query, Record
from gateway.model import Delivery, Event, Request
from gateway.pipeline.route import Route
from gateway.verify.verify import Scheme


class Stored(Struct, frozen=True):
    """An event with its deliveries. `service` and `route` are None when they are gone.

    `schemes` say where secrets are in the request, `limit` how many bytes its body may inflate to. `is_act`: nobody
    sent it to a route, but it was said or clicked in Mattermost, or is a later answer to that.
    """

    record: Record
    service: Service | None
    route: Route | None
    schemes: Sequence[Scheme]
    limit: int
    is_act: bool = False

    @property
    def event(self) -> Event:
        """The event."""
        return self.record.event

    def request(self) -> Request:
        """The request, inflated and without secrets. Takes a while for a large body: not for the event loop."""
        return masked.shown_request(self.event.request, self.schemes, self.limit)


async def load(gateway: Gateway, event_id: str) -> Stored:
    """The event of this id. Raises Refused (404, 409 for a refused request, of which nothing else is kept)."""
    return await complete(gateway, await find(gateway, event_id))


async def find(gateway: Gateway, event_id: str) -> Record:
    """The record of this id, which may be a refused request. Raises Refused (404)."""
    records = (await gateway.journal.find(Query(event_id=event_id))).records if event_id else ()
    if not records:
        raise Refused(404, "Not Found", f"the journal has no event {event_id}: it forgets them after its retention")
    return records[0]


async def complete(gateway: Gateway, found: Record) -> Stored:
    """A record with what settings and catalog have of it. Raises Refused (409) for a refused request."""
    if found.refusal is not None:
        detail = f"{found.event.id} was refused: nothing is kept of such a request but why"
        raise Refused(409, "Refused", f"{detail}; when that is mended, have its sender send it again")
    service = await gateway.service(found.event.service)
    route = gateway.route(found.event.route, next((one.address for one in found.deliveries if one.address), ""))
    schemes: Sequence[Scheme] = ()
    is_act = acts.is_of_callbacks(gateway.settings, found.event.route)
    if service is not None and not is_act:
        schemes = route.schemes(service) if route is not None else service.verify
    limit = route.body_limit if route is not None else gateway.settings.server.body_limit
    return Stored(found, service, route, schemes, limit, is_act)


def gone(gateway: Gateway, deliveries: Iterable[Delivery]) -> list[str]:
    """The destinations of deliveries that the settings have no more."""
    known = gateway.destinations()
    return sorted({one.destination for one in deliveries if one.destination not in known})
