"""The processor time and the memory that a call takes, for tests that bound them generously."""

import gc
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def seconds_of(act: Callable[[], Any]) -> float:
    """Seconds of this thread's processor time that a call takes, whatever it raises: the least of three."""
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
