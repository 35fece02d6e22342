"""Envelopes whose proof and handshake are known."""

import json

from msgspec.structs import replace

from gateway.catalog.draft_envelopes import envelope_of
from gateway.decode.content import Content
from gateway.verify.verify import parse_schemes, verify
from tests.verify.pki import NOW, hashes
from tests.verify.test_keys import CERT, LEAF, NOTICE, sns


def test_both_versions_of_amazon_sns_are_proven():
    """By the schemes of the envelope, with the secret in the URL."""
    found = envelope_of([{**NOTICE, "Signature": ""}])
    assert found is not None
    for digest in (hashes.SHA1(), hashes.SHA256()):
        request = replace(sns(digest=digest), query={"token": "s3cret"})
        assert verify(parse_schemes(found.verify), ["s3cret"], Content(request), NOW, {CERT: LEAF})


def test_only_whole_envelopes_are_known():
    """All payloads are one; what tells nothing of the event is left out of it."""
    notice = json.loads(sns().body)
    found = envelope_of([notice])
    assert found is not None
    assert found.told(notice).keys() == {"Message", "TopicArn", "Timestamp"}
    assert (found.told("x"), found.held(notice), found.held([])) == ("x", {"Message": NOTICE["Message"]}, {})
    assert envelope_of([notice, {"Type": "x"}]) is None
    assert envelope_of([]) is None
