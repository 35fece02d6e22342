"""Objects that people may see: no credential is left in them."""

from typing import Any

import pytest

from tests.language.functions.pieces import call


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": "b", "n": 3}, {"a": "b", "n": 3}),
        ({"NPM_TOKEN": "x"}, {"NPM_TOKEN": "***"}),
        ({"dbPassword": "x"}, {"dbPassword": "***"}),
        ({"token_count": 7}, {"token_count": 7}),
        ({"url": "https://ci:geheim@x.example/"}, {"url": "https://ci:***@x.example/"}),
        ({"header": "Authorization: Bearer abcdefghijk"}, {"header": "Authorization: Bearer ***"}),
        ({"password": None}, {"password": None}),
        ("token=x", None),
        ([{"token": "x"}], None),
    ],
)
def test_masked(value: Any, shown: Any) -> None:
    """A credential is known by its key, or by its look inside of a text."""
    assert call("masked", value) == shown
