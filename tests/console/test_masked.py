"""A stored request as people may see it: inflated, readable, and without secrets wherever they may stand."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console import masked as received
from gateway.decode.content import Content
from gateway.model import Request
from gateway.secret import Secret
from gateway.verify.masking import body_tokens
from gateway.verify.verify import parse_scheme

TOKEN = 'to"k en/1'
IN_BODY = (parse_scheme({"token": "auth.token"}),)
LIMIT = 1_000_000


def masked(body: bytes, schemes=IN_BODY, **headers: str) -> Request:
    """The request with this body, masked."""
    return received.shown_request(Request("POST", headers, {}, body), schemes, LIMIT)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps({"auth": {"token": TOKEN}, "again": TOKEN}).encode()),
        ("application/x-www-form-urlencoded", b'payload={"auth": {"token": "%s"}}' % TOKEN.replace('"', "").encode()),
    ],
)
def test_a_token_in_the_body_is_masked(content_type, body):
    """A credential that the sender puts into the body is not shown, however it is written there."""
    request = Request("POST", {"content-type": content_type}, {}, body)
    (token,) = body_tokens(Content(request), IN_BODY)
    shown = received.shown_request(request, IN_BODY, LIMIT).body.decode()
    assert "***" in shown
    assert token not in shown
    assert json.dumps(token)[1:-1] not in shown


@pytest.mark.parametrize("escaped", ["/", "k", '"', " "])
def test_no_spelling_of_a_token_is_shown(escaped):
    """JSON may write any character in several ways, and senders do: a slash with a backslash, others by number."""
    written = json.dumps({"auth": {"token": TOKEN}}, separators=(",", ":"))
    for spelling in (f"\\u{ord(escaped):04x}", f"\\u{ord(escaped):04X}", *(["\\/"] if escaped == "/" else [])):
        plain = '\\"' if escaped == '"' else escaped
        head, _, tail = written.partition("to")
        body = f"{head}to{tail.replace(plain, spelling)}" if escaped != '"' else written.replace(plain, spelling)
        assert json.loads(body)["auth"]["token"] == TOKEN
        assert json.loads(masked(body.encode(), **{"content-type": "application/json"}).body) == {
            "auth": {"token": "***"}
        }


def test_a_secret_of_the_settings_is_masked_everywhere():
    """A secret that slipped into a header, the query, the URL or the body is not shown."""
    held = Secret("s3cr3t-of-a-route")
    text = held.reveal()
    request = Request(
        "POST", {"x-a": f"a {text}"}, {"q": text}, f"x {text} y".encode(), url=f"https://h/{text}?q={text}"
    )
    shown = received.shown_request(request, (), LIMIT)
    assert text not in repr(shown)
    assert shown.body == b"x *** y"


def test_a_compressed_body_is_shown_inflated():
    """What a person reads is the plain body; one that cannot be inflated stays as it is."""
    packed = gzip.compress(b'{"a": 1}')
    shown = masked(packed, **{"content-encoding": "gzip"})
    assert (shown.body, dict(shown.headers)) == (b'{"a": 1}', {})
    broken = masked(packed[:-9], **{"content-encoding": "gzip"})
    assert (broken.body, broken.headers["content-encoding"]) == (packed[:-9], "gzip")


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"", "empty", ""),
        (b'{"a":[1,2]}', "json", '{\n  "a": [\n    1,\n    2\n  ]\n}'),
        (b"{not json", "text", "{not json"),
        ("grüße\n".encode(), "text", "grüße\n"),
        (b"\x00\xffAB", "binary", f"00000000  {'00 ff 41 42':<48} ..AB"),
        (b"\x1b[31m", "binary", f"00000000  {'1b 5b 33 31 6d':<48} .[31m"),
    ],
)
def test_a_body_is_shown_as_what_it_is(body, kind, text):
    """JSON indented, text as it is, bytes as a dump: terminal escapes count as bytes."""
    assert received.body_view(body) == received.BodyView(kind, text, len(body))


def test_a_large_body_is_cut():
    """A page shows the beginning and says so; the size is that of all of it."""
    shown = received.body_view(b"x" * (received.SHOWN + 1))
    assert (len(shown.text), shown.size, shown.cut) == (received.SHOWN, received.SHOWN + 1, True)
    dumped = received.body_view(b"\0" * 5000)
    assert (dumped.text.count("\n"), dumped.size, dumped.cut) == (63, 5000, True)


@given(st.binary(max_size=200))
def test_any_body_can_be_shown(body):
    """No bytes raise anything."""
    assert received.body_view(body).size == len(body)
