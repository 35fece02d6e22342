"""Requests of real senders: samples of the catalog, and the same with hostile texts in them."""

import hashlib
import hmac
from collections.abc import Callable

import msgspec
from yarl import URL

from gateway.catalog import files
from gateway.model import JSON
from gateway.pipeline import sample, samplefile
from tests.conftest import SECRET, Gateway, eventually

SERVICES = ("github", "gitlab", "jira", "jenkins", "alertmanager", "grafana", "sentry", "slack", "generic")
ROUTES = "".join(
    f'[routes.{service}]\nservice = "{service}"\ndestinations = ["ops"]\nsecrets = ["{SECRET}"]\n'
    + ("" if service == "github" else "verify = [{path = true}]\n")
    for service in SERVICES
)

Change = Callable[[JSON], JSON]


def numbered(number: int) -> Change:
    """A change that makes a request another one, and no repeat of the one before."""
    return lambda body: {**body, "number": number}


def request_of(name: str):
    """The request of a sample: "github/push.commits"."""
    service, _, rest = name.partition("/")
    return sample.as_request(samplefile.load(files.builtin_folder() / service / "samples" / f"{rest}.yaml").request)


async def send(gateway: Gateway, name: str, change: Change | None = None, **headers: str) -> str:
    """Send a sample to the route of its service, its JSON changed; the id of the event. `headers` have `_` for `-`."""
    request = request_of(name)
    body = msgspec.json.encode(change(msgspec.json.decode(request.body))) if change else request.body
    return await deliver(gateway, name.partition("/")[0], body, {**request.headers, **_named(headers)}, request.query)


async def deliver(gateway: Gateway, service: str, body: bytes, headers: dict[str, str], query=None) -> str:
    """Send any body to a route; the id of the event."""
    url = URL(f"{gateway.url}/in/{service}")
    if service == "github":
        headers = {
            **headers,
            "x-hub-signature-256": f"sha256={hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()}",
        }
    else:
        url /= SECRET
    async with gateway.session.post(url, data=body, headers=headers, params=query or {}) as response:
        answer = await response.json(content_type=None)
        assert response.status in {200, 202}, answer
        return answer["id"]


async def settled(gateway: Gateway) -> None:
    """Wait until no delivery is on its way."""

    async def nothing_waits() -> bool:
        return not msgspec.json.decode((await gateway.admin("/api/v1/overview"))[1])["totals"]["waiting"]

    await eventually(nothing_waits)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower().replace("_", "-"): value for name, value in headers.items()}
