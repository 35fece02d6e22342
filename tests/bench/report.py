"""The figures of one run, each beside its target, as a Markdown table and as JSON."""

import platform
from collections.abc import Mapping, Sequence

from msgspec import Struct


class Row(Struct, frozen=True, omit_defaults=True):
    """One figure. `target` is what it should reach ("" when it only explains another), `met` whether it does."""

    name: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None
    detail: str = ""


def at_least(name: str, value: float, limit: float, detail: str = "", unit: str = "ratio") -> Row:
    """A figure that should be large."""
    return Row(name, value, unit, f"≥ {limit:g}", value >= limit, detail)


def at_most(name: str, value: float, limit: float, unit: str, detail: str = "") -> Row:
    """A figure that should be small, and may be as large as the limit."""
    return Row(name, value, unit, f"≤ {limit:g}", value <= limit, detail)


def below(name: str, value: float, limit: float, unit: str, detail: str = "") -> Row:
    """A figure that should be small."""
    return Row(name, value, unit, f"< {limit:g}", value < limit, detail)


def told(name: str, value: float, unit: str, detail: str = "") -> Row:
    """A figure without a target."""
    return Row(name, value, unit, detail=detail)


def markdown(rows: Sequence[Row]) -> str:
    """The table."""
    lines = ["| figure | value | target | | detail |", "|---|---:|---:|---|---|"]
    for row in rows:
        met = "" if row.met is None else "met" if row.met else "**missed**"
        lines.append(f"| {row.name} | {_number(row.value)} {row.unit} | {row.target} | {met} | {row.detail} |")
    return "\n".join(lines)


def machine() -> Mapping[str, str]:
    """What the figures were measured on."""
    return {"python": platform.python_version(), "system": platform.platform(terse=True), "machine": platform.machine()}


def _number(value: float) -> str:
    """Three digits, and more only before the point; a count as it is."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.{0 if value >= 1000 else 1 if value >= 10 else 2 if value >= 1 else 3}f}"
