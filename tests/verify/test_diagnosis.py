"""Why a request is not authentic: in words for the operator, and without anything that depends on a secret."""

import hmac
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Cause, Request
from gateway.verify.carried import SECRET as CAPABILITY
from gateway.verify.diagnosis import as_header, described, diagnose
from gateway.verify.verify import parse_scheme, verify
from tests.cost import seconds_of

NOW = 1_760_000_000.0
SECRET = "open sesame"
BODY = b'{"n": 1}'
SIGNED = parse_scheme({"hmac": "sha256", "header": "X-Acme-Signature", "prefix": "sha256="})
STAMPED = parse_scheme(
    {
        "hmac": "sha256", "header": "X-Acme-Stamped", "timestamp": {"header": "X-Acme-Time"},
        "message": ["timestamp", ".", "body"],
    }
)  # fmt: skip
PAIRS = parse_scheme(
    {
        "hmac": "sha256", "header": "X-Pairs", "pairs": {"signature": "v1", "timestamp": "t"},
        "message": ["timestamp", "body"],
    }
)  # fmt: skip
TOKEN = parse_scheme({"token": "auth.token"})
HEADER = parse_scheme({"header": "Authorization", "prefix": "Bearer "})
BASIC = parse_scheme({"basic": "ann"})


def signature(message: bytes = BODY, key: str = SECRET) -> str:
    """The hexadecimal HMAC that a sender would make."""
    return hmac.digest(key.encode(), message, "sha256").hex()


def stamped(at: float) -> dict[str, str]:
    """The headers of a request that was signed at a time."""
    return {"x-acme-time": f"{at:.0f}", "x-acme-stamped": signature(b"%.0f." % at + BODY)}


@pytest.mark.parametrize(
    ("schemes", "headers", "cause", "said"),
    [
        ([SIGNED], {}, Cause.UNSIGNED, "the HMAC-SHA256 in the header X-Acme-Signature is missing"),
        ([SIGNED], {"x-acme-signature": "md5=00"}, Cause.UNSIGNED, "sha256= in front of it is missing"),
        ([SIGNED], {"x-acme-signature": "sha256=zz"}, Cause.UNSIGNED, "it is not hex"),
        ([SIGNED], {"x-acme-signature": f"sha256={signature()}"}, Cause.WRONG_SECRET, "does not match the secret"),
        ([PAIRS], {"x-pairs": "t=1,v0=00"}, Cause.UNSIGNED, "its pair v1= is missing"),
        ([PAIRS], {"x-pairs": "v1=00"}, Cause.UNSIGNED, "has no timestamp: that in the same header is missing"),
        ([STAMPED], {"x-acme-stamped": "00"}, Cause.UNSIGNED, "that in the header X-Acme-Time is missing"),
        ([STAMPED], {"x-acme-stamped": "00", "x-acme-time": "noon"}, Cause.UNSIGNED, "X-Acme-Time is no time"),
        ([STAMPED], stamped(NOW - 432), Cause.STALE, "its timestamp is 7.2 min old by this machine's clock, 5 min"),
        ([STAMPED], stamped(NOW - 432), Cause.STALE, "the sender's clock is 7.2 min behind, or the request was"),
        ([STAMPED], stamped(NOW + 7200), Cause.STALE, "2 h ahead of this machine's clock, 5 min are allowed"),
        ([STAMPED, SIGNED], stamped(NOW - 432), Cause.STALE, "; also looked for: the HMAC-SHA256 in the header X"),
        ([TOKEN], {}, Cause.UNSIGNED, "the token at $.auth.token of the body is missing"),
        ([HEADER], {"authorization": "Token x"}, Cause.UNSIGNED, "the header Authorization behind 'Bearer' begins"),
        ([HEADER], {"authorization": "Bearer x"}, Cause.WRONG_SECRET, "is not the secret of the route"),
        ([BASIC], {"authorization": "Bearer x"}, Cause.UNSIGNED, "the password of HTTP Basic is missing: the header"),
        ([BASIC], {"authorization": "Basic Ym9iOng="}, Cause.WRONG_SECRET, "is that of another user than ann"),
        ([BASIC], {"authorization": "Basic YW5uOng="}, Cause.WRONG_SECRET, "is not the secret of the route"),
        (CAPABILITY, {}, Cause.UNSIGNED, "none of these is there: the secret behind the name of the route in the"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(schemes, headers, cause, said):
    """Which proof was looked for and where, and what is wrong with it."""
    found = diagnose(schemes, ["another secret"], Content(Request(headers=headers, body=BODY)), NOW)
    assert found.cause is cause
    assert said in found.why


def test_a_secret_that_cannot_be_a_key_is_told():
    """The scheme wants base64, and the route's secret is none."""
    scheme = parse_scheme({"hmac": "sha256", "header": "X-S", "key": "base64"})
    found = diagnose([scheme], ["not base64!"], Content(Request(headers={"x-s": "00"}, body=BODY)), NOW)
    assert found.why.endswith("cannot be compared: the secret is not base64, as the scheme's key says")


def test_a_route_without_a_secret_says_so():
    """One that waits for the secret of a handshake, for example."""
    assert "has no secret yet" in diagnose([SIGNED], [""], Content(Request(body=BODY)), NOW).why


def test_several_secrets_are_counted():
    """During a rotation there are two."""
    request = Request(headers={"x-acme-signature": f"sha256={signature()}"}, body=BODY)
    assert "any of the 2 secrets of the route" in diagnose([SIGNED], ["a", "b", ""], Content(request), NOW).why


def test_nothing_of_the_request_or_of_a_secret_is_repeated():
    """Values of headers may be signatures or secrets of others."""
    headers = {"x-acme-signature": "sha256=d0d0", "authorization": "Bearer d0d0", "x-acme-stamped": "d0d0"}
    request = Request(headers=headers, query={"token": "d0d0"}, path_secret="d0d0", body=b'{"auth": {"token": "d0d0"}}')
    found = diagnose([SIGNED, STAMPED, TOKEN, HEADER, BASIC, *CAPABILITY], [SECRET], Content(request), NOW)
    assert "d0d0" not in found.why
    assert SECRET not in found.why


@given(
    st.lists(st.sampled_from([SIGNED, STAMPED, PAIRS, TOKEN, HEADER, BASIC, *CAPABILITY]), min_size=1, max_size=4),
    st.dictionaries(
        st.sampled_from(["x-acme-signature", "x-acme-stamped", "x-acme-time", "x-pairs", "authorization"]),
        st.text(max_size=30) | st.sampled_from(["sha256=00", "t=1,v1=00", "Basic YTpi", "1760000000"]),
    ),
)
def test_there_is_a_diagnosis_for_everything_that_is_refused(schemes, headers):
    """Whatever a stranger sends."""
    content = Content(Request(headers=headers, body=BODY))
    with pytest.raises(Refused):
        verify(schemes, [SECRET], content, NOW)
    found = diagnose(schemes, [SECRET], content, NOW)
    assert found.cause in {Cause.UNSIGNED, Cause.WRONG_SECRET, Cause.STALE}
    assert len(found.why) < 2000


def test_a_long_header_costs_little():
    """A diagnosis is made in the event loop."""
    request = Request(headers={"x-pairs": "v1=00," * 20_000, "authorization": "Basic " + "A" * 100_000}, body=BODY)
    content = Content(request)
    assert seconds_of(lambda: diagnose([PAIRS, BASIC, SIGNED], [SECRET], content, time.time())) < 0.2


def test_headers_are_written_as_senders_write_them():
    """They are kept in lower case."""
    assert as_header("x-hub-signature-256") == "X-Hub-Signature-256"
    assert described(parse_scheme({"header": "x-gitlab-token"})) == "the header X-Gitlab-Token"
