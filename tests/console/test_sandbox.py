"""The thread in which requests and edited translators are tried."""

import asyncio
import threading

import pytest

from gateway.catalog import files
from gateway.console import sandbox
from gateway.console.sandbox import Workshop, bounded_engine
from gateway.errors import CatalogError, Refused, TranslationError
from gateway.language.output import Mode
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
    monkeypatch.setattr(sandbox, "PATIENCE", 0.05)
    release = threading.Event()
    with pytest.raises(Refused, match=r"503 Service Unavailable: this was not done within 0\.05 s; make"):
        await workshop.run(release.wait)
    release.set()
    monkeypatch.setattr(sandbox, "PATIENCE", 10.0)
    assert await workshop.run(lambda: "next") == "next"


async def test_closing_gives_up_what_waits(workshop):
    """A stop of the gateway does not wait for an edit."""
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


def test_a_translator_that_takes_too_long_is_ended():
    """When its time has passed, the next template that it runs fails, and says how long it may take."""
    engine = bounded_engine("items/item", 0.05)
    template = engine.template("{{ a | upper }}", Mode.MARKDOWN, "items/item#/a")
    assert template.render({"a": "x"}) == "X"

    def translate() -> None:
        while True:
            template.render({"a": "x"})

    with pytest.raises(TranslationError, match=r"items/item.*the translator takes longer than 0\.05 s"):
        translate()
