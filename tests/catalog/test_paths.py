"""The paths of a document that nobody knows."""

import pytest

from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text
from gateway.catalog.paths import DocumentReader, names_of

SCHEMA = {
    "properties": {
        "ref": {"type": "string"},
        "labels": {"type": "object"},
        "sender": {"properties": {"login": {"type": "string"}}},
        "commits": {"type": "array", "items": {"properties": {"id": {"type": "string"}}}},
    }
}


def unknown(text: str, schema=SCHEMA):
    """The line and problem of each fault in a document."""
    reader = DocumentReader(Text("own/push", text, "push.yaml"))
    reader.read(yamlfile.load(text, "push.yaml"), names_of(schema))
    return [(fault.line, fault.problem) for fault in reader.faults]


@pytest.mark.parametrize(
    "text",
    [
        "let: {a: '{{ sender }}', b: '{{ a.login }}'}\nmessage: {text: '{{ b }}{{ payload.ref }}{{ request.event }}'}",
        "message: {text: [{each: commits, as: c, line: '{{ c.id }}{{ id }}{{ item.id }}{{ index }}{{ ref }}'}]}",
        "message: {text: [{each: labels, line: '{{ key }}={{ value.any.thing }}', more: '{{ remaining }}'}]}",
        "message: {attachments: [{each: commits, when: id, item: {title: '{{ id }}', fields: []}}]}",
        "state: {issue: ref}\nphase: open\nmessage: {text: '{{ state.word }}', priority: {priority: important}}",
        "message: {attachments: [{color: \"{{ 'good' if ref else '#fff' }}\", title: '{{ labels.some.label }}'}]}",
    ],
)
def test_what_is_known_is_no_fault(text):
    """Names of the payload, of `let`, `state` and of what a repetition makes."""
    assert unknown(text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("let: {b: '{{ a }}',\n  a: '{{ ref }}'}", (1, "`a` stands further down in `let`")),
        ("let: {a: '{{ ref }}',\n  b: '{{ b }}'}", (2, "nothing here is called `b`")),
        ("message:\n  text:\n    - each: commits\n      line: '{{ name }}'", (4, "nothing here is called `name`")),
        ("message: {text: [{each: commits, line: x, more: '{{ id }}'}]}", (1, "nothing here is called `id`")),
        ("message: {attachments: [\n  {when: sender.name, title: x}]}", (2, "`sender` has no key `name`")),
        ("message: {text: '{{ remaining }}'}", (1, "nothing here is called `remaining`")),
        ("phase: closed", (1, "'closed' is no phase")),
        ("message: {attachments: [\n  {color: orange}]}", (2, "'orange' is no color")),
    ],
)
def test_what_is_not_is_one(text, fault):
    """A name that another part makes, a key of something else, a word that is none of the few."""
    assert unknown(text) == [fault]


def test_a_payload_that_nobody_describes_may_have_any_key():
    """So nothing is unknown in it."""
    assert unknown("message: {text: '{{ a.b }} {{ c }}'}", True) == []
