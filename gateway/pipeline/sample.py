"""Samples: whole requests, how their senders sign them, and the outcome that they must have. `rehearsal` runs them."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text
from gateway.catalog.metaschema import meta_faults
from gateway.catalog.service import Service
from gateway.decode import jsontext
from gateway.decode.content import Content
from gateway.errors import CatalogError, Fault
from gateway.mattermost.fit import Limits
from gateway.model import JSON, Request
from gateway.pipeline.expectation import Expectation
from gateway.pipeline.interpret import Reading, Wishes, interpret

T = TypeVar("T")

_TRANSPORT_HEADERS = frozenset(
    "accept accept-encoding connection content-encoding content-length expect forwarded host te transfer-encoding "
    "user-agent via x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-real-ip".split()
)
"""Headers about the transport of a request, not its content."""


_URL = "https://mattergate.example.com/in/sample"
"""The address of the route, where a sample names none."""


class SampleRequest(Struct, frozen=True):
    """A request as a sample writes it: an object or array as `body` is sent as JSON, a string as it is.

    `base64` stands for a body that is no text. `url` is the address of the route, for signatures that cover it.
    """

    method: str = "POST"
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    body: JSON = ""
    base64: bytes = b""
    url: str = _URL


class Sample(Struct, frozen=True, kw_only=True):
    """One sample document: a request, how its sender signs it, and what becomes of it.

    `secret` is that of the route, or a word from which its public key follows; without one it is open. `sign` chooses
    the scheme, see `signer.chosen`; with False nobody signs. `signed_with` is that of a sender that has another one.
    `at` is the time of the runner's clock, where it is not the signed time of the request.
    """

    secret: str = ""
    sign: bool | int | str | None = None
    signed_with: str = ""
    at: datetime | None = None
    request: SampleRequest
    expect: Expectation


def parse(text: str, file: str) -> Sample:
    """The sample of a text; `file` is named in its faults. Raises CatalogError with the place of the first fault."""
    return parsed(text, file, Sample, "sample")


def parsed(text: str, file: str, kind: type[T], schema: str, part: str = "") -> T:
    """A sample of a kind, whose meta-schema this is, or a part of it. Raises as `parse`."""
    raw = yamlfile.load(text, file)
    if wrong := meta_faults(raw, schema, part, Text("", text, file)):
        raise CatalogError(wrong[:1])
    raw.pop("$schema", None)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:  # `at` is no time, `base64` is none
        raise CatalogError([Fault(file, 1, "", str(error))]) from None


def as_request(request: SampleRequest) -> Request:
    """The request as the gateway receives it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    url = f"{request.url}?{urlencode(request.query)}" if request.query else request.url
    if isinstance(request.body, str):
        body = request.base64 or request.body.encode()
    else:
        headers.setdefault("content-type", "application/json")
        body = msgspec.json.encode(request.body)
    return Request(request.method, headers, request.query, body, url=url)


def taken(request: Request, leave: Collection[str] = ()) -> SampleRequest:
    """A received request as a sample writes it, without the headers in `leave` and those of its transport.

    A body that is a JSON object or array is written as such, one that is no text in base64.
    """
    left_out = _TRANSPORT_HEADERS.union(leave)
    headers = {name: value for name, value in request.headers.items() if name not in left_out}
    try:
        body: JSON = request.body.decode()
    except UnicodeDecodeError:
        return SampleRequest(request.method, headers, dict(request.query), base64=request.body)
    with suppress(ValueError):
        value = jsontext.parse(request.body)
        body = value if isinstance(value, dict | list) else body
    return SampleRequest(request.method, headers, dict(request.query), body)


def document(sample: Sample) -> str:
    """The text of a sample document, as `parse` reads it."""
    about = {"secret": sample.secret, "sign": sample.sign, "signed_with": sample.signed_with, "at": sample.at}
    said = {key: msgspec.to_builtins(value) for key, value in about.items() if value not in (None, "")}
    request = msgspec.to_builtins(sample.request)
    plain = msgspec.to_builtins(SampleRequest())
    said["request"] = {key: value for key, value in request.items() if value != plain[key]}
    return yamlfile.dump({**said, "expect": msgspec.to_builtins(sample.expect)})


def read(service: Service, request: Request, wishes: Wishes | None = None, limits: Limits | None = None) -> Reading:
    """The reading of a request, which is not verified. Raises Refused."""
    limits = limits or Limits()
    wishes = wishes or Wishes()
    return interpret(service, Content.of(request, 5_000_000, wishes.depth), wishes, limits)
