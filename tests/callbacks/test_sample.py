"""Samples of callbacks: what one expects is compared as a whole, and what is doubtful is not written."""

import pytest
from msgspec.structs import replace

from gateway.callbacks.sample import UNANSWERED, differences, doubtful, parse, rehearse
from gateway.errors import CatalogError
from tests.callbacks.conftest import ASK, compiled

SAMPLE = """
callback: it
sent: {form: {command: /ask, text: why?, user_mentions: [ben], user_mentions_ids: [u2]}}
answer: {json: {text: because}}
expect:
  request:
    method: POST
    url: https://api.example.com/ask
    headers: {Content-Type: application/json}
    json: {text: why?}
  answer: {response_type: ephemeral, skip_slack_parsing: true, text: because}
"""


def outcome(text: str = SAMPLE, document: str = ASK):
    """A sample, and what becomes of it."""
    one = parse(text, "s.yaml")
    return one, rehearse(one, {"it": compiled(document)})


def test_a_sample_that_holds_has_no_differences():
    """The request, and the answer that Mattermost gets."""
    one, found = outcome()
    assert differences(one.expect, found) == []
    assert doubtful(one.expect, found) == ""


def test_a_sub_command_sees_what_stands_behind_its_word():
    """As the one that is called: the sample has all that was typed."""
    document = ASK.replace("trigger: ask", "trigger: ask, sub: sub")
    one, found = outcome(SAMPLE.replace("text: why?,", "text: sub why?,"), document)
    assert document != ASK
    assert differences(one.expect, found) == []


def test_what_differs_is_told_with_its_path():
    """Also a request that the sample does not expect."""
    one, found = outcome(SAMPLE.replace("text: because}\n", "text: why not}\n", 1))
    one = replace(one, expect=replace(one.expect, request=None))
    assert [line.partition(":")[0] for line in differences(one.expect, found)] == [
        "expect.request",
        "expect.answer.text",
    ]


def test_a_failure_is_not_made_an_expectation_unasked():
    """A part of its problem is expected before it is written."""
    one, found = outcome(SAMPLE.replace("{json: {text: because}}", "{status: 500}"))
    assert "it fails: api.example.com answered 500" in doubtful(one.expect, found)
    wanted = replace(one.expect, problem="500 Internal")
    assert doubtful(wanted, found) == ""
    assert "expect.problem" not in "".join(differences(wanted, found))


def test_a_request_needs_an_answer():
    """Else nothing is known of the reply."""
    one, found = outcome(SAMPLE.replace("answer: {json: {text: because}}\n", ""))
    assert doubtful(one.expect, found) == UNANSWERED


@pytest.mark.parametrize(
    ("text", "document", "why"),
    [
        (SAMPLE.replace("callback: it", "callback: that"), ASK, "no callback 'that'"),
        (SAMPLE.replace("sent:", "occasion: action\nsent:"), ASK, "does not answer action"),
        (SAMPLE, ASK.replace("answers: command", "answers: [command, action]"), "write which as `occasion`"),
        (SAMPLE, ASK.replace("json:", 'headers: {A: "{{ secrets.b }}"}, json:'), "needs the secret b"),
    ],
)
def test_a_sample_that_cannot_be_used_says_why(text, document, why):
    """What is to be written into it."""
    with pytest.raises(ValueError, match=why):
        outcome(text, document)


def test_a_faulty_sample_has_a_place():
    """By its meta-schema."""
    with pytest.raises(CatalogError, match=r"s\.yaml:3"):
        parse(SAMPLE.replace("sent: {form:", "sent: {from:"), "s.yaml")
