"""Texts are put into requests where they are absent."""

import json

import pytest

from gateway.model import Request
from gateway.verify.material import Source
from gateway.verify.placing import with_header, with_parameter, with_text, with_value

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_headers_and_parameters():
    """What is there stays; a parameter is also in the URL."""
    asked = Request(headers={"a": "1"}, query={"b": "2"}, url="https://h/in?b=2")
    assert with_header(asked, "a", "x") == asked == with_parameter(asked, "b", "x")
    assert with_text(asked, Source("header", "c"), "3").headers == {"a": "1", "c": "3"}
    more = with_text(asked, Source("query", "c"), "3 4")
    assert (more.query, more.url) == ({"b": "2", "c": "3 4"}, "https://h/in?b=2&c=3+4")
    assert with_parameter(Request(url="https://h/in"), "c", "3").url == "https://h/in?c=3"


@pytest.mark.parametrize(
    ("body", "path", "found"),
    [
        ("{}", ("a", "b"), {"a": {"b": "t"}}),
        ('{"a": [{}, {}]}', ("a", "*", "b"), {"a": [{"b": "t"}, {"b": "t"}]}),
        ('{"a": [{}, {"c": 1}]}', ("a", 1, "b"), {"a": [{}, {"c": 1, "b": "t"}]}),
    ],
)
def test_values_of_a_body(body, path, found):
    """Objects on the way are made, lists are there."""
    assert json.loads(with_value(Request(body=body.encode()), path, "t").body) == found


def test_fields_of_a_form():
    """They follow those that are there."""
    assert with_text(Request(headers=FORM, body=b"a=b"), Source("form", "c"), "d e").body == b"a=b&c=d+e"
    assert with_text(Request(headers=FORM), Source("form", "c"), "d").body == b"c=d"


@pytest.mark.parametrize("body", [b"[1]", b"text", b"", b'{"token": 1}'])
def test_a_text_without_a_place_is_told(body):
    """A body that is no object has no place for a value."""
    with pytest.raises(ValueError, match=r"no place for \$\.token\.a"):
        with_value(Request(body=body), ("token", "a"), "t")
