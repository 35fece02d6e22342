"""Dialogs: the form that a command or button opens, as Mattermost takes it. Contract 5.2; its limits are in bytes."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.language.document import Compiler, DocumentPlace
from gateway.language.output import Mode
from gateway.language.template import Context, Template

TITLE: Final = 24
"""Bytes of a dialog's title, of the label of its button and of those of its fields."""

_HELP: Final = 150
_TEXT: Final = {"textarea": 3_000}
_PLAIN_KINDS: Final = {"text": "text", "number": "text", "textarea": "textarea", "flag": "bool", "radio": "radio"}
_OPTIONAL_TEXTS: Final = {"help": "help_text", "placeholder": "placeholder", "default": "default"}


class FieldShape:
    """One field, compiled. `asks` is the callback that gives its options ("": it has its own)."""

    def __init__(self, raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace) -> None:
        self.name: str = raw["name"]
        self.asks: str = raw.get("options_from", "")
        self._kind: str = raw.get("type", "text")
        self._optional: bool = raw.get("optional", False)
        self._label = _short(raw.get("label", self.name), compiler, place / "label")
        self._texts = {
            key: compiler.template(raw[key], Mode.PLAIN, place / key) for key in _OPTIONAL_TEXTS if key in raw
        }
        self._options = [(str(one), str(one)) if not isinstance(one, Mapping) else _pair(one) for one in _options(raw)]
        self._check(raw, place)

    def render(self, context: Context) -> dict[str, Any]:
        """The element of the dialog. Raises TranslationError."""
        made: dict[str, Any] = {"display_name": _cut(self._label.render(context) or self.name, TITLE)}
        made |= {"name": self.name, "type": _PLAIN_KINDS.get(self._kind, "select"), "optional": self._optional}
        if self._kind == "number":
            made["subtype"] = "number"
        if self._kind in ("users", "channels"):
            made["data_source"] = self._kind
        if self.asks:
            made["data_source"] = "dynamic"
        if self._options:
            made["options"] = [{"text": text, "value": value} for text, value in self._options]
        for key, template in self._texts.items():
            if text := template.render(context):
                made[_OPTIONAL_TEXTS[key]] = _cut(text, _TEXT.get(self._kind, _HELP) if key != "help" else _HELP)
        return made

    def _check(self, raw: Mapping[str, Any], place: DocumentPlace) -> None:
        """Note a fault where the kind of the field and its options do not fit."""
        given = [key for key in ("options", "options_from") if key in raw]
        if len(given) > 1:
            (place / given[1]).fault("a field has options of its own, or those of a callback")
        if given and self._kind not in ("select", "radio"):
            (place / given[0]).fault("only fields of type select and radio have options")
        if self._kind == "radio" and given != ["options"]:
            place.fault("a field of type radio needs `options`")
        if self._kind == "select" and not given:
            place.fault("a field of type select needs `options` or `options_from`")


class DialogShape:
    """The `dialog` of a document, compiled. `answered_by` is the name of the callback that it is submitted to.

    `asks` has the callbacks that give the options of fields, by the name of the field.
    """

    def __init__(self, raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace) -> None:
        self.answered_by: str = raw.get("callback", "")
        self._title = _short(raw["title"], compiler, place / "title")
        self._submit = _short(raw["submit"], compiler, place / "submit") if "submit" in raw else None
        self._text = compiler.template(raw["text"], Mode.MARKDOWN, place / "text") if "text" in raw else None
        self._on_cancel: bool = raw.get("on_cancel", False)
        fields = place / "fields"
        self.fields = [FieldShape(one, compiler, fields / index) for index, one in enumerate(raw["fields"])]
        self.asks = {one.name: one.asks for one in self.fields if one.asks}
        names = [one.name for one in self.fields]
        for index, name in enumerate(names):
            if name in names[:index]:
                (fields / index / "name").fault(f"another field has the name {name!r}")

    def render(self, context: Context, name: str) -> dict[str, Any]:
        """The dialog, without its `state` and the URLs, which are the door's. Raises TranslationError."""
        made: dict[str, Any] = {"callback_id": name, "title": _cut(self._title.render(context) or name, TITLE)}
        if self._text is not None and (text := self._text.render(context)):
            made["introduction_text"] = text
        if self._submit is not None and (label := self._submit.render(context)):
            made["submit_label"] = _cut(label, TITLE)
        elements = [field.render(context) for field in self.fields]
        return {**made, "elements": elements, "notify_on_cancel": self._on_cancel}


def _options(raw: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = raw.get("options", [])
    return found


def _pair(raw: Mapping[str, Any]) -> tuple[str, str]:
    return str(raw["text"]), str(raw.get("value", raw["text"]))


def _short(source: Any, compiler: Compiler, place: DocumentPlace) -> Template:
    """A template for a label; one that is too long for Mattermost, as it is written, is a fault."""
    text = str(source)
    if "{" not in text and len(text.encode()) > TITLE:
        place.fault(f"Mattermost shows {TITLE} bytes here, this has {len(text.encode())}")
    return compiler.template(source, Mode.PLAIN, place)


def _cut(text: str, limit: int) -> str:
    """At most `limit` bytes of a text, with an ellipsis where it is cut."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode()
    mark = "…"
    return raw[: limit - len(mark.encode())].decode("utf-8", "ignore").rstrip() + mark
