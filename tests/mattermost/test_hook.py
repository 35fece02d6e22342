"""Posting to incoming webhooks: the table of answers, and the wire."""

import asyncio
import socket

import pytest
from aiohttp import web
from multidict import CIMultiDict

from gateway.mattermost.hook import HookSender, classify
from gateway.model import Delivered, Delivery, Later
from gateway.observe.metrics import CODES
from gateway.outbound.retry_after import AFTER_LIMIT
from gateway.outbound.sessions import open_session
from tests.conftest import PATIENCE
from tests.mattermost.blaming import DESTINATION, EVERYWHERE, MESSAGE, UNKNOWN, blamed

NOW = 1_700_000_000.0
SECRET = "y3ndrf8gejkmcpqxot1uwisza5"
GENERAL = "web.incoming_webhook.general.app_error"


def delivery(payload=b"{}", address=""):
    """A delivery of one payload."""
    return Delivery(1, "e", NOW, "ops", "ops lane", payload, address=address)


def answer(status, body=b"", **headers):
    """Classify an answer; underscores in header names stand for hyphens."""
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return classify(status, named, body, NOW)


def problem(identifier, status=400):
    """Build an error document as the server does, with the secret in its message."""
    return b'{"id":"%s","message":"Unable to get hook %s","detailed_error":"","request_id":"r","status_code":%d}' % (
        identifier.encode(),
        SECRET.encode(),
        status,
    )


def test_ok_is_delivered():
    """Only a 200 whose body is `ok` says that Mattermost has the message."""
    assert answer(200, b"ok") == Delivered(status=200)


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>Log in"), (200, b""), (204, b""), (201, b"ok")])
def test_another_success_is_not_mattermost(status, body):
    """A page of a proxy or a login is no delivery: it is tried again."""
    got = answer(status, body)
    assert blamed(got) is DESTINATION
    assert "proxy or login page" in got.reason
    assert got.code == "2xx"


TABLE = [
    *EVERYWHERE,
    (300, "", DESTINATION, "3xx", "SiteURL"),
    (308, "", DESTINATION, "3xx", "SiteURL"),
    (400, GENERAL, UNKNOWN, "4xx", "recreate the hook"),
    (400, "web.incoming_webhook.decode.app_error", MESSAGE, "4xx", "MaximumPayloadSizeBytes"),
    (400, "", UNKNOWN, "4xx", "unknown incoming webhook"),
    (401, "", DESTINATION, "4xx", "asks for a login"),
    (403, GENERAL, UNKNOWN, "4xx", "locked to another channel"),
    (404, GENERAL, UNKNOWN, "4xx", "channel does not exist"),
    (404, "", DESTINATION, "4xx", "check its path"),
    (405, "", DESTINATION, "4xx", "POST"),
    (500, GENERAL, UNKNOWN, "5xx", "may be permanent"),
    (501, GENERAL, DESTINATION, "5xx", "EnableIncomingWebhooks"),
]


@pytest.mark.parametrize(("status", "identifier", "fault", "code", "hint"), TABLE)
def test_every_answer_has_a_meaning_and_a_remedy(status, identifier, fault, code, hint):
    """Each status of contract 1.8 becomes the right result, with the case's id and what to do."""
    got = answer(status, problem(identifier, status) if identifier else b"something")
    assert (blamed(got), got.code, got.status) == (fault, code, status)
    assert got.reason.startswith(f"{status}: ")
    assert hint in got.reason
    assert SECRET not in got.reason


def test_no_status_is_without_a_result():
    """Whatever number comes, there is a result with a known class, and the server's own text stays out of it."""
    for status in (101, *range(200, 1000)):
        got = answer(status, problem(f"x.{SECRET}", status))
        assert got.code in CODES
        assert SECRET not in getattr(got, "reason", "")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": 5}', b"\xff\xfe", b'{"id": "https://x/hooks/abc"}', b"{" * 9000])
def test_an_unreadable_error_document_is_passed_over(body):
    """What is not an error document of Mattermost adds nothing to the reason."""
    assert "(" not in answer(400, body).reason.replace("(Integrations, Incoming Webhooks)", "")


def test_a_redirect_to_https_says_so():
    """The usual mistake, http for https, is named; the target, which holds the id, is not."""
    got = answer(301, b"", Location=f"https://chat.example.com/hooks/{SECRET}")
    assert "https://" in got.reason
    assert SECRET not in got.reason


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [
        (429, {"Retry_After": "7"}, 7.0),
        (429, {"Retry_After": "7", "X_RateLimit_Reset": "3"}, 7.0),
        (429, {"X_RateLimit_Reset": "3"}, 3.0),
        (429, {"Retry_After": "soon"}, None),
        (429, {"Retry_After": "-5"}, None),
        (429, {"Retry_After": "9" * 400}, AFTER_LIMIT),
        (429, {"Retry_After": "Wed, 99 Foo"}, None),
        (429, {}, None),
        (503, {"Retry_After": "30"}, 30.0),
        (503, {"X_RateLimit_Reset": "3"}, None),
        (502, {"Retry_After": "30"}, None),
    ],
)
def test_how_long_to_wait(status, headers, after):
    """Retry-After counts on 429 and 503; seconds until the reset of the limit count on 429 only."""
    assert answer(status, b"limit exceeded", **headers).after == after


class Held:
    def __init__(self, text):
        self.text = text

    def reveal(self):
        """Show the text."""
        return self.text


@pytest.fixture
async def post(aiohttp_server):
    """Serve a handler as the hook; returns a function that sends it one payload."""
    sessions = []

    async def make(handler, timeout=PATIENCE, payload=b'{"text":"hi"}'):
        app = web.Application()
        app.router.add_route("*", f"/hooks/{SECRET}", handler)
        server = await aiohttp_server(app)
        session = open_session()
        sessions.append(session)
        url = Held(str(server.make_url(f"/hooks/{SECRET}")))
        return await HookSender(url, session, timeout).send(delivery(payload))

    yield make
    for session in sessions:
        await session.close()


async def test_what_goes_over_the_wire(post):
    """The payload goes as it is, as JSON, with no header that is not needed."""
    seen = {}

    async def handler(request):
        seen.update(method=request.method, body=await request.read(), headers=request.headers)
        return web.Response(text="ok")

    assert await post(handler) == Delivered(status=200)
    assert (seen["method"], seen["body"]) == ("POST", b'{"text":"hi"}')
    assert seen["headers"]["Content-Type"] == "application/json"
    assert seen["headers"]["User-Agent"].startswith("mattergate/")
    assert set(seen["headers"]) == {"Host", "Content-Type", "User-Agent", "Content-Length"}


async def test_no_answer_in_time(post):
    """A server that does not answer in time is tried again."""

    async def handler(request):
        await asyncio.sleep(0.5)
        return web.Response(text="ok")

    got = await post(handler, timeout=0.05)
    assert (type(got), got.code) == (Later, "timeout")


async def test_a_connection_that_breaks(post):
    """A connection closed before the answer is tried again."""

    async def handler(request):
        request.transport.abort()
        return web.Response()

    got = await post(handler)
    assert (type(got), got.code) == (Later, "network")


async def test_nobody_listens():
    """A refused connection says so with the system's word for it, and does not show the URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with open_session() as session:
        got = await HookSender(Held(f"http://127.0.0.1:{port}/hooks/{SECRET}"), session).send(delivery())
    assert got.code == "network"
    assert "cannot connect" in got.reason
    assert SECRET not in got.reason


async def test_https_to_a_port_that_speaks_http(aiohttp_server):
    """A TLS handshake that fails is told apart from a network that does."""
    server = await aiohttp_server(web.Application())
    async with open_session() as session:
        got = await HookSender(Held(f"https://127.0.0.1:{server.port}/hooks/{SECRET}"), session).send(delivery())
    assert (type(got), got.code) == (Later, "tls")
    assert SECRET not in got.reason


async def test_a_sender_does_not_show_its_url():
    """Printing a sender tells nothing."""
    async with open_session() as session:
        sender = HookSender(Held(f"https://chat.example.com/hooks/{SECRET}"), session)
        assert SECRET not in repr(sender) + str(sender)
