"""Replies: where they appear, what they hold, and that a failure is never silent."""

import pytest

from gateway.callbacks.reply import MOST_OPTIONS, POSSIBLE, USUAL, FailureShape, Option, Reply, ReplyShape, To
from gateway.callbacks.smoothing import Occasion
from gateway.catalog.scope import ALONE
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Engine
from gateway.mattermost.limits import DEFAULT


def shape(**raw) -> ReplyShape:
    """The compiled reply of these keys."""
    return ReplyShape(raw, Compiler(Engine()), DocumentPlace("acme/callbacks/it", (), []), ALONE)


def rendered(made: ReplyShape, seen, occasion: Occasion = Occasion.COMMAND, *, mentions: bool = False) -> Reply:
    """The reply to what is seen."""
    return made.render(seen, occasion, DEFAULT, mentions=mentions)


@pytest.mark.parametrize("occasion", Occasion)
def test_a_reply_appears_where_the_occasion_has_it(occasion):
    """Unless the document says otherwise; with nothing to show it appears nowhere."""
    assert rendered(shape(message={"text": "a"}), {}, occasion).to is USUAL[occasion]
    assert USUAL[occasion] in POSSIBLE[occasion]
    assert rendered(shape(message={"text": "{{ gone }}"}), {}, occasion) == Reply()


def test_mentions_notify_only_where_they_may():
    """As those of every message."""
    made = shape(message={"text": "@all"})
    assert rendered(made, {}).messages[0].message.text != "@all"
    assert rendered(made, {}, mentions=True).messages[0].message.text == "@all"


def test_options_are_bounded_and_need_a_text():
    """Of an array, of which an element may lack what it is called by; no entry says how many are left out."""
    each = {"each": "all", "item": {"text": "{{ name }}", "value": "{{ id }}"}}
    made = shape(options=[{"text": "any"}, each])
    found = rendered(made, {"all": [{"name": "a", "id": 1}, {"id": 2}, *[{"name": "b", "id": 3}] * 200]}).options
    assert found[:3] == (Option("any", "any"), Option("a", "1"), Option("b", "3"))
    assert len(found) <= MOST_OPTIONS
    assert made.gives_options


def test_errors_stand_at_fields_while_they_have_a_text():
    """What a field has no error for is left out."""
    made = shape(errors={"a": "{{ wrong }}", "b": "{{ gone }}"})
    assert rendered(made, {"wrong": "no *x*"}, Occasion.DIALOG).errors == {"a": "no *x*"}


@pytest.mark.parametrize("raw", [{}, {"to": "nothing", "message": {"text": "{{ gone }}"}}])
def test_a_failure_is_never_silent(raw):
    """The usual text stands where the document has none, or nothing is left of it."""
    failure = FailureShape(raw, "Ask", Compiler(Engine()), DocumentPlace("acme/callbacks/it", (), []), ALONE)
    reply = failure.render({}, Occasion.COMMAND, "h answered 500")
    assert (reply.to, reply.problem) == (To.CALLER, "h answered 500")
    assert reply.messages[0].message.text == "Ask: that did not work: h answered 500"
