"""What the gateway fetches, from a host over TLS: keys before the proof, and confirmations after it."""

import hashlib
import hmac
import json
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from gateway.app.fetching import Fetching, Outside
from gateway.journal import Query
from gateway.model import FetchOutcome
from gateway.outbound.fetch import NotFetched, PublicResolver
from gateway.secret import Secret
from gateway.settings.proxies import Proxies
from gateway.verify.keys import KeyRequest
from tests.outbound.authority import Authority, Host, pem, serving
from tests.outbound.proxy import Proxy

HOST = "sns.eu-west-1.example.com"
SECRET = "correct horse battery staple"
HEAD = "docs: https://example.com\nsetup: For tests alone.\n"
NOTICES = (
    "name: Notices\n"
    + HEAD
    + """event: [{json: Type}]
verify: [{hmac: sha256, header: X-Signature}]
handshake:
  - when: {json: {Type: SubscriptionConfirmation}, signed: true}
    take: {json: SubscribeURL}
    effect: fetch
    hosts: [sns.*.example.com]
"""
)


def outside(host: Host, roots: Authority | None = None) -> Outside:
    """The Internet of a test: one host, and its authority."""
    return Outside(lambda: host.names, host.authority.trusted(), lambda: [roots.certificate] if roots else [])


@pytest.fixture
def services(tmp_path):
    """Make a folder of services; what goes into [catalog] to have it used."""

    def write(**texts: str) -> str:
        for name, text in texts.items():
            folder = tmp_path / "own" / name
            folder.mkdir(parents=True)
            (folder / "service.yaml").write_text(text)
        return f'folders = ["{tmp_path / "own"}"]\n'

    return write


def route(name: str) -> str:
    """A route with a secret."""
    return f'[routes.{name}]\nservice = "{name}"\ndestinations = ["ops"]\nsecrets = ["{SECRET}"]\n'


async def series(gateway, name: str) -> float:
    """The value of a series as it is scraped."""
    text = (await gateway.admin("/metrics"))[1]
    [found] = [line for line in text.splitlines() if line.startswith(f"mattergate_{name} ")]
    return float(found.rpartition(" ")[2])


async def confirm(gateway, url: str) -> int:
    """Send a signed request that asks for a URL; the status."""
    body = json.dumps({"Type": "SubscriptionConfirmation", "SubscribeURL": url}).encode()
    signature = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    async with gateway.session.post(
        gateway.url + "/in/notices", data=body, headers={"X-Signature": signature}
    ) as response:
        return response.status


async def events(gateway) -> list[tuple[str, str, str]]:
    """What the journal has of events: outcome, note, reason."""
    records = (await gateway.running._running.journal.find(Query())).records
    return [(one.event.outcome.value, one.event.note, one.event.reason) for one in records]


async def test_a_subscription_is_confirmed(start, services):
    """Its URL is asked for before the answer, and an event says so; nothing is posted."""
    async with serving(lambda _: b"<Confirmed/>", HOST) as host:
        gateway = await start(route("notices"), tables=services(notices=NOTICES), outside=outside(host))
        assert await confirm(gateway, f"https://{HOST}/?Action=Confirm&Token=a") == 200
        assert host.asked == ["/?Action=Confirm&Token=a"]
    assert await events(gateway) == [("ignored", "", "the subscription was confirmed at the URL that it names")]
    assert not gateway.standin.posts


@pytest.mark.parametrize(
    ("answer", "url", "why"),
    [
        (lambda: web.Response(status=403), f"https://{HOST}/", f"{HOST} answered 403"),
        (
            lambda: web.Response(status=302, headers={"Location": "https://127.0.0.1/"}),
            f"https://{HOST}/",
            f"{HOST} answered 302 (a redirect is not followed)",
        ),
        (
            web.Response,
            "https://evil.example.net/",
            "the host evil.example.net is not among those that the document lists",
        ),
        (web.Response, "https://sns.us-east-1.example.com/", "sns.us-east-1.example.com: no TLS connection, or "),
    ],
)
async def test_a_subscription_that_cannot_be_confirmed(start, services, answer, url, why):
    """It is an event with its reason, and told in the channel, once however often it is repeated."""
    async with serving(lambda _: answer(), HOST) as host:
        gateway = await start(route("notices"), tables=services(notices=NOTICES), outside=outside(host))
        assert await confirm(gateway, url) == 200
        [post] = await gateway.posts(1)
        text = post.attachments[0]["text"]
        assert text.startswith(f"Subscription of Notices could not be confirmed: `{why}")
        assert await confirm(gateway, url) == 200
    [(outcome, note, reason)] = await events(gateway)
    assert (outcome, note) == ("message", "unconfirmed")
    assert reason.startswith(f"the subscription could not be confirmed: {why}")
    assert len(gateway.standin.posts) == 1


async def test_nothing_is_asked_for_strangers(start, services):
    """A request without a proof is refused, whatever it asks for."""
    async with serving(lambda _: b"", HOST) as host:
        gateway = await start(route("notices"), tables=services(notices=NOTICES), outside=outside(host))
        body = {"Type": "SubscriptionConfirmation", "SubscribeURL": f"https://{HOST}/"}
        assert (await gateway.post("/in/notices", body, X_Signature="00" * 32))[0] == 401
    assert host.asked == []


CERTIFICATE = KeyRequest("certificate", f"https://{HOST}/cert.pem", ("sns.*.example.com",))


async def test_a_certificate_must_be_of_an_authority():
    """Those of the argument, not those that TLS trusts."""
    root, other = Authority(), Authority("Other Root")
    document = pem(root.issue(HOST)[0])
    async with serving(lambda _: document, HOST) as host, AsyncExitStack() as stack:
        assert await Fetching(stack, outside(host, root)).key(CERTIFICATE) == document
        document = pem(other.issue(HOST)[0], other.certificate)
        with pytest.raises(NotFetched, match="no authority") as caught:
            await Fetching(stack, outside(host, root)).key(CERTIFICATE)
        document = b"<html>"
        with pytest.raises(NotFetched, match="no certificate in PEM"):
            await Fetching(stack, outside(host, root)).key(CERTIFICATE)
    assert caught.value.outcome is FetchOutcome.UNUSABLE


async def test_a_proxy_of_the_environment():
    """It is asked for the host, and resolves the name; hosts that are exempt are judged by their addresses."""
    async with serving(lambda _: b"-----", HOST) as host, AsyncExitStack() as stack:
        proxy = Proxy({HOST: host.names.port})
        near = Outside(lambda: PublicResolver(host.names), host.authority.trusted())
        url = await stack.enter_async_context(proxy.serve())
        through = Fetching(stack, near, Proxies(https=Secret(url)))
        assert await through.key(KeyRequest("pem", f"https://{HOST}/key", (HOST,))) == b"-----"
        assert (proxy.asked, host.names.sought) == ([f"CONNECT {HOST}:443"], [])
        past = Fetching(stack, near, Proxies(https=Secret(url), exempt=(HOST,)))
        with pytest.raises(NotFetched, match="not public"):
            await past.key(KeyRequest("pem", f"https://{HOST}/key", (HOST,)))
