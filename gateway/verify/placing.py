"""Texts put into requests, at the places from which `material` reads them. What a request has already stays."""

from contextlib import suppress
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from gateway.decode import jsontext
from gateway.jsonpath import MISSING, STAR, Step, written
from gateway.model import JSON, Request
from gateway.verify.material import Source

_FORM: Final = "application/x-www-form-urlencoded"


def with_header(request: Request, name: str, text: str) -> Request:
    """The request with a header, where it has none of the name (in lower case)."""
    return request if name in request.headers else replace(request, headers={**request.headers, name: text})


def with_parameter(request: Request, name: str, text: str) -> Request:
    """The request with a parameter of its URL, where it has none of the name."""
    if name in request.query:
        return request
    mark = "&" if "?" in request.url else "?"
    url = f"{request.url}{mark}{urlencode({name: text})}"
    return replace(request, query={**request.query, name: text}, url=url)


def with_text(request: Request, place: Source, text: str) -> Request:
    """The request with a text at a place; ValueError where there is no such place."""
    if place.kind == "header":
        return with_header(request, place.name, text)
    if place.kind == "query":
        return with_parameter(request, place.name, text)
    return with_value(request, (place.name,) if place.kind == "form" else place.path, text)


def with_value(request: Request, path: tuple[Step, ...], text: str) -> Request:
    """The request with a text at a path of its body, JSON or a form. Raises ValueError where there is no such place."""
    if request.headers.get("content-type", "").startswith(_FORM) and len(path) == 1:
        more = urlencode({str(path[0]): text}).encode()
        return replace(request, body=b"&".join(filter(None, (request.body, more))))
    value: JSON = MISSING
    with suppress(ValueError):
        value = jsontext.parse(request.body)
    if not put(value, path, text):
        raise ValueError(f"the body has no place for {written(path)}, where its proof would stand")
    return replace(request, body=msgspec.json.encode(value))


def put(value: JSON, path: tuple[Step, ...], text: JSON) -> bool:
    """Set what is at a path; False where an object or list on the way is missing."""
    if not path:
        return False
    step, rest = path[0], path[1:]
    if step == STAR:
        return isinstance(value, list) and bool(rest) and all(put(one, rest, text) for one in value)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return bool(rest) and put(value[step], rest, text)
    if not isinstance(value, dict):
        return False
    if rest:
        return put(value.setdefault(step, {}), rest, text)
    value[step] = text
    return True
