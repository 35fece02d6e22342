"""Every sender behind a proxy: what it is asked, what goes through, and what is told when it does not work."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import time

import pytest
import uvloop
from aiohttp import web
from msgspec.structs import replace
from structlog.testing import capture_logs

from gateway import settings
from gateway.app import app
from gateway.app.senders import Senders, probe
from gateway.mattermost.payload import Message, encode
from gateway.mattermost.probe import Level
from gateway.model import Delivered, Delivery, Later
from gateway.outbound.exchange import exchange
from gateway.outbound.sessions import Sessions, open_session
from gateway.secret import Secret
from gateway.settings.proxies import Proxies
from gateway.standin.server import StandIn
from tests.conftest import PATIENCE, eventually, free_port
from tests.outbound.proxy import Proxy

TLS = Path(__file__).parents[1] / "data" / "tls"
HOST = "mattermost.test"
DELIVERY = Delivery(1, "e", 0.0, "ops", "lane", encode(Message(text="hello")))
CREDENTIALS = "gate:p4ss w0rd"
SERVICE = """
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
[catalog]
reload = false
[routes.any]
service = "generic"
destinations = ["ops"]
allow_unsigned = true
"""
WRITTEN = "gate:p4ss%20w0rd"


async def no_card(_: str) -> None:
    """No subject has a post yet."""


def port_of(url: str) -> int:
    """The port of a URL."""
    return int(url.rpartition(":")[2])


def destination(account: str, proxy: str = "", url: str = f"http://{HOST}") -> str:
    """A destination as text: by hook, token or login."""
    more = {
        "hook": f'hook = "{url}/hooks/{{hook}}"',
        "token": f'server = "{url}"\nteam = "home"\nchannel = "town-square"\ntoken = "{{token}}"',
        "login": f'server = "{url}"\nteam = "home"\nchannel = "town-square"\nlogin = "ann"\npassword = "s3cret"',
    }[account]
    return f"[destinations.ops]\n{more}\n" + (f'proxy = "{proxy}"\n' if proxy else "")


def known(
    text: str, standin: StandIn, environ: dict[str, str] | None = None, file: Path = Path("mattergate.toml")
) -> settings.Settings:
    """The settings of a text; the stand-in gets what they name."""
    standin.add_user("ann", "s3cret")
    token = standin.add_bot("gate")
    for name in ("ann", "gate"):
        standin.join(name, "town-square")
    filled = text.format(hook=standin.add_hook(), token=token)
    return settings.parse(filled, str(file), environ or {}, Path.read_text)


async def sent(found: settings.Settings) -> object:
    """The result of one message to `ops`."""
    async with AsyncExitStack() as stack:
        senders = Senders(Sessions(stack, (), found.proxies))
        return await (await senders.of(found.destinations["ops"], no_card)).send(replace(DELIVERY, received=time()))


@pytest.mark.parametrize("by", ["settings", "environment"])
@pytest.mark.parametrize("account", ["hook", "token", "login"])
async def test_every_sender_passes_the_proxy(account, by):
    """Hooks, posts, logins and look-ups: the proxy resolves the host, which nobody else knows."""
    standin = StandIn()
    async with standin.serve() as url:
        proxy = Proxy({HOST: port_of(url)})
        async with proxy.serve() as way:
            text = destination(account, way if by == "settings" else "")
            result = await sent(known(text, standin, {"HTTP_PROXY": way} if by == "environment" else {}))
    assert isinstance(result, Delivered), result
    assert [post.message for post in standin.posts] == ["hello"]
    assert len(proxy.asked) == standin.stats["requests"] == {"hook": 1, "token": 2, "login": 3}[account]
    assert all(f" http://{HOST}/" in line for line in proxy.asked)
    assert all(headers["host"] == HOST for headers in proxy.headers)


async def test_the_gateway_passes_the_proxy_of_its_environment(tmp_path):
    """From a request to the post, with the whole service between."""
    standin = StandIn()
    async with standin.serve() as url:
        proxy = Proxy({HOST: port_of(url)})
        async with proxy.serve() as way:
            text = SERVICE + destination("token")
            found = known(text, standin, {"HTTP_PROXY": way}, tmp_path / "mattergate.toml")
            async with app.running(found) as running, open_session() as http:
                await exchange(http, "POST", f"{running.public}/in/any", b'{"title": "hello"}', None, PATIENCE)
                await eventually(lambda: len(standin.posts) == 1)
    assert f"POST http://{HOST}/api/v4/posts" in proxy.asked


@pytest.mark.parametrize("by", ["settings", "environment"])
async def test_hooks_that_pass_through_pass_the_proxy_too(by):
    """They go by [delivery], which has the defaults of all destinations."""
    standin = StandIn()
    hook = standin.add_hook()
    async with standin.serve() as url:
        proxy = Proxy({HOST: port_of(url)})
        async with proxy.serve() as way, AsyncExitStack() as stack:
            text = f'[delivery]\nproxy = "{way}"\n' if by == "settings" else ""
            environ = {"HTTP_PROXY": way} if by == "environment" else {}
            found = settings.parse(text, "mattergate.toml", environ, Path.read_text)
            senders = Senders(Sessions(stack, (), found.proxies))
            sender = await senders.passing(f"http://{HOST}", found.delivery)
            result = await sender.send(replace(DELIVERY, address=hook))
    assert isinstance(result, Delivered), result
    assert len(proxy.asked) == 1


async def test_the_live_check_says_which_proxy_is_used():
    """Its requests pass it, too; the line has host and port, and no credentials."""
    standin = StandIn()
    async with standin.serve() as url:
        proxy = Proxy({HOST: port_of(url)}, CREDENTIALS)
        async with proxy.serve() as way:
            through = way.replace("//", f"//{WRITTEN}@")
            found = (await probe(known(destination("token", through), standin), post=True))["ops"]
            by_environment = known(destination("hook"), StandIn(), {"http_proxy": through})
            hook = (await probe(by_environment, post=False))["ops"]
    assert found[0].text == f"through the proxy 127.0.0.1:{proxy.port}, by `proxy`"
    assert hook[0].text == f"through the proxy 127.0.0.1:{proxy.port}, by the environment"
    assert {one.level for one in found} == {Level.FINE}
    assert found[-1].text == "a message was posted"


@pytest.mark.parametrize(
    ("environ", "proxy", "passes"),
    [
        ({"NO_PROXY": HOST}, "", False),
        ({"no_proxy": ".test"}, "", False),
        ({"NO_PROXY": "elsewhere.test"}, "", True),
        ({"NO_PROXY": HOST}, "{way}", True),
        ({}, "none", False),
    ],
)
async def test_what_goes_without(environ, proxy, passes):
    """NO_PROXY, and the settings of one destination."""
    standin, asked = StandIn(), Proxy(refusal=502)
    async with asked.serve() as way:
        text = destination("hook", proxy.replace("{way}", way))
        result = await sent(known(text, standin, {"HTTP_PROXY": way, **environ}))
    assert len(asked.asked) == passes
    assert ("502" if passes else "does not resolve") in result.reason


@asynccontextmanager
async def secure() -> AsyncIterator[tuple[StandIn, str]]:
    """A stand-in behind the certificate of the tests, and its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    standin = StandIn()
    runner = web.AppRunner(standin.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield standin, f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def through_a_tunnel(refusal: int = 0, credentials: str = "", written: str = "") -> tuple[object, Proxy]:
    """The result of a message to a server that speaks TLS, and the proxy on the way."""
    async with secure() as (standin, url):
        proxy = Proxy(credentials=credentials, refusal=refusal)
        async with proxy.serve() as way:
            text = destination("token", way.replace("//", f"//{written}@" if written else "//"), url)
            result = await sent(known(f'{text}ca_file = "{TLS / "certificate.pem"}"\n', standin))
        assert len(standin.posts) == isinstance(result, Delivered)
        assert all(line == f"CONNECT {url.removeprefix('https://')}" for line in proxy.asked)
    return result, proxy


async def test_tls_passes_through_a_tunnel():
    """CONNECT; what the proxy sees holds no token, and the certificate that counts is the server's."""
    result, proxy = await through_a_tunnel()
    assert isinstance(result, Delivered), result
    assert not any("authorization" in headers for headers in proxy.headers)


def test_tls_passes_through_a_tunnel_on_the_loop_of_the_service():
    """The service runs on uvloop."""
    result, _ = uvloop.run(through_a_tunnel(credentials=CREDENTIALS, written=WRITTEN))
    assert isinstance(result, Delivered), result


async def test_a_certificate_that_does_not_verify_is_told_behind_a_tunnel_too():
    """The proxy is not trusted in place of the server."""
    async with secure() as (standin, url), Proxy().serve() as way:
        result = await sent(known(destination("hook", way, url), standin))
    assert (type(result), result.code) == (Later, "tls")


@pytest.mark.parametrize("written", ["", "gate:wr0ng-p4ss"])
@pytest.mark.parametrize("tunnel", [True, False])
async def test_credentials_that_are_missing_or_wrong(written, tunnel):
    """The message waits, and the reason says where they belong."""
    with capture_logs() as told:
        if tunnel:
            result, _ = await through_a_tunnel(credentials=CREDENTIALS, written=written)
        else:
            proxy = Proxy(credentials=CREDENTIALS)
            async with proxy.serve() as way:
                through = way.replace("//", f"//{written}@" if written else "//")
                result = await sent(known(destination("hook", through), StandIn()))
    assert isinstance(result, Later)
    assert "USER:PASSWORD@" in result.reason
    assert "wr0ng" not in f"{result} {told}"


async def test_credentials_go_to_the_proxy_alone():
    """Proxy-Authorization is for the proxy; the server gets its own token."""
    standin = StandIn()
    async with standin.serve() as url:
        proxy = Proxy({HOST: port_of(url)}, CREDENTIALS)
        async with proxy.serve() as way:
            through = way.replace("//", f"//{WRITTEN}@")
            assert isinstance(await sent(known(destination("token", through), standin)), Delivered)
    assert all(headers["proxy-authorization"].startswith("Basic ") for headers in proxy.headers)
    assert all(headers["authorization"].startswith("Bearer ") for headers in proxy.headers)


@pytest.mark.parametrize("account", ["hook", "token", "login"])
async def test_a_proxy_that_is_down(account):
    """The reason tells it from a Mattermost that is down, without the password; nothing was sent, so no doubt."""
    through = f"http://gate:p4ss@127.0.0.1:{free_port()}"
    result = await sent(known(destination(account, through), StandIn()))
    assert isinstance(result, Later)
    assert result.reason.startswith("the proxy cannot be reached")
    assert "p4ss" not in result.reason


@pytest.mark.parametrize("refusal", [403, 502])
async def test_a_proxy_that_refuses_a_tunnel(refusal):
    """Its status is told: it may not let this host pass, or may not reach it."""
    result, _ = await through_a_tunnel(refusal)
    assert isinstance(result, Later)
    assert (result.reason.startswith("the proxy refused the connection"), str(refusal) in result.reason) == (True, True)


@pytest.fixture
def netrc(tmp_path, monkeypatch):
    """A `.netrc` with a password for every host, which aiohttp would read if it trusted the environment."""
    file = tmp_path / "netrc"
    file.write_text("default login ann password n3trc\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_bytes(file.read_bytes())


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize("environ", [True, False])
async def test_no_password_of_a_netrc_file_is_sent(aiohttp_server, monkeypatch, environ):
    """Neither to the server nor to the proxy, whatever the environment of the process says."""
    seen = []

    async def handler(request):
        seen.append({name.lower() for name in request.headers})
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    server = await aiohttp_server(application)
    proxy = Proxy({HOST: server.port})
    async with proxy.serve() as way, AsyncExitStack() as stack:
        monkeypatch.setenv("HTTP_PROXY", way)
        monkeypatch.setenv("http_proxy", way)
        sessions = Sessions(stack, (), Proxies(http=Secret(way)) if environ else Proxies())
        url = f"http://{HOST}/" if environ else str(server.make_url("/"))
        await exchange(await sessions.to(url), "GET", url, None, None, 20.0)
        await exchange(await sessions.to(url), "POST", url, b"{}", {"Authorization": "Bearer x"}, 20.0)
    assert len(proxy.asked) == 2 * environ
    assert ["authorization" in names for names in seen] == [False, True]
    assert not any("proxy-authorization" in headers for headers in proxy.headers)
