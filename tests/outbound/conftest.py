"""The loops on which the HTTP client is tested, and what no test of it may leave behind."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop


def pytest_asyncio_loop_factories(config, item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The service runs on uvloop, the command line on asyncio's own loop."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def nothing_left() -> AsyncIterator[None]:
    """No connection without an owner, no error that nobody takes, no task.

    Python warns of such connections when it collects them, and warnings are errors.
    """
    told = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))
    before = asyncio.all_tasks()
    yield
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    await asyncio.sleep(0)
    assert not told
    assert not asyncio.all_tasks() - before - {asyncio.current_task()}
