"""Actions of documents: what they offer of a payload, and every fault of theirs at its line."""

import pytest

from gateway.catalog import reading
from gateway.catalog.actions import OPTIONS, VALUE
from gateway.catalog.build import build
from gateway.catalog.kinds import Text
from gateway.catalog.translator import context
from gateway.language.template import Engine
from gateway.mattermost.payload import Option
from gateway.model import Request

DOCUMENTS = {
    "service": "name: Acme\ndocs: https://acme.example\nsetup: Nothing to set up.\nevent: [{json: kind}]\n",
    "shared": 'let: {number: "{{ id + 1 }}"}\n',
}
SEEN = {"id": 7, "word": "*a*", "hosts": [{"name": "h1"}, {"name": "h2"}, {"name": "h1"}], "live": True, "rate": 0.5}
SHAPE = "{id: number, word?: text, hosts?: [{name: text}], live?: flag, rate?: number, big?: text}"


def texts(actions, card="", **more):
    """A service whose translator has these actions, or its card."""
    one = f"title: One\nevents: [one]\ninput: {SHAPE}\nmessage: {{text: '{{{{ id }}}}'}}\n"
    one += f"actions:\n{actions}\n" if actions else ""
    documents = {**DOCUMENTS, "one": one + ("card: it\n" if card else "")}
    if card:
        documents["cards/it"] = f"title: The card\nlet: {{id: own}}\nmessage: {{text: it}}\nactions:\n{card}\n"
    documents |= more
    return {name: Text(f"acme/{name}", text, f"acme/{name}.yaml") for name, text in documents.items()}


def drafted(actions, payload=None, card=""):
    """The draft of an event and the service; on a route with cards where it has one."""
    service, faults = build("acme", texts(actions, card), Engine())
    assert faults == []
    seen = context({"kind": "one", **SEEN, **(payload or {})}, Request(), "one")
    return service.translators[0].draft(seen, service.cards if card else None), service


def offered(actions, payload=None):
    """The actions that an event offers."""
    return drafted(actions, payload)[0].actions


def test_a_button_has_texts_of_the_payload():
    """As they are, without Markdown's escapes; of numbers and flags as JSON writes them."""
    line = """- {name: Do it, callback: other/do, style: danger,
   context: {a: "{{ word }}", b: "{{ id }}", c: "{{ live }}", d: "{{ rate }}", e: "x {{ number }}",
             f: "{{ hosts }}"}}"""
    [found] = offered(line, {"hosts": [{"name": "h"}]})
    assert (found.name, found.callback, found.document, found.style) == ("Do it", "other/do", "acme/one", "danger")
    assert dict(found.context) == {"a": "*a*", "b": "7", "c": "true", "d": "0.5", "e": "x 8", "f": '[{"name":"h"}]'}


@pytest.mark.parametrize(
    ("more", "payload"),
    [
        ("when: not live", {}),
        ('context: {a: "{{ big }}"}', {}),
        ('context: {a: "{{ big }}"}', {"big": "x" * (VALUE + 1)}),
        ("options: [{each: hosts, item: {text: '{{ name }}'}}]", {"hosts": []}),
    ],
)
def test_an_action_that_lacks_something_is_left_out(more, payload):
    """The others are offered all the same."""
    actions = f"- {{name: A, callback: other/do, {more}}}\n- {{name: B, callback: other/do}}"
    assert [one.name for one in offered(actions, payload)] == ["B"]


def test_options_stand_in_the_document_or_come_from_the_payload():
    """Each value once; as many as a menu may have; what has no value is none."""
    menu = """- {name: M, callback: other/do, options: [{text: "All, {{ word }}", value: all}, {text: "{{ big }}"},
   {each: hosts, limit: 50, item: {text: "{{ name }}", value: "{{ index }}/{{ name }}"}}]}"""
    [found] = offered(menu.replace("{{ index }}/", ""))
    assert found.options == (Option("All, *a*", "all"), Option("h1", "h1"), Option("h2", "h2"))
    [found] = offered(menu, {"hosts": [{"name": str(n)} for n in range(99)]})
    assert len(found.options) == OPTIONS


def test_an_action_that_cannot_be_computed_costs_the_message_nothing():
    """The reason says which; no other action is offered."""
    draft, _ = drafted("- {name: A, callback: other/do, context: {a: '{{ id }}', b: '{{ hosts / 2 }}'}}")
    assert draft.message.text == "7"
    assert draft.actions == ()
    assert draft.broken
    assert "no buttons: acme/one#/actions/0/context/b" in draft.why


def test_the_actions_of_a_card_are_those_of_its_translators():
    """In the names that the card sees, with or without a card on the route; those of the translator come first."""
    card = "- {name: Close, callback: other/close, context: {id: '{{ id }}'}}"
    draft, service = drafted("", card=card)
    assert [(one.name, one.document, dict(one.context)) for one in draft.actions] == [
        ("Close", "acme/cards/it", {"id": "own"})
    ]
    assert service.offering == {"acme/one": service.cards["it"]}
    seen = context(SEEN, Request(), "one")
    assert service.offering["acme/one"].offers(seen).actions == draft.actions
    own, service = drafted("- {name: Own, callback: other/do}", card=card)
    assert [one.name for one in own.actions] == ["Own"]
    assert service.offering == {}
    assert service.may_offer("acme/one")


def test_what_is_said_once_it_is_done():
    """Its template sees the choice and the context; without one, the name says it."""
    actions = """- {name: A, callback: other/do, context: {id: "{{ id }}"}, done: "Silenced {{ id }} for {{ option }}"}
- {name: B, callback: other/do}"""
    first, second = drafted(actions)[1].translators[0].actions.listed
    assert first.told("4 h", {"id": "7"}) == "Silenced 7 for 4 h"
    assert first.told() == "A"
    assert second.told("4 h") == "B"


CALLBACKS = {
    "callbacks/acknow": "title: Ack\nanswers: action\ninput: {context: {id: text}}\nreply: {message: {text: ok}}\n",
    "callbacks/ask": "title: Ask\nanswers: message\nreply: {message: {text: ok}}\n",
}


@pytest.mark.parametrize(
    ("actions", "problem"),
    [
        (
            "- {name: A, callback: acknowledge}",
            "6 actions/0/callback: the service has no callback 'acknowledge'; did you mean",
        ),
        ("- {name: A, callback: own_one}", "6 actions/0/callback: the service has no callback 'own_one'; write callba"),
        ("- {name: A, callback: ask}", "6 actions/0/callback: callbacks/ask.yaml answers message: add action to its"),
        ("- {name: A, callback: acknow}", "6 actions/0: the callback acknow needs context.id: give it in `context`"),
        ("- {name: A, callback: x/y}\n- {name: A, callback: x/y}", "7 actions/1/name: another action has the name 'A'"),
        ("- {name: '{{ id }}', callback: x/y}", "6 actions/0/name: a name is shown as it stands, and is no template"),
        ("- {name: ' A', callback: x/y}", "6 actions/0/name: a name is one line, without blanks around it"),
        (f"- {{name: {'A' * 41}, callback: x/y}}", "6 actions/0/name: "),
        ("- {name: A, callback: x/y, style: blue}", "6 actions/0/style: there is no 'blue' here"),
        ("- {name: A, callback: x/y, allow: [ann]}", "6 actions/0/allow/0: 'ann' "),
        ("- {name: A, callback: x/y, options: []}", "6 actions/0/options: "),
        ("- {name: A, callback: x/y, when: id >}", "6 actions/0/when: "),
        (
            "- {name: A, callback: x/y, context: {a: '{{ idd }}'}}",
            "6 actions/0/context/a: nothing here is called",
        ),
        ("- {name: A, callback: x/y, done: '{{ id }}'}", "6 actions/0/done: nothing here is called `id`"),
        ("- {name: A, callback: x/y, options: [{each: id, item: {text: x}}]}", "6 actions/0/options/0/each: this is a"),
    ],
)
def test_faults_say_where_they_are(actions, problem):
    """Those of the meta-schema, of the compiler, between documents, and of a close reading."""
    from gateway.callbacks import document  # noqa: F401 - registers the kind of callbacks

    sources = texts(actions, **CALLBACKS)
    service, faults = build("acme", sources, Engine())
    found = [f"{one.line} {one.where}: {one.problem}" for one in faults or reading.faults(service, sources)]
    assert [one for one in found if one.startswith(problem)], found
