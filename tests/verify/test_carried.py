"""Secrets that a request carries; each place is tried in test_verify."""

import base64
import hashlib

import pytest

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.carried import SECRET, TokenSecret, carries

BASIC = "Basic " + base64.b64encode(b"user:pw").decode()


@pytest.mark.parametrize(
    ("request_", "secret"),
    [
        (Request(path_secret="s1"), "s1"),
        (Request(query={"token": "s1"}), "s1"),
        (Request(headers={"authorization": "Bearer s1"}), "s1"),
        (Request(headers={"authorization": BASIC}), "user:pw"),
    ],
    ids=["path", "query", "bearer", "basic"],
)
def test_what_the_word_secret_stands_for(request_, secret):
    """One of four places has it, and no other place counts."""
    assert any(carries(one, [secret], Content(request_)) for one in SECRET)
    assert not any(carries(one, ["another"], Content(request_)) for one in SECRET)
    elsewhere = Request(headers={"x-token": secret}, query={"key": secret}, body=secret.encode())
    assert not any(carries(one, [secret], Content(elsewhere)) for one in SECRET)


def test_a_token_that_is_a_digest():
    """StatusCake sends the MD5 of user name and key: the secret of the route is those, not what is sent."""
    digest = hashlib.md5(b"annkey").hexdigest()
    scheme = TokenSecret(("Token",), "md5")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for sent in (digest, digest.upper()):
        assert carries(scheme, ["annkey"], Content(Request(headers=headers, body=f"Token={sent}&Status=Up".encode())))
    assert not carries(scheme, [digest], Content(Request(headers=headers, body=f"Token={digest}".encode())))
    assert not carries(scheme, ["annkey"], Content(Request(headers=headers, body=b"Status=Up")))
