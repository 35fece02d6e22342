"""Samples: whole requests with the outcome that they must have, executed against the catalog."""

from collections.abc import Collection
from contextlib import suppress

import msgspec
from msgspec import Struct

from gateway.catalog import yamlfile
from gateway.catalog.metaschema import meta_schema
from gateway.catalog.service import Service
from gateway.decode import jsontext
from gateway.decode.content import Content
from gateway.errors import CatalogError, Refused
from gateway.mattermost.fit import Limits
from gateway.model import JSON, Outcome, Request
from gateway.pipeline.interpret import Reading, Wishes, interpret

_EXCERPT = 100
"""Characters of a long text that a difference shows."""


class _MissingKey:
    """The placeholder of a missing key: equal to no JSON value."""

    def __repr__(self) -> str:
        return "nothing"


_MISSING_KEY = _MissingKey()

_TRANSPORT_HEADERS = frozenset(
    "accept accept-encoding connection content-encoding content-length expect forwarded host te transfer-encoding "
    "user-agent via x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-real-ip".split()
)
"""Headers about the transport of a request, not its content."""


class SampleRequest(Struct, frozen=True):
    """A request as a sample writes it: an object or array as `body` is sent as JSON, a string as it is."""

    method: str = "POST"
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    body: JSON = ""


class Expectation(Struct, frozen=True, omit_defaults=True):
    """The expected result of the request. Absent parts are not compared."""

    outcome: Outcome
    translator: str | None = None
    event: str | None = None
    subject: str | None = None
    messages: list[JSON] | None = None


class Sample(Struct, frozen=True):
    """One sample document."""

    request: SampleRequest
    expect: Expectation


def parse(text: str, file: str) -> Sample:
    """The sample of a text; `file` is named in its faults. Raises CatalogError with the place of the first fault."""
    raw = yamlfile.load(text, file)
    _, validator = meta_schema("sample")
    if not validator.is_valid(raw):
        first = next(iter(validator.iter_errors(raw)))
        raise CatalogError([yamlfile.fault(file, text, tuple(first.instance_path), str(first.message))])
    raw.pop("$schema", None)
    return msgspec.convert(raw, Sample)


def as_request(request: SampleRequest) -> Request:
    """The request as the gateway receives it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if isinstance(request.body, str):
        return Request(request.method, headers, request.query, request.body.encode())
    headers.setdefault("content-type", "application/json")
    return Request(request.method, headers, request.query, msgspec.json.encode(request.body))


def taken(request: Request, leave: Collection[str] = ()) -> SampleRequest:
    """A received request as a sample writes it, without the headers in `leave` and those of its transport.

    A body that is a JSON object or array is written as such. Raises ValueError for a body that is no text.
    """
    left_out = _TRANSPORT_HEADERS.union(leave)
    headers = {name: value for name, value in request.headers.items() if name not in left_out}
    try:
        body: JSON = request.body.decode()
    except UnicodeDecodeError:
        raise ValueError("the body is not text, and a sample can hold text only") from None
    with suppress(ValueError):
        value = jsontext.parse(request.body)
        body = value if isinstance(value, dict | list) else body
    return SampleRequest(request.method, headers, dict(request.query), body)


def document(sample: Sample) -> str:
    """The text of a sample document, as `parse` reads it."""
    content = {"request": _without_defaults(sample.request), "expect": msgspec.to_builtins(sample.expect)}
    return yamlfile.dump(content)


def _without_defaults(request: SampleRequest) -> dict[str, JSON]:
    plain = SampleRequest()
    return {key: value for key, value in msgspec.structs.asdict(request).items() if value != getattr(plain, key)}


def read(service: Service, request: Request, wishes: Wishes | None = None, limits: Limits | None = None) -> Reading:
    """The reading of a request, which is not verified. Raises Refused."""
    limits = limits or Limits()
    wishes = wishes or Wishes()
    return interpret(service, Content.of(request, 5_000_000, wishes.depth), wishes, limits)


def outcome(sample: Sample, service: Service) -> Expectation:
    """The actual result of the sample's request, as an expectation."""
    try:
        reading = read(service, as_request(sample.request))
    except Refused:
        return Expectation(Outcome.REFUSED)
    messages = [msgspec.to_builtins(message) for piece in reading.pieces for message in piece.messages]
    return Expectation(reading.outcome, reading.translator, reading.name, reading.subject, messages)


def differences(expected: Expectation, found: Expectation) -> list[str]:
    """`expect.subject: expected 'a', got 'b'` for every part that differs; empty when the sample passes."""
    lines: list[str] = []
    for part in ("outcome", "translator", "event", "subject", "messages"):
        wanted, got = getattr(expected, part), getattr(found, part)
        if wanted is not None:
            _compare(f"expect.{part}", wanted, got, lines)
    return lines


def _compare(path: str, wanted: JSON, got: JSON, lines: list[str]) -> None:
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in [*wanted, *(key for key in got if key not in wanted)]:
            _compare(f"{path}.{key}", wanted.get(key, _MISSING_KEY), got.get(key, _MISSING_KEY), lines)
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for index, pair in enumerate(zip(wanted, got, strict=True)):
            _compare(f"{path}[{index}]", *pair, lines)
    elif wanted != got:
        lines.append(f"{path}: expected {_excerpt(wanted, got)}, got {_excerpt(got, wanted)}")


def _excerpt(value: JSON, other: JSON) -> str:
    """The repr of the value; of a long text, that of the part where it begins to differ from the other."""
    if not (isinstance(value, str) and isinstance(other, str)) or len(value) <= _EXCERPT:
        return repr(value)
    pairs = enumerate(zip(value, other, strict=False))
    same = next((at for at, pair in pairs if pair[0] != pair[1]), min(len(value), len(other)))
    start = max(0, same - _EXCERPT // 2)
    return ("…" if start else "") + repr(value[start : start + _EXCERPT])
