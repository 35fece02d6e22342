"""Persons: what `author: EXPR` of an attachment shows of one, as the service describes them in shared.yaml.

    author: {name: "{{ coalesce(full_name, login) }}", link: "{{ html_url }}", icon: "{{ avatar_url }}"}

These templates see the keys of the person (`item`), and none of the payload, where `name` would be another one's. What
is no object has the name that `name` makes of `item` (some services send ids), and is the name itself where that is
nothing.
"""

from collections.abc import Mapping
from typing import Final

from gateway.language.document import Compiler, DocumentPlace
from gateway.language.output import Mode
from gateway.language.template import Context
from gateway.model import JSON

_MODES: Final = {"name": Mode.PLAIN, "link": Mode.RAW, "icon": Mode.RAW}
_AROUND: Final = ("payload", "request")

Texts = dict[str, str | None]
"""The texts by the keys of an attachment: author_name, author_link, author_icon."""


class AuthorShape:
    """The description of a person, compiled: templates that look up `names`, those `around` not in the person."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        with compiler.names_used() as self.names:
            self.templates = [
                (f"author_{key}", compiler.template(raw[key], mode, place / key).render)
                for key, mode in _MODES.items()
                if key in raw
            ]
        shared = [name for name, _ in compiler.shared_among(self.names)]
        self.around = [name for name in (*_AROUND, *shared) if name in self.names]
        self.item = "item" in self.names


class AuthorUse:
    """`author: EXPR` in an attachment."""

    def __init__(self, raw: str, shape: AuthorShape | None, compiler: Compiler, place: DocumentPlace) -> None:
        self._person = compiler.value(raw, place, expression=True).get
        self._shape = shape
        if shape is None:
            place.fault("shared.yaml does not say what an author is: write `author: {name: ..., link: ...}` there")
        else:
            compiler.engine.names_used |= shape.names  # shared values among them are computed for the document

    def render(self, context: Context) -> Texts:
        """The texts of the person. Raises TranslationError."""
        person, shape = self._person(context), self._shape
        if person is None or shape is None or isinstance(person, list):
            return {}
        seen: Context = person if isinstance(person, dict) else {}
        if shape.item or shape.around:
            around = {name: context[name] for name in shape.around if name in context}
            seen = {**around, **seen, "item": person}
        texts: Texts = {}
        for key, render in shape.templates:
            texts[key] = render(seen)
        if not isinstance(person, dict):
            texts["author_name"] = texts["author_name"] or str(person)
        return texts
