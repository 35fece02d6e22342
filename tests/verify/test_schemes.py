"""Verification schemes are read strictly: a mistake is named when the document is read."""

import pytest

from gateway.verify.message import Part
from gateway.verify.schemes import BasicSecret, HeaderSecret, PathSecret, QuerySecret, TokenSecret, parse_scheme
from gateway.verify.signature import Signature


def test_static_schemes():
    """Each static scheme is one short mapping; header names fit requests in any case."""
    assert parse_scheme({"path": True}) == PathSecret()
    assert parse_scheme({"query": "Key"}) == QuerySecret("Key")
    assert parse_scheme({"header": "X-Token", "prefix": "Token "}) == HeaderSecret("x-token", "Token ")
    assert parse_scheme({"basic": True}) == BasicSecret("")
    assert parse_scheme({"basic": "ann"}) == BasicSecret("ann")
    assert parse_scheme({"token": "a.*.b"}) == TokenSecret(("a", "*", "b"))


def test_the_usual_signature_is_one_line():
    """A signature in hex over the body needs digest, header and prefix only."""
    scheme = parse_scheme({"hmac": "sha256", "header": "X-Sig", "prefix": "sha256="})
    assert isinstance(scheme, Signature)
    assert (scheme.source.name, scheme.encoding, scheme.key, scheme.timestamp) == ("x-sig", "hex", "utf8", None)
    assert scheme.message == (Part("body"),)


def test_words_may_be_keys():
    """In YAML `{method}` is a mapping with an empty value; it means the word."""
    scheme = parse_scheme({"hmac": "sha1", "header": "X", "message": [{"method": None}, {"url": True}, "body"]})
    assert isinstance(scheme, Signature)
    assert scheme.message == (Part("method"), Part("url"), Part("body"))


HMAC = {"hmac": "sha256", "header": "X"}


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ([], "a verify scheme is the word secret, or a mapping"),
        ({"bearer": True}, "a verify scheme is the word secret, or a mapping"),
        ({"path": False}, "path: expected true"),
        ({"path": "x"}, "path: expected"),
        ({"header": ""}, "header: expected a name"),
        ({"header": "X", "query": "y"}, "header: not a key of a query scheme"),
        ({"query": "y", "prefix": "z"}, "prefix: not a key"),
        ({"token": "a["}, "token: not a path"),
        ({"hmac": "sha3", "header": "X"}, "hmac: expected one of"),
        ({"hmac": "sha256"}, "exactly one of header, json, form"),
        ({**HMAC, "form": "y"}, "exactly one of header, json, form"),
        ({**HMAC, "secret": "y"}, "secret"),
        ({"hmac": "sha256", "form": "sig-{n}"}, "{n} is for header names"),
        ({"hmac": "sha256", "json": "a.*"}, "without *"),
        ({**HMAC, "prefix": "a", "optional_prefix": "b"}, "optional_prefix"),
        ({**HMAC, "pairs": {"signature": "v1"}, "tagged": "v1"}, "pairs"),
        ({**HMAC, "pairs": {"signature": "v1", "delimiter": ""}}, "pairs"),
        ({**HMAC, "pairs": {"signature": "v1", "timestamp": "t"}, "timestamp": {"header": "T"}}, "timestamp"),
        ({**HMAC, "timestamp": {}}, "timestamp: expected exactly one"),
        ({**HMAC, "window": "soon"}, "window"),
        ({**HMAC, "message": []}, "message: expected at least one part"),
        ({**HMAC, "message": ["boddy"]}, "'boddy' is none of"),
        ({**HMAC, "message": ["timestamp"]}, "the timestamp has no place"),
        ({**HMAC, "timestamp": {"header": "T"}}, "the signature does not cover it"),
        ({**HMAC, "timestamp": {"form": "t"}, "message": [{"form": "a"}]}, "the signature does not cover it"),
        ({**HMAC, "message": [{"digest": "md6"}]}, "is no part"),
        ({**HMAC, "message": [{"header": "A", "form": "b"}]}, "is no part"),
        ({**HMAC, "message": [{}]}, "is no part"),
        ({**HMAC, "message": [{"cookie": "a"}]}, "is no part"),
    ],
)
def test_faults(document, fault):
    """The text names the key and what is expected."""
    with pytest.raises(ValueError) as error:
        parse_scheme(document)
    assert fault in str(error.value)
