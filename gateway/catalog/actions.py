"""The `actions` of a translator or card: buttons and menus below what it shows, each of which a callback answers.

actions:
- {name: Acknowledge, callback: acknowledge, context: {incident: "{{ incident.id }}"}, done: Acknowledged}
- {name: Silence, callback: silence, context: {alert: "{{ fingerprint }}"}, options: [{text: 1 hour, value: 1h}]}

The callback is callbacks/acknowledge.yaml of the service, or SERVICE/NAME of another one. It is told `context`, in
texts; of a menu also the value that was chosen.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.errors import TranslationError
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.output import Mode
from gateway.language.repeat import Items
from gateway.language.template import Context
from gateway.mattermost import clean
from gateway.mattermost.payload import Option
from gateway.model import JSON

OPTIONS: Final = 50
"""The most options of a menu."""

CALLBACKS: Final = "callbacks"
"""The folder of what answers actions."""

VALUE: Final = 1_000
"""Characters of a value of `context`: an action that needs a longer one is left out, as a part of it says nothing."""

_OPTION_TEXT: Final = 60
_OPTION_VALUE: Final = 60
_DONE: Final = 100
_ACTION: Final = "action"


class Offered(Struct, frozen=True):
    """An action as an event offers it: a button, or with `options` a menu.

    `document` declares it ("pagerduty/incident"), `callback` answers it ("pagerduty/acknowledge").
    """

    name: str
    document: str
    callback: str
    style: str = ""
    context: Mapping[str, str] = {}
    options: tuple[Option, ...] = ()


class Offers(Struct, frozen=True):
    """The actions that an event offers; `why` says why some are missing that the document declares."""

    actions: tuple[Offered, ...] = ()
    why: str = ""


class OptionShape:
    """One option, left out where its text or value is missing."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        text, value = raw["text"], raw.get("value", raw["text"])
        self._text = compiler.template(text, Mode.PLAIN, place / "text")
        self._value = compiler.outside(str(value), place / ("value" if "value" in raw else "text"))

    def render(self, context: Context) -> Option | None:
        """The option, or None."""
        text, value = clean.line(self._text.render(context), _OPTION_TEXT), _as_text(self._value.get(context))
        return Option(text, value) if text and value and len(value) <= _OPTION_VALUE else None


class ActionShape:
    """One compiled action. `confirm` is what a person is asked first ("": nothing), `allow` says who may (none: all).

    `keys` are those of its `context`.
    """

    def __init__(self, raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace) -> None:
        service = place.document.partition("/")[0]
        self.name: str = raw["name"]
        self.document = place.document
        self.callback: str = raw["callback"] if "/" in raw["callback"] else f"{service}/{raw['callback']}"
        self.confirm: str = raw.get("confirm", "")
        self.allow: tuple[str, ...] = tuple(raw.get("allow", ()))
        self.keys = frozenset(raw.get("context", ()))
        self._style: str = raw.get("style", "")
        self._when = compiler.condition(raw["when"], place / "when") if "when" in raw else None
        at = place / "context"
        self._context = [(key, compiler.outside(str(it), at / key)) for key, it in raw.get("context", {}).items()]
        self._options = (
            Items[Option](raw["options"], OptionShape, _no_rest, Mode.PLAIN, compiler, place / "options")
            if "options" in raw
            else None
        )
        self._done = compiler.template(raw.get("done", ""), Mode.PLAIN, place / "done")

    @property
    def menu(self) -> bool:
        """Whether one of several options is chosen."""
        return self._options is not None

    def render(self, context: Context) -> Offered | None:
        """The action; None where it is not offered, or something that it needs is missing. Raises TranslationError."""
        if self._when is not None and not self._when.holds(context):
            return None
        values = {}
        for key, value in self._context:
            text = _as_text(value.get(context))
            if text is None or len(text) > VALUE:
                return None
            values[key] = text
        options: tuple[Option, ...] = ()
        if self._options is not None:
            found = [one for one in self._options.render(context) if one.value]
            options = tuple({one.value: one for one in found}.values())[:OPTIONS]
            if not options:
                return None
        return Offered(self.name, self.document, self.callback, self._style, values, options)

    def told(self, option: str = "", context: Mapping[str, str] | None = None) -> str:
        """What was done, in words, once it is: what `done` says, else the name of the action.

        `option` is the value that was chosen of a menu, `context` that of the action.
        """
        try:
            said = self._done.render({**(context or {}), **({"option": option} if option else {})})
        except TranslationError:
            said = None
        return clean.line(said, _DONE) or self.name


class ActionsShape:
    """The compiled actions of a document, by their names, in their order."""

    def __init__(self, raw: Sequence[Mapping[str, Any]], compiler: Compiler, place: DocumentPlace) -> None:
        self.by_name: dict[str, ActionShape] = {}
        self.listed = [ActionShape(one, compiler, place / index) for index, one in enumerate(raw)]
        for index, one in enumerate(self.listed):
            at = place / index / "name"
            if one.name in self.by_name:
                at.fault(f"another action has the name {one.name!r}: each has its own, by which it is known")
            if "{{" in one.name or "{%" in one.name:
                at.fault("a name is shown as it stands, and is no template")
            elif one.name != clean.line(one.name.strip(), len(one.name)):
                at.fault("a name is one line, without blanks around it")
            self.by_name.setdefault(one.name, one)

    def offers(self, context: Context) -> Offers:
        """What is offered in a context: nothing, where one of them cannot be computed."""
        try:
            return Offers(tuple([made for one in self.listed if (made := one.render(context)) is not None]))
        except TranslationError as error:
            return Offers(why=f"no buttons: {error}")


class Misdirected(Struct, frozen=True):
    """An action that its callback does not answer: the name of the document, the steps to the place, the problem."""

    document: str
    steps: tuple[str | int, ...]
    problem: str


Parts = Mapping[str, Any]
"""The compiled documents of a service by their names."""


def misdirected(
    service: str, parts: Parts, elsewhere: Callable[[str], Parts | None] | None = None
) -> Iterator[Misdirected]:
    """What does not fit between the actions of a service and their callbacks.

    That is of its own callbacks, or with `elsewhere`, which has the documents of each service (None: there is no such
    one), of those of other services.
    """
    for document, part in parts.items():
        declared = getattr(part, "actions", None)
        for index, action in enumerate(declared.listed if isinstance(declared, ActionsShape) else ()):
            owner, _, name = action.callback.partition("/")
            if (owner == service) is (elsewhere is not None):
                continue
            there = parts if elsewhere is None else elsewhere(owner)
            if there is None:
                yield Misdirected(document, ("actions", index, "callback"), f"there is no service {owner!r}")
            elif why := _unanswered(name, there, "the service" if elsewhere is None else f"the service {owner}"):
                yield Misdirected(document, ("actions", index, "callback"), why)
            elif missing := sorted(_needed(there[f"{CALLBACKS}/{name}"].input) - action.keys):
                problem = f"the callback {name} needs context.{missing[0]}: give it in `context`"
                yield Misdirected(document, ("actions", index), problem)


def _unanswered(name: str, parts: Parts, service: str) -> str:
    """Why a callback among these documents cannot answer an action; "" when it can."""
    part = parts.get(f"{CALLBACKS}/{name}")
    if part is not None:
        if _ACTION in part.answers:
            return ""
        return f"callbacks/{name}.yaml answers {', '.join(part.answers)}: add action to its `answers`"
    known = [one.partition("/")[2] for one in parts if one.startswith(f"{CALLBACKS}/")]
    near = get_close_matches(name, known, 1)
    return f"{service} has no callback {name!r}; " + (
        f"did you mean {near[0]}?" if near else f"write callbacks/{name}.yaml"
    )


def _needed(schema: JSON) -> set[str]:
    """The keys of `context` that the input of a callback demands."""
    found = schema if isinstance(schema, Mapping) else {}
    for step in ("properties", "context"):
        found = found.get(step, {}) if isinstance(found, Mapping) else {}
    return set(found.get("required", ())) if isinstance(found, Mapping) else set()


def _as_text(value: JSON) -> str | None:
    """A value as text; None for one that is missing. What is no text is written as JSON writes it."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    try:
        return msgspec.json.encode(value).decode()
    except TypeError:
        return None


def _no_rest(_: str | None) -> Option:
    """What stands for the options that a limit left out: nothing, as it could not be chosen."""
    return Option("", "")
