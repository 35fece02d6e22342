"""URLs of requests: whatever a value holds, the request goes to the host and the path that the document means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.callbacks.address import Address, checked
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Engine


def address(source: str) -> tuple[Address, list[str]]:
    """The address of a text, and its faults."""
    noted = []
    made = Address(source, Compiler(Engine()), DocumentPlace("acme/callbacks/it", (), noted))
    return made, [problem for _, _, problem in noted]


FIXED, _ = address("https://api.example.com:8443/incidents/{{ a | urlencode }}/notes?of={{ a | urlencode }}")


@given(st.text(max_size=20))
def test_no_value_leads_elsewhere(value):
    """It is one segment of the path and one value of the query, or there is no request."""
    try:
        url = FIXED.render({"a": value})
    except ValueError:
        return
    path, _, query = url.removeprefix("https://api.example.com:8443/incidents/").partition("?")
    assert path.endswith("/notes")
    assert "/" not in path.removesuffix("/notes") + query
    assert "#" not in url


@pytest.mark.parametrize("value", ["..", ".", "../users", "a/../../b", "..\\users"])
def test_a_path_upwards_is_refused(value):
    """Also one that is encoded, which some servers decode before they divide the path."""
    with pytest.raises(ValueError, match=r"\. or \.\."):
        FIXED.render({"a": value})


def test_a_missing_value_makes_no_url():
    """A request to half an address would do something else."""
    with pytest.raises(ValueError, match="missing"):
        FIXED.render({})


@pytest.mark.parametrize(
    "source",
    [
        "https://api.example.com",
        "https://api.example.com?a=1",
        "http://[::1]:80/{{ concat(a, b) | urlencode }}",
        "{{ settings.url }}",
        "{{settings.url}}/a/{{ a | default('x') | urlencode }}{% if b %}?b={{ b | urlencode }}{% endif %}",
    ],
)
def test_a_host_of_document_or_settings_is_taken(source):
    """With values behind it that are encoded."""
    assert address(source)[1] == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{{ settings.url }}{{ a | urlencode }}", "the host of a request"),
        ("{{ settings.url }}.example.com/", "the host of a request"),
        ("ftp://api.example.com/", "the host of a request"),
        ("https://api.example.com@evil.example/", "the host of a request"),
        ("https://api.example.com/{{ a or b | urlencode }}", "urlencode"),
        ("https://api.example.com/{{ a | urlencode | upper }}", "urlencode"),
        ("https://api.example.com/{{ a + b | urlencode }}", "urlencode"),
        ("https://api.example.com/{{ a | urlencode if b else c | urlencode }}", "urlencode"),
    ],
)
def test_other_addresses_are_faults(source, fault):
    """A filter takes only what stands right before it, so the rest would not be encoded."""
    assert [fault in one for one in address(source)[1]] == [True]


@pytest.mark.parametrize(
    "url", ["https:///x", "https://a.example/\\b", "https://a.example/#b", "https://[a/", "file:///x", "https://a@b/"]
)
def test_what_the_settings_give_is_checked_too(url):
    """A URL without a host, with credentials or with a fragment is none of a service."""
    with pytest.raises(ValueError, match=r"URL|IPv6"):
        checked(url)
