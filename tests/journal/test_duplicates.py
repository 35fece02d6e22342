"""The form of duplicate keys, and that of earlier schemas."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.duplicates import Use, as_texts, from_text, key_of, use_key

DIGEST = bytes(range(32))


def test_a_key_is_16_bytes_of_a_route_a_kind_and_a_digest() -> None:
    """The same digest under another route or of another kind is another key."""
    keys = {key_of(route, kind, DIGEST) for route in ("build", "deploy") for kind in ("id", "body")}
    assert {len(key) for key in keys} == {16}
    assert len(keys) == 4
    assert key_of("build", "id", DIGEST) == key_of("build", "id", DIGEST[:16])
    assert DIGEST[:16] not in keys


def test_a_use_is_that_of_one_callback_and_kind() -> None:
    """One post asks every callback that it matches, and its id is no ticket's or trigger's."""
    uses = {use_key(route, use, "id") for route in ("callbacks.a", "callbacks.b") for use in get_args(Use)}
    assert len(uses) == 2 * len(get_args(Use))
    assert {len(key) for key in uses} == {16}


@given(st.text(), st.sampled_from(["id", "body"]), st.binary(min_size=16, max_size=16))
def test_a_key_is_found_in_its_earlier_form_and_back(route: str, kind: str, digest: bytes) -> None:
    """The text of an earlier schema is one of those to look for, whatever the name of the route."""
    text = f"{route} {kind} {digest.hex()}"
    key = key_of(route, kind, digest)
    assert from_text(text) == key
    assert text in list(as_texts(route, key))


@pytest.mark.parametrize("text", ["", "build:guid-1", "build id", "build name " + "0" * 32, "build id " + "0" * 31])
def test_no_other_text_is_a_key(text: str) -> None:
    """Nothing asks for what has another form."""
    assert from_text(text) is None
