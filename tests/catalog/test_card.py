"""Cards: documents that show a subject as it is, whatever happened to it last."""

import pytest

from gateway.catalog.card import CardShape
from gateway.catalog.catalog import load
from gateway.catalog.kinds import Text
from gateway.catalog.translator import context
from gateway.errors import CatalogError
from gateway.language.template import Engine
from gateway.model import Phase, Request

CARD = "title: An item\nlet: {state: '{{ status }}'}\nmessage: {text: '{{ name }} is {{ state }}'}\n"
SPEAKER = "title: One\nevents: [one]\nsubject: s\nphase: change\ncard: item\nmessage: {text: said}\n"


def test_a_card_shows_the_subject_beside_what_is_said(two, write):
    """Only where cards are wanted; it sees what the translator sees, and names of its own."""
    write("base/a/cards/item.yaml", CARD)
    write("base/a/one.yaml", SPEAKER)
    service = load(two).services["a"]
    [speaker] = service.translators
    seen = context({"name": "It", "status": "open"}, Request(), "one")
    drafted = speaker.draft(dict(seen), service.cards)
    assert (drafted.message.text, drafted.card.text, drafted.phase) == ("said", "It is open", Phase.CHANGE)
    plain = speaker.draft(dict(seen))
    assert (plain.card, plain.phase) == (None, None)


def test_a_card_that_is_not_there_is_a_fault_of_who_names_it(two, write):
    """With the line of the name."""
    file = write("base/a/one.yaml", SPEAKER)
    with pytest.raises(CatalogError) as raised:
        load(two)
    [fault] = raised.value.faults
    assert (fault.file, fault.line, fault.where) == (str(file), 5, "card")
    assert "write cards/item.yaml" in fault.problem


def test_templates_that_cannot_be_compiled_are_noted_with_their_lines():
    """Every one of them, in the file of the card."""
    text = "title: An item\nlet:\n  state: '{{ status | nothing }}'\nmessage:\n  text: '{{ name'\n"
    raw = {"let": {"state": "{{ status | nothing }}"}, "message": {"text": "{{ name"}}
    made = CardShape(Text("a/cards/item", text, "item.yaml"), raw, Engine())
    assert [(fault.file, fault.line, fault.where) for fault in made.faults] == [
        ("item.yaml", 3, "let/state"),
        ("item.yaml", 5, "message/text"),
    ]
