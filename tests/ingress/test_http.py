"""The public listener, over real HTTP: what it accepts, what it refuses and how it says so."""

import asyncio
import gzip
import hashlib
import hmac
import json
import time
import zlib
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.ingress import strangers, workers
from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR, PATIENCE, eventually
from tests.cost import pace

ISSUE = {"title": "Disk full", "host": "db1", "severity": "critical"}
SECRET = "correct horse battery staple"
GITHUB = f'[routes.github]\nservice = "github"\ndestinations = ["ops"]\nsecrets = ["an older one", "{SECRET}"]\n'
OPEN = '[routes.open]\nservice = "generic"\ndestinations = ["ops"]\nallow_unsigned = true\n'


async def test_an_authentic_request_becomes_a_post(start):
    """A signed request is answered 202 with its id and arrives as a message."""
    gateway = await start(GITHUB)
    status, answer = await gateway.github("zen", ISSUE, "d-1")
    assert (status, answer["outcome"]) == (202, "message")
    [post] = await gateway.posts(1)
    assert post.attachments[0]["title"] == "Zen: Disk full"


async def test_unknown_route_is_404(start):
    """A path that no route has is 404, in problem details."""
    gateway = await start(OPEN)
    status, answer = await gateway.post("/in/nothing", b"x")
    assert (status, answer["status"], answer["title"]) == (404, 404, "Not Found")


@pytest.mark.parametrize("secret", ["wrong", "", SECRET + "x"])
async def test_every_unauthentic_request_looks_the_same(start, secret):
    """A wrong signature and a missing one get 401 with one constant text, and nothing is stored."""
    gateway = await start(GITHUB)
    wrong = await gateway.github("push", ISSUE, "d-1", secret or "empty")
    missing = await gateway.post("/in/github", ISSUE)
    assert wrong == missing == (401, {"type": "about:blank", "title": "The request is not authentic", "status": 401})
    assert not gateway.standin.posts


async def test_a_second_secret_is_active_during_a_rotation(start):
    """Any of several active secrets proves a request."""
    gateway = await start(GITHUB)
    assert (await gateway.github("zen", ISSUE, "d-1", "an older one"))[0] == 202


async def test_too_large_is_413(start):
    """A body over the limit is refused, by its Content-Length and by its bytes, and after inflating."""
    gateway = await start(OPEN + 'body_limit = "10kB"\n')
    assert (await gateway.post("/in/open", b"x" * 10_001))[0] == 413

    async def chunks():
        for _ in range(11):
            yield b"x" * 1000

    async with gateway.session.post(gateway.url + "/in/open", data=chunks()) as response:
        assert response.status == 413
    bomb = gzip.compress(b"x" * 1_000_000)
    assert (await gateway.post("/in/open", bomb, Content_Encoding="gzip"))[0] == 413


async def test_unsupported_encoding_is_415(start):
    """A content encoding that is not spoken is 415."""
    gateway = await start(OPEN)
    assert (await gateway.post("/in/open", b"x", Content_Encoding="br"))[0] == 415


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_compressed_bodies_are_read(start, encoding, pack):
    """Bodies in gzip and deflate become messages."""
    gateway = await start(OPEN)
    body = pack(json.dumps(ISSUE).encode())
    assert (await gateway.post("/in/open", body, Content_Encoding=encoding, Content_Type="application/json"))[0] == 202
    assert (await gateway.posts(1))[0].attachments[0]["title"] == "Disk full"


async def test_a_slow_body_is_408(start):
    """A sender that stops in the middle of its body is answered 408."""
    gateway = await start(OPEN, server='read_timeout = "0.2s"')
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /in/open HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_expect_continue_is_answered(start):
    """A sender that waits for 100 Continue, as curl does with large bodies, gets it."""
    gateway = await start(OPEN)
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /in/open HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
    await reader.readline()
    writer.write(b"abc")
    assert (await reader.readline()).startswith(b"HTTP/1.1 202")
    writer.close()


async def test_malformed_bodies_are_kept_and_shown(start):
    """A body that is not what it says is shown as text: an authentic sender is never refused for it."""
    gateway = await start(OPEN)
    assert (await gateway.post("/in/open", b'{"a": ', Content_Type="application/json"))[0] == 202
    assert '{"a":' in (await gateway.posts(1))[0].attachments[0]["text"].replace("\\", "")


async def test_a_strict_route_answers_422_with_paths(start):
    """On a strict route, what no translator understands is 422 and says where."""
    gateway = await start(GITHUB + "strict = true\n")
    status, answer = await gateway.github("push", {"ref": "main", "repository": {"full_name": {}}}, "d-1")
    assert status == 422
    assert "repository.full_name" in answer["detail"]


async def test_a_sender_reads_the_text_that_its_service_names(start, tmp_path):
    """Whether its request is new or a repeat; a refusal is told as ever."""
    folder = tmp_path / "catalog" / "items"
    folder.mkdir(parents=True)
    (folder / "service.yaml").write_text(ITEMS_SERVICE + "answer: Hello\n")
    (folder / "item.yaml").write_text(ITEMS_TRANSLATOR)
    route = '[routes.items]\nservice = "items"\ndestinations = ["ops"]\nsecrets = ["s3cret-of-items"]\n'
    gateway = await start(route, tables='folders = ["catalog"]\n')
    body = {"kind": "item", "box": "a", "number": 1, "id": "i-1"}
    for _ in range(2):
        async with gateway.session.post(f"{gateway.url}/in/items/s3cret-of-items", json=body) as answer:
            assert (answer.status, await answer.text(), answer.content_type) == (200, "Hello", "text/plain")
    assert (await gateway.post("/in/items", body))[0] == 401


async def test_repeats_are_one_event(start):
    """A repeated delivery id, and a recorded body under a fresh id, are recognised: 200, same id, one post."""
    gateway = await start(GITHUB)
    first = await gateway.github("zen", ISSUE, "d-1")
    again = await gateway.github("zen", ISSUE, "d-1")
    replayed = await gateway.github("zen", ISSUE, "d-2")
    assert again == replayed == (200, {**first[1], "outcome": "duplicate"})
    await gateway.github("zen", {"title": "the end"}, "d-3")
    assert len(await gateway.posts(2)) == 2
    assert 'mattergate_duplicates_total{route="github"} 2.0' in (await gateway.admin("/metrics"))[1]


async def test_a_repeat_with_another_body_is_logged(start, capsys):
    """The sender has its answer; the service may describe something else than an id of deliveries."""
    gateway = await start(GITHUB)
    _, first = await gateway.github("zen", ISSUE, "d-1")
    assert (await gateway.github("zen", {"title": "another"}, "d-1"))[0] == 200
    out = [""]
    await eventually(lambda: out.append(capsys.readouterr().out) or "a repeat has another body" in "".join(out))
    assert first["id"] in "".join(out).partition("a repeat has another body")[2]


@pytest.mark.parametrize("method", ["HEAD", "GET", "OPTIONS"])
async def test_handshakes_are_answered(start, method):
    """HEAD, a bare GET and OPTIONS are answered as endpoints do, without a secret."""
    gateway = await start(GITHUB)
    async with gateway.session.request(method, gateway.url + "/in/github") as response:
        assert response.status in (200, 204)


async def test_other_methods_are_405(start):
    """A method that no webhook uses is 405 and says which are."""
    gateway = await start(OPEN)
    async with gateway.session.delete(gateway.url + "/in/open") as response:
        assert response.status == 405
        assert "POST" in response.headers["Allow"]


async def test_pass_through_needs_no_configuration(start):
    """The URL of a Mattermost hook with a service behind it reaches that hook; others are 404."""
    gateway = await start("", tables='[passthrough]\nserver = "{mattermost}"\nservices = ["generic"]\n')
    hook = gateway.standin.add_hook(channel="off-topic")
    status, _ = await gateway.post(f"/hooks/{hook}/generic", ISSUE)
    assert status == 202
    assert (await gateway.posts(1))[0].channel == "off-topic"
    assert (await gateway.post(f"/hooks/{hook}/github", ISSUE))[0] == 404
    assert (await gateway.post("/hooks/short/generic", ISSUE))[0] == 404


async def test_secrets_are_not_kept_in_the_journal(start, tmp_path):
    """Neither a static secret of the request nor its place in the path reaches the journal."""
    routes = OPEN.replace("allow_unsigned = true", f'secrets = ["{SECRET}"]')
    gateway = await start(routes)
    body = json.dumps(ISSUE).encode()
    path = "/in/open/" + SECRET.replace(" ", "%20")
    assert (await gateway.post(path, body))[0] == 202
    assert (await gateway.post("/in/open", b"two", Authorization=f"Bearer {SECRET}"))[0] == 202
    assert (await gateway.post("/in/open?token=" + SECRET.replace(" ", "%20"), b"three"))[0] == 202
    await gateway.posts(3)
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("test.db*") if file.is_file())
    assert SECRET.encode() not in stored
    assert SECRET.replace(" ", "%20").encode() not in stored


ODD = {
    "X-Original-URI": "/in/open/{}?a=1",
    "X-Forwarded-Uri": "/in/open?token={}",
    "X-Rewrite-Url": "{}",
    "Referer": "https://gate.example.com/in/open/{}",
    "Forwarded": 'for=10.0.0.1;x="{}"',
    "X-Forwarded-Authorization": "Bearer {}",
}


async def test_secrets_that_are_repeated_are_not_kept_in_the_journal(start, tmp_path):
    """Proxies copy URLs into headers, senders put secrets under odd names and into bodies: none is stored or shown."""
    secret = "correct+horse"
    gateway = await start(OPEN.replace("allow_unsigned = true", f'secrets = ["{secret}"]'))
    headers = {name.replace("-", "_"): text.format(secret) for name, text in ODD.items()}
    for number, path in enumerate((f"/in/open/{secret}", "/in/open?token=correct%2Bhorse&odd=correct%2Bhorse")):
        body = {"number": number, "note": f"it is {secret}"}
        status, answer = await gateway.post(path, body, Authorization=f"Bearer {secret}", **headers)
        assert status == 202
        _, page = await gateway.admin(f"/api/v1/events/{answer['id']}")
        assert secret not in page
        assert "it is ***" in page
    await gateway.posts(2)
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("test.db*") if file.is_file())
    for text in (b"Bearer correct", b"/in/open/correct", b"token=correct", b'"note": "it is correct'):
        assert text not in stored


async def test_a_token_in_the_body_is_not_kept(start, tmp_path):
    """The journal has the body without it, and the request is one event all the same when it is repeated."""
    gateway = await start(OPEN.replace("allow_unsigned = true", f'secrets = ["{SECRET}"]\nverify = [{{token = "t"}}]'))
    body = {"t": SECRET, "title": "Disk full"}
    status, first = await gateway.post("/in/open", body, Content_Type="application/json")
    assert status == 202
    assert await gateway.post("/in/open", body, Content_Type="application/json") == (
        200,
        {**first, "outcome": "duplicate"},
    )
    assert (await gateway.post("/in/open", body | {"t": "***"}, Content_Type="application/json"))[0] == 401
    await gateway.posts(1)
    await gateway.stop()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("test.db*") if file.is_file())
    assert b'"t": "***"' in stored
    assert b'"t": "' + SECRET.encode() not in stored


async def test_bodies_that_are_not_proven_have_a_budget(start):
    """Above it the largest ones are answered 503 with Retry-After, and a sender of small ones notices nothing."""
    gateway = await start(GITHUB + 'body_limit = "300kB"\n', server='unproven_limit = "1MB"\nbody_limit = "300kB"')
    host, port = gateway.url.removeprefix("http://").split(":")
    strangers = []
    for _ in range(8):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /in/github HTTP/1.1\r\nHost: x\r\nContent-Length: 290000\r\n\r\n" + bytes(150_000))
        strangers.append((reader, writer))
    answers = asyncio.as_completed([asyncio.ensure_future(reader.read()) for reader, _ in strangers])
    first = await next(answers)
    assert first.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in first
    for number in range(10):
        assert (await gateway.github("zen", ISSUE | {"number": number}, f"d-{number}"))[0] == 202
    _, series = await gateway.admin("/metrics")
    assert 'mattergate_requests_total{outcome="broken",route="github",service="github"} 0.0' in series
    for _, writer in strangers:
        writer.close()
    await eventually(lambda: _unproven(gateway, 0.0))


async def _unproven(gateway, size):
    return f"mattergate_unproven_bytes {size}" in (await gateway.admin("/metrics"))[1]


async def test_the_peer_behind_a_trusted_proxy_is_logged(start, capsys):
    """By what the proxy says, and a stranger's own word is not believed."""
    gateway = await start(GITHUB, server='trusted_proxies = ["127.0.0.0/8"]')
    await gateway.post("/in/github", ISSUE, X_Forwarded_For="203.0.113.9, 198.51.100.7")
    out = [capsys.readouterr().out]
    await eventually(lambda: out.append(capsys.readouterr().out) or "cause=unsigned" in "".join(out))
    said = "".join(out)
    assert "peer=198.51.100.7" in said
    assert "the header X-Hub-Signature-256 is missing" in said
    assert "203.0.113.9" not in said


PASSTHROUGH = '[passthrough]\nserver = "{mattermost}"\nservices = ["generic"]\n'
HOOKS = [f"{number:026d}" for number in range(3)]


async def test_hooks_that_never_delivered_are_bounded(start, monkeypatch):
    """One address sends so many requests to them, and so many may wait; nothing of a hook is in answer or log."""
    monkeypatch.setattr(strangers, "BURST", 5.0)
    monkeypatch.setattr(strangers, "RATE", 0.001)
    monkeypatch.setattr(strangers, "EACH", 2)
    gateway = await start("", tables=PASSTHROUGH)
    gateway.standin.mode = "down"
    answers = [await gateway.post(f"/hooks/{HOOKS[0]}/generic", {"n": number}) for number in range(4)]
    assert [status for status, _ in answers] == [202, 202, 503, 503]
    answers += [await gateway.post(f"/hooks/{HOOKS[1]}/generic", {"n": number}) for number in range(2)]
    assert answers[-1][0] == 429
    assert HOOKS[0] not in str(answers)
    _, series = await gateway.admin("/metrics")
    assert 'mattergate_refusals_total{cause="strangers"} 2.0' in series
    assert 'mattergate_refusals_total{cause="rate"} 1.0' in series


HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Content-Encoding", "ce-id", "ce-type", "X-GitHub-Event"]),
    st.sampled_from([
        "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml",
        "gzip", "deflate", "application/cloudevents+json", "application/cloudevents-batch+json", "x", "",
    ]),
)  # fmt: skip


# The gateway draws numbers in its thread while a strategy draws in another: that is what this warning sees.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
async def test_no_bytes_make_a_5xx(start):
    """Whatever is sent, the answer is never the gateway's own failure."""
    gateway = await start(OPEN + 'duplicate_window = "0s"\n')

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=st.binary(max_size=3000) | st.text().map(str.encode), headers=HEADERS)
    def sends(body, headers):
        async def send():
            async with gateway.session.post(gateway.url + "/in/open", data=body, headers=headers) as response:
                assert response.status < 500, await response.text()

        asyncio.run_coroutine_threadsafe(send(), loop).result(PATIENCE)

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(sends)


async def test_headers_that_are_not_utf8_are_stored_legibly(start):
    """A request whose headers hold other bytes is an event like any other, and the gateway stays ready."""
    gateway = await start(OPEN)
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = b"POST /in/open HTTP/1.1\r\nHost: h\r\nX-Name: J\xf6rg\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    writer.write(head)
    answer = await reader.read()
    writer.close()
    assert b" 202 " in answer.split(b"\r\n")[0]
    assert (await gateway.admin("/readyz"))[0] == 200
    _, page = await gateway.admin(f"/events/{json.loads(answer.partition(b'{')[1] + answer.partition(b'{')[2])['id']}")
    assert "J\ufffdrg" in page


FAULTY_SERVICE = """name: Own
docs: https://example.com
setup: Nothing to set up; it is for tests.
event: [{header: X-Event}]
verify: [{hmac: sha256, header: X-Signature}]
"""
OWN = f'[routes.own]\nservice = "own"\ndestinations = ["ops"]\nsecrets = ["{SECRET}"]\n'


async def test_a_service_with_a_faulty_translator_is_verified_and_shown_by_the_generic_one(start, tmp_path):
    """Its own document tells how it signs; nobody is let in without that."""
    (tmp_path / "catalog" / "own").mkdir(parents=True)
    (tmp_path / "catalog" / "own" / "service.yaml").write_text(FAULTY_SERVICE)
    (tmp_path / "catalog" / "own" / "one.yaml").write_text("title: One\n")
    gateway = await start(OWN, tables=f'folders = ["{tmp_path}/catalog"]')
    body = json.dumps(ISSUE).encode()
    signature = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    assert (await gateway.post("/in/own", body, X_Event="one"))[0] == 401
    status, answer = await gateway.post("/in/own", body, X_Event="one", X_Signature=signature)
    assert (status, answer["translator"]) == (202, "generic")


@pytest.mark.parametrize("document", [None, "name: ["])
async def test_a_service_that_nothing_describes_is_not_the_senders_fault(start, tmp_path, document):
    """Nothing tells how it signs: 503 keeps the sender trying, and a secret in the URL is proof enough."""
    (tmp_path / "catalog" / "own").mkdir(parents=True)
    if document:
        (tmp_path / "catalog" / "own" / "service.yaml").write_text(document)
    gateway = await start(OWN + OPEN, tables=f'folders = ["{tmp_path}/catalog"]')
    async with gateway.session.post(gateway.url + "/in/own", json=ISSUE) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "10")
    status, answer = await gateway.post(f"/in/own?token={SECRET.replace(' ', '%20')}", ISSUE)
    assert (status, answer["translator"]) == (202, "generic")
    assert (await gateway.post("/in/open", ISSUE))[0] == 202
    _, series = await gateway.admin("/metrics")
    assert 'mattergate_catalog_faulty{service="own"} 1.0' in series
    assert 'mattergate_requests_total{outcome="broken",route="own",service="own"} 1.0' in series


SLACK = f'[routes.slack]\nservice = "slack"\ndestinations = ["ops"]\nsecrets = ["{SECRET}"]\n'
GITEA = f'[routes.gitea]\nservice = "gitea"\ndestinations = ["ops"]\nsecrets = ["{SECRET}"]\n'
GRAFANA = f'[routes.grafana]\nservice = "grafana"\ndestinations = ["ops"]\nsecrets = ["{SECRET}"]\n'


def signature(message: bytes) -> str:
    """The HMAC of a sender that knows the secret, in hex."""
    return hmac.digest(SECRET.encode(), message, hashlib.sha256).hex()


SMALL = {
    "xml in two gzips": ("text/xml", "gzip, gzip", b"<a>" + b"<b/>" * 1_200_000 + b"</a>"),
    "xml": ("text/xml", "gzip", b"<a>" + b"<b/>" * 240_000 + b"</a>"),
    "json": ("application/json", "gzip", b"[" + b"[]," * 300_000 + b"0]"),
    "parameters": ("multipart/form-data; boundary=x", "gzip", b"--x\r\nContent-Disposition: a" + b"; n=1" * 190_000),
    "fields": ("application/x-www-form-urlencoded", "gzip", b"a=1&" * 240_000),
    "a bomb": ("application/json", "gzip", bytes(100_000_000)),
}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("route", ["slack", "github", "gitea", "open"])
async def test_no_small_request_holds_up_the_loop(start, name, route):
    """The thread of the event loop spends at most 20 ms on one, the test's own client included (generously bounded)."""
    gateway = await start(SLACK + GITHUB + GITEA + OPEN)
    content_type, encoding, body = SMALL[name]
    for _ in encoding.split(","):
        body = gzip.compress(body, mtime=0)
    spent = []
    for _ in range(3):  # the first builds the service
        started = time.thread_time()
        status, _ = await gateway.post(f"/in/{route}", body, Content_Encoding=encoding, Content_Type=content_type)
        spent.append(time.thread_time() - started)
        assert status in {401, 413, 415} if route != "open" else status in {200, 202, 413, 415}
    assert min(spent) / pace() < 0.04


async def test_other_senders_go_on_while_one_is_judged(start):
    """A request that takes long is judged beside the event loop, which answers others meanwhile."""
    gateway = await start(GITHUB + OPEN)
    await gateway.github("zen", ISSUE, "d-0")
    body = json.dumps({"text": "<p>" * 100_000, "items": [{"a": 1}] * 50_000}).encode()
    heavy = [asyncio.ensure_future(gateway.post("/in/open", body + b" " * n)) for n in range(4)]
    await asyncio.sleep(0)
    assert (await gateway.github("zen", ISSUE, "d-1"))[0] == 200
    assert [status for status, _ in await asyncio.gather(*heavy)] == [202] * 4


async def test_too_many_large_requests_at_once_are_503(start, monkeypatch):
    """With Retry-After, before anything of them is read."""
    gateway = await start(OPEN)
    monkeypatch.setattr(workers, "WAITING", 0)
    async with gateway.session.post(gateway.url + "/in/open", data=b"x" * 100_000) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "10")
        assert "too many large requests" in (await response.json(content_type=None))["detail"]


async def test_a_text_that_takes_long_leaves_the_event_loop(start, monkeypatch):
    """Which shows only when it is read: the request takes its turn with the large ones."""
    gateway = await start(OPEN.replace("generic", "slack"))
    body = json.dumps({"blocks": [{"type": "markdown", "text": "<b>x</b>\n" + "- *a*\n" * 900}]}).encode()
    assert (await gateway.post("/in/open", body, Content_Type="application/json"))[0] == 202
    [post] = await gateway.posts(1)
    assert "**x**" in post.message
    monkeypatch.setattr(workers, "WAITING", 0)
    assert (await gateway.post("/in/open", body + b" ", Content_Type="application/json"))[0] == 503


async def test_a_signed_push_counts_once_however_it_is_compressed(start):
    """The key is over what was inflated; so is that of a timestamped signature."""
    gateway = await start(GITHUB + SLACK)
    body, stamp = json.dumps(ISSUE).encode(), str(int(time.time()))
    github = {"X_GitHub_Event": "zen", "X_Hub_Signature_256": "sha256=" + signature(body)}
    slack = {
        "X_Slack_Request_Timestamp": stamp,
        "X_Slack_Signature": "v0=" + signature(f"v0:{stamp}:".encode() + body),
    }
    for route, headers in (("github", github), ("slack", slack)):
        outcomes = [
            await gateway.post(
                f"/in/{route}",
                gzip.compress(body, level, mtime=level),
                Content_Encoding="gzip",
                Content_Type=kind,
                X_GitHub_Delivery=f"d-{level}",
                **headers,
            )
            for level, kind in enumerate(["application/json", "text/plain", "text/xml", "", "a/b+json"] * 2)
        ]
        assert [answer["outcome"] == "duplicate" for _, answer in outcomes] == [False] + [True] * 9
        assert {answer["id"] for _, answer in outcomes} == {outcomes[0][1]["id"]}


async def test_a_form_whose_field_is_signed_says_nothing_else(start):
    """The other fields of a recorded form are anybody's; two of the signed one are nobody's."""
    gateway = await start(GITEA)
    headers = {"X_Gitea_Event": "zen", "X_Gitea_Signature": signature(json.dumps(ISSUE).encode())}
    field = "payload=" + quote_plus(json.dumps(ISSUE))
    form = "application/x-www-form-urlencoded"
    first = await gateway.post("/in/gitea", f"note=evil&{field}", Content_Type=form, **headers)
    again = await gateway.post("/in/gitea", f"{field}&x=1", Content_Type=form, X_Gitea_Delivery="d-2", **headers)
    assert (first[0], again) == (202, (200, {**first[1], "outcome": "duplicate"}))
    assert (await gateway.post("/in/gitea", f"{field}&payload=evil", Content_Type=form, **headers))[0] == 401
    [post] = await gateway.posts(1)
    assert post.attachments[0]["title"] == "Zen: Disk full"
    assert "evil" not in str(post.attachments)


async def test_the_timestamp_of_grafana_cannot_move(start):
    """It is in its header, and not in the body of the scheme without one."""
    gateway = await start(GRAFANA)
    stamp, body = str(int(time.time())), json.dumps(ISSUE).encode()
    signed = signature(f"{stamp}:".encode() + body)
    named = {"X_Grafana_Alerting_Signature": signed, "X_Grafana_Alerting_Timestamp": stamp}
    assert (await gateway.post("/in/grafana", body, **named))[0] == 202
    assert (await gateway.post("/in/grafana", stamp.encode() + b":" + body, X_Grafana_Alerting_Signature=signed))[
        0
    ] == 401
    assert (await gateway.post("/in/grafana", body, X_Grafana_Alerting_Signature=signed))[0] == 401
    assert (await gateway.post("/in/grafana", body, X_Grafana_Alerting_Signature=signature(body)))[0] in {200, 202}
