"""What all answers of a Mattermost server have in common: ids of errors, times to wait, and no answer at all."""

import ssl
from types import SimpleNamespace

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.mattermost.answers import AFTER_LIMIT, error_id, retry_after, shown_id, unanswered, wait
from gateway.model import Later
from gateway.observe.metrics import CODES

NOW = 1_700_000_000.0
SECRET = "y3ndrf8gejkmcpqxot1uwisza5"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"id": "api.user.login.invalid", "message": "x"}', "api.user.login.invalid"),
        (b'{"id": "web.a_b.c"}', "web.a_b.c"),
        (b'{"id": "nodots"}', ""),
        (b'{"id": "api..x"}', ""),
        (b'{"id": "API.x"}', ""),
        (b'{"id": "api.' + b"x" * 61 + b'"}', ""),
        (b'{"id": "' + b"a." * 7 + b'a"}', ""),
        (b'{"id": "api.x/../hooks"}', ""),
        (b'{"id": null}', ""),
        (b'{"message": "x"}', ""),
        (b'["id"]', ""),
        (b"<html>", ""),
        (b"", ""),
        (b'{"id": "\xff"}', ""),
    ],
)
def test_only_the_id_of_an_error_is_taken(body, found):
    """What has not the form of such an id, which names a case and nothing else, is not shown."""
    assert error_id(body) == found
    assert shown_id(body) == (f" ({found})" if found else "")


@given(st.binary() | st.text().map(lambda text: b'{"id": "%s"}' % text.encode("utf-8", "replace")))
def test_no_answer_disturbs_its_reading(body):
    """Whatever comes, the id is short, and made of small letters, underscores and dots."""
    found = error_id(body)
    assert len(found) < 430
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz_.")


@pytest.mark.parametrize(
    "value",
    [
        "soon", "-5", "1.5", "٣", "0x10", "Wed, 99 Foo", "Fri, 31 Dec 2026 23:59:59 -9999", "31 Dec 2026", "\x00",
        "Fri, 31 Dec 99999999999999999999 23:59:59 GMT", "Fri, 31 Dec 2026 99999999999999999999:00:00 GMT",
    ],
)  # fmt: skip
def test_an_unreadable_time_is_none(value):
    """Neither a number of seconds nor a date: the server has not said how long."""
    assert retry_after({"Retry-After": value}, NOW) is None


@given(
    st.lists(st.sampled_from(["Fri", ",", " ", "31", "Dec", "2026", ":", "GMT", "+", "9" * 20, "-", "(", "pm"])).map(
        "".join
    )
)
def test_any_time_to_wait_is_bounded(value):
    """Whatever stands in the header, the wait is none or between zero and an hour."""
    after = retry_after({"Retry-After": value}, NOW)
    assert after is None or 0 <= after <= AFTER_LIMIT


def test_a_date_without_a_zone_is_utc():
    """`-0000` says that the zone is not known; HTTP dates are UTC."""
    assert retry_after({"Retry-After": "Tue, 14 Nov 2023 22:13:50 -0000"}, NOW) == 30.0
    assert retry_after({"Retry-After": "Tue, 14 Nov 2023 23:13:50 +0100"}, NOW) == 30.0
    assert retry_after({"Retry-After": "Mon, 01 Jan 0001 00:00:00 GMT"}, NOW) == 0.0


def test_the_reset_of_a_limit_counts_when_nothing_else_does():
    """Header names are found in any case; an unreadable first header leaves the second."""
    assert wait(CIMultiDict({"x-ratelimit-reset": " 3 "}), NOW) == 3.0
    assert wait({"Retry-After": "soon", "X-RateLimit-Reset": "3"}, NOW) == 3.0
    assert wait({"Retry-After": "0", "X-RateLimit-Reset": "3"}, NOW) == 0.0
    assert wait({"X-RateLimit-Reset": "1700000060"}, NOW) == AFTER_LIMIT
    assert wait({}, NOW) is None


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
    for name, value in {"_conn_key": key, "_os_error": OSError(111, "refused"), "request_info": url}.items():
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


def test_other_errors_are_not_swallowed():
    """An error that has nothing to do with the network is a fault of the program."""
    with pytest.raises(TypeError):
        unanswered(KeyError("x"))


def test_the_operating_system_says_why():
    """The reason of a network's error is shown, that of a certificate's, which is told in words, is not."""
    assert unanswered(OSError(113, "No route to host")).reason == "the connection broke (No route to host)"
    assert unanswered(OSError("https://x.example/hooks/abc")).reason == "the connection broke"
    assert "(" not in unanswered(ssl.SSLError(1, SECRET)).reason
