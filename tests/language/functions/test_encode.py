"""Encodings: base64 and percent-encoding."""

import pytest

from tests.language.functions.pieces import call


@pytest.mark.parametrize(("value", "encoded"), [("ada:ö", "YWRhOsO2"), (7, "Nw=="), ("", ""), (None, None)])
def test_base64_is_that_of_the_text(value, encoded):
    """In UTF-8; what is missing stays missing."""
    assert call("base64", value) == encoded


def test_urldecode_undoes_urlencode():
    """Once: what was encoded twice is encoded still."""
    assert call("urldecode", call("urlencode", "fix%2Flogin ö/")) == "fix%2Flogin ö/"
    assert call("urldecode", "%zz %ff") == "%zz \ufffd"
