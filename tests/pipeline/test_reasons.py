"""Why an event became what it did: reasons name their rule, and notes say what a person should look at."""

import pytest

from gateway.catalog import catalog
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.mattermost.limits import DEFAULT
from gateway.model import Outcome, Request
from gateway.pipeline.interpret import Wishes, interpret

SERVICE = """
name: Own
docs: https://example.com/own
setup: Nothing to set up; this service exists for tests alone.
event: [{header: X-Event}, {json: kind}]
ignore:
  - noise
  - beat
unwrap: [{split: $}]
"""
PUSH = """
title: A push
events: [push]
input: {type: object, required: [branch]}
ignore: |
  {{ quiet and
     not loud }}
message: {text: "{{ branch }}"}
"""
BREAKS = """
title: It fails
events: [breaks]
message: {text: "{{ 'x' - 1 }}"}
"""
HOLLOW = """
title: It says nothing
events: [hollow]
message: {text: "{{ words }}"}
"""
JSON = "application/json"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service with a translator that ignores, one that fails, and events that it ignores itself."""
    folder = tmp_path_factory.mktemp("catalog")
    (folder / "own").mkdir()
    for name, text in (("service", SERVICE), ("push", PUSH), ("breaks", BREAKS), ("hollow", HOLLOW)):
        (folder / "own" / f"{name}.yaml").write_text(text)
    return catalog.load([folder]).services["own"]


def read(service, body: bytes, event: str = "", content_type: str = JSON, **wishes):
    """The reading of a request to the route `build`."""
    headers = {"content-type": content_type} | ({"x-event": event} if event else {})
    return interpret(service, Content(Request(headers=headers, body=body)), Wishes(route="build", **wishes), DEFAULT)


@pytest.mark.parametrize(
    ("event", "wishes", "reason"),
    [
        ("push.x", {"only": ("pull", "issue.*")}, '[routes.build] only = ["pull", "issue.*"] does not name push.x'),
        ("", {"only": ("pull",)}, '[routes.build] only = ["pull"] does not name an event without a name'),
        ("push.x", {"ignore": ("a", "push")}, "[routes.build] ignore names push, which covers push.x"),
        ("push", {"ignore": ("push",)}, "[routes.build] ignore names push"),
        ("beat", {}, "own/service.yaml:8 ignores beat"),
        ("noise.loud", {}, "own/service.yaml:7 ignores noise, which covers noise.loud"),
    ],
)
def test_an_ignored_event_names_the_rule(service, event, wishes, reason):
    """The setting of which route, or the line of which document, and the pattern in it."""
    found = read(service, b"{}", event, **wishes)
    assert (found.outcome, found.reason, found.note) == (Outcome.IGNORED, reason, "")


def test_a_document_that_ignores_says_where_and_why(service):
    """The line of its `ignore`, and the condition that held."""
    found = read(service, b'{"branch": "main", "quiet": true}', "push")
    assert found.outcome is Outcome.IGNORED
    assert found.reason == "own/push.yaml:5 ignores it: {{ quiet and not loud }}"


def test_a_long_filter_is_cut(service):
    """Settings may list a hundred events; the reason is stored with each event that they drop."""
    reason = read(service, b"{}", "push", only=tuple(f"event{number}" for number in range(100))).reason
    assert reason.endswith('"event7", and 92 more] does not name push')


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (b'{"a": 1,\n  b}', JSON, "the body is not JSON: "),
        (b'{"a": 1,\n  b}', JSON, " at line 2, column 3; its content type says application/json"),
        (b"<a><b></a>", "text/xml", "the body is not XML: "),
        (
            b"x",
            "multipart/form-data",
            "the body is not multipart: the Content-Type names no boundary; its content type",
        ),
        (b"[" * 100 + b"]" * 100, JSON, "the body is not readable: JSON nested deeper than 64 levels; its"),
        (b"done", "text/plain", "the body is plain text, not JSON, XML or a form; its content type says text/plain"),
        (b"done", "", "the body is plain text, not JSON, XML or a form; it has no content type"),
        (b"", JSON, "the request has no body"),
    ],
)
@pytest.mark.parametrize("event", ["push", "unheard", ""])
def test_a_body_that_cannot_be_read_is_the_reason(service, body, content_type, said, event):
    """Not that a key is missing in it, nor that its event is unknown: both follow from that."""
    found = read(service, body, event, content_type)
    assert found.outcome is Outcome.MESSAGE
    assert said in found.reason
    assert found.note == "unreadable"
    assert "branch" not in found.reason


@pytest.mark.parametrize(
    ("body", "event", "note", "said"),
    [
        (b'{"branch": "main"}', "push", "", ""),
        (b'{"no": 1}', "unheard", "unknown", "no translator of own speaks for unheard"),
        (b'{"no": 1}', "", "unknown", "no translator of own speaks for an event without a name"),
        (
            b'{"no": 1}',
            "push",
            "mismatch",
            "match the input of own/push: branch is required, and is missing",
        ),
        (b'{"no": 1}', "breaks", "broken", "own/breaks#"),
        (b'{"no": 1}', "hollow", "empty", "the message of own/hollow came out empty"),
        (b'[{"kind": "push", "branch": "a"}, {"kind": "unheard"}]', "", "unknown", "speaks for unheard"),
        (b'[{"kind": "unheard"}, {"kind": "breaks"}]', "", "broken", "own/breaks#"),
        (b'[{"kind": "beat"}, {"kind": "push", "branch": "a"}]', "", "", ""),
    ],
)
def test_what_only_the_generic_translator_tells_has_a_note(service, body, event, note, said):
    """Of several events in one request, the one that most needs a look."""
    found = read(service, body, event)
    assert found.note == note
    assert said in found.reason
    assert bool(found.reason) is bool(said)


def test_the_generic_service_has_no_note_but_for_a_body_that_cannot_be_read(tmp_path):
    """It has no translators: nothing else could have spoken. Plain text is as good as JSON there."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "service.yaml").write_text(SERVICE.replace("unwrap: [{split: $}]\n", ""))
    service = catalog.load([tmp_path]).services["plain"]
    assert read(service, b'{"a": 1}').note == ""
    assert read(service, b"it is done", content_type="text/plain").note == ""
    assert read(service, b"").note == ""
    assert read(service, b'{"a": ').note == "unreadable"


def test_a_strict_route_refuses_with_the_same_words(service):
    """The sender is told where it is wrong, the operator also which setting refuses it."""
    for body, said in ((b"{", "the body is not JSON"), (b'{"kind": "push"}', "does not match the input")):
        with pytest.raises(Refused, match=said) as caught:
            read(service, body, strict=True)
        assert caught.value.status == 422
        assert "strict = true" in caught.value.hint


def test_a_translator_that_fails_on_an_unreadable_body_is_not_at_fault(service):
    """What it was given is not what the sender meant."""
    found = read(service, b"{", "breaks")
    assert (found.outcome, found.note) == (Outcome.MESSAGE, "unreadable")
