"""The OpenAPI document of the JSON API, made of the same table that is served: it cannot say anything else."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway import __version__
from gateway.console.web.auth import Role
from gateway.console.web.operations import Operation
from gateway.console.web.problems import Problem

_REF: Final = "#/components/schemas/{name}"
_HOW: Final = (
    "A token of [admin]; the read-only one may GET, and try requests but no documents. On loopback without a token none"
    " is needed, but a change has to send what /session gives as `csrf` in the header X-CSRF-Token."
)
_ALWAYS: Final = {
    400: "A parameter or the body is not as described.",
    401: "The token is missing or not known.",
    403: "The token may not do this.",
    429: "The token is wrong, and so were too many before it.",
    503: "The journal cannot be used now.",
}
"""The problems that any operation may answer with."""


def document(base: str, topics: Mapping[str, Sequence[Operation]]) -> dict[str, Any]:
    """The document (OpenAPI 3.1) of the operations of each topic, by title; `base` is the path before theirs."""
    operations = [operation for listed in topics.values() for operation in listed]
    types = [kind for one in operations for kind in (one.result, one.body, one.query) if kind is not None]
    schemas, components = msgspec.json.schema_components([*dict.fromkeys(types), Problem], ref_template=_REF)
    known = dict(zip(dict.fromkeys(types), schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for title, listed in topics.items():
        for operation in listed:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
                title, operation, known, components
            )
    paths["/openapi.json"] = {"get": _itself()}
    for kind in {one.query for one in operations if one.query}:
        components.pop(kind.__name__, None)  # written out as parameters
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mattergate",
            "version": __version__,
            "description": "What the console shows and does, for scripts. Times are seconds since the epoch (UTC).",
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "tags": [{"name": title} for title, listed in topics.items() if listed],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": _HOW,
                }
            },
        },
    }


def _operation(
    title: str, operation: Operation, known: Mapping[Any, Any], components: Mapping[str, Any]
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [title],
        "parameters": [*_segments(operation), *_parameters(operation, known, components)],
        "responses": _responses(operation, known),
    }
    if operation.needed is Role.ADMIN:
        made["description"] = "Needs the token of an administrator."
    if operation.body is not None:
        content = {"application/json": {"schema": known[operation.body]}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _segments(operation: Operation) -> Iterable[dict[str, Any]]:
    for name in operation.segments:
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _parameters(
    operation: Operation, known: Mapping[Any, Any], components: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    """Each property of the Struct of the query as a parameter of its own."""
    if operation.query is None:
        return
    schema = components[known[operation.query]["$ref"].rpartition("/")[2]]
    for name, described in schema.get("properties", {}).items():
        parameter = {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": described}
        text = described.get("description")
        yield parameter | ({"description": text} if text else {})


def _responses(operation: Operation, known: Mapping[Any, Any]) -> dict[str, Any]:
    if operation.result is None:
        responses: dict[str, Any] = {"204": {"description": "It is done."}}
    else:
        content = {"application/json": {"schema": known[operation.result]}}
        responses = {str(operation.status): {"description": operation.summary, "content": content}}
    for status, text in sorted((_ALWAYS | dict(operation.problems)).items()):
        problem = {"schema": {"$ref": _REF.format(name=Problem.__name__)}}
        responses[str(status)] = {"description": text, "content": {"application/problem+json": problem}}
    return responses


def _itself() -> dict[str, Any]:
    return {
        "operationId": "openapi",
        "summary": "This document.",
        "responses": {
            "200": {"description": "This document.", "content": {"application/json": {"schema": {"type": "object"}}}}
        },
    }
