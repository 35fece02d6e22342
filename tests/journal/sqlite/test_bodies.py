"""Bodies of requests, packed and as they came."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import JournalError
from gateway.journal import Entry
from gateway.journal.sqlite.bodies import LEAST, LIGHT, pack, pack_light, unpack
from gateway.model import Event, Outcome, Request


def entry(body: bytes) -> Entry:
    """An entry with this body."""
    return Entry(Event("a", 1.5, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request(body=body)))


@given(st.binary(max_size=2 * LEAST) | st.binary(max_size=4).map(lambda some: some * LEAST))
def test_a_body_comes_out_as_it_went_in(body: bytes) -> None:
    """Whether it was packed or not."""
    assert unpack(*pack(body)) == body


def test_a_body_is_packed_where_that_makes_it_smaller() -> None:
    """A small one stays as it is, and so does one without redundancy."""
    stored, size = pack(b"ab" * 4000)
    assert (len(stored) < 100, size) == (True, 8000)
    for body in (b"", b"a" * (LEAST - 1), random.Random(1).randbytes(8000)):
        assert pack(body) == (body, 0)


def test_a_body_is_inflated_to_the_length_that_was_stored_and_no_further() -> None:
    """A damaged file must not fill the memory; what is cut short or longer is told."""
    stored, size = pack(bytes(50_000_000))
    assert len(stored) < 10_000
    for wrong, length in ((stored, 1000), (stored, size + 1), (stored[:-1], size), (b"plain" * 100, 500)):
        with pytest.raises(JournalError, match="the journal holds a damaged body"):
            unpack(wrong, length)


def test_an_entry_is_packed_before_it_is_sent_unless_its_body_is_large() -> None:
    """All else in it stays the same; a large body would keep the event loop busy."""
    packed, size = pack_light(entry(b"ab" * 4000))
    assert size == 8000
    assert unpack(packed.event.request.body, size) == b"ab" * 4000
    assert packed.event.id == "a"
    for body in (b"small", b"a" * (LIGHT + 1)):
        given = entry(body)
        assert pack_light(given) == (given, 0)
