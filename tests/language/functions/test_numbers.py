"""Functions on numbers: readable, never a unit too small, and text that is no number stays."""

from gateway.language.functions import TABLE


def test_bytes_round_up_a_unit() -> None:
    """No size reads as 1,000 of a unit."""
    assert TABLE["bytes"].call(999_999) == "1 MB"
