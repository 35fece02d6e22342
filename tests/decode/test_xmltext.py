"""XML becomes JSON by few rules, and hostile XML becomes an error."""

import pytest

from gateway.decode.bounds import TooDeepError
from gateway.decode.xmltext import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"<a/>", {"a": ""}),
        (b"<a> b </a>", {"a": "b"}),
        (b"<a x='1'/>", {"a": {"@x": "1"}}),
        (b"<a x='1'>b</a>", {"a": {"@x": "1", "#text": "b"}}),
        (b"<a>one <b>two</b> three</a>", {"a": {"b": "two", "#text": "one three"}}),
        (b"<a><b>1</b><c/><b>2</b></a>", {"a": {"b": ["1", "2"], "c": ""}}),
        (b"<s:a xmlns:s='urn:x' s:y='1'><s:b>2</s:b></s:a>", {"a": {"@y": "1", "b": "2"}}),
        ("<?xml version='1.0' encoding='iso-8859-1'?><a>ä</a>".encode("latin-1"), {"a": "ä"}),
        ("<a>ä</a>", {"a": "ä"}),
    ],
)
def test_documents(text, value):
    """Attributes, children, repeats, text, namespaces and encodings."""
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"<a>", "line 1, column 3"),
        (b"", "not XML"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        (b"<?xml version='1.0' encoding='x'?><a/>", "not XML"),
    ],
)
def test_faults(text, fault):
    """Broken XML says where; document types and entities are never followed."""
    with pytest.raises(ValueError, match=fault):
        parse(text)


def test_depth():
    """Elements nest as deep as allowed."""
    assert parse(b"<a><b/></a>", 2) == {"a": {"b": ""}}
    with pytest.raises(TooDeepError):
        parse(b"<a><b><c/></b></a>", 2)
