"""Forgotten braces."""

import pytest

from gateway.language.braces import forgotten
from gateway.language.known import ANY, SCALAR, Known

NAMES = Known.of(data=Known.of(url=SCALAR, list=Known.list(Known.of(url=SCALAR))), url=SCALAR).opened()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("data.url", 'write "{{ data.url }}"'),
        (" data.list[0].url ", 'write "{{ data.list[0].url }}"'),
        ("data.kind | humanize", "`| humanize` stands outside"),
        ("{{ data.url }} | cut(20)", "`| cut` stands outside"),
        ("name | default('x') | cut(20)", "`| default` stands outside"),
        ("First\nurl | time", "`| time` stands outside"),
    ],
)
def test_what_is_not_applied_is_said(source, said):
    """A path of several steps that the document knows, and a function behind a value."""
    assert said in str(forgotten(source, NAMES))


@pytest.mark.parametrize(
    "source",
    [
        "", "url", "data.other", "unknown.url", "data.url and more", "{{ data.url | time }}", "Time | Duration",
        "| {{ url }} | time |\n| date | time |", "a | b", "https://example.com/data.url", "{# data.url | time #}",
    ],
)  # fmt: skip
def test_what_is_meant_as_it_is_is_not(source):
    """Words, tables of Markdown, and what stands in braces."""
    assert forgotten(source, NAMES) is None


def test_where_a_url_is_wanted_a_single_word_is_said_too():
    """If it is the name of a value: other words are judged elsewhere."""
    assert forgotten("url", NAMES, is_url=True)
    assert forgotten("uri", NAMES, is_url=True) is None
    assert forgotten("uri", ANY, is_url=True) is None
