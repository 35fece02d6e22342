"""How requests prove themselves, in words that a person can follow."""

import pytest

from gateway.console.proofs import Proof, proofs, url_with_secret, words
from gateway.model import Request
from gateway.verify.verify import parse_scheme

SLACK = {"hmac": "sha256", "header": "X-Slack-Signature", "prefix": "v0=", "timestamp": {"header": "X-Slack-Time"},
         "message": ["v0:", "timestamp", ":", "body"]}  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"path": True}, "the secret as the last segment of the URL"),
        ({"query": "token"}, "the secret in the URL, as ?token="),
        ({"header": "x-gitlab-token"}, "the secret in the header X-Gitlab-Token"),
        ({"header": "Authorization", "prefix": "Bearer "}, "the secret in the header Authorization, behind “Bearer”"),
        ({"basic": "ada"}, "HTTP Basic with the user ada and the secret as password"),
        ({"basic": True}, "HTTP Basic with a secret of the form user:password"),
        ({"token": "auth.token"}, "the secret in the body, at auth.token"),
        ({"token": "items[0].token"}, "the secret in the body, at items[0].token"),
        ({"token": "items.*.token"}, "the secret in the body, at items.*.token"),
        ({"token": "Token", "hash": "md5"}, "MD5 of the secret in the body, at Token"),
        ({"hash": "sha256", "header": "X-Sig", "message": ["body", "secret"]},
         "digest SHA256 of the body + the secret in the header X-Sig"),
        ({"ed25519": True, "header": "X-Sig"},
         "Ed25519 signature of the body in the header X-Sig (the secret is the public key)"),
        ({"rsa": "sha1", "json": "Sig", "message": [{"lines": ["A", "B"]}], "also": {"token": "Arn"},
          "keys": {"certificate": {"json": "Url"}, "hosts": ["sns.*.amazonaws.com"]}},
         "RSA-SHA1 signature of lines of A, B in the body at Sig (by a key from sns.*.amazonaws.com, and the secret in"
         " the body, at Arn)"),
        ({"hmac": "sha256", "header": "X-Sig", "also": "secret"},
         "HMAC-SHA256 of the body in the header X-Sig (and the secret in the URL or in Authorization)"),
        ({"jwt": "RS256", "header": "Authorization", "prefix": "Bearer ", "audience": "secret",
          "keys": {"jwks": "https://a.example.com/keys"}, "body": {"claim": "sha256"}},
         "RS256 token in the header Authorization (behind “Bearer”, by a key from a.example.com, for the secret as its"
         " audience, with the digest of the body)"),
        ({"hmac": "sha1", "header": "X-Sig"}, "HMAC-SHA1 of the body in the header X-Sig"),
        ({"hmac": "sha256", "json": "a.sig", "message": [{"json": "a.data"}]},
         "HMAC-SHA256 of the body at a.data in the body at a.sig"),
        ({"hmac": "sha256", "header": "X-Sig", "encoding": "base64", "message": ["url", {"form": "sorted"}]},
         "HMAC-SHA256 of the URL + the form fields in order in the header X-Sig (in base64)"),
        ({"hmac": "md5", "header": "X-Sig", "message": ["method", {"header": "X-Date"}, {"digest": "sha256-hex"}]},
         "HMAC-MD5 of the method + the header X-Date + the SHA256 of the body in the header X-Sig"),
        (SLACK, "HMAC-SHA256 of “v0:” + the timestamp + “:” + the body in the header X-Slack-Signature"
         " (behind “v0=”, not older than 300 s)"),
        (SLACK | {"window": "off"}, "HMAC-SHA256 of “v0:” + the timestamp + “:” + the body in the header"
         " X-Slack-Signature (behind “v0=”)"),
    ],
)  # fmt: skip
def test_each_scheme_has_its_words(raw, text):
    """What is signed or sent, where it stands, and in what form."""
    assert words(parse_scheme(raw)) == text


@pytest.mark.parametrize(
    ("raws", "url"),
    [
        ([], ""),
        ([{"path": True}], "https://h/in/a/SECRET"),
        ([{"header": "X-T"}, {"query": "a key&"}], "https://h/in/a?a%20key%26=SECRET"),
        ([{"query": "t"}, {"path": True}], "https://h/in/a?t=SECRET"),
        ([{"basic": True}, {"token": "t"}, SLACK], ""),
        ([SLACK | {"also": "secret"}], "https://h/in/a/SECRET"),
        ([SLACK | {"also": {"query": "key"}}], "https://h/in/a?key=SECRET"),
    ],
)
def test_a_url_has_a_hole_where_the_secret_goes(raws, url):
    """For the first scheme that a plain URL can meet."""
    assert url_with_secret("https://h/in/a", [parse_scheme(raw) for raw in raws]) == url


@pytest.mark.parametrize(
    ("raw", "request_", "there"),
    [
        ({"path": True}, Request(path_secret="x"), True),
        ({"path": True}, Request(), False),
        ({"query": "t"}, Request(query={"t": ""}), True),
        ({"query": "t"}, Request(query={"T": "x"}), False),
        ({"header": "X-T"}, Request(headers={"x-t": "a"}), True),
        ({"header": "X-T"}, Request(), False),
        ({"basic": True}, Request(headers={"authorization": "BASIC x"}), True),
        ({"basic": True}, Request(headers={"authorization": "Bearer x"}), False),
        (SLACK, Request(headers={"x-slack-signature": "v0=1"}), True),
        (SLACK, Request(headers={"x-slack-time": "1"}), False),
        ({"token": "t"}, Request(body=b'{"t": "x"}', path_secret="x"), False),
        ({"hmac": "sha256", "json": "sig", "message": [{"json": "id"}]}, Request(body=b'{"sig": "x"}'), False),
    ],
)
def test_what_is_there_to_be_checked_is_told(raw, request_, there):
    """By header, query and path; nothing is parsed for it, and without a request nothing is there."""
    scheme = parse_scheme(raw)
    assert proofs([scheme], request_) == (Proof(words(scheme), there),)
    assert proofs([scheme]) == (Proof(words(scheme)),)
