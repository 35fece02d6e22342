"""The text of a sample for a drafted document."""

import pytest

from gateway.catalog.build import build
from gateway.catalog.draft import draft
from gateway.catalog.draft_masks import masked
from gateway.catalog.kinds import Text
from gateway.language.template import Engine
from gateway.model import Request
from gateway.pipeline import drafted_sample, sample
from gateway.pipeline.expectation import differences
from gateway.pipeline.rehearsal import rehearse
from gateway.verify.sender import WORD

PLACES = {
    "signature": Request(headers={"x-signature": "00" * 32}, body=b'{"event": "a.b", "name": "it"}'),
    "standard": Request(
        headers={"webhook-id": "m1", "webhook-timestamp": "1700000000", "webhook-signature": "v1," + "A" * 43 + "="},
        body=b'{"event": "a.b", "name": "it"}',
    ),
    "bearer": Request(headers={"authorization": "Bearer abcdefgh12345"}, body=b'{"event": "a.b", "name": "it"}'),
    "basic": Request(headers={"authorization": "Basic dTpwYXNzd29yZDEyMzQ="}, body=b'{"event": "a.b", "name": "it"}'),
    "query": Request(query={"token": "abcdefgh12345"}, body=b'{"event": "a.b", "name": "it"}'),
    "token": Request(body=b'{"event": "a.b", "name": "it", "token": "abcdefgh12345"}'),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_sample_is_signed_by_its_runner(place):
    """It has a secret of its own, and nothing of the proof of its sender; the document speaks for it."""
    made = draft("acme", [PLACES[place]])
    texts = {name.removesuffix(".yaml"): text for name, text in made.documents.items()}
    service, _ = build("acme", {name: Text(f"acme/{name}", text, name) for name, text in texts.items()}, Engine())
    text = drafted_sample.text(service, made.samples["a_b.usual"], made.proof)
    found = sample.parse(text, "a_b.usual.yaml")
    assert found.secret
    assert (found.expect.outcome, found.expect.translator) == ("message", "acme/a_b")
    assert not differences(found.expect, rehearse(found, service).found)
    assert "abcdefgh12345" not in text
    assert "00" * 32 not in text


def test_a_signature_in_the_body_is_made_anew():
    """Of what stands beside it."""
    request = Request(body=b'{"event": "a.b", "name": "it", "signature": "' + b"00" * 32 + b'"}')
    made = draft("acme", [request])
    texts = {name.removesuffix(".yaml"): text for name, text in made.documents.items()}
    service, _ = build("acme", {name: Text(f"acme/{name}", text, name) for name, text in texts.items()}, Engine())
    found = sample.parse(drafted_sample.text(service, made.samples["a_b.usual"], made.proof), "a_b.usual.yaml")
    assert (found.secret, found.expect.translator) == (WORD, "acme/a_b")
    assert "signature" not in found.request.body


def test_a_masked_proof_is_made_anew():
    """Of a service that was there: its own scheme says how, and with which kind of secret."""
    text = "name: Acme\nsetup: Enter the URL there.\nverify: [{hmac: sha256, header: X-Acme-Signature, key: hex}]\n"
    service, _ = build("acme", {"service": Text("acme/service", text, "service.yaml")}, Engine())
    request = masked(Request(headers={"x-acme-signature": "00" * 32}, body=b'{"name": "it"}'))
    found = sample.parse(drafted_sample.text(service, request, None), "a.yaml")
    assert (found.expect.outcome, set(found.request.headers)) == ("message", set())
    assert bytes.fromhex(found.secret)
