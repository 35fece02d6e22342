"""Answers of outside services: read as what they are, and what is wrong with them."""

import pytest

from gateway.callbacks.answer import OutsideAnswer, problem_of
from gateway.catalog.schema import Schema

SHAPE = Schema({"type": "object", "required": ["a"]})


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (OutsideAnswer(201, {"content-type": "application/problem+json"}, b'"a"'), {"json": "a"}),
        (OutsideAnswer(201, {}, b' {"a": 1}'), {"json": {"a": 1}}),
        (OutsideAnswer(201, {"content-type": "application/json"}, b"{"), {"text": "{"}),
        (OutsideAnswer(201, {"content-type": "text/html"}, b"[x]"), {"text": "[x]"}),
        (OutsideAnswer(201, {}, b"\xff done"), {"text": "\ufffd done"}),
    ],
)
def test_an_answer_is_json_or_text(answer, seen):
    """By its content type, else by its look."""
    assert answer.seen() == {"status": 201, "headers": dict(answer.headers), **seen}


@pytest.mark.parametrize(
    ("answer", "expected", "problem"),
    [
        (OutsideAnswer(204), (), ""),
        (OutsideAnswer(302), (), "h answered 302 Found"),
        (OutsideAnswer(204), (200,), "h answered 204 No Content instead of 200"),
        (OutsideAnswer(404), (404,), ""),
        (OutsideAnswer(799), (), "h answered 799"),
    ],
)
def test_every_success_is_one_unless_the_document_says_which(answer, expected, problem):
    """The status alone says whether it worked, where there is no shape."""
    assert problem_of(answer, "h", expected, None) == problem


def test_what_an_answer_holds_is_in_no_problem():
    """It may be of any length, and nobody knows what it is."""
    secretive = OutsideAnswer(200, {"content-type": "text/plain"}, b"my secret")
    assert problem_of(secretive, "h", (), SHAPE) == "h answered no JSON but text/plain"
    assert problem_of(OutsideAnswer(200, {}, b'{"b": "my secret"}'), "h", (), SHAPE).startswith("h answered something ")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (OutsideAnswer(200, {"content-type": "text/html"}, b"<html>"), "h answered a web page"),
        (OutsideAnswer(200, {"content-type": "application/json"}, b"{not"), "h answered JSON that cannot be read"),
        (
            OutsideAnswer(200, {"content-type": "application/json"}, b"[" * 100_000),
            "h answered JSON that cannot be read",
        ),
        (OutsideAnswer(200, {"content-type": "application/json"}), ""),
        (OutsideAnswer(200, {}, b"{not"), ""),
    ],
)
def test_what_can_be_shown_can_be_read(answer, problem):
    """Where nothing of it is shown, it does not matter."""
    assert problem_of(answer, "h", (), None, shown=True) == problem
    assert problem_of(answer, "h", (), None) == ""
