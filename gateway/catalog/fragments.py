"""Fragments: parts of messages that documents of all services use by name, each a document in the folder `fragments`.

    title: A build
    inputs: {name: text, state: text, link?: url, branch?: text}
    attachment: {color: "{{ state | severity_color }}", title: "{{ name }}: {{ state }}", title_link: "{{ link }}"}

A fragment gives one of `attachment`, `fields` and `text`. It sees its inputs and its own `let`, never the payload.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, Final

from msgspec import Struct

from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text, misnamed
from gateway.catalog.message_shape import AttachmentShape, fields_of
from gateway.catalog.metaschema import meta_faults
from gateway.catalog.misfits import as_name
from gateway.catalog.shapes import compiled
from gateway.errors import CatalogError, Fault
from gateway.language.document import Compiler, DocumentPlace, Fragment, Note, add_values
from gateway.language.output import Mode
from gateway.language.repeat import text
from gateway.language.template import Context, Engine
from gateway.model import JSON

_GIVES: Final = ("attachment", "fields", "text")


class FragmentShape:
    """A compiled fragment. Every fault is noted in `faults` instead of raised."""

    def __init__(self, source: Text, raw: Mapping[str, JSON], known: "KnownFragments") -> None:
        noted: list[Note] = []
        place, compiler = DocumentPlace(source.name, (), noted), Compiler(Engine(), fragments=known)
        if why := misnamed(source):
            place.fault(why)
        self.input: JSON = compiled(raw["inputs"], {}, place / "inputs")
        self.inputs = tuple(self.input.get("properties", {}))
        self.demanded = frozenset(self.input.get("required", ()))
        self._let = compiler.let(raw.get("let", {}), place / "let")
        self._gives = next(key for key in _GIVES if key in raw)
        self.titled = self._gives == "attachment" and "title" in raw[self._gives]
        self._part = self._compiled(raw[self._gives], compiler, place / self._gives)
        self.faults = yamlfile.placed(noted, source.text, source.file)

    def _compiled(self, raw: Any, compiler: Compiler, place: DocumentPlace) -> Any:
        if self._gives == "attachment":
            return AttachmentShape(raw, compiler, place)
        return fields_of(raw, compiler, place) if self._gives == "fields" else text(raw, Mode.MARKDOWN, compiler, place)

    def part(self, gives: str) -> "FragmentShape":
        """The fragment itself, which renders what it gives. Raises ValueError when that is something else."""
        if gives != self._gives:
            raise ValueError(f"this fragment gives {_told(self._gives)}; needed here: {_told(gives)}")
        return self

    def render(self, values: Context) -> Any:
        """What it gives for the values of its inputs. Raises TranslationError."""
        add_values(values, self._let)
        return self._part.render(values)


def _told(gives: str) -> str:
    return {"attachment": "an attachment", "fields": "fields", "text": "lines of a text"}[gives]


class _Made(Struct, frozen=True):
    """What became of the text of a fragment: the compiled one (None: it has `faults`), and the fragments it uses."""

    shape: FragmentShape | None
    faults: Sequence[Fault]
    used: AbstractSet[str]


class FragmentTexts:
    """The texts of the fragments of a catalog by name; each is compiled once for all services."""

    def __init__(self, texts: Mapping[str, Text]) -> None:
        self.texts = texts
        self.made: dict[str, _Made] = {}


class KnownFragments:
    """The fragments of a catalog as one service uses them by name, each compiled when a document uses it.

    `faults` are those of the fragments that were used, `used` their names.
    """

    def __init__(self, known: FragmentTexts) -> None:
        self._known = known
        self._texts = known.texts
        self._made = known.made
        self._open: list[str] = []
        self.faults: list[Fault] = []
        self.used: set[str] = set()

    def continues(self, before: "KnownFragments") -> bool:
        """Whether what was used before is the same now; its users are ours then."""
        if any(self._texts.get(name) != before._texts.get(name) for name in before.used):
            return False
        self.used |= before.used
        return True

    def find(self, name: str) -> Fragment:
        """The fragment of this name. Raises ValueError for one that does not exist, is faulty, or uses itself."""
        if name in self._open:
            raise ValueError(f"the fragment {name} uses itself: {' → '.join((*self._open, name))}")
        if name not in self.used:
            if name in self._texts:
                self._use(name)
            self.used.add(name)
        if name not in self._texts:
            raise ValueError(f"there is no fragment {name!r}; {self._meant(name)}")
        found = self._made[name].shape
        if found is None:
            raise ValueError(f"the fragment {name} has faults of its own: see {self._texts[name].file}")
        return found

    def _use(self, name: str) -> None:
        """Compile a fragment, unless another service did, and take over its faults and what it uses."""
        if name not in self._made:
            inner = KnownFragments(self._known)
            inner._open = [*self._open, name]
            self._made[name] = inner._compiled(self._texts[name])
        made = self._made[name]
        self.used |= made.used
        self.faults += [fault for fault in made.faults if fault not in self.faults]

    def _meant(self, name: str) -> str:
        """The fragment that may be meant, perhaps by a file whose name none can use, or those that there are."""
        odd = next((one for one in self._texts if misnamed(self._texts[one]) and as_name(one) == name), "")
        if odd:
            return f"rename {self._texts[odd].file} to {name}.yaml"
        near = get_close_matches(name, self._texts, 1)
        return f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(self._texts)) or 'none'}"

    def text(self, name: str) -> Text | None:
        """The text of a fragment; None when there is none of this name."""
        return self._texts.get(name)

    def compiled(self) -> Iterator[tuple[Text, JSON]]:
        """The text of every fragment without faults, and the JSON Schema of its inputs."""
        for name, source in self._texts.items():
            with suppress(ValueError):
                self.find(name)
            if (shape := self._made[name].shape) is not None:
                yield source, shape.input

    def all_faults(self) -> list[Fault]:
        """The faults of every fragment, used or not."""
        for name in self._texts:
            with suppress(ValueError):
                self.find(name)
        return self.faults

    def _compiled(self, source: Text) -> _Made:
        try:
            raw = yamlfile.load(source.text, source.file)
        except CatalogError as error:
            return _Made(None, error.faults, frozenset())
        if wrong := meta_faults(raw, "translator", "fragment", source):
            return _Made(None, wrong, frozenset())
        shape = FragmentShape(source, raw, self)
        return _Made(None if shape.faults else shape, [*self.faults, *shape.faults], self.used)


NO_FRAGMENTS: Final = KnownFragments(FragmentTexts({}))
"""For services without a catalog around them."""
