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
    plain = speaker.draft(dict(seen), offered=False)
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


def test_a_document_that_replies_names_its_card(two, write):
    """It makes no card; one that is not there is a fault with the line of its name."""
    write("base/a/cards/item.yaml", CARD)
    write("base/a/one.yaml", SPEAKER.replace("phase: change\ncard: item", "card: {reply: item}"))
    service = load(two).services["a"]
    drafted = service.translators[0].draft(context({"status": "open"}, Request(), "one"), service.cards)
    assert (drafted.reply, drafted.card, drafted.phase, drafted.why) == (True, None, Phase.CHANGE, "")
    write("base/a/one.yaml", SPEAKER.replace("card: item", "card:\n  reply: nothing"))
    with pytest.raises(CatalogError) as raised:
        load(two)
    assert [(fault.line, fault.where) for fault in raised.value.faults] == [(6, "card/reply")]


def test_an_input_that_is_no_schema_is_a_fault_of_the_card():
    """With its line."""
    text = "title: An item\ninput: {type: nothing}\nmessage: {text: a}\n"
    made = CardShape(Text("a/cards/item", text, "item.yaml"), {"input": {"type": "nothing"}, "message": {}}, Engine())
    assert [(fault.line, fault.where) for fault in made.faults] == [(2, "input/type")]


def test_a_card_without_its_title_shows_nothing(two, write):
    """A payload without the title is not about all that the card shows, whatever else there is."""
    write("base/a/cards/item.yaml", CARD.replace("message: {", "message: {attachments: [{title: '{{ name }}'}], "))
    write("base/a/one.yaml", SPEAKER)
    service = load(two).services["a"]
    drafted = service.translators[0].draft(context({"status": "open"}, Request(), "one"), service.cards)
    assert (drafted.reply, drafted.card) == (True, None)
    assert drafted.why == "the card stays as it is: a/cards/item came out without its title"
