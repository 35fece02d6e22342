"""The servers that the behaviours of Mattermost are asked of: the stand-in always, a real one when it is named.

A real server is named by MATTERMOST_URL, MATTERMOST_ADMIN (login of a system administrator) and MATTERMOST_PASSWORD.
Both are set up by the same requests: only the way to the first administrator differs. What is made there has names of
its own, and is removed at the end as far as the server allows; settings that a behaviour needs are put back.

MATTERMOST_CALLS is the name or address by which a real server reaches the machine of the tests, where it is asked to
call an outside service; 127.0.0.1 without it.

MATTERMOST_CRASH is a command of the shell that kills the real server with SIGKILL, starts it again, and ends when it
answers; without it the behaviours of a crash are asked of the stand-in alone.
"""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from gateway.standin.server import StandIn
from tests.conftest import eventually
from tests.contract.mattermost.service import Service

REAL = "MATTERMOST_URL" in os.environ
PASSWORD = "a password of the contract suite"
HOST = os.environ.get("MATTERMOST_CALLS", "127.0.0.1")
NEEDED = {
    "ServiceSettings": {
        "EnablePostUsernameOverride": True,
        "EnablePostIconOverride": True,
        "EnableUserAccessTokens": True,
        "EnableBotAccountCreation": True,
        "EnableIncomingWebhooks": True,
        "EnableOutgoingWebhooks": True,
        "EnableCommands": True,
        "AllowedUntrustedInternalConnections": HOST,
        "PostPriority": True,
        "EnableDeveloper": False,
    },
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every behaviour run in one event loop and one worker: they share a server and its settings."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.xdist_group("mattermost"))


class Answer:
    """An HTTP answer: `status`, `headers`, `text`, and what its JSON says."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.text = body.decode()

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.text)

    @property
    def id(self) -> str:
        """The error id, cut to what tells errors apart; empty for what is no error document."""
        kind = self.headers.get("Content-Type", "")
        return self.json.get("id", "").removesuffix(".app_error") if kind.startswith("application/json") else ""

    @property
    def outcome(self) -> tuple[int, str]:
        """Status and error id; of a success, the status and nothing."""
        return (self.status, self.id if self.status >= 400 else "")


class Server:
    """A Mattermost to talk to. `token` is an administrator's; `real` tells the real one from the stand-in."""

    def __init__(self, url: str, session: aiohttp.ClientSession, standin: StandIn | None = None) -> None:
        self.url = url
        self.session = session
        self.real = standin is None
        self.token = ""
        self._standin = standin

    @property
    def can_crash(self) -> bool:
        """Whether there is a way to kill it."""
        return self._standin is not None or "MATTERMOST_CRASH" in os.environ

    async def crash(self) -> None:
        """Kill it while it stores posts, and start it again."""
        if self._standin is None:
            crashing = await asyncio.create_subprocess_shell(os.environ["MATTERMOST_CRASH"])
            assert await crashing.wait() == 0
            return
        self._standin.mode = "drop after"
        before = self._standin.stats["posts"]
        await eventually(lambda: self._standin.stats["posts"] > before)
        self._standin.crash()
        self._standin.mode = "ok"

    async def raw(self, method: str, path: str, data: bytes | None = None, headers: Mapping[str, str] = {}) -> Answer:
        """Send exactly this; nothing is added, redirects are not followed."""
        skip = () if "Content-Type" in headers else ("Content-Type",)
        async with self.session.request(
            method, self.url + path, data=data, headers=headers, skip_auto_headers=skip, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def api(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        """Call the REST API as the owner of a token, without one as the administrator."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        bearer = {"Authorization": f"Bearer {self.token if token is None else token}"} if token != "" else {}
        return await self.raw(method, f"/api/v4{path}", data, bearer)

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        """What the administrator gets for a call that must succeed."""
        answer = await self.tried(method, path, body)
        assert answer.status < 300, answer.text
        return answer.json

    async def tried(self, method: str, path: str, body: Any = None) -> Answer:
        """What the administrator gets once the rate limit lets the call pass."""
        answer = await self.api(method, path, body)
        while answer.status == 429:
            await asyncio.sleep(int(answer.headers["Retry-After"]))
            answer = await self.api(method, path, body)
        return answer

    async def login(self, login: str, password: str) -> Answer:
        """Log in; the token is in the header `Token`."""
        return await self.api("POST", "/users/login", {"login_id": login, "password": password}, token="")

    async def is_licensed(self) -> bool:
        """Whether the server has a licence, with which it does more than these behaviours say."""
        return bool((await self.api("GET", "/license/client?format=old", token="")).json["IsLicensed"] == "true")

    @asynccontextmanager
    async def settings(self, **sections: Mapping[str, Any]) -> AsyncIterator[None]:
        """Change settings until the context ends."""
        before = await self.done("GET", "/config")
        kept = {section: {name: before[section][name] for name in names} for section, names in sections.items()}
        await self.done("PUT", "/config/patch", sections)
        try:
            yield
        finally:
            await self.done("PUT", "/config/patch", kept)


class Stage:
    """A team of the suite's own: `ann` owns hooks, `ben` is another member, `bot` posts with `bot_token`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.mark = secrets.token_hex(4)
        self._numbers = count(1)
        self.team: dict[str, Any] = {}
        self.ann: dict[str, Any] = {}
        self.ben: dict[str, Any] = {}
        self.bot = ""
        self.bot_token = ""
        self.ben_token = ""
        self.users: list[str] = []
        self.teams: list[str] = []

    async def build(self) -> None:
        """Make the team and who is in it."""
        self.team = await self.another_team()
        self.ann, self.ben = await self.person("ann"), await self.person("ben")
        self.bot, self.bot_token = await self.robot("bot")

    async def strike(self) -> None:
        """Remove what was made; what the server does not let go is deactivated or archived."""
        for user in self.users:
            await self._remove(f"/users/{user}")
        for team in self.teams:
            for listed, more in (("/hooks/outgoing", ""), ("/commands", "&custom_only=true")):
                found = (await self.server.tried("GET", f"{listed}?team_id={team}&per_page=200{more}")).json
                for one in found:
                    await self.server.tried("DELETE", f"{listed}/{one['id']}")
            await self._remove(f"/teams/{team}")

    async def _remove(self, path: str) -> None:
        if (await self.server.tried("DELETE", f"{path}?permanent=true")).status != 200:
            await self.server.tried("DELETE", path)

    async def another_team(self) -> dict[str, Any]:
        """Make a team that only the administrator is in."""
        body = {"name": self.name("team"), "display_name": "Contract", "type": "O"}
        team: dict[str, Any] = await self.server.done("POST", "/teams", body)
        self.teams.append(team["id"])
        return team

    def name(self, stem: str) -> str:
        """A name that nobody else has."""
        return f"{stem}-{self.mark}-{next(self._numbers):x}"

    async def join_team(self, user: str) -> None:
        """Make a user a member of the team."""
        await self.server.done(
            "POST", f"/teams/{self.team['id']}/members", {"team_id": self.team["id"], "user_id": user}
        )

    async def person(self, stem: str) -> dict[str, Any]:
        """Make a member of the team who logs in with PASSWORD."""
        name = self.name(stem)
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        user: dict[str, Any] = await self.server.done("POST", "/users", body)
        self.users.append(user["id"])
        await self.join_team(user["id"])
        return user

    async def robot(self, stem: str) -> tuple[str, str]:
        """Make a bot in the team; gives its user id and a token of its own."""
        bot = (await self.server.done("POST", "/bots", {"username": self.name(stem)}))["user_id"]
        self.users.append(bot)
        await self.join_team(bot)
        return bot, (await self.server.done("POST", f"/users/{bot}/tokens", {"description": "contract"}))["token"]

    async def session(self, user: Mapping[str, Any]) -> str:
        """Log a person in; gives the token of the session."""
        answer = await self.server.login(user["username"], PASSWORD)
        assert answer.status == 200, answer.text
        return answer.headers["Token"]

    async def place(self, *members: str, private: bool = False, hook: bool = True) -> "Place":
        """Make a channel with these members and, unless told otherwise, an incoming webhook of ann's to it."""
        kind = "P" if private else "O"
        name = self.name("room")
        body = {"team_id": self.team["id"], "name": name, "display_name": f"Room {name}", "type": kind}
        made = Place(self, await self.server.done("POST", "/channels", body))
        for member in members:
            await made.join(member)
        made.hook = await self.hook(made.id) if hook else ""
        return made

    async def hook(self, channel: str, owner: str = "", **more: Any) -> str:
        """Make an incoming webhook, ann's unless said otherwise; gives its id."""
        body = {"channel_id": channel, "user_id": owner or self.ann["id"], "display_name": "Contract", **more}
        hook: str = (await self.server.done("POST", "/hooks/incoming", body))["id"]
        return hook


class Place:
    """A channel, with `hook`, an incoming webhook to it."""

    def __init__(self, stage: Stage, channel: Mapping[str, Any]) -> None:
        self.stage = stage
        self.server = stage.server
        self.id: str = channel["id"]
        self.name: str = channel["name"]
        self.hook = ""

    async def join(self, user: str) -> None:
        """Make a user a member of the channel."""
        await self.server.done("POST", f"/channels/{self.id}/members", {"user_id": user})

    async def send(self, body: Any, hook: str = "", content_type: str | None = "application/json") -> Answer:
        """POST to the hook: bytes as they are, everything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if content_type is not None else {}
        return await self.server.raw("POST", f"/hooks/{hook or self.hook}", data, headers)

    async def post(self, message: str = "hello", token: str | None = None, **more: Any) -> Answer:
        """Create a post here over REST, as the bot unless a token says otherwise."""
        body = {"channel_id": self.id, "message": message, **more}
        return await self.server.api("POST", "/posts", body, self.stage.bot_token if token is None else token)

    async def made(self, message: str = "hello", **more: Any) -> str:
        """Create a post over REST as the bot; gives its id."""
        answer = await self.post(message, **more)
        assert answer.status == 201, answer.text
        post_id: str = answer.json["id"]
        return post_id

    async def patch(self, post: str, token: str | None = None, **changes: Any) -> Answer:
        """Patch a post as the bot."""
        return await self.server.api(
            "PUT", f"/posts/{post}/patch", changes, self.stage.bot_token if token is None else token
        )

    async def get(self, post: str, token: str | None = None) -> Answer:
        """Read a post, as the administrator unless a token says otherwise."""
        return await self.server.api("GET", f"/posts/{post}", token=token)

    async def posts(self) -> list[dict[str, Any]]:
        """What the channel shows, oldest first, without the server's own notices."""
        listed = await self.server.done("GET", f"/channels/{self.id}/posts?per_page=200")
        shown = [listed["posts"][post] for post in reversed(listed["order"])]
        return [post for post in shown if not post["type"].startswith("system_")]

    async def shown(self, count: int) -> list[dict[str, Any]]:
        """What the channel shows once there are so many posts."""
        async with asyncio.timeout(10):
            while len(found := await self.posts()) < count:
                await asyncio.sleep(0.02)
        return found

    async def only(self) -> dict[str, Any]:
        """The one post of the channel."""
        (post,) = await self.posts()
        return post


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["standin", *["mattermost"] * REAL])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """A server with an administrator logged in and the settings that the behaviours need."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        if request.param == "mattermost":
            found = Server(os.environ["MATTERMOST_URL"].rstrip("/"), session)
            answer = await found.login(os.environ["MATTERMOST_ADMIN"], os.environ["MATTERMOST_PASSWORD"])
            found.token = answer.headers["Token"]
            async with found.settings(**NEEDED):
                yield found
            await found.api("POST", "/users/logout")
            return
        standin = StandIn()
        standin.add_user("boss", PASSWORD, roles="system_admin system_user")
        async with standin.serve() as url:
            found = Server(url, session, standin)
            found.token = (await found.login("boss", PASSWORD)).headers["Token"]
            async with found.settings(**NEEDED):
                yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(server: Server) -> AsyncIterator[Stage]:
    """The suite's own team on the server."""
    built = Stage(server)
    try:
        await built.build()
        yield built
    finally:
        await built.strike()


@pytest_asyncio.fixture(loop_scope="session")
async def place(stage: Stage) -> Place:
    """A public channel of this test alone; the bot is a member, ann has a hook to it."""
    return await stage.place(stage.bot)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service() -> AsyncIterator[Service]:
    """The outside service that the servers call."""
    async with Service(HOST).serve() as served:
        yield served
