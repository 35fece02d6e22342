"""A stand-in, what is in it, and somebody who talks to it over real HTTP."""

import json
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from gateway.standin.server import StandIn
from gateway.standin.world import World
from tests.conftest import eventually


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


class Integration:
    """A service that the stand-in calls: `asked` are the requests with their bodies, `answers` what it says in turn.

    An answer is a document, bytes, or an HTTP response; the last one stays.
    """

    def __init__(self):
        self.url = ""
        self.asked = []
        self.answers = [b""]

    async def handle(self, request):
        """Keep and answer one request."""
        self.asked.append((request, await request.text()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, dict):
            return web.json_response(answer)
        return web.Response(body=answer) if isinstance(answer, bytes) else answer

    async def got(self, count=1):
        """Give the last request and its body, once there are so many."""
        await eventually(lambda: len(self.asked) >= count)
        return self.asked[count - 1]

    async def form(self, count=1):
        """Give the pairs of a form."""
        return dict(parse_qsl((await self.got(count))[1], keep_blank_values=True))

    async def json(self, count=1):
        """Give a document that was sent."""
        return json.loads((await self.got(count))[1])

    async def post(self, standin, count):
        """Give the last post of the stand-in, once there are so many."""
        await eventually(lambda: len(standin.posts) >= count)
        return standin.posts[count - 1]


@pytest.fixture
async def integration(aiohttp_server):
    """Give a service that the stand-in calls."""
    made = Integration()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    server = await aiohttp_server(app)
    made.url = f"http://{server.host}:{server.port}/in"
    return made


@pytest.fixture
def world():
    """Give a world that keeps a hundred posts."""
    return World(100)
