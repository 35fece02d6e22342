"""Requests that are verified with keys of another host: a gateway, its senders and that host, over real sockets."""

import asyncio
import base64
import json
from collections.abc import Sequence
from time import time
from urllib.parse import quote

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.app.fetching import Outside
from gateway.journal import Query, Record
from gateway.outbound import keyring
from gateway.outbound.fetch import PublicResolver
from tests.app.test_fetching import HEAD, SECRET, outside, route, series, services
from tests.conftest import eventually
from tests.outbound.authority import SIGNING, Authority, Host, jwks, pem, serving

__all__ = ["services"]

HOST = "login.example.com"
TOKENS = (
    "name: Tokens\n"
    + HEAD
    + """verify:
  - {jwt: ES256, header: Authorization, prefix: "Bearer ", audience: secret, keys: {jwks: https://login.example.com/keys}}
"""
)
NOTICES = (
    "name: Notices\n"
    + HEAD
    + """verify:
  - ecdsa: sha256
    header: X-Signature
    encoding: base64
    keys: {certificate: {header: X-Cert-Url}, hosts: ["sns.*.example.com"], names: ["sns.example.com"]}
    also: secret
"""
)
CERTIFIED = "sns.eu-west-1.example.com"


def token(kid: str, key: ec.EllipticCurvePrivateKey = SIGNING, age: float = 0.0) -> str:
    """A token that was issued some seconds ago, for five minutes."""
    issued = time() - age
    return jwt.encode({"aud": SECRET, "iat": issued, "exp": issued + 300}, key, "ES256", headers={"kid": kid})


async def send(gateway, sent: str) -> tuple[int, str]:
    """Send an event with a token; the status, and when to come again."""
    async with gateway.session.post(
        gateway.url + "/in/tokens", data=b'{"text": "hello"}', headers={"Authorization": f"Bearer {sent}"}
    ) as response:
        return response.status, response.headers.get("Retry-After", "")


async def refused(gateway, cause: str) -> float:
    """How many requests were refused for a cause."""
    return await series(gateway, f'refusals_total{{cause="{cause}"}}')


async def recorded(gateway) -> Sequence[Record]:
    """The refused requests that the journal has."""
    return (await gateway.running._running.journal.find(Query(outcome="refused"))).records


async def fetches(gateway, outcome: str) -> float:
    """How many fetches had an outcome."""
    return await series(gateway, f'key_fetches_total{{outcome="{outcome}"}}')


def tokens(gateways, services, host: Host, **more: object):
    """A gateway with a route for tokens."""
    return gateways(route("tokens"), tables=services(tokens=TOKENS), outside=outside(host), **more)


async def test_a_token_is_proven_by_a_key_of_the_host(start, services):
    """The document is fetched once, whoever comes."""
    async with serving(lambda _: jwks("a"), HOST) as host:
        gateway = await tokens(start, services, host)
        statuses = await asyncio.gather(*(send(gateway, token("a")) for _ in range(5)))
        assert {status for status, _ in statuses} <= {200, 202}  # 200: a repeat of the same body
        assert (await send(gateway, token("a", ec.generate_private_key(ec.SECP256R1()))))[0] == 401
        assert (await send(gateway, token("a", age=600)))[0] == 401
        assert await fetches(gateway, "fetched") == 1
    assert host.asked == ["/keys"]


async def test_forged_tokens_cause_one_fetch(start, services):
    """A thousand key ids that nobody has: each is refused, and the host is asked once."""
    async with serving(lambda _: jwks("a"), HOST) as host:
        gateway = await tokens(start, services, host)
        for begin in range(0, 1000, 50):
            found = await asyncio.gather(*(send(gateway, token(f"forged {begin + one}")) for one in range(50)))
            assert {status for status, _ in found} <= {401, 503}
        assert (await send(gateway, token("a")))[0] == 202
    assert host.asked == ["/keys"]
    assert await refused(gateway, "keys") + await refused(gateway, "wrong_secret") == 1000


async def test_what_cannot_be_proven_fetches_nothing(start, services):
    """Without a token, or with one for somebody else, the host is not asked."""
    async with serving(lambda _: jwks("a"), HOST) as host:
        gateway = await tokens(start, services, host)
        other = jwt.encode({"aud": "other", "exp": time() + 300}, SIGNING, "ES256", headers={"kid": "a"})
        for sent in (other, "nonsense", token("a", age=3600), ""):
            assert (await send(gateway, sent))[0] == 401
    assert host.asked == []


async def test_rotated_keys(start, services, monkeypatch):
    """A new key is found within a minute; until then the sender is to come again."""
    async with serving(lambda _: jwks(*kids), HOST) as host:
        kids = ["a"]
        gateway = await tokens(start, services, host)
        assert (await send(gateway, token("a")))[0] == 202
        kids = ["a", "b"]
        assert await send(gateway, token("b")) == (503, "60")
        assert await refused(gateway, "keys") == 1
        monkeypatch.setattr(keyring, "INTERVAL", 0.0)
        gateway.running._running._parts.ingress._judging._keys._not_before.clear()
        assert (await send(gateway, token("b")))[0] in {200, 202}
    assert len(host.asked) == 2


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda _: web.Response(status=500), "status"),
        (lambda _: web.Response(status=302, headers={"Location": f"https://{HOST}/other"}), "status"),
        (lambda _: b"k" * 200_000, "too_large"),
        (lambda _: b"<html>not keys</html>", "unusable"),
        (lambda _: b'{"keys": [{"kty": "EC", "kid": "a", "crv": "P-256", "x": "AA", "y": "AA"}]}', "unusable"),
    ],
)
async def test_a_host_that_gives_no_keys(start, services, answer, outcome):
    """The sender is to come again; the refusal is counted, and recorded with the host in its reason."""
    async with serving(answer, HOST) as host:
        gateway = await tokens(start, services, host)
        assert await send(gateway, token("a")) == (503, "60")
        assert (await refused(gateway, "keys"), await fetches(gateway, outcome)) == (1, 1)
        await eventually(lambda: recorded(gateway))
        [refusal] = await recorded(gateway)
        assert f"cannot be fetched from {HOST} now" in refusal.event.reason
        assert "keys not fetched" in refusal.refusal.hint
    assert len(host.asked) == 1
    assert not gateway.standin.posts


async def test_a_slow_host(start, services, monkeypatch):
    """The sender is answered before it gives up; the keys that come then are for its next try."""
    monkeypatch.setattr(keyring.Keyring.of, "__defaults__", (0.05,))
    go = asyncio.Event()

    async def answer(_request):
        await go.wait()
        return jwks("a")

    async with serving(answer, HOST) as host:
        gateway = await tokens(start, services, host)
        assert (await send(gateway, token("a")))[0] == 503
        go.set()
        while (await send(gateway, token("a")))[0] != 202:
            await asyncio.sleep(0.01)
    assert len(host.asked) == 1


async def test_a_host_that_is_down_or_private(start, services):
    """Nothing listens, or its name leads into a private network: 503, and nobody else is asked."""
    async with serving(lambda _: jwks("a"), HOST) as host:
        private = Outside(lambda: PublicResolver(host.names), host.authority.trusted())
        gateway = await start(route("tokens"), tables=services(tokens=TOKENS), outside=private)
        assert (await send(gateway, token("a")))[0] == 503
        assert await fetches(gateway, "forbidden") == 1
        await gateway.stop()
    again = await start(route("tokens"), tables=f'folders = ["{tables_of(services)}"]\n', outside=outside(host))
    assert (await send(again, token("a")))[0] == 503
    assert (await fetches(again, "unreachable"), host.asked) == (1, [])


def tables_of(services) -> str:
    """The folder that `services` has written to."""
    return services().split('"')[1]


async def certified(gateway, url: str, key: ec.EllipticCurvePrivateKey, body: bytes = b'{"text": "hi"}') -> int:
    """Send an event that is signed with the key of a certificate; the status."""
    signature = base64.b64encode(key.sign(body, ec.ECDSA(hashes.SHA256()))).decode()
    async with gateway.session.post(
        f"{gateway.url}/in/notices/{quote(SECRET)}", data=body, headers={"X-Signature": signature, "X-Cert-Url": url}
    ) as response:
        return response.status


async def test_a_certificate_that_the_request_names(start, services):
    """Its URL must lie on a listed host, its name be one that the document lists, and its issuer be trusted."""
    root, other = Authority(), Authority("Other Root")
    made = {
        "/good.pem": root.issue("sns.example.com"),
        "/other-name.pem": root.issue("www.example.com"),
        "/other-root.pem": other.issue("sns.example.com"),
    }

    def answer(request):
        issuer = other if "root" in request.path else root
        return pem(made[request.path][0], issuer.certificate)

    async with serving(answer, CERTIFIED, "sns.us-east-1.example.com", "sns.us-west-2.example.com") as host:
        gateway = await start(route("notices"), tables=services(notices=NOTICES), outside=outside(host, root))
        good = made["/good.pem"][1]
        assert await certified(gateway, f"https://{CERTIFIED}/good.pem", good) == 202
        assert await certified(gateway, f"https://{CERTIFIED}/good.pem", made["/other-name.pem"][1], b"2") == 401
        assert await certified(gateway, "https://evil.example.com/good.pem", good, b"3") == 401
        other_name, other_root = made["/other-name.pem"][1], made["/other-root.pem"][1]
        url = "https://sns.us-east-1.example.com/other-name.pem"
        assert await certified(gateway, url, other_name, b"4") == 401
        url = "https://sns.us-west-2.example.com/other-root.pem"
        assert await certified(gateway, url, other_root, b"5") == 503
        assert await certified(gateway, f"https://{CERTIFIED}/more.pem", good, b"6") == 503  # asked a moment ago
        assert (await fetches(gateway, "fetched"), await fetches(gateway, "unusable")) == (2, 1)
    assert host.asked == ["/good.pem", "/other-name.pem", "/other-root.pem"]


async def test_a_large_body(start, services):
    """What is judged beside the event loop has its keys fetched, too."""
    async with serving(lambda _: jwks("a"), HOST) as host:
        gateway = await tokens(start, services, host)
        body = json.dumps({"text": "x" * 100_000}).encode()
        headers = {"Authorization": f"Bearer {token('a')}"}
        async with gateway.session.post(gateway.url + "/in/tokens", data=body, headers=headers) as response:
            assert response.status == 202
