"""The running gateway as its console has it: what it shows, and how it takes up what has changed."""

import pytest
from structlog.testing import capture_logs

from gateway import settings
from gateway.app import app
from gateway.catalog import files
from gateway.delivery.condition import Condition
from gateway.errors import SettingsError
from gateway.journal import Entry, Query
from gateway.model import Event, Outcome, Parcel, Request
from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR, SECRET, eventually
from tests.console.conftest import ROUTES

OWN = 'folders = ["catalog"]\n'


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Let the built-in catalog have three services: all of them would be read again and again here."""
    whole, folder = files.builtin_folder(), tmp_path / "builtin"
    folder.mkdir()
    for path in whole.iterdir():
        if path.is_file() or path.name in {"github", "alertmanager", "generic", "fragments"}:
            (folder / path.name).symlink_to(path)
    monkeypatch.setattr(files, "builtin_folder", lambda: folder)


@pytest.fixture
async def started(few, start, tmp_path):
    """Give a gateway with two routes and a catalog folder of its own, whose service `items` no route names."""
    folder = tmp_path / "catalog" / "items"
    folder.mkdir(parents=True)
    (folder / "service.yaml").write_text(ITEMS_SERVICE)
    (folder / "item.yaml").write_text(ITEMS_TRANSLATOR)
    return await start(ROUTES, tables=OWN)


@pytest.fixture
def seen(started):
    """Give it as the console has it."""
    return started.running._running


async def test_routes_are_those_of_the_settings(seen):
    """None for what is gone; what a destination is to its parcels is known by its name."""
    assert seen.route("github").service_key == "github"
    assert seen.route("none") is None
    assert seen.route("") is None
    assert set(seen.traits()) == {"ops"}
    assert seen.destinations() == {"ops": Condition()}


async def test_only_the_series_that_are_asked_for_come(seen):
    """By their whole names; one that is none has no samples."""
    found = seen.samples("mattergate_requests_total", "mattergate_other")
    assert [family.name for family in found] == ["mattergate_requests"]
    assert {sample.labels["route"] for sample in found[0].samples} == {"github", "alerts"}
    assert seen.samples() == []


async def test_until_senders_can_reach_it_it_is_starting(seen):
    """Then it is in no trouble."""
    assert seen.trouble() == ""
    seen.listening = False
    assert seen.trouble() == "starting"


async def test_a_service_that_no_route_names_is_there_for_people(seen):
    """It is compiled when somebody looks at it; requests meet the same one."""
    assert await seen.service("items") is seen.catalog().services["items"]
    assert await seen.service("none") is None


async def test_what_changed_is_read_again(seen, tmp_path):
    """A service that somebody looked at is renewed at a reload; a faulty one goes on, is told, and heals."""
    await seen.service("items")
    file = tmp_path / "catalog" / "items" / "item.yaml"
    file.write_text(ITEMS_TRANSLATOR.replace("An item", "Another item"))
    assert (await seen.reload()).lines == ("items/item.yaml: changed",)
    assert [one.title for one in (await seen.service("items")).translators] == ["Another item"]
    file.write_text("title: [")
    found = await seen.reload()
    assert (found.lines, len(found.faults)) == ((), 1)
    assert found.faults[0].startswith(f"{file}:")
    assert [one.title for one in (await seen.service("items")).translators] == ["Another item"]
    file.write_text(ITEMS_TRANSLATOR)
    assert ((await seen.reload()).faults, seen.catalog().faults) == ((), {})


async def test_a_service_that_hooks_use_goes_on_when_its_folder_is_gone(few, start, tmp_path):
    """As that of a route does; one that no hook has used is just gone."""
    for key in ("items", "unused"):
        folder = tmp_path / "catalog" / key
        folder.mkdir(parents=True)
        (folder / "service.yaml").write_text(ITEMS_SERVICE)
        (folder / "item.yaml").write_text(ITEMS_TRANSLATOR)
    through = '[passthrough]\nserver = "http://127.0.0.1:9"\n'
    started = await start(ROUTES + through, tables=OWN)
    running, hook = started.running._running, "/hooks/" + "k" * 26
    numbers = iter(range(9))

    async def item(service: str) -> tuple[int, str | None]:
        body = {"kind": "item", "box": "a", "number": next(numbers)}
        status, answer = await started.post(f"{hook}/{service}", body)
        return status, answer.get("translator")

    assert await item("items") == (202, "items/item")
    (tmp_path / "catalog").rename(tmp_path / "away")
    (tmp_path / "catalog").mkdir()
    assert any("the catalog has no such service" in fault for fault in (await running.reload()).faults)
    assert await item("items") == (202, "items/item")
    assert (await item("unused"))[0] == 404
    (tmp_path / "catalog").rmdir()
    (tmp_path / "away").rename(tmp_path / "catalog")
    assert (await running.reload()).faults == ()
    assert await item("unused") == (202, "unused/item")


async def test_a_service_that_hooks_are_named_for_is_expected_from_the_start(few, start, tmp_path):
    """Nothing is lost while its folder is missing: the generic translator speaks, and the log says why."""
    (tmp_path / "catalog").mkdir()
    through = '[passthrough]\nserver = "http://127.0.0.1:9"\nservices = ["items"]\n'
    with capture_logs() as told:
        started = await start(ROUTES + through, tables=OWN)
    faults = [line["fault"] for line in told if "fault" in line]
    assert any("passthrough.services[0]: the catalog has no service 'items'" in fault for fault in faults)
    status, answer = await started.post("/hooks/" + "k" * 26 + "/items", {"kind": "item"})
    assert (status, answer["translator"]) == (202, "generic")


async def test_what_is_submitted_is_stored_and_delivered(started, seen):
    """As what came over HTTP is."""
    event = Event("e1", 1.0, "github", "github", Outcome.MESSAGE, "x", "github/x", "", "", Request())
    appended = await seen.submit(Entry(event, (Parcel("ops", "lane", b'{"text": "by hand"}'),)))
    assert (appended.event_id, len(appended.deliveries)) == ("e1", 1)
    assert [post.message for post in await started.posts(1)] == ["by hand"]
    assert (await seen.journal.find(Query(event_id="e1"))).records[0].event.route == "github"


class Rewritten:
    """Settings that a test rewrites while a gateway runs on them."""

    def __init__(self, folder) -> None:
        self.file = str(folder / "mattergate.toml")
        self.text = ROUTES
        self.fails: Exception | None = None

    def read(self):
        """Give the settings as they are written now."""
        if self.fails is not None:
            raise self.fails
        head = '[server]\nlisten = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\n[catalog]\nreload = false\n'
        hook = '[destinations.ops]\nhook = "http://127.0.0.1:9/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"\n'
        return settings.parse(head + hook + self.text, self.file, {}, lambda path: path.read_text("utf-8"))


@pytest.fixture
async def rewritten(few, tmp_path):
    """Give settings to rewrite, the gateway that runs on them, and how often what stays in memory was exchanged."""
    written, renewed = Rewritten(tmp_path), []
    async with app.running(written.read(), written.read, lambda: renewed.append(1)) as running:
        yield written, running, renewed


def reload_ok(running) -> float:
    """What the metric of the last reload of the settings says."""
    return running.metrics.registry.get_sample_value("mattergate_settings_reload_ok")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[routes.x]\n", "routes.x"),
        (ROUTES.replace("github", "nothing"), "the catalog has no service 'nothing'"),
        (ROUTES.replace('"ops"', '"none"'), "none"),
        (ROUTES + "[", "mattergate.toml:"),
        (
            ROUTES + '[destinations.bad]\nhook = "https://chat.example.com/hooks/a"\nca_file = "none.pem"\n',
            "destinations.bad.ca_file",
        ),
    ],
    ids=["unfinished", "service", "destination", "no toml", "certificates"],
)
async def test_settings_with_a_fault_change_nothing(rewritten, text, told):
    """Whole or not at all: every fault is told, the metric falls, and the repair is taken up."""
    written, running, renewed = rewritten
    seen, before = running._running, running._running.settings
    await eventually(lambda: not seen._warming or seen._warming.done())
    exchanged = renewed.copy()
    written.text = text
    with pytest.raises(SettingsError) as caught:
        await running.reload()
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)
    assert (seen.settings, seen.route("github").name, reload_ok(running), renewed) == (before, "github", 0, exchanged)
    written.text = ROUTES + "mentions = true\n"
    assert (await running.reload()).lines == ("[routes.alerts]: mentions changed",)
    assert (seen.route("alerts").wishes.mentions, reload_ok(running)) == (True, 1)
    assert len(renewed) > len(exchanged)


async def test_faults_of_settings_and_catalog_are_told_together(rewritten):
    """One look at the list is enough to repair all of it."""
    written, running, _ = rewritten
    written.text = ROUTES.replace("github", "nothing") + "colour = 1\n"
    with pytest.raises(SettingsError) as caught:
        await running.reload()
    told = str(caught.value)
    assert "nothing" in told
    assert "colour" in told


async def test_settings_that_cannot_be_read_change_nothing(rewritten):
    """A file that is gone for a moment ends nothing."""
    written, running, _ = rewritten
    written.fails = SettingsError([])
    with pytest.raises(SettingsError):
        await running.reload()
    assert reload_ok(running) == 0
    written.fails = None
    assert (await running.reload()).lines == ()
    assert reload_ok(running) == 1
