"""The paths of a document that neither its `input` nor its `let` knows: `check` reads all its templates for them.

A typing error in a path renders as nothing, like a value that a payload does not have; so nobody would see it before
the line is missed. The running gateway does not look for such paths: there, a message that lacks a line is worth more
than none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text
from gateway.errors import Fault
from gateway.language import braces
from gateway.language.constants import constants
from gateway.language.functions import TABLE
from gateway.language.known import ANY, SCALAR, Known, SchemaReader
from gateway.language.reader import UNNAMED, Reader
from gateway.model import JSON, Phase

REQUEST: Final = Known.of(headers=ANY, query=ANY, event=SCALAR)
_STATE: Final = Known.of(**dict.fromkeys("word phase color given".split(), SCALAR))
_EXPRESSIONS: Final = frozenset("when ignore blank each silent requested_ack persistent_notifications author".split())
"""Keys whose text is an expression; those of other keys are templates."""
_NO_TEMPLATES: Final = frozenset("as join limit use each state with".split())
"""Keys of a message whose value is no template, or is read before the others."""
_TEMPLATES: Final = ("ignore", "subject", "phase", "message", "attachment", "attachments", "fields", "text")
"""The keys of a document that templates stand under, beside `when`, `let` and `state`."""
_CHOICES: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "color": (re.compile("good|warning|danger|#([0-9a-fA-F]{3}){1,2}"), "write good, warning, danger or #rrggbb"),
    "phase": (re.compile("|".join(Phase)), f"write {', '.join(Phase)}"),
    "priority": (re.compile("important|urgent|standard"), "write important or urgent, or nothing"),
}
"""Keys whose text is one of few, and what to write."""
_URLS: Final = ("_link", "_url", "_icon")
"""The ends of the names of keys that hold URLs."""
_NO_LIST: Final = "this is a text or a number here: there is nothing to repeat for"
_FUNCTIONS: Final = frozenset(name for name, function in TABLE.items() if function.kind == "global")

Steps = tuple[str | int, ...]


def names_of(schema: JSON) -> Known:
    """The names that the templates of a document see whose payload has this schema."""
    payload = SchemaReader(schema).known()
    return payload.extended({"payload": payload, "request": REQUEST})


class DocumentReader:
    """Reads every template of one document.

    `faults` collects the paths that nobody knows, `authors` what is known of the persons whom it names as authors.
    """

    def __init__(self, source: Text) -> None:
        self.faults: list[Fault] = []
        self.authors: list[Known] = []
        self._source = source

    def read(
        self, raw: Mapping[str, JSON], names: Known, shared: Callable[[Known], Known] = lambda names: names
    ) -> Known:
        """Read a document whose templates see `names`; the names that its message sees, with those that it makes.

        `shared` adds the names that the service makes for all its documents.
        """
        if "when" in raw:  # which is asked before there are values of `let`
            self.text("when", raw["when"], names, ("when",))
        names = shared(names)
        later = list(raw.get("let", {}))
        for name, value in raw.get("let", {}).items():
            later.remove(name)
            names = names.extended({name: self.text("let", value, names, ("let", name), later=later)})
        names = self._with_state(raw, names, ())
        for key in _TEMPLATES:
            if key in raw:
                self.part(key, raw[key], names, (key,))
        for index, action in enumerate(raw.get("actions", ())):
            self._action(action, names, ("actions", index))
        return names

    def _action(self, raw: Mapping[str, JSON], names: Known, steps: Steps) -> None:
        """Read an action, whose `done` sees what is known when it was done."""
        if "when" in raw:
            self.text("when", raw["when"], names, (*steps, "when"))
        for key, value in raw.get("context", {}).items():
            self.text("context", value, names, (*steps, "context", key))
        self.part("options", raw.get("options", []), names, (*steps, "options"))
        if "done" in raw:
            given = Known.of(option=SCALAR, **dict.fromkeys(raw.get("context", ()), SCALAR))
            self.text("done", raw["done"], given, (*steps, "done"))

    def _with_state(self, raw: Mapping[str, JSON], names: Known, steps: Steps) -> Known:
        """The names with `state`, where a part of a document looks one up."""
        table = raw.get("state")
        if not isinstance(table, Mapping):
            return names
        for name, value in table.items():
            self.text("each", value, names, (*steps, "state", name))
        return names.extended({"state": _STATE})

    def part(self, key: str, raw: JSON, names: Known, steps: Steps) -> None:
        """Read the part under a key of a message: a template, an object, or a list of such."""
        if isinstance(raw, str):
            self.text(key, raw, names, steps)
        elif isinstance(raw, list):
            for index, inner in enumerate(raw):
                self.part(key, inner, names, (*steps, index))
        elif isinstance(raw, Mapping):
            self._object(raw, names, steps)

    def _object(self, raw: Mapping[str, JSON], outer: Known, steps: Steps) -> None:
        names = outer
        if "each" in raw:
            repeated = self.text("each", raw["each"], outer, (*steps, "each"))
            if repeated.is_scalar:
                self._fault((*steps, "each"), _NO_LIST, "leave out `each`, or say in `input` that it is a list: [...]")
            names = inside(outer, repeated.repeated(), str(raw.get("as", "item")))
        names = self._with_state(raw, names, steps)
        for key in (key for key in raw if key not in _NO_TEMPLATES):
            seen = outer.extended({"remaining": SCALAR}) if key == "more" else names
            self.part(key, raw[key], seen, (*steps, key))
        for name, value in raw.get("with", {}).items():
            self.text("with", value, names, (*steps, "with", name))

    def text(
        self,
        key: str,
        source: JSON,
        names: Known,
        steps: Steps,
        unnamed: str = UNNAMED,
        later: Sequence[str] = (),
    ) -> Known:
        """Read the template or expression under a key, which stands at `steps`; what is known of its value.

        `unnamed` says what to do about a name that nothing has; `later` are the names of `let` further down.
        """
        reader = Reader(_FUNCTIONS, unnamed, later)
        is_expression = key in _EXPRESSIONS
        value = (reader.expression if is_expression else reader.template)(str(source), names)
        if not is_expression and (meant := braces.forgotten(str(source), names, is_url=key.endswith(_URLS))):
            self._fault(steps, *meant)
        for one in reader.unknown:
            self._fault(steps, one.problem, one.remedy, one.path)
        if key == "author":
            self.authors.append(value)
        if key in _CHOICES:
            self._choose(key, str(source), steps)
        return value

    def _choose(self, key: str, source: str, steps: Steps) -> None:
        """Check the constant texts under a key that has only a few."""
        pattern, remedy = _CHOICES[key]
        for text in sorted(constants(source)):
            if not pattern.fullmatch(text):
                self._fault(steps, f"{text!r} is no {key}", remedy, text)

    def _fault(self, steps: Steps, problem: str, remedy: str, word: str = "") -> None:
        self.faults.append(yamlfile.fault(self._source.file, self._source.text, steps, problem, remedy, word=word))


def inside(outer: Known, element: Known, name: str) -> Known:
    """The names in a repetition: the keys of an element are among them, besides `item`, `index` and its own name."""
    keys = {key: found for key in element.keys if (found := element.key(key)) is not None}
    inner = outer.extended({**keys, "item": element, "index": SCALAR, name: element})
    return inner.opened() if element.is_open else inner
