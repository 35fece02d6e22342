"""Requests as people paste them: every way to write headers and queries means the same request."""

import json
import time
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.pasted import Head, head, query

EVENT = {"x-github-event": "push", "content-type": "application/json"}
CURL = """\
* Connected to gateway.example.com
> POST /in/github?a=1&b=%26 HTTP/2
> X-GitHub-Event: push
> Content-Type:application/json
>
< HTTP/2 202
< Content-Type: text/plain
"""
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_!#$%&'*+.^`|~", min_size=1, max_size=20)
VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=30).map(str.strip)


@pytest.mark.parametrize(
    "text",
    [
        "X-GitHub-Event: push\nContent-Type: application/json",
        "  x-github-event :\tpush  \r\n\r\ncontent-type:application/json\r\n",
        json.dumps({"X-GitHub-Event": "push", "Content-Type": "application/json"}),
        json.dumps(
            [{"name": "X-GitHub-Event", "value": "push"}, {"name": "Content-Type", "value": "application/json"}]
        ),
    ],
)
def test_headers_in_every_way_of_writing_them(text):
    """Lines with any line end, an object, and the list that browsers export."""
    assert head(text) == Head(EVENT)


def test_of_curl_the_request_counts():
    """Method and query come from the request line; what curl tells and what came back is passed over."""
    assert head(CURL) == Head(EVENT, "POST", {"a": "1", "b": "&"})


@pytest.mark.parametrize(
    ("line", "method", "found"),
    [
        ("GET / HTTP/1.1", "GET", {}),
        ("PUT /in/a", "PUT", {}),
        ("POST https://h/in/a?x=1#y HTTP/2", "POST", {"x": "1"}),
        ("OPTIONS * HTTP/1.1", "OPTIONS", {"*": ""}),
    ],
)
def test_a_request_line_may_stand_alone(line, method, found):
    """With or without version, of a path or a whole URL."""
    assert (head(line).method, head(line).query) == (method, found)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("no header\nA: b\n(x): y", ("line 1: expected “Name: value”", "line 3: expected “Name: value”")),
        ("get /x", ("line 1: expected “Name: value”",)),
        ('{"a": ', ("not JSON: Expecting value: line 1 column 7 (char 6)",)),
        ("[1, 2]", ("expected an object of names and values",)),
        ('["a: b"]', ("expected an object of names and values",)),
        ("{}", ()),
        ("[]", ()),
        ("", ()),
    ],
)
def test_what_is_no_header_is_told_and_passed_over(text, faults):
    """With the number of its line; what can be read counts all the same."""
    assert head(text).faults == faults
    assert head("no header\nA: b").headers == {"a": "b"}


@pytest.mark.parametrize(
    "text", ["A: 1\na: 2\nB: 3\nA: 4", '{"A": ["1", 2, "4"], "b": 3}', '[{"name": "A", "value": "1"}, {"name": "a", '
             '"value": 2}, {"name": "B", "value": "3"}, {"name": "A", "value": "4"}]']
)  # fmt: skip
def test_repeated_headers_are_joined(text):
    """By commas, in their order, whatever capitals they have."""
    assert head(text).headers == {"a": "1, 2, 4", "b": "3"}


def test_values_of_json_that_are_no_texts():
    """They are written as JSON has them."""
    assert head('{"a": 1, "b": true, "c": null, "d": {"e": [1]}, "f": [[1]], "g": []}').headers == {
        "a": "1", "b": "true", "c": "null", "d": '{"e": [1]}', "f": "[1]",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("?a=1", {"a": "1"}),
        (" /in/x?a=1 ", {"a": "1"}),
        ("https://h/in/x?a=1&a=2", {"a": "1"}),
        ("a=&b", {"a": "", "b": ""}),
        ("a=%C3%BC+%26", {"a": "ü &"}),
        ("/in/x", {}),
        ("", {}),
        ("http://[", {}),
        ("&".join(f"a{number}=1" for number in range(1001)), {}),
    ],
)
def test_queries(text, found):
    """With or without question mark, of a path or URL; of a repeated name the first counts, and too many are none."""
    assert query(text) == found


@given(st.dictionaries(NAMES, VALUES))
def test_headers_read_back(headers):
    """What is written a line each is read as it was, whatever signs stand in the values."""
    assert head("\n".join(f"{name}: {value}" for name, value in headers.items())) == Head(headers)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_queries_read_back(fields):
    """What is written as a query string is read as it was."""
    assert query(urlencode(fields)) == fields


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "value"]) | st.text(), inner),
)


@given(st.text() | ANYTHING.map(json.dumps) | st.text().map("> ".__add__) | st.text().map("{".__add__))
def test_nothing_that_is_pasted_raises_anything(text):
    """Names are in lower case, values are texts."""
    found = head(text)
    assert all(name == name.lower() and isinstance(value, str) for name, value in found.headers.items())
    assert all(isinstance(value, str) for value in query(text).values())


@pytest.mark.parametrize("depth", [500, 900, 1000, 5000, 100_000])
def test_json_of_any_depth_is_read_or_told(depth):
    """Also where a value nests so deeply that it can be read and not written."""
    found = head('{"a": {"b": ' + "[" * depth + "]" * depth + "}}")
    assert "a" in found.headers or found.faults[0].startswith("not JSON: ")


def test_of_many_lines_that_are_no_headers_the_first_are_told():
    """A page shows them all: there may be fifty thousand."""
    found = head("?\n" * 50_000)
    assert found.faults[0] == "line 1: expected “Name: value”"
    assert found.faults[-1] == "and 49990 more lines"
    assert len(found.faults) == 11


def test_a_header_that_is_repeated_often_is_joined_once():
    """Thirty thousand times the same name takes the time of reading the lines."""
    began = time.thread_time()
    assert head("a:b\n" * 30_000).headers["a"] == ", ".join(["b"] * 30_000)
    assert time.thread_time() - began < 1
