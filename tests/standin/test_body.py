"""From the body of a request to the JSON of a webhook: forms, multipart forms, and what is none."""

import json
from contextlib import suppress
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.standin.body import payload_of
from gateway.standin.refusal import RefusedError

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def part(name: str, value: str) -> bytes:
    """One part of a multipart form."""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def refusal(body: bytes, declared: str, limit: int = 10_000) -> tuple[int, str]:
    """Status and detail of a refusal."""
    with pytest.raises(RefusedError) as caught:
        payload_of(body, declared, "", limit)
    return caught.value.status, caught.value.detail


@given(st.text())
def test_a_form_holds_its_payload(text):
    """Whatever stands in it is what was meant; other fields are passed over."""
    payload = json.dumps({"text": text})
    form = f"a=b&payload={quote_plus(payload)}&payload=later".encode()
    assert payload_of(form, f"{FORM}; charset=UTF-8", "", 10**6) == payload.encode()


def test_the_query_helps_out():
    """A form without its field may have it in the address; one that has it is not asked."""
    assert payload_of(b"a=b", FORM, "payload=%7B%7D", 100) == b"{}"
    assert payload_of(b"payload=1", FORM, "payload=2", 100) == b"1"
    assert payload_of(b"", FORM, "", 100) == b""


@pytest.mark.parametrize("declared", ["", "application/json", "text/plain; charset=x", "APPLICATION/JSON;"])
def test_what_is_no_form_is_the_body(declared):
    """As far as the limit: what is cut no longer parses."""
    assert payload_of(b'{"text": "x"}', declared, "payload=no", 9) == b'{"text": '


@pytest.mark.parametrize("declared", ["/", "a b", "text/plain; charset", ";", "a/b/c"])
def test_a_malformed_content_type_is_refused(declared):
    """Before the body is looked at."""
    assert refusal(b"{}", declared) == (400, "malformed content type")


@pytest.mark.parametrize("body", [b"payload=%zz", b"payload=1;a=2", b"%", b"payload=%4"])
def test_a_malformed_form_is_refused(body):
    """Strays that Go's parser refuses."""
    assert refusal(body, FORM) == (400, "no form")


def test_a_form_that_is_too_large_is_refused():
    """One byte more than the limit."""
    assert payload_of(b"payload=12", FORM, "", 10) == b"12"
    assert refusal(b"payload=123", FORM, 10)[0] == refusal(part("text", "x"), MULTIPART, 10)[0] == 413


def test_parts_are_keys():
    """Under the names of Go in any case, the last one counting; other names are refused."""
    body = part("text", "a") + part("IconURL", "i") + part("channelName", "c") + part("text", "grüße") + b"--b--"
    assert json.loads(payload_of(body, MULTIPART, "", 10_000)) == {"text": "grüße", "icon_url": "i", "channel": "c"}
    assert refusal(part("icon_url", "i") + b"--b--", MULTIPART) == (400, "unknown part 'icon_url'")
    assert refusal(b"no parts", "multipart/form-data") == (400, "no parts")


@given(
    st.binary(max_size=80),
    st.sampled_from([MULTIPART, MULTIPART + "\udcff", FORM, "multipart/form-data; boundary=\udcff"]),
)
def test_any_bytes_are_a_payload_or_refused(body, declared):
    """Nothing else is raised, also where the content type is no Unicode."""
    for whole in (body, b"--b\r\n" + body + b"\r\n--b--", b"--\xff\r\n\r\n" + body + b"\r\n--\xff--"):
        with suppress(RefusedError):
            assert isinstance(payload_of(whole, declared, "", 10_000), bytes)
