"""Facts to HTML: one Jinja environment, escaping always on, and the filters by which values are written.

Times are seconds since the epoch; they are shown in UTC, with the distance from now beside them.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from gateway import __version__, units

FOLDER: Final = Path(__file__).parents[1] / "templates"


class Rendering:
    """Renders templates. `nav` is the top bar: path and title of each topic; `static` gives the URL of a file."""

    def __init__(self, nav: Mapping[str, str], static: Callable[[str], str]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._compiling = asyncio.Lock()
        self._compiled = False
        self._environment.globals |= {"nav": nav, "static": static, "version": __version__, "clock": time.time}
        self._environment.filters |= {
            "utc": utc,
            "iso": iso,
            "ago": ago,
            "span": units.written,
            "count": count,
            "rate": rate,
            "size": units.amount,
            "ticked": ticked,
        }

    async def ready(self) -> None:
        """Compile every template, beside the event loop, before the first is used: a request must not wait for that."""
        async with self._compiling:
            if not self._compiled:
                await asyncio.to_thread(self._compile)
                self._compiled = True

    def render(self, template: str, facts: Mapping[str, Any]) -> str:
        """Render a template. What it names and is not given is an error: a page never shows less than it should."""
        return self._environment.get_template(template).render(facts)

    def _compile(self) -> None:
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def part(self, template: str, macro: str, *facts: Any) -> str:
        """Render one macro of a template: a piece of a page that is sent by itself."""
        return str(getattr(self._environment.get_template(template).module, macro)(*facts))


def utc(moment: float) -> str:
    """Write a time for people: "2026-11-21 12:00:00"."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(moment: float) -> str:
    """Write a time for machines: "2026-11-21T12:00:00Z"."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(moment: float, now: float) -> str:
    """Say how far back a time is: "12 s ago", "in 3 min"."""
    distance = now - moment
    if abs(distance) < 1:
        return "now"
    return f"{units.written(distance)} ago" if distance > 0 else f"in {units.written(-distance)}"


def count(number: float) -> str:
    """Write a number of things: "12,345"."""
    return f"{number:,.0f}"


def rate(number: float) -> str:
    """Write a number per second: "0.25", "3.4", "1,200"."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 1 or number == 0 else f"{number:.2f}"


def ticked(text: str) -> Markup:
    """Text of ours with `names` in backticks, which become code."""
    parts = text.split("`")
    code = [f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(map(escape, parts))]
    return Markup("".join(code)) if len(parts) % 2 else escape(text)  # noqa: S704 - each part is escaped
