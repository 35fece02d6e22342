"""Tickets: what we signed comes back as it was, and nothing else is taken."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.callbacks.ticket import (
    ID_BITS,
    LIFE,
    LONGEST,
    Place,
    Ticket,
    TicketKind,
    TicketRefused,
    foreign,
    new_ticket_id,
    once,
    pinned,
    sign,
    verify,
)
from gateway.journal.audit import AuditOutcome
from gateway.journal.keyrings import RingKey

NOW = 1_800_000_000.5
BUTTON, DIALOG, _ = TicketKind
KEY = RingKey("k1", b"the very secret key of thirty-two", NOW - 10)
FORMER = RingKey("k0", bytes(range(32)), NOW - 99, valid_until=NOW + 5)
THERE = Place("channel1", "post1", "user1")
ACKNOWLEDGE = Ticket(
    BUTTON, new_ticket_id(7), "pagerduty/acknowledge", "acknowledge", "incident ☃ 12", "ops", expires=int(NOW + LIFE),
    context={"incident": "Q2K78SNJ5U1VE1"},
)  # fmt: skip


def outcome(text: object, kind: TicketKind = BUTTON, *, place: Place = THERE, now: float = NOW) -> AuditOutcome:
    """Why it is refused; nothing that is said holds a key."""
    found = verify(text, kind, [KEY, FORMER], place, now)
    assert isinstance(found, TicketRefused), found
    assert "secret" not in f"{found}"
    assert "\n" not in found.told
    return found.outcome


texts = st.text(max_size=20)
tickets = st.builds(
    Ticket,
    st.sampled_from(TicketKind),
    st.integers(0, 2**ID_BITS - 1).map(new_ticket_id),
    texts,
    texts,
    texts,
    texts,
    st.just(Place()),
    st.just(int(NOW) + 60),
    st.dictionaries(texts, texts, max_size=3),
)


@given(tickets, st.sampled_from([KEY, FORMER]))
def test_a_ticket_comes_back_as_it_was_signed(ticket: Ticket, key: RingKey) -> None:
    """Whatever its names hold, with either key, from anywhere, as nothing binds it; as letters that need no escapes."""
    text = sign(ticket, key)
    assert verify(text, ticket.kind, [KEY, FORMER], THERE, NOW) == ticket
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@given(tickets, st.data())
def test_any_changed_bit_is_refused(ticket: Ticket, data: st.DataObject) -> None:
    """Of the key's id, the body or the MAC, also where the base64 would mean the same bytes."""
    sent = bytearray(sign(ticket, KEY).encode())
    bit = data.draw(st.integers(0, 8 * len(sent) - 1))
    sent[bit // 8] ^= 1 << bit % 8
    changed = outcome(sent.decode("latin-1"), ticket.kind)
    assert changed in {AuditOutcome.FORGED, AuditOutcome.UNKNOWN_KEY}


@given(st.one_of(st.text(), st.none(), st.integers(), st.dictionaries(st.text(), st.text())))
def test_what_is_no_ticket_is_refused(sent: object) -> None:
    """Whatever stands where a ticket should be: nothing is raised."""
    outcome(sent)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "k1",
        "k1.",
        "k1..",
        ".",
        "k1.W10.",
        "k1.\ud800.x",
        "k1." + "A" * LONGEST,
        sign(ACKNOWLEDGE, KEY)[:-1],
        None,
        7,
    ],
)
def test_pieces_of_a_ticket_are_refused(sent: object) -> None:
    """Also such as no base64 and no JSON can be read from."""
    assert outcome(sent) in {AuditOutcome.FORGED, AuditOutcome.UNKNOWN_KEY}


def test_a_key_that_is_gone_signs_no_more() -> None:
    """One that nobody knows, and the former one after its time; under its id the key of another is none."""
    text = sign(ACKNOWLEDGE, FORMER)
    assert outcome(text, now=NOW + 5) is AuditOutcome.UNKNOWN_KEY
    assert outcome(sign(ACKNOWLEDGE, replace(KEY, id="k9"))) is AuditOutcome.UNKNOWN_KEY
    assert outcome(sign(ACKNOWLEDGE, replace(FORMER, id="k1"))) is AuditOutcome.FORGED


def test_a_ticket_ends_with_its_life() -> None:
    """At the second itself it is over; the person learns how long ago."""
    text = sign(ACKNOWLEDGE, KEY)
    assert isinstance(verify(text, BUTTON, [KEY], THERE, ACKNOWLEDGE.expires - 0.1), Ticket)
    assert outcome(text, now=ACKNOWLEDGE.expires) is AuditOutcome.EXPIRED
    late = verify(text, BUTTON, [KEY], THERE, ACKNOWLEDGE.expires + 7200.0)
    assert isinstance(late, TicketRefused)
    assert late.told == "This button expired 2 h ago. Nothing was done. Use a button of a newer message."


def test_a_button_is_no_dialog() -> None:
    """A caller who reads a context cannot send it as a state."""
    assert outcome(sign(ACKNOWLEDGE, KEY), DIALOG) is AuditOutcome.FORGED


@pytest.mark.parametrize(
    ("place", "bound"),
    [
        (Place("channel2", "post1", "user1"), Place(channel="channel1")),
        (Place("channel1", "post2", "user1"), Place(post="post1")),
        (Place("channel1", "post1", "user2"), Place(user="user1")),
        (Place(), Place(user="user1")),
    ],
)
def test_a_ticket_is_taken_where_it_belongs(place: Place, bound: Place) -> None:
    """Only there: another channel, post or person is told so, and the audit says which."""
    for kind in TicketKind:
        text = sign(replace(ACKNOWLEDGE, kind=kind, place=bound), KEY)
        assert isinstance(verify(text, kind, [KEY], THERE, NOW), Ticket)
        assert outcome(text, kind, place=place) is AuditOutcome.FOREIGN


def test_a_pinned_ticket_is_bound_to_its_first_click() -> None:
    """What binds it to a person stays."""
    ticket = pinned(replace(ACKNOWLEDGE, place=Place(user="user1")), "channel1", "post1")
    assert ticket.place == THERE
    assert foreign(BUTTON, ticket.place, THERE) is None
    assert foreign(BUTTON, ticket.place, replace(THERE, post="post2")) is not None


def test_a_ticket_is_used_once_within_its_life() -> None:
    """The key lasts longer than the ticket, and is that of this ticket and callback alone."""
    key = once("callbacks.ack", ACKNOWLEDGE, NOW)
    assert NOW + key.window >= ACKNOWLEDGE.expires + 86_400
    others: Sequence[Ticket] = [replace(ACKNOWLEDGE, id="other"), ACKNOWLEDGE]
    assert [once("callbacks.ack", one, NOW).key == key.key for one in others] == [False, True]
    assert once("callbacks.other", ACKNOWLEDGE, NOW).key != key.key


def test_a_ticket_is_short_and_too_long_a_one_is_not_made() -> None:
    """A message has several of them, and limits."""
    assert len(sign(ACKNOWLEDGE, KEY)) < 300
    with pytest.raises(ValueError, match="what the button 'acknowledge' carries is too long"):
        sign(replace(ACKNOWLEDGE, context={"all": "x" * LONGEST}), KEY)
