"""The thread in which requests are tried."""

import asyncio
import threading

import pytest

from gateway.catalog import files
from gateway.console import workshop as module
from gateway.console.workshop import Workshop
from gateway.errors import CatalogError, Refused
from gateway.settings import Settings
from gateway.settings.tables import CatalogTable


@pytest.fixture
async def workshop(tmp_path):
    """Give a workshop with a catalog folder of the user's."""

    class Gateway:
        settings = Settings(catalog=CatalogTable(folders=(str(tmp_path),)))

    made = Workshop(Gateway())
    yield made
    await made.close()


async def test_work_is_done_beside_the_event_loop(workshop):
    """One after the other in one thread; what it raises comes back."""
    names = [await workshop.run(lambda: threading.current_thread().name) for _ in range(2)]
    assert names == [names[0]] * 2
    assert names[0].startswith("workshop")

    def fail() -> None:
        raise CatalogError([])

    with pytest.raises(CatalogError):
        await workshop.run(fail)
    assert await workshop.run(lambda: 7) == 7


async def test_what_takes_too_long_is_given_up(workshop, monkeypatch):
    """Whoever waits is told; the thread goes on with the next as soon as it can."""
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    release = threading.Event()
    with pytest.raises(Refused, match=r"503 Service Unavailable: this was not done within 0\.05 s; make the request"):
        await workshop.run(release.wait)
    release.set()
    monkeypatch.setattr(module, "PATIENCE", 10.0)
    assert await workshop.run(lambda: "next") == "next"


async def test_closing_gives_up_what_waits(workshop):
    """A stop of the gateway does not wait for a trial."""
    release = threading.Event()
    running = asyncio.ensure_future(workshop.run(release.wait))
    waiting = asyncio.ensure_future(workshop.run(lambda: 7))
    await asyncio.sleep(0)
    await workshop.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()
    assert await running


def test_the_folders_are_those_of_the_settings_over_the_built_in_ones(workshop, tmp_path):
    """In this order: later ones are laid over earlier ones."""
    assert workshop.folders() == [files.builtin_folder(), tmp_path]


async def test_few_wait_and_a_further_one_is_told_at_once(workshop, monkeypatch):
    """Each that waits holds a request in memory."""
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    release = threading.Event()
    waiting = [asyncio.ensure_future(workshop.run(release.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="503 Service Unavailable: 2 requests are being tried already"):
        await workshop.run(release.wait)
    release.set()
    assert await asyncio.gather(*waiting) == [True, True]
    assert await workshop.run(lambda: 7) == 7
