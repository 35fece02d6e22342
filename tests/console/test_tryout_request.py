"""The request that somebody tries: typed, of an event or of a sample; what a form holds is the request again."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog import files
from gateway.console import tryout_request
from gateway.console.tryout_request import BODY, Trial, as_request, of_sample
from gateway.errors import CatalogError, Refused
from gateway.model import Request
from tests.console.conftest import ITEMS_ROUTE
from tests.console.person import ITEMS_TOKEN, Person, send

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=20)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = TEXT.map(lambda text: " ".join(text.replace("\r", " ").replace("\n", " ").split(" ")).strip())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
)


@given(
    st.sampled_from(["GET", "POST", "PUT"]),
    st.dictionaries(NAMES, VALUES),
    st.dictionaries(TEXT, TEXT),
    TEXT.map(str.encode) | st.binary(),
)
def test_what_a_form_holds_is_the_request_again(method, headers, query, body):
    """Method, headers, query and every byte of the body come out as they went in; JSON may be indented."""
    request, head = as_request(tryout_request._trial_of(Request(method, headers, query, body)))
    assert (request.method, request.headers, request.query, head.faults) == (method, headers, query, ())
    if body.lstrip().startswith((b"{", b"[")) and request.body != body:
        assert msgspec.json.decode(request.body) == msgspec.json.decode(body)
    else:
        assert request.body == body


@given(JSON)
def test_json_is_indented_and_says_the_same(value):
    """A person reads it; the translator does not see a difference."""
    trial = tryout_request._trial_of(Request(body=msgspec.json.encode(value)))
    assert trial.encoding == "text"
    assert msgspec.json.decode(as_request(trial)[0].body) == value


def test_bytes_that_are_no_text_are_written_as_base64():
    """And what is too long for the form as well."""
    trial = tryout_request._trial_of(Request(body=b"\xff\x00"))
    assert (trial.body, trial.encoding) == ("/wA=", "base64")
    assert tryout_request._trial_of(Request(body=b"a" * (BODY + 1))).encoding == "base64"


@pytest.mark.parametrize(("method", "offered"), [("post", "POST"), ("PATCH", "PATCH"), ("PROPFIND", ""), ("", "")])
def test_methods_that_the_form_offers(method, offered):
    """Others are left to the request line."""
    assert tryout_request._trial_of(Request(method)).method == offered


def test_what_is_typed_goes_before_what_was_pasted():
    """Method and query of a request line count where their own fields are empty; without any method it is POST."""
    pasted = "GET /in/x?a=1&b=2 HTTP/1.1\nX-A: 1"
    request, _ = as_request(Trial(headers=pasted))
    assert (request.method, request.query, request.headers) == ("GET", {"a": "1", "b": "2"}, {"x-a": "1"})
    request, _ = as_request(Trial(headers=pasted, method="PUT", query="https://h/x?b=3"))
    assert (request.method, request.query) == ("PUT", {"a": "1", "b": "3"})
    assert as_request(Trial())[0] == Request("POST")


def test_base64_that_is_none_is_told():
    """Line ends and blanks in it do not count."""
    assert as_request(Trial(body="aGVs\r\nbG8 =", encoding="base64"))[0].body == b"hello"
    with pytest.raises(Refused, match="400 Bad Request: body: this is not base64"):
        as_request(Trial(body="a", encoding="base64"))


FOLDERS = [files.builtin_folder()]


def test_a_sample_is_its_request():
    """With its service, so that nothing has to be recognised."""
    trial = of_sample("github/push.commits", FOLDERS)
    assert (trial.service, trial.sample, trial.method) == ("github", "github/push.commits", "POST")
    assert "x-github-event: push" in trial.headers
    assert msgspec.json.decode(trial.body)["ref"].startswith("refs/")


@pytest.mark.parametrize(
    "name", ["", "github", "github/none", "../github/push.commits", "github/../github/push.commits"]
)
def test_a_sample_that_is_none(name):
    """404 with its name; no name leads out of the folders."""
    with pytest.raises(Refused, match="404 Not Found: the catalog has no sample"):
        of_sample(name, FOLDERS)


def test_a_faulty_sample_is_told(tmp_path):
    """With its file, as the catalog's own faults are."""
    (tmp_path / "own" / "samples").mkdir(parents=True)
    (tmp_path / "own" / "service.yaml").write_text("name: Own\n")
    (tmp_path / "own" / "samples" / "bad.yaml").write_bytes(b"\xff")
    with pytest.raises(CatalogError, match=r"bad\.yaml: it is not UTF-8 text"):
        of_sample("own/bad", [tmp_path])


async def test_what_is_given_stands_in_for_what_is_empty(shared):
    """Of an event: its request, service and route, masked; what is typed beside it goes before."""
    person = Person(shared)
    event_id = await send(person, "a")

    async def tried(**trial):
        status, found = await person.api("POST", "/try", {"event": event_id, **trial})
        assert status == 200, found
        return found["running"]

    assert (await tried())["subject"] == "a"
    body = '{"kind": "item", "box": "b", "number": 2}'
    assert (await tried(body=body))["subject"] == "b"
    packed = base64.b64encode(body.encode()).decode()
    assert (await tried(body=packed, encoding="base64"))["subject"] == "b"
    assert ITEMS_TOKEN not in (await person.page(f"/try?event={event_id}"))[1]


async def test_an_event_that_is_too_large_is_told(items):
    """The form has room for a million bytes."""
    person = await items(ITEMS_ROUTE.replace("verify", "body_limit = '3MB'\nverify"))
    body = {"kind": "item", "box": "a", "number": 1, "token": ITEMS_TOKEN, "more": "x" * BODY}
    status, answer = await person.gateway.post("/in/items", body, Content_Type="application/json")
    assert status == 202
    status, problem = await person.api("POST", "/try", {"event": answer["id"]})
    assert (status, "1,000,000 can be tried" in problem["detail"]) == (413, True)
