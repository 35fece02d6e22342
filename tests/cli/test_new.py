"""`mattergate new`: a service drafted from one request."""

import json

import pytest

BODY = {"event": "order.paid", "order": {"id": 7, "status": "paid"}}


@pytest.mark.parametrize(
    "request_",
    [BODY, {"headers": {"X-Event": "order.paid"}, "body": BODY}, {"headers": {}, "body": json.dumps(BODY)}],
)
def test_a_draft_is_a_service_whose_sample_holds(desk, request_):
    """A body, or headers with a body as JSON or text; what is written can be tested at once."""
    desk.write("request.json", json.dumps(request_))
    said = desk.plain("new", "acme-orders", "--from", "request.json", "--folder", "own")
    assert said.code == 0, said.text
    for name in ("service.yaml", "event.yaml", "samples/event.usual.yaml"):
        assert f"wrote own/acme-orders/{name}" in said.out
    # The texts of a draft are to be edited; the documents are right as they are.
    assert desk.plain("test", "acme-orders", "--catalog", "own").code == 0


def test_a_request_comes_from_standard_input(desk):
    """`--from -` reads it."""
    assert desk.plain("new", "acme", "--from", "-", stdin=json.dumps(BODY)).code == 0
    assert (desk.folder / "schemas/acme/event.yaml").exists()


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"not json", "it is not JSON"),
        (b"", "it is not JSON"),
        (b"\xff\xfe", "it is not UTF-8 text"),
        (b"[1, 2]", "expected a JSON object, found an array"),
        (b"3", "expected a JSON object, found a number"),
        (b'{"headers": {}, "body": "not json"}', "body: it is not JSON"),
        (b'{"headers": {}, "body": [1]}', "body: expected a JSON object, found an array"),
        (b'{"headers": {}, "body": null}', "body: expected a JSON object, found null"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_request_is_told(desk, content, part):
    """The error names the file and what was found; nothing is written."""
    desk.write("request", content)
    said = desk.plain("new", "acme", "--from", "request")
    assert said.code == 1
    assert said.err.startswith("request: ")
    assert part in said.err
    assert not (desk.folder / "schemas").exists()


def test_files_that_cannot_be_used_are_told(desk):
    """A request that is not there, a service that is there already, a folder that is a file."""
    desk.write("request.json", json.dumps(BODY))
    assert "there is no such file" in desk.plain("new", "acme", "--from", "nowhere.json").err
    said = desk.plain("new", "items", "--from", "request.json", "--folder", "catalog")
    assert (said.code, "catalog/items is there already" in said.err) == (1, True)
    said = desk.plain("new", "acme", "--from", "request.json", "--folder", "request.json")
    assert said.code == 1
    assert "a part of the path is a file" in said.err


@pytest.mark.parametrize("arguments", [["Acme!", "--from", "x"], ["-x", "--from", "x"], ["acme"], ["--from", "x"]])
def test_wrong_usage(desk, arguments):
    """A key that is none, and arguments that are missing."""
    assert desk.plain("new", *arguments).code == 2
