"""What becomes of a request that is tried: events, messages, and where faults are."""

import gzip

import msgspec

from gateway.catalog import files
from gateway.catalog.build import revised
from gateway.catalog.catalog import Catalog
from gateway.console.tryout_result import PIECES, Result, result, text_of, translator_named
from gateway.language.template import Engine
from gateway.model import Outcome, Request
from gateway.pipeline.interpret import Wishes
from tests.conftest import ITEMS_SERVICE

SERVICE = Catalog([files.builtin_folder()]).service("github")
HEAD = "title: abc\nevents: [push]\n"


def tried(body: bytes, document: str = "", **headers: str) -> Result:
    """The result of a push, with the document that runs or an edited one."""
    request = Request(headers={"x-github-event": "push", **headers}, body=body)
    if not document:
        return result(SERVICE, request, Wishes())
    twin = revised(SERVICE, "push", document, Engine())
    return result(twin, request, Wishes(), {"github/push": document})


def test_a_mismatch_has_its_path_and_line():
    """The line is that of the document which is edited, or else of the file."""
    [event] = tried(b'{"ref": {}}').events
    assert event.mismatch == "github/push"
    assert {fault.path for fault in event.faults} >= {"$.ref"}
    document = (
        HEAD + "input:\n  type: object\n  required: [ref]\n  properties:\n    ref: {type: string}\nmessage: {text: x}\n"
    )
    [event] = tried(b'{"ref": 7}', document).events
    assert [(fault.path, fault.line) for fault in event.faults] == [("$.ref", 7)]


def test_a_template_that_fails_has_its_line():
    """The reason names it by its pointer, which becomes a line of the text."""
    document = HEAD + "let:\n  a: x\n  b: '{{ ref + 1 }}'\nmessage: {text: x}\n"
    [event] = tried(b'{"ref": {}}', document).events
    assert (event.outcome, event.line) == (Outcome.BROKEN, 5)


def test_the_payload_is_what_templates_see():
    """Decoded, also where it came in a form, and XML with the lists of the document."""
    [event] = tried(b"payload=%7B%22ref%22%3A1%7D", **{"content-type": "application/x-www-form-urlencoded"}).events
    assert (event.payload, event.reply) == ({"ref": 1}, False)
    document = HEAD + "input: {o: {item: [text]}}\nmessage: {text: '{{ o.item[0] }}'}\n"
    [event] = tried(b"<o><item>Tea</item></o>", document, **{"content-type": "text/xml"}).events
    assert (event.payload, event.mismatch) == ({"o": {"item": ["Tea"]}}, "")


def test_a_body_that_cannot_be_inflated_is_what_ingress_answers():
    """No event, and the status."""
    found = tried(b"not gzip", **{"content-encoding": "gzip"})
    assert (found.outcome, found.events) == (Outcome.REFUSED, ())
    assert found.reason.startswith("ingress answers 4")
    assert tried(gzip.compress(b'{"ref": 7}'), **{"content-encoding": "gzip"}).events


def test_of_many_events_some_are_shown(tmp_path):
    """And the others are counted."""
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "service.yaml").write_text(ITEMS_SERVICE + "unwrap: [{split: $.items}]\n")
    service = Catalog([files.builtin_folder(), tmp_path]).service("many")
    body = msgspec.json.encode({"items": [{"n": n} for n in range(PIECES + 5)]})
    found = result(service, Request(headers={"content-type": "application/json"}, body=body), Wishes())
    assert (len(found.events), found.more) == (PIECES, 5)


def test_a_translator_is_found_by_its_full_name(tmp_path):
    """Its text is that of its file, and nothing when that went away."""
    push = translator_named(SERVICE, "github/push")
    assert text_of(push).startswith(("#", "title", "$schema"))
    assert translator_named(SERVICE, "github/nothing") is None

    class Gone:
        file = str(tmp_path / "gone.yaml")

    assert text_of(Gone()) == ""
