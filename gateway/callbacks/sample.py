"""Samples of callbacks: what Mattermost sends, what the service answers, and what becomes of it. Pure."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from gateway.callbacks.answer import NoAnswer, OutsideAnswer
from gateway.callbacks.answering import answered
from gateway.callbacks.body import encoded
from gateway.callbacks.document import Act, CallbackShape
from gateway.callbacks.given import Given
from gateway.callbacks.request import Wire
from gateway.callbacks.smoothing import Occasion, Said, fields, smoothed, without_first_word
from gateway.callbacks.snooze import SnoozeWish
from gateway.decode import jsontext
from gateway.model import JSON
from gateway.pipeline.expectation import compare
from gateway.pipeline.sample import parsed
from gateway.secret import Secret

NOON: Final = 1_767_268_800.0
"""The time of samples that say none: noon of 2026-01-01 UTC."""

UNANSWERED: Final = "it sends a request: write into `answer` what the service answers"
"""Why nothing more is known of a sample without an answer."""

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"


class Sent(Struct, frozen=True):
    """What Mattermost sends: a form, or JSON."""

    form: dict[str, JSON] | None = None
    json: dict[str, JSON] | None = None


class ServiceAnswer(Struct, frozen=True):
    """What the service answers; `problem` says why it does not."""

    status: int = 200
    headers: dict[str, str] = {}
    json: JSON | UnsetType = UNSET
    text: str = ""
    problem: str = ""

    def taken(self) -> OutsideAnswer | NoAnswer:
        """The answer as the gateway reads it."""
        return NoAnswer(self.problem) if self.problem else self.received()

    def received(self) -> OutsideAnswer:
        """What is sent."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.json is UNSET:
            return OutsideAnswer(self.status, headers, self.text.encode())
        return OutsideAnswer(self.status, {"content-type": _JSON, **headers}, encoded(self.json))


class ToldLater(Struct, frozen=True, omit_defaults=True):
    """What becomes of an answer that comes later."""

    conversation: str = ""
    to: str = ""
    messages: list[JSON] = []
    problem: str = ""


class CallbackOutcome(Struct, frozen=True, omit_defaults=True):
    """What becomes of a sample: the request, what is snoozed, the dialog, the answer to Mattermost, what is posted."""

    request: JSON = None
    snooze: SnoozeWish | None = None
    dialog: JSON = None
    problem: str = ""
    answer: JSON = None
    to: str = ""
    left: list[JSON] = []
    later: list[ToldLater] = []


class CallbackSample(Struct, frozen=True, kw_only=True):
    """One sample document of a callback."""

    callback: str
    occasion: Occasion | None = None
    sent: Sent
    context: dict[str, str] = {}
    conversation: str = ""
    settings: dict[str, JSON] = {}
    secrets: dict[str, str] = {}
    now: float = NOON
    reply_url: str = "https://gateway.example.com/reply/made-up"
    answer: ServiceAnswer | None = None
    later: list[ServiceAnswer] = []
    expect: CallbackOutcome


def parse(text: str, file: str) -> CallbackSample:
    """The sample of a text; `file` is named in its faults. Raises CatalogError with the place of the first fault."""
    return parsed(text, file, CallbackSample, "callback", "sample")


def rehearse(sample: CallbackSample, callbacks: Mapping[str, CallbackShape]) -> CallbackOutcome:
    """What becomes of a sample. Raises ValueError, which says why it cannot be used."""
    shape = callbacks.get(sample.callback)
    if shape is None:
        raise ValueError(f"the service has no callback {sample.callback!r}: write callbacks/{sample.callback}.yaml")
    said = input_of(sample, shape)
    secrets = {name: Secret(text) for name, text in sample.secrets.items()}
    given = Given(sample.settings, secrets, sample.now, sample.conversation, Secret(sample.reply_url))
    if missing := sorted(shape.secrets - given.secrets.keys()):
        raise ValueError(f"it needs the secret {missing[0]}: write `secrets: {{{missing[0]}: ...}}`, made up")
    act = shape.act(said, given)
    request = _request(act.request.reveal()) if act.request is not None else None
    if act.dialog is not None:
        return CallbackOutcome(dialog=dict(act.dialog))
    if act.request is not None and sample.answer is None:
        return CallbackOutcome(request, problem=UNANSWERED)
    outcome = _outcome(sample, shape, said, act, request)
    return replace(outcome, later=[_later(shape, said, one.received(), given) for one in sample.later])


def _outcome(sample: CallbackSample, shape: CallbackShape, said: Said, act: Act, request: JSON) -> CallbackOutcome:
    reply = shape.reply(act, sample.answer.taken() if sample.answer is not None and act.request is not None else None)
    answer = answered(said.occasion, reply, lookup=said.lookup)
    return CallbackOutcome(
        request,
        act.snooze,
        problem=reply.problem,
        answer=msgspec.json.decode(answer.body),
        to=answer.to.value if answer.left else "",
        left=[msgspec.json.decode(one.payload) for one in answer.left],
    )


def _later(shape: CallbackShape, said: Said, answer: OutsideAnswer, given: Given) -> ToldLater:
    reply = shape.reply_later(said, answer, given)
    messages = [msgspec.json.decode(one.payload) for one in reply.messages]
    conversation = shape.later.conversation(answer.seen()) if shape.later is not None else ""
    return ToldLater(conversation, reply.to.value if messages else "", messages, reply.problem)


def differences(expected: CallbackOutcome, found: CallbackOutcome) -> list[str]:
    """`expect.request.url: expected "a", got "b"` for every part that differs; empty when the sample holds."""
    lines: list[str] = []
    for part in CallbackOutcome.__struct_fields__:
        wanted, got = getattr(expected, part), getattr(found, part)
        if not (part == "problem" and wanted and wanted in got):
            compare(f"expect.{part}", msgspec.to_builtins(wanted), msgspec.to_builtins(got), lines)
    return lines


def doubtful(expected: CallbackOutcome, found: CallbackOutcome) -> str:
    """Why an outcome is not to be written into a sample that does not expect such a one; "" where it is."""
    if found.problem == UNANSWERED:
        return UNANSWERED
    if found.problem and not expected.problem:
        return f"it fails: {found.problem}; if that is meant, write `problem:` into its `expect`"
    return ""


def input_of(sample: CallbackSample, shape: CallbackShape) -> Said:
    """What is said in a sample. Raises ValueError, which says why it cannot be used."""
    occasion = sample.occasion or shape.answers[0]
    if sample.occasion is None and len(shape.answers) > 1:
        raise ValueError(f"the callback answers {', '.join(shape.answers)}: write which as `occasion`")
    if occasion not in shape.answers:
        raise ValueError(f"the callback does not answer {occasion}")
    if sample.sent.form is not None:
        sent = fields(urlencode(sample.sent.form, doseq=True).encode(), _FORM)
    else:
        sent = fields(encoded(sample.sent.json), _JSON)
    said = smoothed(occasion, sent)
    if occasion is Occasion.COMMAND and shape.command is not None and _names_sub(said, shape.command.sub):
        said = replace(said, input=without_first_word(said.input))
    return replace(said, input={**said.input, "context": sample.context}) if sample.context else said


def _names_sub(said: Said, sub: str) -> bool:
    """Whether the word of the sub-command stands first, in any case."""
    words = said.input["words"]
    return bool(sub) and bool(words) and words[0].lower() == sub.lower()


def _request(wire: Wire) -> JSON:
    """A request as a sample writes it; a JSON body as such."""
    body: dict[str, Any] = {"text": wire.body.decode("utf-8", "replace")} if wire.body else {}
    if wire.body and "json" in wire.headers.get("Content-Type", ""):
        body = {"json": jsontext.parse(wire.body)}
    return {"method": wire.method, "url": wire.url, "headers": dict(wire.headers), **body}
