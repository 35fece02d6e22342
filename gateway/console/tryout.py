"""Try it: what a request would become, with the catalog that runs and with an edited translator. Nothing is kept.

Whoever may look may try requests. An edited document is code of whoever wrote it: it takes an administrator, and runs
in a process of its own (`sandbox`).
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct

from gateway.catalog.catalog import Catalog
from gateway.catalog.generic import GENERIC
from gateway.catalog.service import Service
from gateway.console.port import Gateway
from gateway.console.proofs import Proof, proofs
from gateway.console.sandbox import Sandbox
from gateway.console.sandbox_process import DocumentFault, Job, Sent
from gateway.console.tryout_request import BODY, DOCUMENT, Trial, as_request, filled
from gateway.console.tryout_result import INFLATED, Result, result, text_of, translator_named
from gateway.console.web.auth import Role, Visitor
from gateway.console.web.operations import Ask, Console, Operation
from gateway.console.workshop import Workshop
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.pipeline import recognise
from gateway.pipeline.interpret import Wishes
from gateway.pipeline.pasted import Head
from gateway.pipeline.recognise import Candidate
from gateway.pipeline.route import Route
from gateway.verify import handshake


class Document(Struct, frozen=True):
    """A translator to edit: its name ("github/push") and its text as it runs; both empty where none speaks."""

    name: str = ""
    text: str = ""


class Tried(Struct, frozen=True):
    """The result of a trial. `edited` is None without an edited document, or when that has `faults`.

    `candidates` are given when the service was left to be recognised. `notes` are lines for the reader; `proofs` the
    ways to be authentic, any of which a real request needs: nothing is verified here.
    """

    service: str
    name: str
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...]
    proofs: tuple[Proof, ...]
    running: Result
    edited: Result | None
    faults: tuple[DocumentFault, ...]
    document: Document


async def tried(console: Console, visitor: Visitor, trial: Trial) -> Tried:
    """Try a request.

    Raises Refused: 403 for a document edited by somebody who may only look, 404 for an unknown event or sample, 422 for
    an unknown route or service, 503 when it takes too long.
    """
    if trial.document and not visitor.may_change:
        detail = "the read-only token tries requests with the running catalog; to try a document takes the other one"
        raise Refused(403, "Forbidden", detail)
    gateway, workshop = console.gateway, console.part(Workshop)
    trial = await filled(gateway, trial, workshop.folders())
    route = _route(gateway, trial.route)
    wishes = route.wishes if route else Wishes(depth=gateway.settings.server.depth_limit)
    request, head = await workshop.run(partial(as_request, trial))
    found: Sequence[Candidate] = ()
    key = route.service_key if route else trial.service
    if not key:
        found = await workshop.run(partial(_recognised, gateway.catalog(), request, wishes.depth))
        key = found[0].service if found else GENERIC
    service = await gateway.service(key)
    if service is None:
        raise Refused(422, "Unprocessable Content", f"the catalog has no service {key!r}")
    asked = _Asked(service, route, request, wishes, trial.translator, bool(found or trial.service or route))
    facts = await workshop.run(partial(_explained, asked, head, found))
    if not trial.document:
        return facts
    name = asked.translator or facts.document.name.removeprefix(f"{key}/") or "draft"
    job = Job(tuple(map(str, workshop.folders())), key, name, trial.document, (Sent(request, wishes),))
    edited = await console.part(Sandbox).run(job)
    return msgspec.structs.replace(facts, edited=next(iter(edited.results), None), faults=edited.faults)


def _recognised(known: Catalog, request: Request, depth: int) -> Sequence[Candidate]:
    return recognise.candidates(known.outlines(), Content.as_far_as_known(request, INFLATED, depth))


def _route(gateway: Gateway, name: str) -> Route | None:
    route = gateway.route(name) if name else None
    if name and route is None:
        raise Refused(422, "Unprocessable Content", f"the settings have no route {name!r}")
    return route


class _Asked(Struct, frozen=True):
    """A request with the service that reads it. `known`: the service was named or recognised."""

    service: Service
    route: Route | None
    request: Request
    wishes: Wishes
    named: str
    known: bool

    @property
    def translator(self) -> str:
        """The name of the translator to edit within its service; "" when none was named."""
        return self.named.removeprefix(f"{self.service.key}/")


def _explained(asked: _Asked, head: Head, found: Sequence[Candidate]) -> Tried:
    """The result with the running catalog; runs in the thread of the workshop."""
    service, route = asked.service, asked.route
    running = result(service, asked.request, asked.wishes)
    name = f"{service.key}/{asked.translator}" if asked.translator else _speaker(running)
    schemes = route.schemes(service) if route else service.verify
    return Tried(
        service=service.key,
        name=service.name,
        candidates=tuple(found),
        notes=(*head.faults, *_notes(asked)),
        proofs=() if route and route.open else proofs(schemes, asked.request),
        running=running,
        edited=None,
        faults=(),
        document=_document(service, name),
    )


def _notes(asked: _Asked) -> list[str]:
    notes, request, service = [], asked.request, asked.service
    if not asked.known:
        notes.append("it is unknown which service sent this; the generic translator reads it")
    content = Content.as_far_as_known(request, INFLATED, asked.wishes.depth)
    if service.handshake or not content.body:
        reply = handshake.answer(service.handshake, content, ())
        if reply is not None:
            notes.append(f"ingress answers this handshake at once (status {reply.status}); it becomes no event")
    elif request.method not in {"POST", "PUT", "GET"}:
        notes.append(f"ingress answers 405 to the method {request.method}")
    return notes


def _speaker(found: Result) -> str:
    """The translator that the result is about, also when the payload does not match its schema."""
    named = (one.mismatch or one.translator for one in found.events)
    return next((name for name in named if name and name != GENERIC), "")


def _document(service: Service, name: str) -> Document:
    translator = translator_named(service, name)
    return Document(name, text_of(translator)) if translator else Document()


async def _try(ask: Ask) -> Tried:
    return await tried(ask.console, ask.visitor, ask.body)


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/try",
        name="tryRequest",
        summary="What a request becomes, and, for an administrator, what an edited translator would make of it.",
        call=_try,
        body=Trial,
        result=Tried,
        role=Role.READER,
        limit=2 * (BODY + DOCUMENT) + 400_000,
        problems={
            403: "A `document` needs the token of an administrator.",
            404: "There is no such event or sample.",
            422: "The settings have no such route, or the catalog no such service.",
            503: "It takes too long, or too many others are tried.",
        },
    ),
)
