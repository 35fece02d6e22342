"""The results of attempts that got no answer: the one place where errors of aiohttp become results."""

import os
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from gateway.model import Later

PROXY_CREDENTIALS = "the proxy asks for other credentials: write USER:PASSWORD@ before the host in its URL"
"""The reason of a 407, which is the answer of a proxy on the way."""

_NOT_HTTP = "the answer is not proper HTTP: check what listens at that address"

_UNANSWERED: tuple[tuple[type[BaseException], str, str], ...] = (
    (
        aiohttp.ClientConnectorCertificateError,
        "tls",
        "the certificate does not verify: check the host name and the expiry, or set `ca_file` to the authority",
    ),
    (aiohttp.ServerFingerprintMismatch, "tls", "the certificate has changed: its fingerprint is not the expected one"),
    (aiohttp.ClientSSLError, "tls", "no TLS connection: check that the port speaks https, and its protocol versions"),
    (ssl.SSLError, "tls", "the TLS connection broke: check the server and what stands before it"),
    (TimeoutError, "timeout", "no answer in time: check that the server is up and reachable, or raise `timeout`"),
    (
        aiohttp.ClientConnectorDNSError,
        "network",
        "the host name does not resolve: check the host in the settings, and DNS",
    ),
    (
        aiohttp.ClientProxyConnectionError,
        "network",
        "the proxy cannot be reached: check `proxy` of the destination, or HTTPS_PROXY and HTTP_PROXY",
    ),
    (
        aiohttp.ClientConnectorError,
        "network",
        "cannot connect: check that the server is up, and the firewall between",
    ),
    (aiohttp.ClientConnectionError, "network", "the connection broke before the answer was complete"),
    (
        aiohttp.ClientHttpProxyError,
        "network",
        "the proxy refused the connection: see its log, or go without it (`proxy`, NO_PROXY)",
    ),
    (
        aiohttp.InvalidURL,
        "network",
        "the URL cannot be used: check the one in the settings",
    ),
    (aiohttp.ClientPayloadError, "network", "the answer broke off or could not be decoded"),
    (aiohttp.ClientResponseError, "network", _NOT_HTTP),
    (HttpProcessingError, "network", _NOT_HTTP),
    (aiohttp.ClientError, "network", "the request could not be sent"),
    (OSError, "network", "the connection broke"),
)

_BEFORE_SENDING = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.InvalidURL,
)
"""What fails before a request leaves. Any other timeout may come at any time."""


def was_sent(error: BaseException) -> bool:
    """Whether the server may have got the request that failed with this network error."""
    return not isinstance(error, _BEFORE_SENDING)


def unanswered(error: BaseException) -> Later:
    """Return the result of an attempt that failed with a network error; raises TypeError for any other error.

    The error's own text may hold the URL and is not used; the reason of the operating system is.
    """
    for kind, code, text in _UNANSWERED:
        if isinstance(error, kind):
            if isinstance(error, aiohttp.ClientHttpProxyError) and error.status == 407:
                return Later(PROXY_CREDENTIALS)
            detail = _detail(error) if code == "network" else ""
            return Later(f"{text} ({detail})" if detail else text, None, code)
    raise TypeError(f"not an error of the network: {type(error).__name__}")


def _detail(error: BaseException) -> str:
    """The status that a proxy answered, or the operating system's reason.

    Of a connection that was there, only the number is the system's: aiohttp puts texts of its own beside it, with URLs.
    """
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return str(error.status)
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.strerror or ""
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
