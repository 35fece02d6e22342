"""Templates whose author forgot the braces: `data.url` shows these letters, and not what the payload has there."""

import re
from typing import Final

from gateway import jsonpath
from gateway.language.functions import TABLE
from gateway.language.known import Known

_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.S)
_APPLIED = re.compile(r"^[^|\n]*[^|\s] \| (?P<function>[a-z_]+)(?:\(|\s*$|\s+\|\s)", re.M)
"""A function behind a value; a line that begins with a bar is one of a table of Markdown."""
_VALUE: Final = "…"
"""The place of a value in a text."""
_WRITE: Final = 'write "{{{{ {} }}}}"'


def forgotten(source: str, names: Known, *, is_url: bool = False) -> tuple[str, str] | None:
    """What looks like an expression outside of the braces of a template that sees `names`, and what to do.

    A single word may be meant as it is, even if a key has its name; not where a URL is wanted.
    """
    text = _CODE.sub(_VALUE, source).strip()
    if _is_path(text, names, 1 if is_url else 2):
        return f"this shows the letters `{text}`, and not what is there", _WRITE.format(text)
    for found in _APPLIED.finditer(text):
        if (name := found["function"]) in TABLE:
            return f"`| {name}` stands outside of braces: it is shown, not applied", _WRITE.format(f"... | {name}")
    return None


def _is_path(text: str, names: Known, least: int) -> bool:
    """Whether a text is nothing but a path of so many steps at `least` that leads to a value of the document."""
    try:
        steps = jsonpath.parse(text)
    except ValueError:
        return False
    if len(steps) < least or str(steps[0]) not in names.keys:
        return False
    inside = names
    for step in steps:
        found = inside.key(step) if isinstance(step, str) else None if inside.is_scalar else inside.element()
        if found is None:
            return False
        inside = found
    return True
