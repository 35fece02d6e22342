"""What the settings give: secrets are found where a document names them, and masked where they must not be seen."""

import pytest

from gateway.callbacks.given import SECRETS, SETTINGS, Given, named
from gateway.secret import Secret


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({"a": ["x", "{{ secrets.b }}"]}, [(("a", 1), "b")]),
        ("{{ x | default(secrets . b) }}{% if secrets['c'] %}{% endif %}", [((), "b"), ((), "")]),
        ({"when": "secrets.b"}, [(("when",), "b")]),
        ("the secrets. Of all", []),
        ("{{ 'secrets.b' }} {{ x.secrets.b }} {{ x | secrets }}", []),
        ("{{ (", []),
        (3, []),
    ],
)
def test_names_are_found_in_code_alone(raw, found):
    """With their places; prose that has the word is prose."""
    assert list(named(raw, SECRETS)) == found
    assert list(named(raw, SETTINGS)) == []


def test_a_secret_is_masked_in_answers():
    """But not a short one, which is a part of ordinary words."""
    given = Given({}, {"a": Secret("long-enough"), "b": Secret("ok")})
    assert given.masked(b'{"echo": "long-enough", "ok": 1}') == b'{"echo": "<secret>", "ok": 1}'
    assert given.seen({"text": "a"}, masked=True)["secrets"] == {"a": "<secret>", "b": "<secret>"}
    assert "long-enough" not in repr(given)


@pytest.mark.parametrize("echo", [r"a \"b\"/c\u00e9", r"a \"b\"\/cé", "a%20%22b%22%2Fc%C3%A9", "a+%22b%22%2Fc%C3%A9"])
def test_a_secret_is_masked_in_every_spelling(echo):
    """As JSON, forms and URLs write it."""
    given = Given({}, {"a": Secret('a "b"/cé')})
    assert given.masked(f"- {echo} -".encode()) == b"- <secret> -"
