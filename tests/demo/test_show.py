"""The demonstration inside: every sender's sample arrives, and no two requests of the burst are the same event."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo import show
from gateway.demo.show import REPOSITORIES, SECRET, SHOWN, configuration


@pytest.fixture
async def demo(tmp_path):
    """Give a running demonstration."""
    async with show.running(tmp_path) as made:
        yield made


async def test_every_sender_is_shown_with_its_message(demo):
    """One request of each in their order, taken and translated by its own service, and what came of it."""
    walked = [one async for one in demo.walk(slowly=False)]
    assert [one.service for one in walked] == list(SHOWN)
    for one in walked:
        assert (one.status, one.answer["outcome"]) == (202, "message"), one.service
        assert one.answer["translator"].partition("/")[0] == one.service
        assert one.posts, one.service
        assert one.request.body


async def test_the_burst_is_delivered_whole(demo):
    """As many messages as events, and the last is delivered after it was accepted."""
    arriving = demo.arrivals()
    first = asyncio.ensure_future(anext(arriving))
    await asyncio.sleep(0)
    found = await demo.burst(100)
    assert found.events == 100
    assert 0 < found.accepted <= found.delivered < 60
    assert demo._standin.stats["posts"] == 100
    seen = len(await first)
    async with asyncio.timeout(30):
        while seen < 100:
            seen += len(await anext(arriving))
    await arriving.aclose()
    assert seen == 100


async def test_nobody_posts_without_the_secret(demo):
    """The routes of the demonstration ask for it, as those of an operator do."""
    for service in SHOWN:
        async with demo._session.post(f"{demo.url}/in/{service}", json={}) as response:
            assert response.status == 401, service


@given(st.lists(st.integers(0, 10**6), min_size=2, unique=True))
def test_no_two_pushes_are_the_same_event(numbers):
    """Each has a delivery id and a commit of its own, and few repositories stand in line."""
    push = show._request("github")
    made = [show._renumber(push, number) for number in numbers]
    assert len({one.headers["x-github-delivery"] for one in made}) == len(made)
    assert len({json.loads(one.body)["after"] for one in made}) == len(made)
    assert len({json.loads(one.body)["repository"]["full_name"] for one in made}) <= REPOSITORIES
    assert all(one.headers["x-github-event"] == "push" for one in made)


def test_the_settings_are_those_of_an_operator(tmp_path):
    """A route for each sender to the one destination, each with the secret; nothing is listened at but loopback."""
    known = configuration("http://127.0.0.1:1/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3", tmp_path)
    assert list(known.routes) == list(SHOWN)
    assert {route.destinations for route in known.routes.values()} == {("town-square",)}
    assert all(route.secrets[0].reveal() == SECRET for route in known.routes.values())
    assert {known.server.listen.host, known.server.admin.host} == {"127.0.0.1"}
