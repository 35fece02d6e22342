"""Requests as a sample may show them."""

import gzip
import json

import pytest

from gateway.catalog.draft_masks import masked
from gateway.model import Request

SECRET = "s3cret-of-the-route"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"a": {"password": "hunter22"}, "env": [{"name": "DB_PASSWORD", "value": "hunter22"}]}).encode(),
        b"<a><password>hunter22</password></a>",
        b"payload=%7B%22token%22%3A%22hunter22%22%7D&a=1",
        b"user=a&password=hunter22",
        f'{{"text": "{"word " * 3000}token=hunter22 and {SECRET}"}}'.encode(),
    ],
)
def test_credentials_in_bodies(body):
    """By the names of their keys in JSON, XML and forms, by their look in texts of any length, and the given secret."""
    clean = masked(Request(body=body), (), (SECRET,)).body
    assert b"hunter22" not in clean
    assert SECRET.encode() not in clean
    assert b"***" in clean


def test_credentials_beside_bodies():
    """In headers and query by their names; what the transport adds says who sent it from where, and goes."""
    request = Request(
        "POST", {"authorization": "Bearer x1", "x-api-key": "x2", "x-event": "push", "content-encoding": "gzip"},
        {"token": "x3", "a": "1"}, gzip.compress(b'{"a": 1}'), "x4", "https://x5.example/in/a/x4",
    )  # fmt: skip
    clean = masked(request)
    assert clean.headers == {"authorization": "***", "x-api-key": "***", "x-event": "push"}
    assert (clean.query, clean.path_secret, clean.url) == ({"token": "***", "a": "1"}, "", "")
    assert clean.body == b'{"a": 1}'


def test_what_has_no_secret_stays_byte_for_byte():
    """However it is laid out; what does not inflate is left out."""
    assert masked(Request(body=b'{ "a":\n1}')).body == b'{ "a":\n1}'
    assert masked(Request(headers={"content-encoding": "gzip"}, body=b"x")).body == b""
