"""Events inside of texts are found where they are, and nothing else is taken for one."""

import base64
import json
from typing import Any

import pytest

from gateway.decode.envelopes import opened, text_in_base64
from tests.cost import seconds_of

EVENT = {"name": "backup", "n": 1}


def coded(value: Any) -> str:
    """JSON in base64."""
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        # Pub/Sub: text or JSON in base64.
        ({"message": {"data": "SGVsbG8", "messageId": "1"}}, {"message": {"data": "Hello", "messageId": "1"}}),
        ({"data": coded(EVENT), "publish_time": "t"}, {"data": EVENT, "publish_time": "t"}),
        # SNS and EventBridge: JSON in a string.
        ({"Type": "Notification", "Message": json.dumps(EVENT)}, {"Type": "Notification", "Message": EVENT}),
        ({"detail": json.dumps({"inner": json.dumps([EVENT])})}, {"detail": {"inner": [EVENT]}}),
        # Firehose and others: base64 of JSON under any key.
        (
            {"records": [{"data": coded(EVENT)}, {"data": coded([EVENT])}]},
            {"records": [{"data": EVENT}, {"data": [EVENT]}]},
        ),
        (json.dumps(EVENT), EVENT),
    ],
)
def test_events_inside_of_texts(value: Any, found: Any) -> None:
    """They stand in the place of the text that held them."""
    assert opened(value) == found


@pytest.mark.parametrize(
    "value",
    [
        {"data": "SGVsbG8"},  # base64 only by chance
        {"message": {"data": "/+8=", "messageId": "1"}},  # bytes
        {"message": {"data": 7, "messageId": "1"}},
        {"text": "[draft] {not json}"},
        {"text": "{}"},
        {"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"},
        {"text": "eyJ" + "A" * 50},
        [1, None, "x"],
        None,
    ],
)
def test_what_holds_no_event_stays(value: Any) -> None:
    """Other texts, other bytes and other types are left alone."""
    assert opened(value) == value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aGk", "hi"),
        ("aGk=", "hi"),
        ("w7_DvA", "ÿü"),
        ("8J+RqeKAjfCfkrs=", "👩\u200d💻"),
        ("AAE=", None),
        ("a b", None),
        ("word word", None),
        ("aGkg aGk=", "hi hi"),
        ("aGl", None),
        ("a", None),
    ],
)
def test_texts_in_base64(text: str, found: str | None) -> None:
    """Either alphabet, with or without padding; what is no text is none."""
    assert text_in_base64(text) == found


@pytest.mark.parametrize(
    "value",
    [
        {f"k{number}": "[" * 300 + "]" * 300 for number in range(400)},
        {f"k{number}": "eyJ" + "A" * 300 for number in range(400)},
        ["{" * 100_000, "[{" * 50_000],
        {f"k{number}": {"a": {"b": {"c": [{}] * 50}}} for number in range(2000)},
    ],
)
def test_opening_is_bounded(value: Any) -> None:
    """A hostile payload costs no more than a large one."""
    assert seconds_of(lambda: opened(value)) < 0.2
