"""The constant texts of a template."""

import pytest

from gateway.language.constants import constants


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("good", {"good"}),
        ("{{ color }}", set()),
        ("#{{ color }}", set()),
        ("{% if a %}good{% elif b %}{{ c }}{% else %} danger {% endif %}", {"good", "danger"}),
        ("{% set x = 'no' %}\n{% if a %}good{% endif %}", {"good"}),
        ("{{ 'open' if a else ('close' if b) }}", {"open", "close"}),
        ("{{ a or 'open' }}", {"open"}),
        ("{{ a | pick({'x': 'open', 'y': b}, 'change') | default('close') }}", {"open", "change", "close"}),
        ("{{ a | severity_color }}", set()),
        ("a {% if b %}c{% endif %}", set()),
        ("{{ ", set()),
    ],
)
def test_what_is_written_is_found(source, expected):
    """In every branch; a text that is put together of several is none."""
    assert constants(source) == expected
