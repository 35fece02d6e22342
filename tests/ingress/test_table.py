"""The doors that are open, and that a new one is a new file."""

import sys

import pytest

from gateway import settings
from gateway.ingress import doors, table
from gateway.ingress.table import open_doors

HOOK = "k3yk3yk3yk3yk3yk3yk3yk3yk3"
ROUTES = (
    '[destinations.ops]\nhook = "https://chat.example.com/hooks/x"\n'
    '[routes.one]\nservice = "github"\ndestinations = ["ops"]\nallow_unsigned = true\n'
)
THROUGH = '[passthrough]\nserver = "https://chat.example.com"\n'

LOOK_ALIKE = '''
"""`/look/{route}`: answers with one word, as another chat does."""

from aiohttp import web

from gateway.ingress.doors import Accepted, Match
from gateway.pipeline import route as routes


class LookAlike:
    """The routes of the settings under another URL."""

    pattern = "/look/{route}"

    def __init__(self, known):
        self.known = known
        self.routes = ()

    def find(self, path):
        """The route that the last part of the path names."""
        first, _, name = path[1:].partition("/")
        return Match(self, self.known[name], "") if first == "look" and name in self.known else None

    def named(self, name, address):
        """None: the events of these routes are found by another door."""

    def takes(self, name, service):
        """No route is of this door alone."""
        return False

    def answer(self, outcome):
        """One word."""
        accepted = isinstance(outcome, Accepted)
        return web.Response(text="ok" if accepted else outcome.title, status=200 if accepted else 400)


def open_door(settings, services):
    """The door."""
    return LookAlike(routes.build(settings))
'''


def parsed(text):
    """The settings that a text says."""
    return settings.parse(text, "mattergate.toml", {}, lambda path: path.read_text("utf-8"))


@pytest.fixture
def look_alike(tmp_path, monkeypatch):
    """Put one more module into the package of doors, as a later version may."""
    folder = tmp_path / "doors"
    folder.mkdir()
    (folder / "look_alike.py").write_text(LOOK_ALIKE)
    monkeypatch.setattr(doors, "__path__", [*doors.__path__, str(folder)])
    table._modules.cache_clear()
    yield
    table._modules.cache_clear()
    sys.modules.pop(f"{doors.__name__}.look_alike")


def test_each_path_finds_its_door():
    """Paths of several doors lead to their routes, those of none nowhere."""
    made = open_doors(parsed(ROUTES + THROUGH), {"github"})
    matches = [made.find(path) for path in ("/in/one/s", f"/hooks/{HOOK}/github")]
    assert [(match.route.name, match.door.pattern) for match in matches] == [
        ("one", "/in/{route}"), ("passthrough-github", "/hooks/{hook}/{service}"),
    ]  # fmt: skip
    assert [made.find(path) for path in ("/", "/in/two", f"/hooks/{HOOK}/gitlab", "/other/one")] == [None] * 4


def test_routes_of_all_doors_are_known():
    """Routes are found by name and address whatever door they are behind; all that there are can be listed."""
    made = open_doors(parsed(ROUTES + THROUGH + 'services = ["slack"]\n'), {"github", "slack"})
    assert sorted(one.name for one in made) == ["one", "passthrough-slack"]
    assert made.named("one").name == "one"
    assert made.named("passthrough-slack", HOOK).address == HOOK
    assert made.named("passthrough-github", HOOK) is made.named("two") is None
    assert [made.takes(name, "slack") for name in ("one", "passthrough-slack")] == [False, True]


def test_a_door_that_the_settings_do_not_open_is_not_there():
    """Without [passthrough] its URLs lead nowhere."""
    made = open_doors(parsed(ROUTES), {"github"})
    assert made.find(f"/hooks/{HOOK}/github") is None
    assert made.named("passthrough-github", HOOK) is None


async def test_a_new_door_is_a_new_module(look_alike, start):
    """A module beside the others opens another kind of URL, whose requests become posts and are answered its way."""
    gateway = await start('[routes.one]\nservice = "generic"\ndestinations = ["ops"]\nallow_unsigned = true\n')
    async with gateway.session.post(f"{gateway.url}/look/one", json={"text": "hello"}) as response:
        assert (response.status, await response.text()) == (200, "ok")
    assert len(await gateway.posts(1)) == 1
    async with gateway.session.delete(f"{gateway.url}/look/one") as response:
        assert (response.status, await response.text()) == (400, "Method Not Allowed")
    async with gateway.session.post(f"{gateway.url}/in/one", json={"text": "world"}) as response:
        assert response.status == 202
