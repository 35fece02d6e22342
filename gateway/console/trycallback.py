"""Try it for callbacks: what becomes of something said, with an answer that is made up. Nothing is sent or kept."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct
from msgspec.structs import asdict, replace

from gateway.acts.tables import alive
from gateway.callbacks.answer import NoAnswer, OutsideAnswer
from gateway.callbacks.document import CallbackShape
from gateway.callbacks.fit import needed_settings
from gateway.callbacks.given import Given
from gateway.callbacks.sample import CallbackSample, ServiceAnswer, input_of
from gateway.callbacks.smoothing import Occasion, Said
from gateway.catalog.service import Service
from gateway.console import callbacks, events, replies
from gateway.console.masked import readable
from gateway.console.port import Gateway
from gateway.console.replies import CallbackResult
from gateway.console.web.auth import Role
from gateway.console.web.operations import Ask, Console, Operation
from gateway.console.workshop import Workshop
from gateway.decode import jsontext
from gateway.errors import Refused
from gateway.model import JSON
from gateway.settings.callbacks import PREFIX

INPUT: Final = 100_000
"""Characters of an input."""
ANSWER: Final = 1_000_000
"""Characters of an answer."""

_EXAMPLE: Final = "https://service.example.com"
"""The address of a service that no settings give."""
_OTHER: Final = "a value"

Name = Annotated[str, Meta(max_length=200)]


class CallbackTrial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to try: a `callback` ("pagerduty/acknowledge") at an `occasion` ("": the first that it answers).

    A `sample` ("pagerduty/acknowledge.usual") or the `event` of an act stand in for what is empty. `table` of the
    settings brings its values and secrets, of which masks are shown; `settings` is JSON of values beside them. `input`
    is JSON: what templates see. `status` and `answer` are what the service would answer, `problem` why it does not.
    """

    callback: Name = ""
    occasion: Literal["", "outgoing", "command", "action", "dialog", "message"] = ""
    sample: Name = ""
    event: Name = ""
    table: Name = ""
    settings: Annotated[str, Meta(max_length=INPUT)] = ""
    input: Annotated[str, Meta(max_length=INPUT)] = ""
    status: Annotated[int, Meta(ge=0, le=599)] = 0
    answer: Annotated[str, Meta(max_length=ANSWER)] = ""
    problem: Annotated[str, Meta(max_length=1_000)] = ""


class CallbackTried(Struct, frozen=True):
    """The result of a trial, of the callback as it runs; `answers` are its occasions, `needs` the secrets it takes."""

    callback: str
    title: str
    occasion: str
    answers: Sequence[str]
    needs: Sequence[str]
    result: CallbackResult


async def tried(console: Console, trial: CallbackTrial) -> CallbackTried:
    """Try a callback. Raises Refused: 400, 404, 422 for a table of another service, 503 when it takes too long."""
    gateway, workshop = console.gateway, console.part(Workshop)
    trial = await filled(gateway, workshop, trial)
    service, shape = await _callback(gateway, trial)
    occasion = Occasion(trial.occasion) if trial.occasion else shape.answers[0]
    if occasion not in shape.answers:
        raise Refused(400, "Bad Request", f"occasion: {trial.callback} answers {' and '.join(shape.answers)}")
    given = _given(gateway, service, shape, trial)
    said = Said(occasion, _object("input", trial.input))
    made = await workshop.run(partial(replies.result, shape, said, given, _answer(trial)))
    needs = sorted(shape.secrets | shape.optional_secrets)
    return CallbackTried(trial.callback, shape.title, occasion.value, [one.value for one in shape.answers], needs, made)


async def filled(gateway: Gateway, workshop: Workshop, trial: CallbackTrial) -> CallbackTrial:
    """The trial, its empty fields filled from the sample or event that it names. Raises Refused (404, 409)."""
    if trial.event:
        base = await _of_event(gateway, trial.event)
    elif trial.sample:
        sample = await asyncio.to_thread(callbacks.load, workshop, trial.sample)
        key = trial.sample.partition("/")[0]
        _, shape = await callbacks.require(gateway, key, sample.callback)
        base = _of_sample(key, shape, sample)
    elif trial.callback and not trial.settings and not trial.table:
        _, shape = await _callback(gateway, trial)
        base = CallbackTrial(settings=_written(_examples_of(shape)))
    else:
        return trial
    given = {name: value for name, value in asdict(trial).items() if value}
    if trial.answer or trial.problem:  # what is answered is one thing
        base = replace(base, status=0, answer="", problem="")
    return replace(base, **given)


async def _callback(gateway: Gateway, trial: CallbackTrial) -> tuple[Service, CallbackShape]:
    key, _, name = trial.callback.partition("/")
    return await callbacks.require(gateway, key, name)


async def _of_event(gateway: Gateway, event_id: str) -> CallbackTrial:
    found = await events.detail(gateway, event_id)
    if found.act is None or found.request is None:
        raise Refused(409, "No act", f"{event_id} is the request of a sender: try it at /try")
    table = found.act.table if found.event.route.removeprefix(PREFIX) in gateway.settings.callbacks else ""
    return CallbackTrial(
        callback=f"{found.event.service}/{found.act.callback}",
        occasion=Occasion(found.act.occasion).value,
        event=event_id,
        table=table,
        input=found.request.body.text,
    )


def _of_sample(key: str, shape: CallbackShape, sample: CallbackSample) -> CallbackTrial:
    try:
        said = input_of(sample, shape)
    except ValueError as error:
        raise Refused(409, "No trial", f"the sample cannot be used: {error}") from None
    answer = sample.answer or ServiceAnswer(status=0)
    received = answer.received()
    return CallbackTrial(
        callback=f"{key}/{sample.callback}",
        occasion=said.occasion.value,
        settings=_written({**_examples_of(shape), **sample.settings}),
        input=_written(said.input),
        status=0 if answer.problem else answer.status,
        answer=_written(answer.json) if answer.json is not UNSET else readable(received.body) or "",
        problem=answer.problem,
    )


def _examples_of(shape: CallbackShape) -> dict[str, JSON]:
    """Values for the settings that a callback needs."""
    return {name: _EXAMPLE if name == "url" else _OTHER for name in sorted(needed_settings(shape))}


def _given(gateway: Gateway, service: Service, shape: CallbackShape, trial: CallbackTrial) -> Given:
    own = None
    if trial.table:
        table = gateway.settings.callbacks.get(trial.table)
        if table is None or table.service != service.key:
            raise Refused(422, "Unprocessable Content", f"[callbacks.{trial.table}] is no table of {service.key}")
        own = alive(table, service).given
    return replies.given_of(shape, _object("settings", trial.settings), time.time(), own)


def _answer(trial: CallbackTrial) -> OutsideAnswer | NoAnswer | None:
    """The answer that somebody made up; None for none."""
    if trial.problem:
        return NoAnswer(trial.problem)
    if not trial.answer and not trial.status:
        return None
    text = trial.answer.lstrip()
    kind = "application/json" if text.startswith(("{", "[")) else "text/html" if text.startswith("<") else "text/plain"
    body = trial.answer.encode("utf-8", "replace")
    return OutsideAnswer(trial.status or 200, {"content-type": kind}, body)


def _object(name: str, text: str) -> dict[str, JSON]:
    """A JSON object; an empty text is one without keys. Raises Refused (400)."""
    try:
        found = jsontext.parse(text.encode("utf-8", "replace")) if text.strip() else {}
    except ValueError as error:
        raise Refused(400, "Bad Request", f"{name}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refused(400, "Bad Request", f"{name}: expected a JSON object")
    return found


def _written(value: JSON) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() if value else ""


async def _try(ask: Ask) -> CallbackTried:
    return await tried(ask.console, ask.body)


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/try/callbacks",
        name="tryCallback",
        summary="What a callback makes of something said, and of an answer that is made up; nothing is sent.",
        call=_try,
        body=CallbackTrial,
        result=CallbackTried,
        role=Role.READER,
        limit=2 * (ANSWER + INPUT) + 400_000,
        problems={
            404: "There is no such callback, event or sample.",
            409: "The event is no act, or the sample cannot be used.",
            422: "The table of the settings is one of another service.",
            503: "It takes too long, or too many others are tried.",
        },
    ),
)
