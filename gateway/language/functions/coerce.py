"""JSON values as the functions take them: any value becomes text, a number or a list without raising."""

import json
import math
import re
from decimal import Decimal
from typing import Final

from gateway.language.functions.markdown import escape
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import MAX_INPUT
from gateway.mattermost.plain import unmark
from gateway.mattermost.terminal import without_controls, without_written_controls
from gateway.model import JSON

_NUMBER = re.compile(r"\s*[-+]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][-+]?\d{1,3})?\s*", re.ASCII)
_MAX_BITS: Final = 1024
_encoder: Final = json.JSONEncoder(ensure_ascii=False, default=str)


def text_of(value: JSON) -> str:
    """The value as a person writes it: numbers without exponent, arrays and objects as JSON, None as "".

    `Markup` loses its marks, since a function that cuts or joins text could break them. Cut at MAX_INPUT characters.
    """
    if type(value) is str:
        return value if len(value) <= MAX_INPUT and value.isprintable() else without_controls(value[:MAX_INPUT])
    if isinstance(value, Markup):
        return unmark(value)[:MAX_INPUT]
    if isinstance(value, str):
        return without_controls(value[:MAX_INPUT])
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    try:
        return _json_text(value)
    except (ValueError, RecursionError):
        return ""


def _json_text(value: JSON) -> str:
    """The beginning of the value as JSON: a whole payload is written no further than it is looked at."""
    parts, length = [], 0
    for part in _encoder.iterencode(value):
        parts.append(part)
        length += len(part)
        if length >= MAX_INPUT:
            break
    return without_written_controls("".join(parts)[:MAX_INPUT])


def markdown_of(value: JSON) -> str:
    """The value as Markdown: `Markup` as it is, everything else escaped."""
    if type(value) is str and value.isalnum() and len(value) <= MAX_INPUT:  # a word, in which nothing acts
        return value
    return str(value)[:MAX_INPUT] if isinstance(value, Markup) else escape(text_of(value))


def number_text(value: float) -> str:
    """A number in plain digits: 1000000 for 1e6, 0.1 for 0.1."""
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _MAX_BITS else "(a very large number)"
    if not math.isfinite(value):
        return str(value)
    if value.is_integer():
        return f"{value:z.0f}"
    shown = repr(value)
    return format(Decimal(shown), "f") if "e" in shown else shown


def number_of(value: JSON) -> int | float | None:
    """The finite number in a JSON number or a string that holds one, else None; booleans are not numbers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value.bit_length() <= _MAX_BITS - 1 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str) and _NUMBER.fullmatch(value[:1000]):
        stripped = value.strip()
        number = int(stripped) if stripped.lstrip("+-").isdigit() else float(stripped)
        return number_of(number)
    return None


def count_of(value: JSON, otherwise: int, most: int = MAX_INPUT) -> int:
    """An argument that counts something, between 0 and `most`; `otherwise` if it is not a number."""
    if type(value) is int and 0 <= value <= most:
        return value
    number = number_of(value)
    return otherwise if number is None else int(max(0, min(number, most)))


def list_of(value: JSON) -> list[JSON]:
    """The elements of an array, the values of an object, nothing for None, the value itself for everything else."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    return [] if value is None else [value]
