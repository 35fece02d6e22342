"""The JSON API: its document cannot differ from what is served, and its faults say what to do."""

import re

import pytest
from msgspec import Struct
from multidict import MultiDict
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.console.application import TOPICS
from gateway.console.web.params import read_json, read_pairs
from gateway.errors import Refused
from gateway.model import Outcome

OPERATIONS = [operation for topic in TOPICS for operation in topic.operations]


class Wanted(Struct):
    """What a list may be asked for."""

    name: str
    limit: int = 50
    outcome: Outcome | None = None
    feed: tuple[str, ...] = ()


async def test_the_document_is_openapi(console):
    """A validator of the standard finds nothing wrong with the document that is served."""
    browser = await console()
    document = (await browser.get("/api/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


async def test_the_document_lists_what_is_served_and_nothing_else(console):
    """Every route below /api/v1 stands in it, and everything in it is a route."""
    from gateway.console.application import application

    class Gateway:
        settings = None

    served = {
        (route.method, route.resource.canonical.removeprefix("/api/v1"))
        for route in application(Gateway()).router.routes()
        if route.resource.canonical.startswith("/api/v1") and route.method != "HEAD"
    }
    browser = await console()
    document = (await browser.get("/api/v1/openapi.json")).json()
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert served == described


async def test_every_operation_says_what_it_does(console):
    """Names are unique, and each has a summary, a tag and its problems."""
    browser = await console()
    document = (await browser.get("/api/v1/openapi.json")).json()
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["summary"].endswith(".")
        assert operation["operationId"] == "openapi" or {"400", "401", "403"} <= set(operation["responses"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_path_names_its_segments(operation):
    """The names in braces are those that the operation reads."""
    assert operation.path.startswith("/")
    assert operation.segments == tuple(re.findall(r"{(\w+)}", operation.path))


async def test_an_unknown_parameter_is_told(console):
    """A misspelt parameter is a fault, not silence."""
    browser = await console()
    answer = await browser.get("/api/v1/overview?limits=3")
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "limits: unknown parameter, known are none",
    }


async def test_a_path_of_nobody_and_a_wrong_method_are_problems(console):
    """404 and 405 are JSON for programs and pages for people."""
    browser = await console()
    answer = await browser.get("/api/v1/nothing")
    assert (answer.status, answer.json()["title"]) == (404, "Not Found")
    answer = await browser.get("/api/v1/reload")
    assert (answer.status, answer.json()["detail"]) == (405, "this answers to POST")
    page = await browser.get("/nothing")
    assert page.status == 404
    assert "there is nothing at this path" in page.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "name: is missing"),
        ("name=a&limit=x", "limit: expected int, got str"),
        ("name=a&outcome=lost", "outcome: invalid enum value 'lost', expected message or ignored or refused or broken"),
        ("name=a&colour=red&b=1", "colour: unknown parameter, known are name, limit, outcome, feed; b: unknown"),
    ],
)
def test_a_fault_of_a_parameter_names_it_and_what_fits(text, told):
    """The detail of the problem is enough to correct the request."""
    pairs = MultiDict(part.split("=") for part in text.split("&") if part)
    with pytest.raises(Refused) as caught:
        read_pairs(pairs, Wanted)
    assert caught.value.status == 400
    assert caught.value.detail.startswith(told)


def test_parameters_are_read_as_what_they_are_for():
    """Numbers, names of a set and repeated names; what is empty is not given."""
    pairs = MultiDict([("name", "a"), ("limit", "7"), ("outcome", ""), ("feed", "x"), ("feed", "y")])
    assert read_pairs(pairs, Wanted) == Wanted("a", 7, None, ("x", "y"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "body: not JSON: "),
        (b"\xff", "body: not JSON: "),
        (b"[" * 100_000, "body: "),
        (b"[]", "body: it: expected object, got array"),
        (b'{"name": 1}', "body: name: expected str, got int"),
        (b'{"name": "a", "feed": [1]}', "body: feed[0]: expected str, got int"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_a_fault_of_a_body_names_its_place(body, told):
    """The place inside the JSON comes first."""
    with pytest.raises(Refused) as caught:
        read_json(body, Wanted)
    assert caught.value.detail.startswith(told)


NOTE = "title: A note\nevents: [note]\nmessage: {text: hello}\n"


async def test_reload_takes_up_the_catalog_and_lists_every_fault(console, tmp_path):
    """A new translator is reported; faulty ones are listed with file and problem, and their service stays as it was."""
    folder = tmp_path / "own" / "github"
    folder.mkdir(parents=True)
    browser = await console(tables='folders = ["own"]')
    await browser.get("/")
    (folder / "note.yaml").write_text(NOTE)
    answer = await browser.call("/reload")
    assert (answer.status, answer.json()) == (200, {"lines": ["github/note.yaml: new"], "faults": []})
    (folder / "note.yaml").write_text(NOTE + "colour: red\n")
    (folder / "other.yaml").write_text("title: Another\n")
    answer = await browser.call("/reload")
    assert (answer.status, answer.json()["lines"]) == (200, [])
    faults = answer.json()["faults"]
    assert len(faults) >= 2
    for name in ("note", "other"):
        assert any(fault.startswith(f"{folder / name}.yaml:") for fault in faults)
    assert "last good version goes on" in (await browser.get("/catalog/github")).text
    (folder / "note.yaml").unlink()
    (folder / "other.yaml").unlink()
    assert (await browser.call("/reload")).json() == {"lines": ["github/note.yaml: gone"], "faults": []}
    assert "faulty" not in (await browser.get("/catalog/github")).text
