"""The words of senders and the colours and icons that they mean."""

import pytest

from gateway.language.functions import TABLE


@pytest.mark.parametrize(
    ("word", "color"),
    [
        ("SUCCESS", "good"),
        ("InProgress", "#2f81f7"),
        ("build failed", "danger"),
        ("in-progress", "#2f81f7"),
        ("odd", "#6e7781"),
    ],
)
def test_states(word: str, color: str) -> None:
    """State words are known in any spelling and inside a phrase; unknown ones are grey."""
    assert TABLE["severity_color"].call(word) == color
