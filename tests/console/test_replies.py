"""What a callback makes of something said, without asking anybody."""

from typing import Any

from gateway.callbacks.answer import NoAnswer, OutsideAnswer
from gateway.callbacks.document import CallbackShape
from gateway.callbacks.smoothing import Occasion, Said
from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text
from gateway.console.replies import CallbackResult, given_of, result
from gateway.language.template import Engine

ASK = """
title: Ask
answers: [action, outgoing]
request: {url: "https://api.example.com/{{ text | urlencode }}", headers: {X-Key: "{{ secrets.key }}"}}
reply: {message: {text: "It says {{ answer.text }}"}}
"""
OPEN = """
title: Add a note
answers: [action, dialog]
dialog: {title: Add a note, fields: [{name: text, label: Text}]}
reply: [{when: submission.text == "", errors: {text: Write something}}, {to: nothing}]
"""


def _result(document: str, occasion: Occasion, said: dict[str, Any], answer: Any = None) -> CallbackResult:
    raw = yamlfile.load(document, "ask.yaml")
    shape = CallbackShape(Text("bot/callbacks/ask", document, "ask.yaml"), raw, Engine())
    assert not shape.faults
    return result(shape, Said(occasion, said), given_of(shape, {}, 1.0), answer)


def test_a_request_waits_for_its_answer_and_shows_no_secret():
    """With the answer comes the reply, where it appears, and what Mattermost is sent."""
    waits = _result(ASK, Occasion.ACTION, {"text": "now"})
    assert waits.waits
    assert waits.request is not None
    assert (waits.request.url, waits.request.headers) == ("https://api.example.com/now", {"X-Key": "<secret>"})
    told = _result(ASK, Occasion.ACTION, {"text": "now"}, OutsideAnswer(200, {}, b"yes"))
    assert (told.messages, told.to) == (({"text": "It says yes"},), "for the caller alone")
    assert told.body == {"ephemeral_text": "It says yes", "skip_slack_parsing": True}
    echoed = _result(ASK, Occasion.ACTION, {"text": "now"}, OutsideAnswer(200, {}, b"made-up secret key"))
    assert "made-up" not in str(echoed)
    assert _result(ASK, Occasion.OUTGOING, {"text": "now"}, OutsideAnswer(200)).to == "for all in the channel"


def test_what_fails_is_told():
    """A status that is none of success, no answer, and an input that is not enough."""
    said = {"text": "now"}
    assert "answered 500" in _result(ASK, Occasion.ACTION, said, OutsideAnswer(500)).problem
    assert "timed out" in _result(ASK, Occasion.ACTION, said, NoAnswer("timed out")).problem
    assert _result(ASK, Occasion.ACTION, {}, OutsideAnswer(200)).problem


def test_a_dialog_opens_and_its_errors_are_shown():
    """Instead of a reply."""
    assert _result(OPEN, Occasion.ACTION, {}).dialog["title"] == "Add a note"
    wrong = _result(OPEN, Occasion.DIALOG, {"submission": {"text": ""}})
    assert wrong.errors == {"text": "Write something"}
