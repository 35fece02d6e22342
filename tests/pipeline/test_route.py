"""Routes: how their requests prove themselves, and that nobody sees their secrets."""

import pickle
from types import SimpleNamespace

import pytest

from gateway import settings
from gateway.pipeline.route import CAPABILITY, Route, build
from gateway.secret import Secret
from gateway.settings.tables import RouteSettings
from gateway.verify import verify

SECRET = "correct horse battery staple"
HOOK = "k3yk3yk3yk3yk3yk3yk3yk3yk3"
HMAC = {"hmac": "sha256", "header": "X-Signature"}


def route(**more):
    """A route of these settings."""
    known = {"name": "github", "service": "github", "destinations": ("ops",), **more}
    return Route(RouteSettings(**known), 1_000_000, 64)


def test_a_route_shows_no_secret():
    """Neither its text nor its parts hold one; nor does its text hold the hook that is the credential of a URL."""
    made = route(secrets=(Secret(SECRET), Secret("an older one")), verify=(HMAC,))
    seen = [repr(made), str(made), f"{made}", repr(vars(made)), repr([made.at(HOOK)]), str(made.secrets)]
    assert not [text for text in seen if SECRET in text or "older" in text or HOOK in text]
    with pytest.raises(TypeError):
        pickle.dumps(made)


@pytest.mark.parametrize(
    ("own", "service", "expected"),
    [
        ((HMAC,), ("of the service",), (verify.parse_scheme(HMAC),)),
        ((), ("of the service",), ("of the service",)),
        ((), (), CAPABILITY),
    ],
)
def test_a_route_is_proven_by_its_own_schemes_first(own, service, expected):
    """What the route says counts, else what its service says, else whoever knows the URL may post."""
    made = route(secrets=(Secret(SECRET),), verify=own)
    assert tuple(made.schemes(SimpleNamespace(verify=service))) == expected


def test_the_same_route_to_an_address():
    """A route to one address inside its destination is another object, and the one it comes from stays."""
    made = route(allow_unsigned=True)
    there = made.at(HOOK)
    assert (made.address, there.address) == ("", HOOK)
    assert (there.name, there.open, there.wishes) == (made.name, True, made.wishes)


def test_routes_have_the_limits_of_their_settings():
    """A route without limits of its own has those of [server]."""
    text = (
        '[server]\nbody_limit = "2MB"\n[destinations.ops]\nhook = "https://chat.example.com/hooks/x"\n'
        '[routes.one]\nservice = "github"\ndestinations = ["ops"]\nallow_unsigned = true\n'
        '[routes.two]\nservice = "github"\ndestinations = ["ops"]\nallow_unsigned = true\nbody_limit = "3kB"\n'
    )
    made = build(settings.parse(text, "mattergate.toml", {}, lambda path: path.read_text("utf-8")))
    assert {name: one.body_limit for name, one in made.items()} == {"one": 2_000_000, "two": 3_000}
