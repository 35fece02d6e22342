"""The running gateway, as commands ask it: over the API of its admin listener, with the token of the settings."""

import ipaddress
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from gateway.console.control import Session
from gateway.console.web.problems import Problem
from gateway.secret import Secret
from gateway.settings import Settings
from gateway.settings.keys import Address

T = TypeVar("T", bound=Struct)

SECONDS: Final = 10.0
"""Seconds that the gateway may take to answer."""


_REFUSALS: Final = (404, 409, 429, 503)
"""Statuses whose problem says what a person can do."""


class NoGatewayError(Exception):
    """No gateway answers, or not as one of this version does; the text says what to do."""


async def ask(known: Settings, path: str, kind: type[T], seconds: float = SECONDS) -> T:
    """GET an operation of the API that every reader may, such as "/overview". Raises NoGatewayError."""
    token = known.admin.read_token or known.admin.token
    status, body = await _call(known, "GET", path, _bearer(token), seconds)
    return _decoded(status, body, "GET", base(known.server.admin), path, kind)


async def change(known: Settings, method: str, path: str, kind: type[T] | None = None) -> T | None:
    """Call an operation that needs an administrator; without `kind` the answer has no content.

    Raises NoGatewayError, also with the words of the gateway for what it refuses.
    """
    url, headers = base(known.server.admin), _bearer(known.admin.token)
    if method != "GET" and not headers:  # where no token is set, a change proves that it is no page of another site
        status, body = await _call(known, "GET", "/session", {}, SECONDS)
        headers = {"X-CSRF-Token": _decoded(status, body, "GET", url, "/session", Session).csrf}
    status, body = await _call(known, method, path, headers, SECONDS)
    if status in _REFUSALS:
        raise NoGatewayError(_decoded(200, body, method, url, path, Problem).detail)
    if kind is None:
        return None
    return _decoded(status, body, method, url, path, kind)


def _bearer(token: Secret | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.reveal()}"} if token is not None else {}


async def _call(
    known: Settings, method: str, path: str, headers: Mapping[str, str], seconds: float
) -> tuple[int, bytes]:
    """Status and body of an answer of the API. Raises NoGatewayError."""
    if not known.server.admin.port:
        raise NoGatewayError("[server] admin has port 0, which the system chose: name a port, and restart the gateway")
    url = base(known.server.admin)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session,
            session.request(method, f"{url}/api/v1{path}", headers=headers, allow_redirects=False) as got,
        ):
            return got.status, await got.read()
    except TimeoutError:
        problem = f"did not answer within {seconds:g} s: it is overloaded, or hangs; see its log"
        raise NoGatewayError(f"the gateway at {url} {problem}") from None
    except (aiohttp.ClientError, OSError) as error:
        number = getattr(error, "errno", None)
        why = os.strerror(number).lower() if number else str(error) or type(error).__name__
        remedy = "start it with `mattergate serve`, or name its settings with --config"
        raise NoGatewayError(f"no gateway answers at {url} ({why}): {remedy}") from None


def base(admin: Address) -> str:
    """The URL of the admin listener as this machine reaches it."""
    host = admin.host
    with suppress(ValueError):  # a name is reached as it is
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            host = "::1" if address.version == 6 else "127.0.0.1"
    return f"http://{Address(host, admin.port)}"


def _decoded(code: int, body: bytes, method: str, url: str, path: str, kind: type[T]) -> T:
    if code in (401, 403):
        raise NoGatewayError(
            f"the gateway at {url} does not take the token of these settings: it was started with another"
        )
    try:
        return msgspec.json.decode(body if code in (200, 201) else b"", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NoGatewayError(
            f"{url} is not a gateway of this version: {method} /api/v1{path} answered {code}"
        ) from None
