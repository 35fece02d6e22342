"""Names of things and persons: from objects, from ids, and from payloads of any size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions import TABLE
from gateway.language.functions.names import name_in
from gateway.model import JSON
from tests.cost import seconds_of

PEOPLE: JSON = {
    "issue": {
        "fields": {"watchers": [{"accountId": "a1", "displayName": "Ada"}, {"key": "g", "displayName": "Grace"}]}
    },
    "user": {"accountId": "n1"},
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"name": "ada", "displayName": "Ada L"}, "Ada L"),
        ({"id": 3, "name": "High"}, "High"),
        ({"value": "team"}, "team"),
        ({"login": "ada", "firstname": "Ada", "lastname": "L"}, "Ada L"),
        ({"login": "ada", "firstname": None, "lastname": " "}, "ada"),
        ({"displayName": "", "accountId": "a9"}, "a9"),
        ({"displayName": {"x": 1}, "name": None, "id": 7}, "7"),
        ({}, None),
        ([{"name": "x"}], None),
        ("High", "High"),
        ("  ", None),
        (4, "4"),
        (None, None),
    ],
)
def test_name_of(value: JSON, expected: JSON) -> None:
    """The name that a person would say; what has none is missing."""
    assert TABLE["name_of"].call(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a1", "Ada"), ("g", "Grace"), ({"accountId": "a1"}, "Ada"), ({"accountId": "n1"}, "n1"), ("z", "z")],
)
def test_ids_become_names_that_the_payload_has(value: JSON, expected: str) -> None:
    """An id whose name is nowhere stays what it is."""
    assert TABLE["name_of"].call(value, PEOPLE) == expected


@given(st.recursive(st.none() | st.text(max_size=3) | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["displayName", "accountId", "name", "x"]), inner)))  # fmt: skip
def test_any_payload(payload: JSON) -> None:
    """No payload makes it fail, and what it finds is a text."""
    assert isinstance(name_in(payload, "a"), str)
    assert TABLE["name_of"].call(payload, payload) is None or isinstance(TABLE["name_of"].call(payload, payload), str)


def test_a_large_payload_is_not_looked_through_whole() -> None:
    """Neither a broad nor a deep one takes long."""
    deep: JSON = {"displayName": "x"}
    for _ in range(20_000):
        deep = {"a": deep}
    broad: JSON = [[{"a": {}}] * 1000] * 1000
    assert seconds_of(lambda: name_in(deep, "a")) < 0.1
    assert seconds_of(lambda: name_in(broad, "a")) < 0.1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": {"self": "inner"}, "self": "outer"}, "outer"),
        ({"a": [{"self": ""}, {"self": {"x": 1}}, {"b": {"self": 7}}]}, "7"),
        ({"a": [{"b": None}]}, None),
        ("self", None),
        (None, None),
    ],
)
def test_anywhere(value: JSON, expected: JSON) -> None:
    """The outermost text or number under the key; what holds none has none."""
    assert TABLE["anywhere"].call(value, "self") == expected
