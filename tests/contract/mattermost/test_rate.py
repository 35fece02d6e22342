"""The rate limit, which a real server takes from its settings only when it starts."""

import asyncio

import pytest

LIMITED = {"Enable": True, "PerSec": 2, "MaxBurst": 5, "VaryByRemoteAddr": True, "VaryByUser": False}


async def test_the_rate_limit(stage, place):
    """Past the burst comes a bare 429 with Retry-After; hooks and REST share what is left."""
    server = stage.server
    if server.real:
        found = (await server.done("GET", "/config"))["RateLimitSettings"]
        if {name: found[name] for name in LIMITED} != LIMITED:
            pytest.skip(f"a real server needs a restart with RateLimitSettings {LIMITED}")
        await asyncio.sleep(4)
    async with server.settings(RateLimitSettings=LIMITED):
        answers = [await server.raw("POST", f"/hooks/{place.hook}", b'{"text": "x"}') for _ in range(4)]
        answers += [await server.api("GET", "/users/me") for _ in range(2)]
        last = await server.raw("POST", f"/hooks/{place.hook}", b'{"text": "x"}')
        await asyncio.sleep(4)
    ok = [answer for answer in answers if answer.status == 200]
    assert len(ok) >= 5
    assert last.status == 429
    assert (last.text, last.headers["Content-Type"]) == ("limit exceeded", "text/plain; charset=utf-8")
    assert int(last.headers["Retry-After"]) >= 1
    assert "X-Request-Id" not in last.headers
    assert {answer.headers["X-Ratelimit-Limit"] for answer in answers} == {"6"}
    assert int(last.headers["X-Ratelimit-Remaining"]) == 0
    assert 1 <= int(last.headers["X-Ratelimit-Reset"]) <= 4
