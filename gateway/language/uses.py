"""A use of a fragment: `{use: alert, with: {name: "{{ labels.alertname }}", state: "{{ status }}"}}`.

The values of `with` keep their types, as those of `let` do; the fragment sees them by the names of its inputs.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Context
from gateway.model import JSON


class Use:
    """A compiled use; `gives` is the key of what is used: "attachment", "fields" or "text"."""

    __slots__ = ("_part", "_values")

    def __init__(self, raw: Mapping[str, JSON], gives: str, compiler: Compiler, place: DocumentPlace) -> None:
        given = raw.get("with", {})
        self._values = [(name, compiler.value(source, place / "with" / name)) for name, source in given.items()]
        self._part: Any = None
        try:
            fragment = compiler.fragments.find(raw["use"])
            self._part = fragment.part(gives)
        except ValueError as error:
            (place / "use").fault(str(error))
            return
        for name in given.keys() - set(fragment.inputs):
            near = get_close_matches(name, fragment.inputs, 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(fragment.inputs)}"
            (place / "with" / name).fault(f"the fragment {raw['use']} has no input {name!r}; {hint}")
        for name in set(fragment.demanded) - given.keys():
            (place / "use").fault(f"the fragment {raw['use']} needs the input {name!r}; give it in `with`")

    def render(self, context: Context) -> Any:
        """What the fragment gives; None when nothing is left of it. Raises TranslationError."""
        values = {name: found for name, value in self._values if (found := value.get(context)) is not None}
        return self._part.render(values)
