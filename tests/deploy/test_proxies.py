"""nginx and Caddy as they are shown, in front of a real gateway and a stand-in Mattermost on one host name."""

import asyncio
import io
import json
import os
import shutil
import ssl
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from gateway import settings
from gateway.app import app
from gateway.catalog import files
from gateway.pipeline import sample, samplefile
from gateway.standin.server import StandIn
from tests.conftest import PATIENCE, eventually, free_port, listens

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("proxies")]

ROOT = Path(__file__).parents[2]
NGINX, CADDY = ROOT / "deploy" / "nginx" / "mattergate.conf", ROOT / "deploy" / "caddy" / "Caddyfile"
TLS = ROOT / "tests" / "data" / "tls"
HOST = "chat.example.com"
SETTINGS = """
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
public_url = "https://chat.example.com"
[journal]
url = "sqlite:{folder}/journal.db"
[catalog]
reload = false
[destinations.ops]
hook = "{mattermost}/hooks/{hook}"
[passthrough]
server = "{mattermost}"
[routes.alerts]
service = "generic"
destinations = ["ops"]
secrets = ["a secret in the path"]
verify = [{{path = true}}]
"""


class Mattermost(StandIn):
    """A stand-in that also has a websocket, which echoes, and shows the headers with which it was reached."""

    def app(self) -> web.Application:
        """The application, with the two more paths."""
        made = super().app()
        made.middlewares.insert(0, self._more)
        return made

    @web.middleware
    async def _more(self, request: web.Request, handler: Callable) -> web.StreamResponse:
        if request.path == "/headers":
            return web.json_response(dict(request.headers))
        if request.path != "/api/v4/websocket":
            return await handler(request)
        channel = web.WebSocketResponse()
        await channel.prepare(request)
        async for message in channel:
            await channel.send_str(message.data)
        return channel


class Proxy:
    """A running proxy: its URL by TLS, the address of its port 80, what is behind it, and the folder of its logs."""

    def __init__(self, tls: int, plain: int, standin: Mattermost, hook: str, folder: Path) -> None:
        self.url = f"https://{HOST}:{tls}"
        self.plain = f"http://{HOST}:{plain}"
        self.standin = standin
        self.hook = hook
        self.folder = folder
        self.session: aiohttp.ClientSession


class Loopback(aiohttp.abc.AbstractResolver):
    """Every name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict]:
        """The address of loopback."""
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        """Nothing is open."""


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text with other addresses and paths in it; each one to replace must be there."""
    for was, now in changes.items():
        assert was in text, was
        text = text.replace(was, now)
    return text


def nginx(folder: Path, tls: int, plain: int, mattermost: str, gateway: str) -> list[str | Path]:
    """The command that runs nginx with the example, in a folder of its own."""
    program = (
        shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin") or pytest.skip("no nginx: install nginx-light")
    )
    (folder / "mattergate.conf").write_text(
        replaced(
            NGINX.read_text(),
            {
                "listen [::]:80;": "",
                "listen [::]:443 ssl http2;": "",
                "listen 80;": f"listen 127.0.0.1:{plain};",
                "listen 443 ssl http2;": f"listen 127.0.0.1:{tls} ssl http2;",
                "127.0.0.1:8065": mattermost,
                "127.0.0.1:8080": gateway,
                "/etc/letsencrypt/live/chat.example.com/fullchain.pem": str(TLS / "certificate.pem"),
                "/etc/letsencrypt/live/chat.example.com/privkey.pem": str(TLS / "key.pem"),
                "/var/log/nginx/chat.log": str(folder / "chat.log"),
                "/var/log/nginx/chat-errors.log": str(folder / "chat-errors.log"),
            },
        )
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\n{paths}\naccess_log off;\ninclude {folder}/mattergate.conf;\n}}\n"
    )
    return [program, "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf"]


def caddy(folder: Path, tls: int, plain: int, mattermost: str, gateway: str) -> list[str | Path]:
    """The command that runs Caddy with the example and a certificate that is there."""
    program = shutil.which("caddy") or pytest.skip("no caddy: install it")
    options = ("admin off", "auto_https disable_certs", f"http_port {plain}", f"https_port {tls}")
    certificate = f"\ttls {TLS}/certificate.pem {TLS}/key.pem\n"
    (folder / "Caddyfile").write_text(
        replaced(
            CADDY.read_text(),
            {
                "{\n\tlog": "{\n\t" + "\n\t".join(options) + "\n\tlog",
                f"{HOST} {{\n": f"{HOST} {{\n{certificate}",
                "127.0.0.1:8065": mattermost,
                "127.0.0.1:8080": gateway,
            },
        )
    )
    return [program, "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]


PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=PROXIES)
async def one_proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxy]:
    """Each proxy in turn, running, with the gateway and Mattermost behind it."""
    tls, plain, folder = free_port(), free_port(), tmp_path_factory.mktemp("proxy")
    async with AsyncExitStack() as stack:
        standin = Mattermost()
        mattermost = await stack.enter_async_context(standin.serve())
        hook = standin.add_hook()
        text = SETTINGS.format(folder=folder, mattermost=mattermost, hook=hook)
        known = settings.parse(text, str(folder / "mattergate.toml"), {}, lambda path: path.read_text("utf-8"))
        running = await stack.enter_async_context(app.running(known))
        addresses = (url.removeprefix("http://") for url in (mattermost, running.public))
        command = PROXIES[request.param](folder, tls, plain, *addresses)
        await stack.enter_async_context(process(command, tls, folder))
        found = Proxy(tls, plain, standin, hook, folder)
        trusted = ssl.create_default_context(cafile=TLS / "certificate.pem")
        trusted.check_hostname = False  # the certificate is for localhost
        connector = aiohttp.TCPConnector(ssl=trusted, resolver=Loopback())
        found.session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        yield found


@pytest.fixture
def proxy(one_proxy: Proxy) -> Proxy:
    """The proxy, with nothing posted in Mattermost yet."""
    one_proxy.standin.posts.clear()
    return one_proxy


class process:  # noqa: N801 - a context manager
    """A proxy that runs inside the block, once its port answers."""

    def __init__(self, command: list[str | Path], port: int, folder: Path) -> None:
        self._command, self._port, self._folder = command, port, folder

    async def __aenter__(self) -> None:
        """Start it, and wait for the port."""
        environ = os.environ | {"HOME": str(self._folder), "XDG_DATA_HOME": str(self._folder)}
        with (self._folder / "proxy.log").open("w") as log:
            self._process = await asyncio.create_subprocess_exec(*self._command, env=environ, stdout=log, stderr=log)
        await eventually(self._answers)

    async def _answers(self) -> bool:
        assert self._process.returncode is None, (self._folder / "proxy.log").read_text()
        return await listens(self._port)

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        self._process.terminate()
        await self._process.wait()


def github_push() -> tuple[dict[str, str], bytes]:
    """Headers and body of a push, as GitHub sends it; each is another one."""
    request = sample.as_request(
        samplefile.load(files.builtin_folder() / "github" / "samples" / "push.commits.yaml").request
    )
    delivery = uuid.uuid4().hex
    return dict(request.headers) | {"x-github-delivery": delivery}, json.dumps(
        json.loads(request.body) | {"after": delivery}
    ).encode()


async def test_a_hook_with_a_service_is_translated(proxy):
    """`/hooks/ID/github` goes through the gateway: a push becomes a message in the channel of the webhook."""
    headers, body = github_push()
    async with proxy.session.post(f"{proxy.url}/hooks/{proxy.hook}/github", data=body, headers=headers) as answer:
        assert (answer.status, (await answer.json())["outcome"]) == (202, "message")
    await eventually(lambda: len(proxy.standin.posts) == 1)
    [post] = proxy.standin.posts
    assert "commit" in str(post.attachments)


async def test_a_hook_alone_is_mattermosts(proxy):
    """`/hooks/ID` reaches Mattermost untouched, which answers itself."""
    async with proxy.session.post(f"{proxy.url}/hooks/{proxy.hook}", json={"text": "as ever"}) as answer:
        assert (answer.status, await answer.text()) == (200, "ok")
    assert [post.message for post in proxy.standin.posts] == ["as ever"]


async def test_routes_are_the_gateways(proxy):
    """`/in/ROUTE` with an encoded secret in its path reaches the gateway, and a wrong secret is its business, too."""
    async with proxy.session.post(
        f"{proxy.url}/in/alerts/a%20secret%20in%20the%20path", json={"title": "up"}
    ) as answer:
        assert answer.status == 202
    async with proxy.session.post(f"{proxy.url}/in/alerts/guess", json={"title": "up"}) as answer:
        assert (answer.status, answer.content_type) == (401, "application/problem+json")


async def test_what_mattermost_calls_is_the_gateways(proxy):
    """Webhooks, commands, buttons and dialogs; a team may still be called as a door is."""
    for path in ("/out/ask", "/command/ask?token=guess", "/action/guess", "/dialog/guess"):
        async with proxy.session.post(proxy.url + path, json={}) as answer:
            assert answer.content_type == "application/problem+json", path


@pytest.mark.parametrize(
    "path", ["/hooks/short/github", "/hooks", "/api/v4/system/ping", "/", "/inner", "/action/channels/town-square"]
)
async def test_all_else_is_mattermosts(proxy, path):
    """What is neither a hook with a service nor a route gets no answer of the gateway."""
    async with proxy.session.get(proxy.url + path) as answer:
        assert answer.content_type != "application/problem+json"


async def test_websockets_go_through(proxy):
    """The connection that Mattermost's clients keep open is upgraded and carries messages both ways."""
    async with proxy.session.ws_connect(f"{proxy.url}/api/v4/websocket") as channel:
        await channel.send_str("hello")
        assert (await channel.receive(PATIENCE)).data == "hello"


async def test_the_client_is_told_and_cannot_pretend(proxy):
    """Mattermost sees the address and the scheme of the client, whatever that claims itself."""
    pretended = {"X-Forwarded-For": "198.51.100.7", "X-Real-IP": "198.51.100.7", "X-Forwarded-Proto": "gopher"}
    async with proxy.session.get(f"{proxy.url}/headers", headers=pretended) as answer:
        seen = {name.lower(): value for name, value in (await answer.json()).items()}
    assert (seen["x-forwarded-for"], seen["x-real-ip"], seen["x-forwarded-proto"]) == (
        "127.0.0.1",
        "127.0.0.1",
        "https",
    )
    assert seen["host"].split(":")[0] == HOST


async def test_bodies_are_limited_as_in_the_gateway(proxy):
    """5 MB pass to the gateway; more is refused on the way, before the gateway reads it."""
    headers, _ = github_push()
    url = f"{proxy.url}/hooks/{proxy.hook}/generic"
    small, large = (io.BytesIO(b'{"title": "%s"}' % (b"x" * size)) for size in (4_900_000, 6_000_000))
    async with proxy.session.post(url, data=small, headers=headers) as answer:
        assert answer.status == 202
    async with proxy.session.post(url, data=large, headers=headers) as answer:
        assert answer.status == 413


async def test_plain_http_is_sent_to_tls(proxy):
    """Port 80 answers with a redirect that keeps the method."""
    async with proxy.session.post(f"{proxy.plain}/in/alerts/x", data=b"{}", allow_redirects=False) as answer:
        assert answer.status == 308
        assert answer.headers["Location"].startswith(f"https://{HOST}")


async def test_no_log_holds_the_id_of_a_hook(proxy):
    """What the proxy writes about requests names the service and the route, and neither ids nor secrets."""
    await test_a_hook_with_a_service_is_translated(proxy)
    async with proxy.session.post(f"{proxy.url}/hooks/{proxy.hook}", json={"text": "more"}):
        pass
    async with proxy.session.post(f"{proxy.url}/in/alerts/guess?token=guess", json={"title": "up"}):
        pass
    await test_what_mattermost_calls_is_the_gateways(proxy)
    logged = "".join(path.read_text() for path in proxy.folder.glob("*.log"))
    assert proxy.hook not in logged
    assert "guess" not in logged
    if (proxy.folder / "chat.log").exists():
        assert '"POST /hooks/-/github" 202' in logged
        assert '"POST /in/alerts" 401' in logged


@pytest.mark.parametrize("name", PROXIES)
async def test_errors_hold_no_id_of_a_hook_either(name, tmp_path, unused_tcp_port_factory):
    """With the gateway and Mattermost down, the proxy answers 502 and writes neither ids nor secrets about it."""
    tls, plain, nobody = (unused_tcp_port_factory() for _ in range(3))
    hook = "abcdefghijklmnopqrstuvwxyz"
    command = PROXIES[name](tmp_path, tls, plain, f"127.0.0.1:{nobody}", f"127.0.0.1:{nobody}")
    trusted = ssl.create_default_context(cafile=TLS / "certificate.pem")
    trusted.check_hostname = False  # the certificate is for localhost
    connector = aiohttp.TCPConnector(ssl=trusted, resolver=Loopback())
    async with process(command, tls, tmp_path), aiohttp.ClientSession(connector=connector) as session:
        token = {"X-Gitlab-Token": "guess"}
        for path in (f"/hooks/{hook}/gitlab", f"/hooks/{hook}", f"//hooks/{hook}/x", "/in/alerts/guess?token=guess"):
            async with session.post(f"https://{HOST}:{tls}{path}", data=b"{}", headers=token) as answer:
                assert answer.status == 502, path
        async with session.post(
            f"https://{HOST}:{tls}/hooks/{hook}/github", data=io.BytesIO(b"x" * 6_000_000)
        ) as answer:
            assert answer.status in (413, 502)
    logged = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert hook not in logged
    assert "guess" not in logged


async def checked(command: list[str | Path]) -> str:
    """The output of a command that must find nothing wrong."""
    pipe = asyncio.subprocess.PIPE
    environ = os.environ | {"HOME": "/tmp"}
    done = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=environ)
    out, err = await done.communicate()
    assert done.returncode == 0, out + err
    return out.decode()


async def test_nginx_accepts_the_example(tmp_path):
    """`nginx -t` finds nothing wrong."""
    await checked([*nginx(tmp_path, 18443, 18080, "127.0.0.1:1", "127.0.0.1:2"), "-t"])


async def test_caddy_accepts_the_example():
    """`caddy validate` accepts the very file, and `caddy fmt` would not change it."""
    program = shutil.which("caddy") or pytest.skip("no caddy: install it")
    await checked([program, "validate", "--adapter", "caddyfile", "--config", CADDY])
    assert await checked([program, "fmt", CADDY]) == CADDY.read_text()
