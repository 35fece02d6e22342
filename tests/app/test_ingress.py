"""Taking requests in by other rules: routes come and go with their series."""

import aiohttp
import pytest

from gateway import settings
from gateway.app import app, ingress
from gateway.journal import DeadLimits
from gateway.journal.sqlite.upkeep import Limits
from gateway.settings.tables import Server
from tests.conftest import Gateway

ROUTE = '[routes.{name}]\nservice = "{service}"\ndestinations = ["ops"]\nallow_unsigned = true\n'
THROUGH = '[passthrough]\nserver = "https://chat.example.com"\n'
HOOK = "k3yk3yk3yk3yk3yk3yk3yk3yk3"


class Rewritten:
    """A gateway whose settings a test rewrites."""

    def __init__(self, folder):
        self.file = str(folder / "mattergate.toml")
        self.text = ""
        self.gateway = None
        self.sent = 0

    def read(self):
        """Give the settings as they are written now."""
        head = '[server]\nlisten = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\n[catalog]\nreload = false\n'
        hook = f'[destinations.ops]\nhook = "http://127.0.0.1:1/hooks/{HOOK}"\n'
        return settings.parse(head + hook + self.text, self.file, {}, lambda path: path.read_text("utf-8"))

    async def write(self, text):
        """Have these routes taken up; the lines of the answer."""
        self.text = text
        return (await self.gateway.running.reload()).lines

    def value(self, name, **labels):
        """One series."""
        return self.gateway.running.metrics.registry.get_sample_value(f"mattergate_{name}", labels)

    def requests(self, route, service="generic"):
        """How many requests of a route became messages; None when it has no series."""
        return self.value("requests_total", route=route, service=service, outcome="message")

    async def post(self, path):
        """POST a payload that differs from all others; the status."""
        self.sent += 1
        return (await self.gateway.post(path, {"text": f"hello {self.sent}"}, Content_Type="application/json"))[0]


@pytest.fixture
async def rewritten(tmp_path):
    """Give a running gateway with one route, `one`."""
    made = Rewritten(tmp_path)
    made.text = ROUTE.format(name="one", service="generic")
    async with app.running(made.read(), made.read) as running, aiohttp.ClientSession() as session:
        made.gateway = Gateway(running, None, HOOK, session, session.close)
        yield made


async def test_series_of_routes_come_and_go(rewritten):
    """A new route begins at 0, one that stays goes on counting, one that goes has no series any more."""
    one, two = (ROUTE.format(name=name, service="generic") for name in ("one", "two"))
    assert (await rewritten.post("/in/one"), await rewritten.post("/in/two")) == (202, 404)
    assert await rewritten.write(one + two) == ("[routes.two]: new",)
    assert (rewritten.requests("one"), rewritten.requests("two")) == (1, 0)
    assert await rewritten.post("/in/two") == 202
    assert await rewritten.write(two) == ("[routes.one]: gone",)
    assert (rewritten.requests("one"), rewritten.requests("two")) == (None, 1)
    assert rewritten.value("duplicates_total", route="one") is None


async def test_a_route_of_another_service_begins_anew(rewritten):
    """Counts of the service from before do not stay beside those of the new one."""
    assert await rewritten.post("/in/one") == 202
    assert await rewritten.write(ROUTE.format(name="one", service="slack")) == ("[routes.one]: service changed",)
    assert (rewritten.requests("one"), rewritten.requests("one", "slack")) == (None, 0)
    assert await rewritten.post("/in/one") == 202
    assert rewritten.requests("one", "slack") == 1


async def test_series_of_pass_through_hooks_go_with_their_table(rewritten):
    """Also those of services that were met long ago, before other reloads, and those that are left out now."""
    one = ROUTE.format(name="one", service="generic")
    await rewritten.write(one + THROUGH)
    for service in ("generic", "slack"):
        assert await rewritten.post(f"/hooks/{HOOK}/{service}") == 202
    await rewritten.write(one + THROUGH + "[delivery]\nrate = 1.0\n")
    assert rewritten.requests("passthrough-slack", "slack") == 1
    await rewritten.write(one + THROUGH + 'services = ["generic"]\n')
    assert rewritten.requests("passthrough-slack", "slack") is None
    assert rewritten.requests("passthrough-generic") == 1
    await rewritten.write(one)
    assert rewritten.requests("passthrough-generic") is None
    assert await rewritten.post(f"/hooks/{HOOK}/generic") == 404


async def test_limits_of_requests_change(rewritten):
    """A body_limit holds from the next request on."""
    one = ROUTE.format(name="one", service="generic")
    assert await rewritten.write(one + "body_limit = '10B'\n") == ("[routes.one]: body_limit changed",)
    assert await rewritten.post("/in/one") == 413
    await rewritten.write(one)
    assert await rewritten.post("/in/one") == 202


async def test_the_journal_keeps_as_long_as_it_is_told_now(rewritten):
    """All limits of [journal] reach the journal that runs."""
    one = ROUTE.format(name="one", service="generic")
    limits = "retention = '1h'\nmax_size = '1MB'\ndead_max_age = '2h'\ndead_max_size = '2MB'\n"
    assert await rewritten.write(f"{one}[journal]\n{limits}") == (
        "[journal]: retention, max_size, dead_max_age, dead_max_size changed",
    )
    journal = rewritten.gateway.running._running.journal
    assert journal.upkeep._limits == Limits(3600.0, 1_000_000, DeadLimits(7200.0, 2_000_000))


@pytest.mark.parametrize(("files", "most"), [(100_000, 1000), (700, 500), (10, 2)])
async def test_there_are_fewer_connections_than_open_files(monkeypatch, capsys, files, most):
    """The journal and the destinations need some; the log says so."""
    made = []
    monkeypatch.setattr(ingress.resource, "getrlimit", lambda _: (files, files))
    monkeypatch.setattr(ingress, "Listener", lambda _, **options: made.append(options))
    ingress.listener(None, Server())
    assert made == [{"header_limit": 16_000, "connections": most}]
    assert ("too few open files" in capsys.readouterr().out) is (most < 1000)
