"""Every attack, over HTTP, against the running gateway: what one request may cost, and what none may change."""

import asyncio
import hashlib
import hmac
import json
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus

import pytest
import pytest_asyncio

from tests import builtin
from tests.conftest import PATIENCE
from tests.cost import pace
from tests.hostile import corpus, inputs, subject
from tests.hostile.attacks import ATTACKS, packed, push, sent
from tests.hostile.drafts import SECRET, Draft, prove
from tests.hostile.subject import ask

LOOP: Final = 0.02
"""Seconds of processor time that the loop's thread may take for one request."""

THREADS: Final = 0.5
"""Seconds of processor time that all threads may take for one: more would keep the interpreter from the loop."""

GROWTH: Final = 10_000_000
"""Bytes of memory that one request may cost."""

RECEIVING: Final = 5e-9
COPIES: Final = 5
"""What each byte of a request may cost besides: seconds of the loop to receive and store it, and copies at a time."""

LARGE: Final = 1_000_000
LARGE_COPIES: Final = 25
"""A request of more bytes may have many small values, each larger in memory; two of such are read at a time."""

TRIES: Final = 6
PAUSE: Final = 0.5
"""How often a request is tried before it counts as costly, and seconds between, one PAUSE more each time.

Others on the machine stretch processor time, too, and may go on for some seconds.
"""

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("hostile")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the gateway of this module has its files."""
    return tmp_path_factory.mktemp("attacks")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(folder) -> AsyncIterator[subject.Subject]:
    """A gateway that has seen a request of every kind, so that what it loads once is there."""
    async with subject.running(folder) as running:
        for name in ("a head as large as allowed", "bait: tags"):
            for request in ATTACKS[name]():
                await ask(running.port, request)
        await running.quiet(0.3)
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def console(tmp_path) -> AsyncIterator[subject.Subject]:
    """A gateway of its own: an attack that succeeds ends it."""
    async with subject.running(tmp_path, services=["github"]) as running:
        await running.quiet(0.3)
        yield running


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_costs_little(gateway, name):
    """Each request costs the loop at most 20 ms, all threads half a second, and 10 MB, beside what its bytes cost."""
    wrong = []
    for request in ATTACKS[name]():
        for tried in range(TRIES):
            await asyncio.sleep(tried * PAUSE)
            status, light, figures = await cost(gateway, request)
            print(figures)
            if light:
                break
        if not light or (status > 499 and status != 503):
            wrong.append(figures)
    assert not wrong, "\n".join(["", *wrong])


async def cost(gateway: subject.Subject, request: bytes) -> tuple[int, bool, str]:
    """Send one request; its status, whether it cost as little as it may, and its figures."""
    await gateway.quiet()
    before = await gateway.report(reset=True)
    status, _ = await ask(gateway.port, request)
    after = await gateway.quiet()
    loop, threads = after.loop - before.loop, after.process - before.process
    longest = ", ".join(f"{callback.what} {callback.took * 1e3:.0f} ms" for callback in after.longest[:2])
    growth = after.peak - before.resident
    size, slower = len(request), pace()
    path = request.partition(b" HTTP")[0].decode("latin-1")[:60]
    figures = f"{path} ({size:,} bytes): {status}, loop {loop * 1e3:.0f} ms ({longest}), "
    figures += f"threads {threads * 1e3:.0f} ms, {growth / 1e6:.1f} MB, processor {slower:.1f} times slower than usual"
    light = (
        loop <= (LOOP + RECEIVING * size) * slower
        and threads <= THREADS * slower
        and growth <= GROWTH + (LARGE_COPIES if size > LARGE else COPIES) * size
    )
    return status, light, figures


def provable(service: corpus.Service) -> Draft | None:
    """A request of the service that is an event and has a proof; None where nobody but the sender can make one."""
    for scheme, event in product(service.schemes, service.events):
        draft = inputs.copy(event)
        if prove(draft, scheme):
            return draft
    return None


RECORDED: Final = {service.key: service for service in corpus.services() if provable(service) is not None}


async def test_requests_of_most_services_can_be_made():
    """Those of the others are signed with a key of the sender, or signed in their bodies."""
    assert len(RECORDED) > 0.85 * len(corpus.services()), {one.key for one in corpus.services()} - {*RECORDED}


@pytest.mark.parametrize("service", sorted({*RECORDED} - builtin.REPEATING))
async def test_a_request_that_is_packed_again_counts_once(gateway, service):
    """One request, proven once and recorded, sent again in nine other packings, is one event of its service."""
    recorded = provable(RECORDED[service])
    ids = Counter()
    for number in range(10):
        again = inputs.copy(recorded)
        if number:
            level = zlib.compressobj(number, zlib.DEFLATED, 31)
            again.body = level.compress(again.body) + level.flush()
            again.set(b"Content-Encoding", b"gzip")
        status, answer = await ask(gateway.port, again.wire())
        assert status in (200, 202)
        ids[json.loads(answer)["id"]] += 1
    assert list(ids.values()) == [10]


async def test_a_push_under_another_id_counts_once(gateway):
    """Its delivery id is not signed: a recorded push under nine other ids is one event."""
    recorded = Draft("POST", "/in/github", "", [(b"X-GitHub-Event", b"push")], push(after="a" * 40))
    prove(recorded, corpus.schemes()["github"][0])
    ids = set()
    for number in range(10):
        recorded.set(b"X-GitHub-Delivery", b"another-%d" % number)
        ids.add(json.loads((await ask(gateway.port, recorded.wire()))[1])["id"])
    assert len(ids) == 1


async def test_a_signed_body_stands_for_itself_alone(gateway):
    """A signature over packed bytes, recorded, is good for one event, however they are called, and for no others."""
    recorded = Draft("POST", "/in/github", "", [(b"X-GitHub-Event", b"push")], packed(push(after="b" * 40)))
    prove(recorded, corpus.schemes()["github"][0])
    ids = set()
    for encoding in (b"", b"gzip", b"gzip, gzip", b"deflate", b"identity, gzip, gzip"):
        for body in (recorded.body, packed(recorded.body)):
            forged = inputs.copy(recorded)
            forged.set(b"Content-Encoding", encoding)
            forged.body = body
            status, answer = await ask(gateway.port, forged.wire())
            assert status in (200, 202, 400, 401, 415)
            ids |= {json.loads(answer)["id"]} if status < 300 else set()
            forged.body += b"x"
            assert (await ask(gateway.port, forged.wire()))[0] in (400, 401, 415)
    assert len(ids) == 1


async def test_the_stamp_that_is_checked_is_the_one_that_is_signed(gateway):
    """Grafana's signature over `time:body`, recorded, proves no request in which the time stands in the body."""
    stamped = corpus.schemes()["grafana"][1]
    recorded = Draft(
        "POST",
        "/in/grafana",
        "",
        [(b"Content-Type", b"application/json")],
        b'{"status":"firing","alerts":[],"title":"moved"}',
    )
    prove(recorded, stamped, now=1_700_000_000)  # long ago
    assert (await ask(gateway.port, recorded.wire()))[0] == 401
    stamp = recorded.get(b"X-Grafana-Alerting-Timestamp")
    moved = Draft("POST", "/in/grafana", "", recorded.headers[:], stamp + b":" + recorded.body)
    moved.drop(b"X-Grafana-Alerting-Timestamp")
    assert (await ask(gateway.port, moved.wire()))[0] == 401
    for again in (b"", b"0", b"%d" % 2**62):
        moved.set(b"X-Grafana-Alerting-Timestamp", again)
        assert (await ask(gateway.port, moved.wire()))[0] == 401


@pytest.mark.parametrize(
    "form",
    [
        "payload={good}&payload={bad}", "payload={bad}&payload={good}", "%70ayload={bad}&payload={good}",
        "payload={good}&%70ayload={bad}", "payload={good}&data={bad}", "data={bad}&payload={good}",
        "payload={good}&json={bad}&payload_json={bad}", "Payload={bad}&payload={good}", "payload={good};payload={bad}",
        "payload={good}&payload[]={bad}", "+payload={bad}&payload={good}", "payload={good}&token=x&ref={bad}",
    ],
)  # fmt: skip
async def test_a_signed_field_proves_itself_alone(gateway, form):
    """Gitea signs the field `payload`: nothing else of the form becomes a message, and two of it prove nothing."""
    good = json.dumps({"ref": "refs/heads/main", "repository": {"full_name": "acme/good"}, "commits": []})
    bad = json.dumps(
        {"ref": "refs/heads/main", "repository": {"full_name": "acme/bad"}, "commits": [{"message": "INJECTED"}]}
    )
    signature = hmac.digest(SECRET.encode(), good.encode(), hashlib.sha256).hex()
    body = form.format(good=quote_plus(good), bad=quote_plus(bad)).encode()
    before = gateway.standin.stats["posts"]
    headers = ((b"X-Gitea-Event", b"push"), (b"X-Gitea-Signature", signature.encode()))
    status, _ = await ask(
        gateway.port, sent("/in/gitea-mattermost", b"application/x-www-form-urlencoded", body, headers)
    )
    assert status in (200, 202, 400, 401)
    await gateway.drained(PATIENCE)
    texts = json.dumps(
        [str(post) for post in list(gateway.standin.posts)[-(gateway.standin.stats["posts"] - before) or 1000 :]]
    )
    assert "INJECTED" not in texts
    assert "acme/bad" not in texts


async def test_invented_hooks_fill_no_disk(gateway, folder):
    """120 ids of hooks that no Mattermost has, a megabyte each, leave nothing that grows in the journal.

    What is dropped leaves free pages, as many as waited at once; the log beside the file has some more.
    """
    before = _size(folder)
    body = json.dumps({"title": "x", "text": "y" * 1_100_000}).encode()
    answers = Counter()
    for number in range(120):
        answers[(await ask(gateway.port, sent(f"/hooks/{number:026d}/generic", b"application/json", body)))[0]] += 1
    assert await gateway.drained(PATIENCE)
    assert set(answers) <= {200, 202, 404, 413, 429, 503}
    assert _size(folder) - before < 90_000_000, answers


_DOCUMENT: Final = 'title: A push\nevents: [push]\nmessage: {text: "%s"}\n'
_DOUBLING: Final = (
    "{% set s = [1, 2, 3, 4, 5, 6, 7, 8] %}"
    + "{% set s = [s, s, s, s, s, s, s, s] %}" * 40
    + "{{ s | length }}{{ s }}",
    "{% set s = 'abcdefgh' %}" + "{% set s = [s, s] | join('') %}" * 40 + "{{ s }}",
    "{% for a in ref %}" * 6 + "{{ ref }}{{ ref }}" + "{% endfor %}" * 6,
)
_SCHEMAS: Final = (
    {"$defs": {"a": {"anyOf": [{"properties": {"a": {"$ref": "#/$defs/a"}}}] * 10}}, "$ref": "#/$defs/a"},
    {"$defs": {"a": {"anyOf": [{"items": {"$ref": "#/$defs/a"}, "maxItems": 0}] * 30}}, "$ref": "#/$defs/a"},
    {"properties": {"ref": {"pattern": "^(a+)+$"}}},
    {"properties": {"ref": {"pattern": "(a|aa)+$"}}, "uniqueItems": True, "minItems": 10**9},
)


_DOCUMENTS: Final = (
    *(_DOCUMENT % text for text in _DOUBLING),
    *(json.dumps({"title": "A push", "events": ["push"], "input": schema, "message": {"text": "a"}})
      for schema in _SCHEMAS),
)  # fmt: skip


@pytest.mark.parametrize("document", _DOCUMENTS)
async def test_an_edited_document_costs_the_gateway_nothing(console, document):
    """A template that doubles, or a schema that repeats itself, tried in the console: the gateway goes on as before."""
    deep: object = "a"
    for _ in range(40):
        deep = {"a": deep, "b": [deep, 1]} if len(json.dumps(deep)) < 2_000 else {"a": deep}
    body = json.dumps({"ref": "a" * 5_000 + "!", "commits": [], "a": deep})
    trial = {"service": "github", "headers": "X-GitHub-Event: push", "body": body}
    harmless = {**trial, "translator": "push", "document": _DOCUMENT % "{{ ref }}"}
    await _try(console, harmless)  # which starts the process of edited documents
    await console.quiet()
    before = await console.report(reset=True)
    status, answer = await _try(console, {**trial, "translator": "push", "document": document})
    after = await console.quiet()
    assert status < 500 or status == 503, answer[:500]
    assert after.loop - before.loop < 5 * LOOP * pace(), "of this and of the running translator"
    assert after.process - before.process < THREADS * pace()
    assert after.peak - before.resident < GROWTH


async def _try(gateway: subject.Subject, trial: dict[str, str]) -> tuple[int, bytes]:
    token = ((b"Authorization", b"Bearer " + subject.ADMIN.encode()),)
    request = sent("/api/v1/try", b"application/json", json.dumps(trial).encode(), token)
    return await ask(gateway.admin, request.replace(b"gateway.example.com", b"127.0.0.1:%d" % gateway.admin, 1))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("journal.db*"))
