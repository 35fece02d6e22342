"""What the doors by which Mattermost calls have in common."""

import pytest

from gateway.callbacks.smoothing import Occasion
from gateway.errors import Refused
from gateway.ingress.calling import nothing, part_of, read_said, table_of
from gateway.model import Request
from gateway.settings import Settings
from gateway.settings.callbacks import CallbackSettings

SETTINGS = Settings(callbacks={name: CallbackSettings(name=name, service="s") for name in ("one", "a b")})


@pytest.mark.parametrize(
    ("path", "name"),
    [("/out/one", "one"), ("/out/one/", "one"), ("/out/a%20b", "a b"), ("/out/two", ""), ("/command/one", ""),
     ("/out/one/x", ""), ("/out", ""), ("/", ""), ("/OUT/one", "")],
)  # fmt: skip
def test_a_path_names_a_table(path, name):
    """Percent-decoded; every other form of path leads nowhere."""
    found = table_of(SETTINGS, path, "out")
    assert (found.name if found else "") == name


@pytest.mark.parametrize(("path", "secret"), [("/action/a%2Fb", "a/b"), ("/action/", ""), ("/dialog/x", None)])
def test_a_path_holds_a_secret(path, secret):
    """Or is one of another door."""
    assert (part_of(path, "action") or None) == (secret or None)


def test_a_get_says_it_in_its_query():
    """A form as well as a body; JSON where the content type says so."""
    query = Request("GET", {}, url="http://g/command/one?text=a+b&token=t")
    form = Request("POST", {"content-type": "application/x-www-form-urlencoded"}, body=b"text=a+b&token=t")
    json = Request("POST", {"content-type": "application/json"}, body=b'{"text": "a b", "token": "t"}')
    for request in (query, form, json):
        said = read_said(Occasion.COMMAND, request)
        assert (said.input["words"], said.token.reveal()) == (["a", "b"], "t")


@pytest.mark.parametrize(
    ("method", "body", "status"), [("PUT", b"{}", 405), ("POST", b"{", 400), ("POST", b"[]", 400), ("HEAD", b"", 405)]
)
def test_what_cannot_be_read_is_refused(method, body, status):
    """With the reason, without the body."""
    with pytest.raises(Refused) as refused:
        read_said(Occasion.ACTION, Request(method, {"content-type": "application/json"}, body=body))
    assert refused.value.status == status


def test_nothing_is_an_answer_that_mattermost_takes():
    """Status 200 and an object: a click with anything else fails."""
    assert (nothing().status, nothing().body) == (200, b"{}")
