"""Pass-through hooks, by their URLs."""

import pytest

from gateway.ingress.doors.hooks import HookDoor, open_door, url
from gateway.settings import Settings
from gateway.settings.tables import Passthrough, Server

HOOK = "k3yk3yk3yk3yk3yk3yk3yk3yk3"
SERVER = Server(body_limit=5000)


@pytest.fixture
def door():
    """A door that the settings leave open for every service of the catalog."""
    return HookDoor((), {"github", "slack"}, SERVER)


@pytest.mark.parametrize("path", [f"/hooks/{HOOK}/github", f"/hooks/{HOOK}/github/"])
def test_a_path_leads_to_a_route_of_its_service(door, path):
    """The route is named after the service; the id of the hook is its address, and the secret of the path."""
    assert not list(door.routes)
    match = door.find(path)
    found = match.route
    assert (found.name, found.service_key, found.destinations) == ("passthrough-github", "github", ("passthrough",))
    assert (found.address, match.path_secret, found.open, found.body_limit) == (HOOK, HOOK, True, 5000)
    assert [one.name for one in door.routes] == ["passthrough-github"]


@pytest.mark.parametrize(
    "path",
    [
        "/hooks", f"/hooks/{HOOK}", f"/hooks/{HOOK}/other", f"/hooks/{HOOK.upper()}/github", "/hooks/short/github",
        f"/hooks/{HOOK}/github/more", f"/in/{HOOK}/github", f"/hooks/{HOOK}%2Fgithub", f"/hooks/{HOOK}\n/github",
    ],
)  # fmt: skip
def test_other_paths_lead_nowhere(door, path):
    """What is no id of a hook, or no service of the catalog, is nothing of this door; no route is made for it."""
    assert door.find(path) is None
    assert not list(door.routes)


def test_the_settings_may_name_the_services():
    """A service that they leave out is not found, and the routes of the others are there before a request."""
    door = HookDoor(("slack",), {"github", "slack"}, SERVER)
    assert [one.name for one in door.routes] == ["passthrough-slack"]
    assert door.find(f"/hooks/{HOOK}/github") is None
    assert door.find(f"/hooks/{HOOK}/slack").route.name == "passthrough-slack"
    assert (door.takes("passthrough-slack", "slack"), door.takes("passthrough-github", "github")) == (True, False)


def test_routes_are_known_by_name_and_hook(door):
    """An event of a hook finds its route again; any other name or address does not."""
    assert door.named("passthrough-github", HOOK).address == HOOK
    assert door.named("passthrough-github", "") is None
    assert door.named("github", HOOK) is None
    assert (door.takes("passthrough-github", "github"), door.takes("github", "github")) == (True, False)


def test_the_door_is_open_when_there_is_a_server():
    """Without [passthrough] there is no such door."""
    assert open_door(Settings(), ()) is None
    through = Passthrough(server="https://chat.example.com", services=("github",))
    assert [one.name for one in open_door(Settings(passthrough=through), ()).routes] == ["passthrough-github"]


def test_the_url_of_a_hook_is_a_secret():
    """It is below the URL of the server, and shows itself only when asked."""
    made = url("https://chat.example.com/mattermost/", HOOK)
    assert made.reveal() == f"https://chat.example.com/mattermost/hooks/{HOOK}"
    assert HOOK not in f"{made!r} {made}"
