"""Paths into JSON values, as documents and settings write them: `issue.summary`, `alerts[0].labels`, `data["a.b"]`.

A deliberately small language: keys, indexes (negative from the end), and `*` for every element of an array or object.
Null is a value; a missing key or index is `MISSING`.
"""

import re
from collections.abc import Iterator
from typing import Final

from gateway.model import JSON


class Missing:
    """The type of `MISSING`; false, so that `lookup(...) or default` works."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
"""The result of a path to a missing key or index."""

_STEP = re.compile(
    r"""\.?(?P<key>[^.\[\]"'\s]+) | \[(?P<index>-?\d+)\] | \[(?P<quote>["'])(?P<quoted>.*?)(?P=quote)\]""", re.X
)

_PLAIN = re.compile(r"""[^.\[\]"'\s]+""")

Step = str | int
STAR: Final = "*"


def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path; `""` and `$` are the whole value. Raises ValueError with the first bad place."""
    text = path[1:] if path.startswith("$") else path
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ValueError(f"not a path: {path!r} at character {at + 1 + len(path) - len(text)}")
        if match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(match["key"] if match["key"] is not None else match["quoted"])
        at = match.end()
    return tuple(steps)


def written(steps: tuple[Step, ...]) -> str:
    """A path as people write it: `$.alerts[0].labels`, `$["a.b"]`; `parse` gives the steps again."""
    return "$" + "".join(map(_written, steps))


def _written(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    quote = "'" if '"' in step else '"'
    return f".{step}" if _PLAIN.fullmatch(step) else f"[{quote}{step}{quote}]"


def lookup(value: JSON, steps: tuple[Step, ...]) -> JSON:
    """The value that the steps lead to, or MISSING. `*` has no meaning here: see `every`."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step, MISSING) if isinstance(step, str) else MISSING
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if -len(value) <= step < len(value) else MISSING
        else:
            return MISSING
    return value


def every(value: JSON, steps: tuple[Step, ...]) -> Iterator[JSON]:
    """The value that the steps lead to, one for each element that a `*` branches over; MISSING where there is none."""
    cut = steps.index(STAR) if STAR in steps else len(steps)
    found = lookup(value, steps[:cut])
    if cut == len(steps):
        yield found
        return
    for child in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from every(child, steps[cut + 1 :])
