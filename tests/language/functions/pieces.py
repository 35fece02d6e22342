"""What tests of several functions are written with: calls by name, and pieces of rich text."""

from typing import Any

from gateway.language.functions import TABLE


def call(name: str, *values: Any, **named: Any) -> Any:
    """What a function of the table gives."""
    return TABLE[name].call(*values, **named)


def rich(*elements: Any) -> dict[str, Any]:
    """A rich text block."""
    return {"type": "rich_text", "elements": list(elements)}


def line(*elements: Any, kind: str = "rich_text_section", **more: Any) -> dict[str, Any]:
    """A part of a rich text block."""
    return {"type": kind, "elements": list(elements), **more}
