"""A handshake rule that cannot work is refused when it is read, with the key at fault."""

import pytest

from gateway.verify.handshake_rule import Effect, parse_handshake


def test_defaults():
    """What a rule does not say: any method, no effect, 200 with an empty text."""
    rule = parse_handshake({"when": {"query": {"a": "b"}}})
    assert (rule.methods, rule.signed, rule.take, rule.hmac, rule.effect) == ((), False, None, None, Effect.NONE)
    assert (rule.reply.status, rule.reply.type, rule.reply.body) == (200, "text/plain", "")


def test_names():
    """Methods and header names fit requests in whatever case they are written; a JSON body has the JSON type."""
    rule = parse_handshake(
        {
            "when": {"method": ["get", "Post"], "header": {"X-A": 1}},
            "take": {"header": "X-B"},
            "reply": {"body": ["{value}"]},
        }
    )
    assert rule.methods == ("GET", "POST")
    assert rule.conditions[0].take.name == "x-a"
    assert rule.take is not None
    assert rule.take.name == "x-b"
    assert rule.reply.type == "application/json"


WHEN = {"query": {"a": "b"}}
TAKE = {"query": "a"}


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({}, "when"),
        ({"when": {}}, "when: expected a condition"),
        ({"when": {"cookie": {}}}, "cookie"),
        ({"when": {"query": {"a": [1]}}}, "when.query.a"),
        ({"when": {"json": {"a[": 1}}}, "json: not a path"),
        ({"when": {"json": {"a.*": 1}}}, "without *"),
        ({"when": WHEN, "take": {}}, "take: expected exactly one"),
        ({"when": WHEN, "effect": "store"}, "take: required"),
        ({"when": WHEN, "take": TAKE, "effect": "burn"}, "burn"),
        ({"when": WHEN, "take": TAKE, "effect": "fetch"}, "hosts"),
        ({"when": WHEN, "take": TAKE, "hosts": ["a.example"]}, "hosts"),
        ({"when": WHEN, "take": TAKE, "effect": "fetch", "hosts": ["com"]}, "hosts: 'com' allows too much"),
        ({"when": WHEN, "take": TAKE, "effect": "fetch", "hosts": ["a.example.com"]}, "when: expected signed: true"),
        ({"whn": WHEN}, 'did you mean "when"?'),
        ({"when": WHEN, "take": TAKE, "hmac": "crc"}, "crc"),
        ({"when": WHEN, "take": TAKE, "reply": {"body": "{hmac}"}}, "{hmac} needs"),
        ({"when": WHEN, "reply": {"body": "{value}"}}, "{value} needs"),
        ({"when": WHEN, "reply": {"status": 500}}, "reply.status"),
        ({"when": WHEN, "reply": {"type": "text/html"}}, "reply.type"),
        ({"when": WHEN, "take": TAKE, "reply": {"type": "application/json", "body": '{"a": "{value}"}'}}, "reply.body"),
    ],
)
def test_faults(document, fault):
    """The text names the key and what is expected."""
    with pytest.raises(ValueError) as error:
        parse_handshake(document)
    assert fault in str(error.value)
