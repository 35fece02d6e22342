"""The running gateway, as commands ask it: over the API of its admin listener, with the token of the settings."""

import ipaddress
import os
from contextlib import suppress
from typing import Final, TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from gateway.settings import Settings
from gateway.settings.keys import Address

T = TypeVar("T", bound=Struct)

SECONDS: Final = 10.0
"""Seconds that the gateway may take to answer."""


class NoGatewayError(Exception):
    """No gateway answers, or not as one of this version does; the text says what to do."""


async def ask(known: Settings, path: str, kind: type[T], seconds: float = SECONDS) -> T:
    """GET an operation of the API, such as "/overview". Raises NoGatewayError."""
    if not known.server.admin.port:
        raise NoGatewayError("[server] admin has port 0, which the system chose: name a port, and restart the gateway")
    token = known.admin.read_token or known.admin.token
    headers = {"Authorization": f"Bearer {token.reveal()}"} if token is not None else {}
    url = base(known.server.admin)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session,
            session.get(f"{url}/api/v1{path}", headers=headers, allow_redirects=False) as got,
        ):
            return _decoded(got.status, await got.read(), url, path, kind)
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


def _decoded(code: int, body: bytes, url: str, path: str, kind: type[T]) -> T:
    if code in (401, 403):
        raise NoGatewayError(
            f"the gateway at {url} does not take the token of these settings: it was started with another"
        )
    try:
        return msgspec.json.decode(body if code == 200 else b"", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NoGatewayError(f"{url} is not a gateway of this version: GET /api/v1{path} answered {code}") from None
