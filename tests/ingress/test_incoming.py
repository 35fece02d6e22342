"""Requests of aiohttp become the gateway's own: what a translator and a refusal see of them."""

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gateway.ingress.incoming import as_request, knock


def asked(path: str, **headers: str) -> web.Request:
    """A request with these headers."""
    return make_mocked_request("POST", path, headers={name.replace("_", "-"): text for name, text in headers.items()})


def test_names_are_lower_case_and_the_first_value_of_a_query_counts() -> None:
    """The URL is the public one, as the sender wrote it."""
    found = as_request(asked("/in/a?x=1&x=2&y=%20", X_Token="t", Host="h:80"), b"body", "s3", "https://public")
    assert (found.headers["x-token"], found.query, found.body) == ("t", {"x": "1", "y": " "}, b"body")
    assert (found.path_secret, found.url) == ("s3", "https://public/in/a?x=1&x=2&y=%20")
    assert as_request(asked("/in/a", Host="h:80"), b"", "", "").url == "http://h:80/in/a"


def test_a_knock_says_who_asked_and_for_what() -> None:
    """Nothing of the path, which may hold a secret."""
    found = knock(asked("/in/a/s3cret", User_Agent="curl", Content_Type="text/plain"), "192.0.2.1", "a", "github")
    assert (found.peer, found.route, found.service, found.agent) == ("192.0.2.1", "a", "github", "curl")
    assert "s3cret" not in repr(found)
