"""The callbacks of a service as people read them: what they answer and need, their documents and samples."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gateway.callbacks import samplefile
from gateway.callbacks.document import CALLBACK, CallbackShape, callbacks
from gateway.callbacks.sample import CallbackSample, input_of
from gateway.catalog import files
from gateway.catalog.service import Service
from gateway.console import catalog_callbacks, replies
from gateway.console.catalog_callbacks import CallbackRow
from gateway.console.port import Gateway
from gateway.console.replies import CallbackResult
from gateway.console.web.operations import Ask, Operation
from gateway.console.workshop import Workshop
from gateway.errors import CatalogError, Refused
from gateway.model import JSON

EXAMPLES: Final = 12
"""Samples of one callback that are executed."""


class CallbackExample(Struct, frozen=True):
    """A sample and what becomes of it; `name` can be tried ("pagerduty/acknowledge.usual"). `input` is what was said.

    `problem` says why it cannot be used.
    """

    name: str
    occasion: str
    input: JSON
    result: CallbackResult | None
    problem: str = ""


class CallbackPage(Struct, frozen=True):
    """One callback, its text, and its samples; `more` are not shown. `input` is the JSON Schema of its input."""

    service: str
    service_name: str
    callback: CallbackRow
    optional_secrets: tuple[str, ...]
    text: str
    input: JSON
    examples: tuple[CallbackExample, ...]
    more: int


async def callback(gateway: Gateway, workshop: Workshop, key: str, name: str) -> CallbackPage:
    """One callback of a service with its samples. Raises Refused: 404, 409 when its file went away."""
    service, shape = await require(gateway, key, name)
    try:
        text = await asyncio.to_thread(Path(shape.file).read_text, "utf-8")
    except (OSError, UnicodeDecodeError):
        detail = f"{shape.file} cannot be read any more: put it back, or have the catalog read again"
        raise Refused(409, "File gone", detail) from None
    paths = await asyncio.to_thread(_paths, workshop, key, name)
    examples = await workshop.run(partial(_examples, key, shape, paths[:EXAMPLES]))
    row = next(one for one in catalog_callbacks.rows(service, gateway.settings) if one.name == name)
    more = max(0, len(paths) - EXAMPLES)
    optional = tuple(sorted(shape.optional_secrets))
    return CallbackPage(key, service.name, row, optional, text, shape.input, examples, more)


async def require(gateway: Gateway, key: str, name: str) -> tuple[Service, CallbackShape]:
    """A callback and its service. Raises Refused (404)."""
    service = await gateway.service(key)
    if service is None:
        raise Refused(404, "Not Found", f"the catalog has no service {key!r}")
    shape = callbacks(service).get(name)
    if shape is None:
        raise Refused(404, "Not Found", f"the service {key} has no callback {name!r}")
    return service, shape


def load(workshop: Workshop, name: str) -> CallbackSample:
    """The sample of a name, "SERVICE/NAME". Raises Refused (404) and CatalogError; reads files."""
    service, _, stem = name.partition("/")
    found = files.samples(workshop.folders(), CALLBACK.folder)
    path = next((path for key, path in found if (key, path.stem) == (service, stem)), None)
    if path is None:
        raise Refused(404, "Not Found", f"the catalog has no sample {name} of a callback")
    return samplefile.load(path)


def _paths(workshop: Workshop, key: str, name: str) -> Sequence[Path]:
    """The samples of a callback; which one they are of stands in them, and their names begin with it."""
    found = files.samples(workshop.folders(), CALLBACK.folder)
    return [path for service, path in found if service == key and path.stem.partition(".")[0] == name]


def _examples(key: str, shape: CallbackShape, paths: Sequence[Path]) -> tuple[CallbackExample, ...]:
    """Execute samples; runs in the thread of the workshop."""
    return tuple(_example(f"{key}/{path.stem}", shape, path) for path in paths)


def _example(name: str, shape: CallbackShape, path: Path) -> CallbackExample:
    try:
        sample = samplefile.load(path)
        said = input_of(sample, shape)
    except (CatalogError, ValueError) as error:
        return CallbackExample(name, "", None, None, str(error))
    answer = sample.answer.taken() if sample.answer is not None else None
    result = replies.result(shape, said, replies.given_of(shape, sample.settings, sample.now), answer)
    return CallbackExample(name, said.occasion.value, msgspec.to_builtins(said.input), result)


async def _callback(ask: Ask) -> CallbackPage:
    return await callback(ask.gateway, ask.console.part(Workshop), ask.path["service"], ask.path["callback"])


OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/catalog/{service}/callbacks/{callback}",
        name="getCallback",
        summary="One callback of a service, with its text and what becomes of its samples; secrets are masked.",
        call=_callback,
        result=CallbackPage,
        problems={404: "The catalog has no such service or callback.", 409: "Its file went away."},
    ),
)
