"""What becomes of a request that is tried: each event with its message, or with the places of its faults."""

import time
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gateway.catalog import yamlfile
from gateway.catalog.service import Service
from gateway.catalog.translator import Translator
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.mattermost.fit import Limits
from gateway.mattermost.payload import Message
from gateway.model import JSON, Outcome, Phase, Request
from gateway.pipeline.attached import told
from gateway.pipeline.blame import failure
from gateway.pipeline.interpret import Piece, Wishes, interpret, payloads

PIECES: Final = 20
"""Events of one request that are shown."""
FAULTS: Final = 20
"""Faults of one payload that are shown."""
INFLATED: Final = 5_000_000
"""Bytes that a compressed body may become."""


class SchemaFault(Struct, frozen=True):
    """Where a payload does not match the schema: its JSON path, and the line of the translator (0: unknown)."""

    path: str
    problem: str
    line: int


class TriedEvent(Struct, frozen=True):
    """The result of one event of the request. `mismatch`: the translator whose schema the payload does not match.

    `line` is where in its document the translator failed, 0 if it did not. `card` shows the subject as it is now, where
    the route wants cards and the translator has one; with `reply` the messages reply to the card that is there.
    `payload` is the event as templates see it: decoded and unwrapped. `actions` are the buttons and menus of the post
    that shows the subject, where a table of the settings answers them.
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
    reply: bool = False
    payload: JSON = None
    note: str = ""
    actions: tuple[JSON, ...] = ()


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
    note: str = ""


def result(service: Service, request: Request, wishes: Wishes, texts: Mapping[str, str] | None = None) -> Result:
    """Translate a request by a service; `texts` are documents that are not in files, by their full name."""
    started = time.perf_counter()
    try:
        content = Content.of(request, INFLATED, wishes.depth)
        reading = interpret(service, content, wishes, Limits(), time.time())
    except Refused as refused:
        reason = f"ingress answers {refused.status}: {refused.detail or refused.title}"
        return Result(Outcome.REFUSED, "", "", "", reason, (), 0, time.perf_counter() - started)
    seconds = time.perf_counter() - started
    explainer = _Explainer(service, texts or {})
    pairs = zip(reading.pieces[:PIECES], chain(payloads(service, content), [None]), strict=False)
    return Result(
        reading.outcome,
        reading.name,
        reading.translator,
        reading.subject,
        reading.reason,
        tuple(explainer.event(piece, value) for piece, value in pairs),
        max(0, len(reading.pieces) - PIECES),
        seconds,
        reading.note,
    )


def translator_named(service: Service, name: str) -> Translator | None:
    """The translator of this full name ("github/push"); None when the service has none."""
    return next((one for one in service.translators if one.name == name), None)


def text_of(translator: Translator) -> str:
    """The text of a document; empty when its file went away a moment ago."""
    return _text_in(translator.file)


def _text_in(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


class _Explainer(Struct, frozen=True):
    """Finds the places of faults in the document of a translator."""

    service: Service
    texts: Mapping[str, str]

    def event(self, piece: Piece, value: JSON) -> TriedEvent:
        """One event with the places of its faults."""
        failed = failure(piece)
        about = failed.document if failed else piece.mismatch
        text = self._source(about) if about else ""
        translator = translator_named(self.service, piece.mismatch)
        wrong = translator.mismatches(value, FAULTS) if translator else []
        places = [translator.input_steps(one.rule) for one in wrong] if translator else []
        return TriedEvent(
            outcome=piece.outcome,
            event=piece.name,
            translator=piece.translator,
            mismatch=piece.mismatch,
            subject=piece.subject,
            reason=piece.reason,
            line=_line(text, failed.steps) if failed else 0,
            phase=piece.phase,
            faults=tuple(
                SchemaFault(one.path, one.problem, _line(text, steps)) for one, steps in zip(wrong, places, strict=True)
            ),
            messages=tuple(map(_payload, piece.messages)),
            card=_payload(piece.card) if piece.card else None,
            reply=piece.reply,
            payload=value,
            note=piece.note,
            actions=tuple(map(told, piece.actions)),
        )

    def _source(self, name: str) -> str:
        document = self.service.documents.get(name.partition("/")[2])
        return self.texts.get(name) or (_text_in(document.file) if document else "")


def _line(text: str, steps: tuple[str | int, ...]) -> int:
    return yamlfile.place_of(text, steps)[0] if text else 0


def _payload(message: Message) -> JSON:
    return msgspec.to_builtins(message)
