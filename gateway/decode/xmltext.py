"""XML documents as JSON values: `{"root": {"@attribute": "1", "child": ["a", "b"], "#text": "c"}}`.

Namespaces are dropped, because translators use local names; document type declarations, and so entities, are refused.
Expat is used without its handling of namespaces, which writes the URI of the namespace out in every name: a URI of
100 kB and 10,000 short names would take 1 GB.
"""

from typing import Any
from xml.parsers import expat

from gateway.decode.bounds import ATTRIBUTE_NODES, DEPTH, ELEMENT_NODES, Allowance, TooDeepError, TooManyError
from gateway.model import JSON


def parse(text: bytes | str, depth: int = DEPTH, allowance: Allowance | None = None) -> dict[str, JSON]:
    """Return the document as an object whose one key is the root's name; an element of text alone is that text.

    `bytes` follow the encoding that the document declares, `str` is decoded already. Elements and attributes are taken
    from the allowance as they are read. Raises ValueError with line and column, or BoundError.
    """
    reader = _Reader(depth, allowance or Allowance())
    if (text.count("=") if isinstance(text, str) else text.count(b"=")) > reader.allowance.left:
        raise TooManyError("an XML document with too many attributes")  # expat would collect those of an element first
    try:
        reader.parser.Parse(text, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(f"not XML: {error}") from None
    return reader.document


class _Element:
    __slots__ = ("attributes", "children", "name", "texts")

    def __init__(self, name: str, attributes: dict[str, JSON]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: dict[str, list[JSON]] = {}
        self.texts: list[str] = []

    def value(self) -> JSON:
        text = " ".join(self.texts)
        if not self.children and not self.attributes:
            return text
        value = self.attributes
        value.update({name: values[0] if len(values) == 1 else values for name, values in self.children.items()})
        return {**value, "#text": text} if text else value


class _Reader:
    """Builds the value while expat reads. `document` is what is built, whole when expat is done."""

    def __init__(self, depth: int, allowance: Allowance) -> None:
        self.allowance = allowance
        self.document: dict[str, JSON] = {}
        self._depth = depth
        self._open: list[_Element] = []
        self._text: list[str] = []
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.allowance.take(ELEMENT_NODES + ATTRIBUTE_NODES * len(attributes))
        if len(self._open) >= self._depth:
            raise TooDeepError(f"XML nested deeper than {self._depth} levels")
        self._keep_text()
        kept: dict[str, Any] = {
            f"@{_local_name(name)}": content
            for name, content in attributes.items()
            if not name.startswith("xmlns") or name[5:6] not in ("", ":")
        }
        self._open.append(_Element(_local_name(tag), kept))

    def _end(self, _: str) -> None:
        self._keep_text()
        element = self._open.pop()
        if self._open:
            self._open[-1].children.setdefault(element.name, []).append(element.value())
        else:
            self.document = {element.name: element.value()}

    def _keep_text(self) -> None:
        """Add the text since the last tag to the innermost open element."""
        if self._text:
            if stripped := "".join(self._text).strip():
                self._open[-1].texts.append(stripped)
            self._text.clear()


def _refuse_document_type(*_: object) -> None:
    raise ValueError("XML that declares a document type or entities is not accepted")


def _local_name(tag: str) -> str:
    return tag.rpartition(":")[2]
