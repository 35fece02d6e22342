"""What a route says about priority and silence goes before what the message says."""

import pytest

from gateway.catalog import catalog, files
from gateway.decode.content import Content
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.payload import Priority
from gateway.model import Outcome, Request
from gateway.pipeline.interpret import Wishes, interpret

SERVICE = """
name: Own
docs: https://example.com/own
setup: Nothing to set up; this service exists for tests alone.
event: [{json: kind}]
"""
TRANSLATOR = """
title: One
events: ["*"]
message:
  text: a
  silent: "{{ quiet }}"
  priority: {priority: "{{ level }}", requested_ack: "{{ ack }}", persistent_notifications: "{{ nag }}"}
"""


@pytest.fixture
def read(tmp_path):
    """A function that reads a payload with the wishes of a route, and gives the message."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(SERVICE)
    (tmp_path / "own" / "one.yaml").write_text(TRANSLATOR)
    service = catalog.load([tmp_path]).services["own"]

    def message(body: bytes, **wishes):
        request = Request(headers={"content-type": "application/json"}, body=body)
        [piece] = interpret(service, Content(request, body), Wishes(mentions=True, **wishes), DEFAULT).pieces
        assert not piece.reason
        return piece.messages[0]

    return message


@pytest.mark.parametrize(
    ("body", "wishes", "priority"),
    [
        (b"{}", {}, None),
        (b'{"level":"urgent"}', {}, Priority("urgent")),
        (b'{"level":"nonsense"}', {}, None),
        (b'{"ack":true}', {}, Priority("", True)),
        (b'{"ack":false}', {}, None),
        (b'{"level":"important","ack":1}', {}, Priority("important", True)),
        (b'{"level":"urgent","ack":true}', {"requested_ack": False}, Priority("urgent")),
        (b'{"level":"urgent"}', {"priority": "important"}, Priority("important")),
        (b"{}", {"priority": "urgent", "requested_ack": True}, Priority("urgent", True)),
        (b"{}", {"requested_ack": True}, Priority("", True)),
        (b"{}", {"persistent_notifications": True}, None),
        (b'{"level":"urgent","nag":true}', {}, Priority("urgent")),
    ],
)
def test_priority(read, body, wishes, priority):
    """The route decides part by part, else the translator; nobody is nagged who is not mentioned."""
    assert read(body, **wishes).priority == priority


@pytest.mark.parametrize(
    ("quiet", "wish", "silent"),
    [("true", None, True), ("false", None, False), ("true", False, False), ("0", True, True)],
)
def test_silence(read, quiet, wish, silent):
    """The route decides, else the translator."""
    assert read(f'{{"quiet":{quiet}}}'.encode(), silent=wish).silent is silent


def test_mismatches_are_explained_for_the_first_events_only(tmp_path):
    """Of two hundred events that match no schema, the reasons of five say where."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(SERVICE + "unwrap: [{split: $}]\n")
    (tmp_path / "own" / "one.yaml").write_text(TRANSLATOR + "input: {required: [level]}\n")
    service = catalog.load([tmp_path]).services["own"]
    request = Request(headers={"content-type": "application/json"}, body=b"[" + b'{"kind": "a"},' * 249 + b"{}]")
    pieces = interpret(service, Content(request), Wishes(), DEFAULT).pieces
    assert [": $" in piece.reason for piece in pieces[:7]] == [True] * 5 + [False] * 2
    assert len(pieces) == 201


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({}, True),
        ({"only": ("push",)}, True),
        ({"ignore": ("ping",)}, False),
        ({"only": ("push",), "ignore": ("ping",)}, False),
    ],
)
def test_the_test_of_a_service_passes_what_a_route_shows_only(wishes, told):
    """Whoever sets up a webhook sees that it works; a route that ignores the test by name has its way."""
    service = catalog.load([files.builtin_folder()]).services["github"]
    request = Request(headers={"x-github-event": "ping", "content-type": "application/json"}, body=b'{"zen":"x"}')
    [piece] = interpret(service, Content(request), Wishes(**wishes), DEFAULT).pieces
    assert piece.outcome is (Outcome.MESSAGE if told else Outcome.IGNORED)


def test_a_template_that_cannot_compute_is_no_fault_of_the_document(tmp_path):
    """A value that is not of the type that the document says goes to the generic translator, with its path."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(SERVICE)
    document = "title: One\nevents: ['*']\ninput: {properties: {n: {type: integer}, o: {}}}\n"
    (tmp_path / "own" / "one.yaml").write_text(document + 'message: {text: "{{ n - 1 }}{{ o }}"}\n')
    service = catalog.load([tmp_path]).services["own"]
    request = Request(headers={"content-type": "application/json"}, body=b'{"kind":"a","n":"many"}')
    [piece] = interpret(service, Content(request), Wishes(), DEFAULT).pieces
    assert (piece.outcome, piece.translator, piece.mismatch) == (Outcome.MESSAGE, "generic", "own/one")
    assert piece.reason.endswith('$.n: "many" is not of type "integer"')


def test_a_header_names_the_event_of_a_service_without_documents(tmp_path):
    """The generic translator tells it in words; filters know nothing of it."""
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "service.yaml").write_text(SERVICE.replace("event: [{json: kind}]\n", ""))
    service = catalog.load([tmp_path]).services["bare"]
    request = Request(headers={"content-type": "application/json", "x-acme-event": "door_opened"}, body=b'{"name":"7"}')
    [piece] = interpret(service, Content(request, request.body), Wishes(), DEFAULT).pieces
    assert (piece.name, piece.messages[0].attachments[0].title) == ("", "Door opened: 7")
