"""What callbacks are given: a name for the conversation, and where to answer later."""

import time

from gateway.acts.giving import LIFE, Giving, answered_by, at_place
from gateway.acts.stored import StoredAct
from gateway.acts.tables import Table
from gateway.callbacks.conversation import place_of
from gateway.callbacks.given import Given
from gateway.callbacks.smoothing import Occasion
from gateway.callbacks.ticket import Place, TicketKind, verify
from gateway.journal.keyrings import RingKey
from gateway.settings.callbacks import CallbackSettings

KEY = RingKey("k", b"x" * 32, 0.0)
TABLE = Table(CallbackSettings(name="one", service="s"), {}, Given({"url": "https://u"}))
SAID = {"user": {"id": "u", "name": "ann"}, "channel": {"id": "c", "name": "ops"}, "post": {"id": "p", "root": "r"},
        "text": "hello"}  # fmt: skip


class Ring:
    """A ring of one key."""

    keys = (KEY,)


class Shape:
    """A callback whose service answers later, or not."""

    def __init__(self, *, later: bool) -> None:
        self.later = object() if later else None


def given(*, later=True, public_url="https://gate/"):
    """What is given for an act."""
    giving = Giving(Ring())
    giving.public_url = public_url
    return giving.given(TABLE, Shape(later=later), StoredAct("ask", Occasion.OUTGOING, SAID), "an event")


def test_the_url_of_an_act_brings_all_back_that_an_answer_needs():
    """Who said it, where, at which occasion; for a day."""
    made = given()
    head, _, text = made.reply_url.reveal().rpartition("/")
    assert (head, made.settings) == ("https://gate/reply", {"url": "https://u"})
    ticket = verify(text, TicketKind.REPLY, [KEY], Place(), time.time())
    assert (ticket.table, ticket.callback, ticket.event) == ("one", "s/ask", "an event")
    assert 0 < ticket.expires - time.time() <= LIFE
    occasion, known = answered_by(ticket)
    assert (occasion, known) == ("outgoing", {key: SAID[key] for key in ("channel", "post", "user")})


def test_a_conversation_is_one_person_in_one_channel():
    """Its name leads back there."""
    made = given()
    place = place_of(made.conversation, "one", [KEY], time.time())
    assert at_place(place) == {"channel": {"id": "c"}, "user": {"id": "u"}}
    assert place_of(made.conversation, "two", [KEY], time.time()) is None


def test_no_url_where_nobody_can_answer():
    """Neither without a document that takes it, nor without a URL of the gateway."""
    assert given(later=False).reply_url is given(public_url="").reply_url is None
