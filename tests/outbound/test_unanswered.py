"""Every error of the client library becomes a result that says what to do and shows no URL."""

import errno
import ssl
from types import SimpleNamespace

import aiohttp
import pytest

from gateway.model import Later
from gateway.observe.metrics import CODES
from gateway.outbound.unanswered import unanswered, was_sent

SECRET = "y3ndrf8gejkmcpqxot1uwisza5"


def walk(kind):
    """Give a class and all that derive from it."""
    yield kind
    for child in kind.__subclasses__():
        yield from walk(child)


def instance(kind):
    """Make an error of aiohttp without its many arguments, its texts full of the secret."""
    error = kind.__new__(kind)
    url = f"https://chat.example.com/hooks/{SECRET}"
    error.args = (url,)
    key = SimpleNamespace(host="chat.example.com", port=443, ssl=True, is_ssl=True)
    values = {"_conn_key": key, "_os_error": OSError(111, "refused"), "request_info": url, "status": 502}
    for name, value in values.items():
        try:
            setattr(error, name, value)
        except AttributeError:
            continue
    return error


@pytest.mark.parametrize("kind", sorted(set(walk(aiohttp.ClientError)), key=lambda k: k.__name__))
def test_every_error_of_aiohttp_is_mapped(kind):
    """No class of the library is without a result of a known class, and none leaks the URL."""
    got = unanswered(instance(kind))
    assert isinstance(got, Later)
    assert got.code in CODES
    assert SECRET not in got.reason


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (aiohttp.ClientConnectorCertificateError, "tls"),
        (aiohttp.ClientConnectorSSLError, "tls"),
        (aiohttp.ServerFingerprintMismatch, "tls"),
        (ssl.SSLError, "tls"),
        (TimeoutError, "timeout"),
        (aiohttp.ConnectionTimeoutError, "timeout"),
        (aiohttp.SocketTimeoutError, "timeout"),
        (aiohttp.ClientConnectorDNSError, "network"),
        (aiohttp.ServerDisconnectedError, "network"),
        (ConnectionResetError, "network"),
    ],
)
def test_errors_have_their_class(kind, code):
    """Certificates, time and the network are told apart."""
    assert unanswered(instance(kind)).code == code


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (aiohttp.ClientConnectorDNSError, False),
        (aiohttp.ClientConnectorCertificateError, False),
        (aiohttp.ClientProxyConnectionError, False),
        (aiohttp.ClientHttpProxyError, False),
        (aiohttp.ServerFingerprintMismatch, False),
        (aiohttp.InvalidURL, False),
        (aiohttp.ServerDisconnectedError, True),
        (aiohttp.ClientOSError, True),
        (aiohttp.ClientPayloadError, True),
        (ConnectionResetError, True),
        (ssl.SSLError, True),
        (TimeoutError, True),
        (aiohttp.SocketTimeoutError, True),
    ],
)
def test_what_fails_before_a_request_leaves_is_told_apart(kind, sent):
    """Only what surely failed before is; of all else the server may have the request."""
    assert was_sent(instance(kind)) is sent


@pytest.mark.parametrize(("number", "word"), [(None, "complete"), (errno.EPIPE, "complete (Broken pipe)")])
def test_a_text_of_the_library_is_not_the_reason_of_the_system(number, word):
    """A body that could not be written has the URL in its text, where others have the system's word."""
    error = aiohttp.ClientOSError(number, f"Can not write request body for https://chat.example.com/hooks/{SECRET}")
    assert unanswered(error).reason == f"the connection broke before the answer was {word}"


def test_other_errors_are_not_swallowed():
    """An error that has nothing to do with the network is a fault of the program."""
    with pytest.raises(TypeError):
        unanswered(KeyError("x"))
