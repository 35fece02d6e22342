"""The request that somebody tries: typed or pasted, taken from the journal, or from a sample of the catalog."""

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from gateway.catalog import files
from gateway.console import lookup, masked
from gateway.console.port import Gateway
from gateway.errors import Refused
from gateway.model import Request
from gateway.pipeline import pasted, sample, samplefile
from gateway.pipeline.pasted import Head

BODY: Final = 1_000_000
"""Characters of a body."""
DOCUMENT: Final = 64_000
"""Characters of an edited translator."""

Name = Annotated[str, Meta(max_length=200)]
Method = Literal["", "POST", "GET", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE"]


class Trial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to try. An empty `service` is recognised; a `route` brings its own, and its wishes.

    `event` (an id of the journal) or `sample` ("github/push.usual") stand in for what is empty. `headers` are lines,
    what `curl -v` prints, or a JSON object; `query` is a query string or URL. `document` is the text of the translator
    `translator` ("push") to be tried beside the one that runs.
    """

    service: Name = ""
    route: Name = ""
    event: Name = ""
    sample: Name = ""
    method: Method = ""
    headers: Annotated[str, Meta(max_length=100_000)] = ""
    query: Annotated[str, Meta(max_length=100_000)] = ""
    body: Annotated[str, Meta(max_length=BODY)] = ""
    encoding: Literal["text", "base64"] = "text"
    translator: Name = ""
    document: Annotated[str, Meta(max_length=DOCUMENT)] = ""


async def filled(gateway: Gateway, trial: Trial, folders: Sequence[Path]) -> Trial:
    """The trial, its empty fields filled from the event or sample that it names. Raises Refused (404, 413)."""
    if trial.event:
        base = await of_event(gateway, trial.event)
    elif trial.sample:
        base = await asyncio.to_thread(of_sample, trial.sample, folders)
    else:
        return trial
    if trial.body:  # a body is written as its own encoding says
        base = msgspec.structs.replace(base, body=trial.body, encoding=trial.encoding)
    given = {name: value for name, value in msgspec.structs.asdict(trial).items() if value and name != "encoding"}
    return msgspec.structs.replace(base, **given)


async def of_event(gateway: Gateway, event_id: str) -> Trial:
    """The request of a journalled event, its secrets masked.

    Raises Refused: 404, 409 for an act, 413 for a body above BODY.
    """
    found = await lookup.load(gateway, event_id)
    if found.is_act:
        raise Refused(409, "No request", f"{event_id} was said or clicked in Mattermost: try it at /try/callbacks")
    request = await asyncio.to_thread(found.request)
    if len(request.body) > BODY:
        raise Refused(413, "Content Too Large", f"the body has {len(request.body):,} bytes; {BODY:,} can be tried")
    trial = _trial_of(request)
    route = found.event.route if found.event.route in gateway.settings.routes else ""
    return msgspec.structs.replace(trial, event=event_id, service=found.event.service, route=route)


def of_sample(name: str, folders: Sequence[Path]) -> Trial:
    """The request of a sample, "SERVICE/NAME". Raises Refused (404) and CatalogError."""
    service, _, stem = name.partition("/")
    path = next((path for key, path in files.samples(folders) if (key, path.stem) == (service, stem)), None)
    if path is None:
        raise Refused(404, "Not Found", f"the catalog has no sample {name}")
    trial = _trial_of(sample.as_request(samplefile.load(path).request))
    return msgspec.structs.replace(trial, sample=name, service=service)


def _trial_of(request: Request) -> Trial:
    """A request as the fields of a form hold it."""
    text = masked.readable(request.body)
    if text is not None and text.lstrip().startswith(("{", "[")):
        with suppress(msgspec.DecodeError, RecursionError):
            text = msgspec.json.format(text, indent=2)
    readable = text is not None and len(text) <= BODY
    return Trial(
        method=_method(request.method),
        headers="\n".join(f"{name}: {value}" for name, value in request.headers.items()),
        query=urlencode(request.query),
        body=text or "" if readable else base64.b64encode(request.body).decode(),
        encoding="text" if readable else "base64",
    )


def _method(method: str) -> Method:
    """The method as the form offers it; "" for one that it does not."""
    try:
        found: Method = msgspec.convert(method.upper(), Method)
        return found
    except msgspec.ValidationError:
        return ""


def as_request(trial: Trial) -> tuple[Request, Head]:
    """The request as ingress would hand it on, and its parsed headers. Raises Refused (400)."""
    head = pasted.head(trial.headers)
    body = trial.body.encode("utf-8", "surrogatepass")
    if trial.encoding == "base64":
        try:
            body = base64.b64decode(body, validate=False)
        except binascii.Error:
            raise Refused(400, "Bad Request", "body: this is not base64") from None
    query: Mapping[str, str] = {**head.query, **pasted.query(trial.query)}
    return Request(trial.method or head.method or "POST", head.headers, query, body), head
