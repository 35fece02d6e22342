"""Requests in files."""

import json

import pytest

from gateway.pipeline.recorded import requests

HAR = {
    "log": {
        "entries": [
            {"request": {"method": "GET", "url": "https://x.example/"}},
            {
                "request": {
                    "method": "POST",
                    "url": "https://x.example/in/a?b=c",
                    "headers": [{"name": ":authority", "value": "x"}, {"name": "X-Event", "value": "push"}],
                    "postData": {"mimeType": "application/json", "text": '{"a": 1}'},
                }
            },
            {"request": {"method": "POST", "url": "/", "postData": {"params": [{"name": "a", "value": "1 2"}]}}},
        ]
    }
}


def test_json_is_a_body_or_a_request_or_several():
    """`headers` beside `body` make a request; a body that is a list stays one."""
    assert [one.body for one in requests(b'{"a": 1}')] == [b'{"a":1}']
    assert [one.body for one in requests(b'[{"a": 1}]')] == [b'[{"a":1}]']
    one = {"headers": {"X-A": "b"}, "body": {"n": 1}, "query": {"q": "1"}, "method": "put"}
    [found] = requests(json.dumps(one).encode())
    assert (found.method, found.headers, found.query) == (
        "PUT", {"x-a": "b", "content-type": "application/json"}, {"q": "1"},
    )  # fmt: skip
    assert len(requests(json.dumps([one, {"request": one}]).encode())) == 2
    assert len(requests(f"{json.dumps(one)}\n{json.dumps(one)}\n".encode())) == 2
    bytes_ = {"headers": {}, "body": "/wA=", "encoding": "base64"}
    assert requests(json.dumps(bytes_).encode())[0].body == b"\xff\x00"


def test_har_has_the_requests_with_a_body():
    """Pseudo-headers of HTTP/2 go; parameters are a form again."""
    pushed, form = requests(json.dumps(HAR).encode())
    assert (pushed.headers, pushed.query) == ({"x-event": "push", "content-type": "application/json"}, {"b": "c"})
    assert form.body == b"a=1+2"
    HAR["log"]["entries"] = HAR["log"]["entries"][:1]
    with pytest.raises(ValueError, match="none of the 1 requests of this HAR has a body"):
        requests(json.dumps(HAR).encode())


def test_requests_as_on_the_wire():
    """Their Content-Length divides them, or `###`; either line end, any body."""
    wire = b"POST /in/x?a=1 HTTP/1.1\r\nHost: e.example\r\nContent-Length: 2\r\n\r\n{}POST /y HTTP/1.1\nHost: h\n\n<a/>"
    first, second = requests(wire)
    assert (first.body, first.query, first.url) == (b"{}", {"a": "1"}, "https://e.example/in/x?a=1")
    assert (second.body, second.headers) == (b"<a/>", {"host": "h"})
    assert len(requests(b"### one\nPOST /x HTTP/1.1\n\na\n\n###\nPOST /x HTTP/1.1\n\nb\n")) == 2
    [found] = requests(b"POST /x HTTP/1.1\nContent-Length: 3\n\n\xff\x00\n\n1")
    assert found.body == b"\xff\x00\n\n1"  # the length was that of another line end
    [found] = requests(b"Content-Type: text/xml\nX-A: b\n\n<a>1</a>")
    assert (found.headers, found.body) == ({"content-type": "text/xml", "x-a": "b"}, b"<a>1</a>")


@pytest.mark.parametrize("body", [b"<a>1</a>", b"a=1&b=2", b"Disk full: db1\n\nSee there.", b"\xff\x00", b"{no json"])
def test_everything_else_is_a_body(body):
    """It is kept byte for byte."""
    assert [one.body for one in requests(body)] == [body]


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b" \n", "it is empty"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"headers": {}, "body": "x", "encoding": "base64"}', "base64"),
    ],
)
def test_what_holds_no_request_is_told(data, part):
    """Empty, nested without end, or not in the encoding that it names."""
    with pytest.raises(ValueError, match=part):
        requests(data)


def test_curl_is_one_way():
    """More of it is in the tests of that module."""
    assert requests(b"curl https://x.example -d a=1")[0].body == b"a=1"
