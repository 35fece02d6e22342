"""An event as a sample of the catalog: its request, and its outcome of today as the expectation."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway.catalog.service import Service
from gateway.console import lookup
from gateway.console.lookup import Stored
from gateway.console.port import Gateway
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Outcome, Request
from gateway.pipeline import rehearsal, sample
from gateway.pipeline.expectation import Expectation
from gateway.pipeline.sample import Sample, SampleRequest
from gateway.verify import signer
from gateway.verify.masking import MASK
from gateway.verify.schemes import headers_of

_UNFIT = re.compile(r"[^a-z0-9_.-]+")


class SampleDocument(Struct, frozen=True):
    """A sample as text; `path` is where it belongs in a catalog folder, `folders` are those that it may go into."""

    path: str
    text: str
    folders: Sequence[str]


class SampleWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Into which of the catalog folders of the settings a sample is to be written."""

    folder: str


class SampleWritten(Struct, frozen=True):
    """The file that a sample was written to."""

    file: str


async def as_sample(gateway: Gateway, event_id: str) -> SampleDocument:
    """An event as a sample document. Raises Refused: 404, 409 when it cannot be one."""
    found = await lookup.load(gateway, event_id)
    service = found.service
    if found.is_act:
        raise Refused(
            409, "No sample", "what was said or clicked in Mattermost is no request of a sender: try it instead"
        )
    if service is None:
        raise Refused(409, "Service gone", f"the catalog has no service {found.event.service} any more")
    try:
        text = await asyncio.to_thread(_document, found, service)
    except ValueError as error:
        raise Refused(409, "No sample", f"this event cannot be kept as a sample: {error}") from None
    name = _UNFIT.sub("-", found.event.name.lower()).strip("-.")[:60] or "event"
    return SampleDocument(f"{found.event.service}/samples/{name}.{found.event.id[-8:]}.yaml", text, _folders(gateway))


async def write(gateway: Gateway, event_id: str, folder: str) -> SampleWritten:
    """Write an event's sample into one of the catalog folders of the settings. Raises Refused: 404, 409.

    A file that is there already stays as it is.
    """
    folders = _folders(gateway)
    if folder not in folders:
        known = f"it is one of {', '.join(folders)}" if folders else "the settings have no [catalog] folders"
        raise Refused(409, "No such folder", f"a sample is not written into {folder!r}: {known}")
    made = await as_sample(gateway, event_id)
    file = Path(folder) / made.path
    try:
        await asyncio.to_thread(_write_new, file, made.text)
    except FileExistsError:
        raise Refused(409, "File exists", f"{file} is there already: remove it to write the sample again") from None
    except OSError as error:
        raise Refused(409, "Not written", f"{file} cannot be written: {error.strerror}") from None
    return SampleWritten(str(file))


def _folders(gateway: Gateway) -> Sequence[str]:
    return gateway.settings.catalog.folders


def _document(found: Stored, service: Service) -> str:
    """The text of the sample: the request, and what it becomes today. Raises ValueError."""
    schemes = service.verify
    clean = found.request()
    sender = signer.chosen(schemes, Content(clean))
    request = _request(found, clean)
    meant = signer.chosen(schemes, Content(sample.as_request(request)))
    one = Sample(
        secret=MASK if sender.kind == "token" else sender.example(),  # the token stays in the body, masked
        sign=None if meant.scheme == sender.scheme else schemes.index(sender.scheme),
        request=request,
        expect=Expectation(found.event.outcome.value),
    )
    became = rehearsal.rehearse(one, service).found
    if became.outcome == Outcome.REFUSED:  # a signature in its body stays there, and is not by the sample's secret
        raise ValueError(f"sent again with the secret of samples, it is refused: {became.reason or became.cause}")
    return sample.document(msgspec.structs.replace(one, expect=rehearsal.written(one, became, service)))


def _request(found: Stored, clean: Request) -> SampleRequest:
    """The request without credentials and signatures: the sample has a secret of its own to sign with."""
    hidden = {name for name, value in clean.headers.items() if value == MASK}
    query = {name: value for name, value in clean.query.items() if value != MASK}
    return sample.taken(msgspec.structs.replace(clean, query=query), hidden.union(headers_of(found.schemes)))


def _write_new(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as stream:
        try:
            stream.write(text)
            stream.flush()
        except OSError:  # half a sample would be a faulty one
            file.unlink(missing_ok=True)
            raise
