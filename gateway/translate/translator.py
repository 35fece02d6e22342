"""One translator: a document compiled, and what it makes of a payload."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.errors import Fault
from gateway.mattermost.payload import Message
from gateway.model import JSON, Request
from gateway.translate import yamlfile
from gateway.translate.schema import Schema
from gateway.translate.shape import Compiler, MessageShape, Place
from gateway.translate.template import Context, Engine, Mode


class Draft(Struct, frozen=True):
    """What a translator said: a message about a subject, or why it is silent on purpose."""

    subject: str = ""
    message: Message | None = None
    ignored: str = ""


def context(value: JSON, request: Request, event: str) -> Context:
    """What templates see: the payload's keys, `payload` (all of it) and `request` (headers, query, event name).

    Header names are in lower case. Those two names win over keys of the payload, which stay reachable through `payload`.
    """
    keys = value if isinstance(value, dict) else {}
    about = {"headers": request.headers, "query": request.query, "event": event}
    return {**keys, "payload": value, "request": about}


class Translator:
    """A compiled document; `name` is "service/document". Every fault is noted in `faults` instead of raised."""

    def __init__(self, name: str, raw: Mapping[str, JSON], engine: Engine, text: str, file: str) -> None:
        self.name = name
        self.title: str = raw["title"]
        self.events: Sequence[str] = tuple(map(str, raw["events"]))
        self.input: JSON = raw.get("input", True)
        noted: list[tuple[tuple[str | int, ...], int, str]] = []
        place, compiler = Place(name, (), noted), Compiler(engine)
        try:
            self.schema = Schema(self.input)
        except ValueError as error:
            (place / "input").fault(str(error))
        self._when = compiler.condition(raw["when"], place / "when") if "when" in raw else None
        self._let = [(key, compiler.value(source, place / "let" / key)) for key, source in raw.get("let", {}).items()]
        self._ignore = compiler.condition(raw["ignore"], place / "ignore") if "ignore" in raw else None
        self._subject = compiler.template(raw.get("subject", ""), Mode.RAW, place / "subject")
        self._message = MessageShape(raw["message"], compiler, place / "message")
        self.faults = [
            Fault(file, yamlfile.line_of(text, steps) + line, "/".join(map(str, steps)), problem)
            for steps, line, problem in noted
        ]

    @property
    def conditional(self) -> bool:
        """Whether the document speaks only when its `when` holds."""
        return self._when is not None

    def speaks(self, context: Context) -> bool:
        """Whether the `when` of the document holds. Raises TranslationError."""
        return self._when is None or self._when.holds(context)

    def draft(self, context: Context) -> Draft:
        """What the document says about a payload that holds its schema. Raises TranslationError."""
        for name, value in self._let:
            context[name] = value.get(context)
        if self._ignore is not None and self._ignore.holds(context):
            return Draft(ignored=f"{self.name} ignores it")
        return Draft(subject=self._subject.render(context) or "", message=self._message.render(context))
