"""Encodings: base64, JSON and percent-encoding."""

import pytest

from tests.language.functions.pieces import call


@pytest.mark.parametrize(("value", "encoded"), [("ada:ö", "YWRhOsO2"), (7, "Nw=="), ("", ""), (None, None)])
def test_base64_is_that_of_the_text(value, encoded):
    """In UTF-8; what is missing stays missing."""
    assert call("base64", value) == encoded


@pytest.mark.parametrize("value", [{"job": "nöde", "n": [1, None, True]}, [], "a"])
def test_json_is_read_again_as_it_was(value):
    """Whatever the value is."""
    assert call("parse_json", call("json", value)) == value


def test_urldecode_undoes_urlencode():
    """Once: what was encoded twice is encoded still."""
    assert call("urldecode", call("urlencode", "fix%2Flogin ö/")) == "fix%2Flogin ö/"
    assert call("urldecode", "%zz %ff") == "%zz \ufffd"
