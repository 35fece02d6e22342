"""First, last, join, length and the like: MiniJinja's own filters fail on null or write it as "None"; these do not."""

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.language.functions.coerce import markdown_of, number_of, number_text, text_of
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import MAX_OUTPUT, Example, Number, function
from gateway.model import JSON

_LEAST: Final = 10
"""Characters that an element counts for at least, where many are joined."""


def _elements(value: JSON) -> list[JSON]:
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, dict):
        return list(value)
    return [] if value is None else [value]


@function(
    doc="The first element of an array, the first character of a text.",
    examples=[Example("{{ a | first }}", {"a": ["x", "y"]}, "x"), Example("{{ a | first }}", {"a": []}, "")],
)
def first(value: JSON) -> JSON:
    """The first element, or None."""
    sequence = value if isinstance(value, str) else _elements(value)
    return sequence[0] if sequence else None


@function(
    doc="The last element of an array, the last character of a text.",
    examples=[Example("{{ a | last }}", {"a": ["x", "y"]}, "y")],
)
def last(value: JSON) -> JSON:
    """The last element, or None."""
    sequence = value if isinstance(value, str) else _elements(value)
    return sequence[-1] if sequence else None


@function(
    doc="How many elements, keys or characters; 0 when missing.",
    examples=[Example("{{ a | length }}", {"a": [1, 2]}, "2"), Example("{{ a | length }}", {"a": None}, "0")],
    missing="handles",
)
def length(value: JSON = None) -> JSON:
    """The length of what has one, else 0."""
    return len(value) if isinstance(value, str | list | tuple | dict) else 0


def _separator_text(separator: JSON) -> str:
    """The author's text between elements, which may contain Markdown; a missing one is empty."""
    return str(separator) if isinstance(separator, str) else text_of(separator)


def _join_plain(value: JSON, separator: JSON = ", ") -> JSON:
    shown = (text_of(item) for item in _elements(value) if item not in (None, ""))
    return _separator_text(separator).join(_until_full(shown)) or None


def _until_full(texts: Iterable[str]) -> Iterator[str]:
    """As many of the texts as the result of a function holds."""
    room = MAX_OUTPUT
    for text in texts:
        yield text
        room -= max(_LEAST, len(text))
        if room <= 0:
            return


@function(
    doc="The elements in one text, without what is missing or empty; see join_names for objects and long lists.",
    examples=[Example("{{ a | join(', ') }}", {"a": ["x", None, "*y*"]}, "x, \\*y\\*")],
    plain=_join_plain,
)
def join(value: JSON, separator: JSON = ", ") -> JSON:
    """The elements, each escaped, joined by the separator; None when there is none."""
    shown = (markdown_of(item) for item in _elements(value) if item not in (None, ""))
    return Markup(_separator_text(separator).join(_until_full(shown))) or None


@function(
    doc="The text with every `old` replaced by `new`.",
    examples=[Example("{{ a | replace('_', ' ') }}", {"a": "in_progress"}, "in progress")],
)
def replace(value: JSON, old: JSON = "", new: JSON = "") -> JSON:
    """The text with a part replaced everywhere."""
    sought = text_of(old)
    return text_of(value).replace(sought, text_of(new)) if sought else text_of(value)


@function(
    doc="The number rounded to so many digits.",
    examples=[Example("{{ a | round(1) }}", {"a": 3.14159}, "3.1")],
    name="round",
)
def rounded(value: JSON, digits: Number = 0) -> JSON:
    """The number as text, rounded; None for what is no number."""
    number, places = number_of(value), number_of(digits)
    if number is None:
        return None
    return number_text(round(number, max(0, min(int(places or 0), 12))))
