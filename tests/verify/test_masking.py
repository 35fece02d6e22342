"""What the journal keeps of a request: no secret, wherever in it one is repeated."""

import base64
import gc
import gzip
import json
import tracemalloc
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.compression import inflate
from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify import masking
from gateway.verify.masking import MASK, body_tokens, kept_request, mask_tokens
from gateway.verify.verify import parse_scheme
from tests.cost import seconds_of

SECRET = "correct horse/battery+staple"
HOOK = "k3yk3yk3yk3yk3yk3yk3yk3yk3"
JSON = {"content-type": "application/json"}


def kept(request, *documents, secrets=(SECRET,)):
    """What is kept of a request to a route with these schemes."""
    encoding = request.headers.get("content-encoding", "")
    content = Content(request, inflate(request.body, encoding, 10_000) if encoding else None)
    return kept_request(content, [parse_scheme(one) for one in documents], secrets)


def everything(request):
    """All text of a request, decoded as far as a reader could."""
    texts = [request.url, request.path_secret, request.body.decode("utf-8", "replace")]
    texts += [*request.headers.values(), *request.query, *request.query.values()]
    return "\n".join(texts)


def test_credentials_are_masked_in_their_own_places():
    """Not in headers, query, path or URL is one left, whether or not it is a secret of the route."""
    request = Request(
        headers={"authorization": "Bearer s3", "cookie": "s3", "proxy-authorization": "s3", "x-token": "s3", "x": "7"},
        query={"key": "s3", "page": "2"},
        body=b"{}",
        path_secret="s3",
        url="https://user:s3@host/in/route/s3?key=s3&page=2",
    )
    assert kept(request, {"header": "X-Token"}, {"query": "key"}) == Request(
        headers={"authorization": MASK, "cookie": MASK, "proxy-authorization": MASK, "x-token": MASK, "x": "7"},
        query={"key": MASK, "page": "2"},
        body=b"{}",
        url="https://host/in/route/***?key=***&page=2",
    )
    assert kept(Request(url="https://[broken")).url == ""


def test_a_request_without_secrets_is_kept_as_it_is():
    """It is the same object: nearly all requests are such, and cost nothing."""
    request = Request(headers={**JSON, "x-hub-signature-256": "sha256=00"}, body=b"{}", url="https://h/in/github")
    assert kept(request, {"hmac": "sha256", "header": "X-Hub-Signature-256"}) is request


WRITTEN = {
    "as it is": SECRET,
    "in a URL": quote(SECRET, safe=""),
    "in lower case": quote(SECRET, safe="").lower(),
    "in a form": quote_plus(SECRET),
    "twice": quote(quote(SECRET, safe=""), safe=""),
    "every sign": "".join(f"%{ord(sign):02x}" for sign in SECRET),
    "in JSON": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "as units": "".join(f"\\u{ord(sign):04x}" for sign in SECRET),
    "in HTML": SECRET.replace("/", "&#x2F;"),
    "in base64": base64.b64encode(f"user:{SECRET}".encode()).decode(),
    "shifted": base64.b64encode(f"some:{SECRET}x".encode()).decode(),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize(
    "place", ["x-original-uri", "x-forwarded-uri", "x-original-url", "x-rewrite-url", "referer", "forwarded", "x-what"]
)
def test_a_secret_that_a_header_repeats_is_masked(place, written):
    """Proxies copy URL and credentials into headers of their own, encoded as they like."""
    for text in (written, f"/in/open/{written}?a=b", f'for=10.0.0.1;uri="{written}"'):
        found = kept(Request(headers={place: text}, url="https://h/in/open"))
        assert written not in everything(found)
        assert SECRET not in everything(found)
        assert MASK in found.headers[place]


@pytest.mark.parametrize("written", [SECRET, quote(SECRET, safe=""), quote_plus(SECRET)])
def test_a_secret_under_an_odd_name_of_the_query_is_masked(written):
    """As a value, as a name, and in the URL that repeats the query; the rest of it stays."""
    url = f"https://h/in/open/page?what={quote_plus(SECRET)}&{quote_plus(SECRET)}&page=2"
    found = kept(Request(query={"what": written, written: "", "page": "2"}, url=url))
    assert found.query == {"what": MASK, MASK: "", "page": "2"}
    assert found.url == "https://h/in/open/page?what=***&***=&page=2"


def test_a_credential_that_the_request_presents_is_masked_elsewhere_too():
    """The id of a hook, a password, a bearer token: it need not be a secret of the route, and a short one is a word."""
    url = f"https://h/hooks/{HOOK}/github"
    headers = {"x-original-uri": f"/hooks/{HOOK}/github", "referer": url, "x-id": "7"}
    found = kept(Request(headers=headers, path_secret=HOOK, url=url, body=HOOK.encode()), secrets=())
    assert HOOK not in everything(found)
    assert (found.headers["x-original-uri"], found.headers["x-id"]) == ("/hooks/***/github", "7")
    basic = base64.b64encode(b"me:open sesame").decode()
    headers = {"authorization": f"Basic {basic}", "x-a": "open sesame", "x-b": basic, "x-c": "me:open sesame"}
    found = kept(Request(headers=headers), {"basic": "me"}, secrets=())
    assert set(found.headers.values()) == {MASK}
    found = kept(Request(headers={"authorization": "Bearer json", **JSON}), secrets=())
    assert found.headers == {"authorization": MASK, **JSON}


@pytest.mark.parametrize("name", ["x-forwarded-authorization", "x-api-key", "x-amz-cookie", "x-auth-token"])
def test_headers_that_are_made_for_credentials_are_masked_whatever_they_hold(name):
    """A proxy may hand over a credential of its own."""
    assert kept(Request(headers={name: "anything"})).headers == {name: MASK}


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({"t": SECRET, "n": f"say {SECRET}"}, {"t": MASK, "n": f"say {MASK}"}),
        ({"t": 123456, "n": 1}, {"t": 0, "n": 1}),
        ({"t": "123456", "n": 1}, {"t": MASK, "n": 1}),
        ({"t": "zoë\"'", "n": 1}, {"t": MASK, "n": 1}),
    ],
)
def test_a_token_in_the_body_is_not_kept(body, left):
    """The body stays what it was but for the token: it is read again as the same JSON."""
    found = kept(Request(headers=JSON, body=json.dumps(body).encode()), {"token": "t"})
    assert json.loads(found.body) == left


def test_a_secret_of_the_route_in_a_body_is_not_kept():
    """Whoever repeats it; a compressed body is then kept inflated, and any other as it came."""
    packed = gzip.compress(json.dumps({"say": SECRET}).encode())
    found = kept(Request(headers={**JSON, "content-encoding": "gzip"}, body=packed), {"header": "X-Token"})
    assert (found.headers, json.loads(found.body)) == (JSON, {"say": MASK})
    packed = gzip.compress(b"{}")
    request = Request(headers={**JSON, "content-encoding": "gzip"}, body=packed, url="https://h/in/a")
    assert kept(request) is request
    form = f"payload=1&token={quote_plus(SECRET)}".encode()
    assert kept(Request(body=form), {"header": "X-Token"}).body == b"payload=1&token=***"


def test_tokens_are_those_of_the_schemes():
    """With a * every element has one; a number that stands for one is none."""
    content = Content(Request(headers=JSON, body=b'{"a": [{"t": "x"}, {"t": 7}, {"t": 0}]}'))
    assert body_tokens(content, [parse_scheme({"token": "a.*.t"})]) == ["x", "7"]


def test_many_tokens_cost_little():
    """The same one again and again is searched for once; of different ones, which nobody proves, some are."""
    same = b'{"a": [%b]}' % b",".join([b'{"t": "%b"}' % SECRET.encode()] * 1000)
    content = Content(Request(headers=JSON, body=same))
    assert body_tokens(content, [parse_scheme({"token": "a.*.t"})]) == [SECRET]
    spelt = b",".join(b'{"t": "\\u0074oken%08d"}' % number for number in range(2000))
    content = Content(Request(headers=JSON, body=b'{"a": [%b]}' % spelt))
    assert seconds_of(lambda: kept_request(content, [parse_scheme({"token": "a.*.t"})])) < 0.5


def test_what_strangers_present_is_not_kept():
    """An open route takes any credential, as long as a header may be: none is left in memory."""
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(100):
            kept(Request(headers={"authorization": f"Bearer {number}" + '"' * 10_000}), {"header": "X-Token"})
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


def test_tokens_are_found_however_they_are_spelt():
    """Longer ones first, so that one which begins another leaves no rest of it."""
    assert mask_tokens(b'{"a": "\\u0061bc", "b": "%61b"}', ["ab", "abc"]) == b'{"a": "***", "b": "***"}'


@given(st.text(min_size=masking.SHORTEST), st.text(), st.text())
def test_no_secret_is_left_in_any_text(secret, before, after):
    """Whatever it consists of, and wherever it stands, unless what masks it happens to hold it."""
    if secret in MASK * 3:
        return
    text = before + secret + after
    request = Request(headers={"x-a": text}, query={"q": text}, url=f"https://h/in/a?q={quote(text, errors='replace')}")
    found = kept(request, secrets=[secret])
    for left in (found.headers["x-a"], *found.query.values()):
        assert secret not in left.replace(MASK, "")
