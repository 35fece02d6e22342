"""What tests of the door share."""

import asyncio
from types import SimpleNamespace

import pytest

from gateway.console.web import auth


class Waits:
    """What wrong tokens were made to wait, in seconds; they wait until `over` is set."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Note the time, and let none pass."""
        self.seconds.append(seconds)
        await self.over.wait()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """Wrong tokens wait for the test in place of time."""
    made = Waits()
    monkeypatch.setattr(auth, "asyncio", SimpleNamespace(sleep=made.sleep))
    return made
