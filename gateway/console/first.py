"""The first request: for each route a command that sends one as pasted, and what will be seen of it.

The request is that of a sample of the catalog. A route that wants a signature gets a command that makes one, with
openssl; the secret comes from the variable of the settings, or from whoever pastes the command, who is asked for it.
"""

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from gateway.catalog import files
from gateway.catalog.service import Service
from gateway.console import signing
from gateway.console.catalog import public_base
from gateway.console.curl import quote
from gateway.console.headline import headline
from gateway.console.masked import readable
from gateway.console.port import Gateway
from gateway.console.signing import Written
from gateway.console.web.operations import Ask, Operation
from gateway.errors import CatalogError, Refused
from gateway.mattermost.payload import encode
from gateway.model import Outcome, Request
from gateway.pipeline import sample, samplefile
from gateway.pipeline.route import Route
from gateway.settings import Settings
from gateway.settings.tables import RouteSettings

ROUTES: Final = 8
"""Routes for which a first request is shown."""

_TRIED: Final = 12
"""Samples of a service that are read in search of one that becomes a message."""

_USUAL: Final = 2_500
"""Bytes of a sample of what a sender usually sends; much smaller ones are of edges of a format, larger ones long."""

_BODY: Final = 20_000
"""Bytes of the largest body of a command that people paste."""


class FirstRequest(Struct, frozen=True):
    """How to send a first request to a route.

    `command` is for a POSIX shell; where it is empty, `why` says why only the service itself can send to the route.
    `title` is what the message is called, in each of the `destinations`.
    """

    route: str
    service: str
    destinations: Sequence[str]
    command: str = ""
    title: str = ""
    why: str = ""


class FirstRequests(Struct, frozen=True):
    """First requests of the routes, at most ROUTES of them."""

    requests: Sequence[FirstRequest]


async def requests(gateway: Gateway) -> list[FirstRequest]:
    """The first requests of the routes of the settings, in their order."""
    found = []
    for settings in list(gateway.settings.routes.values())[:ROUTES]:
        route, service = gateway.route(settings.name), await gateway.service(settings.service)
        if route is None or service is None:
            continue
        found.append(await asyncio.to_thread(_first, gateway.settings, settings, route, service))
    return found


def base(settings: Settings) -> str:
    """The URL of the gateway for somebody on its machine."""
    return public_base(settings)[0].replace("http://HOST:", "http://localhost:")


def _first(settings: Settings, table: RouteSettings, route: Route, service: Service) -> FirstRequest:
    chosen = _sample(service, files.layered(settings.catalog.folders), route)
    written = signing.unproven() if route.open else signing.write(route.schemes(service))
    if written is None or chosen is None:
        how = "signs in a way that no command can repeat" if written is None else "has no sample to send"
        why = f"{service.name} {how}: have it send a test, as the catalog says"
        return FirstRequest(table.name, table.service, table.destinations, why=why)
    request, title = chosen
    left_out = signing.headers(route.schemes(service)) | {"user-agent"}
    variable = next((secret.variable for secret in table.secrets if secret.variable), "")
    lines = [] if route.open else [_secret(variable, table.name)]
    lines += _send(f"{base(settings)}/in/{table.name}", request, service, written, left_out)
    return FirstRequest(table.name, table.service, table.destinations, "\n".join(["(", *lines, ")"]), title)


def _secret(variable: str, route: str) -> str:
    """The line that sets SECRET. What follows is not sent without one: all lines are one subshell.

    A shell reads that whole before it begins, so that `read` takes what is typed and not the next line that was pasted.
    """
    if variable:
        return f'SECRET="${{{variable}:?is not set in this shell, it is the secret of the route {route}}}"'
    return f"printf 'The secret of the route {route}: ' >&2; IFS= read -r SECRET"


def _send(url: str, request: Request, service: Service, written: Written, left_out: AbstractSet[str]) -> list[str]:
    """The lines that set BODY, sign it, and send it."""
    body = (readable(request.body) or "").strip()
    fresh = {*(service.delivery_headers or ())} - {*written.names}
    made = fresh | {*written.names} | left_out
    headers = {"content-type": "application/json", **request.headers}
    options = [f"--header {quote(f'{name}: {value}')}" for name, value in headers.items() if name not in made]
    options += [f'--header "{name}: first-$(date +%s)"' for name in sorted(fresh)]
    options += [*written.options, '--data-raw "$BODY"']
    curl = "curl --globoff" if "[" in url else "curl"
    call = " \\\n  ".join([f"{curl} {quote(url)}{written.url}{_query(request, written)}", *options])
    return [f"BODY={quote(body)}", *written.before, call]


def _query(request: Request, written: Written) -> str:
    """The parameters of the request, behind what proves it in the URL."""
    given = urlencode(request.query)
    return quote(f"{'&' if '?' in written.url else '?'}{given}") if given else ""


def _sample(service: Service, folders: Sequence[Path], route: Route) -> tuple[Request, str] | None:
    """The request of a usual sample that becomes a message on this route, and the title of the message."""
    paths = {path.name: path for folder in folders for path in (folder / service.key / "samples").glob("*.yaml")}
    for path in sorted(paths.values(), key=lambda path: abs(path.stat().st_size - _USUAL))[:_TRIED]:
        try:
            request = sample.as_request(samplefile.load(path).request)
            reading = sample.read(service, request, route.wishes)
        except (CatalogError, Refused, OSError):
            continue
        text = readable(request.body)
        usual = request.method == "POST" and text and "\r" not in text
        if not usual or len(request.body) > _BODY or reading.outcome is not Outcome.MESSAGE:
            continue
        messages = [message for piece in reading.pieces for message in piece.messages]
        if messages and (title := headline(encode(messages[0]))):
            return request, title
    return None


async def _requests(ask: Ask) -> FirstRequests:
    return FirstRequests(await requests(ask.gateway))


OPERATIONS = (
    Operation(
        method="GET",
        path="/first-requests",
        name="firstRequests",
        summary="For each route a command that sends a first request, and what it becomes.",
        call=_requests,
        result=FirstRequests,
    ),
)
