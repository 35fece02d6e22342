"""The catalog of a running gateway: compiled beside the event loop, renewed while it runs, its faults told."""

import asyncio
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.app import catalog as running
from gateway.app.catalog import RunningCatalog
from gateway.catalog import files
from gateway.catalog.catalog import Catalog
from gateway.observe.metrics import Metrics
from tests.catalog.conftest import SERVICE, TRANSLATOR
from tests.conftest import eventually
from tests.cost import pace

FAULTY = TRANSLATOR % ("one", "never") + "colour: red\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalog with the services `a` and `b`, each with the translator `one`."""
    for key in ("a", "b"):
        (tmp_path / key).mkdir()
        (tmp_path / key / "service.yaml").write_text(SERVICE % key.upper())
        (tmp_path / key / "one.yaml").write_text(TRANSLATOR % ("one", "first"))
    return tmp_path


class Started:
    """A running catalog, its metrics, and how often memory was settled."""

    def __init__(self, folder: Path, *needed: str) -> None:
        self.folder = folder
        self.metrics = Metrics()
        self.settled = 0
        self.catalog = RunningCatalog(Catalog([folder], needed), self.metrics, self._settle)

    async def renew(self) -> None:
        """Take up the folder as it is now."""
        self.catalog.adopt(await self.catalog.reread([self.folder], self.catalog.current.needed))

    def faulty(self, service: str) -> float | None:
        """The metric of a service."""
        return self.metrics.registry.get_sample_value("mattergate_catalog_faulty", {"service": service})

    def reload_ok(self) -> float | None:
        """The metric of the catalog."""
        return self.metrics.registry.get_sample_value("mattergate_catalog_reload_ok")

    def _settle(self) -> None:
        self.settled += 1


async def test_requests_at_once_have_a_service_compiled_once(folder, monkeypatch):
    """Whoever comes while it is compiled waits for the same; it is needed from then on."""
    asked = []
    compile_service = Catalog.service

    def slowly(self, key):
        asked.append(key)
        time.sleep(0.05)
        return compile_service(self, key)

    monkeypatch.setattr(Catalog, "service", slowly)
    started = Started(folder)
    found = await asyncio.gather(*(started.catalog.for_request("a") for _ in range(20)))
    assert (len(set(map(id, found))), len(asked)) == (1, 1)
    assert started.catalog.current.needed == {"a"}
    assert started.settled >= 1


async def test_what_is_looked_at_is_forgotten_after_a_while(folder, monkeypatch):
    """A look keeps a service for some time; what requests need stays."""
    monkeypatch.setattr(running, "KEEP", 0.0)
    started = Started(folder, "a")
    await started.catalog.warm()
    assert (await started.catalog.for_viewer("b")).key == "b"
    assert await started.catalog.for_viewer("c") is None
    await eventually(lambda: "b" not in started.catalog.current.services)
    assert set(started.catalog.current.services) == {"a"}
    monkeypatch.setattr(running, "KEEP", 3600.0)
    assert (await started.catalog.for_viewer("b")).key == started.catalog.current.used("b").key == "b"
    started.catalog.current.forget()
    assert set(started.catalog.current.services) == {"a", "b"}
    started.catalog.close()


async def test_each_fault_is_told_once_for_as_long_as_it_lasts(folder):
    """The log says which service, what is wrong and who speaks; the metrics follow."""
    started = Started(folder, "a", "b")
    await started.catalog.warm()
    assert (started.faulty("a"), started.reload_ok()) == (None, 1)
    with capture_logs() as told:
        (folder / "a" / "one.yaml").write_text(FAULTY)
        await started.renew()
        await started.renew()
    [line] = [one for one in told if one["log_level"] == "error"]
    assert (line["service"], line["speaks"]) == ("a", "its last good version")
    assert line["fault"].startswith(f"{folder / 'a' / 'one.yaml'}:")
    assert (started.faulty("a"), started.reload_ok()) == (1, 0)
    (folder / "a" / "one.yaml").write_text(TRANSLATOR % ("one", "mended"))
    await started.renew()
    assert (started.faulty("a"), started.reload_ok()) == (0, 1)


async def test_faults_of_the_start_are_told_when_they_are_compiled(folder):
    """Nobody has to send a request first."""
    (folder / "a" / "one.yaml").write_text(FAULTY)
    with capture_logs() as told:
        started = Started(folder, "a")
        await started.catalog.warm()
    assert [one["speaks"] for one in told if one["log_level"] == "error"] == ["the generic translator"]
    assert started.faulty("a") == 1


@pytest.mark.slow
async def test_an_edit_of_a_large_catalog_holds_up_nobody(tmp_path, monkeypatch):
    """No callback of the event loop takes more than 20 ms of processor time while one of 120 services is renewed."""
    originals = sorted(path.parent for path in files.builtin_folder().glob("*/service.yaml"))
    keys = []
    for number in range(120):
        original, key = originals[number % len(originals)], f"service{number}"
        (tmp_path / key).mkdir()
        for file in original.glob("*.yaml"):
            (tmp_path / key / file.name).symlink_to(file)
        for folder in ("cards", "callbacks"):
            if (original / folder).is_dir():
                (tmp_path / key / folder).symlink_to(original / folder)
        keys.append((key, original.name))
    (tmp_path / "fragments").symlink_to(files.builtin_folder() / "fragments")
    edited = next(key for key, name in keys if name == "github")
    started = Started(tmp_path, edited, *(key for key, name in keys[:20] if name != "github"))
    await started.catalog.warm()
    longest = 0.0
    run = asyncio.Handle._run

    def timed(handle) -> None:
        nonlocal longest
        begun = time.thread_time()
        run(handle)
        longest = max(longest, time.thread_time() - begun)

    file = tmp_path / edited / "star.yaml"
    text = file.read_text()
    file.unlink()
    file.write_text(text.replace("Repository starred", "Repository liked"))
    before = started.catalog.current.services[edited]
    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    await started.renew()
    assert longest / pace() < 0.020
    after = started.catalog.current.services[edited]
    changed = {name for name in after.documents if after.documents[name].part is not before.documents[name].part}
    assert changed == {"star"}
