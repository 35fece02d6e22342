"""XML becomes JSON by few rules, and hostile XML becomes an error."""

import pytest

from gateway.decode.bounds import Allowance, TooDeepError, TooManyError
from gateway.decode.xmltext import parse
from tests.cost import bytes_of, seconds_of


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


def test_names_keep_no_namespace():
    """Declared, default or undeclared: only the local name counts."""
    text = b"<a xmlns='urn:x' xmlns:s='urn:y' xmlnsy='1'><s:b s:c='2'>3</s:b><t:d/></a>"
    assert parse(text) == {"a": {"@xmlnsy": "1", "b": {"@c": "2", "#text": "3"}, "d": ""}}


@pytest.mark.parametrize(
    "text",
    [
        b"<a>" + b"<b/>" * 1_200_000 + b"</a>",
        b"<a " + b"".join(b"a%d='' " % number for number in range(600_000)) + b"/>",
        b"<a " + b"".join(b"a%d='' " % number for number in range(30_000)) + b"/>",
        b"<a>" * 500_000,
    ],
)
def test_too_many_parts_are_not_built(text):
    """Elements and attributes are counted while they are read: 1.2 million elements took 4.6 s and 415 MB."""
    with pytest.raises((TooManyError, TooDeepError)):
        parse(text, allowance=Allowance(200))
    assert seconds_of(lambda: parse(text, allowance=Allowance(200))) < 0.1
    assert bytes_of(lambda: parse(text, allowance=Allowance(200))) < 10_000_000


def test_a_long_namespace_is_not_written_out_in_every_name():
    """A URI of 100 kB and 3,000 names that expat would join with it made 300 MB of 140 kB."""
    text = b"<a xmlns='%b'>%b</a>" % (b"u" * 100_000, b"".join(b"<b%d/>" % number for number in range(3_000)))
    assert len(parse(text)["a"]) == 3_000
    assert bytes_of(lambda: parse(text)) < 5_000_000
