"""What the answers of a Mattermost server have in common, whether a webhook or the REST interface gives them.

Errors of aiohttp become results in `unanswered` and nowhere else. Of an error document only the `id` field, which names
the case, is shown: its `message` repeats secrets and third-party text.
"""

import re
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Protocol

import aiohttp
import msgspec
from msgspec import Struct

from gateway import __version__
from gateway.model import Later

BODY_LIMIT = 64 * 1024
"""Bytes of an answer that are read; what follows is not waited for."""

AFTER_LIMIT = 3600.0
"""Seconds: a server that asks for more is asked again after an hour."""

USER_AGENT = f"mattergate/{__version__}"

NO_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=None)
"""For calls that have a timer of their own around the whole attempt, a second request after a new login included."""

_ERROR_ID = re.compile(r"[a-z_]{1,60}(\.[a-z_]{1,60}){1,6}")


class Revealing(Protocol):
    """A secret text that shows itself only when asked."""

    def reveal(self) -> str:
        """Return the text."""


class _ErrorDocument(Struct):
    id: str = ""


_error_document = msgspec.json.Decoder(_ErrorDocument)


def error_id(body: bytes) -> str:
    """The id of an error document, empty for anything else; hardened servers leave it out where they fail."""
    try:
        found = _error_document.decode(body).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return found if _ERROR_ID.fullmatch(found) else ""


def shown_id(body: bytes) -> str:
    """` (the.error.id)` of an error document, empty for anything else."""
    found = error_id(body)
    return f" ({found})" if found else ""


def wait(headers: Mapping[str, str], now: float) -> float | None:
    """Retry-After, or X-RateLimit-Reset, which is seconds until the reset although its documentation says epoch."""
    after = retry_after(headers, now)
    return _seconds(headers.get("X-RateLimit-Reset", "")) if after is None else after


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """RFC 9110 section 10.2.3: seconds or an HTTP date; None when absent or unreadable."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    after = _seconds(value)
    if after is not None:
        return after
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits is no ValueError
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
    (
        aiohttp.ClientConnectorDNSError,
        "network",
        "the host name does not resolve: check the host in the settings, and DNS",
    ),
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
        "the URL cannot be used: check the one in the settings",
    ),
    (aiohttp.ClientPayloadError, "network", "the answer broke off or could not be decoded"),
    (aiohttp.ClientResponseError, "network", "the answer is not proper HTTP: check what listens at that address"),
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


def open_session(
    tls: ssl.SSLContext | bool = True, middlewares: Sequence[aiohttp.ClientMiddlewareType] = ()
) -> aiohttp.ClientSession:
    """Open a session for any number of senders; the caller closes it.

    Connections are limited by the destinations' concurrency, not here. Cookies are not kept: a session cookie would
    make the next POST fail Mattermost's CSRF check (contract 7, 20). `tls` is a context that knows a private authority.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=tls, keepalive_timeout=30.0, enable_cleanup_closed=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding"),
        raise_for_status=False,
        middlewares=middlewares,
    )


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """Read the body, at most BODY_LIMIT bytes; a connection with more on it is not used again."""
    body = await response.content.read(BODY_LIMIT)
    while len(body) < BODY_LIMIT:
        more = await response.content.read(BODY_LIMIT - len(body))
        if not more:
            return body
        body += more
    response.close()
    return body
