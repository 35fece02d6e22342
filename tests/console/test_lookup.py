"""One event out of the journal, beside what the settings and the catalog say about its kind today."""

import json

import pytest

from gateway.catalog import catalog
from gateway.console import lookup
from gateway.errors import Refused
from gateway.journal import Page, Record
from gateway.model import Delivery, DeliveryState, Event, Outcome, Request
from gateway.pipeline.route import Route
from gateway.settings import Settings
from gateway.settings.tables import RouteSettings
from gateway.verify.carried import SECRET
from gateway.verify.schemes import HeaderSecret, TokenSecret
from tests.conftest import ITEMS_SERVICE

OWN = HeaderSecret("x-own")


def delivery(seq: int, destination: str = "ops", address: str = "") -> Delivery:
    """A delivery that was made."""
    return Delivery(seq, "e1", 1.0, destination, "lane", b"{}", state=DeliveryState.DELIVERED, address=address)


class Gateway:
    """A gateway that holds one event, of the route `r` and the service `items`, both of which may be gone."""

    settings = Settings()

    def __init__(self, tmp_path, *, route: dict | None, service: str | None, body: bytes = b"{}") -> None:
        self.journal = self
        self.asked: list[tuple[str, str]] = []
        request = Request("POST", {"content-type": "application/json"}, {}, body)
        event = Event("e1", 1.0, "r", "items", Outcome.MESSAGE, "item", "items/item", "", "", request)
        self.record = Record(event, (delivery(1), delivery(2, "former", "hook")))
        self._route = route
        self._service = None
        if service is not None:
            (tmp_path / "items").mkdir()
            (tmp_path / "items" / "service.yaml").write_text(ITEMS_SERVICE + service)
            self._service = catalog.load([tmp_path]).services["items"]

    async def find(self, query) -> Page:
        """The event, if it is asked for."""
        return Page((self.record,) if query.event_id == "e1" else (), "")

    async def service(self, key: str):
        """The service of this moment."""
        return self._service if key == "items" else None

    def route(self, name: str, address: str = "") -> Route | None:
        """The route of this moment."""
        self.asked.append((name, address))
        if self._route is None:
            return None
        return Route(RouteSettings(name=name, service="items", destinations=("ops",), **self._route), 77, 64)

    def destinations(self):
        """Those of this moment."""
        return {"ops": ("healthy", "")}


SIGNED = "verify: [{header: X-Service}]\n"


@pytest.mark.parametrize(
    ("route", "service", "schemes", "limit"),
    [
        ({"verify": ({"header": "X-Own"},)}, SIGNED, (OWN,), 77),
        ({"body_limit": 5}, SIGNED, (HeaderSecret("x-service"),), 5),
        ({}, "", tuple(SECRET), 77),
        (None, SIGNED, (HeaderSecret("x-service"),), Settings().server.body_limit),
        (None, "", tuple(SECRET), Settings().server.body_limit),
        ({"verify": ({"header": "X-Own"},)}, None, (), 77),
        (None, None, (), Settings().server.body_limit),
    ],
)
async def test_where_secrets_may_be_is_what_route_and_service_say_today(tmp_path, route, service, schemes, limit):
    """The route's own schemes, else the service's; the limit of the route, else the server's. What is gone is None."""
    found = await lookup.load(Gateway(tmp_path, route=route, service=service), "e1")
    assert (found.event.id, tuple(found.schemes), found.limit) == ("e1", tuple(schemes), limit)
    assert (found.route is None, found.service is None) == (route is None, service is None)


async def test_a_pass_through_event_has_the_route_of_its_hook(tmp_path):
    """The first address of its deliveries is that of the hook."""
    gateway = Gateway(tmp_path, route={}, service="")
    await lookup.load(gateway, "e1")
    assert gateway.asked == [("r", "hook")]


@pytest.mark.parametrize("event_id", ["", "e2", "'; drop table events"])
async def test_an_event_that_is_not_there(tmp_path, event_id):
    """404 that says that the journal forgets; an empty id does not ask the journal, which would take any."""
    with pytest.raises(Refused, match=r"404 Not Found: the journal has no event .*: it forgets them"):
        await lookup.load(Gateway(tmp_path, route={}, service=""), event_id)


async def test_the_request_is_shown_without_its_secrets(tmp_path):
    """A token in the body is masked by the scheme of the route of today."""
    body = json.dumps({"t": "a-long-token-of-the-body", "x": "a-long-token-of-the-body"}).encode()
    found = await lookup.load(Gateway(tmp_path, route={"verify": ({"token": "t"},)}, service="", body=body), "e1")
    assert isinstance(found.schemes[0], TokenSecret)
    assert json.loads(found.request().body) == {"t": "***", "x": "***"}


def test_destinations_that_are_gone_are_named_once(tmp_path):
    """In the order of their names."""
    gateway = Gateway(tmp_path, route=None, service=None)
    wanted = [delivery(1, "z"), delivery(2), delivery(3, "former"), delivery(4, "z")]
    assert lookup.gone(gateway, wanted) == ["former", "z"]
    assert lookup.gone(gateway, ()) == []
