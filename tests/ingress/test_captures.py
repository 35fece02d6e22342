"""Captures: addresses whose requests become no events."""

import pytest

from gateway.errors import Refused
from gateway.ingress.captures import CAPTURES, LIFE, REQUESTS, ROOM, Captures
from gateway.model import Request

OPEN = '[routes.open]\nservice = "generic"\ndestinations = ["ops"]\nallow_unsigned = true\n'


async def test_what_is_captured_goes_nowhere(start):
    """It is answered 200 and kept as it came; the journal has neither event nor refusal, Mattermost no post."""
    gateway = await start(OPEN)
    running = gateway.running._running
    capture = running.captures.begin()
    async with gateway.session.post(gateway.url + capture.path + "?a=1", data=b"\xff\x00", headers={"X-A": "b"}) as got:
        assert (got.status, await got.read()) == (200, b'{"outcome":"captured"}')
    [kept] = capture.requests
    assert (kept.method, kept.query, kept.body, kept.headers["x-a"]) == ("POST", {"a": "1"}, b"\xff\x00", "b")
    assert (await gateway.post("/in/open", {"title": "after it"}))[0] == 202
    [post] = await gateway.posts(1)
    assert "after it" in str(post.attachments)
    await running.reload()
    assert (await gateway.post(capture.path, {"challenge": "c1"})) == (200, {"challenge": "c1"})
    running.captures.end(capture.key)
    unknown, ended = await gateway.post("/in/capture-0", b"x"), await gateway.post(capture.path, b"x")
    assert unknown == ended
    assert unknown[0] == 404


async def test_bytes_and_requests_are_bounded(start):
    """What does not fit is 413 and not kept; a full capture is as unknown as any other address."""
    gateway = await start(OPEN)
    capture = gateway.running._running.captures.begin()
    assert (await gateway.post(capture.path, b"x" * (ROOM + 1)))[0] == 413
    for number in range(REQUESTS):
        async with gateway.session.put(gateway.url + capture.path, data=str(number)) as got:
            assert got.status == 200
    assert (await gateway.post(capture.path, b"one more"))[0] == 404
    assert [one.body for one in capture.requests] == [str(number).encode() for number in range(REQUESTS)]


def test_headers_count():
    """One megabyte is that of all requests with their headers and URLs."""
    capture = Captures().begin()
    capture.keep(Request(body=b"x" * (ROOM - 5000)))
    with pytest.raises(Refused, match="413"):
        capture.keep(Request(headers={"x-a": "y" * 5000}))
    capture.keep(Request(headers={"x-a": "y" * 4997}))
    assert capture.is_full


def test_a_capture_lasts_an_hour_and_few_are_at_once():
    """Then its place is free again; keys are not guessed."""
    now = 0.0
    captures = Captures(lambda: now)
    all_ = [captures.begin() for _ in range(CAPTURES)]
    assert len({one.key for one in all_}) == CAPTURES
    assert all(len(one.key) == 32 for one in all_)
    with pytest.raises(Refused, match="8 captures are under way; end one, or wait 60 minutes"):
        captures.begin()
    assert captures.at(all_[0].path) is all_[0]
    assert captures.at(all_[0].key) is None
    now = LIFE
    assert captures.at(all_[0].path) is None
    assert captures.begin()


def test_what_cannot_be_inflated_is_kept():
    """Whoever drafts sees what was sent."""
    capture = Captures().begin()
    assert capture.keep(Request(headers={"content-encoding": "gzip"}, body=b"no gzip")).status == 200
    assert capture.requests[0].body == b"no gzip"
