"""A new kind of URL is a new file beside the other doors."""

import sys

import pytest

from gateway.ingress import doors, table

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
