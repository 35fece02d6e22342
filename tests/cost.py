"""The processor time and the memory that a call takes, for tests that bound them generously.

Seconds are those of the processor that the bounds were set on. A processor that is slower, or whose caches and memory
others use, takes longer for the same work: what it takes is divided by its `pace`.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

_OBJECTS: Final = 20_000
_USUAL: Final = 0.008
"""Seconds that the processor on which bounds are set takes to make so many objects."""


def seconds_of(act: Callable[[], Any]) -> float:
    """Seconds of processor time that a call takes, whatever it raises: the least of three."""
    return _least(act) / pace()


def pace() -> float:
    """How many times as long as usual this processor takes at the moment, at least 1."""
    return max(1.0, _least(_make_objects) / _USUAL)


def _make_objects() -> None:
    """Work of the kind that is measured: small objects are made, kept and dropped."""
    made = []
    for number in range(_OBJECTS):
        made.append({"a": str(number), "b": [number]})


def _least(act: Callable[[], Any]) -> float:
    found = []
    for _ in range(3):
        started = time.thread_time()
        with suppress(Exception):
            act()
        found.append(time.thread_time() - started)
    return min(found)


def bytes_of(act: Callable[[], Any]) -> int:
    """The most bytes that a call has in use at once, whatever it raises."""
    gc.collect()
    tracemalloc.start()
    try:
        with suppress(Exception):
            act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
