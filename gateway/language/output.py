"""How values are written into texts, and how lines with missing values are dropped.

Four ways to write a value, by the key that it is for: MARKDOWN (Mattermost renders it), PLAIN (shown as it is), RAW
(addresses, colours, subjects: never shown as text) and LINES (for a service outside: nothing is escaped). A value that
is absent or null leaves a mark; the line that holds the mark is dropped. A text is cut where the results of functions
are: what no post shows costs no time.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from gateway.language.fast.source import Source
from gateway.language.functions.markdown import escape
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import MAX_OUTPUT
from gateway.language.functions.text import shorten
from gateway.mattermost.code import without_gaps
from gateway.mattermost.terminal import without_controls

ABSENT: Final = "\x00"
"""The mark of a value that is absent or null; it takes its line with it."""


class Mode(Enum):
    """How values are written into a template's output."""

    MARKDOWN = "markdown"
    PLAIN = "plain"
    RAW = "raw"
    LINES = "lines"


def _text_of(value: Any) -> str:
    """The text of a value that is not a string; `ABSENT` for one that cannot be shown."""
    if value is None or callable(value):
        return ABSENT
    if value is True or value is False:
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(_text_of(item) for item in value if item is not None)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text_of(item)}" for key, item in value.items() if item is not None)
    return _without_controls(str(value))


def _without_controls(text: str) -> str:
    """The text without terminal sequences and controls, carriage returns too: lines end with a line feed."""
    return without_controls(text).replace("\r", "")


def _in_markdown(value: Any) -> str:
    if type(value) is str:
        if len(value) > MAX_OUTPUT:
            value = shorten(value, MAX_OUTPUT)
        return escape(value) if value else ""
    if type(value) is Markup:
        return value
    return escape(shorten(_text_of(value), MAX_OUTPUT)) if type(value) in (list, dict) else _text_of(value)


def _in_plain(value: Any) -> str:
    if isinstance(value, str):
        return value if type(value) is str and value.isprintable() else _without_controls(value)
    return _text_of(value)


def finalizer(mode: Mode) -> Callable[[Any], str]:
    """The function that writes a value as text."""
    return _in_markdown if mode is Mode.MARKDOWN else _in_plain


class Output:
    """Generates the source in which simple templates write values and texts; usual values need no call."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode

    def value(self, source: Source, value: str) -> str:
        """The text of a value, as the finalizer gives it."""
        if self._mode is Mode.MARKDOWN:
            usual = f"{value} if type({value}) is {source.bind(Markup)}"
        else:
            usual = f"{value} if type({value}) is str and {value}.isprintable()"
        return source.let(f"{usual} else {source.bind(finalizer(self._mode))}({value})")

    def text(self, source: Source, text: str) -> str:
        """The text without incomplete lines, as `tidied` gives it."""
        with source.block(f"if '\\n' in {text} or {source.bind(ABSENT)} in {text}"):
            source.line(f"return {source.bind(tidied)}({text}, {source.bind(self._mode)})")
        return f"{text}.strip() or None"


def tidied(text: str, mode: Mode) -> str | None:
    """The text without lines whose values are missing; None when nothing is left. PLAIN and RAW are on one line."""
    if ABSENT in text:
        text = "\n".join(line for line in text.split("\n") if ABSENT not in line)
    text = text.strip()
    if "\n" in text and mode in (Mode.PLAIN, Mode.RAW):
        return " ".join(text.split())
    return without_gaps(text) or None
