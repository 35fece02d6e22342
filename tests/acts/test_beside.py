"""What is much runs in a thread, and what is little at once."""

import threading

import pytest

from gateway.acts.beside import LARGE, beside


async def test_where_work_runs():
    """Its result, and what it raises, are the same."""
    assert await beside(LARGE - 1, threading.get_ident) == threading.get_ident()
    assert await beside(LARGE, threading.get_ident) != threading.get_ident()
    for size in (0, LARGE):
        with pytest.raises(ZeroDivisionError):
            await beside(size, divmod, 1, 0)
