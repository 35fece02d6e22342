"""Servers that are not what they should be: one clear line for each, and no message lost."""

import re
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from gateway import settings
from gateway.app.senders import Senders
from gateway.delivery.destinations import Destination
from gateway.model import Card, CardMode, Delivered, Later, Phase
from gateway.outbound.sessions import Sessions
from tests.mattermost.blaming import DESTINATION, UNKNOWN, blamed
from tests.mattermost.conftest import Remembered

TLS = Path(__file__).parents[1] / "data" / "tls"
SECRETS = ("t0kent0kent0kent0kent0kent", "c0rrect-h0rse", "s3cr3t-of-a-page")


def page(status=200):
    """A function that answers with a page of something else."""
    return lambda: web.Response(status=status, text=f"<html>{SECRETS[2]}</html>", content_type="text/html")


ANSWERS = [
    (page(), DESTINATION, "proxy or login page"),
    (page(404), DESTINATION, "check `server`"),
    (page(500), UNKNOWN, "failed"),
    (page(401), DESTINATION, "exempt /api/v4/"),
    (page(403), DESTINATION, "exempt /api/v4/"),
    (lambda: web.Response(status=200, text='{"id":'), DESTINATION, "proxy or login page"),
    (lambda: web.Response(status=201, body=b"\xff\xfe"), DESTINATION, "proxy or login page"),
    (lambda: web.Response(status=301, headers={"Location": f"https://x/{SECRETS[2]}"}), DESTINATION, "SiteURL"),
    (lambda: web.Response(status=308, headers={"Location": "/elsewhere"}), DESTINATION, "SiteURL"),
]


@pytest.mark.parametrize("path", ["posts", "lookup"])
@pytest.mark.parametrize(("answer", "fault", "hint"), ANSWERS)
async def test_answers_of_something_else(desk, path, answer, fault, hint):
    """Pages, redirects and broken bodies have a reason on one line, in a look-up as in a post."""
    where = ("POST", "/posts") if path == "posts" else ("GET", "/teams/name/acme/channels/name/alerts")
    desk.board.next_answer(*where, answer, answer)
    result = await desk.sender().send(desk.delivery("x"))
    assert blamed(result) is fault
    assert "\n" not in result.reason
    assert not [secret for secret in SECRETS if secret in result.reason]
    assert hint in result.reason


async def test_a_page_in_place_of_an_edit_makes_no_new_card(desk):
    """Only Mattermost itself can say that a post is gone."""
    desk.cards["s"] = Remembered("p")
    card = Card("s", CardMode.UPDATE, Phase.CHANGE)
    for status in (200, 403, 404):
        desk.board.next_answer("PUT", "/posts/p/patch", page(status))
        assert not isinstance(await desk.sender().send(desk.delivery("x", card)), Delivered)
    assert not desk.board.posts


@pytest.fixture
async def secure(board):
    """The board behind a certificate that nobody signed; its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    runner = web.ServerRunner(web.Server(board.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def send_to(url: str, desk, more: str = ""):
    """Send one message as the settings of a destination say."""
    text = f'[destinations.ops]\nserver = "{url}"\nteam = "acme"\nchannel = "alerts"\ntoken = "{SECRETS[0]}"\n{more}'
    known = settings.parse(text, "mattergate.toml", {}, lambda path: path.read_text("utf-8"))
    async with AsyncExitStack() as stack:
        sender = await Senders(Sessions(stack)).of(known.destinations["ops"], desk._card)
        return await sender.send(desk.delivery("x"))


async def test_a_certificate_that_does_not_verify(secure, desk):
    """Nothing is sent over a connection that is not trusted; the remedy names `ca_file`, and it works."""
    result = await send_to(secure, desk)
    assert (type(result), result.code) == (Later, "tls")
    assert "`ca_file`" in result.reason
    assert not desk.board.asked
    assert isinstance(await send_to(secure, desk, f'ca_file = "{TLS / "certificate.pem"}"\n'), Delivered)


async def test_a_webhook_behind_a_certificate_that_does_not_verify(secure, desk):
    """The same goes for an incoming webhook."""
    hook = f"{secure}/hooks/y3ndrf8gejkmcpqxot1uwisza5"
    text = f'[destinations.ops]\nhook = "{hook}"\n'
    known = settings.parse(text, "mattergate.toml", {}, lambda path: path.read_text("utf-8"))
    async with AsyncExitStack() as stack:
        sender = await Senders(Sessions(stack)).of(known.destinations["ops"], desk._card)
        result = await sender.send(desk.delivery("x"))
    assert (result.code, "`ca_file`" in result.reason) == ("tls", True)


async def test_being_told_to_wait_for_a_login_pauses_the_destination(desk):
    """After a refused login the destination says how it stands, by name and with the remedy."""
    destination = Destination("ops", desk.sender(desk.login("wr0ng")))
    delivery = desk.delivery("x")
    destination.record(await destination.sender.send(delivery), "lane", delivery, 0, 100.0, lambda: 0.5)
    assert destination.opens_at(100.0) == pytest.approx(160.0, abs=1.0)
    found = destination.condition(100.0)
    assert found.state == "throttled"
    assert re.search("password is wrong.* reload", found.why)
