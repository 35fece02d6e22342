"""The routes of the settings, by their URLs."""

import pytest

from gateway.ingress.doors.in_ import RouteDoor
from gateway.pipeline.route import Route
from gateway.settings.tables import RouteSettings


def route(name):
    """A route of this name."""
    return Route(RouteSettings(name=name, service="github", destinations=("ops",), allow_unsigned=True), 1000, 64)


ROUTES = {name: route(name) for name in ("github", "a b")}
DOOR = RouteDoor(ROUTES)


@pytest.mark.parametrize(
    ("path", "name", "secret"),
    [
        ("/in/github", "github", ""),
        ("/in/github/", "github", ""),
        ("/in/github/s3cret", "github", "s3cret"),
        ("/in/github/s3%2Fcret%20", "github", "s3/cret "),
        ("/in/a%20b", "a b", ""),
    ],
)
def test_a_path_leads_to_a_route(path, name, secret):
    """Name and secret are percent-decoded, and a slash at the end does not matter."""
    match = DOOR.find(path)
    assert (match.door, match.route, match.path_secret) == (DOOR, ROUTES[name], secret)


@pytest.mark.parametrize("path", ["/", "/in", "/in/", "/in/other", "/in/github/s/more", "/IN/github", "//in/github"])
def test_other_paths_lead_nowhere(path):
    """A name that no route has, and any other form of path, is nothing of this door."""
    assert DOOR.find(path) is None


def test_routes_are_known_by_name():
    """A route is found for its events as long as it is in the settings, and takes requests for its service alone."""
    assert DOOR.named("github", "") is ROUTES["github"]
    assert DOOR.named("gone", "") is None
    assert (DOOR.takes("github", "github"), DOOR.takes("github", "gitlab"), DOOR.takes("gone", "github")) == (
        True, False, False,
    )  # fmt: skip
    assert list(DOOR.routes) == list(ROUTES.values())
