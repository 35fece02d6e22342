"""Proofs as lines of a shell: each is run, and what it makes is verified as the gateway does it."""

import base64
import subprocess
import time
from urllib.parse import parse_qsl, unquote

import pytest

from gateway.console import signing
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify.schemes import parse_scheme
from gateway.verify.verify import verify

SECRET = "cGFzc3dvcmQgb2Yg/+YSB0ZXN0Cg=="
BODY = '{"a": "it\'s 100% \\\\n fine", "b": "ü"}'

STAMPED = {"timestamp": {"header": "X-Time"}, "message": ["timestamp", "body"]}

SCHEMES = [
    {"path": True},
    {"query": "token"},
    {"header": "X-Token"},
    {"header": "Authorization", "prefix": "Bearer "},
    {"basic": "me"},
    {"hmac": "sha256", "header": "X-Sig", "prefix": "sha256="},
    {"hmac": "sha1", "header": "X-Sig"},
    {"hmac": "sha512", "header": "X-Sig", "encoding": "base64", "key": "base64"},
    {"hmac": "sha256", "header": "X-Sig", "encoding": "base64url"},
    {"hmac": "sha256", "header": "X-Sig-{n}"},
    {
        "hmac": "sha256", "header": "X-Sig", "prefix": "v0=", "timestamp": {"header": "X-Time"},
        "message": ["v0:", "timestamp", ":", "body"],
    },
    {
        "hmac": "sha256", "header": "X-Sig", "pairs": {"signature": "v1", "timestamp": "t"},
        "message": ["timestamp", ".", "body"],
    },
    {
        "hmac": "sha256", "header": "Id-Sig", "tagged": "v1", "encoding": "base64", "key": "whsec",
        "timestamp": {"header": "Id-Time"}, "message": [{"header": "Id"}, ".", "timestamp", ".", "body"],
    },
    {"hmac": "sha256", "header": "X-Sig", **STAMPED, "unit": "ms"},
    {"hmac": "sha256", "header": "X-Sig", **STAMPED, "unit": "iso"},
    {"hmac": "sha256", "header": "X-Sig", "message": ["method", "body"]},
    {
        "hmac": "sha256", "header": "X-Sig", "encoding": "base64", "timestamp": {"header": "Date"}, "unit": "http",
        "message": ["method", "\n", {"header": "X-Url"}, "\n", "timestamp", "\n", {"digest": "md5-hex"}],
    },
    {
        "hmac": "sha256", "header": "Signature", "pairs": {"signature": "signature"}, "encoding": "base64",
        "timestamp": {"header": "Date"}, "unit": "http", "message": ["date: ", "timestamp", "\n", {"header": "Digest"}],
        "body": {"header": "Digest", "prefix": "SHA-256=", "encoding": "base64"},
    },
]  # fmt: skip


def sent(written: signing.Written) -> Request:
    """The request that a command with these lines sends, with a curl that only prints its arguments."""
    lines = [*written.before, f"printf '%s\\0' /in/x{written.url} {' '.join(written.options)}"]
    made = subprocess.run(
        ["sh", "-ceu", "\n".join(lines)], env={"SECRET": SECRET, "BODY": BODY, "PATH": "/usr/bin:/bin"},
        capture_output=True, check=True,
    )  # fmt: skip
    url, *options = made.stdout.decode().rstrip("\0").split("\0")
    headers = {}
    for kind, value in zip(options[::2], options[1::2], strict=True):
        if kind == "--user":
            headers["authorization"] = "Basic " + base64.b64encode(value.encode()).decode()
        else:
            name, _, rest = value.partition(":")
            headers[name] = rest.strip()
    path, _, query = url.partition("?")
    secret = unquote(path.removeprefix("/in/x").strip("/"))
    return Request("POST", headers, dict(parse_qsl(query)), BODY.encode(), secret)


@pytest.mark.parametrize("raw", SCHEMES, ids=str)
def test_what_a_command_sends_is_proven(raw):
    """By the scheme that it was written for, and by the secret alone."""
    scheme = parse_scheme(raw)
    written = signing.write([scheme])
    request = sent(written)
    assert set(written.names) <= set(request.headers)
    verify([scheme], [SECRET], Content(request), time.time())
    with pytest.raises(Refused):
        verify([scheme], ["another"], Content(request), time.time())


@pytest.mark.parametrize(
    "raw",
    [
        {"token": "secret"},
        {"hmac": "sha256", "json": "signature", "message": [{"json": "a"}]},
        {"hmac": "sha256", "header": "X-Sig", "message": [{"digest": "crc32"}]},
        {"hmac": "sha256", "header": "X-Sig", "message": [{"form": "payload"}]},
        {"hmac": "sha256", "header": "X-Sig", "also": {"path": True}},
        {"ed25519": True, "header": "X-Sig"},
        {"jwt": "HS256", "header": "X-Token"},
        {"hmac": "sha256", "header": "X-Sig", "timestamp": {"json": "at"}, "message": ["body"]},
    ],
    ids=str,
)
def test_what_no_command_can_make_is_none(raw):
    """Another scheme of the service may be one that it can."""
    assert signing.write([parse_scheme(raw)]) is None
    assert signing.write([parse_scheme(raw), parse_scheme({"query": "t"})]).url == '"?t=$SECRET"'


def test_the_simplest_proof_is_taken():
    """A secret in a header needs no openssl, and stands in no log; one in the URL does."""
    signed, path = parse_scheme({"hmac": "sha256", "header": "X-Sig"}), parse_scheme({"path": True})
    assert signing.write([signed, path, parse_scheme({"header": "X-Token"})]).before == ()
    assert signing.write([path, signed]).names == ["x-sig"]
    assert signing.unproven().options == ()
