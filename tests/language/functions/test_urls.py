"""Relative URLs: resolved against an absolute base, or missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions.urls import is_absolute
from tests.language.functions.pieces import call


@pytest.mark.parametrize(
    ("url", "base", "resolved"),
    [
        ("https://y.example/a", "", "https://y.example/a"),
        ("HTTP://Y.example/a", "https://x.example", "HTTP://Y.example/a"),
        ("?orgId=1", "https://x.example/g/", "https://x.example/g/?orgId=1"),
        ("../c", "https://x.example/a/b", "https://x.example/c"),
        ("//z.example/c", "https://x.example/a", "https://z.example/c"),
        ("/a", "x.example", None),
        ("/a", None, None),
        ("/a", "javascript:alert(1)", None),
        ("javascript:alert(1)", "https://x.example", None),
        ("mailto:a@x.example", "https://x.example", None),
        ("https://[", "https://x.example", None),
        ("/a", "https://[", None),
        ("", "https://x.example", None),
        ("   ", "https://x.example", None),
    ],
)
def test_resolved(url: str, base: str | None, resolved: str | None) -> None:
    """Only http and https URLs with a host come out."""
    assert call("resolve", url, base) == resolved


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_gives_an_absolute_url_or_nothing(url: str, base: str) -> None:
    """No text makes it raise, and nothing relative comes out."""
    found = call("resolve", url, base)
    assert found is None or is_absolute(found)
