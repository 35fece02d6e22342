"""One callback: a document that turns what is said or clicked in Mattermost into a request and a reply.

It is used in two steps, between which somebody else sends the request:

    act = callback.act(said, given)                # what is asked of the outside service, if anything
    reply = callback.reply(act, answer)            # what Mattermost shows
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.callbacks import reading
from gateway.callbacks.answer import NoAnswer, OutsideAnswer
from gateway.callbacks.commandhelp import HELP, Command
from gateway.callbacks.dialog import DialogShape
from gateway.callbacks.given import CONVERSATION, REPLY_URL, SECRETS, SETTINGS, Given, Steps, named
from gateway.callbacks.known import KEYS
from gateway.callbacks.later import LaterShape
from gateway.callbacks.replies import Replies
from gateway.callbacks.reply import USUAL, FailureShape, Reply, default_failure, unsure
from gateway.callbacks.request import OutsideRequest, RequestShape
from gateway.callbacks.smoothing import Occasion, Said
from gateway.callbacks.snooze import SnoozeShape, SnoozeWish
from gateway.catalog import schema_cost
from gateway.catalog.kinds import Conflict, Kind, Text, misnamed, parts_of, register
from gateway.catalog.schema import Schema
from gateway.catalog.scope import ALONE, Scope
from gateway.catalog.service import Service
from gateway.catalog.shapes import compiled, steps_of
from gateway.catalog.tolerance import tolerant
from gateway.catalog.yamlfile import placed
from gateway.errors import TranslationError
from gateway.language.document import Compiler, DocumentPlace, Note, add_values
from gateway.language.template import Context, Engine
from gateway.mattermost.limits import DEFAULT, Limits
from gateway.model import JSON

_URL: Final = "url"
_MERGED: Final = ("headers", "query")
_OPENING: Final = frozenset({Occasion.COMMAND, Occasion.ACTION})
_SHOWN: Final = 3
_HIDDEN: Final = "what is secret stands in query, headers and body of `request` alone"


class Act(Struct, frozen=True):
    """One use of a callback: what templates see, and the request to send (None: none).

    `dialog` is one to open instead, as `DialogShape.render` gives it, `snooze` a subject to snooze. `problem` says why
    there is none of these: then the reply says so. `given` masks secrets in what the service answers.
    """

    occasion: Occasion
    context: Context
    request: OutsideRequest | None = None
    dialog: Mapping[str, Any] | None = None
    problem: str = ""
    given: Given = Given()
    snooze: SnoozeWish | None = None

    def masked(self, answer: OutsideAnswer) -> OutsideAnswer:
        """An answer without what is secret in the request, which some services repeat."""
        sent = self.request.secret_texts() if self.request is not None else []
        return self.given.shown(answer, sent)


class CallbackShape:
    """A compiled callback; `name` is "service/callbacks/document". Faults are noted in `faults`, none is raised.

    `raw` is the document with what shared.yaml says for all callbacks. `answers` are its occasions, `settings` the
    values that the settings may give and their defaults (None: it has none), `secrets` the names of the secrets that
    they must give, `optional_secrets` of those that they may. `by_settings`: they give the host, too. `later` is what
    becomes of answers that come later.
    """

    def __init__(self, source: Text, raw: Mapping[str, JSON], engine: Engine, scope: Scope = ALONE) -> None:
        self.name = source.name
        self.file = source.file
        self.raw = raw = completed(raw, scope.callbacks)
        self.title: str = raw["title"]
        answers = raw["answers"] if isinstance(raw["answers"], list) else [raw["answers"]]
        self.answers = tuple(map(Occasion, answers))
        self.settings: Mapping[str, str | None] = raw.get("settings", {})
        noted: list[Note] = []
        place = DocumentPlace(source.name, (), noted)
        # Shared values are those of payloads: a name of theirs would hide the user or the text here.
        compiler = Compiler(engine, (), scope.fragments)
        if why := misnamed(source):
            place.fault(why)
        self.shapes = scope.shapes
        self.input: JSON = compiled(raw.get("input", True), scope.shapes, place / "input")
        self._schema = self._input_schema(raw, place)
        self._let = compiler.let(raw.get("let", {}), place / "let")
        self._request = RequestShape(raw["request"], compiler, place / "request", scope) if "request" in raw else None
        self._snooze = SnoozeShape(raw["snooze"], compiler, place / "snooze") if "snooze" in raw else None
        self._replies = Replies(raw.get("reply", []), self.answers, compiler, place / "reply", scope)
        self.later = (
            LaterShape(raw["later"], self.answers, compiler, place / "later", scope) if "later" in raw else None
        )
        self._failure = FailureShape(raw.get("failure", {}), self.title, compiler, place / "failure", scope)
        self.command = Command.of(raw["command"], self.title) if "command" in raw else None
        self.dialog = DialogShape(raw["dialog"], compiler, place / "dialog") if "dialog" in raw else None
        self.optional_secrets = frozenset(raw.get("optional_secrets", ()))
        self.secrets = _secrets(raw.get("request", {})) - self.optional_secrets
        self.by_settings = self._request is not None and self._request.address.by_settings
        self._check(raw, place)
        self.faults = placed(noted, source.text, source.file)

    @property
    def asks(self) -> bool:
        """Whether it sends a request."""
        return self._request is not None

    @property
    def looks(self) -> bool:
        """Whether it only looks something up: whoever asks changes nothing, and may ask again."""
        return self._request is not None and self._request.looks

    @property
    def snoozes(self) -> bool:
        """Whether it snoozes a subject, which may be done again and again."""
        return self._snooze is not None

    @property
    def gives_options(self) -> bool:
        """Whether it gives the options of a field of a dialog."""
        return self._replies.gives_options

    def act(self, said: Said, given: Given | None = None) -> Act:
        """What is to be done at an occasion; nothing is raised, see `Act.problem`."""
        given, context = self._seen(said, given or Given())
        act = Act(said.occasion, context, given=given)
        if self._schema is not None and not self._schema.matches(said.input):
            wrong = "; ".join(map(str, self._schema.mismatches(said.input, _SHOWN)))
            return Act(said.occasion, context, problem=f"it needs what was not given: {wrong}", given=given)
        try:
            add_values(context, self._let)
            if self.dialog is not None and said.occasion in _OPENING:
                return Act(said.occasion, context, dialog=self.dialog.render(context, self.name), given=given)
            if said.input.get("cancelled"):
                return act
            if self._snooze is not None:
                return replace(act, snooze=self._snooze.render(context))
            if self._request is None:
                return act
            return Act(said.occasion, context, self._request.render(context, given), given=given)
        except TranslationError as error:
            return Act(said.occasion, context, problem=str(error), given=given)

    def reply(
        self,
        act: Act,
        answer: OutsideAnswer | NoAnswer | None = None,
        limits: Limits = DEFAULT,
        *,
        mentions: bool = False,
    ) -> Reply:
        """The reply to an act; `answer` is that of the service to its request. Nothing is raised.

        With `mentions`, those of the message notify.
        """
        context, problem = act.context, act.problem
        if isinstance(answer, NoAnswer):
            if answer.unsure:
                return unsure(self.title, answer.problem, act.occasion, limits)
            problem = answer.problem
        elif answer is not None:
            answer = act.masked(answer)
            context = {**context, "answer": answer.seen()}
            if self._request is not None and act.request is not None:
                problem = self._request.problem(answer, act.request, shown=self._replies.shows_answer)
        try:
            if problem:
                return self._failure.render(context, act.occasion, problem, limits, mentions=mentions)
            return self._replies.render(context, act.occasion, limits, mentions=mentions)
        except TranslationError as error:
            told = problem or str(error)
            return Reply(USUAL[act.occasion], default_failure(self.title, told, limits), problem=told)

    def reply_later(
        self,
        said: Said,
        answer: OutsideAnswer,
        given: Given | None = None,
        limits: Limits = DEFAULT,
        *,
        mentions: bool = False,
    ) -> Reply:
        """The reply to what the service posts later; `said` is what it answers, as far as that is known.

        Nothing is raised; a reply with a `problem` shows nothing, and the service should be told of it.
        """
        given, context = self._seen(said, given or Given())
        if self.later is None:
            return Reply(problem=f"{self.name} takes no answers that come later")
        answer = given.shown(answer)
        return self.later.render(context, answer, said.occasion, limits, mentions=mentions)

    def _seen(self, said: Said, given: Given) -> tuple[Given, Context]:
        """What is given, with the defaults of the document, and what all its templates see."""
        defaults = {name: value for name, value in self.settings.items() if value is not None}
        given = replace(given, settings={**defaults, **given.settings})
        return given, {**said.input, "input": said.input, **given.about()}

    def _input_schema(self, raw: Mapping[str, JSON], place: DocumentPlace) -> Schema | None:
        if self.input is True:
            return None
        for cost in schema_cost.unbearable(self.input):
            steps = steps_of(raw["input"], cost.steps)
            DocumentPlace(place.document, ("input", *steps), place.faults).fault(cost.problem)
        try:
            return Schema(tolerant(self.input))
        except ValueError as error:
            (place / "input").fault(str(error))
            return None

    def _check(self, raw: Mapping[str, JSON], place: DocumentPlace) -> None:
        """Note what stands where it must not, and what does not fit the occasions."""
        self._check_hidden(raw, place)
        for steps, name in named({key: raw[key] for key in raw if key not in (SETTINGS, "input")}, SETTINGS):
            if name != _URL and name not in self.settings:
                _at(place, steps).fault(
                    f"settings.{name} is not in `settings` of the document: write it there, with its default or null"
                )
        if isinstance(raw.get("input"), Mapping) and "type" not in raw["input"]:
            for key in raw["input"]:
                if (bare := str(key).removesuffix("?")) not in KEYS:
                    near = get_close_matches(bare, KEYS, 1)
                    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}"
                    (place / "input" / key).fault(f"nothing that is said or clicked has the key {bare!r}; {hint}")
        self._check_occasions(place)
        self._check_later(raw, place)

    def _check_hidden(self, raw: Mapping[str, JSON], place: DocumentPlace) -> None:
        """Note where something secret would be shown."""
        for key in ("let", "reply", "failure", "dialog", "command", "later"):
            for steps, name in named(raw.get(key, {}), SECRETS):
                what = f"secrets.{name}" if name else "secrets"
                _at(place, (key, *steps)).fault(f"{what} would be shown: {_HIDDEN}")
            for way in (REPLY_URL, CONVERSATION):
                for steps, _ in named(raw.get(key, {}), way):
                    _at(place, (key, *steps)).fault(f"{way} would be shown, and whoever has it may answer: {_HIDDEN}")
        for steps, name in named(raw.get("request", {}), SECRETS):
            if not name:
                _at(place, ("request", *steps)).fault("write which secret: secrets.NAME")

    def _check_occasions(self, place: DocumentPlace) -> None:
        if self.command is not None and Occasion.COMMAND not in self.answers:
            (place / "command").fault("it answers no command: add command to `answers`")
        if self.command is None and Occasion.COMMAND in self.answers:
            (place / "answers").fault("a document that answers a command says which: write `command: {trigger: ...}`")
        if self.command is not None and self.command.sub.lower() == HELP:
            (place / "command" / "sub").fault(f"`{HELP}` is made from all documents of a command: choose another word")
        if self._snooze is not None and self._request is not None:
            (place / "snooze").fault("who snoozes asks no service: leave out `request`")
        if self.dialog is not None and not _OPENING & set(self.answers):
            (place / "dialog").fault("a dialog is opened by a command or an action: add one to `answers`")
        if self.dialog is not None and not self.dialog.answered_by and Occasion.DIALOG not in self.answers:
            (place / "dialog").fault("nobody answers this dialog: add dialog to `answers`, or name its `callback`")

    def _check_later(self, raw: Mapping[str, JSON], place: DocumentPlace) -> None:
        """Note where a service is told to answer later and no answer is taken, or the other way round."""
        request = raw.get("request", {})
        told = [steps for steps, _ in named(request, REPLY_URL)]
        if told and self.later is None:
            _at(place, ("request", *told[0])).fault(f"who is given {REPLY_URL} answers there: write `later`")
        of_one_url = self.later is not None and self.later.of_conversation and any(named(request, CONVERSATION))
        if self.later is not None and not told and not of_one_url:
            (place / "later").fault(
                f"the service does not know where to answer: give it {REPLY_URL} in `request`, or {CONVERSATION} there "
                "and in `later`, if it sends all answers to one URL"
            )


def _secrets(request: Mapping[str, JSON]) -> frozenset[str]:
    """The names of the secrets that a request needs."""
    auth = request.get("auth", {})
    return frozenset({*(key for _, key in named(request, SECRETS) if key), *([auth["secret"]] if auth else [])})


def completed(raw: Mapping[str, JSON], common: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """A document with what all callbacks of its service have in common; what it says itself is taken instead.

    Of headers, parameters and settings, that is each by its name.
    """
    if not common:
        return raw
    made = {**raw, SETTINGS: {**common.get(SETTINGS, {}), **raw.get(SETTINGS, {})}}
    made.setdefault("optional_secrets", common.get("optional_secrets", []))
    if "request" in raw:
        own, shared = raw["request"], common.get("request", {})
        merged = {key: {**shared[key], **own.get(key, {})} for key in _MERGED if key in shared}
        made["request"] = {**shared, **own, **merged}
    return made


def _at(place: DocumentPlace, steps: Steps) -> DocumentPlace:
    for step in steps:
        place = place / step
    return place


def callbacks(service: Service) -> dict[str, CallbackShape]:
    """The callbacks of a service, by the names of their documents: "acknowledge"."""
    parts = {name: document.part for name, document in service.documents.items() if document.part is not None}
    return parts_of(CALLBACK, parts)


def conflicts(parts: Mapping[str, Any]) -> Iterator[Conflict]:
    """What does not fit between the callbacks of a service."""
    commands: dict[tuple[str, str], str] = {}
    for name, one in parts.items():
        if one.command is not None:
            key = (one.command.trigger, one.command.sub.lower())
            first = commands.setdefault(key, name)
            if first != name:
                yield Conflict(
                    name, ("command",), f"{first} answers `{' '.join(one.command.usage.split()[:2])}` already"
                )
        if one.dialog is None:
            continue
        yield from _dialog_conflicts(name, one.dialog, parts)


def _dialog_conflicts(name: str, dialog: DialogShape, parts: Mapping[str, Any]) -> Iterator[Conflict]:
    by = dialog.answered_by
    if by and (by not in parts or Occasion.DIALOG not in parts[by].answers):
        yield Conflict(name, ("dialog", "callback"), _no_callback(by, parts, "has dialog in `answers`"))
    for index, asked in enumerate(one.asks for one in dialog.fields):
        if asked and (asked not in parts or not parts[asked].gives_options):
            steps = ("dialog", "fields", index, "options_from")
            yield Conflict(name, steps, _no_callback(asked, parts, "gives `options` in its reply"))


def _no_callback(name: str, parts: Mapping[str, Any], needed: str) -> str:
    if name in parts:
        return f"callbacks/{name}.yaml does not do that: it would be one that {needed}"
    near = get_close_matches(name, parts, 1)
    return f"the service has no callback {name!r}; " + (
        f"did you mean {near[0]}?" if near else "write callbacks/NAME.yaml"
    )


CALLBACK: Final = register(
    Kind("callback", "callbacks", CallbackShape, "callback", conflicts=conflicts, read=reading.faults)
)
