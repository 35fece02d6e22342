"""Posting to an incoming webhook of Mattermost, and what its answers mean.

`classify` is a pure table over contract 1.8. Errors of aiohttp become results in `unanswered` and nowhere else. The URL
of a hook is its whole credential and the server repeats the hook's id in the `message` of nearly every error: no reason
ever holds either; of an error document only the `id` field, which names the case, is shown.
"""

import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import time
from typing import Protocol

import aiohttp
import msgspec
from msgspec import Struct
from multidict import CIMultiDict
from yarl import URL

from gateway import __version__
from gateway.model import Delivered, Delivery, Later, Never, Result

BODY_LIMIT = 64 * 1024
"""Bytes of an answer that are read; what follows is not waited for."""

AFTER_LIMIT = 3600.0
"""Seconds: a server that asks for more is asked again after an hour."""

_HEADERS = CIMultiDict({"Content-Type": "application/json", "User-Agent": f"mattergate/{__version__}"})
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=None)
"""One timer around the whole attempt costs a third of aiohttp's own."""
_ERROR_ID = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40}){1,6}")


class Revealing(Protocol):
    """A secret text that shows itself only when asked."""

    def reveal(self) -> str:
        """Return the text."""


class _ErrorDocument(Struct):
    id: str = ""


_error_document = msgspec.json.Decoder(_ErrorDocument)

_REFUSALS = {
    400: "unknown incoming webhook, or payload refused{id}: recreate the hook in Mattermost (Integrations, Incoming "
    "Webhooks) and update the destination if it is gone; otherwise look at the payload",
    403: "the hook may not post there{id}: it is locked to another channel, or its owner cannot write to the channel; "
    "unlock the hook, invite its owner, or leave out the channel",
    404: "not found{id}: with an id, the channel does not exist in the hook's team; without one, the URL is not "
    "that of a hook, so check its path",
    405: "the URL does not take POST: check that it ends in /hooks/ and the hook's id",
    413: "too large{id}: raise MaximumPayloadSizeBytes in Mattermost, or the body limit of the proxy before it",
    414: "the URL is too long: check the URL of the hook, or raise MaximumURLLength in Mattermost",
    501: "incoming webhooks are disabled{id}: turn on EnableIncomingWebhooks in Mattermost, then replay",
}
_DECODE_REFUSAL = (
    "the payload could not be read{id}: larger than MaximumPayloadSizeBytes of Mattermost, or a value of a wrong type"
)
_DELAYS = {
    401: "a proxy before Mattermost asks for a login: exempt /hooks/ from it",
    407: "a proxy asks for credentials: check the proxy settings of this host",
    408: "the server waited too long for the request",
    425: "the server is not ready to take early data",
}


def classify(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Result:
    """Tell what an answer means (contract 1.8). `headers` looks names up in any case; `now` is epoch seconds."""
    if 200 <= status < 300:
        return _success(status, body)
    if status == 429:
        return Later("429: rate limit exceeded", _wait(headers, now), "429")
    if 300 <= status < 400:
        return Never(f"{status}: {_redirect(headers)}", "3xx")
    shown = _shown_id(body)
    if status in _REFUSALS:
        decode = status == 400 and "decode" in shown
        text = _DECODE_REFUSAL if decode else _REFUSALS[status]
        return Never(f"{status}: {text.format(id=shown)}", _class_of(status))
    if status in _DELAYS:
        return Later(f"{status}: {_DELAYS[status]}", _retry_after(headers, now), "4xx")
    if 400 <= status < 500:
        return Never(f"{status}: refused{shown}: check the URL of the hook and what stands before Mattermost", "4xx")
    after = _retry_after(headers, now) if status == 503 else None
    if shown.startswith(" (web.incoming_webhook."):
        hint = f"Mattermost could not store the message{shown}: see its log; this may be permanent for this message"
        return Later(f"{status}: {hint}", after, "5xx")
    return Later(f"{status}: the server or a proxy before it failed{shown}", after, "5xx")


def _success(status: int, body: bytes) -> Result:
    if status == 200 and body.strip() == b"ok":
        return Delivered()
    return Later(
        f"{status} without Mattermost's `ok`: a proxy or login page answers in its place; "
        "check the URL of the hook and what stands before Mattermost",
        None,
        "2xx",
    )


def _redirect(headers: Mapping[str, str]) -> str:
    if headers.get("Location", "").lower().startswith("https:"):
        return "the server redirects: write the hook's URL with https:// and the host of Mattermost's SiteURL"
    return "the server redirects: write the hook's URL with the scheme, host and path of Mattermost's SiteURL"


def _shown_id(body: bytes) -> str:
    """` (the.error.id)` of an error document, empty for anything else; hardened servers leave the id out."""
    try:
        found = _error_document.decode(body).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return f" ({found})" if _ERROR_ID.fullmatch(found) else ""


def _class_of(status: int) -> str:
    return f"{status // 100}xx"


def _wait(headers: Mapping[str, str], now: float) -> float | None:
    """Retry-After, or X-RateLimit-Reset, which is seconds until the reset although its documentation says epoch."""
    after = _retry_after(headers, now)
    return _seconds(headers.get("X-RateLimit-Reset", "")) if after is None else after


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """RFC 9110 section 10.2.3: seconds or an HTTP date; None when absent or unreadable."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    after = _seconds(value)
    if after is not None:
        return after
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return min(max(date.timestamp() - now, 0.0), AFTER_LIMIT)


def _seconds(value: str) -> float | None:
    value = value.strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return min(float(value[:10]), AFTER_LIMIT)


_UNANSWERED: tuple[tuple[type[BaseException], str, str], ...] = (
    (
        aiohttp.ClientConnectorCertificateError,
        "tls",
        "the certificate does not verify: check the host name and the expiry, or set `ca_file` to the authority",
    ),
    (aiohttp.ServerFingerprintMismatch, "tls", "the certificate has changed: its fingerprint is not the expected one"),
    (aiohttp.ClientSSLError, "tls", "no TLS connection: check that the port speaks https, and its protocol versions"),
    (ssl.SSLError, "tls", "the TLS connection broke: check the server and what stands before it"),
    (TimeoutError, "timeout", "no answer in time: check that Mattermost is up and reachable, or raise `timeout`"),
    (aiohttp.ClientConnectorDNSError, "network", "the host name does not resolve: check the hook's host and DNS"),
    (
        aiohttp.ClientProxyConnectionError,
        "network",
        "the proxy cannot be reached: check the proxy settings of this host",
    ),
    (
        aiohttp.ClientConnectorError,
        "network",
        "cannot connect: check that Mattermost is up, and the firewall between",
    ),
    (aiohttp.ClientConnectionError, "network", "the connection broke before the answer was complete"),
    (
        aiohttp.ClientHttpProxyError,
        "network",
        "the proxy refused the connection: check the proxy settings of this host",
    ),
    (
        aiohttp.InvalidURL,
        "network",
        "the hook's URL cannot be used: write https://, the host, /hooks/ and the hook's id",
    ),
    (aiohttp.ClientPayloadError, "network", "the answer broke off or could not be decoded"),
    (aiohttp.ClientResponseError, "network", "the answer is not proper HTTP: check what listens at the hook's address"),
    (aiohttp.ClientError, "network", "the request could not be sent"),
    (OSError, "network", "the connection broke"),
)


def unanswered(error: BaseException) -> Later:
    """Return the result of an attempt that got no answer; TypeError for an error that has nothing to do with it.

    The error's own text is not used, for it may hold the URL; of the operating system's error the reason is.
    """
    for kind, code, text in _UNANSWERED:
        if isinstance(error, kind):
            detail = error.strerror if isinstance(error, OSError) and code == "network" else None
            return Later(f"{text} ({detail})" if detail else text, None, code)
    raise TypeError(f"not an error of the network: {type(error).__name__}")


def open_session(tls: ssl.SSLContext | bool = True) -> aiohttp.ClientSession:
    """Open a session for `HookSender`s; the caller closes it.

    Connections are limited by the destinations' concurrency, not here. Cookies are not kept: a session cookie would
    make the next POST fail Mattermost's CSRF check (contract 7, 20). `tls` is a context that knows a private authority.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=tls, keepalive_timeout=30.0, enable_cleanup_closed=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding"),
        raise_for_status=False,
    )


class HookSender:
    """Sends payloads to one incoming webhook. `timeout` is seconds for one attempt, connecting included."""

    def __init__(self, url: Revealing, session: aiohttp.ClientSession, timeout: float = 10.0) -> None:
        self._url = URL(url.reveal())
        self._session = session
        self._timeout = timeout

    async def send(self, delivery: Delivery) -> Result:
        """POST one message of JSON. Never raises for what the network or the server does; see `classify`."""
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._session.post(
                    self._url, data=delivery.payload, headers=_HEADERS, allow_redirects=False, timeout=_NO_TIMEOUT
                ) as response,
            ):
                body = await _read(response)
                return classify(response.status, response.headers, body, time())
        except (aiohttp.ClientError, OSError) as error:
            return unanswered(error)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read the body, at most BODY_LIMIT bytes; a connection with more on it is not used again."""
    body = await response.content.read(BODY_LIMIT)
    while len(body) < BODY_LIMIT:
        more = await response.content.read(BODY_LIMIT - len(body))
        if not more:
            return body
        body += more
    response.close()
    return body


class PassthroughSender:
    """Sends each delivery to the incoming webhook that is its address; `url_of` makes the URL of a hook's id."""

    def __init__(
        self, url_of: Callable[[str], Revealing], session: aiohttp.ClientSession, timeout: float = 10.0
    ) -> None:
        self._url_of = url_of
        self._session = session
        self._timeout = timeout

    async def send(self, delivery: Delivery) -> Result:
        """POST one message of JSON. Never raises for what the network or the server does; see `classify`."""
        return await HookSender(self._url_of(delivery.address), self._session, self._timeout).send(delivery)
