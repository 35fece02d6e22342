"""The rate limit, which a real server takes from its settings only when it starts."""

import asyncio

import pytest

from gateway.standin import trouble

LIMITED = {"Enable": True, "PerSec": 2, "MaxBurst": 5, "VaryByRemoteAddr": True, "VaryByUser": False}


async def test_the_rate_limit(stage, place, monkeypatch):
    """Past the burst comes a bare 429 with Retry-After; hooks and REST share what is left."""
    server = stage.server
    monkeypatch.setattr(trouble, "clock", lambda: 1000.0)
    if not server.real:
        await server.done("PUT", "/config/patch", {"RateLimitSettings": LIMITED})
    found = (await server.done("GET", "/config"))["RateLimitSettings"]
    if {name: found[name] for name in LIMITED} != LIMITED:
        pytest.skip(f"a real server needs a restart with RateLimitSettings {LIMITED}")
    if server.real:
        await asyncio.sleep(4)
    monkeypatch.setattr(trouble, "clock", lambda: 1000.6)
    answers = [await server.raw("POST", f"/hooks/{place.hook}", b'{"text": "x"}') for _ in range(3)]
    answers += [await server.api("GET", "/users/me") for _ in range(3)]
    last = await server.raw("POST", f"/hooks/{place.hook}", b'{"text": "x"}')
    monkeypatch.setattr(trouble, "clock", lambda: 1010.0)
    if not server.real:
        await server.done("PUT", "/config/patch", {"RateLimitSettings": {"Enable": False}})
    assert [answer.status for answer in answers] == [200] * 6
    assert [answer.headers["X-Ratelimit-Remaining"] for answer in answers] == ["5", "4", "3", "2", "1", "0"]
    assert {answer.headers["X-Ratelimit-Limit"] for answer in answers} == {"6"}
    assert (last.status, last.text) == (429, "limit exceeded\n")
    assert last.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (last.headers["Retry-After"], last.headers["X-Ratelimit-Remaining"]) == ("1", "0")
    assert last.headers["X-Ratelimit-Reset"] == "3"
    assert not {"X-Request-Id", "X-Version-Id"} & set(last.headers)
