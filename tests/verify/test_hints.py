"""What may mend a refused request is found by trying, and said without a secret."""

import base64
import hmac

import pytest

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.hints import MOST_SECRETS, REWRITTEN, find_hint
from gateway.verify.verify import parse_scheme
from tests.cost import seconds_of

NOW = 1_760_000_000.0
SECRET = "c2VzYW1l"
BODY = '{"n": 1, "at": "a/b", "who": "Zoë"}'.encode()
SIGNED = parse_scheme({"hmac": "sha256", "header": "X-Acme-Signature-256", "prefix": "sha256="})
STAMPED = parse_scheme(
    {"hmac": "sha256", "header": "X-S", "timestamp": {"header": "X-T"}, "message": ["timestamp", ".", "body"]}
)
SENDERS = {"x-other-token": "Other"}


def signed(key: bytes = SECRET.encode(), body: bytes = BODY, name: str = "sha256") -> str:
    """The signature of a sender."""
    return f"{name}={hmac.digest(key, body, name).hex()}"


def hint(headers: dict[str, str], schemes=(SIGNED,), body: bytes = BODY, secrets=(SECRET,), **more) -> str:
    """The hint for a request with these headers."""
    return find_hint(schemes, secrets, Content(Request(headers=headers, body=body, **more)), NOW, SENDERS)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (signed(f"{SECRET}\n".encode()), "the secret with a line break at its end, or without one"),
        (signed(f"{SECRET}\r\n".encode()), "the secret with a line break at its end, or without one"),
        (signed(f" {SECRET}".encode()), "with other white space around it"),
        (signed(f'"{SECRET}"'.encode()), "in quotation marks: take them off"),
        (signed(base64.b64decode(SECRET)), "it fits the secret as base64: `key` of the scheme says utf8"),
        (signed(body=b'{"n":1,"at":"a\\/b","who":"Zo\\u00eb"}'), "it fits the body written in another way"),
        (signed(body=BODY + b"\n"), "it fits the body written in another way"),
        (signed(name="sha1").replace("sha1", "sha256"), "signed with SHA-1: turn on SHA-256 at the sender"),
        (signed(b"something else"), ""),
    ],
)
def test_a_signature_that_nearly_fits_is_recognised(header, said):
    """The mistake is named, whichever it is."""
    found = hint({"x-acme-signature-256": header})
    assert said in found
    assert bool(found) is bool(said)


def test_sha1_alone_is_recognised_where_sha256_is_wanted():
    """Senders of old sign with SHA-1 in a header of its own."""
    found = hint({"x-acme-signature": signed(name="sha1")})
    assert found.startswith("signed with SHA-1 only, in the header X-Acme-Signature: turn on SHA-256 at the sender")
    assert "which does not fit, either" in hint({"x-acme-signature": signed(b"no", name="sha1")})
    assert hint({"x-acme-signature": signed(name="sha1"), "x-acme-signature-256": signed(b"no")}) == ""


def test_a_stranger_chooses_no_word_of_a_hint():
    """The name of a header is repeated only where it is the beginning of one that was looked for, or the catalog's."""
    found = hint({"buy-my-pills": signed(b"no", name="sha1")})
    assert found == "another header holds a SHA-1 signature, which does not fit, either"
    both = {"x-other-token": "x", "buy-my-pills": signed(b"no", name="sha1")}
    assert "X-Other-Token is there, which Other sends" in hint(both)


def test_a_stale_signature_is_judged_apart_from_its_age():
    """Then only the clock is to be set, or the secret is wrong as well."""
    for key, said in ((SECRET, "only the time is wrong"), ("no", "does not fit, either")):
        mac = hmac.digest(key.encode(), b"1759990000." + BODY, "sha256").hex()
        assert said in hint({"x-t": "1759990000", "x-s": mac}, [STAMPED])


def test_the_header_of_another_service_is_named():
    """The route may have the wrong service, or the sender the wrong URL."""
    assert "X-Other-Token is there, which Other sends" in hint({"x-other-token": "x"})


@pytest.mark.parametrize(
    ("scheme", "given"),
    [
        ({"path": True}, {"path_secret": f"{SECRET}\n"}),
        ({"query": "token"}, {"query": {"token": f"{SECRET}\n"}}),
        ({"header": "X-Token"}, {"headers": {"x-token": f'"{SECRET}"'}}),
    ],
)
def test_a_plain_secret_that_nearly_fits_is_recognised(scheme, given):
    """As it is for signatures."""
    request = {"headers": {}, **given}
    found = hint(request.pop("headers"), [parse_scheme(scheme)], **request)
    assert found.startswith("it is the secret ")
    assert SECRET not in found
    assert hint({}, [parse_scheme(scheme)]) == ""


def test_the_secret_of_the_route_may_be_the_one_with_the_line_break():
    """Both ends are to have the same; which of them is wrong, nobody knows."""
    assert "line break" in hint({"x-acme-signature-256": signed()}, secrets=[f"{SECRET}\n"])


def test_a_hint_costs_little():
    """However large the body and however many the secrets."""
    body = b'{"a": "' + b"\\u00e4<&" * 10_000 + b'"}'
    header = {"x-acme-signature-256": signed(b"no")}
    secrets = [f"secret {number}" for number in range(100)]
    assert len(body) > REWRITTEN
    assert seconds_of(lambda: hint(header, [SIGNED, STAMPED], body, secrets)) < 0.2
    assert "line break" in hint(
        {"x-acme-signature-256": signed(f"{secrets[MOST_SECRETS - 1]}\n".encode())}, secrets=secrets
    )
    deep = b"[" * 15_000
    assert hint({"x-acme-signature-256": signed(b"no")}, body=deep) == ""
    for depth in (300, 900):
        nested = b"[" * depth + b"[]," * 5_000 + b"0" + b"]" * depth
        assert len(nested) <= REWRITTEN
        assert seconds_of(lambda body=nested: hint(header, body=body, secrets=secrets)) < 0.2
