"""XML documents as JSON values: `{"root": {"@attribute": "1", "child": ["a", "b"], "#text": "c"}}`.

Namespaces are dropped, because translators use local names; document type declarations and entities are refused.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from gateway.decode.jsontext import DEPTH, TooDeepError
from gateway.model import JSON


def parse(text: bytes | str, depth: int = DEPTH) -> dict[str, JSON]:
    """Return the document as an object whose one key is the root's name; an element of text alone is that text.

    `bytes` follow the encoding that the document declares, `str` is decoded already. Raises ValueError with line and
    column, or TooDeepError.
    """
    try:
        root = fromstring(text, forbid_dtd=True)
    except ParseError as error:
        raise ValueError(f"not XML: {error}") from None
    except DefusedXmlException:
        raise ValueError("XML that declares a document type or entities is not accepted") from None
    except (ValueError, LookupError) as error:
        raise ValueError(f"not XML: {error}") from None
    return {_local_name(root.tag): _value(root, depth - 1, depth)}


def _value(element: Element, left: int, depth: int) -> JSON:
    if left < 0:
        raise TooDeepError(f"XML nested deeper than {depth} levels")
    children: dict[str, list[JSON]] = {}
    for child in element:
        children.setdefault(_local_name(child.tag), []).append(_value(child, left - 1, depth))
    text = " ".join(_texts(element))
    if not children and not element.attrib:
        return text
    value: dict[str, JSON] = {f"@{_local_name(name)}": content for name, content in element.attrib.items()}
    value.update({name: values[0] if len(values) == 1 else values for name, values in children.items()})
    return {**value, "#text": text} if text else value


def _texts(element: Element) -> Iterator[str]:
    for text in (element.text, *(child.tail for child in element)):
        if text and (stripped := text.strip()):
            yield stripped


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]
