"""What a request waits for before it is judged."""

import asyncio

import pytest

from gateway.catalog.kinds import Text
from gateway.catalog.service import Service
from gateway.errors import Refused
from gateway.ingress.budget import Budget
from gateway.ingress.clock import Clock
from gateway.ingress.judging import Judging
from gateway.ingress.workers import Workers
from gateway.mattermost.fit import Limits
from gateway.model import Cause, Request
from gateway.outbound.keyring import Keyring
from gateway.pipeline.route import Route
from gateway.secret import Secret
from gateway.settings.tables import RouteSettings
from tests.outbound.authority import jwks

RULE = {"ecdsa": "sha256", "header": "X-Signature", "encoding": "base64", "also": "secret"}
KEYS = {"pem": "https://keys.example.com/key"}
SERVICE = Service("s", {"name": "S", "verify": [RULE | {"keys": KEYS}]}, Text("s", "", ""))
PLAIN = Service("s", {"name": "S"}, Text("s", "", ""))
REQUEST = Request(headers={"x-signature": "AAAA", "authorization": "Bearer s3cret"}, body=b"x" * 100)


def route(**more: object) -> Route:
    """A route with a secret, unless told otherwise."""
    return Route(
        RouteSettings(**{"name": "r", "service": "s", "destinations": ("ops",), "secrets": (Secret("s3cret"),)} | more),
        10**6,
        64,
    )


class Bed:
    """A judging whose keys a test releases."""

    def __init__(self, limit: int = 10**6) -> None:
        self.asked = 0
        self.go = asyncio.Event()
        self.budget = Budget(limit, limit)
        self.judging = Judging(self.budget, Workers(), Clock(), Keyring(self.get), Limits())

    async def get(self, _request) -> bytes:
        """Give a document that has no PEM, when the test says so."""
        self.asked += 1
        await self.go.wait()
        return jwks("a")

    async def judge(self, route: Route, service: Service, request: Request = REQUEST) -> str:
        """The cause for which a request is refused, "" for none."""
        judged = await self.judging.judge(route, service, request, ["s3cret"], "peer")
        return judged.refusal.cause if judged.refusal else ""


async def test_memory_is_held_while_keys_are_fetched():
    """Nobody has proven anything yet; afterwards it is given back."""
    bed = Bed()
    running = asyncio.ensure_future(bed.judge(route(), SERVICE))
    while not bed.asked:
        await asyncio.sleep(0)
    assert bed.budget.size == len(REQUEST.body)
    bed.go.set()
    assert await running == Cause.KEYS
    assert bed.budget.size == 0


async def test_a_route_with_schemes_of_its_own():
    """They stand instead of those of the service."""
    bed = Bed()
    bed.go.set()
    assert await bed.judge(route(verify=(RULE | {"keys": KEYS},)), PLAIN) == Cause.KEYS
    assert bed.asked == 1


async def test_without_room_nothing_is_fetched():
    """The sender is to come again."""
    bed = Bed(limit=99)
    with pytest.raises(Refused) as caught:
        await bed.judge(route(), SERVICE)
    assert (caught.value.status, bed.asked) == (503, 0)


@pytest.mark.parametrize(
    ("made", "service", "cause"),
    [
        (route(), PLAIN, ""),
        (route(verify=({"header": "Authorization", "prefix": "Bearer "},)), SERVICE, ""),
        (route(secrets=(), allow_unsigned=True), SERVICE, ""),
    ],
)
async def test_routes_that_need_no_keys(made, service, cause):
    """The service has no such scheme, the route has others, or it takes anything."""
    bed = Bed()
    assert (await bed.judge(made, service), bed.asked) == (cause, 0)


async def test_a_gateway_without_a_keyring():
    """As in tests and tools: what only a fetched key could prove is refused."""
    judging = Judging(Budget(10**6, 10**6), Workers(), Clock(), None, Limits())
    judged = await judging.judge(route(), SERVICE, REQUEST, ["s3cret"], "peer")
    assert (judged.refusal.status, judged.refusal.cause) == (503, Cause.KEYS)
