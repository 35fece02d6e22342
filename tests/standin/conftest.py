"""A stand-in, what is in it, and somebody who talks to it over real HTTP."""

import json

import aiohttp
import pytest

from gateway.standin.server import StandIn
from gateway.standin.world import World


@pytest.fixture
async def standin():
    """Give a stand-in that tells developers' details."""
    return StandIn(developer=True)


class Client:
    """Talks to a stand-in as a service and as a bot do."""

    def __init__(self, url, session):
        self.url = url
        self.session = session
        self.boss_token = ""

    async def ask(self, method, path, body=None, token=""):
        """Status, text and headers of the answer."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.request(method, self.url + path, data=data, headers=headers) as response:
            return response.status, await response.text(), response.headers

    async def send(self, body, hook="hook"):
        """POST to a hook."""
        return await self.ask("POST", f"/hooks/{hook}", body)

    async def boss(self, method, path, body=None):
        """Call the REST API as an administrator; gives status and document."""
        status, text, _ = await self.ask(method, f"/api/v4{path}", body, self.boss_token)
        return status, json.loads(text)

    async def post(self, token, channel, message="hello", **more):
        """Create a post; gives status and document."""
        body = {"channel_id": channel, "message": message, **more}
        status, text, _ = await self.ask("POST", "/api/v4/posts", body, token)
        return status, json.loads(text)

    async def me(self, token):
        """The status of asking who one is."""
        return (await self.ask("GET", "/api/v4/users/me", token=token))[0]


@pytest.fixture
async def client(standin):
    """Give a client of the stand-in, which has the hook `hook` and an administrator."""
    standin.add_hook("hook")
    token = standin.add_bot("boss", roles="system_admin system_user")
    async with standin.serve() as url, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        made = Client(url, session)
        made.boss_token = token
        yield made


@pytest.fixture
def world():
    """Give a world that keeps a hundred posts."""
    return World(100)
