"""Numbers and signs as Go reads and writes them."""

import pytest

from gateway.standin import gojson


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345678901234567890, b"12345678901234567000"),
        (1.0, b"1"),
        (1.5, b"1.5"),
        (-0.0, b"0"),
        (True, b"true"),
        ({"b": 1.0, "a": [2.0, None, "x"]}, b'{"a":[2,null,"x"],"b":1}'),
        (1e21, b"1e+21"),
    ],
)
def test_numbers_are_floats(value, text):
    """Digits beyond those of a float are lost, and whole ones have no point; keys are sorted."""
    assert gojson.encode(gojson.floats(value)) == text


def test_what_html_knows_is_escaped():
    """And the two line ends that Javascript knows; all other signs stand as they are."""
    assert gojson.encode({"<a>": "&\u2028\u2029ü\n"}) == '{"\\u003ca\\u003e":"\\u0026\\u2028\\u2029ü\\n"}'.encode()
