"""A bot of ours that listens, at each server: its connection is cut, forgotten, and it is started again."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

from gateway.mattermost.session import LoginAccount, Session, TokenAccount
from gateway.observe.metrics import Metrics
from gateway.outbound.sessions import open_session
from gateway.secret import Secret
from gateway.sources import connection
from gateway.sources.bot import Bot
from gateway.sources.connection import dialler
from gateway.sources.posts import read
from tests.conftest import eventually
from tests.contract.mattermost.conftest import PASSWORD


class Positions(dict):
    """Positions in memory."""

    async def position(self, name):
        """The position of a listener."""
        return self.get(name)

    async def advance(self, name, ms):
        """Store a position."""
        self[name] = ms


@asynccontextmanager
async def listening(server, account, positions, heard):
    """Let a bot listen with an account; `heard` gets the data of what it hears, and each post once."""

    async def hear(data):
        if read(data).id not in {read(known).id for known in heard}:
            heard.append(data)
        return True

    async with open_session() as http:
        session = Session(server.url, account(http), http)
        sockets = []

        async def dial(query, token):
            sockets.append(await dialler(http, server.url)(query, token))
            return sockets[-1]

        def cut():
            sockets[-1]._response.connection.transport.abort()

        metrics = Metrics()
        bot = Bot("ask", session, dial, hear, positions, metrics)
        running = asyncio.create_task(bot.run())
        try:
            await eventually(lambda: bool(bot.state.connected_since and positions))
            yield SimpleNamespace(session=session, metrics=metrics, cut=cut)
        finally:
            await bot.close()
            await running


def by_token(stage):
    """The stage's bot."""
    return lambda _: TokenAccount(Secret(stage.bot_token))


def texts(heard):
    """What was said."""
    return [read(data).message for data in heard]


async def test_a_bot_goes_on_where_it_was_cut(stage, place):
    """It hears what was said meanwhile, in order and once."""
    await place.join(stage.ben["id"])
    heard = []
    async with listening(stage.server, by_token(stage), Positions(), heard) as here:
        await place.post("first", stage.ben_token or await _token(stage, place))
        await eventually(lambda: texts(heard) == ["first"])
        for number in range(3):
            here.cut()
            await place.post(f"cut {number}", stage.ben_token)
            await eventually(lambda: len(heard) == number + 2)  # noqa: B023 - awaited at once
        assert texts(heard) == ["first", "cut 0", "cut 1", "cut 2"]
        assert here.metrics.bot_gaps.labels("ask").value == 0


async def test_a_restart_catches_up(stage, place):
    """With posts of the same shape; what was deleted is not heard, what was edited as it is now."""
    heard, positions = [], Positions()
    token = stage.ben_token or await _token(stage, place)
    await place.join(stage.ben["id"])
    bot = (await stage.server.done("GET", f"/users/{stage.bot}"))["username"]
    await place.post("history", token)
    await asyncio.sleep(0.01)
    async with listening(stage.server, by_token(stage), positions, heard):
        await place.post(f"@{bot} live", token)
        await eventually(lambda: texts(heard) == [f"@{bot} live"])
    edited = (await place.post("typo", token)).json["id"]
    deleted = (await place.post("gone", token)).json["id"]
    await place.post(f"@{bot} meanwhile", token)
    await place.made("own")
    await stage.server.api("DELETE", f"/posts/{deleted}", token=token)
    await place.patch(edited, token, message="edited")
    async with listening(stage.server, by_token(stage), positions, heard):
        await eventually(lambda: len(heard) == 3)
        await place.post("live again", token)
        await eventually(lambda: len(heard) == 4)
    assert texts(heard) == [f"@{bot} live", "edited", f"@{bot} meanwhile", "live again"]
    live, meanwhile = ({**heard[place], "post": ""} for place in (0, 2))
    assert live == meanwhile


async def test_a_session_that_ends_in_silence_is_renewed(stage, place, monkeypatch):
    """What was said from its end on is heard, too."""
    monkeypatch.setattr(connection, "PING", 0.3)
    heard = []
    await place.join(stage.ben["id"])

    def account(http):
        return LoginAccount(stage.server.url, stage.ben["username"], Secret(PASSWORD), http)

    async with listening(stage.server, account, Positions(), heard) as here:
        former = await here.session.token()
        await stage.server.api("POST", "/users/logout", token=former)
        await stage.server.done("POST", "/posts", {"channel_id": place.id, "message": "unheard"})
        await eventually(lambda: texts(heard) == ["unheard"])
        assert await here.session.token() != former
        assert here.metrics.bot_gaps.labels("ask").value == 1


async def _token(stage, place):
    """A session of ben's, for this and all later tests."""
    await place.join(stage.ben["id"])
    stage.ben_token = await stage.session(stage.ben)
    return stage.ben_token
