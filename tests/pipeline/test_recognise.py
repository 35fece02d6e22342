"""Which service a request is from: what speaks for it, what does not, and in which words."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.catalog import Catalog
from gateway.catalog.generic import GENERIC
from gateway.catalog.outline import Outlines
from gateway.decode.content import Content
from gateway.model import Request
from gateway.pipeline import sample
from gateway.pipeline.recognise import ENOUGH, SHOWN, candidates
from tests import builtin

SERVICE = """
name: {name}
docs: https://example.com/
setup: Nothing to set up; this service exists for tests alone.
event: [{event}]
{more}
"""
TRANSLATOR = """
title: An item
events: [item]
input: {type: object, required: [box, number], properties: {box: {type: string}, number: {type: integer}}}
message: {text: "{{ box }}"}
"""
ITEM = {"kind": "item", "box": "a", "number": 1}


@pytest.fixture
def weigh(tmp_path):
    """A function that makes services of lines of their documents, and gives the candidates of a request by their keys.

    Each service reads its event from the key `kind` unless it says otherwise, and speaks for `item`.
    """

    def found(services: dict[str, str], body: object, **headers: str):
        for key, more in services.items():
            event = "{json: kind}" if "event-header" not in more else "{header: X-Kind}"
            text = SERVICE.format(name=key.title(), event=event, more=more.replace("event-header", ""))
            (tmp_path / key).mkdir()
            (tmp_path / key / "service.yaml").write_text(text)
            (tmp_path / key / "item.yaml").write_text(TRANSLATOR)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request("POST", {"content-type": "application/json", **named}, {}, raw)
        return {one.service: one for one in candidates(Catalog([tmp_path]).outlines(), Content(request))}

    return found


def test_nearly_every_sample_is_recognised():
    """What the samples of the catalog hold, of which every third is tried, tells their services: 98 of 100 and more."""
    known = Catalog(builtin.FOLDERS).outlines()
    hits: Counter[bool] = Counter()
    for key, path in builtin.SAMPLES[::3]:
        one = builtin.sample(path)
        if one.expect.outcome in ("refused", "answered"):  # bare requests: nothing of them is read
            continue
        found = candidates(known, Content(sample.as_request(one.request)))
        best = [each.service for each in found if each.points == found[0].points] or [GENERIC]
        hits[key in best] += 1
    assert hits[True] / hits.total() > 0.98, hits


def test_an_event_and_a_schema_that_holds_are_enough(weigh):
    """The body names an event for which somebody speaks, and has what that asks for."""
    [one] = weigh({"acme": ""}, ITEM).values()
    assert (one.name, one.reasons) == ("Acme", ("the event is item", "acme/item understands the payload"))
    assert one.points >= ENOUGH


@pytest.mark.parametrize(
    "body", [{}, {"kind": "other"}, {"kind": "item", "box": 1}, [], 7, None, b"", b"kind=item", b"\xff", b"{"]
)
def test_what_tells_nothing_is_from_nobody(weigh, body):
    """An unknown event, a payload that does not match, and what is no JSON object: nobody is guessed."""
    assert weigh({"acme": ""}, body) == {}


def test_a_header_of_its_own_says_more_than_one_that_many_share(weigh):
    """The signature that one service alone sends goes before one that both send."""
    own, shared = "verify: [{hmac: sha256, header: X-Own}]", "verify: [{hmac: sha256, header: X-Shared}]"
    found = weigh({"acme": own, "bell": shared, "core": shared}, ITEM, x_own="1", x_shared="1")
    assert next(iter(found)) == "acme"
    assert found["bell"].points == found["core"].points < found["acme"].points
    assert any("x-own" in reason for reason in found["acme"].reasons)


def test_headers_that_anybody_sends_are_no_evidence(weigh):
    """A bearer token says nothing about who sent it."""
    bearer = 'verify: [{header: Authorization, prefix: "Bearer "}]'
    assert weigh({"acme": bearer}, {}, authorization="Bearer x") == {}


@pytest.mark.parametrize("headers", [{"user_agent": "Acme/1.0"}, {"user_agent": "x (acme hooks)"}, {"x_acme_id": "1"}])
def test_a_sender_may_name_itself(weigh, headers):
    """In its User-Agent or in the names of its own headers."""
    found = weigh({"acme": "", "bell": ""}, ITEM, **headers)
    assert next(iter(found)) == "acme"
    assert "headers name it" in found["acme"].reasons
    assert "headers name it" not in found["bell"].reasons


def test_an_event_that_is_ignored_is_recognised(weigh):
    """A service knows what it passes over, without any schema."""
    [one] = weigh({"acme": "ignore: [noise]\n"}, {"kind": "noise"}, user_agent="acme").values()
    assert one.reasons[-2:] == ("the event is noise", "which it ignores")


def test_a_payload_that_does_not_match_speaks_against(weigh):
    """The event and the sender are right, the schema is not: it is told, if it is likely at all."""
    headers = {"x_own": "1", "user_agent": "acme"}
    [one] = weigh({"acme": "verify: [{hmac: sha256, header: X-Own}]"}, {"kind": "item", "box": 7}, **headers).values()
    assert one.reasons[-1] == "but the payload does not match the input of acme/item"


def test_an_imitator_that_does_not_show_itself(weigh):
    """What is sent in the manner of another is taken for the other."""
    services = {"acme": "verify: [{hmac: sha256, header: X-Own}]", "bell": "imitates: [acme]"}
    assert list(weigh(services, ITEM, x_own="1")) == ["acme", "bell"]


def test_an_imitator_that_names_itself(weigh):
    """It goes before the one that it imitates, and the reason is told."""
    services = {"acme": "verify: [{hmac: sha256, header: X-Own}]", "bell": "imitates: [acme]"}
    found = weigh(services, ITEM, x_own="1", user_agent="bell")
    assert list(found) == ["bell", "acme"]
    assert found["bell"].reasons[-1] == "its requests carry what those of Acme do"


def test_few_are_told_the_likeliest_first(weigh):
    """However many are alike; those with as many points come by their names."""
    found = weigh({f"s{number}": "" for number in range(SHOWN + 3)}, ITEM)
    assert list(found) == [f"s{number}" for number in range(SHOWN)]


IN_USE = {"github", "slack", "alertmanager", "sentry"}
KNOWN = Outlines({key: one for key, one in Catalog(builtin.FOLDERS).outlines().items() if key in IN_USE})
KEYS = st.sampled_from("action alerts ref commits repository type event challenge data text status".split())
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=5),
)
HEADERS = st.dictionaries(
    st.sampled_from("x-github-event user-agent content-type sentry-hook-resource x-slack-signature".split()),
    st.sampled_from(["push", "issues", "application/json", "multipart/form-data", "text/xml"]) | st.text(max_size=20),
)


@given(HEADERS, ANYTHING.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=100))
def test_no_request_raises_anything(headers, body):
    """Whatever is pasted, a few candidates come, the likeliest first, each with enough points and a reason."""
    found = candidates(KNOWN, Content(Request("POST", headers, {}, body)))
    assert len(found) <= SHOWN
    assert [one.points for one in found] == sorted((one.points for one in found), reverse=True)
    assert all(one.points >= ENOUGH and one.reasons for one in found)
