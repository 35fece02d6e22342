"""Encodings: base64 of whatever a value is as text."""

import pytest

from tests.language.functions.pieces import call


@pytest.mark.parametrize(("value", "encoded"), [("ada:ö", "YWRhOsO2"), (7, "Nw=="), ("", ""), (None, None)])
def test_base64_is_that_of_the_text(value, encoded):
    """In UTF-8; what is missing stays missing."""
    assert call("base64", value) == encoded
