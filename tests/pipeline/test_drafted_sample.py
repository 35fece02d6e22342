"""The text of a sample for a drafted document."""

from gateway.catalog.build import build
from gateway.catalog.draft import draft
from gateway.catalog.kinds import Text
from gateway.language.template import Engine
from gateway.model import Request
from gateway.pipeline import drafted_sample, sample


def test_a_sample_holds_and_has_no_signature_of_its_sender():
    """Its runner signs."""
    request = Request(headers={"x-signature": "00" * 32}, body=b'{"event": "a.b", "name": "it"}')
    made = draft("acme", [request])
    texts = {name.removesuffix(".yaml"): text for name, text in made.documents.items()}
    service, _ = build("acme", {name: Text(f"acme/{name}", text, name) for name, text in texts.items()}, Engine())
    found = sample.parse(drafted_sample.text(service, made.samples["a_b.usual"], made.proof, ""), "a_b.usual.yaml")
    assert "x-signature" not in found.request.headers
    assert found.expect.translator == "acme/a_b"
