"""What a payload says as the parts of a message, for generic messages and for documents."""

from typing import Any

import pytest

from gateway.language.functions import TABLE
from gateway.language.functions.gist import Gist, event_of, gist
from gateway.language.functions.markup import Markup


@pytest.mark.parametrize(
    ("event", "name", "state", "title"),
    [
        ("Deploy ended", "api", "failed", "Deploy ended: api: failed"),
        ("Resolve", "Disk", "resolved", "Disk: resolved"),
        ("Ticket created", "Ticket created by Bo", "", "Ticket created by Bo"),
        ("Push", "", "", "Push"),
        ("", "It burns!", "open", "It burns: open"),
        ("", "", "open", ""),
    ],
)
def test_titles(event: str, name: str, state: str, title: str) -> None:
    """Event, thing and state in one line, none of them twice."""
    assert Gist(event=event, name=name, state=state).title == title


def test_an_envelope_keyed_by_its_event_is_opened() -> None:
    """The data stands under the name of the event, which is no part of labels."""
    found = gist({"event_type": "plan.raised_v2", "plan.raised_v2": {"name": "Gold", "seats": {"new": 9}}})
    assert (found.title, found.facts) == ("Plan raised: Gold", [{"title": "Seats new", "value": "9"}])


def test_what_the_message_says_besides_is_left_out() -> None:
    """The caller names what it tells itself."""
    assert gist({"title": "t", "source": "/jobs/nightly"}, "", "/jobs/nightly").facts == []


def test_documents_get_plain_values_and_markdown_that_is_ready() -> None:
    """Texts, lists and values of facts are Markdown; what is missing is missing."""
    call = TABLE["gist"].call
    found: Any = call({"title": "t", "body": "a*b", "who": {"name": "*B*"}, "rows": [{"name": "x"}, {"name": "y"}]})
    assert found == {
        "name": "t",
        "title": "t",
        "text": "a\\*b",
        "facts": [{"title": "Who", "value": "\\*B\\*"}],
        "lists": "**Rows**\n- x\n- y",
    }
    assert isinstance(found["text"], Markup)
    assert isinstance(found["facts"][0]["value"], Markup)
    assert call("plain token=abcdef") == {"text": "plain token=***"}
    assert call('{"type": "a.b"}') == {"event": "A b", "title": "A b"}


def test_facts_that_the_table_has_no_room_for_are_a_footer() -> None:
    """So many as it holds; ids are the last."""
    found = gist({"title": "t", "id": 7, **{f"size_{letter}": letter for letter in "abcdefghijklmn"}})
    assert len(found.facts) == 10
    assert found.more == "Size k: k · Size l: l · Size m: m · Size n: n · Id: 7"
    assert len(gist({f"size_{number}": "x" * 50 + str(number) for number in range(99)}).more or "") <= 300


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"x-groove-event": "ticket_assigned"}, "ticket_assigned"),
        ({"content-type": "a/b", "x-shopify-topic": "orders/create"}, "orders/create"),
        ({"x-event-key": "repo:push"}, "repo:push"),
        ({"x-acme-event-id": "1", "x-request-id": "2"}, ""),
        ({}, ""),
    ],
)
def test_the_header_that_names_the_event(headers: dict[str, str], name: str) -> None:
    """Senders without a document name their events in headers of one form."""
    assert event_of(headers) == name
