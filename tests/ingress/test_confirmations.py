"""URLs that confirm subscriptions: what is told of them, and how many are asked for at once."""

import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.errors import Refused
from gateway.ingress.confirmations import AT_ONCE, Confirmations
from gateway.model import FetchOutcome
from gateway.outbound.fetch import NotFetched
from gateway.verify.handshake import Effect, Reply

REPLY = Reply(200, effect=Effect.FETCH, value="https://sns.example.com/confirm?Token=a", hosts=("sns.example.com",))


@pytest.mark.parametrize("why", ["", "sns.example.com answered 403"])
async def test_a_url_is_asked_for(why):
    """On the hosts of the rule; how that ended is told in the log, without the URL, which holds a token."""
    asked = []

    async def fetch(url, hosts):
        asked.append((url, hosts))
        if why:
            raise NotFetched(FetchOutcome.STATUS, why)

    with capture_logs() as said:
        assert await Confirmations(fetch).confirm("build", REPLY) == why
    assert asked == [(REPLY.value, REPLY.hosts)]
    [line] = said
    assert line["event"] == ("subscription not confirmed" if why else "subscription confirmed")
    assert "Token" not in str(line)


async def test_few_at_once():
    """The sender of another one is to come again; one that has ended makes room."""
    go = asyncio.Event()

    async def fetch(_url, _hosts):
        await go.wait()

    confirmations = Confirmations(fetch)
    running = [asyncio.ensure_future(confirmations.confirm("build", REPLY)) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as caught:
        await confirmations.confirm("build", REPLY)
    assert (caught.value.status, caught.value.retry > 0) == (503, True)
    go.set()
    assert await asyncio.gather(*running) == [""] * AT_ONCE
    assert await confirmations.confirm("build", REPLY) == ""
