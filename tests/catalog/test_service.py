"""A service: the name of an event, what a sender repeats, and every fault of its document at once."""

from typing import Any

import pytest

from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text
from gateway.catalog.service import Service
from gateway.model import Request

TEXT = """
name: Own
docs: https://example.com
setup: Nothing.
event: [{header: X-Kind}, {json: action}]
delivery_id: [{header: X-Id}, {json: attempt}]
"""


def service(text: str = TEXT) -> Service:
    """The service of a document."""
    return Service("own", yamlfile.load(text, "service.yaml"), Text("own/service", text, "service.yaml"))


@pytest.mark.parametrize(
    ("headers", "body", "name"),
    [
        ({"x-kind": "pr"}, {"action": "opened"}, "pr.opened"), ({"x-kind": "pr"}, {}, "pr"), ({}, {"action": "a"}, "a"),
        ({}, {}, ""), ({}, [], ""), ({}, None, ""), ({"x-kind": "pr"}, "text", "pr"), ({}, {"action": {"x": 1}}, ""),
    ],
)  # fmt: skip
def test_the_name_of_an_event(headers: dict[str, str], body: Any, name: str) -> None:
    """Of the parts that are there; a body of any kind has one, or none."""
    assert service().event_name(Request(headers=headers), body) == name


@pytest.mark.parametrize(
    ("headers", "body", "key"),
    [
        ({"x-id": "1"}, {"attempt": 2}, "1\n2"), ({"x-id": "1"}, {}, ""), ({}, {"attempt": 2}, ""),
        ({"x-id": ""}, {"attempt": 2}, ""),
        ({"x-id": "1"}, [], ""), ({"x-id": "1"}, {"attempt": 0}, "1\n0"),
    ],
)  # fmt: skip
def test_what_a_sender_repeats(headers: dict[str, str], body: Any, key: str) -> None:
    """All parts of the id, or none: two events that share a half of it are two."""
    assert service().delivery_key(Request(headers=headers), body) == key


def test_without_an_id_nothing_is_repeated() -> None:
    """The body may tell then, within its own window."""
    plain = service("name: Own\n")
    assert plain.delivery_key(Request(headers={"x-id": "1"}), {}) == ""
    assert (plain.id_window, plain.body_window) == (86_400.0, 300.0)
    assert service("name: Own\nduplicates: {id: 7d, body: 90s}\n").id_window == 604_800.0


def test_every_fault_of_the_document_is_told() -> None:
    """Each with its line and key, and the rest is read as if it were right."""
    text = (
        TEXT.replace("{json: action}", "{json: 'a..b'}")
        + "verify: [{hmac: sha256},\n  {hmac: sha256, header: X-A, window: soon}]\nduplicates: {id: soon, body: 1m}\n"
    )
    found = service(text)
    told = {fault.where: (fault.line, fault.problem) for fault in found.faults}
    assert told["event/1"] == (5, "not a path: 'a..b' at character 2")
    assert told["verify/0/hmac"][0] == 7
    assert told["verify/1/window"][0] == 8
    assert told["duplicates/id"] == (9, "'soon' is not a duration: write a number and one of ms, s, m, h, d, w")
    assert len(told) == 4
    assert (len(found.event), found.body_window) == (1, 60.0)
    assert found.event_name(Request(headers={"x-kind": "pr"}), {}) == "pr"


def test_nobody_speaks_for_a_service_without_documents() -> None:
    """What its own document says names its events, and nothing more."""
    found = service()
    assert found.index.candidates("pr") == ()
    assert found.translators == ()


@pytest.mark.parametrize(("pattern", "faulty"), [("*", True), ("some*", True), ("noise.*", False), ("noise", False)])
def test_a_service_must_not_ignore_events_of_any_name(pattern: str, faulty: bool) -> None:
    """Those that a vendor adds tomorrow would be swallowed."""
    faults = service(f"{TEXT}ignore: [known, '{pattern}']\n").faults
    assert [(fault.where, fault.line) for fault in faults] == ([("ignore/1", 7)] if faulty else [])
