"""Secrets that requests carry are put into them; that `verify` finds them there is tested in test_signer."""

import hashlib

import pytest

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.carried_sender import carrier
from gateway.verify.verify import parse_scheme

NOW = 0.0


@pytest.mark.parametrize(
    ("raw", "names", "request_"),
    [
        ({"path": True}, {"path"}, Request(path_secret="a/b", url="https://h/in/r/a%2Fb?q=1", body=b"{}")),
        ({"query": "Key"}, {"query", "key"},
         Request(query={"Key": "a/b"}, url="https://h/in/r?q=1&Key=a%2Fb", body=b"{}")),
        ({"header": "Authorization", "prefix": "Bearer "}, {"header", "authorization", "bearer"},
         Request(headers={"authorization": "Bearer a/b"}, url="https://h/in/r?q=1", body=b"{}")),
        ({"basic": "u"}, {"basic"},
         Request(headers={"authorization": "Basic dTphL2I="}, url="https://h/in/r?q=1", body=b"{}")),
        ({"token": "t"}, {"token"}, Request(url="https://h/in/r?q=1", body=b'{"t":"a/b"}')),
        ({"token": "t", "hash": "sha1"}, {"token"},
         Request(url="https://h/in/r?q=1", body=b'{"t":"%b"}' % hashlib.sha1(b"a/b").hexdigest().encode())),
    ],
)  # fmt: skip
def test_a_secret_is_put_in_its_place(raw, names, request_):
    """Once: a request that has one stays as it is."""
    sender = carrier(parse_scheme(raw))
    asked = Content(Request(url="https://h/in/r?q=1", body=b"{}"))
    assert sender.names() == names
    assert sender.prove(asked, "a/b", NOW) == request_
    assert sender.prove(Content(request_), "c", NOW) == request_
