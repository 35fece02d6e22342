"""From HTTP to a handler of the REST API and back: who calls, how large it may be, and how it is answered."""

import json

import pytest

from gateway.standin.call import OPEN, SLACK, Call
from gateway.standin.refusal import RefusedError, new_id


def call(world, user=None, **more) -> Call:
    """A request as a handler gets it."""
    usual = {"token": "", "path": {}, "query": {}, "body": b"", "content_type": "", "site": ""}
    return Call(world, user, **{**usual, **more})


def refusal(get) -> tuple[int, str]:
    """Status and error of a refusal."""
    with pytest.raises(RefusedError) as caught:
        get()
    return caught.value.status, caught.value.error_id


def test_what_is_in_the_path_is_looked_up(world):
    """By its id, which has 26 signs; `me` is who calls."""
    square = world.channel_named(world.home.id, "town-square")
    asked = call(world, world.owner, path={"channel": square.id, "team": world.home.id, "user": world.owner.id})
    assert (asked.channel(), asked.team(), asked.target()) == (square, world.home, world.owner)
    assert call(world, world.owner, path={"user": "me"}).target() is world.owner
    unknown = call(world, path=dict.fromkeys(("channel", "team", "user"), new_id()))
    assert [refusal(get)[0] for get in (unknown.channel, unknown.team, unknown.target)] == [404] * 3
    assert refusal(call(world, path={"channel": "x"}).channel) == (400, "api.context.invalid_url_param.app_error")


def test_nobody_is_nobody(world):
    """Whoever is needed and not there is told that the session is over."""
    over = (401, "api.context.session_expired.app_error")
    assert refusal(lambda: call(world).caller) == refusal(call(world).check_admin) == over
    assert refusal(call(world, path={"user": "me"}).target) == over
    assert refusal(call(world, world.owner).check_admin)[0] == 403


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"a": "\xff"}', b"[" * 100_000, b"[1]"], ids=lambda body: repr(body[:8])
)
def test_a_body_is_of_its_type_or_refused(world, body):
    """The refusal names what was expected."""
    assert call(world, body=b'{"a": 1}').json(dict[str, int], "thing") == {"a": 1}
    with pytest.raises(RefusedError) as caught:
        call(world, body=body).json(dict[str, int], "thing")
    assert (caught.value.status, caught.value.detail) == (400, "thing")


async def test_a_body_that_is_too_large_is_refused(standin, client):
    """Once it is known who calls: strangers are told that they are some."""
    standin.settings.service.maximum_payload_size_bytes = 1000
    token = standin.add_bot("gate")
    large = b" " * (1000 + SLACK + 1)
    assert (await client.ask("POST", "/api/v4/posts", large, token))[0] == 413
    assert (await client.ask("POST", "/api/v4/posts", large[1:], token))[0] == 400
    assert (await client.ask("POST", "/api/v4/posts", large))[0] == 401


async def test_a_stale_token_counts_for_nothing_where_none_is_needed(client):
    """A client that logs in again may still send the old one."""
    for path in OPEN - {"/api/v4/users", "/api/v4/users/login", "/api/v4/users/logout", "/api/v4/actions/dialogs/open"}:
        assert (await client.ask("GET", path, token="stale"))[0] == 200
    status, text, headers = await client.ask("GET", "/api/v4/users/me", token="stale")
    assert (status, json.loads(text)["id"]) == (401, "api.context.session_expired.app_error")
    assert headers["Set-Cookie"].startswith("MMAUTHTOKEN=;")


async def test_every_answer_is_json_with_an_id(standin, client):
    """Of a success as of a refusal, and refusals are counted."""
    token = standin.add_bot("gate")
    answers = [await client.ask("GET", path, token=token) for path in ("/api/v4/users/me", "/api/v4/users/none")]
    assert [status for status, _, _ in answers] == [200, 400]
    assert all(headers["Content-Type"] == "application/json" and headers["X-Request-Id"] for _, _, headers in answers)
    assert standin.stats["refused"] == 1
