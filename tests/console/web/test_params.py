"""Query strings, forms and JSON bodies read into Structs: what fits, and what is told of what does not."""

import json
from contextlib import suppress
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct
from multidict import MultiDict

from gateway.console.web.params import MOST_FAULTS, read_json, read_pairs
from gateway.errors import Refused
from gateway.model import Outcome


class Wanted(Struct):
    """What a list may be asked for."""

    name: str
    limit: int = 50
    outcome: Outcome | None = None
    feed: tuple[str, ...] = ()


class Strict(Struct, forbid_unknown_fields=True):
    """A body in which a word that is not known is a fault."""

    number: Annotated[int, Meta(ge=1, le=9)]
    state: Literal["on", "off"] = "on"


def refusal(read, given, table=Wanted) -> str:
    """Why something is refused."""
    with pytest.raises(Refused) as caught:
        read(given, table)
    assert (caught.value.status, caught.value.title) == (400, "Bad Request")
    return caught.value.detail


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "name: is missing"),
        ("name=a&limit=x", "limit: expected int, got str"),
        ("name=a&outcome=lost", "outcome: invalid enum value 'lost', expected message or ignored or refused or broken"),
        ("name=a&colour=red&b=1", "colour: unknown parameter, known are name, limit, outcome, feed; b: unknown"),
    ],
)
def test_a_fault_of_a_parameter_names_it_and_what_fits(text, told):
    """The detail of the problem is enough to correct the request."""
    pairs = MultiDict(part.split("=") for part in text.split("&") if part)
    with pytest.raises(Refused) as caught:
        read_pairs(pairs, Wanted)
    assert caught.value.status == 400
    assert caught.value.detail.startswith(told)


def test_parameters_are_read_as_what_they_are_for():
    """Numbers, names of a set and repeated names; what is empty is not given."""
    pairs = MultiDict([("name", "a"), ("limit", "7"), ("outcome", ""), ("feed", "x"), ("feed", "y")])
    assert read_pairs(pairs, Wanted) == Wanted("a", 7, None, ("x", "y"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "body: not JSON: "),
        (b"\xff", "body: not JSON: "),
        (b"[" * 100_000, "body: "),
        (b"[]", "body: it: expected object, got array"),
        (b'{"name": 1}', "body: name: expected str, got int"),
        (b'{"name": "a", "feed": [1]}', "body: feed[0]: expected str, got int"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_a_fault_of_a_body_names_its_place(body, told):
    """The place inside the JSON comes first."""
    with pytest.raises(Refused) as caught:
        read_json(body, Wanted)
    assert caught.value.detail.startswith(told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"number": 0}', "body: number: expected int >= 1"),
        (b'{"number": 1, "state": "up"}', "body: state: invalid enum value 'up', expected off or on"),
        (b'{"number": 1, "stat": "on"}', "body: it: object contains unknown field stat"),
        (b"", "body: number: is missing"),
    ],
)
def test_a_fault_of_a_value_says_what_fits(body, told):
    """Bounds, closed sets, unknown and missing keys; an empty body is an object without keys."""
    assert refusal(read_json, body, Strict) == told


def test_the_last_of_several_counts():
    """A form that repeats a field means the last one, unless the field is a list."""
    pairs = MultiDict([("name", "a"), ("name", "b"), ("feed", "x")])
    assert read_pairs(pairs, Wanted) == Wanted("b", feed=("x",))


def test_a_file_is_no_text():
    """A field that was uploaded as a file counts as not given."""
    assert refusal(read_pairs, MultiDict([("name", object())])) == "name: is missing"


def test_many_faults_are_cut():
    """However many and however long the unknown names are, the answer is short and says how many there are."""
    told = refusal(read_pairs, MultiDict((f"p{number}", "x") for number in range(10_000)))
    assert told.count("unknown parameter") == MOST_FAULTS
    assert told.endswith(f"and {10_000 - MOST_FAULTS} more")
    assert len(refusal(read_pairs, MultiDict([("n" * 1_000_000, "x")]))) < 300


PAIRS = st.lists(st.tuples(st.sampled_from(["name", "limit", "outcome", "feed"]), st.text()))
VALUES = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "limit", "outcome", "feed", "x"]), inner),
)


@given(PAIRS)
def test_no_parameters_raise_anything_else(pairs):
    """Any texts are a Struct, or refused."""
    with suppress(Refused):
        found = read_pairs(MultiDict(pairs), Wanted)
        assert (type(found.limit), type(found.feed)) == (int, tuple)


@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_body_raises_anything_else(body):
    """Any bytes are a Struct, or refused."""
    with suppress(Refused):
        assert isinstance(read_json(body, Wanted), Wanted)
