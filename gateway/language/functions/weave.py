"""The common part of the converters of foreign markup: known marks are rendered, everything between them is escaped."""

import re
from collections.abc import Callable
from typing import Final

from gateway.language.functions.coerce import count_of, text_of
from gateway.language.functions.markdown import escape
from gateway.language.functions.text import shorten
from gateway.model import JSON

MAX_DEPTH: Final = 4
"""How deep marks nest inside marks; deeper ones are text."""

DEFAULT_LENGTH: Final = 4000
MAX_LENGTH: Final = 16_000
"""Characters of source that a converter takes without and with a limit by the template's author."""


def weave(
    text: str, pattern: re.Pattern[str], render: Callable[[re.Match[str]], str], literal: Callable[[str], str] = escape
) -> str:
    """The text with every match rendered to Markdown and everything between made literal."""
    parts: list[str] = []
    at = 0
    for match in pattern.finditer(text):
        parts += (literal(text[at : match.start()]), render(match))
        at = match.end()
    return "".join([*parts, literal(text[at:])])


def around(mark: str, inner: str) -> str:
    """Rendered Markdown between two marks; blank text and text with spaces at its edges gets none."""
    return f"{mark}{inner}{mark}" if inner.strip() and inner == inner.strip() else inner


def source_of(value: JSON, n: JSON) -> str:
    """The text of a value as far as it is converted; `n` limits the source, so that no mark is left open."""
    return shorten(text_of(value), count_of(n, DEFAULT_LENGTH, MAX_LENGTH))
