"""The OpenAPI document: it is one, and it says what is served and nothing else."""

import msgspec
from msgspec import Struct
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.console.application import application
from gateway.console.web import openapi
from gateway.console.web.auth import Role
from gateway.console.web.operations import Ask, Operation


async def served(browser) -> dict:
    """The document that the gateway serves."""
    return (await browser.get("/api/v1/openapi.json")).json()


async def test_the_document_is_openapi(shared):
    """A validator of the standard finds nothing wrong with the document that is served."""
    document = await served(shared)
    assert document["openapi"].startswith("3.1")
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


async def test_the_document_lists_what_is_served_and_nothing_else(shared):
    """Every route below /api/v1 stands in it, and everything in it is a route."""

    class Gateway:
        settings = None

    routes = {
        (route.method, route.resource.canonical.removeprefix("/api/v1"))
        for route in application(Gateway()).router.routes()
        if route.resource.canonical.startswith("/api/v1") and route.method != "HEAD"
    }
    described = {(method.upper(), path) for path, item in (await served(shared))["paths"].items() for method in item}
    assert routes == described


async def test_every_operation_says_what_it_does(shared):
    """Names are unique, and each has a summary, a tag and its problems."""
    operations = [operation for item in (await served(shared))["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["summary"].endswith(".")
        assert operation["operationId"] == "openapi" or {"400", "401", "403"} <= set(operation["responses"])


class Wanted(Struct):
    """What a list may be asked for."""

    name: str
    limit: int = 50


class Found(Struct):
    """What is found."""

    names: tuple[str, ...]


async def call(_: Ask) -> None:
    """Do nothing."""


def described(**more) -> dict:
    """The document as it is sent, with one operation of a topic, and a topic without any."""
    operation = Operation(method="POST", path="/boxes/{box}/find", name="find", summary="Find.", call=call, **more)
    document = openapi.document("/base", {"Boxes": [operation], "Silent": ()})
    return msgspec.json.decode(msgspec.json.encode(document))


def test_a_query_is_written_out_as_parameters():
    """Each key is a parameter, required unless it has a default; its Struct is in no component."""
    document = described(query=Wanted, result=Found)
    operation = document["paths"]["/boxes/{box}/find"]["post"]
    assert [(one["name"], one["in"], one["required"]) for one in operation["parameters"]] == [
        ("box", "path", True),
        ("name", "query", True),
        ("limit", "query", False),
    ]
    assert operation["parameters"][2]["schema"]["default"] == 50
    assert document["components"]["schemas"].keys() == {"Found", "Problem", "FaultInFile"}
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


def test_what_an_operation_answers():
    """A result has its status and schema, none is a 204; problems of its own stand beside those that all have."""
    operation = described(result=Found, status=202, problems={409: "There is none.", 503: "Other words."})
    responses = operation["paths"]["/boxes/{box}/find"]["post"]["responses"]
    assert responses["202"]["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/Found"}}}
    assert list(responses) == ["202", "400", "401", "403", "409", "429", "503"]
    assert (responses["409"]["description"], responses["503"]["description"]) == ("There is none.", "Other words.")
    assert "application/problem+json" in responses["409"]["content"]
    silent = described()["paths"]["/boxes/{box}/find"]["post"]["responses"]
    assert silent["204"] == {"description": "It is done."}


def test_who_may_call_is_told():
    """An operation for administrators says so; one that readers may call does not."""
    told = "Needs the token of an administrator."
    assert described()["paths"]["/boxes/{box}/find"]["post"]["description"] == told
    assert "description" not in described(role=Role.READER)["paths"]["/boxes/{box}/find"]["post"]


def test_a_body_is_required_where_it_is_read():
    """Its schema is referred to."""
    operation = described(body=Wanted)["paths"]["/boxes/{box}/find"]["post"]
    assert operation["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wanted"}}},
    }
    assert "requestBody" not in described()["paths"]["/boxes/{box}/find"]["post"]


def test_topics_without_operations_are_no_tags():
    """The document is named after its version and says where its paths begin."""
    document = described()
    assert (document["tags"], document["servers"]) == ([{"name": "Boxes"}], [{"url": "/base"}])
