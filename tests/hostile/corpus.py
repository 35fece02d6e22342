"""What real senders send: the samples of every service, with the schemes by which their routes are proven."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from gateway.catalog import files
from gateway.catalog.yamlfile import load
from gateway.model import Outcome
from gateway.pipeline import sample
from gateway.verify.schemes import Scheme, parse_schemes
from tests.hostile.drafts import Draft


class Service(Struct, frozen=True):
    """A service, its schemes, and its samples as requests to the path of its route; `events` are those of messages."""

    key: str
    schemes: Sequence[Scheme]
    samples: Sequence[Draft]
    events: Sequence[Draft]


_LARGEST: Final = 60_000
"""Bytes of the largest sample that is taken: larger ones only cost time."""


@cache
def services() -> tuple[Service, ...]:
    """Every built-in service that has samples."""
    found = (_service(folder) for folder in sorted(files.builtin_folder().iterdir()) if folder.is_dir())
    return tuple(service for service in found if service.samples)


@cache
def schemes() -> dict[str, Sequence[Scheme]]:
    """The schemes of each of these services."""
    return {service.key: service.schemes for service in services()}


def _service(folder: Path) -> Service:
    document = folder / "service.yaml"
    raw = load(document.read_text("utf-8"), str(document)) if document.exists() else {}
    schemes = parse_schemes(raw.get("verify", ()))
    read = [_draft(folder.name, path) for path in sorted(folder.glob("samples/*.yaml"))]
    usual = [(draft, outcome) for draft, outcome in read if len(draft.body) <= _LARGEST]
    events = [draft for draft, outcome in usual if outcome == Outcome.MESSAGE]
    return Service(folder.name, schemes, [draft for draft, _ in usual], events)


def _draft(key: str, path: Path) -> tuple[Draft, str]:
    """The request of a sample, and what becomes of it."""
    read = sample.parse(path.read_text("utf-8"), str(path))
    request = sample.as_request(read.request)
    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    return Draft(request.method, f"/in/{key}", urlencode(request.query), headers, request.body), read.expect.outcome
