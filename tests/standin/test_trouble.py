"""Trouble on request: modes, failures that were ordered, and the rate limit."""

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.standin.serversettings import RateLimitSettings
from gateway.standin.trouble import Rate, Trouble


async def test_failures_on_request(standin, client):
    """`fail_next` answers so often with what it was given, over REST too; then all is well."""
    token, channel = standin.add_bot("gate"), standin.add_channel("town-square")
    standin.join("gate", "town-square")
    standin.fail_next(2, 503, {"Retry-After": "7"}, "{}")
    answers = [await client.send({"text": "x"}), await client.send({"text": "x"})]
    assert [(status, headers["Retry-After"]) for status, _, headers in answers] == [(503, "7"), (503, "7")]
    standin.fail_next(1, 500, body="{}")
    assert [(await client.post(token, channel))[0] for _ in range(2)] == [500, 201]
    assert standin.stats["failed"] == 3
    assert len(standin.posts) == 1


async def test_modes(standin, client):
    """Down, slow, a login page in the way, and connections that end without an answer, before or after the deed."""
    token, channel = standin.add_bot("gate"), standin.add_channel("town-square")
    standin.join("gate", "town-square")
    ways = [
        lambda: client.send({"text": "x"}),
        lambda: client.ask("POST", "/api/v4/posts", {"channel_id": channel, "message": "x"}, token),
    ]
    for way, good in zip(ways, (200, 201), strict=True):
        before = len(standin.posts)
        standin.mode = "down"
        assert (await way())[0] == 503
        standin.mode = "html"
        status, text, _ = await way()
        assert (status, "<html>" in text) == (200, True)
        standin.mode, standin.delay = "slow", 0.01
        assert (await way())[0] == good
        for mode, stored in (("drop", 1), ("drop after", 2)):
            standin.mode = mode
            with pytest.raises(aiohttp.ClientError):
                await way()
            assert len(standin.posts) - before == stored
    standin.mode = "down"
    assert (await client.ask("GET", "/api/v4/system/ping"))[0] == 200


def test_the_burst_passes_at_once_and_then_one_in_a_while():
    """The headers say how many are left, and when there is room again."""
    rate = Rate(per_second=2, burst=2)
    answers = [rate.take(10.0) for _ in range(4)]
    assert [allowed for allowed, _ in answers] == [True, True, True, False]
    assert [headers["X-Ratelimit-Remaining"] for _, headers in answers] == ["2", "1", "0", "0"]
    assert {headers["X-Ratelimit-Limit"] for _, headers in answers} == {"3"}
    assert answers[3][1]["Retry-After"] == "1"
    assert [rate.take(moment)[0] for moment in (10.4, 10.6, 10.7)] == [False, True, False]


@given(st.floats(0.1, 100), st.integers(0, 20), st.lists(st.floats(0, 2), max_size=60))
def test_no_more_pass_than_the_limit_allows(per_second, burst, pauses):
    """In any time, at most the burst, one more, and what the rate lets through; whoever waits as told passes."""
    rate, now, passed = Rate(per_second, burst), 100.0, []
    for pause in pauses:
        now += pause
        allowed, headers = rate.take(now)
        if allowed:
            passed.append(now)
            assert "Retry-After" not in headers
        else:
            now += int(headers["Retry-After"])
            assert rate.take(now)[0]
            passed.append(now)
        assert 0 <= int(headers["X-Ratelimit-Remaining"]) <= burst
    for at, first in enumerate(passed):
        for further in range(at, len(passed)):
            assert further - at <= burst + (passed[further] - first) * per_second + 1e-6


def test_changed_settings_begin_a_new_limit():
    """Until they change, what was counted counts; switched off, everything passes."""
    settings = RateLimitSettings(enable=True, per_sec=1, max_burst=1)
    trouble = Trouble(RateLimitSettings())
    assert [trouble.limited(settings)[0] for _ in range(3)] == [True, True, False]
    assert trouble.limited(RateLimitSettings(enable=True, per_sec=1, max_burst=1))[0]
    assert [trouble.limited(RateLimitSettings()) for _ in range(5)] == [(True, {})] * 5


def test_ordered_failures_end():
    """An order replaces the one before it."""
    trouble = Trouble(RateLimitSettings())
    assert trouble.failed() is None
    trouble.order(5, 500, {}, "a")
    trouble.order(1, 502, {"X-A": "1"}, "b")
    answer = trouble.failed()
    assert (answer.status, answer.headers["X-A"], answer.text) == (502, "1", "b")
    assert trouble.failed() is None
