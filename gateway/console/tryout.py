"""Try it: what a request would become, with the catalog that runs and with an edited translator. Nothing is kept."""

import re
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gateway.catalog import yamlfile
from gateway.catalog.build import revised
from gateway.catalog.generic import GENERIC
from gateway.catalog.service import Service
from gateway.catalog.translator import Translator
from gateway.console.port import Gateway
from gateway.console.proofs import Proof, proofs
from gateway.console.sandbox import Workshop, bounded_engine
from gateway.console.tryout_request import BODY, DOCUMENT, Trial, as_request, filled
from gateway.console.web.auth import Role
from gateway.console.web.operations import Ask, Operation
from gateway.decode.content import Content
from gateway.decode.unwrap import unwrap
from gateway.errors import CatalogError, Fault, Refused, TranslationError
from gateway.mattermost.fit import Limits
from gateway.mattermost.payload import Message
from gateway.model import JSON, Outcome, Phase, Request
from gateway.pipeline import recognise
from gateway.pipeline.interpret import Piece, Wishes, interpret
from gateway.pipeline.recognise import Candidate
from gateway.pipeline.route import CAPABILITY, Route
from gateway.verify import handshake

PIECES: Final = 20
"""Events of one request that are shown."""
FAULTS: Final = 20
"""Faults of one payload that are shown."""
INFLATED: Final = 5_000_000
"""Bytes that a compressed body may become."""

_PLACE = re.compile(r"(?P<document>[^\s#]+)#/(?P<pointer>[^:]*): ")


class SchemaFault(Struct, frozen=True):
    """Where a payload does not match the schema: its JSON path, and the line of the translator (0: unknown)."""

    path: str
    problem: str
    line: int


class TriedEvent(Struct, frozen=True):
    """The result of one event of the request. `mismatch`: the translator whose schema the payload does not match.

    `line` is where in its document the translator failed, 0 if it did not. `card` shows the subject as it is now, where
    the route wants cards and the translator has one.
    """

    outcome: Outcome
    event: str
    translator: str
    mismatch: str
    subject: str
    reason: str
    line: int
    phase: Phase | None
    faults: tuple[SchemaFault, ...]
    messages: tuple[JSON, ...]
    card: JSON


class Result(Struct, frozen=True):
    """The result of a request: first, that of its most important event; `more` events are not shown."""

    outcome: Outcome
    event: str
    translator: str
    subject: str
    reason: str
    events: tuple[TriedEvent, ...]
    more: int
    seconds: float


class DocumentFault(Struct, frozen=True):
    """What is wrong in the edited document; `line` and `column` count from 1, 0 is unknown."""

    line: int
    column: int
    where: str
    problem: str
    remedy: str


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


async def tried(gateway: Gateway, workshop: Workshop, trial: Trial) -> Tried:
    """Try a request. Raises Refused: 404 for an unknown event or sample, 422 for an unknown route or service."""
    trial = await filled(gateway, trial, workshop.folders())
    request, head = as_request(trial)
    route = _route(gateway, trial.route)
    wishes = route.wishes if route else Wishes(depth=gateway.settings.server.depth_limit)
    found: Sequence[Candidate] = ()
    key = route.service_key if route else trial.service
    if not key:
        services = (await gateway.whole_catalog()).services
        found = await workshop.run(partial(recognise.candidates, services, _content(request, wishes.depth)))
        key = found[0].service if found else GENERIC
    service = await gateway.service(key)
    if service is None:
        raise Refused(422, "Unprocessable Content", f"the catalog has no service {key!r}")
    work = partial(_run_trial, service, request, wishes, trial)
    running, edited, faults, document = await workshop.run(work)
    notes = [*head.faults, *_notes(service, request, wishes, recognised=bool(found) or bool(trial.service or route))]
    schemes = route.schemes(service) if route else service.verify or CAPABILITY
    shown = () if route and route.open else proofs(schemes, request)
    return Tried(service.key, service.name, tuple(found), tuple(notes), shown, running, edited, faults, document)


def _route(gateway: Gateway, name: str) -> Route | None:
    route = gateway.route(name) if name else None
    if name and route is None:
        raise Refused(422, "Unprocessable Content", f"the settings have no route {name!r}")
    return route


def _content(request: Request, depth: int) -> Content:
    """The content, inflated; unchanged when it cannot be inflated, of which the result gives the reason."""
    try:
        return Content.of(request, INFLATED, depth)
    except Refused:
        return Content(request, depth=depth)


def _notes(service: Service, request: Request, wishes: Wishes, *, recognised: bool) -> list[str]:
    notes = []
    if not recognised:
        notes.append("it is unknown which service sent this; the generic translator reads it")
    content = _content(request, wishes.depth)
    if service.handshake or not content.body:
        reply = handshake.answer(service.handshake, content, ())
        if reply is not None:
            notes.append(f"ingress answers this handshake at once (status {reply.status}); it becomes no event")
    elif request.method not in {"POST", "PUT", "GET"}:
        notes.append(f"ingress answers 405 to the method {request.method}")
    return notes


Worked = tuple[Result, Result | None, tuple[DocumentFault, ...], Document]


def _run_trial(service: Service, request: Request, wishes: Wishes, trial: Trial) -> Worked:
    """Both results; runs in the thread of the workshop."""
    key = service.key
    name = trial.translator.removeprefix(f"{key}/")
    running = _result(service, request, wishes)
    document = _document(service, f"{key}/{name}" if name else _speaker(running))
    if not trial.document:
        return running, None, (), document
    name = name or document.name.removeprefix(f"{key}/") or "draft"
    full = f"{key}/{name}"
    try:
        twin = revised(service, name, trial.document, bounded_engine(full))
        return running, _result(twin, request, wishes, {full: trial.document}), (), document
    except CatalogError as error:
        file = next((one.file for one in service.translators if one.name == full), f"{full}.yaml")
        return running, None, tuple(_document_fault(fault, file) for fault in error.faults[:FAULTS]), document
    except TranslationError as error:
        return running, None, (DocumentFault(0, 0, "", error.problem, "make it smaller"),), document


def _speaker(result: Result) -> str:
    """The translator that the result is about, also when the payload does not match its schema."""
    named = (one.mismatch or one.translator for one in result.events)
    return next((name for name in named if name and name != GENERIC), "")


def _document(service: Service, name: str) -> Document:
    translator = _translator_named(service, name)
    return Document(name, _text(translator)) if translator else Document()


def _translator_named(service: Service, name: str) -> Translator | None:
    return next((one for one in service.translators if one.name == name), None)


def _text(translator: Translator) -> str:
    """The text of a document; empty when its file went away a moment ago."""
    try:
        return Path(translator.file).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _document_fault(fault: Fault, file: str) -> DocumentFault:
    """A fault as the editor shows it; one of another document has no line here."""
    here = fault.file == file
    problem = fault.problem if here else f"{Path(fault.file).name}: {fault.problem}"
    return DocumentFault(fault.line if here else 0, fault.column if here else 0, fault.where, problem, fault.remedy)


def _result(service: Service, request: Request, wishes: Wishes, texts: dict[str, str] | None = None) -> Result:
    """Translate a request by a service; `texts` are documents that are not in files."""
    started = time.perf_counter()
    try:
        content = Content.of(request, INFLATED, wishes.depth)
        reading = interpret(service, content, wishes, Limits())
    except Refused as refused:
        reason = f"ingress answers {refused.status}: {refused.detail or refused.title}"
        return Result(Outcome.REFUSED, "", "", "", reason, (), 0, time.perf_counter() - started)
    seconds = time.perf_counter() - started
    explainer = _Explainer(service, texts or {})
    pairs = zip(reading.pieces[:PIECES], [*unwrap(content.value, service.unwrap), None], strict=False)
    return Result(
        reading.outcome,
        reading.name,
        reading.translator,
        reading.subject,
        reading.reason,
        tuple(explainer.event(piece, value) for piece, value in pairs),
        max(0, len(reading.pieces) - PIECES),
        seconds,
    )


class _Explainer(Struct, frozen=True):
    """Finds the places of faults in the document of a translator."""

    service: Service
    texts: dict[str, str]

    def event(self, piece: Piece, value: JSON) -> TriedEvent:
        """One event with the places of its faults."""
        about = piece.mismatch or piece.translator
        text = self._source(about) if piece.mismatch or piece.outcome is Outcome.BROKEN else ""
        translator = _translator_named(self.service, piece.mismatch)
        wrong = translator.schema.mismatches(value, FAULTS) if translator else []
        return TriedEvent(
            outcome=piece.outcome,
            event=piece.name,
            translator=piece.translator,
            mismatch=piece.mismatch,
            subject=piece.subject,
            reason=piece.reason,
            line=_line_of(piece.reason, text) if piece.outcome is Outcome.BROKEN else 0,
            phase=piece.phase,
            faults=tuple(SchemaFault(one.path, one.problem, _line(text, ("input", *one.rule))) for one in wrong),
            messages=tuple(map(_payload, piece.messages)),
            card=_payload(piece.card) if piece.card else None,
        )

    def _source(self, name: str) -> str:
        translator = _translator_named(self.service, name)
        return self.texts.get(name) or (_text(translator) if translator else "")


def _line_of(reason: str, text: str) -> int:
    """The line that the reason of a broken event points to."""
    place = _PLACE.match(reason)
    if place is None:
        return 0
    return _line(text, tuple(int(step) if step.isdecimal() else step for step in place["pointer"].split("/")))


def _line(text: str, steps: tuple[str | int, ...]) -> int:
    return yamlfile.place_of(text, steps)[0] if text else 0


def _payload(message: Message) -> JSON:
    return msgspec.to_builtins(message)


async def _try(ask: Ask) -> Tried:
    return await tried(ask.gateway, ask.console.part(Workshop), ask.body)


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/try",
        name="tryRequest",
        summary="What a request becomes, and what it would become with an edited translator; nothing is kept.",
        call=_try,
        body=Trial,
        result=Tried,
        role=Role.READER,
        limit=2 * (BODY + DOCUMENT) + 400_000,
        problems={422: "The settings have no such route, or the catalog no such service.", 503: "It takes too long."},
    ),
)
