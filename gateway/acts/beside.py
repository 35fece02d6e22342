"""Templates over what a service answered: beside the event loop where that is much.

An answer has a megabyte at most, and some take a quarter of a second for that. The threads share the interpreter with
the event loop, which gets it back within the switch interval.
"""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

LARGE: Final = 50_000
"""Bytes of an answer from which on its templates do not run in the event loop."""

P = ParamSpec("P")
T = TypeVar("T")


async def beside(size: int, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """The result of work on an answer of so many bytes, or what it raises."""
    if size < LARGE:
        return work(*given, **named)
    return await asyncio.to_thread(work, *given, **named)
