"""A close reading of callbacks, for `check`: paths in their templates that neither the input nor the document knows."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.callbacks.given import CONVERSATION, NOW, REPLY_URL, SECRETS, SETTINGS
from gateway.callbacks.known import INPUT, OWN
from gateway.catalog.kinds import Text
from gateway.catalog.paths import DocumentReader, Steps, inside
from gateway.catalog.shapes import compiled
from gateway.errors import Fault
from gateway.language.document import DocumentPlace
from gateway.language.known import ANY, SCALAR, Known, SchemaReader, union
from gateway.model import JSON

_TEMPLATES: Final = ("url", "query", "headers", "json", "form", "text")
_REPLY: Final = ("when", "message", "errors", "options")
_DIALOG: Final = ("title", "text", "submit")
_FIELD: Final = ("label", "help", "placeholder", "default")


def faults(source: Text, _: Mapping[str, JSON], part: Any) -> list[Fault]:
    """What a close reading finds in a callback that compiles to `part`."""
    reader, raw = DocumentReader(source), part.raw
    names = _names(part)
    for name, value in raw.get("let", {}).items():
        names = names.extended({name: reader.text("let", value, names, ("let", name))})
    request = raw.get("request", {})
    asking = names.extended({SECRETS: ANY, REPLY_URL: SCALAR, CONVERSATION: SCALAR})
    for key in (key for key in _TEMPLATES if key in request):
        _values(reader, request[key], asking, ("request", key))
    _values(reader, request.get("auth", {}).get("claims", {}), asking, ("request", "auth", "claims"))
    _values(reader, raw.get("snooze", {}), names, ("snooze",))
    _replies(reader, raw.get("reply", {}), names.extended({"answer": _answer(request, part)}), "reply")
    later = raw.get("later", {})
    seen = names.extended({"answer": _answer(later, part)})
    _parts(reader, later, ("conversation",), Known.of(answer=_answer(later, part)), ("later",))
    _replies(reader, later.get("reply", {}), seen, "later", "reply")
    failed = names.extended({"answer": _answer({}, part), "problem": SCALAR})  # whose JSON is another than is expected
    _parts(reader, raw.get("failure", {}), _REPLY, failed, ("failure",))
    dialog = raw.get("dialog", {})
    _parts(reader, dialog, _DIALOG, names, ("dialog",))
    for steps, one in _numbered(dialog.get("fields", []), "dialog", "fields"):
        _parts(reader, one, _FIELD, names, steps)
    return reader.faults


def _names(part: Any) -> Known:
    """What templates see of the input: as it always is, and as the document describes it."""
    always = SchemaReader(INPUT).known()
    described = SchemaReader(part.input).known() if part.input is not True else Known()
    keys = {}
    for name in described.keys:
        own, usual = described.key(name) or ANY, always.key(name) or ANY
        keys[name] = own if name in OWN else union([own, usual])
    settings = Known.of(**dict.fromkeys({*part.settings, "url"}, SCALAR))
    return always.extended({**keys, "input": always.extended(keys), SETTINGS: settings, NOW: SCALAR})


def _answer(request: Mapping[str, JSON], part: Any) -> Known:
    """What templates of the reply see of the service's answer."""
    schema = compiled(request["answer"], part.shapes, DocumentPlace("", (), [])) if "answer" in request else True
    json = SchemaReader(schema).known() if schema is not True else ANY
    return Known.of(status=SCALAR, headers=ANY, json=json, text=SCALAR)


def _numbered(raw: list[JSON], *steps: str) -> list[tuple[Steps, JSON]]:
    return [((*steps, index), one) for index, one in enumerate(raw)]


def _replies(reader: DocumentReader, raw: JSON, names: Known, *steps: str) -> None:
    """Read one reply, or a list of them."""
    for place, one in [(steps, raw)] if isinstance(raw, Mapping) else _numbered(raw, *steps):
        _parts(reader, one, _REPLY, names, place)


def _parts(reader: DocumentReader, raw: Mapping[str, JSON], keys: tuple[str, ...], names: Known, steps: Steps) -> None:
    for key in (key for key in keys if key in raw):
        reader.part(key, raw[key], names, (*steps, key))


def _values(reader: DocumentReader, raw: JSON, names: Known, steps: Steps) -> None:
    """Read the values of a body, query or headers, whose keys are those of the service."""
    if isinstance(raw, str):
        reader.text("let", raw, names, steps)
    elif isinstance(raw, Mapping) and "each" in raw and ("item" in raw or "line" in raw):
        repeated = reader.text("each", raw["each"], names, (*steps, "each")).repeated()
        within = inside(names, repeated, str(raw.get("as", "item")))
        for key in (key for key in ("when", "item", "line") if key in raw):
            _values(reader, raw[key], within, (*steps, key)) if key != "when" else reader.text(
                key, raw[key], within, (*steps, key)
            )
    elif isinstance(raw, Mapping | list):
        for step, inner in raw.items() if isinstance(raw, Mapping) else enumerate(raw):
            _values(reader, inner, names, (*steps, step))
